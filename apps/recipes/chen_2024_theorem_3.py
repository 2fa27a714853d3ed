"""Theorem 3 of Chen, Peng, Li, Zhao (2024): U_η, the set of stable starts, is open; and so is V_η, that
of all from which gradient descent converges. Around each of these starts on f4 there is a square all
of whose starts are proved to be in the set."""

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from brink_plot import outcome
from brink_plot.output import save
from brink_plot.style import FAINT, STYLES, colours

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit
from reproduce.landscapes import LANDSCAPES, CertifiedSet, certified_sets, points_of

ETA = "0.2"
F4 = LANDSCAPES["f4"]
STABLE, UNSTABLE = 1, 2
BOX = (-1.0, 3.2)  # of both coordinates of the map
# Starts on the way from a stable one, (1, 2), up to an unstable one; the boundary of U_η is between.
INSIDE, OUTSIDE = np.array([1.0, 2.0]), np.array([1.0, 2.6])
SHARES = tuple(2.0**-k for k in range(1, 13))  # of the way that is left to the boundary
PROVED = 1
SAMPLE = 500  # random starts of each square


def lattice(count: int) -> list[tuple[float, float]]:
    """Starts in the box, off its axes of symmetry."""
    low, high = BOX
    steps = (np.arange(count) + 0.5) / count
    return [
        (round(low + (high - low) * x + 0.013, 6), round(low + (high - low) * y, 6))
        for x in steps
        for y in steps
    ]


def edge(eta: float) -> np.ndarray:
    """Where the loss is no longer falling, on the way from INSIDE to OUTSIDE."""
    stable, unstable = 0.0, 1.0
    for _ in range(60):
        middle = (stable + unstable) / 2
        rises = F4.descend(INSIDE + middle * (OUTSIDE - INSIDE), eta, 60)[1] > 0
        stable, unstable = (stable, middle) if rises else (middle, unstable)
    return INSIDE + stable * (OUTSIDE - INSIDE)


def towards_the_edge() -> dict[str, np.ndarray]:
    boundary = edge(float(ETA))
    return {f"edge {k}": boundary + share * (INSIDE - boundary) for k, share in enumerate(SHARES)}


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=841, quick=211, tiny=13)
    found = {
        "map": basin(landscape="f4", lr=ETA, x=f"{BOX[0]}:{BOX[1]}:{side}"),
    }
    for number, start in enumerate(lattice(size.pick(full=12, quick=6, tiny=2))):
        found[f"start {number}"] = _orbit(start)
    for name, start in list(towards_the_edge().items())[: size.pick(12, 12, 3)]:
        found[name] = _orbit(start)
    return found


def _orbit(start) -> Run:
    place = ",".join(repr(float(number)) for number in start)
    return orbit(landscape="f4", lr=ETA, start=place, steps=60, neighbourhood=1)


def starts(records: Records) -> list[xr.Dataset]:
    return [records[name] for name in records if name.startswith("start")]


def radius(run: xr.Dataset, kind: str) -> float:
    """The largest that is proved for this kind of neighbourhood; 0: none."""
    proved = run[f"neighbourhood_{kind}"].values == PROVED
    return float(run["neighbourhood_radius"].values[proved].max(initial=0))


def place(run: xr.Dataset) -> np.ndarray:
    return np.asarray(run["theta"].values[0], float)


def fate(points: np.ndarray, eta: float) -> tuple[np.ndarray, np.ndarray]:
    """Whether gradient descent in NumPy converges to a minimum from these, and with a falling loss."""
    ends, last_rise = F4.descend(points, eta, 400)
    away = np.linalg.norm(abs(ends) - (19 / 20) ** 0.5, axis=-1)
    there = (away < 1e-2) & (ends[..., 0] * ends[..., 1] > 0)
    return there, there & (last_rise == 0)


def sample(run: xr.Dataset, kind: str) -> np.ndarray:
    random = np.random.default_rng(0)
    return place(run) + radius(run, kind) * random.uniform(-1, 1, (SAMPLE, 2))


def claims(records: Records):
    runs, eta = starts(records), records.number("map", "lr")
    converges, is_stable = fate(np.array([place(run) for run in runs]), eta)
    for kind, symbol, members in (("stable", "U_η", is_stable), ("convergent", "V_η", converges)):
        radii = np.array([radius(run, kind) for run in runs])
        inside = radii[members]
        yield Claim(
            f"{symbol} is open: each of its starts has a neighbourhood in it",
            f"proved for {(inside > 0).sum()} of {len(inside)} starts in {symbol}, with radii from "
            f"{inside.min(initial=np.inf):.1e} to {inside.max(initial=0):.2g}; for "
            f"{(radii[~members] > 0).sum()} of {(~members).sum()} others",
            len(inside) > 2 and inside.min() > 0 and not radii[~members].any(),
        )
        yield _sampled(runs, eta, kind, symbol)
        yield _mapped(records, kind, symbol)
    yield _nested(records)
    yield _shrinking(records)
    yield _of_the_proof(records)


