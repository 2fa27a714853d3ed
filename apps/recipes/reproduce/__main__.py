"""Entry point of `python -m reproduce`, as `brink reproduce` calls it."""

import sys

try:
    from reproduce.cli import main
except ImportError as error:
    print(
        f"brink reproduce: {sys.executable} cannot import what it needs: {error}", file=sys.stderr
    )
    sys.exit(1)

sys.exit(main(sys.argv[1:]))
