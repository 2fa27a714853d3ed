"""Ranks on the emulated device: sums over ranks of what is in a device's memory."""

from __future__ import annotations

import unittest

import numpy as np
from ranks_test import RanksTest
from support import open_record


class OnADevice(RanksTest):
    TRAIN = ("train", "--data", "synthetic:examples=61,features=40,classes=3,test=20", "--hidden", "7,5",
             "--device", "cuda", "--precision", "float64", "--steps", 6, "--sharpness-every", 3, "--line-every", 3,
             "--test-every", 2)  # fmt: skip

    def test_training_agrees_with_one_process(self) -> None:
        self.succeed(*self.TRAIN, "--no-gram", "--out", "whole.zarr")
        self.ranks(3, *self.TRAIN, "--out", "run.zarr")
        with open_record(self.place / "whole.zarr") as whole, open_record(self.place / "run.zarr") as run:
            self.assertEqual((run.attrs["backend"], run.attrs["ranks"]), ("cuda", 3))
            self.assertEqual(run.attrs["sums_over_ranks"], "devices")
            for name in ("loss", "gradient_norm", "test_loss", "sharpness", "line_progress"):
                np.testing.assert_allclose(run[name], whole[name], rtol=1e-10, err_msg=name)

    def test_sums_over_devices_are_those_over_hosts(self) -> None:
        self.ranks(2, *self.TRAIN, "--out", "devices.zarr")
        for identity in ("", "the only device"):
            self.ranks(2, *self.TRAIN, "--overwrite", "--out", "hosts.zarr",
                       environment={"BRINK_EMULATED_IDENTITY": identity})  # fmt: skip
            with open_record(self.place / "devices.zarr") as devices, open_record(self.place / "hosts.zarr") as hosts:
                self.assertEqual(devices.attrs["sums_over_ranks"], "devices")
                self.assertEqual(hosts.attrs["sums_over_ranks"], "hosts")
                for name in devices.variables:
                    np.testing.assert_array_equal(devices[name], hosts[name], err_msg=name)

    def test_scan_is_that_of_one_process(self) -> None:
        scan = ("basin", "--x", "-4:4:700", "--device", "cuda", "--lr", "0.3", "--max-steps", 40)
        self.succeed(*scan, "--out", "whole.zarr")
        self.ranks(2, *scan, "--out", "run.zarr")
        with open_record(self.place / "whole.zarr") as whole, open_record(self.place / "run.zarr") as run:
            for name in whole.variables:
                np.testing.assert_array_equal(run[name], whole[name])


if __name__ == "__main__":
    unittest.main()
