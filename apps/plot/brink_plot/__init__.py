"""Pictures from brink's records.

Every picture is drawn from what the records hold and from nothing else: no path, clock or user
configuration of matplotlib reaches it, so that the same records give the same file.
"""
