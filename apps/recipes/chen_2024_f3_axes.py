"""The axes in f3 of Chen, Peng, Li, Zhao (2024), the third row of Figure 2. The text says of them that
"each point lies in x- or y-coordinate is stationary while not a minimum". Beyond √3 they are local
minima, not strict ones, and gradient descent converges to them."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit, panels

ETAS = ("0.03", "0.06", "0.1")
# Starts that end on the axes, and starts as near to the axes within √3.
TO_THE_AXES = ("2.2,0.2", "-2.1,0.15", "0.2,2.2", "-0.15,-2.0")
FROM_THE_AXES = ("1.2,0.3", "-1.3,0.25", "0.3,1.2")
ON_THE_AXES = ("2,0", "1,0", "0,-2.3", "0,0")
STATIONARY = 4
SHOWN = "0.06"


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=1001, quick=251, tiny=25)
    steps = size.pick(full=3000, quick=3000, tiny=20)
    found = {
        f"map {eta}": basin(landscape="f3", lr=eta, x=f"-2.5:2.5:{side}") for eta in ETAS
    }
    wanted = [(start, eta) for start in TO_THE_AXES + FROM_THE_AXES for eta in ETAS]
    wanted += [(start, SHOWN) for start in ON_THE_AXES]
    for start, eta in wanted:
        found[f"{start} {eta}"] = orbit(landscape="f3", lr=eta, start=start, steps=steps)
    for eta in ETAS:
        start = f"{farthest(float(eta)) + 0.02:.4f},0.01"
        found[f"sharp {eta}"] = orbit(landscape="f3", lr=eta, start=start, steps=steps)
    return found


def curvature(x: np.ndarray) -> np.ndarray:
    """∂²f/∂y² at (x, 0), the only one there that does not vanish."""
    return 2 * x**2 * (x**2 - 3)


def farthest(eta: float) -> float:
    """Where the axis is too sharp for the step size, ∂²f/∂y² = 2/η."""
    return float(np.sqrt(1.5 + np.sqrt(2.25 + 1 / eta)))


def claims(records: Records):
    still = [records[f"{start} {SHOWN}"] for start in ON_THE_AXES]
    norm = max(float(run["gradient_norm"].values.max()) for run in still)
    moved = max(float(np.ptp(run["theta"].values, axis=0).max()) for run in still)
    places = [run["theta"].values[0] for run in still]
    yield Claim(
        "every point of the axes is stationary",
        f"‖∇f‖ ≤ {norm:.0e} along {len(still)} orbits from {', '.join(ON_THE_AXES)}, which move by "
        f"{moved:.0e}",
        norm == moved == 0 and np.allclose(places, [_point(start) for start in ON_THE_AXES]),
    )
    yield _shape(records)
    for eta in ETAS:
        outcome, label = records[f"map {eta}"]["outcome"].values, records.eta(f"map {eta}")
        there = outcome == STATIONARY
        x, y = (abs(records[f"map {eta}"][name].values) for name in ("x", "y"))
        beyond = np.maximum(*np.meshgrid(x, y))[there]
        yield Claim(
            f"{label}: an open set of starts settles at no strict minimum",
            f"{100 * there.mean():.1f} % of the box are stationary, "
            f"{100 * (beyond > 3**0.5).mean() if len(beyond) else 0:.0f} % of them beyond √3 in x or y",
            0.01 < there.mean() < 0.5 and (beyond > 3**0.5).mean() > 0.9,
        )
        yield from _ends(records, eta, label)


def _point(start: str) -> np.ndarray:
    return np.array([float(part) for part in start.split(",")])


def _shape(records: Records) -> Claim:
    """f beside the axis, where the map's rows are nearest to it, against f = 1 on it."""
    record = records[f"map {SHOWN}"]
    x, y = record["landscape_x"].values, record["landscape_y"].values
    near = np.argsort(abs(y))[:4]
    above = record["landscape_value"].values[near] - 1
    # Where f − 1 = x²y²(x² + y² − 3) has one sign in all of these rows.
    beyond = abs(x) > 3**0.5
    within = (abs(x) < np.sqrt(3 - (y[near] ** 2).max())) & (x != 0)
    off = y[near] != 0
    minima = (above[off][:, beyond] > 0).mean()
    maxima = (above[off][:, within] < 0).mean()
    return Claim(
        "(x, 0) is a local minimum of f3 for |x| > √3, and a local maximum for |x| < √3",
        f"at |y| up to {abs(y[near]).max():.3f}: f > 1 in {100 * minima:.0f} % of the points beyond √3, "
        f"f < 1 in {100 * maxima:.0f} % of those within",
        beyond.any() and within.any() and minima == 1 == maxima,
    )


