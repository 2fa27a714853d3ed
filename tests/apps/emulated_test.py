"""The program on the emulated device (--device cuda), against the same program on the CPU."""

from __future__ import annotations

import unittest

import numpy as np

from support import ProgramTest, open_record, tree

NETWORK = ("--data", "synthetic:examples=60,features=9,classes=3", "--hidden", "7,5")
STEPS = {"float32": 1e-4, "float64": 1e-10}  # 20 steps of gradient descent, relative
ALIGNMENT = {"float32": 1e-3, "float64": 1e-9}  # the same products at both, so far better than 1e-3
SPECTRUM = {"float32": 1e-4, "float64": 1e-9}


class OnBothDevices(ProgramTest):
    def records(self, *arguments: object):
        """What the same command writes on the CPU and on the device."""
        found = []
        for device in ("cpu", "cuda"):
            out = f"{device}-{len(list(self.place.iterdir()))}.zarr"
            self.succeed(*arguments, "--device", device, "--threads", 2, "--quiet", "--out", out)
            found.append(open_record(self.place / out))
        self.assertEqual([record.attrs["backend"] for record in found], ["cpu", "cuda"])
        return found

    def assert_close(self, got, want, tolerance: float, name: str) -> None:
        got, want = np.asarray(got, float), np.asarray(want, float)
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want), name)
        scale = np.nanmax(np.abs(want), initial=0.0)
        difference = np.nanmax(np.abs(got - want), initial=0.0)
        self.assertLessEqual(difference, tolerance * max(scale, 1e-30), name)

    def test_train_follows_the_cpu(self) -> None:
        methods = {
            "gd": ("--lr", "2/5"), "gd by the Gram matrix": ("--lr", "2/5", "--gram"),
            "normalized": ("--method", "normalized-gd", "--lr", 0.1),
            "square root": ("--objective", "sqrt", "--lr", 0.2),
            "polyak": ("--method", "polyak", "--lr", 0.1),
            "nesterov": ("--method", "nesterov", "--lr", 0.1, "--loss", "mse"),
            "sgd": ("--method", "sgd", "--batch-size", 16, "--lr", 0.2),
            "flow": ("--method", "flow", "--lr", 0.1, "--sharpness-every", 5),
        }  # fmt: skip
        for precision, tolerance in STEPS.items():
            for method, arguments in methods.items():
                with self.subTest(precision=precision, method=method):
                    cpu, cuda = self.records("train", *NETWORK, "--precision", precision,
                                             "--steps", 20, *arguments)  # fmt: skip
                    self.assertEqual(cpu.attrs["stop_reason"], cuda.attrs["stop_reason"])
                    for name in ("loss", "gradient_norm"):
                        self.assert_close(cuda[name], cpu[name], tolerance, name)
                    np.testing.assert_array_equal(cuda["accuracy"], cpu["accuracy"])

    def test_diagnostics_follow_the_cpu(self) -> None:
        for precision, tolerance in STEPS.items():
            for activation in ("tanh", "gelu"):
                cpu, cuda = self.records(
                    "train", *NETWORK, "--precision", precision, "--activation", activation,
                    "--lr", "2/5", "--steps", 20, "--sharpness-every", 7, "--top", 2,
                    "--line-every", 5, "--line-points", 9)  # fmt: skip
                self.assert_close(cuda["sharpness"], cpu["sharpness"], 10 * tolerance, "sharpness")
                alignment = "gradient_alignment"
                self.assert_close(cuda[alignment], cpu[alignment], ALIGNMENT[precision], alignment)
                smoothness = "line_smoothness"
                self.assert_close(cuda[smoothness], cpu[smoothness], 100 * tolerance, smoothness)
                for name in ("relative_progress", "directional_smoothness"):
                    self.assert_close(cuda[name], cpu[name], 100 * tolerance, name)

    def test_spectrum_follows_the_cpu(self) -> None:
        for precision, tolerance in SPECTRUM.items():
            cpu, cuda = self.records("spectrum", *NETWORK, "--precision", precision,
                                     "--top", 3, "--bottom", 2, "--trace")  # fmt: skip
            for name in ("eigenvalue", "bottom_eigenvalue"):
                self.assert_close(cuda[name], cpu[name], tolerance, name)
            trace = "trace"
            self.assert_close(cuda.attrs[trace], cpu.attrs[trace], tolerance, trace)

    def test_whole_spectrum_follows_the_cpu(self) -> None:
        for precision, tolerance in SPECTRUM.items():
            cpu, cuda = self.records("spectrum", *NETWORK, "--precision", precision, "--all",
                                     "--top", 3, "--bottom", 2)  # fmt: skip
            for record in (cpu, cuda):
                every = record.all_eigenvalue.values
                self.assertEqual(len(every), record.attrs["parameters"])
                self.assert_close(every[:-4:-1], record.eigenvalue, 1e-3, "largest")
                self.assert_close(every[:2], record.bottom_eigenvalue, 1e-3, "smallest")
                self.assert_close(record.attrs["all_trace"], every.sum(), 1e-12, "trace")
            self.assert_close(cuda.all_eigenvalue, cpu.all_eigenvalue, tolerance, "all_eigenvalue")
            self.assertEqual(cuda.attrs["all_negative"], cpu.attrs["all_negative"])

    def test_tf32_changes_little(self) -> None:
        # Wide enough that the products with the data are the library's.
        wide = ("--data", "synthetic:examples=60,features=600,classes=3", "--hidden", "250",
                "--device", "cuda", "--lr", "2/5", "--no-gram", "--quiet")  # fmt: skip
        records = []
        for tf32 in ((), ("--tf32",)):
            out = f"run{len(records)}.zarr"
            self.succeed("train", *wide, *tf32, "--steps", 5, "--sharpness-every", 5, "--out", out)
            record = open_record(self.place / out)
            self.assertEqual(bool(record.attrs["tf32"]), bool(tf32))
            self.assertEqual(record.attrs["config"]["tf32"], bool(tf32))
            records.append(record)
        exact, rounded = records
        self.assertEqual(float(rounded.loss[0]), float(exact.loss[0]), "values are exact")
        for name in ("gradient_norm", "relative_progress", "directional_smoothness", "sharpness"):
            first, other = float(exact[name].values.flat[0]), float(rounded[name].values.flat[0])
            self.assertNotEqual(other, first, name)
            self.assertLess(abs(other - first), 2e-3 * abs(first), name)

    def test_tf32_leaves_parameters_where_the_losses_are(self) -> None:
        # The Gram matrix moves the first layer's preactivation, and the parameters are made from it.
        wide = ("--data", "synthetic:examples=60,features=600,classes=3", "--hidden", "250",
                "--device", "cuda", "--tf32", "--quiet")  # fmt: skip
        self.succeed("train", *wide, "--gram", "--lr", "2/5", "--steps", 20, "--save-params",
                     "theta.npy", "--out", "run.zarr")  # fmt: skip
        self.succeed("train", *wide, "--no-gram", "--init", "npy:theta.npy", "--steps", 0,
                     "--out", "again.zarr")  # fmt: skip
        run, again = (open_record(self.place / name) for name in ("run.zarr", "again.zarr"))
        self.assert_close(again.loss[0], run.loss[-1], 1.5e-5, "loss")  # else 5e-5

    def test_basin_verdicts_are_those_of_the_cpu(self) -> None:
        for precision in STEPS:
            for landscape, step in (("f1", 0.3), ("f2", 0.4), ("f3", 0.06), ("f4", 0.3)):
                with self.subTest(precision=precision, landscape=landscape):
                    cpu, cuda = self.records(
                        "basin", "--landscape", landscape, "--lr", step, "--x", "-2:2:61",
                        "--y", "-2:2:47", "--precision", precision)  # fmt: skip
                    for name in ("outcome", "minimum", "steps", "rises", "last_rise"):
                        np.testing.assert_array_equal(cuda[name], cpu[name], name)
                    self.assertEqual(cuda.attrs["summary"], cpu.attrs["summary"])

    def test_runs_repeat_bit_for_bit(self) -> None:
        for out in ("one.zarr", "two.zarr"):
            self.succeed("train", *NETWORK, "--device", "cuda", "--steps", 15, "--quiet",
                         "--sharpness-every", 5, "--line-every", 5, "--out", out)  # fmt: skip
        first, second = (open_record(self.place / out) for out in ("one.zarr", "two.zarr"))
        for name in first.variables:
            np.testing.assert_array_equal(first[name], second[name], name)

    def test_a_resumed_run_is_the_uninterrupted_one(self) -> None:
        command = ("train", *NETWORK, "--device", "cuda", "--steps", 300, "--sharpness-every", 10)
        self.succeed(*command, "--out", "whole.zarr")
        run = self.start(*command, "--out", "parts.zarr")
        self.wait_for(self.place / "parts.zarr", run)
        self.wait_until_it_listens(run)
        run.terminate()
        run.communicate()
        self.assertEqual(run.returncode, 143)
        self.succeed(*command, "--out", "parts.zarr", "--resume")
        whole, parts = (open_record(self.place / out) for out in ("whole.zarr", "parts.zarr"))
        for name in whole.variables:
            np.testing.assert_array_equal(whole[name], parts[name], name)

    def test_info_lists_the_device(self) -> None:
        lines = self.succeed("info").splitlines()
        self.assertTrue(any(line.startswith("device cuda:0: ") for line in lines), lines)


