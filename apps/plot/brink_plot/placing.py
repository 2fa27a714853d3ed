"""Labels beside points, where they cover neither each other nor what is drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

from brink_plot.style import FAINT, INK, Style

_ANGLES = np.arange(24) * (2.0 * np.pi / 24)
_DISTANCES = np.array([0.6, 1.0, 1.6, 2.4, 3.4, 4.6, 6.0, 8.0, 11.0, 14.0, 18.0])  # type sizes
_ROUNDS = 4
# What a place costs, in type sizes of distance from the point.
_COVERED_LABEL, _OUTSIDE, _COVERED_POINT, _CROSSED_LINE, _CROSSED_LEADER = 1e4, 1e5, 40, 8, 25
_LEADER = 1.4  # type sizes from which on a line leads from the point to its label


class PlacedLabels(Artist):
    """Finds the places when it is drawn, as they depend on the size that the axes have then."""

    def __init__(
        self, axes: Axes, labels: Sequence[tuple[str, float, float]], points: np.ndarray,
        lines: Sequence[tuple[np.ndarray, float]], texts: Sequence[Text], style: Style,
    ) -> None:  # fmt: skip
        """Labels with their points in data; other points, lines with the weight of covering them,
        and texts that are in the way."""
        super().__init__()
        self.axes, self.figure = axes, axes.figure
        self.set_zorder(6)
        self.set_in_layout(False)
        self._labels, self._style = labels, style
        self._points, self._lines, self._obstacles = points, lines, texts
        self.boxes = np.empty((0, 4))  # x0, y0, x1, y1 in pixels, once drawn

    def draw(self, renderer) -> None:
        """Places and draws the labels with their leaders."""
        if not self._labels:
            return
        texts = [
            Text(0, 0, name, fontsize=self._style.small, color=INK, ha="left", va="bottom",
                 transform=IdentityTransform(), figure=self.figure,
                 path_effects=[withStroke(linewidth=2.5 * self._style.line, foreground="white")])
            for name, _, _ in self._labels
        ]  # fmt: skip
        sizes = np.array([text.get_window_extent(renderer).size for text in texts])
        layout = _Layout(self, renderer, sizes)
        self.boxes = layout.solve()
        for box, anchor in zip(self.boxes, layout.anchors):
            self._draw_leader(renderer, anchor, box, layout.unit)
        for text, box in zip(texts, self.boxes):
            text.set_position((box[0], box[1]))
            text.draw(renderer)

    def _draw_leader(self, renderer, anchor: np.ndarray, box: np.ndarray, unit: float) -> None:
        end = np.clip(anchor, box[:2], box[2:])
        if np.linalg.norm(end - anchor) < _LEADER * unit:
            return
        Line2D(
            *zip(anchor, end), color=FAINT, linewidth=self._style.thin,
            transform=IdentityTransform(), figure=self.figure,
        ).draw(renderer)  # fmt: skip


class _Layout:
    """The places of all the labels, improved one by one until none has a better one."""

    def __init__(self, labels: PlacedLabels, renderer, sizes: np.ndarray) -> None:
        to_pixels = labels.axes.transData.transform
        self.unit = renderer.points_to_pixels(labels._style.small)
        self.anchors = to_pixels(np.array([place for _, *place in labels._labels]))
        self._sizes = sizes
        self._points = to_pixels(labels._points)
        self._lines = [(to_pixels(line), weight) for line, weight in labels._lines]
        self._texts = [text.get_window_extent(renderer).extents for text in labels._obstacles]
        self._frame = labels.axes.get_window_extent(renderer).extents

    def solve(self) -> np.ndarray:
        """A box for each label."""
        candidates = [self._candidates(i) for i in range(len(self.anchors))]
        costs = [self._fixed_costs(i, boxes) for i, boxes in enumerate(candidates)]
        boxes = np.array([boxes[np.argmin(cost)] for boxes, cost in zip(candidates, costs)])
        for _ in range(_ROUNDS):
            before = boxes.copy()
            for i in self._crowded_first():
                cost = costs[i] + self._mutual_costs(i, candidates[i], boxes)
                boxes[i] = candidates[i][np.argmin(cost)]
            if np.array_equal(before, boxes):
                break
        return boxes

    def _crowded_first(self) -> np.ndarray:
        apart = np.linalg.norm(self.anchors[:, None] - self._points[None], axis=2)
        return np.argsort(-(apart < 6.0 * self.unit).sum(axis=1), kind="stable")

    def _candidates(self, i: int) -> np.ndarray:
        """Boxes around the point, nearest first."""
        distance, angle = (part.ravel() for part in np.meshgrid(_DISTANCES, _ANGLES, indexing="ij"))
        direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        half = 0.5 * self._sizes[i]
        centre = self.anchors[i] + direction * (distance[:, None] * self.unit + half)
        return np.concatenate([centre - half, centre + half], axis=1)

    def _fixed_costs(self, i: int, boxes: np.ndarray) -> np.ndarray:
        """Of places by themselves: far away, on points, on lines, on texts, out of the frame."""
        ends = self._ends(i, boxes)
        cost = np.linalg.norm(ends - self.anchors[i], axis=1) / self.unit
        inside = (boxes[:, :2] >= self._frame[:2]).all(1) & (boxes[:, 2:] <= self._frame[2:]).all(1)
        cost += np.where(inside, 0.0, _OUTSIDE)
        margin = 0.35 * self.unit
        for point in self._points:
            cost += _COVERED_POINT * _holds(boxes, point, margin)
            if not np.array_equal(point, self.anchors[i]):
                cost += _CROSSED_LEADER * _passes(self.anchors[i], ends, point, 0.45 * self.unit)
        for line, weight in self._lines:
            for start, end in zip(line[:-1], line[1:]):
                cost += weight * _CROSSED_LINE * _cut(boxes, start, end)
        for text in self._texts:
            cost += _COVERED_LABEL * _overlap(boxes, text, margin)
        return cost

    def _mutual_costs(self, i: int, boxes: np.ndarray, placed: np.ndarray) -> np.ndarray:
        """Of places given those of the other labels."""
        cost = np.zeros(len(boxes))
        ends = self._ends(i, boxes)
        for j, other in enumerate(placed):
            if j == i:
                continue
            cost += _COVERED_LABEL * _overlap(boxes, other, 0.12 * self.unit)
            leader = self._ends(j, other[None])[0]
            cost += _CROSSED_LEADER * _cut(boxes, self.anchors[j], leader)
            tangled = _cut(other[None], self.anchors[i], ends)
            tangled |= _cross(self.anchors[i], ends, self.anchors[j], leader)
            cost += _CROSSED_LEADER * tangled
        return cost

    def _ends(self, i: int, boxes: np.ndarray) -> np.ndarray:
        """Where leaders from point i meet the boxes."""
        return np.clip(self.anchors[i], boxes[:, :2], boxes[:, 2:])


def _holds(boxes: np.ndarray, point: np.ndarray, margin: float) -> np.ndarray:
    return ((boxes[:, :2] - margin < point) & (point < boxes[:, 2:] + margin)).all(axis=1)


def _overlap(boxes: np.ndarray, other: np.ndarray, margin: float) -> np.ndarray:
    return (
        (boxes[:, :2] < other[2:] + margin) & (other[:2] - margin < boxes[:, 2:])
    ).all(axis=1)  # fmt: skip


def _passes(start: np.ndarray, ends: np.ndarray, point: np.ndarray, margin: float) -> np.ndarray:
    """Whether a point is close to the lines from `start` to `ends`."""
    along = ends - start
    square = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((point - start) * along).sum(axis=1) / square, 0.0, 1.0)
    return np.linalg.norm(start + share[:, None] * along - point, axis=1) < margin


def _cut(boxes: np.ndarray, start: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Whether the lines from `start` to the ends go through the boxes: one of either, or pairs."""
    along = np.where(ends == start, 1e-12, ends - start)
    near, far = (boxes[:, :2] - start) / along, (boxes[:, 2:] - start) / along
    first = np.minimum(near, far).max(axis=1)
    last = np.maximum(near, far).min(axis=1)
    return np.maximum(first, 0.0) < np.minimum(last, 1.0)


def _cross(start: np.ndarray, ends: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Whether the lines from `start` to the ends cross the one from a to b."""
    divided = _side(start, ends, a) * _side(start, ends, b) < 0
    return divided & (_side(a, b, start) * _side(a, b, ends) < 0)


def _side(p: np.ndarray, q: np.ndarray, r: np.ndarray) -> np.ndarray:
    """On which side of the line from p to q the points r are, by sign."""
    along, to = q - p, r - p
    return along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
