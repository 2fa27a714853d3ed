"""Tests of apps/plot on records of `brink basin` and `brink orbit`."""

from __future__ import annotations

import unittest
import warnings
from pathlib import Path

from plot_support import PlotTest, call, write  # first: it shows where the package is

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from brink_plot import path as trajectory
from brink_plot.counts import CountScale
from brink_plot.outcome import COLOURS, OUTCOMES
from brink_plot.record import Record
from brink_plot.scan import Scan
from brink_plot.settings import labels, step_size
from brink_plot.text import coordinate_name, percent

UNDECIDED, STABLE, UNSTABLE, DIVERGED, STATIONARY, PERIODIC = range(6)
LEVEL = 0.115  # of the certified sets
MINIMA = np.array([[-1.0, -1.0], [1.0, 1.0]])


def objective(x, y):
    """f4 of Chen et al. 2024."""
    return (1.0 - x * y) ** 2 + (x**2 + y**2) / 20.0


def verdicts(x, y, eta: float) -> np.ndarray:
    """No symmetry in it: stable at the upper left, unstable below, diverged on the right."""
    x, y = np.broadcast_arrays(x, y)
    left = np.where(y > 0.5, STABLE, np.where(y > -1.5, UNSTABLE, STATIONARY))
    return np.where(x < 0.5 - eta, left, DIVERGED).astype(np.uint8)


def tally(etas, tables) -> list[dict]:
    """The attribute `summary`."""
    rows = []
    for eta, codes in zip(etas, tables):
        found = np.bincount(np.ravel(codes), minlength=6) / codes.size
        intervals = {
            name: [share, max(0.0, share - 0.01), share + 0.02]
            for name, share in zip(OUTCOMES, found.tolist())
        }
        rows.append({"lr": eta, "starts": codes.size, "outcome": intervals})
    return rows


def scan_record(path: Path, etas, dims, tables, places: dict, drop=(), **changes) -> str:
    """A record as of `brink basin` with these verdicts; `drop` leaves variables or attributes out.

    A changed tuple is a variable, anything else an attribute.
    """
    several = len(etas) > 1
    dims = ("lr", *dims) if several else tuple(dims)
    codes = np.stack(tables) if several else tables[0]
    radius = np.array([[np.nan, 0.6 - eta] for eta in etas])
    per_minimum = ("lr", "minima") if several else ("minima",)
    variables = {
        "outcome": (dims, codes),
        "minimum": (dims, np.where(codes == STABLE, 0, -1).astype(np.int16)),
        "steps": (dims, (codes * 40).astype(np.uint32)),
        "rises": (dims, codes.astype(np.uint32)),
        "last_rise": (dims, codes.astype(np.uint32)),
        "minimum_theta": (("minima", "coordinate"), MINIMA),
        "minimum_value": (("minima",), objective(*MINIMA.T)),
        "minimum_sharpness": (("minima",), [3.8, 3.8]),
        "certified_radius": (per_minimum, radius if several else radius[0]),
        "certified_level": (per_minimum, LEVEL + 0 * (radius if several else radius[0])),
        **places,
    }
    if several:
        variables["lr"] = (("lr",), etas)
    attributes = {
        "command": "basin", "landscape": "f4", "objective": "loss", "method": "gd",
        "stop_reason": "complete", "learning_rates": list(etas), "coordinates": ["x", "y"],
        "axes": ["x", "y"], "summary": tally(etas, tables),
        "config": {"landscape": "f4", "lr": list(etas), "x": "-4:4", "out": str(path)},
    }  # fmt: skip
    for name, value in changes.items():
        (variables if isinstance(value, tuple) else attributes)[name] = value
    kept = ({k: v for k, v in part.items() if k not in drop} for part in (variables, attributes))
    return write(path, *kept)


def map_record(path: Path, etas=(0.1, 0.3), x=None, y=None, **changes) -> str:
    """A record of a grid: x from −4 to 4, y from −2 to 2 unless given."""
    x = np.linspace(-4.0, 4.0, 33) if x is None else np.asarray(x)
    y = np.linspace(-2.0, 2.0, 17) if y is None else np.asarray(y)
    across, up = np.linspace(x.min(), x.max(), 129), np.linspace(y.min(), y.max(), 65)
    places = {
        "x": (("x",), x), "y": (("y",), y),
        "landscape_x": (("landscape_x",), across), "landscape_y": (("landscape_y",), up),
        "landscape_value":
            (("landscape_y", "landscape_x"), objective(across, up[:, np.newaxis])),
    }  # fmt: skip
    tables = [verdicts(x, y[:, np.newaxis], eta) for eta in etas]
    return scan_record(path, etas, ("y", "x"), tables, places, **changes)


def sample_record(path: Path, etas=(0.1, 0.3), count: int = 200, **changes) -> str:
    """A record of starts that lie anywhere."""
    theta = np.random.default_rng(1).uniform((-4.0, -2.0), (4.0, 2.0), (count, 2))
    places = {"theta": (("sample", "coordinate"), theta)}
    tables = [verdicts(*theta.T, eta) for eta in etas]
    return scan_record(path, etas, ("sample",), tables, places, **changes)