class WhenMemoryIsShort(ProgramTest):
    """A run that needs more than there is says so before it begins."""

    COMMANDS = {
        "train": ("train", *NETWORK, "--device", "cuda", "--steps", 5, "--sharpness-every", 2),
        "spectrum": ("spectrum", *NETWORK, "--device", "cuda", "--top", 2),
        "basin": ("basin", "--landscape", "f4", "--x", "-2:2:30", "--device", "cuda"),
    }  # fmt: skip

    def limited(self, bytes: int, *command: object):
        return self.brink(*command, environment={"BRINK_EMULATED_MEMORY": str(bytes)})

    def test_it_is_one_line_and_no_record(self) -> None:
        for name, command in self.COMMANDS.items():
            with self.subTest(command=name):
                self.succeed(*command, "--out", "first.zarr", "--overwrite")
                planned = open_record(self.place / "first.zarr").attrs["memory_planned_bytes"]
                before = tree(self.place)
                for out in (("--out", f"{name}.zarr"), ("--out", "first.zarr", "--overwrite")):
                    done = self.limited(planned - 1, *command, *out)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertEqual(done.stdout, "")
                    self.assertRegex(
                        done.stderr,
                        r"\Abrink: not enough memory: this needs up to \d+\.\d [KM]iB on cuda:0 \(.* [KM]iB.*\), "
                        r"and \d+\.\d [KM]iB of \d+\.\d [KM]iB are available; what would help: .+\n\Z")
                    self.assertEqual(tree(self.place), before)
                done = self.limited(planned, *command, "--out", f"{name}.zarr")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertRegex(done.stdout, r"\Amemory: at most \d+\.\d [KM]iB on cuda:0 \(")

    def test_info_tells_what_there_is(self) -> None:
        lines = self.limited(3 << 20, "info").stdout.splitlines()
        self.assertTrue(any(line.startswith("device cuda:0: ") and line.endswith("; 3.0 MiB of 3.0 MiB available")
                            for line in lines), lines)  # fmt: skip


