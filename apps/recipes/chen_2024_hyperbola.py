"""The limit of the theory in Chen, Peng, Li, Zhao (2024): f(x, y) = (1 − xy)², whose minima are a
hyperbola, neither strict nor compact. No theorem of the paper speaks of it; gradient descent converges
on it all the same, to minima whose sharpness is below 2/η."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from brink_plot import path
from brink_plot.outcome import COLOURS
from brink_plot.output import save
from brink_plot.style import FAINT, STYLES, colours

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit
from reproduce.landscapes import LANDSCAPES, points_of

ETAS = ("0.1", "0.2", "0.4")
STARTS = ("0.1,2.5", "1.5,2", "2.2,-0.3", "-0.6,-1.9")
STATIONARY = 4
BEYOND = "0.51"  # 2/η < 4, the sharpness of the flattest minima, ±(1, 1)
HALF = 4.0  # side of the box
SAMPLE, STEPS = 1000, 3000


def sharp_start(eta: str) -> tuple[float, float]:
    """Beside the minimum where the sharpness 2(x² + y²) is about 1.3 · 2/η."""
    x = np.sqrt(1.3 / float(eta))
    return x, 1 / x + 0.01


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=1000, quick=200, tiny=16)
    # Off the line x = −y, from which gradient descent goes to the saddle at 0.
    box = {"landscape": "hyperbola", "x": f"-4:4:{side}", "y": f"-3.99:4.01:{side}"}
    found = {f"map {eta}": basin(**box, lr=eta) for eta in ETAS}
    found[f"map {BEYOND}"] = basin(**box, lr=BEYOND).as_it_is()
    for eta in ETAS:
        x, y = sharp_start(eta)
        found[f"sharp {eta}"] = _orbit(f"{x:.6f},{y:.6f}", eta, size)
        found[f"beside {eta}"] = _orbit(f"{x:.6f},{y + 1e-3:.6f}", eta, size)
        for start in STARTS:
            found[f"{start} {eta}"] = _orbit(start, eta, size)
    return found


def _orbit(start: str, eta: str, size: Size) -> Run:
    steps = size.pick(full=4000, quick=4000, tiny=20)
    return orbit(landscape="hyperbola", start=start, lr=eta, steps=steps)


def claims(records: Records):
    maps = [records[f"map {eta}"] for eta in ETAS]
    strict = sum(record.sizes["minima"] for record in maps)
    verdicts = np.concatenate([record["outcome"].values.ravel() for record in maps])
    yield Claim(
        "no minimum is strict, so that the theorems give no set U and neither U_η nor V_η",
        f"{strict} strict minima, {np.isin(verdicts, (1, 2)).sum()} starts of {len(verdicts)} that "
        "reach one",
        strict == 0 and not np.isin(verdicts, (1, 2)).any() and (verdicts == STATIONARY).any(),
    )
    for eta in ETAS:
        yield from _claims(records, eta)
    settled = (records[f"map {BEYOND}"]["outcome"].values == STATIONARY).mean()
    before = (records[f"map {ETAS[-1]}"]["outcome"].values == STATIONARY).mean()
    yield Claim(
        f"η = {BEYOND}: nothing converges, since the flattest minima have sharpness 4 > 2/η",
        f"{100 * settled:.2f} % of the box, where {100 * before:.1f} % do at η = {ETAS[-1]}",
        settled == 0 < before,
    )


def _claims(records: Records, eta: str):
    record = records[f"map {eta}"]
    step, label = records.number(f"map {eta}", "lr"), records.eta(f"map {eta}")
    limit = 2 / step
    settled = record["outcome"].values == STATIONARY
    rose = record["rises"].values > 0
    falling, rising = (settled & ~rose).mean(), (settled & rose).mean()
    yield Claim(
        f"{label}: gradient descent converges all the same, with a falling loss or after rises",
        f"{100 * falling:.1f} % and {100 * rising:.1f} % of the box",
        falling > 0.01 and 0.01 < rising < 0.9,
    )
    yield _reached(points_of(record)[settled], step, label)
    ends = [records[f"{start} {eta}"] for start in STARTS]
    ends = [run for run in ends if run.attrs["outcome"] != "diverged"]
    sharpness = [float(run["sharpness"].values[-1]) for run in ends]
    missed = max((float(run["loss"].values[-1]) for run in ends), default=np.inf)
    yield Claim(
        f"{label}: the trajectories from {len(ends)} starts end at minima flatter than 2/η",
        f"f ≤ {missed:.0e}, sharpness {', '.join(f'{s:.2f}' for s in sharpness)}; 2/η = {limit:.1f}",
        len(ends) > 1 and 0 <= missed < 1e-8 and 3.99 < min(sharpness) <= max(sharpness) < limit,
    )
    run, beside = records[f"sharp {eta}"], records[f"beside {eta}"]
    curve, loss = np.asarray(run["sharpness"], float), np.asarray(run["loss"], float)
    yield Claim(
        f"{label}: from beside a minimum sharper than 2/η the loss rises, and what is reached is "
        "flatter",
        f"sharpness {curve[0]:.2f} at the start, {curve[-1]:.2f} at the end, 2/η = {limit:.1f}; loss "
        f"{loss[0]:.0e}, at most {loss.max():.0e}, {loss[-1]:.0e} at the end",
        curve[0] > limit > curve[-1] > 3.99 and loss.max() > 2 * loss[0] > loss[-1] >= 0,
    )
    end, other = run["theta"].values[-1], beside["theta"].values[-1]
    start, neighbour = run["theta"].values[0], beside["theta"].values[0]
    apart, before = np.linalg.norm(end - other), np.linalg.norm(start - neighbour)
    yield Claim(
        f"{label}: the starts that reach one and the same minimum are not an open set",
        f"starts {before:.0e} apart end {apart:.0e} apart, both with f below "
        f"{max(loss[-1], float(beside['loss'].values[-1])):.0e}",
        0 < before < 2e-3 and apart > 1e-5 and 0 <= loss[-1] < 1e-8
        and 0 <= float(beside["loss"].values[-1]) < 1e-8 and curve[-1] < limit,
    )  # fmt: skip


def _reached(starts: np.ndarray, step: float, label: str) -> Claim:
    """The sharpness of the minima that starts of the map reach, in NumPy."""
    chosen = starts[np.random.default_rng(0).permutation(len(starts))[:SAMPLE]]
    with np.errstate(over="ignore", invalid="ignore"):
        ends = LANDSCAPES["hyperbola"].descend(chosen, step, STEPS)[0]
        missed = abs(1 - ends[..., 0] * ends[..., 1])
        # Of ∇²f there, which has the eigenvalues 0 and 2(x² + y²).
        sharpness = 2 * (ends**2).sum(axis=-1)
    limit = 2 / step
    there = missed < 1e-3
    most = sharpness.max(initial=0) if len(ends) else np.nan
    return Claim(
        f"{label}: the largest eigenvalue at the minimum that is reached is at most 2/η",
        f"{there.sum()} of {len(ends)} starts reach the hyperbola; largest eigenvalue there "
        f"{most:.4f}, 2/η = {limit:.1f}",
        len(ends) > 0.1 * SAMPLE and there.mean() > 0.99 and 4 - 1e-3 < most < limit * (1 + 1e-3),
    )


def draw(records: Records, picture: Path) -> None:
    style = STYLES["screen"]
    style.apply()
    figure = Figure(figsize=(style.width, 8.2), layout="constrained")
    panels = figure.subplots(2, len(ETAS), height_ratios=[1.5, 1])
    for column, eta in enumerate(ETAS):
        _draw_map(panels[0, column], records, eta)
        _draw_sharpness(panels[1, column], records, eta)
    panels[1, 0].set_ylabel("sharpness λ₁")
    marks = [
        Patch(facecolor=COLOURS[name], edgecolor=FAINT, label=text)
        for name, text in (("stable", "converges, the loss falls at every step"),
                           ("unstable", "converges after rises"), ("diverged", "diverges"))
    ]  # fmt: skip
    marks += panels[0, 0].get_legend_handles_labels()[0]
    figure.legend(handles=marks, loc="outside upper left", ncols=3, fontsize=style.font)
    save(figure, str(picture), style.dots_per_inch)


def _draw_map(axes: Axes, records: Records, eta: str) -> None:
    record = records[f"map {eta}"]
    settled = record["outcome"].values == STATIONARY
    rose = record["rises"].values > 0
    names = np.where(settled, np.where(rose, "unstable", "stable"), "diverged")
    picture = np.empty((*names.shape, 3))
    for name in ("stable", "unstable", "diverged"):
        colour = COLOURS[name].lstrip("#")
        picture[names == name] = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    axes.imshow(picture, origin="lower", extent=(-HALF, HALF, -HALF, HALF))
    x = np.linspace(1 / HALF, HALF, 400)
    flat = 2 * (x**2 + x**-2) < 2 / float(eta)
    for sign in (1, -1):
        axes.plot(sign * x, sign / x, color="black", linewidth=0.8, linestyle=":",
                  label="minima" if sign > 0 else None)  # fmt: skip
        axes.plot(sign * x[flat], sign / x[flat], color="black", linewidth=2.2,
                  label="minima flatter than 2/η" if sign > 0 else None)  # fmt: skip
    for colour, name in zip(colours(len(_shown(eta))), _shown(eta)):
        run = records[name]
        if run.attrs["outcome"] == "diverged":
            continue
        axes.plot(*run["theta"].values.T, color="white", linewidth=2.4)
        axes.plot(*run["theta"].values.T, color=colour, linewidth=1.1)
        path.mark_start(axes, run["theta"].values[0], STYLES["screen"])
    axes.set_title(f"η = {eta}")
    axes.set_xlim(-HALF, HALF)
    axes.set_ylim(-HALF, HALF)
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


def _shown(eta: str) -> list[str]:
    return [f"sharp {eta}", *(f"{start} {eta}" for start in STARTS)]


def _draw_sharpness(axes: Axes, records: Records, eta: str) -> None:
    limit = 2 / float(eta)
    for colour, name in zip(colours(len(_shown(eta))), _shown(eta)):
        run = records[name]
        if run.attrs["outcome"] != "diverged":
            axes.plot(run["step"], run["sharpness"], color=colour, linewidth=1.3)
    axes.axhline(limit, color=FAINT, linewidth=1, dashes=(4, 2.5))
    axes.annotate("2/η", (1, limit), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                  color=FAINT)  # fmt: skip
    axes.set_xlim(-0.5, 60)
    axes.set_ylim(0, 2.2 * limit)
    axes.set_xlabel("step")


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Conclusion",
    title="(1 − xy)²: minima that are not compact, which the theory cannot handle",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(25, 8),
    notes=(
        "The paper only names this function as what it cannot handle: every theorem of it takes a "
        "strict minimum that is the only stationary point in a ball. Its extension to compact sets of "
        "minima does not reach a hyperbola either. What is measured here has no counterpart in it.",
        "∇²f at a minimum has the eigenvalues 0 and 2(x² + y²), so that a minimum attracts only if "
        "x² + y² < 1/η; the starts that reach one and the same minimum are a curve, not an open set.",
    ),
)
