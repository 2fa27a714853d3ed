"""Reads with zarr-python and xarray the records that the record tests wrote.

    python3 record_readers.py written DIRECTORY    (by record_readers_test.cpp)
    python3 record_readers.py killed DIRECTORY     (by record_kill_test.cpp)

Exits with 77 where the readers are not installed.
"""

import pathlib
import sys
import warnings

try:
    import numpy as np
    import xarray as xr
    import zarr
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def check(array, dtype, dims, values, **attributes):
    assert array.dtype == np.dtype(dtype), (array.name, array.dtype)
    assert array.dims == dims, (array.name, array.dims)
    np.testing.assert_array_equal(array.values, values, err_msg=str(array.name))
    assert array.attrs == attributes, (array.name, array.attrs)


def check_training(path):
    record = xr.open_zarr(path)
    assert set(record.coords) == {"step", "line_step", "tau"}, record.coords
    assert set(record.data_vars) == {"loss", "accuracy", "line_smoothness"}, record.data_vars
    step = np.arange(100)
    loss = 1.0 / (step + 1)
    loss[99] = np.nan
    tau = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    lines = np.arange(0, 100, 10)
    check(record.step, "i8", ("step",), step, long_name="iteration")
    check(record.loss, "f8", ("step",), loss, units="1", long_name="training loss")
    check(record.accuracy, "f4", ("step",), step / 128, units="1")
    check(record.line_step, "u4", ("line_step",), lines)
    check(record.tau, "f8", ("tau",), tau, units="1")
    check(record.line_smoothness, "f8", ("line_step", "tau"), lines[:, None] + tau, units="1")
    assert record.attrs["lr"] == 2 / 30
    assert record.attrs["diverged_at"] == "NaN"
    assert record.attrs["config"] == {"hidden": [200, 200], "loss": "mse"}
    assert float(record.loss.sel(step=3)) == 0.25


def check_scan(path):
    scan = xr.open_zarr(path)
    assert set(scan.coords) == {"x", "y"}, scan.coords
    places = np.arange(54).reshape(6, 9)
    meanings = "undecided stable unstable diverged stationary periodic"
    flags = {"flag_values": [0, 1, 2, 3, 4, 5], "flag_meanings": meanings}
    check(scan.outcome, "u1", ("y", "x"), places % 6, **flags)
    check(scan.minimum, "i2", ("y", "x"), places)
    check(scan.rises, "u2", ("y", "x"), places)
    check(scan["shift"], "i4", ("y", "x"), places)
    check(scan.steps, "u8", ("y", "x"), places)
    check(scan.trace, "f8", (), 2.5, units="1")


def check_with_zarr(path):
    """The arrays' own metadata says the same as the consolidated metadata."""
    whole = zarr.open_consolidated(str(path), mode="r")
    for name in sorted(whole.array_keys()):
        single = zarr.open_array(str(path / name), mode="r")
        assert single.dtype == whole[name].dtype and single.shape == whole[name].shape
        assert single.chunks == whole[name].chunks
        np.testing.assert_array_equal(single[...], whole[name][...])


def check_written(directory):
    check_training(directory / "RUN.zarr")
    check_scan(directory / "SCAN.zarr")
    assert len(xr.open_zarr(directory / "EMPTY.zarr").variables) == 0
    for name in ("RUN.zarr", "SCAN.zarr"):
        check_with_zarr(directory / name)


def check_killed(directory):
    """Each store shows a prefix of the run, without a gap."""
    stores = sorted(directory.iterdir())
    assert stores
    for store in stores:
        record = xr.open_zarr(store)
        step = np.arange(record.sizes["step"])
        np.testing.assert_array_equal(record.step.values, step)
        np.testing.assert_array_equal(record.loss.values, 1 / (step + 1))
        np.testing.assert_array_equal(record.relative_progress.values, 1 / (step + 1))
        np.testing.assert_array_equal(record.eigenvector.values, np.tile(step[:, None], 5))


def main(kind, directory):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        {"written": check_written, "killed": check_killed}[kind](directory)
    print(f"read with zarr {zarr.__version__}, xarray {xr.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
