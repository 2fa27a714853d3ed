"""The gallery: every picture with the command that draws it and its claims, as Markdown."""

from __future__ import annotations

import json
import re
from pathlib import Path

from PIL import Image

from reproduce.files import write_text

_WIDTH = 1400  # of a picture, in pixels at most


def write_gallery(results: Path, gallery: Path) -> None:
    """Writes README.md and the pictures of all results in this folder; where a recipe ran at full
    size that is shown."""
    gallery.mkdir(parents=True, exist_ok=True)
    found: dict[str, tuple[Path, dict]] = {}
    for path in sorted(results.glob("*/result.json"), key=lambda p: len(p.parent.name)):
        result = json.loads(path.read_text())
        known = "call" in result  # not of an older brink
        if known and result["size"] != "tiny" and result["name"] not in found:
            found[result["name"]] = (path.parent, result)
    sections = []
    for name, (folder, result) in sorted(found.items()):
        _save_small(folder / result["picture"], gallery / f"{name}.png")
        sections.append(_section(result))
    head = "# Gallery\n\nEvery recipe's picture, the command that draws it, and what became of the claims.\n"
    write_text(gallery / "README.md", "\n".join([head, *sections]))


def _save_small(picture: Path, to: Path) -> None:
    with Image.open(picture) as image:
        small = image.convert("RGB")
        small.thumbnail((_WIDTH, 10 * _WIDTH), Image.Resampling.LANCZOS)
        small.quantize(256, method=Image.Quantize.MEDIANCUT).save(to, optimize=True)


def _section(result: dict) -> str:
    call = re.sub(r"cifar10:\S+", "cifar10:DIR", result["call"])
    lines = [
        f"## {result['title']}\n", f"{result['source']}\n",
        f"![{result['title']}]({result['name']}.png)\n",
        f"```sh\n{call}\n```\n",
    ]  # fmt: skip
    for verdicts in result["verdicts"]:
        for claim in verdicts["claims"]:
            verdict = "holds" if claim["holds"] else "**does not hold**"
            lines.append(f"- {verdict}: {claim['statement']} ({claim['measured']})")
    lines += ["", *(f"{note}\n" for note in result["notes"])]
    return "\n".join(lines)
