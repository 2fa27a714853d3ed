"""Figure 3 of Chen, Peng, Li, Zhao (2024): gradient descent on f4 from an unstable start, (0.1, 2.5),
and from a stable one, (1.5, 2): where it goes, and the loss on the way."""

import numpy as np
import xarray as xr

from reproduce import Claim, Recipe, Records, Run, Size, basin, orbit, panels

ETAS = ("0.2", "0.25", "0.3")
STARTS = {"unstable": "0.1,2.5", "stable": "1.5,2"}
SHOWN = "0.2"
STABLE, UNSTABLE = 1, 2


def runs(size: Size) -> dict[str, Run]:
    found = {
        f"{kind} {eta}": orbit(landscape="f4", start=start, lr=eta, steps=400)
        for eta in ETAS
        for kind, start in STARTS.items()
    }
    for kind, start in STARTS.items():
        found[kind] = orbit(landscape="f4", start=start, lr=SHOWN, steps=30)  # as far as is drawn
    count = size.pick(full=521, quick=53, tiny=9)
    # A grid of 2 × 2 starts: two of its corners are those of the figure.
    found["range"] = basin(
        landscape="f4", x="0.1:1.5:2", y="2:2.5:2", lr=f"0.005:0.525:{count}"
    ).as_it_is()
    return found


def rises(run: xr.Dataset) -> np.ndarray:
    """The steps at which the loss rose beyond rounding."""
    loss = np.asarray(run["loss"], float)
    slack = 32 * np.finfo(float).eps * np.maximum(1, abs(loss[:-1]))
    return 1 + np.flatnonzero(~(loss[1:] <= loss[:-1] + slack))


def distance_at_end(run: xr.Dataset) -> float:
    """From the nearest minimum."""
    end = run["theta"].values[-1]
    return float(np.linalg.norm(run["minimum_theta"].values - end, axis=1).min())


def entry(run: xr.Dataset) -> int | None:
    """The step from which on the trajectory is in the certified set, for good."""
    inside = run["certified"].values >= 0
    if not inside[-1]:
        return None
    return len(inside) - int(np.argmin(inside[::-1])) if not inside.all() else 0


def claims(records: Records):
    for eta in ETAS:
        run, label = records[f"unstable {eta}"], records.eta(f"unstable {eta}")
        up, end = rises(run), distance_at_end(run)
        yield Claim(
            f"{label}: from (0.1, 2.5) the loss oscillates at first, and gradient descent converges",
            f"rises at steps {', '.join(map(str, up[:6])) or 'none'}; {end:.0e} from a minimum at "
            f"step {run.sizes['step'] - 1}",
            0 < len(up) and up[-1] < 20 and end < 1e-3,
        )
        loss, inside = np.asarray(run["loss"], float), entry(run)
        last = int(up[-1]) if len(up) else 0
        yield Claim(
            f"{label}: it jumps into the set where the loss falls at every step, and stays there",
            f"falls from step {last} on, in the certified set from step {inside} on",
            inside is not None and last <= inside < 50 and loss[-1] < loss[inside] < loss[last],
        )
        run = records[f"stable {eta}"]
        up, end = rises(run), distance_at_end(run)
        loss = np.asarray(run["loss"], float)
        yield Claim(
            f"{label}: from (1.5, 2) it converges stably",
            f"{len(up)} rises, from {loss[0]:.3f} to {loss[-1]:.4f}, {end:.0e} from a minimum",
            len(up) == 0 and loss[-1] < 0.1 * loss[0] and end < 1e-3,
        )
    outcome = records["range"]["outcome"].values
    fits = (outcome[:, 1, 0] == UNSTABLE) & (outcome[:, 0, 1] == STABLE)
    etas = records["range"]["lr"].values[fits]
    yield Claim(
        "there is a range of step sizes at which the one start is unstable and the other stable",
        f"{len(etas)} of {len(fits)} step sizes up to 2/λmax"
        + (f", from {etas.min():.3f} to {etas.max():.3f}" if len(etas) else ""),
        len(etas) > 0.1 * len(fits) and 0 < etas.min() < float(SHOWN) < etas.max() < 10 / 19,
    )


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Figure 3",
    title="An unstable and a stable trajectory on f4",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss,excess", records=tuple(STARTS)),
    seconds=(3, 2),
    notes=(
        f"The paper does not give the figure's step size; {SHOWN} is drawn, and the claims are tried "
        f"at {', '.join(ETAS)}. The last claim measures at which step sizes the starts are of the "
        "kinds that the paper says.",
        "The paper draws what is unstable in red and what is stable in black. Here red is where the "
        "loss may yet rise, pale red where it falls from there on, black the certified set.",
    ),
)
