"""Experiment 3 of Ahn, Zhang, Sra (2022): at large steps the relative progress ratio saturates
around 0, and training converges all the same, until the step size is too large."""

import numpy as np

from reproduce import Claim, Recipe, Records, Run, Size, last_half, panels, train
from reproduce.training import falls_in_the_long_run, progress_about_zero

TOO_LARGE = "too large"


def runs(size: Size) -> dict[str, Run]:
    def at(lr: str, steps: int) -> Run:
        return train(
            size, lr=lr, until_accuracy=0.95, steps=size.pick(steps, steps, 20),
            sharpness_every=size.pick(25, 10),
        )  # fmt: skip

    steps = size.pick(full=("2/60", "2/30", "2/20", "2/10"), quick=("2/10", "2/6", "2/4"))
    return {f"lr {lr}": at(lr, 5000) for lr in steps} | {
        TOO_LARGE: at(size.pick("2/1", "2/0.05"), 300).with_options(sharpness_every=None).as_it_is()
    }


def claims(records: Records):
    taken = {}
    for name, run in records.items():
        if name == TOO_LARGE:
            continue
        yield progress_about_zero(records, name, records.eta(name))
        yield falls_in_the_long_run(records, name, records.eta(name))
        taken[records.number(name, "lr")] = len(run["step"]) - 1
    in_order = [taken[eta] for eta in sorted(taken)]
    if len(in_order) > 1:
        yield Claim(
            "the larger the step size, the fewer steps to 95 % accuracy (Remark 4)",
            f"{', '.join(map(str, in_order))} steps, from the smallest to the largest",
            all(a > b for a, b in zip(in_order, in_order[1:]))
            and all(_reaches(run) for name, run in records.items() if name != TOO_LARGE),
        )
    run = records[TOO_LARGE]
    first, late = float(run["loss"][0]), float(np.median(last_half(run["loss"])))
    yield Claim(
        f"{records.eta(TOO_LARGE)}: the loss diverges (Remark 4)",
        f"{first:.3g} at first, {late:.3g} in the median of the second half",
        not late < 1.5 * first,
    )


def _reaches(run) -> bool:
    return float(run["accuracy"][-1]) >= 0.95 > float(run["accuracy"][0])


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 3 and Remark 4",
    title="At large steps RP saturates around 0",
    runs=runs,
    claims=claims,
    draw=panels("loss,progress", labels=True),
    seconds=(400, 12),
    needs_images=True,
    notes=(
        "The paper's step sizes stand in its figure alone, except for 2/10, at which it reports that "
        "the loss diverges. It does not on the images at hand: after 150 steps it is 1.2, coming "
        "from 2.3. At 2/2 it is above where it started, and at 2/1 beyond 10. With tanh the loss does "
        "not grow without bound: all hidden units saturate, and it stays where the last layer's "
        "steps keep it.",
    ),
)
