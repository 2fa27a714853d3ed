"""What a run on the CPU says that it needs, against what the process takes."""

from __future__ import annotations

import time
import unittest
from pathlib import Path

from support import ProgramTest, open_record

EXAMPLES, FEATURES = 2500, 1200
DATA = 4 * EXAMPLES * FEATURES  # bytes, as float32
RUN = ("train", "--data", f"synthetic:examples={EXAMPLES},features={FEATURES},classes=5", "--hidden", "300,150",
       "--device", "cpu", "--threads", 2, "--steps", 4, "--quiet", "--overwrite")  # fmt: skip


class OnTheCpu(ProgramTest):
    def peak(self, *arguments: object) -> int:
        """The most memory that a run had, in bytes. Asked while it runs: what the kernel says of a child
        that has ended is at least what its parent had."""
        run = self.start(*arguments, "--out", "run.zarr", stdout=None, stderr=None)
        kilobytes = 0
        while run.poll() is None:
            for line in Path(f"/proc/{run.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):  # not after its end
                    kilobytes = int(line.split()[1])
            time.sleep(0.002)
        self.assertEqual(run.returncode, 0)
        return 1024 * kilobytes

    def planned(self) -> int:
        return open_record(self.place / "run.zarr").attrs["memory_planned_bytes"]

    def test_the_plan_bounds_what_the_process_takes(self) -> None:
        # The program itself, and what its BLAS sets aside.
        program = self.peak("train", "--data", "synthetic:examples=2000,features=20", "--hidden", "200",
                            "--device", "cpu", "--threads", 2, "--steps", 1, "--quiet", "--overwrite")  # fmt: skip
        runs = {
            "by the data": ("--no-gram",),
            "by the Gram matrix": ("--gram",),
            "momentum": ("--method", "nesterov"),
            "sharpness": ("--no-gram", "--sharpness-every", 1),
            "five eigenvalues": ("--no-gram", "--sharpness-every", 2, "--top", 5),
            "lines": ("--no-gram", "--line-every", 1),
        }  # fmt: skip
        for name, settings in runs.items():
            with self.subTest(run=name):
                taken = self.peak(*RUN, *settings) - program
                planned = self.planned()
                # The data are there once more while they are loaded, before the rest; and parameters are
                # on the host at times.
                self.assertLess(taken, max(planned, 2.5 * DATA) + 0.15 * planned)
                self.assertGreater(taken, 0.5 * planned)

    def test_a_run_that_does_not_fit_is_refused(self) -> None:
        for command in (("train", "--sharpness-every", 1), ("spectrum",)):
            done = self.brink(*command, "--hidden", "700,700", "--top", 300000, "--device", "cpu", "--out", "x.zarr")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(
                done.stderr,
                r"\Abrink: not enough memory: this needs up to \d+\.\d TiB on cpu \(.*eigenvectors .*\), "
                r"and \d+\.\d .iB of \d+\.\d .iB are available; what would help: .*smaller --top.*\n\Z")
            self.assertEqual(list(self.place.iterdir()), [])

    def test_info_tells_what_there_is(self) -> None:
        self.assertRegex(self.succeed("info"), r"(?m)^device cpu: .*; \d+\.\d .iB of \d+\.\d .iB available$")


if __name__ == "__main__":
    unittest.main()