def _sampled(runs: list[xr.Dataset], eta: float, kind: str, symbol: str) -> Claim:
    """Random starts of the squares, in NumPy."""
    points = [sample(run, kind) for run in runs if radius(run, kind) > 0]
    tried = np.array(points).reshape(-1, 2)
    good = fate(tried, eta)[0 if kind == "convergent" else 1]
    return Claim(
        f"every start of such a neighbourhood is in {symbol}",
        f"{(~good).sum()} of {len(tried)} random starts are not, by the paper's formulas in NumPy",
        len(tried) > 2 * SAMPLE and good.all(),
    )


def _mapped(records: Records, kind: str, symbol: str) -> Claim:
    """The starts of the scan in the squares."""
    record = records["map"]
    points, verdicts = points_of(record), record["outcome"].values
    member = (verdicts == STABLE) | ((verdicts == UNSTABLE) & (kind == "convergent"))
    covered = np.zeros(verdicts.shape, bool)
    for run in starts(records):
        covered |= (abs(points - place(run)) <= radius(run, kind)).all(axis=-1)
    return Claim(
        f"the scan's verdicts on the starts in these neighbourhoods agree with {symbol}",
        f"{(covered & member).sum()} of {covered.sum()} do; they cover "
        f"{100 * covered.sum() / max(1, member.sum()):.0f} % of it in the map",
        covered.sum() > 10 and not (covered & ~member).any() and not member.all(),
    )


def _nested(records: Records) -> Claim:
    runs = [records[name] for name in records if name != "map"]
    ordered = [
        (np.diff(run["neighbourhood_radius"]) < 0).all()
        and (np.diff(run[f"neighbourhood_{kind}"].values.astype(int) == PROVED) >= 0).all()
        for run in runs
        for kind in ("stable", "convergent")
    ]
    within = [radius(run, "stable") <= radius(run, "convergent") for run in runs]
    return Claim(
        "neighbourhoods are nested: what is proved for one is for all smaller ones, and those in U_η lie "
        "in those in V_η",
        f"{sum(ordered)} of {len(ordered)} lists of radii, {sum(within)} of {len(runs)} starts",
        all(ordered) and all(within) and any(radius(run, "stable") > 0 for run in runs),
    )


def distances(records: Records) -> tuple[np.ndarray, list[xr.Dataset]]:
    """From the boundary of U_η, of the starts that approach it, and their orbits."""
    boundary = edge(records.number("map", "lr"))
    runs = [records[name] for name in records if name.startswith("edge")]
    return np.array([abs(place(run) - boundary).max() for run in runs]), runs


def _shrinking(records: Records) -> Claim:
    distance, runs = distances(records)
    radii = np.array([radius(run, "stable") for run in runs])
    share = radii / distance
    return Claim(
        "the nearer to the boundary of U_η, the smaller the neighbourhood, and never none",
        f"radii {radii[0]:.1e} to {radii[-1]:.1e} at distances {distance[0]:.1e} to {distance[-1]:.1e}, "
        f"{share.min():.2f} to {share.max():.2f} times the distance",
        radii.min() > 0 and share.max() <= 1 and share.min() > 0.05 and (np.diff(radii) < 0).all(),
    )


def proof_radius(run: xr.Dataset, step: float) -> float:
    """The ε of the paper's proof, by (36), (37) and (42), for a stable start; 0 where θ_K ∈ U for no
    K > 0. M₁ bounds ‖∇f‖. Maxima are taken over points of the balls."""
    sets, theta = certified_sets(run), run["theta"].values
    if not sets:
        return 0.0
    entries = [np.flatnonzero(found.contains(F4, theta)) for found in sets]
    firsts = [(int(entry[0]), found) for entry, found in zip(entries, sets) if len(entry)]
    if not firsts or min(firsts, key=lambda first: first[0])[0] == 0:
        return 0.0
    last, reached = min(firsts, key=lambda first: first[0])
    value = F4.value(theta[: last + 1])
    fall = float((value[:-1] - value[1:]).min())
    angles = np.linspace(0, 2 * np.pi, 73)
    disc = np.array([[r * np.cos(a), r * np.sin(a)] for r in np.linspace(0, 1, 11) for a in angles])
    around = theta[: last + 1, None] + disc
    slope = float(np.linalg.norm(F4.gradient(around), axis=-1).max())
    growth = 1 + step * float(_hessian_norm(around).max())
    room = _distance_to_the_edge(reached, theta[last])
    return min(1.0, room, fall / (2 * slope)) / growth**last if fall > 0 else 0.0


def _hessian_norm(points: np.ndarray) -> np.ndarray:
    """Frobenius's, as the paper takes it, of f4."""
    x, y = points[..., 0], points[..., 1]
    across = 4 * x * y - 2
    return np.sqrt((2 * y**2 + 0.1) ** 2 + 2 * across**2 + (2 * x**2 + 0.1) ** 2)


