"""How fast this machine is beside the one that recipes give their seconds for."""

from __future__ import annotations

import time

import numpy as np

_REFERENCE_RATE = 1.8e11  # of matrix products in float32, operations per second


def slowness() -> float:
    """The factor by which a recipe takes longer here."""
    a = np.ones((1024, 1024), dtype=np.float32)
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        a @ a
        seconds.append(time.perf_counter() - start)
    return _REFERENCE_RATE * min(seconds) / (2 * 1024**3)
