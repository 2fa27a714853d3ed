"""Figure 2 of Chen, Peng, Li, Zhao (2024): where gradient descent converges on four landscapes, at
five step sizes each, with a loss that falls at every step (U_η, cyan) or rises on the way (V_η∖U_η,
blue)."""

from reproduce import Claim, Recipe, Records, Run, Size, basin, panels

# By landscape: half the box's side, the step sizes, and the largest that can settle, 2/λmax at the
# minima.
MAPS = {
    "f1": (1.5, (0.2, 0.4, 0.6, 0.8, 0.95), 1.0),
    "f2": (1.5, (0.2, 0.4, 0.6, 0.8, 0.95), 1.0),
    "f3": (2.5, (0.03, 0.06, 0.1, 0.13, 0.16), 1 / 6),
    "f4": (4.0, (0.1, 0.2, 0.3, 0.4, 0.5), 10 / 19),
}
STABLE, UNSTABLE = 1, 2


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=1000, quick=200, tiny=20)
    found = {}
    for name, (half, steps, largest) in MAPS.items():
        box = {"landscape": name, "x": f"{-half}:{half}:{side}"}
        found[name] = basin(**box, lr=",".join(map(str, steps)))
        found[f"{name}-beyond"] = basin(**box, lr=1.02 * largest)
    return found


def shares(records: Records, run: str, outcome: int) -> list[float]:
    """The share of an outcome at each step size of a run."""
    outcomes = records[run]["outcome"].values
    outcomes = outcomes.reshape(-1, *outcomes.shape[-2:])
    return [float((plane == outcome).mean()) for plane in outcomes]


def percent(values: list[float]) -> str:
    return ", ".join(f"{100 * value:.1f}" for value in values) + " %"


def claims(records: Records):
    for name in MAPS:
        stable = shares(records, name, STABLE)
        unstable = shares(records, name, UNSTABLE)
        yield Claim(
            f"{name}: the set of stable starts is there at every step size below 2/λmax, and shrinks",
            f"{percent(stable)} of the box",
            min(stable) > 0 and all(a > b for a, b in zip(stable, stable[1:])),
        )
        yield Claim(
            f"{name}: the larger the step size, the more of what converges does so unstably",
            f"{percent([u / (s + u) for s, u in zip(stable, unstable)])} of what converges",
            unstable[-1] / (stable[-1] + unstable[-1]) > unstable[0] / (stable[0] + unstable[0]),
        )
        beyond = shares(records, f"{name}-beyond", STABLE) + shares(
            records, f"{name}-beyond", UNSTABLE
        )
        yield Claim(
            f"{name}: beyond 2/λmax nothing converges to a strict minimum",
            f"{percent(beyond)} at 1.02 · 2/λmax (stable, unstable)",
            sum(beyond) == 0,
        )


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Figure 2",
    title="Stable and unstable starts of four landscapes",
    runs=runs,
    claims=claims,
    draw=panels(records=tuple(MAPS)),
    seconds=(20, 4),
    notes=(
        "The boxes and all but the largest step sizes stand in the paper's figure alone; these show "
        "the same regimes.",
        "The paper's (30) has its inequality reversed: U_η is where the loss falls at every step.",
    ),
)