def _ends(records: Records, eta: str, label: str):
    there, rises, sharpness = [], 0, []
    for start in TO_THE_AXES:
        run = records[f"{start} {eta}"]
        there.append(np.sort(abs(run["theta"].values[-1])))
        loss = np.asarray(run["loss"], float)
        rises += int((np.diff(loss) > 1e-14).sum())
        sharpness.append(float(run["sharpness"].values[-1]))
    off, along = np.array(there).T
    # The sharpness at the end is that of the formula: the record and the place agree.
    agree = np.allclose(sharpness, curvature(along), rtol=1e-6)
    yield Claim(
        f"{label}: orbits that begin near the axes beyond √3 converge to points of them, with a "
        "falling loss",
        f"{len(off)} orbits end {off.max():.0e} from an axis, at {along.min():.3f} to {along.max():.3f}, "
        f"with sharpness {min(sharpness):.1f} to {max(sharpness):.1f}; {rises} rises",
        off.max() < 1e-6 and along.min() > 3**0.5 and rises == 0 and agree,
    )
    yield _expelled(records[f"sharp {eta}"], records.number(f"sharp {eta}", "lr"), label)
    away = np.array([_to_minimum(records[f"{start} {eta}"]) for start in FROM_THE_AXES])
    yield Claim(
        f"{label}: from beside the axes within √3 gradient descent goes to the global minima",
        f"{len(away)} orbits end within {away.max():.0e} of (±1, ±1)",
        away.max() < 1e-3,
    )


def _expelled(run, eta: float, label: str) -> Claim:
    first, last = (float(run["sharpness"].values[k]) for k in (0, -1))
    limit = 2 / eta
    where = np.sort(abs(run["theta"].values[-1]))
    return Claim(
        f"{label}: beside minima on the axes with ∂²f/∂y² > 2/η it does not stay",
        f"sharpness {first:.1f} at the start, {last:.1f} at the end, at {where[1]:.3f} on an axis; "
        f"2/η = {limit:.1f}",
        0 < last < limit < first < 1.2 * limit and where[0] < 1e-6,
    )


def _to_minimum(run) -> float:
    return float(np.linalg.norm(abs(run["theta"].values[-1]) - 1))


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Figure 2, third row",
    title="f3's axes: minima that the text denies, and starts that go there",
    runs=runs,
    claims=claims,
    draw=panels(
        "landscape,maps",
        records=(
            f"map {SHOWN}", f"sharp {SHOWN}",
            *(f"{start} {SHOWN}" for start in TO_THE_AXES + FROM_THE_AXES),
        ),
    ),
    seconds=(20, 8),
    notes=(
        'The text says that "each point lies in x- or y-coordinate is stationary while not a '
        'minimum". They are stationary. But f3 − 1 = x²y²(x² + y² − 3), so that (x, 0) with |x| > √3 '
        "is a local minimum that is not strict (f = 1, above the global minima's 0), and with |x| < √3 "
        "a local maximum that is not strict.",
        "The figure marks starts that converge to one of the four global minima. Those that go to the "
        "axes, orange here, belong to neither U_η nor V_η of a strict minimum; the theorems do not "
        "speak of them.",
    ),
)
