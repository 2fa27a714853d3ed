"""Training by SGD in minibatches, E[RP] and relation (5.1) of Ahn et al. 2022."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from brink_plot.output import save
from brink_plot.style import FAINT, STYLES, colours

from reproduce.claim import Claim
from reproduce.record import Records
from reproduce.run import Run, train
from reproduce.size import Size


def sgd(size: Size, activation: str, lr: str) -> Run:
    """SGD until 95 % accuracy, with E[RP] at the end of each epoch. The paper's batch of 32 is 1 in
    156 of its examples; the smaller size has as much noise in smaller batches."""
    examples, batch, epochs = size.pick((5000, 32, 60), (1000, 4, 15), (40, 4, 2))
    per_epoch = -(-examples // batch)
    return train(
        size, activation=activation, lr=lr, method="sgd", batch_size=batch, until_accuracy=0.95,
        steps=epochs * per_epoch, expectation_every=per_epoch, draws=size.pick(60, 150, 3),
    )  # fmt: skip


def right_side(run: xr.Dataset, eta: float) -> np.ndarray:
    """Of (5.1), −1 + η/2 E[‖g‖² L(θ; ηg)] / ‖∇f‖²."""
    return -1 + eta / 2 * np.asarray(run["expected_smoothness"], float)


def relation_holds(records: Records, name: str) -> Claim:
    """(5.1), from epoch to epoch."""
    run, eta = records[name], records.number(name, "lr")
    left, right = np.asarray(run["expected_relative_progress"], float), right_side(run, eta)
    apart = float(np.median(np.abs(left - right)))
    error = np.hypot(
        np.asarray(run["expected_relative_progress_error"], float),
        eta / 2 * np.asarray(run["expected_smoothness_error"], float),
    )
    size = float(np.median(1 + left))
    varies = len(left) > 2 and left.std() > 0 and right.std() > 0
    correlation = float(np.corrcoef(left, right)[0, 1]) if varies else np.nan
    return Claim(
        f"{records.eta(name)}: both sides of (5.1) are very similar",
        f"{apart:.3f} apart in the median over {len(left)} epochs, where their standard error is "
        f"{np.median(error):.3f} and 1 + E[RP] is {size:.3f}; correlation {correlation:.3f}",
        apart < 0.25 * size and correlation > 0.7,
    )


def draw_relation(records: Records, picture: Path) -> None:
    """Both sides of (5.1) over the epochs, a panel for each run."""
    style = STYLES["screen"]
    style.apply()
    figure, axes = plt.subplots(
        1, len(records), figsize=(style.width, style.height), sharey=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    sides = _sides()
    for place, (name, run) in zip(axes[0], records.items()):
        epochs = np.arange(len(run["expectation_step"]))
        eta = records.number(name, "lr")
        values = {
            "expected_relative_progress": np.asarray(run["expected_relative_progress"], float),
            "expected_smoothness": right_side(run, eta),
        }
        for (variable, label), colour in zip(sides.items(), colours(2)):
            scale = eta / 2 if variable == "expected_smoothness" else 1
            place.errorbar(
                epochs, values[variable], yerr=scale * np.asarray(run[f"{variable}_error"], float),
                color=colour, label=label, linewidth=style.line, elinewidth=style.thin, marker="o",
                markersize=0.3 * style.font,
            )  # fmt: skip
        place.axhline(0, color=FAINT, linewidth=style.thin, zorder=0)
        place.set_title(records.eta(name))
        place.set_xlabel("epoch")
    axes[0, 0].legend(loc="lower right")
    save(figure, str(picture), style.dots_per_inch)
    plt.close(figure)


def _sides() -> Mapping[str, str]:
    return {
        "expected_relative_progress": "E[RP]",
        "expected_smoothness": "right-hand side of (5.1)",
    }
