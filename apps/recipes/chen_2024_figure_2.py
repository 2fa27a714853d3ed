"""Figure 2 of Chen, Peng, Li, Zhao (2024): where gradient descent converges on four landscapes, at
five step sizes each, with a loss that falls at every step (U_η, cyan) or rises on the way (V_η∖U_η,
blue)."""

from fractions import Fraction

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, basin, panels

# By landscape: half the box's side, the step sizes, and the largest that can settle, 2/λmax at the
# minima, as the text has it.
MAPS = {
    "f1": (1.5, (0.2, 0.4, 0.6, 0.8, 0.95), Fraction(1)),
    "f2": (1.5, (0.2, 0.4, 0.6, 0.8, 0.95), Fraction(1)),
    "f3": (2.5, (0.03, 0.06, 0.1, 0.13, 0.16), Fraction(1, 6)),
    "f4": (4.0, (0.1, 0.2, 0.3, 0.4, 0.5), Fraction(10, 19)),
}
_C = (19 / 20) ** 0.5
MINIMA = {
    "f1": [(0, 0)],
    "f2": [(0, 0)],
    "f3": [(-1, -1), (-1, 1), (1, -1), (1, 1)],
    "f4": [(-_C, -_C), (_C, _C)],
}
STABLE, UNSTABLE = 1, 2
AROUND = 0.98, 1.02  # step sizes below and beyond the largest, in its multiples
SMALL = 0.005  # "relatively small", likewise
PIECE = 1e-3  # of the box: a smaller piece of a set may be one of a thin line's


def runs(size: Size) -> dict[str, Run]:
    side = size.pick(full=1000, quick=200, tiny=20)
    found = {}
    for name, (half, steps, largest) in MAPS.items():
        box = {"landscape": name, "x": f"{-half}:{half}:{side}"}
        found[name] = basin(**box, lr=",".join(map(str, steps)))
        around = ",".join(str(float(factor * largest)) for factor in AROUND)
        found[f"{name} around"] = basin(**box, lr=around).as_it_is()
        coarse = size.pick(full=200, quick=80, tiny=10)
        found[f"{name} small"] = basin(
            landscape=name, x=f"{-half}:{half}:{coarse}", lr=float(SMALL * largest), max_steps=20_000
        ).as_it_is()
    return found


def shares(records: Records, run: str, outcome: int) -> np.ndarray:
    """The share of an outcome at each step size of a run."""
    outcomes = records[run]["outcome"].values
    outcomes = outcomes.reshape(-1, *outcomes.shape[-2:])
    return (outcomes == outcome).mean(axis=(1, 2))


def percent(values: np.ndarray) -> str:
    return ", ".join(f"{100 * value:.3g}" for value in values) + " %"


def pieces(mask: np.ndarray) -> list[int]:
    """How many points each connected piece of a set on a grid has, the largest first; points that
    touch at a corner are connected."""
    parent: list[int] = []

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = parent[parent[run]]
            run = parent[run]
        return run

    above: list[tuple[int, int, int]] = []  # runs of the row above: from, to (exclusive), number
    sizes: list[int] = []
    for row in mask:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        here = []
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist()):
            number = len(parent)
            parent.append(number)
            sizes.append(stop - start)
            here.append((start, stop, number))
        first = 0
        for start, stop, number in here:
            while first < len(above) and above[first][1] < start:
                first += 1
            for other_start, _, other in above[first:]:
                if other_start > stop:
                    break
                parent[root(other)] = root(number)
        above = here
    total: dict[int, int] = {}
    for number, size in enumerate(sizes):
        total[root(number)] = total.get(root(number), 0) + size
    return sorted(total.values(), reverse=True)


def claims(records: Records):
    for name in MAPS:
        yield from _claims(records, name)


def _claims(records: Records, name: str):
    largest = MAPS[name][2]
    record = records[name]
    at, sharpness = record["minimum_theta"].values, record["minimum_sharpness"].values
    expected = np.array(MINIMA[name], float)
    yield Claim(
        f"{name}: its strict minima are {_places(expected)}, and 2/λmax there is {largest}",
        f"{_places(at)}; 2/λmax = {', '.join(f'{2 / s:.6f}' for s in sharpness)}",
        at.shape == expected.shape
        and np.allclose(at, expected, atol=1e-9)
        and np.allclose(2 / sharpness, float(largest), rtol=1e-6),
    )
    stable = shares(records, name, STABLE)
    unstable = shares(records, name, UNSTABLE)
    yield Claim(
        f"{name}: the set of stable starts is there at every step size below 2/λmax, and shrinks",
        f"{percent(stable)} of the box",
        stable.min() > 0 and (np.diff(stable) < 0).all(),
    )
    converging = np.maximum(stable + unstable, 1e-300)
    yield Claim(
        f"{name}: the larger the step size, the more of what converges does so unstably",
        f"{percent(unstable / converging)} of what converges; {percent(unstable)} of the box",
        unstable[-1] / converging[-1] > unstable[0] / converging[0],
    )
    around = shares(records, f"{name} around", STABLE) + shares(records, f"{name} around", UNSTABLE)
    yield Claim(
        f"{name}: 2/λmax is the largest step size: beyond it nothing converges to a strict minimum",
        f"{percent(around)} of the box at {AROUND[0]} and {AROUND[1]} · 2/λmax",
        around[0] > 0 == around[-1],
    )
    few, many = shares(records, f"{name} small", UNSTABLE), shares(records, f"{name} small", STABLE)
    yield Claim(
        f"{name}: at a relatively small step size what converges does so stably",
        f"at {SMALL} · 2/λmax {percent(many)} of the box are stable, {percent(few)} unstable",
        (many > 0.3).all() and not few.any(),
    )
    verdicts = record["outcome"].values
    parts = [
        sum(part > PIECE * plane.size for part in pieces(plane == UNSTABLE))
        for plane in verdicts.reshape(-1, *verdicts.shape[-2:])
    ]
    yield Claim(
        f"{name}: the unstable starts form irregular and even disconnected patterns",
        f"{', '.join(map(str, parts))} pieces of more than {100 * PIECE:.1f} % of the box",
        max(parts) > 1,
    )


def _places(points: np.ndarray) -> str:
    return ", ".join(f"({x:.4g}, {y:.4g})" for x, y in points)


RECIPE = Recipe(
    source="Chen, Peng, Li, Zhao 2024, Figure 2",
    title="Stable and unstable starts of four landscapes",
    runs=runs,
    claims=claims,
    draw=panels(records=tuple(MAPS)),
    seconds=(30, 6),
    notes=(
        "The boxes and all but the largest step sizes stand in the paper's figure alone; these show "
        "the same regimes.",
        "The paper's (30) has its inequality reversed: U_η is where the loss falls at every step.",
        'The text says that "the set of initializations leading to unstable convergence expands" as the '
        "step size grows. As a share of what converges it does; as an area it need not: on f4 it is "
        "smaller at η = 0.4 than at 0.1, since V_η shrinks too.",
        'The text says of f1 that at a small step size "all the points in the graph" converge stably. '
        "f1 is unbounded below, so that from part of any box that is not small gradient descent "
        "diverges at every step size.",
        "(6), λmax(θ*) < 2/η, is called necessary for convergence. It is up to a set of measure zero: "
        "beyond 2/λmax some starts still come to θ* exactly, or along its stable directions.",
    ),
)
