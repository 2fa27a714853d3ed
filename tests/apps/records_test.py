"""What a record tells its reader, and what the program tells its user."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import time
import unittest

import numpy as np

from support import BRINK, ENVIRONMENT, ProgramTest, open_record

SMALL = ("--data", "synthetic:examples=60,features=6,classes=3", "--hidden", "7,5")
STEP = ("loss", "accuracy", "gradient_norm", "relative_progress", "directional_smoothness")
COMMON = {"brink_version", "brink_format", "Conventions", "command", "backend", "precision", "threads",
          "activation", "loss_name", "widths", "parameters", "examples", "config"}  # fmt: skip


class Records(ProgramTest):
    def check_described(self, record) -> None:
        for name, variable in record.variables.items():
            self.assertIn("long_name", variable.attrs, name)
            self.assertEqual(variable.attrs["units"], "1", name)

    def check_nan(self, record, expected: dict[str, list[int]]) -> None:
        """NaN is where it is expected along the first dimension, and nowhere else."""
        for name, variable in record.variables.items():
            if variable.dtype.kind != "f":
                continue
            rows = np.isnan(variable.values).reshape(len(variable), -1).any(axis=1)
            self.assertEqual(np.flatnonzero(rows).tolist(), expected.get(name, []), name)

    def test_train(self) -> None:
        rng = np.random.default_rng(0)
        for name, count in (("", 40), ("t", 11)):
            self.save(f"x{name}.npy", rng.normal(size=(count, 5)))
            self.save(f"y{name}.npy", np.arange(count) % 3)
        self.succeed("train", "--data", "npy:x.npy,y.npy,xt.npy,yt.npy", "--hidden", "7,5",
                     "--steps", 10, "--sharpness-every", 4, "--top", 2, "--line-every", 5,
                     "--line-points", 8, "--segment-every", 6, "--segment-points", 4,
                     "--test-every", 3, "--out", "run.zarr")  # fmt: skip
        record = open_record(self.place / "run.zarr")
        self.assertEqual(
            dict(record.sizes),
            {"step": 11, "sharpness_step": 4, "rank": 2, "line_step": 2, "tau": 8, "test_step": 5,
             "segment_step": 2, "segment_tau": 5},
        )  # fmt: skip
        self.assertEqual(set(record.coords), set(record.sizes))
        for name, values in {
            "step": range(11), "sharpness_step": (0, 4, 8, 10), "rank": (1, 2),
            "line_step": (0, 5), "tau": np.arange(1, 9) / 8, "test_step": (0, 3, 6, 9, 10),
            "segment_step": (0, 6), "segment_tau": np.arange(5) / 4,
        }.items():  # fmt: skip
            np.testing.assert_array_equal(record[name], list(values), name)
        dimensions = {name: ("step",) for name in STEP} | {
            "sharpness": ("sharpness_step", "rank"), "hvp_count": ("sharpness_step",),
            "coarse_hvp_count": ("sharpness_step",),
            "sharpness_residual": ("sharpness_step", "rank"),
            "gradient_alignment": ("sharpness_step", "rank"),
            "line_smoothness": ("line_step", "tau"), "line_progress": ("line_step",),
            "segment_sharpness": ("segment_step", "segment_tau"),
            "segment_sharpness_residual": ("segment_step", "segment_tau"),
            "test_loss": ("test_step",), "test_accuracy": ("test_step",),
        }  # fmt: skip
        self.assertEqual({name: v.dims for name, v in record.data_vars.items()}, dimensions)
        self.check_described(record)
        self.check_nan(record, {"relative_progress": [10], "directional_smoothness": [10]})
        self.check_train_attributes(record.attrs)
        self.assertTrue((record.sharpness[:, 0] >= record.sharpness[:, 1]).all())

    def check_train_attributes(self, attributes: dict) -> None:
        self.assertLessEqual(COMMON | {"method", "learning_rate", "objective", "stop_reason"},
                             set(attributes))  # fmt: skip
        self.assertEqual(attributes["stop_reason"], "steps")
        self.assertEqual(attributes["command"], "train")
        self.assertEqual(attributes["learning_rate"], 2 / 20)
        self.assertEqual(attributes["widths"], [5, 7, 5, 3])
        self.assertEqual(attributes["parameters"], 5 * 7 + 7 + 7 * 5 + 5 + 5 * 3 + 3)
        config = attributes["config"]
        for key, value in {"hidden": [7, 5], "lr": 2 / 20, "steps": 10, "top": 2, "method": "gd",
                           "sharpness_every": 4, "loss": "cross-entropy", "seed": 0}.items():  # fmt: skip
            self.assertEqual(config[key], value)
        version = self.succeed("--version").split()
        self.assertEqual(version, ["brink", attributes["brink_version"]])

    def test_sgd(self) -> None:
        self.succeed("train", *SMALL, "--method", "sgd", "--batch-size", 8, "--steps", 9,
                     "--expectation-every", 3, "--draws", 4, "--out", "sgd.zarr")  # fmt: skip
        record = open_record(self.place / "sgd.zarr")
        self.assertEqual(record.expectation_step.values.tolist(), [0, 3, 6, 9])
        for name in ("full_loss", "full_accuracy", "full_gradient_norm",
                     "expected_relative_progress", "expected_relative_progress_error",
                     "expected_smoothness", "expected_smoothness_error"):  # fmt: skip
            self.assertEqual(record[name].dims, ("expectation_step",))
        self.check_described(record)
        self.assertTrue((record.expected_relative_progress_error > 0).all())

    def test_regression_has_no_accuracy(self) -> None:
        rng = np.random.default_rng(0)
        self.save("x.npy", rng.normal(size=(20, 3))), self.save("y.npy", rng.normal(size=(20, 2)))
        stdout = self.succeed("train", "--data", "npy:x.npy,y.npy", "--loss", "mse", "--steps", 4,
                              "--out", "run.zarr")  # fmt: skip
        self.assertNotIn("accuracy", stdout)
        record = open_record(self.place / "run.zarr")
        self.assertTrue(np.isnan(record.accuracy).all())

    def test_spectrum(self) -> None:
        self.succeed("spectrum", *SMALL, "--top", 3, "--bottom", 2, "--density", "--precision",
                     "float64", "--tolerance", 1e-6, "--out", "s.zarr")  # fmt: skip
        record = open_record(self.place / "s.zarr")
        sizes = dict(record.sizes)
        self.assertEqual((sizes["rank"], sizes["bottom_rank"]), (3, 2))
        self.assertEqual(set(record.coords), {"rank", "bottom_rank", "lambda"})
        self.assertEqual(record.eigenvalue.dims, ("rank",))
        self.check_described(record)
        self.check_nan(record, {})
        self.assertLessEqual(COMMON | {"trace", "trace_error", "loss", "accuracy", "gradient_norm"},
                             set(record.attrs))  # fmt: skip
        self.assertTrue((np.diff(record.eigenvalue) < 0).all())
        self.assertTrue((record.residual <= 1e-6 * abs(record.eigenvalue)).all())
        area = float(record.density.integrate("lambda"))
        self.assertAlmostEqual(area, 1, delta=0.01)

    def test_whole_spectrum(self) -> None:
        stdout = self.succeed("spectrum", *SMALL, "--all", "--top", 3, "--bottom", 2, "--precision",
                              "float64", "--tolerance", 1e-9, "--trace", "--out", "s.zarr")  # fmt: skip
        record = open_record(self.place / "s.zarr")
        count = record.attrs["parameters"]
        self.assertEqual(record.all_eigenvalue.dims, ("index",))
        np.testing.assert_array_equal(record.index, np.arange(1, count + 1))
        self.check_described(record)
        self.check_nan(record, {})
        every = record.all_eigenvalue.values
        self.assertTrue((np.diff(every) >= 0).all())
        np.testing.assert_allclose(every[:-4:-1], record.eigenvalue, rtol=1e-8)
        np.testing.assert_allclose(every[:2], record.bottom_eigenvalue, rtol=1e-8)
        trace, error = record.attrs["trace"], record.attrs["trace_error"]
        self.assertAlmostEqual(record.attrs["all_trace"], every.sum(), places=12)
        self.assertLess(abs(trace - every.sum()), 5 * error)
        negative = int((every < -record.attrs["all_rounding"]).sum())
        self.assertEqual(record.attrs["all_negative"], negative)
        self.assertTrue(0 < negative < count / 2)
        self.assertIn(f"all {count} eigenvalues: ", stdout)
        self.assertIn(f" {negative} of them below -", stdout)

    def test_spectrum_agrees_with_training(self) -> None:
        self.succeed("train", *SMALL, "--steps", 20, "--sharpness-every", 20, "--precision",
                     "float64", "--save-params", "theta.npy", "--out", "run.zarr")  # fmt: skip
        self.succeed("spectrum", *SMALL, "--init", "npy:theta.npy", "--top", 1, "--precision",
                     "float64", "--out", "s.zarr")  # fmt: skip
        run, spectrum = open_record(self.place / "run.zarr"), open_record(self.place / "s.zarr")
        sharpness = float(run.sharpness[-1, 0])
        self.assertAlmostEqual(float(spectrum.eigenvalue[0]) / sharpness, 1, delta=2e-3)
        self.assertAlmostEqual(spectrum.attrs["loss"], float(run.loss[-1]), places=12)
        self.assertEqual(np.load(self.place / "theta.npy").shape, (run.attrs["parameters"],))

    def test_divergence_is_a_result(self) -> None:
        stdout = self.succeed("train", *SMALL, "--loss", "mse", "--activation", "relu", "--lr", 50,
                              "--sharpness-every", 1, "--out", "run.zarr")  # fmt: skip
        self.assertIn("diverged", stdout)
        self.assertEqual(open_record(self.place / "run.zarr").attrs["stop_reason"], "diverged")

    def test_stop_reasons(self) -> None:
        for option, value, reason in (("--until-loss", 1.0, "loss"), ("--steps", 2, "steps"),
                                      ("--until-accuracy", "1/2", "accuracy")):  # fmt: skip
            self.succeed("train", *SMALL, option, value, "--overwrite", "--out", "run.zarr")
            record = open_record(self.place / "run.zarr")
            self.assertEqual(record.attrs["stop_reason"], reason)

    def test_stationary_start(self) -> None:
        self.save("x.npy", np.ones((3, 2))), self.save("y.npy", np.zeros((3, 1)))
        self.save("theta.npy", np.zeros(3))
        command = ("train", "--data", "npy:x.npy,y.npy", "--loss", "mse", "--hidden", "none",
                   "--init", "npy:theta.npy", "--save-params", "end.npy", "--out", "r.zarr")  # fmt: skip
        for method in ("gd", "polyak", "nesterov", "normalized-gd"):
            with self.subTest(method):
                stdout = self.succeed(*command, "--method", method, "--overwrite")
                self.assertIn("stationary after 0 steps", stdout)
                self.assertEqual(open_record(self.place / "r.zarr").sizes["step"], 1)
                np.testing.assert_array_equal(np.load(self.place / "end.npy"), np.zeros(3))

    def test_overwrite(self) -> None:
        for command in ("train", "--steps", 3), ("spectrum", "--top", 1):
            for seed in (0, 1):
                self.succeed(*command, *SMALL, "--seed", seed, "--overwrite", "--out", "r.zarr")
                config = open_record(self.place / "r.zarr").attrs["config"]
                self.assertEqual(config["seed"], seed)
        self.assertEqual([path.name for path in self.place.iterdir()], ["r.zarr"])


class Talk(ProgramTest):
    def test_help_shows_defaults(self) -> None:
        for command, options in {
            (): ("train", "spectrum", "plot", "info"),
            ("train",): ("--lr", "2/20", "--steps", "1000", "--hidden", "100,100", "run.zarr",
                         "--method", "tanh", "cross-entropy", "float32", "auto", "synthetic"),
            ("spectrum",): ("--top", "5", "--tolerance", "0.001", "--probes", "spectrum.zarr"),
            ("plot",): ("--out", "brink.png", "--panels", "--labels", "--style"),
            ("info",): ("info",),
        }.items():  # fmt: skip
            done = self.brink(*command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for word in options:
                self.assertIn(word, done.stdout, command)

    def test_info(self) -> None:
        lines = self.succeed("info").splitlines()
        self.assertRegex(lines[0], r"\Abrink \d+\.\d+\.\d+\Z")
        self.assertTrue(any(line.startswith("backends: cpu") for line in lines))
        self.assertTrue(any(line.startswith("device cpu") for line in lines))

    def test_quiet(self) -> None:
        for command in ("train", "--steps", 3), ("spectrum", "--top", 1):
            done = self.brink(*command, *SMALL, "--quiet", "--out", f"{command[0]}.zarr")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_report(self) -> None:
        done = self.brink("train", *SMALL, "--steps", 30, "--sharpness-every", 10, "--line-every",
                          10, "--save-params", "theta.npy", "--out", "run.zarr")  # fmt: skip
        self.assertEqual(done.stderr, "")
        for word in ("steps after 30 steps", "loss", "accuracy", "sharpness", "identity (4.2)",
                     "record: run.zarr", "parameters: theta.npy"):  # fmt: skip
            self.assertIn(word, done.stdout)

    def on_terminal(self, *arguments: object, seconds: float) -> str:
        """What a run shows on a terminal until it is done or, after a while, interrupted."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.place)
            os.execve(BRINK, [BRINK, *map(str, arguments)], ENVIRONMENT)
        shown, start = b"", time.monotonic()
        while True:
            if time.monotonic() - start > seconds:
                os.kill(child, 2)
                start = float("inf")
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
        os.close(terminal)
        os.waitpid(child, 0)
        return shown.decode()

    def test_progress_on_a_terminal_is_one_line(self) -> None:
        shown = self.on_terminal("train", *SMALL, "--steps", 10**8, "--sharpness-every", 1000,
                                 "--threads", 1, "--out", "run.zarr", seconds=2.5)  # fmt: skip
        plan, progress, rest = shown.split("\r\n")
        self.assertRegex(plan, r"\Amemory: at most ")
        self.assertEqual(rest, "", shown)
        updates = progress.split("\r")
        self.assertEqual(updates[0], "")
        self.assertGreaterEqual(len(updates), 5, shown)
        line = r"step \d+/100000000  [\d.]+/s  ETA \w+  loss [\d.e+-]+  accuracy [\d.]+ %"
        for update in updates[1:-1]:
            self.assertRegex(update, rf"\A{line}(  sharpness [\d.e+-]+)?\x1b\[K\Z")
        self.assertRegex(updates[-1], r"\A\x1b\[Kbrink: interrupted after \d+ steps; .*--resume\Z")
        steps = [int(re.match(r"step (\d+)", update)[1]) for update in updates[1:-1]]
        self.assertEqual(steps, sorted(steps))

    def test_quiet_on_a_terminal(self) -> None:
        shown = self.on_terminal("train", *SMALL, "--steps", 5000, "--threads", 1, "--quiet",
                                 seconds=60)  # fmt: skip
        self.assertEqual(shown, "")

    def test_unconsolidated_metadata_agrees(self) -> None:
        self.succeed("train", *SMALL, "--steps", 3, "--out", "run.zarr")
        place = self.place / "run.zarr"
        consolidated = json.loads((place / ".zmetadata").read_text())["metadata"]
        for name, document in consolidated.items():
            self.assertEqual(json.loads((place / name).read_text()), document, name)


if __name__ == "__main__":
    unittest.main()
