"""One page with everything that several recipes gave: it needs no other file."""

from __future__ import annotations

import base64
import html
import platform
from collections.abc import Sequence
from pathlib import Path

from reproduce.files import write_text
from reproduce.result import Result, Verdicts

_STYLE = """
body { font: 16px/1.45 sans-serif; color: #333; max-width: 72em; margin: 2em auto; padding: 0 1em; }
h1, h2 { font-weight: 600; line-height: 1.2; }
h3 { font-weight: 600; margin: 1.5em 0 .3em; }
a { color: #0072b2; }
section { border-top: 1px solid #ccc; margin-top: 2.5em; }
img { max-width: 100%; display: block; margin: 1.2em 0; }
table { border-collapse: collapse; width: 100%; }
td { padding: .3em 1em .3em 0; text-align: left; vertical-align: top; }
tr + tr td { border-top: 1px solid #eee; }
.verdict { white-space: nowrap; font-weight: 600; width: 7.5em; }
.statement { width: 46%; }
.share { white-space: nowrap; text-align: right; padding-right: 0; }
.holds { color: #00735c; }
.fails { color: #b34700; }
code, pre { font: 13px/1.5 monospace; }
pre { background: #f6f6f2; padding: .8em; overflow-x: auto; }
ul { padding-left: 1.2em; }
summary { cursor: pointer; }
.source, .notes, summary, footer { color: #666; }
footer { border-top: 1px solid #ccc; margin-top: 2.5em; padding-top: 1em; }
"""


def write_report(results: Sequence[Result], path: Path) -> None:
    """Writes the page; `path` ends in .html."""
    write_text(path, page(results))


def page(results: Sequence[Result]) -> str:
    held, count = _held(results)
    version = results[0].version if results else "brink"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>brink reproduce</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>Figures and claims, reproduced</h1>\n"
        f"<p>{held} of {count} claims hold, in {_number(len(results), 'recipe')}.</p>\n"
        f"{_contents(results)}\n{''.join(map(_section, results))}"
        f"<footer>{html.escape(version)}, {html.escape(platform.platform())}</footer>\n"
        "</body></html>\n"
    )


def _held(results: Sequence[Result]) -> tuple[int, int]:
    """How many claims hold, and of how many."""
    claims = [claim for result in results for v in result.verdicts for claim in v.claims]
    return sum(claim.holds for claim in claims), len(claims)


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _contents(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        held, count = _held([result])
        rows.append(
            f'<tr><td><a href="#{result.name}">{html.escape(result.recipe.source)}</a></td>'
            f"<td>{html.escape(result.recipe.title)}</td>"
            f'<td class="share {"holds" if held == count else "fails"}">{held} of {count}</td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


def _section(result: Result) -> str:
    picture = base64.b64encode(result.picture.read_bytes()).decode()
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in result.recipe.notes)
    notes = f'<ul class="notes">{notes}</ul>\n' if notes else ""
    commands = html.escape("\n".join(result.commands.values()))
    return (
        f'<section id="{result.name}"><h2>{html.escape(result.recipe.title)}</h2>\n'
        f'<p class="source">{html.escape(result.recipe.source)}. '
        f"<code>{html.escape(result.call)}</code>, {result.seconds:.0f} s</p>\n"
        f'<img alt="{html.escape(result.recipe.title)}" src="data:image/png;base64,{picture}">\n'
        f"{''.join(map(_table, result.verdicts))}\n{notes}"
        f"<details><summary>{_number(len(result.commands), 'run')}</summary>"
        f"<pre>{commands}</pre></details></section>\n"
    )


def _table(verdicts: Verdicts) -> str:
    rows = "".join(
        f'<tr><td class="verdict {"holds" if claim.holds else "fails"}">{claim.verdict}</td>'
        f'<td class="statement">{html.escape(claim.statement)}</td>'
        f"<td>{html.escape(claim.measured)}</td></tr>"
        for claim in verdicts.claims
    )
    heading = f"<h3>{html.escape(verdicts.label)}</h3>" if verdicts.label else ""
    return f"{heading}<table>{rows}</table>"
