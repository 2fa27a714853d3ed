"""Writing the picture: the same bytes for the same records, all of the file or nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from matplotlib.figure import Figure

from brink_plot.errors import InputError, MachineError

# Without dates and without versions, which would differ from one day or machine to the next.
_METADATA = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "brink"},
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": "brink", "Producer": None},
}
FORMATS = tuple(_METADATA)
_MACHINE_FAILURES = {errno.ENOSPC, errno.EDQUOT, errno.EIO}


def format_of(path: str) -> str:
    """The format that the file's suffix names, after a check that it can be written there."""
    suffix = Path(path).suffix[1:].lower()
    if suffix not in _METADATA:
        raise InputError(f"--out {path}: give a file that ends in .png, .svg or .pdf")
    parent = Path(path).parent
    if not parent.is_dir():
        raise InputError(f"--out {path}: there is no directory {parent}")
    if Path(path).is_dir():
        raise InputError(f"--out {path}: is a directory, give a file")
    if not os.access(parent, os.W_OK):
        raise InputError(f"--out {path}: the directory {parent} is not writable")
    return suffix


def save(figure: Figure, path: str, dots_per_inch: int) -> None:
    """Writes the figure under a temporary name beside `path`, then renames it."""
    suffix = format_of(path)
    place = Path(path)
    temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        figure.savefig(temporary, format=suffix, dpi=dots_per_inch, metadata=_METADATA[suffix])
        os.replace(temporary, place)
    except OSError as error:
        kind = MachineError if error.errno in _MACHINE_FAILURES else InputError
        raise kind(f"cannot write {path}: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
