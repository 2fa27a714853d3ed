"""The landscape that a record descends: its values, its minima and the sets around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from brink_plot.errors import InputError
from brink_plot.record import Record
from brink_plot.style import Style
from brink_plot.text import coordinate_name

_LEVELS = 17
_SHALLOWEST = 1e-6  # of all differences in height, the least that contours show
_LARGEST_RATIO = 4.0  # of the sides of a box, up to which both coordinates have the same scale
_FINE = 3.0  # a ball of fewer grid cells than this in radius is too small for a level set in it


@dataclass(frozen=True)
class Frame:
    """A box of two coordinates, as the axes of a panel."""

    x: tuple[float, float]
    y: tuple[float, float]
    names: tuple[str, str]

    @property
    def aspect(self) -> float:
        """Height over width of the panel."""
        ratio = (self.y[1] - self.y[0]) / (self.x[1] - self.x[0])
        return ratio if 1.0 / _LARGEST_RATIO <= ratio <= _LARGEST_RATIO else 1.0

    def fit(self, axes: Axes) -> None:
        """Makes it the view of `axes`."""
        axes.set_xlim(*self.x)
        axes.set_ylim(*self.y)
        axes.set_box_aspect(self.aspect)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            axis.set_major_formatter(FuncFormatter(_short))
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)

    def name_axes(self, axes: Axes, across: bool = True, up: bool = True) -> None:
        """Writes the coordinates' names beside `axes`."""
        if across:
            axes.set_xlabel(self.names[0])
        if up:
            axes.set_ylabel(self.names[1], rotation=0, va="center")


def _short(value: float, _: int) -> str:
    return f"{value:.6g}".replace("-", "−")


def axis_names(record: Record) -> list[str]:
    """The coordinates that vary, one or two of the landscape's."""
    given = record.attributes.get("axes") or record.attributes.get("coordinates") or ["x", "y"]
    return [str(name) for name in given][:2]


def columns(record: Record) -> list[int]:
    """Which of the landscape's coordinates the panel's are."""
    every = [str(name) for name in record.attributes.get("coordinates") or ["x", "y"]]
    names = axis_names(record)
    if not set(names) <= set(every):
        raise InputError(f"{record.path}: attributes 'axes' and 'coordinates' do not agree")
    return [every.index(name) for name in names]


@dataclass(frozen=True)
class Surface:
    """The objective on a grid over a box of two coordinates."""

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray  # (y, x)
    frame: Frame


def surface(record: Record) -> Surface | None:
    """The objective around what the record shows, or None where that is not written, or has no
    area."""
    values = record.get("landscape_value")
    if values is None:
        return None
    x, y = record.need("landscape_x"), record.need("landscape_y")
    if values.shape != (len(y), len(x)):
        raise InputError(f"{record.path}: variable 'landscape_value' is not a grid of y by x")
    if min(values.shape) < 2:
        return None
    across, up = (coordinate_name(name) for name in axis_names(record))
    frame = Frame((float(x[0]), float(x[-1])), (float(y[0]), float(y[-1])), (across, up))
    return Surface(x, y, values, frame)


def draw_contours(axes: Axes, ground: Surface, style: Style) -> None:
    """Filled contours, closer together where the objective is small."""
    finite = ground.values[np.isfinite(ground.values)]
    above = finite - finite.min()
    # Linear over the tenth part of the plane that is lowest, and logarithmic from there on.
    scale = max(float(np.quantile(above, 0.1)), _SHALLOWEST * float(above.max())) or 1.0
    heights = np.ma.masked_invalid(np.log1p((ground.values - finite.min()) / scale))
    axes.contourf(ground.x, ground.y, heights, levels=_LEVELS, cmap=_ground_colours())
    axes.contour(
        ground.x, ground.y, heights, levels=_LEVELS, colors="white", alpha=0.55,
        linewidths=0.6 * style.thin,
    )  # fmt: skip


