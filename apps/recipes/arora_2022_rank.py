"""A note of Arora, Li, Panigrahi (2022): λmax(∇²√L) diverges when L goes to 0, provided ∇²L has rank
at least 2. With rank 1 it does not."""

from pathlib import Path

import numpy as np
from brink_plot.style import colours

from reproduce import Claim, Recipe, Records, Run, Size, orbit
from reproduce.drawing import save, sheet
from reproduce.phases import listed, root_loss

STEP_SIZES = ("0.1", "0.01", "0.001", "0.0001")
RANK_2 = {"quadratic:20,1": "1,1", "quadratic:3,2,1": "1,-1,1"}  # with their starts
RANK_1 = {"quadratic:20": "1", "arora": "2,0.8", "hyperbola": "3,1"}


def runs(size: Size) -> dict[str, Run]:
    return {
        f"{landscape} {lr}": orbit(
            landscape=landscape, objective="sqrt", start=start, lr=lr,
            steps=size.pick(20000, 20000, 100),
        )
        for landscape, start in {**RANK_2, **RANK_1}.items()
        for lr in STEP_SIZES
    }  # fmt: skip


def pairs(records: Records, landscape: str) -> tuple[np.ndarray, np.ndarray]:
    """√L and λmax(∇²√L) along all orbits of a landscape, but where √L is 0."""
    found = []
    for lr in STEP_SIZES:
        run = records[f"{landscape} {lr}"]
        root, sharpness = root_loss(run), np.asarray(run["sharpness"], float)
        known = (root > 0) & np.isfinite(sharpness)
        found.append(np.stack([root[known], sharpness[known]]))
    return tuple(np.concatenate(found, axis=1))


def claims(records: Records):
    for landscape in RANK_2:
        root, sharpness = pairs(records, landscape)
        weights = sorted(map(float, landscape.partition(":")[2].split(",")))
        product = root * sharpness
        yield Claim(
            f"{landscape}, rank {len(weights)}: λmax(∇²√L) diverges like 1/√L, as it is between "
            "λ₂/2 and λ₁/2 of L, divided by √L",
            f"√L down to {root.min():.2g}, λmax(∇²√L) up to {sharpness.max():.3g}; their product "
            f"within {product.min():.3g} … {product.max():.3g}",
            root.min() < 1e-3
            and product.min() > 0.999 * weights[-2] and product.max() < 1.001 * weights[-1],
        )  # fmt: skip
    for landscape in RANK_1:
        root, sharpness = pairs(records, landscape)
        yield Claim(
            f"{landscape}, rank 1: λmax(∇²√L) stays bounded",
            f"√L down to {root.min():.2g}, λmax(∇²√L) at most {sharpness.max():.3g}",
            root.min() < 1e-3 and bool((np.abs(sharpness) < 1.5).all()),
        )
        late = [records[f"{landscape} {lr}"] for lr in STEP_SIZES]
        rises = [int((np.diff(root_loss(run)) > 0).sum()) for run in late]
        ratios = [
            float(np.abs(run["sharpness"]).max()) * records.number(f"{landscape} {lr}", "lr") / 2
            for run, lr in zip(late, STEP_SIZES)
        ]
        yield Claim(
            f"{landscape}, rank 1: √L oscillates all the same, though λmax(∇²√L) is below 2/η",
            f"{listed(rises)} rises; λmax(∇²√L) at most {listed(ratios)} times 2/η",
            min(rises) > 0 and max(ratios) < 1,
        )


def draw(records: Records, picture: Path) -> None:
    figure, axes = sheet(2)
    for panel, landscapes, title in (
        (axes[0], RANK_2, "rank above 1"), (axes[1], RANK_1, "rank 1")
    ):  # fmt: skip
        for landscape, colour in zip(landscapes, colours(len(landscapes))):
            root, sharpness = pairs(records, landscape)
            order = np.argsort(root)
            every = max(1, len(order) // 1000)
            panel.semilogx(root[order][::every], sharpness[order][::every], ".", color=colour,
                           markersize=3, label=landscape)  # fmt: skip
        panel.set(title=f"λmax(∇²√L), ∇²L of {title}", xlabel="√L")
        panel.legend()
    axes[0].set_yscale("log")
    save(figure, picture)


RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, note on λmax(∇²√L)",
    title="λmax(∇²√L) diverges where ∇²L has rank at least 2, and only there",
    runs=runs,
    claims=claims,
    draw=draw,
    seconds=(4, 4),
    notes=(
        "2√L ∇²√L = ∇²L − ∇L ∇Lᵀ/(2L). The second term has rank 1, so that λ₂ ≤ 2√L λmax(∇²√L) ≤ λ₁ "
        "with the eigenvalues of ∇²L; where its rank is 1, it leaves nothing but higher order.",
        "With rank 1, as on the landscapes of arora-2022-phases, √L oscillates because of its kink; "
        "the sharpness of √L says nothing of that, so that oscillation is not an edge of stability "
        "in the sense of Cohen et al. there.",
    ),
)