def _distance_to_the_edge(found: CertifiedSet, point: np.ndarray) -> float:
    """From a point of a certified set to the nearest that is not in it, over rays."""
    angles = np.linspace(0, 2 * np.pi, 361)
    reach = np.linspace(0, 2 * found.radius, 4001)[:, None, None]
    rays = point + reach * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return float(reach[np.argmin(found.contains(F4, rays).all(axis=1)), 0, 0])


def _of_the_proof(records: Records) -> Claim:
    pairs = np.array(
        [(proof_radius(run, records.number("map", "lr")), radius(run, "stable")) for run in starts(records)]
    )
    pairs = pairs[pairs[:, 0] > 0]
    ratio = np.median(pairs[:, 1] / pairs[:, 0]) if len(pairs) else np.nan
    return Claim(
        "the ε of the paper's proof, by (36), (37) and (42), is positive; what is proved here is larger",
        f"{pairs[:, 0].min(initial=np.inf):.0e} to {pairs[:, 0].max(initial=0):.0e} for {len(pairs)} "
        f"stable starts outside U; in the median {ratio:.0e} times as much is proved",
        len(pairs) > 0 and (pairs[:, 1] > pairs[:, 0]).all(),
    )


_CONVERGENT = "#FFD400"


def draw(records: Records, picture: Path) -> None:
    style = STYLES["screen"]
    style.apply()
    figure = Figure(figsize=(style.width, 7.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    _draw_map(left, records)
    _draw_radii(right, records)
    left.set_title(f"f4, {records.eta('map')}")
    right.set_title("towards the boundary of U_η")
    entries = outcome.legend(_occurring(records["map"]), False, style) + [
        ("start", Line2D([], [], color="black", linestyle="none", marker=".")),
        ("proved to be stable", Patch(facecolor="none", edgecolor="black")),
        ("proved to converge", Patch(facecolor="none", edgecolor=_CONVERGENT)),
        ("boundary of U_η", Line2D([], [], color="#D81B1B", marker="x", linestyle="none")),
    ]
    figure.legend(
        [handle for _, handle in entries], [text for text, _ in entries], loc="outside upper left",
        ncols=4, fontsize=style.font,
    )  # fmt: skip
    save(figure, str(picture), style.dots_per_inch)


def _occurring(record: xr.Dataset) -> list[str]:
    return [outcome.OUTCOMES[int(code)] for code in np.unique(record["outcome"].values)]


def _draw_map(axes: Axes, records: Records) -> None:
    record = records["map"]
    axes.imshow(outcome.paint(record["outcome"].values), origin="lower", extent=(*BOX, *BOX))
    for run in starts(records):
        for kind, colour in (("convergent", _CONVERGENT), ("stable", "black")):
            reach = radius(run, kind)
            if reach > 0:
                corner = place(run) - reach
                axes.add_patch(Rectangle(corner, 2 * reach, 2 * reach, fill=False,
                                         edgecolor=colour, linewidth=1.1))  # fmt: skip
        axes.plot(*place(run), ".", color="black", markersize=3)
    axes.plot(*edge(records.number("map", "lr")), "x", color="#D81B1B", markersize=7, markeredgewidth=1.6)
    axes.set_xlim(*BOX)
    axes.set_ylim(*BOX)
    axes.set_xlabel("x")
    axes.set_ylabel("y", rotation=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


def _draw_radii(axes: Axes, records: Records) -> None:
    distance, runs = distances(records)
    blue, red = colours(2)
    axes.loglog(distance, distance, color=FAINT, linewidth=1, dashes=(4, 2.5))
    axes.annotate("the distance", (distance[len(distance) // 2],) * 2, color=FAINT,
                  xytext=(10, -14), textcoords="offset points", ha="left")  # fmt: skip
    for kind, colour, text in (("convergent", blue, "to converge"), ("stable", red, "to be stable")):
        radii = [radius(run, kind) for run in runs]
        if any(radii):
            axes.loglog(distance, np.where(np.array(radii) > 0, radii, np.nan), "o-", color=colour,
                        markersize=4, label=f"radius proved {text}")  # fmt: skip
    axes.legend(loc="lower right")
    axes.set_xlabel("distance from the boundary")


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Theorem 3",
    title="U_η and V_η are open: neighbourhoods of starts, proved",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(25, 8),
    notes=(
        "The paper's (30) has its inequality reversed: U_η is where the loss falls at every step. In "
        "(36), M₁ has to bound ‖∇f‖, which (40) uses it for, where the print has ‖f‖; and the end of "
        "the proof says θ_K ∈ U of the neighbour's θ'_K.",
        "The proof's ε, of crude bounds, is positive and tiny. brink carries boxes of starts by "
        "interval arithmetic into the certified set (brink orbit --neighbourhood), and finds radii "
        "that are within a small factor of the distance to what is not in the set.",
        "The neighbourhood of a start ends not only where the loss begins to rise: starts that reach "
        "another minimum bound it too, and between them lie starts that converge to the saddle.",
    ),
)