def line_record(path: Path, etas, **changes) -> str:
    """A record of a landscape of one coordinate: stable for x > 1 where η < 0.2."""
    x = np.linspace(-3.0, 3.0, 25)
    tables = [np.where((x > 1) & (eta < 0.2), STABLE, PERIODIC).astype(np.uint8) for eta in etas]
    settings = {
        "minimum_theta": (("minima", "coordinate"), [[0.0], [0.1]]), "coordinates": ["theta1"],
        "axes": ["theta1"], **changes,
    }  # fmt: skip
    return scan_record(path, etas, ("x",), tables, {"x": (("x",), x)}, **settings)


def orbit_record(path: Path, eta: float = 0.2, steps: int = 40, drop=(), **changes) -> str:
    """A record as of `brink orbit`: two rises, and from step 6 on in a certified set."""
    t = np.arange(steps + 1)
    swing = 0.7**t * np.where(t % 2, -1.0, 1.0)
    theta = 1.0 + np.stack([swing, 1.5 * 0.8**t], axis=1)
    loss = objective(*theta.T)
    norm = 0.8**t
    across = np.linspace(-0.5, 2.5, 31)
    unknown_last = np.where(t < steps, 1.0, np.nan)
    variables = {
        "step": (("step",), t), "theta": (("step", "coordinate"), theta), "loss": (("step",), loss),
        "gradient_norm": (("step",), norm),
        "relative_progress": (("step",), -unknown_last),
        "directional_smoothness": (("step",), 3.0 * unknown_last),
        "sharpness": (("step",), 3.8 + norm),
        "certified": (("step",), np.where(t < 6, -1, 1).astype(np.int16)),
        "minimum_theta": (("minima", "coordinate"), MINIMA),
        "minimum_value": (("minima",), objective(*MINIMA.T)),
        "minimum_sharpness": (("minima",), [3.8, 3.8]),
        "certified_radius": (("minima",), [np.nan, 0.5]),
        "certified_level": (("minima",), [np.nan, LEVEL]),
        "landscape_x": (("landscape_x",), across), "landscape_y": (("landscape_y",), across),
        "landscape_value":
            (("landscape_y", "landscape_x"), objective(across, across[:, np.newaxis])),
    }  # fmt: skip
    attributes = {
        "command": "orbit", "landscape": "f4", "objective": "loss", "method": "gd",
        "learning_rate": eta, "outcome": "unstable", "minimum": 1, "steps": steps, "rises": 2,
        "last_rise": 3, "coordinates": ["x", "y"],
        "config": {"landscape": "f4", "lr": eta, "start": [2.0, 2.5], "steps": steps},
    }  # fmt: skip
    for name, value in changes.items():
        (variables if isinstance(value, tuple) else attributes)[name] = value
    kept = ({k: v for k, v in part.items() if k not in drop} for part in (variables, attributes))
    return write(path, *kept)


