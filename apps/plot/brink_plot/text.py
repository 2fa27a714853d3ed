"""Names and numbers as the panels write them."""

from __future__ import annotations

import re


def subscript(number: int) -> str:
    """The digits of a number below the line."""
    return "".join(chr(ord("₀") + int(digit)) for digit in str(number))


def coordinate_name(name: str) -> str:
    """A coordinate as a formula has it: `theta1` is θ₁."""
    numbered = re.fullmatch(r"theta(\d+)", name)
    return f"θ{subscript(int(numbered[1]))}" if numbered else name


def percent(share: float) -> str:
    """A share to two digits; all is said of nothing less than all."""
    if share >= 1.0:
        return "100 %"
    value = min(100.0 * share, 99.9)
    if value > 99.0:
        return f"{value:.1f} %"
    return f"{value:.0f} %" if value >= 9.5 else f"{value:.2g} %"
