"""Entry point of `python -m brink_plot`."""

import sys

try:
    from brink_plot.cli import main
except ImportError as error:
    print(
        f"brink plot: {sys.executable} cannot import what drawing needs: {error}", file=sys.stderr
    )
    sys.exit(1)

sys.exit(main(sys.argv[1:]))
