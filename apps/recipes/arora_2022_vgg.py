"""The experiment of Arora, Li, Panigrahi (2022): VGG-16 on CIFAR-10 with mean squared loss."""

from reproduce import Recipe, panels

RECIPE = Recipe(
    source="Arora, Li, Panigrahi 2022, experiment",
    title="GD on √L of VGG-16 on CIFAR-10",
    runs=lambda size: {},
    claims=lambda records: (),
    draw=panels(),
    seconds=(0, 0),
    needs_images=True,
    notes=("arora-2022-network shows the same on a fully connected network.",),
    unavailable="VGG-16 is made of convolutions, and brink trains fully connected networks; "
    "arora-2022-network shows the same on one of those",
)
