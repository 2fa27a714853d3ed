"""Sizes, strokes and colours of the two styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np

# Okabe and Ito's palette, which colour-blind readers tell apart, the darkest first.
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#333333"
FAINT = "#8A8A8A"


@dataclass(frozen=True)
class Style:
    """How large and how heavy everything is; lengths in inches, strokes and type in points."""

    name: str
    width: float
    height: float  # of one row of panels
    single_width: float  # of a figure of one panel
    font: float
    line: float
    thin: float
    dots_per_inch: int

    @property
    def small(self) -> float:
        """Type size of annotations."""
        return 0.88 * self.font

    def apply(self) -> None:
        """Sets matplotlib up from its built-in defaults, whatever the user's own file says."""
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(self._parameters())

    def _parameters(self) -> dict[str, Any]:
        edge = 0.07 * self.font
        return {
            "axes.axisbelow": True,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.labelsize": self.font,
            "axes.linewidth": edge,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlepad": 0.6 * self.font,
            "axes.titlesize": self.font,
            "axes.xmargin": 0.02,
            "font.family": "DejaVu Sans",
            "font.size": self.font,
            "legend.fontsize": self.small,
            "legend.frameon": False,
            "lines.solid_capstyle": "round",
            "lines.solid_joinstyle": "round",
            "mathtext.fontset": "dejavusans",
            "pdf.fonttype": 42,
            "svg.hashsalt": "brink",
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "xtick.labelsize": self.small,
            "ytick.labelsize": self.small,
            "xtick.major.size": 0.4 * self.font,
            "ytick.major.size": 0.4 * self.font,
            "xtick.major.width": edge,
            "ytick.major.width": edge,
            "ytick.minor.size": 0.22 * self.font,
            "ytick.minor.width": 0.7 * edge,
        }


STYLES = {
    "paper": Style("paper", 7.0, 1.75, 3.35, 7.5, 1.1, 0.55, 300),
    "screen": Style("screen", 12.0, 3.0, 6.4, 11.0, 1.7, 0.85, 150),
}


def colours(count: int) -> list[Any]:
    """`count` colours that can be told apart."""
    if count <= len(_PALETTE):
        return list(_PALETTE[:count])
    return [tuple(c) for c in matplotlib.colormaps["viridis"](np.linspace(0.0, 0.92, count))]