def _ground_colours() -> Colormap:
    """Pale, so that trajectories in red and black stand out."""
    return ListedColormap(colormaps["bone"](np.linspace(0.5, 0.97, 256)))


def minima(record: Record) -> np.ndarray:
    """The places (minimum, coordinate) of the strict minima of a landscape of two coordinates."""
    places = record.get("minimum_theta")
    if places is None or places.ndim != 2 or places.shape[1] != 2 or len(columns(record)) != 2:
        return np.empty((0, 2))
    return places[:, columns(record)]


def mark_minima(axes: Axes, record: Record, style: Style) -> None:
    """A dot at each minimum."""
    places = minima(record)
    axes.plot(places[:, 0], places[:, 1], **_dot(style))


def _dot(style: Style) -> dict[str, object]:
    return {
        "linestyle": "none", "marker": "o", "markersize": 0.36 * style.font, "zorder": 5,
        "markerfacecolor": "white", "markeredgecolor": "black", "markeredgewidth": style.thin,
    }  # fmt: skip


def certified(record: Record, index: int) -> list[tuple[np.ndarray, float, float]]:
    """The sets at step size number `index`: around which place, with which radius and level."""
    places = minima(record)
    radius, level = (record.get(f"certified_{name}") for name in ("radius", "level"))
    if radius is None or level is None or len(places) == 0:
        return []
    if radius.shape != level.shape or radius.ndim > 2:
        raise InputError(f"{record.path}: variables 'certified_radius' and '…_level' do not agree")
    if radius.ndim == 2:
        if index >= len(radius):
            raise InputError(f"{record.path}: no certified set for step size number {index + 1}")
        radius, level = radius[index], level[index]
    if len(radius) != len(places):
        raise InputError(
            f"{record.path}: variable 'certified_radius' has {len(radius)} minima where "
            f"{len(places)} are needed"
        )
    known = np.flatnonzero(np.isfinite(radius) & np.isfinite(level) & (radius > 0))
    return [(centre, float(radius[i]), float(level[i])) for i, centre in zip(known, places[known])]


def draw_certified(
    axes: Axes, record: Record, ground: Surface | None, index: int, style: Style
) -> None:
    """The ball of each certified set as a dotted line, and the level set in it as a line."""
    for centre, radius, level in certified(record, index):
        axes.add_patch(
            Circle(centre, radius, fill=False, linewidth=style.thin, linestyle=(0, (1, 1.4)))
        )
        if ground is not None:
            _draw_level_set(axes, ground, centre, radius, level, style)


def _draw_level_set(
    axes: Axes, ground: Surface, centre: np.ndarray, radius: float, level: float, style: Style
) -> None:
    spacing = max(np.ptp(ground.x) / (len(ground.x) - 1), np.ptp(ground.y) / (len(ground.y) - 1))
    if radius < _FINE * spacing:
        return
    outside = np.hypot(ground.x - centre[0], (ground.y - centre[1])[:, None]) > radius
    # The objective is nowhere below the level on the sphere: outside, it has no say.
    inside = np.where(outside, np.inf, ground.values)
    highest = np.max(inside[np.isfinite(inside)], initial=level)
    if not np.min(inside) < level:
        return
    axes.contour(
        ground.x, ground.y, np.where(np.isfinite(inside), inside, 2.0 * highest - np.min(inside)),
        levels=[level], colors="black", linewidths=style.thin,
    )  # fmt: skip


def legend(records: Sequence[Record], style: Style, maps: bool) -> list[tuple[str, Artist]]:
    """What marks minima and, on maps, certified sets."""
    entries: list[tuple[str, Artist]] = []
    if any(len(minima(record)) for record in records):
        entries.append(("minimum", Line2D([], [], **_dot(style))))
    if maps and any(len(minima(record)) and record.has("certified_radius") for record in records):
        entries.append(("certified set", Line2D([], [], color="black", linewidth=style.thin)))
        ball = Line2D([], [], color="black", linewidth=style.thin, linestyle=(0, (1, 1.4)))
        entries.append(("ball around it", ball))
    return entries
