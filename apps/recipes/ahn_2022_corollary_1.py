"""Corollary 1 of Ahn, Zhang, Sra (2022): 2/η (RP + 1) is at most the largest sharpness between an
iterate and the next, so that RP about 0 needs a sharpness of 2/η."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brink_plot.output import save
from brink_plot.style import INK, STYLES, colours

from reproduce import Claim, Recipe, Records, Run, Size, train
from reproduce.training import at


def runs(size: Size) -> dict[str, Run]:
    return {
        f"lr {lr}": train(
            size, lr=lr, steps=size.pick(800, 300, 10), until_accuracy=0.95,
            segment_every=size.pick(40, 10, 5), segment_points=8,
        )
        for lr in size.pick(("2/60", "2/30"), ("2/10", "2/6"))
    }  # fmt: skip


def sides(records: Records, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each step with a segment: the step, RP, and 2/η (RP + 1) and L_t, in units of 2/η."""
    run = records[name]
    progress = at(run, "relative_progress", "segment_step")
    sharpness = np.asarray(run["segment_sharpness"], float).max(axis=1, initial=-np.inf)
    steps = np.asarray(run["segment_step"], int)
    return steps, progress, progress + 1, sharpness * records.number(name, "lr") / 2


def claims(records: Records):
    for name in records:
        run, eta = records[name], records.eta(name)
        _, progress, left, right = sides(records, name)
        ratio = float((left / right).max(initial=-np.inf))
        residual = np.asarray(run["segment_sharpness_residual"], float)
        residual = float((residual.max(axis=1) / (right * 2 / records.number(name, "lr"))).max())
        yield Claim(
            f"{eta}: 2/η (RP + 1) ≤ L_t",
            f"at most {ratio:.4f} of it, over {len(left)} steps in each of which the sharpness is "
            f"known at 9 points to {residual:.1e} of itself",
            0 < ratio <= 1 + residual and (right > 0).all() and 0 <= residual < 0.01,
        )
        late = np.arange(len(left)) >= len(left) // 2
        middle, above = float(np.median(progress[late])), float((right[late] > 1).mean())
        yield Claim(
            f"{eta}: where RP oscillates around 0, L_t is frequently above 2/η",
            f"above in {100 * above:.0f} % of the steps of the second half, with {right[late].max():.2f} "
            f"· 2/η at most and RP {middle:.3f} in the median",
            above > 0.5 and abs(middle) < 0.2,
        )
        start = np.asarray(run["segment_sharpness"], float)[:, 0] * records.number(name, "lr") / 2
        part = float((left[late] <= start[late]).mean())
        yield Claim(
            f"{eta}: what the paper concludes, 2/η (RP + 1) ≲ λmax at θᵗ itself",
            f"in {100 * part:.0f} % of the steps of the second half",
            part > 0.75,
        )


def draw(records: Records, picture: Path) -> None:
    style = STYLES["screen"]
    style.apply()
    figure, axes = plt.subplots(
        1, len(records), figsize=(style.width, 1.2 * style.height), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    bound, gain = colours(2)
    for place, name in zip(axes[0], records):
        steps, _, left, right = sides(records, name)
        place.plot(steps, right, color=bound, label="$L_t$, the largest sharpness along the step")
        place.plot(steps, left, color=gain, label="$2/\\eta\\,(RP + 1)$")
        place.axhline(1, color=INK, linewidth=style.thin, linestyle="--", zorder=0)
        place.set(title=records.eta(name), xlabel="step")
    axes[0, 0].set_ylabel("in units of 2/η")
    axes[0, 0].set_ylim(bottom=0)  # shared, so once all is drawn
    axes[0, 0].legend(loc="lower right")
    save(figure, str(picture), style.dots_per_inch)
    plt.close(figure)


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Corollary 1",
    title="RP about 0 needs a sharpness of 2/η between the iterates",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(350, 8),
    needs_images=True,
    notes=(
        "The supremum over the segment is taken over 9 points of it, which can only make it smaller.",
        "The proof needs f twice differentiable along the segment. With ReLU gradients jump where a "
        "unit switches, which RP sees and no Hessian does; the network here has tanh.",
    ),
)
