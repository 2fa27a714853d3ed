"""One page with everything that several recipes gave: it needs no other file."""

from __future__ import annotations

import base64
import html
import platform
from collections.abc import Sequence
from pathlib import Path

from reproduce.result import Result, Verdicts

_STYLE = """
body { font: 16px/1.45 sans-serif; color: #333; max-width: 72em; margin: 2em auto; padding: 0 1em; }
h1, h2 { font-weight: 600; line-height: 1.2; }
section { border-top: 1px solid #ccc; margin-top: 2.5em; }
img { max-width: 100%; display: block; margin: 1em 0; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .3em .8em .3em 0; text-align: left; vertical-align: top; }
tr + tr td { border-top: 1px solid #eee; }
.verdict { white-space: nowrap; font-weight: 600; }
.holds { color: #00735c; }
.fails { color: #b34700; }
code, pre { font: 13px/1.5 monospace; }
pre { background: #f6f6f2; padding: .8em; overflow-x: auto; }
.source, footer { color: #777; }
"""


def write_report(results: Sequence[Result], path: Path) -> None:
    """Writes the page; `path` ends in .html."""
    new = path.with_name(path.name + ".new")
    new.write_text(page(results), encoding="utf-8")
    new.replace(path)


def page(results: Sequence[Result]) -> str:
    claims = [claim for result in results for v in result.verdicts for claim in v.claims]
    held = sum(claim.holds for claim in claims)
    version = results[0].version if results else "brink"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>brink reproduce</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Figures and claims, reproduced</h1>\n"
        f"<p>{held} of {len(claims)} claims hold, in {len(results)} recipes.</p>\n"
        f"{_contents(results)}\n{''.join(map(_section, results))}"
        f"<footer>{html.escape(version)}, {html.escape(platform.platform())}</footer>\n"
        "</body></html>\n"
    )


def _contents(results: Sequence[Result]) -> str:
    items = "".join(
        f'<li><a href="#{result.name}">{html.escape(result.recipe.source)}</a>: '
        f"{html.escape(result.recipe.title)}</li>"
        for result in results
    )
    return f"<ol>{items}</ol>"


def _section(result: Result) -> str:
    picture = base64.b64encode(result.picture.read_bytes()).decode()
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in result.recipe.notes)
    commands = html.escape("\n".join(result.commands.values()))
    return (
        f'<section id="{result.name}"><h2>{html.escape(result.recipe.title)}</h2>\n'
        f'<p class="source">{html.escape(result.recipe.source)}; {result.size} size, '
        f"{result.seconds:.0f} s; <code>brink reproduce {result.name}</code></p>\n"
        f'<img alt="{html.escape(result.recipe.title)}" src="data:image/png;base64,{picture}">\n'
        f"{''.join(map(_table, result.verdicts))}\n{notes}"
        f"<details><summary>{len(result.commands)} runs</summary><pre>{commands}</pre></details>"
        "</section>\n"
    )


def _table(verdicts: Verdicts) -> str:
    rows = "".join(
        f'<tr><td class="verdict {"holds" if claim.holds else "fails"}">{claim.verdict}</td>'
        f"<td>{html.escape(claim.statement)}</td><td>{html.escape(claim.measured)}</td></tr>"
        for claim in verdicts.claims
    )
    heading = f"<h3>{html.escape(verdicts.label)}</h3>" if verdicts.label else ""
    return f"{heading}<table>{rows}</table>"
