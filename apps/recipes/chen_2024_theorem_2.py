"""Theorem 2 of Chen, Peng, Li, Zhao (2024): around a strict minimum there is an open set U that gradient
descent never leaves, and on which the loss falls at every step by at least Cη‖∇f‖²."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from brink_plot import outcome
from brink_plot.output import save
from brink_plot.style import STYLES

from reproduce import Claim, Recipe, Records, Run, Size, basin
from reproduce.landscapes import LANDSCAPES, CertifiedSet, certified_sets, points_of

# By landscape: step sizes, and half the side of a map around the minimum.
MAPS = {
    "f1": (("0.2", "0.5"), 0.8),
    "f2": (("0.3", "0.6"), 1.0),
    "f3": (("0.03", "0.08"), 0.7),
    "f4": (("0.1", "0.25"), 1.6),
}
STABLE = 1
SAMPLE = 5_000  # random points of each set
STEPS = 300  # that each of them makes


def name_of(landscape: str, eta: str) -> str:
    return f"{landscape} {eta}"


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=600, quick=200, tiny=12)
    centre = {"f1": 0.0, "f2": 0.0, "f3": 1.0, "f4": (19 / 20) ** 0.5}  # of the map
    return {
        name_of(name, eta): basin(
            landscape=name, x=f"{centre[name] - half}:{centre[name] + half}:{side}", lr=eta
        )
        for name, (etas, half) in MAPS.items()
        for eta in etas
    }


def chosen(records: Records, name: str) -> CertifiedSet | None:
    """The set around the minimum in the middle of the map: the last of them."""
    sets = certified_sets(records[name])
    return sets[-1] if sets else None


def claims(records: Records):
    for landscape, (etas, _) in MAPS.items():
        for eta in etas:
            yield from _claims(records, landscape, eta)


def _claims(records: Records, landscape: str, eta: str):
    name = name_of(landscape, eta)
    record, step = records[name], records.number(name, "lr")
    where = f"{landscape}, {records.eta(name)}"
    found = chosen(records, name)
    if found is None:
        yield Claim(f"{where}: there is such a set", "none was found", False)
        return
    f = LANDSCAPES[landscape]
    constant = 1 - step * found.bound / 2
    yield Claim(
        f"{where}: there is such a set, with C = 1 − ηM/2 > 0 and f(θ*) below its level",
        f"radius {found.radius:.4f}, f < {found.level:.4f}, no eigenvalue in the ball above "
        f"M = {found.bound:.4f}: C = {constant:.4f}",
        constant > 0 and found.level > f.value(found.centre) and found.bound >= _curvature(record),
    )
    points = found.sample(f, SAMPLE)
    value, gradient = f.value(points), f.gradient(points)
    images = f.step(points, step)
    left = int((~found.contains(f, images)).sum())
    yield Claim(
        f"{where}: forward-invariance, θ ∈ U ⟹ θ − η∇f(θ) ∈ U",
        f"{left} of {len(points)} random points of U leave it",
        len(points) > 0.1 * SAMPLE and left == 0,
    )
    squares = (gradient**2).sum(axis=-1)
    steep = step * squares > 1e-10  # nearer to θ* differences drown in rounding
    progress = (f.value(images) - value)[steep] / (step * squares[steep])
    worst = float(progress.max(initial=-np.inf))
    yield Claim(
        f"{where}: descent, f(θ − η∇f(θ)) − f(θ) ≤ −Cη‖∇f(θ)‖² (7)",
        f"the quotient is at most {worst:.4f} where −C = {-constant:.4f}",
        len(progress) > 0.1 * SAMPLE and -1 < worst <= -constant,
    )
    ends, last_rise = f.descend(points, step, STEPS)
    before = np.linalg.norm(points - found.centre, axis=-1).max(initial=0)
    after = np.linalg.norm(ends - found.centre, axis=-1).max(initial=0)
    yield Claim(
        f"{where}: from all of U it converges stably to θ* (Lemma 2)",
        f"{(last_rise > 0).sum()} of {len(points)} see the loss rise in {STEPS} steps; what was "
        f"within {before:.3f} of θ* is within {after:.1e}",
        len(points) > 0 and not last_rise.any() and after < 0.05 * before,
    )
    outcomes = record["outcome"].values
    inside = found.contains(f, points_of(record))
    stable = outcomes == STABLE
    yield Claim(
        f"{where}: U lies in U_η, the cyan set",
        f"{(inside & stable).sum()} of the {inside.sum()} starts of the map in U are stable; it "
        f"covers {100 * inside.sum() / max(1, stable.sum()):.0f} % of the cyan in the map",
        inside.sum() > 0 and not (inside & ~stable).any() and stable.sum() > inside.sum(),
    )


def _curvature(record) -> float:
    """The largest eigenvalue at a minimum."""
    return float(np.max(record["minimum_sharpness"].values)) * (1 - 1e-6)


def draw(records: Records, picture: Path) -> None:
    style = STYLES["screen"]
    style.apply()
    count = max(len(etas) for etas, _ in MAPS.values())
    figure = Figure(figsize=(style.width, 0.7 + 0.25 * count * style.width), layout="constrained")
    panels = figure.subplots(count, len(MAPS), squeeze=False)
    for column, (landscape, (etas, _)) in enumerate(MAPS.items()):
        for row, eta in enumerate(etas):
            _draw_map(panels[row, column], records, landscape, eta)
    entries = outcome.legend(_occurring(records), False, style) + [
        (text, Line2D([], [], color=colour)) for text, colour in _BOUNDARIES
    ]
    figure.legend(
        [handle for _, handle in entries], [text for text, _ in entries],
        loc="outside upper left", ncols=len(entries), fontsize=style.font,
    )  # fmt: skip
    save(figure, str(picture), style.dots_per_inch)


# U, and where one step takes its boundary, two, four.
_BOUNDARIES = (
    ("U", "#000000"), ("after 1 step", "#7A0000"), ("2 steps", "#D81B1B"), ("4 steps", "#F5B7B1"),
)  # fmt: skip
_AFTER = (0, 1, 2, 4)


def _occurring(records: Records) -> list[str]:
    codes = set().union(*(np.unique(record["outcome"].values) for record in records.values()))
    return [outcome.OUTCOMES[int(code)] for code in codes]


def _draw_map(axes: Axes, records: Records, landscape: str, eta: str) -> None:
    name = name_of(landscape, eta)
    record = records[name]
    x, y = record["x"].values, record["y"].values
    box = (x[0], x[-1], y[0], y[-1])
    axes.imshow(outcome.paint(record["outcome"].values), origin="lower", extent=box)
    axes.set_title(f"{landscape}, {records.eta(name)}")
    found = chosen(records, name)
    if found is not None:
        f = LANDSCAPES[landscape]
        edge = _boundary(f, found)
        for (_, colour), steps in zip(_BOUNDARIES, _AFTER):
            moved = f.descend(edge, records.number(name, "lr"), steps)[0]
            axes.plot(*moved.T, color=colour, linewidth=1.4)
        axes.plot(*found.centre, "o", color="white", markeredgecolor="black", markersize=4)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


def _boundary(f, found: CertifiedSet) -> np.ndarray:
    """Along rays from θ*, on which U is an interval where it is small enough; closed."""
    angles = np.linspace(0, 2 * np.pi, 721)
    rays = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    reach = np.linspace(0, found.radius, 2001)[:, None, None]
    inside = found.contains(f, found.centre + reach * rays)
    last = np.where(inside.all(axis=0), len(inside) - 1, np.argmin(inside, axis=0) - 1)
    return found.centre + reach[np.maximum(last, 0), 0] * rays


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Theorem 2",
    title="A set that gradient descent never leaves, on which the loss falls",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(12, 6),
    notes=(
        "The theorem says that U exists; brink finds one, as in its proof a ball and a level set in "
        "it, and proves by interval arithmetic what makes it one. The claims try it on random points "
        "with the paper's formulas in NumPy.",
        "The paper's (24) takes the ball of Lemma 1, from whose points no step leads out of a larger "
        "one. The larger ball will do: a step out of it would first pass its sphere, where f is at "
        "least the level, and f falls on the way there.",
        "The step sizes are chosen; at those nearer to 2/λmax the sets are there and small.",
    ),
)
