"""Tiles in rows: which maps and other panels of a record stand where, and what is written around.

Maps of the same box that are neighbours share the labels of their coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea

from brink_plot.kind import Cell
from brink_plot.landscape import Frame
from brink_plot.style import Style

Note = tuple[str, str | None]  # a text, and the colour of a square before it


@dataclass(frozen=True)
class Tile:
    """One pair of axes in the rows of a record."""

    title: str
    draw: Callable[[Axes, Style], None]
    notes: Sequence[Note] = ()  # a small line below the title
    frame: Frame | None = None  # of a map
    aspect: float = 1.0  # height over width
    wide: bool = False  # fills the rest of its row


Row = dict[int, Tile]  # by column


def rows_of(groups: Sequence[Sequence[Tile]]) -> list[Row]:
    """Where the tiles of a record stand; those of one panel are a group and stay together.

    A row has one group of several tiles at most; another stands below it.
    """
    rows: list[list[Sequence[Tile]]] = []
    for tiles in groups:
        if not (rows and _has_room(rows[-1], tiles)):
            rows.append([])
        rows[-1].append(tiles)
        rows[-1].sort(key=lambda group: group[-1].wide)  # which takes what is left of the row
    before = [
        sum(len(tiles) for tiles in row[:place])
        for row in rows for place, group in enumerate(row) if len(group) > 1
    ]  # fmt: skip
    found = []
    for row in rows:
        first = before[0] if len(row[0]) > 1 else 0
        found.append(dict(enumerate((tile for tiles in row for tile in tiles), start=first)))
    return found


def _has_room(row: Sequence[Sequence[Tile]], tiles: Sequence[Tile]) -> bool:
    several = any(len(group) > 1 for group in row)
    wide = any(group[-1].wide for group in row)
    if len(tiles) > 1:
        return not (several or wide)
    return not (tiles[0].wide and (several or wide))


def width_of(row: Row) -> int:
    """How many columns a row takes."""
    last = max(row)
    return last + (3 if row[last].wide and last > 0 else 1)


def height_of(row: Row, columns: int) -> float:
    """The height of a row in a figure of so many columns, in widths of a column."""
    if any(not tile.wide for tile in row.values()):
        return max(tile.aspect for tile in row.values() if not tile.wide)
    return 0.62 if columns == 1 else min(1.0, 0.25 * columns)


def cells(rows: Sequence[Row], labels: Mapping[int, str], columns: int) -> list[Cell]:
    """The cells of all the rows; `labels` names the records at the rows that they begin with."""
    found = []
    for place, row in enumerate(rows):
        for column, tile in row.items():
            first = column == min(row)
            below = [other[column] for other in rows[place + 1 :] if column in other]
            next_row = rows[place + 1] if place + 1 < len(rows) else {}
            around = _Around(
                label=labels.get(place, "") if first else "",
                first=first,
                left=not any(row[other].frame == tile.frame for other in row if other < column),
                ticks=column not in next_row or next_row[column].frame != tile.frame,
                bottom=not any(_horizontal(other) == _horizontal(tile) for other in below),
            )
            draw = partial(_draw, tile, around)
            found.append(Cell(place, column, draw, columns=columns - column if tile.wide else 1))
    return found


def _horizontal(tile: Tile) -> str | None:
    """The coordinate along the lower side of a map."""
    return tile.frame.names[0] if tile.frame else None


@dataclass(frozen=True)
class _Around:
    """What is written around a tile, less what a neighbour has already."""

    label: str  # of the record
    first: bool  # nothing at all stands to the left
    left: bool  # whether the vertical coordinate has its labels
    ticks: bool  # whether the horizontal one has numbers
    bottom: bool  # whether it has its name


def _draw(tile: Tile, around: _Around, axes: Axes, style: Style) -> None:
    tile.draw(axes, style)
    axes.set_title(": ".join(filter(None, (around.label, tile.title))), pad=1.55 * style.font)
    if tile.notes:
        axes.add_artist(_note_line(tile.notes, style))
    if tile.frame:
        _draw_frame(axes, tile.frame, around)
    elif not tile.wide:
        axes.set_box_aspect(tile.aspect)
    elif not around.first:  # where labels would push the maps below apart
        axes.yaxis.tick_right()
        axes.spines["left"].set_visible(False)
        axes.spines["right"].set_visible(True)


def _draw_frame(axes: Axes, frame: Frame, around: _Around) -> None:
    frame.fit(axes)
    axes.tick_params(labelleft=around.left, labelbottom=around.ticks)
    frame.name_axes(axes, across=around.bottom, up=around.left)


def _note_line(notes: Sequence[Note], style: Style) -> AnnotationBbox:
    """The notes beside each other, between a panel and its title."""
    size = 0.75 * style.font
    parts = []
    for note, colour in notes:
        square = [TextArea("■", textprops={"color": colour, "size": size})] if colour else []
        words = TextArea(note, textprops={"size": size})
        parts.append(HPacker(children=[*square, words], pad=0.0, sep=0.25 * size))
    line = AnnotationBbox(
        HPacker(children=parts, pad=0.0, sep=0.7 * size), (0.0, 1.0), xycoords="axes fraction",
        xybox=(0.0, 0.35 * style.font), boxcoords="offset points", box_alignment=(0.0, 0.0),
        frameon=False, pad=0.0, annotation_clip=False,
    )  # fmt: skip
    line.set_in_layout(False)  # the title has made room for it
    return line
