"""A file system that is full, or takes no more writes: one line says what happened and how to go on,
and nothing that was written is lost."""

from __future__ import annotations

import subprocess
import unittest

from support import ProgramTest, open_record, tree

TRAIN = ("train", "--data", "synthetic:examples=60,features=9,classes=3", "--hidden", "7,5", "--lr", 0.1,
         "--steps", 40_000, "--checkpoint-every", 2000, "--quiet")  # fmt: skip
SCAN = ("basin", "--landscape", "f4", "--lr", "0.1,0.3", "--x", "-4:4:2500", "--quiet")
GO_ON = "; what was written is kept: go on with --resume"
FULL = rf"\Abrink: cannot [^\n]+: No space left on device{GO_ON}\n\Z"


class SmallDisk(ProgramTest):
    """In a file system of its own, whose size can be set."""

    def setUp(self) -> None:
        super().setUp()
        self.disk = self.place / "disk"
        self.disk.mkdir()
        mount = ("mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", self.disk)
        if subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("file systems cannot be mounted here")
        self.addCleanup(subprocess.run, ("umount", self.disk), check=True)

    def remount(self, option: str) -> None:
        subprocess.run(("mount", "-o", f"remount,{option}", self.disk), check=True)

    def check_full(self, command: tuple, whole: str, sizes: tuple[str, ...]) -> None:
        """The same record in the end, on a disk that is full several times and then enlarged."""
        self.succeed(*command, "--out", whole)
        resume: tuple = ()
        for size in sizes:
            self.remount(f"size={size}")
            done = self.brink(*command, "--out", "disk/run.zarr", *resume)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertRegex(done.stderr, FULL)
            self.assertIn(self.brink("verify", "disk/run.zarr").returncode, (0, 1))
            open_record(self.disk / "run.zarr").close()
            resume = ("--resume",)
        self.remount("size=100m")
        self.succeed(*command, "--out", "disk/run.zarr", "--resume")
        self.assertEqual(tree(self.disk / "run.zarr"), tree(self.place / whole))
        self.assertRegex(self.succeed("verify", "disk/run.zarr"), "sound, finished")

    def test_training(self) -> None:
        self.check_full(TRAIN, "train.zarr", ("200k", "400k", "600k"))

    def test_scan(self) -> None:
        self.check_full(SCAN, "scan.zarr", ("700k", "1000k", "1400k"))

    def test_too_small_for_anything(self) -> None:
        for command in TRAIN, SCAN:
            self.remount("size=16k")
            done = self.brink(*command, "--out", "disk/run.zarr")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"\Abrink: cannot [^\n]+: No space left on device[^\n]*\n\Z")
            self.remount("size=100m")
            self.succeed(*command, "--out", "disk/run.zarr", "--resume")
            self.succeed("verify", "disk/run.zarr")
            subprocess.run(("rm", "-r", self.disk / "run.zarr"), check=True)

    def test_read_only(self) -> None:
        self.succeed(*SCAN, "--out", "disk/run.zarr")
        self.remount("ro")
        before = tree(self.disk)
        for command in (SCAN, TRAIN), (TRAIN, SCAN):
            done = self.brink(*command[0], "--out", "disk/new.zarr")
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, r"\Abrink: --out 'disk/new.zarr': [^\n]+cannot be written to\n\Z")
        self.assertRegex(self.succeed("verify", "disk/run.zarr"), "sound, finished")
        self.assertEqual(tree(self.disk), before)
        self.remount("rw")

    def test_becomes_read_only(self) -> None:
        run = self.start(*SCAN[:-2], "-4:4:20000", "--quiet", "--out", "disk/run.zarr")
        self.wait_for(self.disk / "run.zarr" / "outcome" / "0.0.0", run)
        while run.poll() is None:  # until no file is open for writing
            if subprocess.run(("mount", "-o", "remount,ro", self.disk), capture_output=True).returncode == 0:
                break
        _, stderr = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(stderr, rf"\Abrink: cannot [^\n]+: Read-only file system{GO_ON}\n\Z")
        self.assertIn(self.brink("verify", "disk/run.zarr").returncode, (0, 1))
        self.remount("rw")


if __name__ == "__main__":
    unittest.main()
