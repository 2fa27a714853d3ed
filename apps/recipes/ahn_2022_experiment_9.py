"""Experiment 9 of Ahn, Zhang, Sra (2022): relation (5.1) between E[RP] and the directional smoothness,
for tanh networks that SGD trains."""

from reproduce import Recipe, Records, Run, Size
from reproduce.sgd import draw_relation, relation_holds, sgd


def runs(size: Size) -> dict[str, Run]:
    return {f"lr {lr}": sgd(size, "tanh", lr) for lr in ("2/50", "2/100", "2/150")}


def claims(records: Records):
    for name in records:
        yield relation_holds(records, name)


RECIPE = Recipe(
    source="Ahn, Zhang, Sra 2022, Experiment 9",
    title="SGD on tanh networks: both sides of (5.1)",
    runs=runs,
    claims=claims,
    draw=draw_relation,
    seconds=(500, 14),
    needs_images=True,
    notes=(
        "Both sides are means over the same minibatches, drawn afresh at the end of each epoch, with "
        "their standard errors. In (5.1) E⟨g, ∇f⟩ = ‖∇f‖² is put in exactly; the left side has it as "
        "a mean over draws, which is most of what sets them apart.",
    ),
)
