"""The landscape (1+x²)y² of Arora, Li, Panigrahi (2022) at large steps: GD on √L with η = 0.5 from
(14.7, 3), and normalised GD with η = 5 from (14.7, −3)."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, orbit, panels
from reproduce.phases import alternation, pair_sums, root_loss

RUNS = {"GD on √L": "sqrt", "normalised GD": "normalized"}


def runs(size: Size) -> dict[str, Run]:
    steps = size.pick(60, 60, 4)
    return {
        "sqrt": orbit(landscape="arora", objective="sqrt", lr="0.5", start="14.7,3", steps=steps),
        "normalized": orbit(
            landscape="arora", method="normalized-gd", lr="5", start="14.7,-3", steps=steps
        ),
    }


def claims(records: Records):
    for method, name in RUNS.items():
        run = records[name]
        theta, root = np.asarray(run["theta"], float), root_loss(run)
        eta = records.number(name, "lr")
        # Where the curvature along the minima does not change within a step.
        wide = np.flatnonzero(np.abs(theta[:, 0]) < eta)
        end = int(wide[0]) if len(wide) else len(theta)
        root = root[:end]
        least = 2 * (1 + theta[:end, 0] ** 2)
        words = f"{method}, η = {records.runs[name].options['lr']}"
        yield Claim(
            f"{words}: λmax at the minimum below falls at every step while |x| > η",
            f"{least[0]:.4g} to {least[-1]:.4g} in {end} steps",
            end > 2 and bool((np.diff(least) < 0).all()) and least[-1] < least[0] / 4,
        )
        yield Claim(
            f"{words}: √L oscillates between consecutive steps while |x| > η",
            f"rise follows fall in {100 * alternation(root):.0f} % of them",
            alternation(root) == 1,
        )
        sums = pair_sums(root)
        yield Claim(
            f"{words}: √L decreases over time overall",
            f"sum of two steps running: {sums[0]:.3g} to {sums[-1]:.3g}" if len(sums) else "no steps",
            len(sums) > 1 and bool((np.diff(sums) < 0).all()),
        )


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, the landscape (1+x²)y²",
    title="GD on √L and normalised GD at large steps find flat minima",
    runs=runs,
    claims=claims,
    draw=panels("trajectory,loss"),
    seconds=(1, 1),
    notes=(
        "Normalised GD with η = 5 is in its second phase while |x| > η. Nearer to 0 a step is longer "
        "than the scale on which the curvature changes, and it wanders.",
    ),
)