def rendered(figure: Figure) -> np.ndarray:
    """The picture's red, green and blue in shares; a warning while it is drawn is a failure."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecationWarning)  # between the libraries themselves
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3] / 255.0


def colour_at(figure: Figure, pixels: np.ndarray, axes, x: float, y: float) -> str | None:
    """The outcome whose colour the picture has at a point of the plane."""
    across, up = axes.transData.transform((x, y))
    colour = pixels[len(pixels) - 1 - round(up), round(across)]
    for name, wanted in COLOURS.items():
        if np.allclose(colour, to_rgb(wanted), atol=0.02):
            return name
    return None


def axes_titled(figure: Figure, title: str):
    return next(axes for axes in figure.axes if axes.get_title(loc="left") == title)


def legend_of(figure: Figure) -> list[str]:
    legends = [artist for artist in figure.artists if hasattr(artist, "get_texts")]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def strokes(axes, colour: str) -> list[np.ndarray]:
    """The points of the lines of one colour."""
    return [
        line.get_xydata() for line in axes.get_lines()
        if line.get_color() == colour and line.get_linestyle() != "None"
    ]  # fmt: skip


class Maps(PlotTest):
    def test_every_format(self) -> None:
        records = (
            map_record(self.place / "map.zarr"),
            sample_record(self.place / "sample.zarr"),
            line_record(self.place / "line.zarr", (0.1, 0.2, 0.3)),
            orbit_record(self.place / "orbit.zarr"),
        )
        for record in records:
            for suffix in ("png", "svg", "pdf"):
                out = self.place / f"picture.{suffix}"
                self.assertEqual(call(record, "--out", str(out)), (0, ""))
                self.assertTrue(out.stat().st_size > 1000)

    def test_same_records_same_bytes(self) -> None:
        scan = map_record(self.place / "map.zarr")
        self.check_same_bytes(scan, orbit_record(self.place / "orbit.zarr"))

    def test_landscape_and_a_map_for_each_step_size(self) -> None:
        record = map_record(self.place / "map.zarr", etas=(0.1, 1 / 6, 0.3))
        self.assertEqual(self.titles(record), ["landscape", "η = 0.1", "η = 2/12", "η = 0.3"])

    def test_colours_and_orientation(self) -> None:
        figure = self.figure(map_record(self.place / "map.zarr"))
        pixels = rendered(figure)
        axes = axes_titled(figure, "η = 0.1")
        for x, y, name in (
            (-3.0, 1.5, "stable"), (-3.0, -0.5, "unstable"), (-3.0, -1.8, "stationary"),
            (3.0, 1.5, "diverged"), (3.0, -1.8, "diverged"),
        ):  # fmt: skip
            self.assertEqual(colour_at(figure, pixels, axes, x, y), name, (x, y))

    def test_starts_in_falling_order(self) -> None:
        down = map_record(
            self.place / "down.zarr", x=np.linspace(4, -4, 33), y=np.linspace(2, -2, 17)
        )
        figure = self.figure(down)
        pixels = rendered(figure)
        axes = axes_titled(figure, "η = 0.3")
        self.assertLess(*axes.get_ylim())
        self.assertEqual(colour_at(figure, pixels, axes, -3.0, 1.5), "stable")
        self.assertEqual(colour_at(figure, pixels, axes, 3.0, -1.8), "diverged")

    def test_both_coordinates_have_one_scale(self) -> None:
        figure = self.figure(map_record(self.place / "map.zarr"))
        rendered(figure)
        for axes in figure.axes:
            box = axes.get_window_extent()
            self.assertAlmostEqual(box.height / box.width, 0.5, delta=0.01)
        self.assertEqual(figure.axes[0].get_xlim(), (-4.0, 4.0))

    def test_the_figure_is_as_high_as_it_must_be(self) -> None:
        etas = tuple(np.linspace(0.1, 0.5, 8).tolist())
        figure = self.figure(
            map_record(self.place / "many.zarr", etas=etas),
            map_record(self.place / "square.zarr", y=np.linspace(-4, 4, 33), landscape="f1"),
        )
        rendered(figure)
        for axes in figure.axes:
            slot, box = axes.get_position(original=True), axes.get_position()
            self.assertAlmostEqual(box.height / slot.height, 1.0, delta=0.02)
            self.assertAlmostEqual(box.width / slot.width, 1.0, delta=0.02)

    def test_labels_at_the_left_and_below(self) -> None:
        paths = [
            map_record(self.place / f"{name}.zarr", landscape=name) for name in ("f1", "f2", "f4")
        ]
        figure = self.figure(*paths)
        self.assertEqual(
            [axes.get_title(loc="left") for axes in figure.axes],
            ["f1", "η = 0.1", "η = 0.3", "f2", "η = 0.1", "η = 0.3", "f4", "η = 0.1", "η = 0.3"],
        )
        self.assertEqual([axes.get_ylabel() for axes in figure.axes], ["y", "", ""] * 3)
        self.assertEqual([axes.get_xlabel() for axes in figure.axes], [""] * 6 + ["x"] * 3)

    def test_records_without_a_landscape_are_named_too(self) -> None:
        paths = [
            map_record(self.place / f"{name}.zarr", landscape=name, drop=("landscape_value",))
            for name in ("f1", "f2")
        ]
        self.assertEqual(self.titles(*paths), ["f1: η = 0.1", "η = 0.3", "f2: η = 0.1", "η = 0.3"])

    def test_large_maps_are_read_in_part_and_small(self) -> None:
        x, y = np.linspace(-4, 4, 2500), np.linspace(-2, 2, 3100)
        record = Record(map_record(self.place / "map.zarr", etas=(0.1,), x=x, y=y))
        values = Scan(record).values("outcome", 0)
        self.assertEqual((values.shape, values.dtype), ((1033, 1250), np.dtype(np.uint8)))
        # Of every three rows the middle one, of every two columns the second.
        np.testing.assert_array_equal(values, verdicts(x[1::2], y[1::3, np.newaxis], 0.1))

    def test_only_outcomes_that_occur_are_explained(self) -> None:
        found = legend_of(self.figure(map_record(self.place / "map.zarr")))
        self.assertEqual(
            found, ["stable", "unstable", "stationary", "diverged", "minimum", "certified set",
                    "ball around it"],
        )  # fmt: skip
        started = map_record(
            self.place / "started.zarr", stop_reason="interrupted",
            outcome=(("lr", "y", "x"), np.zeros((2, 17, 33), np.uint8)),
        )  # fmt: skip
        self.assertIn("undecided or not yet computed", legend_of(self.figure(started)))

    def test_shares_below_the_titles(self) -> None:
        def notes(**changes) -> list[str]:
            figure = self.figure(map_record(self.place / "map.zarr", etas=(0.1,), **changes))
            boxes = [a for a in figure.axes[1].artists if hasattr(a, "offsetbox")]
            parts = [part for box in boxes for part in box.offsetbox.get_children()]
            return [part.get_children()[-1].get_text() for part in parts]

        shares = np.bincount(
            verdicts(np.linspace(-4, 4, 33), np.linspace(-2, 2, 17)[:, np.newaxis], 0.1).ravel()
        ) / (17 * 33)
        self.assertEqual(notes(), [percent(shares[STABLE]), percent(shares[UNSTABLE])])
        self.assertEqual(notes(drop=("summary",)), [])

    def test_certified_sets_of_each_step_size(self) -> None:
        figure = self.figure(map_record(self.place / "map.zarr"))
        for title, radius in (("η = 0.1", 0.5), ("η = 0.3", 0.3)):
            axes = axes_titled(figure, title)
            (ball,) = [patch for patch in axes.patches if hasattr(patch, "radius")]
            self.assertEqual(tuple(ball.center), (1.0, 1.0))
            self.assertAlmostEqual(ball.radius, radius)
        with_level = axes_titled(figure, "η = 0.1")
        points = np.concatenate(
            [path.vertices for level in with_level.collections for path in level.get_paths()]
        )
        self.assertTrue(0.3 < np.hypot(*(points - 1.0).T).max() < 0.5)
        np.testing.assert_allclose(objective(*points.T), LEVEL, atol=0.003)

    def test_a_coordinate_by_its_place(self) -> None:
        record = map_record(
            self.place / "map.zarr", coordinates=["theta1", "theta2"], axes=["theta2", "theta1"],
            minimum_theta=(("minima", "coordinate"), [[1.0, 2.0], [3.0, 0.5]]),
        )  # fmt: skip
        axes = self.figure(record).axes[0]
        self.assertEqual((axes.get_xlabel(), axes.get_ylabel()), ("θ₂", "θ₁"))
        dots = [line.get_xydata() for line in axes.get_lines()]
        np.testing.assert_array_equal(dots, [[[2.0, 1.0], [0.5, 3.0]]])

    def test_missing_variables_that_are_optional(self) -> None:
        optional = (
            "minimum", "steps", "rises", "last_rise", "minimum_theta", "minimum_value",
            "minimum_sharpness", "certified_radius", "certified_level", "landscape_value",
            "landscape_x", "landscape_y", "summary", "axes", "coordinates", "config",
            "stop_reason", "lr",
        )  # fmt: skip
        bare = map_record(self.place / "bare.zarr", drop=optional)
        self.assertEqual(self.titles(bare), ["η = 0.1", "η = 0.3"])
        rendered(self.figure(bare))
        for name in ("minimum_theta", "certified_level", "minimum_sharpness", "summary"):
            rendered(self.figure(map_record(self.place / f"{name}.zarr", drop=(name,))))

    def test_landscapes_without_contours(self) -> None:
        for values in (np.ones((65, 129)), np.where(np.eye(65, 129) > 0, np.nan, 1e300)):
            grid = (("landscape_y", "landscape_x"), values)
            rendered(self.figure(map_record(self.place / "flat.zarr", landscape_value=grid)))

    def test_start_counts(self) -> None:
        for x, y in (([0.5], [0.25, 0.5]), ([0.5], [0.25]), ([0.0, 1.0], [0.5])):
            record = map_record(
                self.place / "small.zarr", etas=(0.1,), x=x, y=y, drop=("landscape_value",)
            )
            rendered(self.figure(record))


class ManyStepSizes(PlotTest):
    ETAS = tuple(np.linspace(0.05, 0.5, 19).round(6).tolist())

    def test_fractions_and_six_maps(self) -> None:
        found = self.titles(map_record(self.place / "map.zarr", etas=self.ETAS))
        self.assertEqual(found[:2], ["landscape", "outcomes"])
        self.assertEqual(len(found), 8)
        self.assertEqual((found[2], found[-1]), ("η = 0.05", "η = 0.5"))

    def test_the_map_of_an_orbit_is_among_them(self) -> None:
        scan = map_record(self.place / "map.zarr", etas=self.ETAS)
        orbit = orbit_record(self.place / "orbit.zarr", eta=0.274)
        figure = self.figure(scan, orbit)
        self.assertEqual(len(figure.axes), 8)
        axes = axes_titled(figure, "η = 0.275, orbit at η = 0.274")
        self.assertTrue(strokes(axes, trajectory.COLOURS[2]))

    def test_maps_that_are_chosen(self) -> None:
        scan = Scan(Record(map_record(self.place / "map.zarr", etas=self.ETAS)))
        self.assertEqual(scan.chosen(6, []), [0, 4, 7, 11, 14, 18])
        self.assertEqual(scan.chosen(6, [6, 7]), [0, 6, 7, 11, 14, 18])
        self.assertEqual(scan.chosen(2, [1, 2, 3]), [1, 2, 3])
        self.assertEqual(scan.chosen(19, [2]), list(range(19)))

    def test_fractions_with_their_intervals(self) -> None:
        etas = (0.3, 0.1, 0.2)  # in any order
        record = map_record(self.place / "map.zarr", etas=etas)
        axes = self.figure(record, panels="fractions").axes[0]
        summary = sorted(Record(record).attributes["summary"], key=lambda row: row["lr"])
        bars = {
            bar.lines[0].get_color(): (bar.lines[0], bar.lines[2][0]) for bar in axes.containers
        }
        line, intervals = bars[COLOURS["unstable"]]
        np.testing.assert_array_equal(line.get_xdata(), [0.1, 0.2, 0.3])
        shares = [row["outcome"]["unstable"] for row in summary]
        np.testing.assert_allclose(line.get_ydata(), [share for share, _, _ in shares])
        ends = [segment[:, 1] for segment in intervals.get_segments()]
        np.testing.assert_allclose(ends, [[low, high] for _, low, high in shares])
        self.assertNotIn(COLOURS["periodic"], bars)

    def test_where_the_minimum_becomes_unstable(self) -> None:
        figure = self.figure(
            map_record(self.place / "map.zarr", etas=(0.1, 0.6)), panels="fractions"
        )
        dashed = [line.get_xdata()[0] for line in figure.axes[0].get_lines() if line.is_dashed()]
        np.testing.assert_allclose(dashed, [2.0 / 3.8])


class Counts(PlotTest):
    def test_one_scale_for_a_record(self) -> None:
        record = map_record(self.place / "map.zarr")
        figure = self.figure(record, panels="landscape,maps,steps,rises")
        rendered(figure)
        found = [axes.get_title(loc="left") for axes in figure.axes]
        self.assertEqual(
            found, ["landscape", "η = 0.1", "η = 0.3", "steps, η = 0.1", "steps, η = 0.3",
                    "rises, η = 0.1", "rises, η = 0.3"],
        )  # fmt: skip
        columns = [axes.get_subplotspec().colspan.start for axes in figure.axes]
        self.assertEqual(columns, [0, 1, 2, 1, 2, 1, 2])  # each below the map of its step size

    def test_colours(self) -> None:
        scale = CountScale([np.array([[0, 1], [10, 1000]])])
        none, least, some, most = scale.paint(np.array([0, 1, 10, 1000]))
        self.assertTrue(none[:3].min() > 220)  # apart from all the others
        brightness = [int(colour[:3].sum()) for colour in (least, some, most)]
        self.assertEqual(brightness, sorted(brightness))

    def test_no_steps_at_all(self) -> None:
        nothing = (("lr", "y", "x"), np.zeros((2, 17, 33), np.uint32))
        record = map_record(self.place / "map.zarr", steps=nothing)
        rendered(self.figure(record, panels="steps"))


class OtherShapes(PlotTest):
    def test_sample(self) -> None:
        record = sample_record(self.place / "sample.zarr")
        self.assertEqual(self.titles(record), ["η = 0.1", "η = 0.3"])
        figure = self.figure(record)
        rendered(figure)
        (dots,) = [c for c in figure.axes[1].collections if len(c.get_offsets())]
        theta = Record(record).need("theta")
        np.testing.assert_array_equal(dots.get_offsets(), theta)
        wanted = [to_rgb(COLOURS[OUTCOMES[code]]) for code in verdicts(*theta.T, 0.3)]
        np.testing.assert_allclose(dots.get_facecolors()[:, :3], wanted, atol=1e-6)
        rendered(self.figure(record, panels="steps,rises"))

    def test_large_sample_is_thinned(self) -> None:
        scan = Scan(Record(sample_record(self.place / "s.zarr", etas=(0.1,), count=60_000)))
        points = scan.points()
        self.assertEqual(points.shape, (20_000, 2))
        np.testing.assert_array_equal(scan.values("outcome", 0), verdicts(*points.T, 0.1))

    def test_sample_in_the_first_two_of_three_coordinates(self) -> None:
        theta = np.random.default_rng(2).uniform(-1, 1, (200, 3))
        record = sample_record(
            self.place / "sample.zarr", theta=(("sample", "coordinate"), theta), drop=("axes",),
            coordinates=["theta1", "theta2", "theta3"],
            minimum_theta=(("minima", "coordinate"), np.zeros((2, 3))),
        )  # fmt: skip
        figure = self.figure(record)
        self.assertEqual((figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()), ("θ₁", "θ₂"))
        np.testing.assert_array_equal(figure.axes[0].collections[0].get_offsets(), theta[:, :2])

    def test_sample_of_one_coordinate_has_no_map(self) -> None:
        record = sample_record(
            self.place / "sample.zarr", coordinates=["theta1"], axes=["theta1"],
            theta=(("sample", "coordinate"), np.zeros((200, 1))), drop=("minimum_theta",),
        )  # fmt: skip
        self.assertEqual(self.titles(record), ["outcomes"])
        line = self.refused(record, "--out", self.out, "--panels", "maps")
        self.assertIn("none of the panels can show these starts", line)

    def test_line_against_step_size(self) -> None:
        for etas in ((0.1, 0.15, 0.25, 0.3), (0.01, 0.02, 0.15, 0.8), (0.3, 0.1, 0.25, 0.15)):
            figure = self.figure(line_record(self.place / "line.zarr", etas))
            pixels = rendered(figure)
            axes = axes_titled(figure, "outcome")
            self.assertEqual((axes.get_xlabel(), axes.get_ylabel()), ("step size η", "start θ₁"))
            ends = np.array([min(etas), max(etas)])
            low, high = np.log10(ends) if ends[1] > 30 * ends[0] else ends
            low, high = 0.98 * low + 0.02 * high, 0.02 * low + 0.98 * high
            self.assertEqual(colour_at(figure, pixels, axes, low, 2.5), "stable", etas)
            self.assertEqual(colour_at(figure, pixels, axes, low, -2.5), "periodic", etas)
            self.assertEqual(colour_at(figure, pixels, axes, high, 2.5), "periodic", etas)

    def test_line_at_one_step_size(self) -> None:
        figure = self.figure(line_record(self.place / "line.zarr", (0.1,)))
        pixels = rendered(figure)
        (axes,) = figure.axes
        self.assertEqual(axes.get_xlabel(), "start θ₁")
        self.assertEqual(colour_at(figure, pixels, axes, 2.5, 0.5), "stable")
        self.assertEqual(colour_at(figure, pixels, axes, -2.5, 0.5), "periodic")

    def test_counts_on_a_line(self) -> None:
        record = line_record(self.place / "line.zarr", (0.1, 0.2))
        rendered(self.figure(record, panels="maps,steps,rises,fractions"))


class OrbitsOverMaps(PlotTest):
    def test_over_the_map_of_the_nearest_step_size(self) -> None:
        scan = map_record(self.place / "map.zarr")
        orbits = [
            orbit_record(self.place / f"{eta}.zarr", eta=eta, last_rise=last)
            for eta, last in ((0.12, 3), (0.31, 0))
        ]
        for paths in ((scan, *orbits), (*orbits, scan)):
            figure = self.figure(*paths)
            rendered(figure)
            found = [
                [len(strokes(axes, colour)) for colour in trajectory.COLOURS]
                for axes in figure.axes
            ]
            self.assertEqual(found, [[0, 0, 0], [1, 1, 1], [0, 1, 1]])
        theta = Record(orbits[0]).need("theta")
        axes = axes_titled(figure, "η = 0.1, orbit at η = 0.12")
        axes_titled(figure, "η = 0.3, orbit at η = 0.31")
        pieces = [strokes(axes, colour)[0] for colour in trajectory.COLOURS]
        np.testing.assert_array_equal(pieces[0], theta[:4])  # up to the first step of the next
        np.testing.assert_array_equal(pieces[1], theta[3:7])
        np.testing.assert_array_equal(pieces[2], theta[6:])
        starts = [line for line in axes.get_lines() if line.get_marker() == "D"]
        np.testing.assert_array_equal([s.get_xydata()[0] for s in starts], [theta[0]])
        self.assertIn("loss may yet rise", legend_of(figure))

    def test_the_map_keeps_its_box(self) -> None:
        scan = map_record(self.place / "map.zarr")
        far = np.full((41, 2), 50.0)
        orbit = orbit_record(self.place / "o.zarr", theta=(("step", "coordinate"), far))
        self.assertEqual(self.figure(scan, orbit).axes[1].get_xlim(), (-4.0, 4.0))

    def test_what_does_not_belong_together(self) -> None:
        scan = map_record(self.place / "map.zarr")
        line = line_record(self.place / "line.zarr", (0.1, 0.2))
        orbit = orbit_record(self.place / "orbit.zarr")
        others = {
            "landscape": orbit_record(self.place / "f1.zarr", landscape="f1"),
            "objective": orbit_record(self.place / "sqrt.zarr", objective="sqrt"),
            "method": orbit_record(self.place / "n.zarr", method="normalized-gd"),
        }
        for name, other in others.items():
            message = self.refused(scan, other, "--out", self.out)
            self.assertIn(f"an orbit with {name} '", message)
        two = self.refused(scan, line, orbit, "--out", self.out)
        self.assertIn("over one record of 'brink basin', not over 2", two)
        self.assertIn("no map of two coord", self.refused(line, orbit, "--out", self.out))
        train = write(self.place / "t.zarr", {"loss": (("step",), [1.0])}, {"command": "train"})
        self.assertIn("cannot share a figure", self.refused(scan, train, "--out", self.out))
        self.assertIn("cannot share a figure", self.refused(train, orbit, "--out", self.out))


class Orbits(PlotTest):
    DEFAULT = ["trajectory", "loss", "relative progress RP", "directional smoothness L",
               "sharpness λ₁"]  # fmt: skip
    EVERY = "trajectory,loss,progress,smoothness,sharpness,gradient,excess"

    def test_panels(self) -> None:
        record = orbit_record(self.place / "orbit.zarr")
        self.assertEqual(self.titles(record), self.DEFAULT)
        figure = self.figure(record, panels=self.EVERY)
        rendered(figure)
        self.assertEqual(len(figure.axes), 7)
        labelled = [axes.get_xlabel() for axes in self.figure(record).axes]
        self.assertEqual(labelled, ["x", "", "", "step", "step"])
        for name in ("relative_progress", "directional_smoothness", "sharpness", "certified"):
            rendered(self.figure(orbit_record(self.place / "less.zarr", drop=(name,))))

    def test_red_grey_black(self) -> None:
        figure = self.figure(orbit_record(self.place / "orbit.zarr"))
        ends = [
            [points[0][0][0], points[0][-1][0]]
            for points in (strokes(figure.axes[1], colour) for colour in trajectory.COLOURS)
        ]
        self.assertEqual(ends, [[0, 3], [3, 6], [6, 40]])

    def test_phases(self) -> None:
        def counted(**changes) -> list[int]:
            record = Record(orbit_record(self.place / "orbit.zarr", **changes))
            return np.bincount(trajectory.phases(record), minlength=3).tolist()

        self.assertEqual(counted(), [3, 3, 35])
        self.assertEqual(counted(outcome="stable", last_rise=0), [0, 6, 35])
        # Where the orbit's end is not known, neither is that it will not rise.
        self.assertEqual(counted(outcome="undecided"), [6, 0, 35])
        self.assertEqual(counted(outcome="diverged", drop=("certified",)), [41, 0, 0])
        self.assertEqual(counted(drop=("certified", "last_rise")), [41, 0, 0])

    def test_reference_lines(self) -> None:
        figure = self.figure(orbit_record(self.place / "orbit.zarr", eta=0.4))
        heights = {
            axes.get_title(loc="left"): [
                float(line.get_ydata()[0]) for line in axes.get_lines()
                if list(line.get_xdata()) == [0, 1]
            ]
            for axes in figure.axes[2:]
        }  # fmt: skip
        self.assertEqual(list(heights.values()), [[0.0, -1.0], [5.0], [5.0]])

    def test_minimum_and_certified_set(self) -> None:
        axes = self.figure(orbit_record(self.place / "orbit.zarr")).axes[0]
        (ball,) = [patch for patch in axes.patches if hasattr(patch, "radius")]
        self.assertEqual((tuple(ball.center), ball.radius), ((1.0, 1.0), 0.5))

    def test_rounding_is_not_drawn(self) -> None:
        loss = objective(1.0, 1.0) + np.append(1.0 / np.arange(1, 31) ** 2, np.zeros(11))
        loss[30:] += 1e-15 * np.arange(11)
        record = orbit_record(self.place / "orbit.zarr", loss=(("step",), loss))
        axes = axes_titled(self.figure(record), "relative progress RP")
        shown = np.concatenate([line.get_xydata() for line in axes.get_lines()])
        self.assertEqual(np.max(shown[np.isfinite(shown[:, 1]), 0]), 29)

    def test_excess_over_the_minimum_that_was_reached(self) -> None:
        record = orbit_record(self.place / "orbit.zarr")
        axes = self.figure(record, panels="excess").axes[0]
        first = strokes(axes, trajectory.COLOURS[0])[0][0]
        wanted = Record(record).need("loss")[0] - objective(1.0, 1.0)
        np.testing.assert_allclose(first, [0.0, wanted])

    def test_several_orbits_stand_below_each_other(self) -> None:
        paths = [
            orbit_record(self.place / f"{n}.zarr", config={"start": [n, 2.5], "lr": 0.2})
            for n in (1, 2)
        ]
        figure = self.figure(*paths, panels="trajectory,loss")
        rendered(figure)
        titles = [axes.get_title(loc="left") for axes in figure.axes]
        self.assertEqual(
            titles, ["from (1, 2.5): trajectory", "loss", "from (2, 2.5): trajectory", "loss"]
        )
        rows = [axes.get_subplotspec().rowspan.start for axes in figure.axes]
        self.assertEqual(rows, [0, 0, 1, 1])

    def test_other_numbers_of_coordinates_have_no_trajectory(self) -> None:
        for count in (1, 3):
            record = orbit_record(
                self.place / "orbit.zarr", drop=("landscape_value",),
                theta=(("step", "coordinate"), np.ones((41, count))),
                coordinates=[f"theta{i + 1}" for i in range(count)],
                minimum_theta=(("minima", "coordinate"), np.zeros((2, count))),
            )  # fmt: skip
            self.assertEqual(self.titles(record), self.DEFAULT[1:])
            line = self.refused(record, "--out", self.out, "--panels", "trajectory")
            self.assertIn("none of the records holds 'landscape_value'", line)
        both = self.titles(record, orbit_record(self.place / "b.zarr"))
        self.assertEqual(len(both), 4 + 5)

    def test_diverged_and_short(self) -> None:
        with np.errstate(over="ignore"):
            loss = np.exp(np.arange(41.0) * 20.0)
        everything = {
            name: (("step",), loss)
            for name in ("loss", "gradient_norm", "relative_progress", "directional_smoothness",
                         "sharpness")
        }  # fmt: skip
        for outcome in ("diverged", "undecided"):
            record = orbit_record(
                self.place / "diverged.zarr", outcome=outcome, minimum=-1, **everything,
                theta=(("step", "coordinate"), np.stack([loss, -loss], axis=1)),
            )  # fmt: skip
            rendered(self.figure(record, panels=self.EVERY))
        rendered(self.figure(orbit_record(self.place / "short.zarr", steps=0)))
        rendered(self.figure(orbit_record(self.place / "long.zarr", steps=5000)))

    def test_negative_loss(self) -> None:
        record = orbit_record(self.place / "o.zarr", loss=(("step",), np.linspace(2, -5, 41)))
        axes = self.figure(record).axes[1]
        self.assertEqual(axes.get_yscale(), "linear")
        self.assertTrue(axes.get_ylim()[0] < -5 and axes.get_ylim()[1] > 2)


class Words(PlotTest):
    def test_step_sizes(self) -> None:
        expected = {0.1: "0.1", 0.3: "0.3", 1 / 6: "2/12", 0.25: "0.25", 2 / 30: "2/30",
                    10 / 19: "0.5263", 0.001: "0.001"}  # fmt: skip
        self.assertEqual({eta: step_size(eta) for eta in expected}, expected)

    def test_shares(self) -> None:
        expected = {1.0: "100 %", 0.9999: "99.9 %", 0.726: "73 %", 0.0512: "5.1 %",
                    0.00075: "0.075 %", 0.0: "0 %"}  # fmt: skip
        self.assertEqual({share: percent(share) for share in expected}, expected)

    def test_coordinates(self) -> None:
        names = [coordinate_name(name) for name in ("x", "theta1", "theta12")]
        self.assertEqual(names, ["x", "θ₁", "θ₁₂"])

    def test_orbits_by_start(self) -> None:
        paths = [
            orbit_record(self.place / f"{i}.zarr", config={"start": start}, eta=eta)
            for i, (start, eta) in enumerate((([0.1, 2.5], 0.2), ("1.5,2", 0.3)))
        ]
        self.assertEqual(
            labels([Record(path) for path in paths]),
            ["η = 0.2, from (0.1, 2.5)", "η = 0.3, from (1.5,2)"],
        )

    def test_scans_of_one_landscape_by_what_differs(self) -> None:
        paths = [
            map_record(self.place / f"{method}.zarr", etas=(0.1,), method=method)
            for method in ("gd", "normalized-gd")
        ]
        self.assertEqual(self.titles(*paths)[::2], ["GD", "normalized GD"])


class Errors(PlotTest):
    def test_basins(self) -> None:
        nine = np.full((2, 17, 33), 9, np.uint8)
        grid = ("lr", "y", "x")
        cases = {
            "'outcome' is neither": {"drop": ("outcome",)},
            "but has dimensions (a, b, c)": {"outcome": (("a", "b", "c"), nine)},
            "but has dimensions (y, lr, x)":
                {"outcome": (("y", "lr", "x"), nine.swapaxes(0, 1))},
            "'outcome' has 9, which is no outcome": {"outcome": (grid, nine)},
            "'outcome' does not hold whole numbers": {"outcome": (grid, nine / 3)},
            "'x' is missing": {"drop": ("x",)},
            "'learning_rates' is missing": {"drop": ("learning_rates",)},
            "'learning_rates' has 3 step sizes where 2": {"learning_rates": [0.1, 0.2, 0.3]},
            "no list of step sizes": {"learning_rates": ["a", "b"]},
            "'landscape_value' is not a grid": {"landscape_value": (("q",), [1.0, 2.0])},
            "'landscape_x' is missing": {"drop": ("landscape_x",)},
            "'summary' has no shares": {"summary": [{"lr": 0.1}]},
            "'axes' and 'coordinates' do not": {"axes": ["u", "v"]},
            "'certified_radius' and": {"certified_radius": (("minima",), [0.1, 0.2])},
            "has 3 minima where 2":
                {name: (("lr", "m"), np.ones((2, 3)))
                 for name in ("certified_radius", "certified_level")},
        }  # fmt: skip
        for index, (message, changes) in enumerate(cases.items()):
            record = map_record(self.place / f"{index}.zarr", **changes)
            self.assertIn(message, self.refused(record, "--out", self.out))
        empty = sample_record(self.place / "empty.zarr", count=0, summary=[])
        self.assertIn("without a start", self.refused(empty, "--out", self.out))
        flat = sample_record(self.place / "flat.zarr", theta=(("sample",), np.ones(200)))
        self.assertIn("not a table of sample", self.refused(flat, "--out", self.out))
        less = map_record(self.place / "less.zarr", steps=(("y", "x"), np.ones((17, 33), int)))
        line = self.refused(less, "--out", self.out, "--panels", "steps")
        self.assertIn("not along the dimensions", line)

    def test_unreadable_variable(self) -> None:
        path = self.place / "map.zarr"
        record = map_record(path)
        next(path.glob("outcome/0*")).write_bytes(b"garbage")
        self.assertIn("cannot read variable 'outcome'", self.refused(record, "--out", self.out))

    def test_orbits(self) -> None:
        cases = {
            "without a single step": {"drop": ("step",)},
            "'loss' is missing": {"drop": ("loss",)},
            "'theta' is missing": {"drop": ("theta",)},
            "'theta' has 3 rows where 41": {"theta": (("u", "v"), np.ones((3, 2)))},
            "'theta' is not a table": {"theta": (("step",), np.ones(41))},
            "'certified' has 3 rows where 41": {"certified": (("w",), np.ones(3, np.int16))},
            "'sharpness' has 3 rows where 41": {"sharpness": (("w",), np.ones(3))},
        }
        for index, (message, changes) in enumerate(cases.items()):
            record = orbit_record(self.place / f"{index}.zarr", **changes)
            self.assertIn(message, self.refused(record, "--out", self.out))


if __name__ == "__main__":
    unittest.main()
