"""The two ways in which drawing fails."""


class InputError(Exception):
    """Something is wrong with what the user gave; one line, exit status 2."""


class MachineError(Exception):
    """The machine failed, as when a disk is full; one line, exit status 1."""
