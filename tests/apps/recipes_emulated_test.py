"""Every recipe at its tiny size on the emulated device, against the same runs on the CPU."""

from __future__ import annotations

import unittest

from recipe_support import AVAILABLE, ReproduceTest  # first: it finds the package

import numpy as np

from support import open_record

# Of a variable's largest value, in float32 over 20 steps, some of them at step sizes that diverge.
TOLERANCE = 1e-2


class OnBothDevices(ReproduceTest):
    def test_records_are_the_same(self) -> None:
        for device in ("cpu", "cuda"):
            self.succeed_to_reproduce(
                "all", "--tiny", "--device", device, "--out", device, seconds=1200
            )
        compared = 0
        for name in AVAILABLE:
            for path in sorted((self.place / "cuda" / f"{name}-tiny").glob("*.zarr")):
                with self.subTest(f"{name}: {path.stem}"):
                    other = open_record(self.place / "cpu" / path.parent.name / path.name)
                    compared += self.compare(open_record(path), other)
        self.assertGreater(compared, 500)

    def compare(self, cuda, cpu) -> int:
        """The number of variables of a record that the device made."""
        self.assertEqual(cpu.attrs["backend"], "cpu")
        if cuda.attrs["backend"] == "cpu":  # orbits are followed there on every machine
            return 0
        self.assertEqual(set(cuda.variables), set(cpu.variables))
        for name, variable in cuda.variables.items():
            got, want = variable.values, cpu[name].values
            if got.dtype.kind not in "fc":
                np.testing.assert_array_equal(got, want, name)
                continue
            scale = np.nanmax(np.abs(want), initial=0.0)
            np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE * scale, err_msg=name)
        return len(cuda.variables)


if __name__ == "__main__":
    unittest.main()
