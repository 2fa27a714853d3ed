"""Tests of apps/plot, run by the Python that apps/plot/python prints."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest
from pathlib import Path

from plot_support import PLOT, PlotTest, call, write  # first: it shows where the package is

import numpy as np

from brink_plot import train
from brink_plot.output import save
from brink_plot.record import Record
from brink_plot.settings import fraction, labels, summary
from brink_plot.threshold import threshold
from brink_plot.view import loss_limits, robust_limits

ETA = 2.0 / 30.0


def train_record(path: Path, steps: int = 200, eta: float = ETA, drop=(), **changes) -> str:
    """A record as of `brink train` at the edge of stability; `drop` leaves variables out."""
    rng = np.random.default_rng(1)
    t = np.arange(steps)
    every = t[::5]
    rise = 1.0 - np.exp(-t / (0.2 * steps))
    swing = np.where(t % 2, 1.0, -1.0) * rise * 0.3
    progress = rise - 1.0 + swing
    smoothness = (1.0 + progress) * 2.0 / eta
    smoothness[0] = 40.0 * 2.0 / eta
    sharpness = 2.0 / eta * np.stack([rise[::5] * 1.1, rise[::5] * 0.7], axis=1)
    line = smoothness[::5, None] + rng.normal(size=(len(every), 20))
    variables = {
        "step": (("step",), t),
        "loss": (("step",), np.exp(-t / (0.3 * steps)) * (1 + 0.1 * swing)),
        "accuracy": (("step",), rise),
        "gradient_norm": (("step",), np.exp(-t / steps)),
        "relative_progress": (("step",), np.append(progress[:-1], np.nan)),
        "directional_smoothness": (("step",), np.append(smoothness[:-1], np.nan)),
        "sharpness_step": (("sharpness_step",), every),
        "sharpness": (("sharpness_step", "rank"), sharpness),
        "sharpness_residual": (("sharpness_step", "rank"), sharpness * 1e-3),
        "hvp_count": (("sharpness_step",), every),
        "coarse_hvp_count": (("sharpness_step",), every),
        "line_step": (("line_step",), every),
        "tau": (("tau",), np.linspace(0.05, 1, 20)),
        "line_smoothness": (("line_step", "tau"), line),
        "test_step": (("test_step",), every),
        "test_loss": (("test_step",), 1.5 - 0.5 * rise[::5]),
        "test_accuracy": (("test_step",), 0.5 * rise[::5]),
    }
    attributes = {
        "command": "train", "method": "gd", "activation": "tanh", "loss_name": "cross-entropy",
        "learning_rate": eta, "config": {"data": "synthetic", "seed": 0, "out": str(path)},
    }  # fmt: skip
    for name, value in changes.items():
        if isinstance(value, tuple):
            variables[name] = value
        else:
            attributes[name] = value
    return write(path, {k: v for k, v in variables.items() if k not in drop}, attributes)


def sgd_record(path: Path) -> str:
    """A record of stochastic gradient descent: E[RP] in place of RP."""
    at = np.arange(0, 200, 20)
    noise = np.linspace(-1, 0.1, len(at))
    nothing = (("step",), np.full(200, np.nan))
    return train_record(
        path, method="sgd", relative_progress=nothing, directional_smoothness=nothing,
        drop=("line_step", "tau", "line_smoothness"),
        expectation_step=(("expectation_step",), at),
        expected_relative_progress=(("expectation_step",), noise),
        expected_relative_progress_error=(("expectation_step",), 0.05 + 0 * noise),
        expected_relative_progress_bound=(("expectation_step",), noise + 0.2),
        full_loss=(("expectation_step",), np.exp(-at / 60.0)),
        full_accuracy=(("expectation_step",), 1 - np.exp(-at / 60.0)),
    )  # fmt: skip


def spectrum_record(path: Path, drop=()) -> str:
    """A record as of `brink spectrum`."""
    where = np.linspace(-2, 32, 300)
    variables = {
        "rank": (("rank",), np.arange(5)),
        "eigenvalue": (("rank",), [30.0, 22.0, 15.0, 9.0, 4.0]),
        "residual": (("rank",), np.full(5, 0.1)),
        "bottom_rank": (("bottom_rank",), np.arange(2)),
        "bottom_eigenvalue": (("bottom_rank",), [-1.0, -0.5]),
        "bottom_residual": (("bottom_rank",), np.full(2, 0.1)),
        "lambda": (("lambda",), where),
        "density": (("lambda",), np.exp(-0.5 * where**2)),
    }
    attributes = {"command": "spectrum", "trace": 81.0, "trace_error": 0.7}
    return write(path, {k: v for k, v in variables.items() if k not in drop}, attributes)


class Pictures(PlotTest):
    def test_every_kind_and_format(self) -> None:
        records = (
            train_record(self.place / "gd.zarr"),
            sgd_record(self.place / "sgd.zarr"),
            spectrum_record(self.place / "spectrum.zarr"),
        )
        starts = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}
        for record in records:
            for suffix, start in starts.items():
                out = self.place / f"picture.{suffix}"
                self.assertEqual(call(record, "--out", str(out)), (0, ""))
                self.assertTrue(out.read_bytes().startswith(start))
                out.unlink()

    def test_same_records_same_bytes(self) -> None:
        paths = [train_record(self.place / f"{n}.zarr", eta=2.0 / n) for n in (30, 60)]
        self.check_same_bytes(*paths)

    def test_panels_follow_the_data(self) -> None:
        every = ["loss", "accuracy", "sharpness λ₁, λ₂", "relative progress RP",
                 "directional smoothness L", "L along the step, over τ"]  # fmt: skip
        self.assertEqual(self.titles(train_record(self.place / "gd.zarr")), every)
        bare = train_record(
            self.place / "bare.zarr", drop=("sharpness_step", "sharpness", "line_smoothness"),
            accuracy=(("step",), np.full(200, np.nan)),
        )  # fmt: skip
        self.assertEqual(self.titles(bare), ["loss", every[3], every[4]])
        self.assertIn("expected progress E[RP]", self.titles(sgd_record(self.place / "sgd.zarr")))

    def test_chosen_panels_in_their_order(self) -> None:
        record = train_record(self.place / "gd.zarr")
        self.assertEqual(call(record, "--out", self.out, "--panels", "gradient, loss"), (0, ""))
        status, line = call(record, "--out", self.out, "--panels", "loss,sharpnes")
        self.assertEqual(status, 2)
        self.assertIn("unknown panel 'sharpnes' (known: loss, accuracy, sharpness,", line)

    def test_one_run_of_one_step(self) -> None:
        record = train_record(self.place / "short.zarr", steps=1)
        self.assertEqual(call(record, "--out", self.out), (0, ""))

    def test_diverged_run(self) -> None:
        loss = np.exp(np.arange(200.0) * 8.0)
        record = train_record(self.place / "diverged.zarr", loss=(("step",), loss))
        self.assertTrue(np.isinf(loss).any())
        self.assertEqual(call(record, "--out", self.out), (0, ""))

    def test_records_of_different_length_share_the_axis(self) -> None:
        short = train_record(self.place / "short.zarr", steps=50)
        long = train_record(self.place / "long.zarr", steps=400)
        for axes in self.figure(short, long).axes:
            self.assertGreater(axes.get_xlim()[1], 395)

    def test_flow_is_drawn_over_time(self) -> None:
        time = (("step",), np.linspace(0.0, 5.0, 200))
        flow = train_record(self.place / "flow.zarr", method="flow", time=time, learning_rate=None)
        descent = train_record(self.place / "gd.zarr")
        axes = self.figure(flow, descent).axes
        self.assertEqual(axes[-1].get_xlabel(), "time (steps × η)")
        ends = [line.get_xdata()[-1] for line in axes[0].get_lines()[:2]]
        np.testing.assert_allclose(ends, [5.0, 199 * ETA])

    def test_step_zero_is_a_step(self) -> None:
        path = self.place / "gd.zarr"
        train_record(path)
        # As some writers do: 0 is then the missing value to a reader that decodes.
        for name in (path / "step" / ".zarray", path / ".zmetadata"):
            name.write_text(name.read_text().replace('"fill_value": null', '"fill_value": 0'))
        self.assertEqual(Record(str(path)).need("step")[0], 0.0)

    def test_dense_lines_become_pixels(self) -> None:
        for steps, dense in ((1000, False), (25000, True)):
            record = train_record(self.place / "gd.zarr", steps=steps)
            out = self.place / "picture.svg"
            self.assertEqual(call(record, "--out", str(out)), (0, ""))
            self.assertEqual("<image" in out.read_text(), dense)

    def test_error_bars(self) -> None:
        figure = self.figure(sgd_record(self.place / "sgd.zarr"))
        axes = next(a for a in figure.axes if "E[RP]" in a.get_title(loc="left"))
        bars = axes.containers[0].lines[2][0].get_segments()
        self.assertAlmostEqual(bars[0][1][1] - bars[0][0][1], 0.1)

    def test_eigenvalues_of_both_ends(self) -> None:
        record = spectrum_record(self.place / "spectrum.zarr")
        self.assertEqual(self.titles(record), ["extreme eigenvalues", "spectral density"])
        heights = [list(c.lines[0].get_ydata()) for c in self.figure(record).axes[0].containers]
        self.assertEqual(heights, [[30, 22, 15, 9, 4], [-1, -0.5]])
        bottom = spectrum_record(
            self.place / "bottom.zarr", drop=("eigenvalue", "residual", "density")
        )
        self.assertEqual(self.titles(bottom), ["extreme eigenvalues"])


    def test_all_eigenvalues(self) -> None:
        every = [-2.0, -0.5, -1e-9, 0.0, 1e-9, *np.linspace(0.1, 0.4, 30), 8.0, 30.0]
        for name, values in (("one", every), ("other", [*every, 60.0])):
            write(
                self.place / f"{name}.zarr", {"all_eigenvalue": (("index",), values)},
                {"command": "spectrum", "all_rounding": 1e-6, "all_trace": 43.0, "all_negative": 2},
            )  # fmt: skip
        one, other = (str(self.place / f"{name}.zarr") for name in ("one", "other"))
        histogram, ranked = self.figure(one).axes
        self.assertEqual(histogram.texts[0].get_text(), "37 in all\n2 negative\ntrace 43")
        counts, edges, _ = histogram.patches[-1].get_data()
        self.assertEqual((counts.sum(), edges[0], edges[-1]), (37, -2.0, 30.0))
        positive, negative = (line.get_ydata() for line in ranked.get_lines()[:2])
        self.assertEqual((len(positive), positive[0], positive[1]), (32, 30.0, 8.0))
        self.assertEqual(list(negative), [2.0, 0.5])
        both = self.figure(one, other).axes[0]
        self.assertEqual({patch.get_data().edges[-1] for patch in both.patches}, {60.0})

    def test_all_eigenvalues_of_no_negative_and_no_spread(self) -> None:
        record = write(
            self.place / "s.zarr", {"all_eigenvalue": (("index",), [3.0, 3.0])},
            {"command": "spectrum", "all_rounding": 0.0, "all_negative": 0},
        )  # fmt: skip
        self.assertEqual(call(record, "--out", self.out), (0, ""))


class Thresholds(PlotTest):
    def level(self, **changes) -> tuple[str, float] | None:
        found = threshold(self.run_of(train_record(self.place / "run.zarr", **changes)))
        return None if found is None else (found.text, round(float(found.values[-1]), 6))

    def test_by_method(self) -> None:
        self.assertEqual(self.level(), ("2/η", 30.0))
        self.assertEqual(self.level(method="sgd"), ("2/η", 30.0))
        momentum = {"config": {"momentum": 0.9}}
        self.assertEqual(self.level(method="polyak", **momentum), ("(2+2β)/η", 57.0))
        self.assertEqual(
            self.level(method="nesterov", **momentum), ("(2+2β)/(1+2β)η", round(57.0 / 2.8, 6))
        )
        self.assertIsNone(self.level(method="polyak"))
        self.assertIsNone(self.level(method="flow"))
        name, last = self.level(method="normalized-gd")
        self.assertEqual((name, last), ("2‖g‖/η", round(30.0 * np.exp(-199 / 200), 6)))

    def test_drawn_where_it_is(self) -> None:
        figure = self.figure(train_record(self.place / "gd.zarr"))
        dashed = [
            round(float(line.get_ydata()[0]), 6)
            for axes in figure.axes[2:] for line in axes.get_lines() if line.is_dashed()
        ]  # fmt: skip
        self.assertEqual(dashed, [30.0, 30.0, 30.0])


class Views(PlotTest):
    def test_outliers_do_not_decide(self) -> None:
        values = np.sin(np.arange(1000.0))
        values[[0, 500]] = 1e6, -1e9
        low, high = robust_limits([values])
        self.assertLess(high, 5.0)
        self.assertGreater(low, -5.0)

    def test_ordinary_values_are_all_shown(self) -> None:
        values = np.linspace(-3.0, 8.0, 50)
        low, high = robust_limits([values, np.array([np.nan, np.inf])], references=(12.0,))
        self.assertTrue(low < -3.0 and high > 12.0)

    def test_no_values_no_limits(self) -> None:
        self.assertIsNone(robust_limits([np.full(3, np.nan)]))
        self.assertIsNone(loss_limits([np.array([0.0, -1.0, np.nan])]))

    def test_loss_shows_the_whole_fall_and_bounds_divergence(self) -> None:
        low, high = loss_limits([np.append([2.0], np.full(10000, 1e-9))])
        self.assertTrue(low < 1e-9 and high > 2.0)
        _, high = loss_limits([np.array([2.0, 3.0, 1e40, 1e80])])
        self.assertLess(high, 1e45)

    def test_clipped_points_are_marked(self) -> None:
        figure = self.figure(train_record(self.place / "gd.zarr"))
        axes = next(a for a in figure.axes if "directional" in a.get_title(loc="left"))
        marks = [line for line in axes.get_lines() if line.get_marker() == "^"]
        self.assertEqual([list(line.get_xdata()) for line in marks], [[0.0]])
        self.assertLess(axes.get_ylim()[1], 40 * 30)

    def test_running_median_removes_cycles_of_two(self) -> None:
        values = np.where(np.arange(1000) % 2, 1.0, -1.0)
        inside = train._running_median(values)[20:-20]
        np.testing.assert_array_equal(inside, np.zeros_like(inside))


class Names(PlotTest):
    def names(self, *rows: dict) -> list[str]:
        paths = [train_record(self.place / f"r{i}.zarr", **row) for i, row in enumerate(rows)]
        return labels([Record(path) for path in paths])

    def test_step_sizes_as_fractions(self) -> None:
        expected = {2 / 30: "2/30", 2 / 150: "2/150", 0.01: "2/200", 0.3: "0.3", 1.0: "1",
                    float(np.float32(2 / 60)): "2/60", 1.9: "1.9"}  # fmt: skip
        self.assertEqual({eta: fraction(eta) for eta in expected}, expected)

    def test_labels_say_what_differs(self) -> None:
        self.assertEqual(self.names({}, {"eta": 2 / 60}), ["η = 2/30", "η = 2/60"])
        self.assertEqual(self.names({}, {"activation": "relu"}), ["tanh", "ReLU"])
        self.assertEqual(
            self.names({"config": {"hidden": [200, 200]}}, {"config": {"hidden": [50]}}),
            ["hidden = 200–200", "hidden = 50"],
        )
        both = self.names({"method": "sgd", "config": {"batch_size": 32}}, {"eta": 2 / 60})
        self.assertEqual(both[0], "SGD, η = 2/30, batch size = 32")

    def test_equal_settings_are_told_apart_by_name(self) -> None:
        same = {"config": {}}
        self.assertEqual(self.names(same, same), ["r0", "r1"])
        third = self.names(same, same, {"config": {}, "eta": 2 / 60})
        self.assertEqual(third, ["η = 2/30 (r0)", "η = 2/30 (r1)", "η = 2/60"])

    def test_summary_says_what_is_shared(self) -> None:
        paths = [train_record(self.place / f"{n}.zarr", eta=2 / n) for n in (30, 60)]
        self.assertEqual(summary([Record(p) for p in paths]), "GD, tanh, cross-entropy")


class Errors(PlotTest):
    def test_what_is_not_a_record(self) -> None:
        self.assertIn("no such record", self.refused("/nowhere.zarr", "--out", self.out))
        (self.place / "file.zarr").write_text("text")
        (self.place / "empty.zarr").mkdir()
        for name in ("file.zarr", "empty.zarr"):
            line = self.refused(str(self.place / name), "--out", self.out)
            self.assertIn("not a record of brink", line)
        plain = write(self.place / "plain.zarr", {"step": (("step",), [0, 1])}, {})
        self.assertIn("no attribute 'command'", self.refused(plain, "--out", self.out))

    def test_damaged_record(self) -> None:
        path = self.place / "gd.zarr"
        record = train_record(path)
        next(path.glob("loss/0")).write_bytes(b"garbage")
        self.assertIn("cannot read variable 'loss'", self.refused(record, "--out", self.out))
        for metadata in (path / ".zmetadata", path / ".zgroup"):
            metadata.write_text("{")
        self.assertIn("cannot open the record", self.refused(record, "--out", self.out))

    def test_missing_variables(self) -> None:
        cases = {
            "loss": "variable 'loss' is missing", "step": "without a single step",
            "sharpness_step": "variable 'sharpness_step' is missing",
        }  # fmt: skip
        for name, message in cases.items():
            record = train_record(self.place / f"no-{name}.zarr", drop=(name,))
            self.assertIn(message, self.refused(record, "--out", self.out))
        wrong = train_record(self.place / "wrong.zarr", test_step=(("other",), [0, 1]))
        self.assertIn("'test_loss' has 40 rows where 2", self.refused(wrong, "--out", self.out))
        empty = spectrum_record(
            self.place / "s.zarr", drop=("eigenvalue", "bottom_eigenvalue", "density")
        )
        self.assertIn("neither eigenvalues nor", self.refused(empty, "--out", self.out))

    def test_kinds(self) -> None:
        gd = train_record(self.place / "gd.zarr")
        spectrum = spectrum_record(self.place / "spectrum.zarr")
        self.assertIn("cannot share a figure", self.refused(gd, spectrum, "--out", self.out))
        other = train_record(self.place / "other.zarr", command="teapot")
        self.assertIn("(known: train, spectrum", self.refused(other, "--out", self.out))

    def test_options(self) -> None:
        gd = train_record(self.place / "gd.zarr")
        bare = train_record(self.place / "bare.zarr", drop=("line_smoothness",))
        for arguments, message in (
            ((gd,), "--out"),
            ((gd, "--out", "picture.bmp"), ".png, .svg or .pdf"),
            ((gd, "--out", "picture"), ".png, .svg or .pdf"),
            ((gd, "--out", "/nowhere/picture.png"), "no directory /nowhere"),
            ((gd, "--out", self.out, "--labels", "a,b"), "2 labels for 1 records"),
            ((gd, "--out", self.out, "--style", "loud"), "paper"),
            ((gd, "--out", self.out, "--panels", ""), "unknown panel ''"),
            ((bare, "--out", self.out, "--panels", "line"), "none of the records holds 'line_"),
            (("--out", self.out), "RECORD"),
        ):
            self.assertIn(message, self.refused(*arguments))
        (self.place / "folder.png").mkdir()
        self.assertIn("directory", self.refused(gd, "--out", str(self.place / "folder.png")))

    def test_failed_drawing_keeps_the_old_picture(self) -> None:
        class Broken:
            def savefig(self, place, **_):
                Path(place).write_text("half")
                raise OSError(28, "No space left on device")

        Path(self.out).write_text("old")
        with self.assertRaisesRegex(Exception, "cannot write .*No space left"):
            save(Broken(), self.out, 100)
        self.assertEqual([p.name for p in self.place.iterdir()], ["picture.png"])
        self.assertEqual(Path(self.out).read_text(), "old")


class FindingPython(PlotTest):
    def find(self, **environment: str) -> subprocess.CompletedProcess:
        clean = {k: v for k, v in os.environ.items() if k != "BRINK_PYTHON"}
        return subprocess.run(
            [str(PLOT / "python")], env={**clean, "XDG_CACHE_HOME": str(self.place), **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    def test_named_python(self) -> None:
        self.assertEqual(self.find(BRINK_PYTHON=sys.executable).stdout, sys.executable + "\n")
        wrong = self.find(BRINK_PYTHON="/nowhere/python")
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertRegex(wrong.stderr, r"\Abrink plot: [^\n]*no such program\n\Z")
        poor = self.find(BRINK_PYTHON="/bin/false")
        self.assertEqual((poor.returncode, poor.stdout), (1, ""))
        self.assertRegex(poor.stderr, r"\Abrink plot: [^\n]*lacks one of the modules[^\n]*\n\Z")

    def test_python_on_the_path_is_remembered(self) -> None:
        folder = self.place / "bin"
        folder.mkdir()
        stand_in = folder / "python3"
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        stand_in.chmod(0o755)
        first = self.find(PATH=f"{folder}:{os.environ['PATH']}")
        self.assertEqual((first.stdout, first.stderr), (f"{stand_in}\n", ""))
        again = self.find()  # no longer on the path
        self.assertEqual((again.stdout, again.stderr), (f"{stand_in}\n", ""))


if __name__ == "__main__":
    unittest.main()