class WhenTheDeviceFails(ProgramTest):
    """A failure at any place is one clear line and exit code 1, and what was done is saved."""

    TRAIN = ("train", *NETWORK, "--device", "cuda", "--steps", 6, "--sharpness-every", 3,
             "--line-every", 3, "--quiet")  # fmt: skip
    BASIN = ("basin", "--landscape", "f4", "--lr", "0.1,0.3", "--x", "-2:2:40", "--y", "-2:2:40",
             "--device", "cuda", "--quiet")  # fmt: skip

    def fails(self, kind: str, nth: int, out: str, *command: object) -> str | None:
        """What it says when its nth operation of a kind fails; None if it has no so many."""
        done = self.brink(*command, "--out", out, environment={"BRINK_EMULATED_FAIL": f"{kind}:{nth}"})
        if done.returncode == 0:
            return None
        self.assertEqual(done.returncode, 1, done.stderr)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        return lines[0]

    def sweep(self, kind: str, *command: object):
        """Fails each operation of a kind in turn; the records that are left, and the messages."""
        nth = 1
        while True:
            out = f"{kind}-{nth}.zarr"
            message = self.fails(kind, nth, out, *command)
            if message is None:
                break
            yield self.place / out, message
            nth += 1 if nth < 40 else 11
        self.assertGreater(nth, 10, "too few operations for a test")

    def test_of_each_launch(self) -> None:
        rows = 0
        for record, message in self.sweep("launch", *self.TRAIN):
            self.assertRegex(message, r"kernel \w+ \(grid \d+ x \d+ x \d+, block \d+")
            if record.exists():
                rows = max(rows, open_record(record).sizes["step"])
        self.assertGreaterEqual(rows, 4)

    def test_of_each_allocation(self) -> None:
        for record, message in self.sweep("allocation", *self.TRAIN):
            self.assertRegex(message, r"cannot allocate \d+ bytes")
            if record.exists():
                open_record(record)

    def test_of_the_whole_device(self) -> None:
        for record, message in self.sweep("device", *self.TRAIN):
            self.assertIn("the device was lost", message)
            if record.exists():
                open_record(record)

    def test_of_a_scan_that_goes_on_afterwards(self) -> None:
        self.succeed(*self.BASIN, "--out", "whole.zarr")
        whole = open_record(self.place / "whole.zarr")
        for nth, kernel in ((1, "basin"), (2, "boxes"), (3, "basin")):
            out = f"part-{nth}.zarr"
            self.assertIn(f"kernel {kernel}", self.fails("launch", nth, out, *self.BASIN))
            self.succeed(*self.BASIN, "--out", out, "--resume")
            part = open_record(self.place / out)
            for name in whole.variables:
                np.testing.assert_array_equal(whole[name], part[name], name)


if __name__ == "__main__":
    unittest.main()
