"""Experiment 6 of Ahn, Zhang, Sra (2022): ReLU networks with two and four hidden layers behave as
tanh networks do, and the relation (4.3) between RP and L holds."""

from reproduce import Recipe, Records, Run, Size, panels, train
from reproduce.training import (
    falls_in_the_long_run, progress_about_zero, smoothness_about_threshold,
    smoothness_predicts_progress,
)  # fmt: skip

DEPTHS = {"two": 2, "four": 4}


def runs(size: Size) -> dict[str, Run]:
    def hidden(depth: int) -> str:
        return ",".join([size.problem()["hidden"].split(",")[0]] * depth)

    return {
        f"{words} layers lr {lr}": train(
            size, activation="relu", hidden=hidden(depth), lr=lr, until_accuracy=0.95,
            steps=size.pick(5000, 2000, 20),
        )
        for words, depth in DEPTHS.items()
        for lr in size.pick(("2/60", "2/30"), ("2/20", "2/10"))
    }  # fmt: skip


def claims(records: Records):
    for name in records:
        layers, _, _ = name.partition(" lr")
        label = f"{layers}, {records.eta(name)}"
        yield progress_about_zero(records, name, label)
        yield smoothness_about_threshold(records, name, label)
        yield falls_in_the_long_run(records, name, label)
        yield smoothness_predicts_progress(records, name, label)


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 6",
    title="ReLU networks, two and four hidden layers",
    runs=runs,
    claims=claims,
    draw=panels("loss,progress,smoothness", labels=True),
    seconds=(350, 12),
    needs_images=True,
    notes=("The paper's step sizes stand in its figures alone.",),
)
