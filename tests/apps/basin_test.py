"""What the records of scans and trajectories hold, how they agree, and what the program says."""

from __future__ import annotations

import json
import unittest

from plot_support import call  # first: it shows where brink_plot is

import matplotlib.image
import numpy as np

from brink_plot.outcome import OUTCOMES, paint
from support import ProgramTest, open_record, tree

UNDECIDED, STABLE, UNSTABLE, DIVERGED, STATIONARY, PERIODIC = range(6)
VERDICTS = {"outcome": "u1", "minimum": "i2", "steps": "u4", "rises": "u4", "last_rise": "u4"}
COMMON = {"command", "brink_version", "brink_format", "Conventions", "backend", "precision", "landscape",
          "objective", "method", "config", "coordinates", "certificate_reasons"}  # fmt: skip


def wilson(hits: int, trials: int) -> list[float]:
    """A share with its interval of 95 %."""
    z, share = 1.959963984540054, hits / trials
    middle = share + z**2 / (2 * trials)
    reach = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return [share, *((middle + sign * reach) / (1 + z**2 / trials) for sign in (-1, 1))]


def entropies(labels: np.ndarray) -> tuple[float, float]:
    """Mean entropy of boxes of five starts a side, and of those that hold several labels."""
    boxes = []
    for row in range(0, len(labels) - 4, 5):
        for col in range(0, labels.shape[1] - 4, 5):
            _, counts = np.unique(labels[row : row + 5, col : col + 5], return_counts=True)
            boxes.append(-np.sum(counts / 25 * np.log(counts / 25)))
    several = [entropy for entropy in boxes if entropy > 0]
    return np.mean(boxes), np.mean(several)


class LandscapeTest(ProgramTest):
    def record(self, command: str, *arguments: object):
        """The record that a command leaves, all of it in memory."""
        self.succeed(command, *arguments, "--quiet", "--overwrite", "--out", "record.zarr")
        return open_record(self.place / "record.zarr").load()

    def basin(self, *arguments: object):
        record = self.record("basin", *arguments)
        self.check_scan(record)
        return record

    def check_described(self, record) -> None:
        for name, variable in record.variables.items():
            self.assertIn("long_name", variable.attrs, name)
            if name != "outcome":
                self.assertEqual(variable.attrs["units"], "1", name)
        self.assertLessEqual(COMMON, set(record.attrs))

    def check_scan(self, record) -> None:
        """The verdicts of each step size agree among themselves and with their summary."""
        self.check_described(record)
        attributes = record.attrs
        self.assertEqual((attributes["command"], attributes["stop_reason"]), ("basin", "complete"))
        for name, dtype in VERDICTS.items():
            self.assertEqual(record[name].dtype, dtype, name)
        outcome = record.outcome
        self.assertEqual(outcome.attrs["flag_values"], list(range(6)))
        self.assertEqual(outcome.attrs["flag_meanings"].split(), list(OUTCOMES))
        steps = attributes["learning_rates"]
        self.assertEqual([row["lr"] for row in attributes["summary"]], steps)
        for index, row in enumerate(attributes["summary"]):
            verdicts = record[[*VERDICTS]]
            self.check_step(verdicts.isel(lr=index) if "lr" in verdicts.dims else verdicts, row)

    def check_step(self, verdicts, summary: dict) -> None:
        outcome, minimum, steps, rises, last = (verdicts[name].values for name in VERDICTS)
        np.testing.assert_array_equal(minimum >= 0, np.isin(outcome, (STABLE, UNSTABLE)))
        self.assertTrue((rises[outcome == STABLE] == 0).all())
        self.assertTrue((rises[outcome == UNSTABLE] > 0).all())
        np.testing.assert_array_equal(rises == 0, last == 0)
        self.assertTrue(((rises <= last) & (last <= steps)).all())
        self.assertEqual(summary["starts"], outcome.size)
        self.assertEqual(summary["mean_steps"], steps.sum(dtype=float) / steps.size)
        for code, name in enumerate(OUTCOMES):
            hits = np.count_nonzero(outcome == code)
            np.testing.assert_allclose(summary["outcome"][name], wilson(hits, outcome.size),
                                       rtol=1e-9, atol=1e-15)  # fmt: skip
        for index, shares in enumerate(summary["minimum"]):
            self.assertEqual(shares[0], np.count_nonzero(minimum == index) / outcome.size)


class Scans(LandscapeTest):
    def test_grid(self) -> None:
        record = self.basin("--landscape", "f4", "--lr", "0.1,3/10,0.7", "--x", "-4:4:41",
                            "--y", "-3:7/2:36")  # fmt: skip
        self.assertEqual(set(record.coords), {"lr", "y", "x", "landscape_y", "landscape_x"})
        for name in VERDICTS:
            self.assertEqual(record[name].dims, ("lr", "y", "x"))
        self.assertEqual(record.lr.values.tolist(), [0.1, 0.3, 0.7])
        for name, ends in (("x", (-4, 4, 41)), ("y", (-3, 3.5, 36))):
            for axis in (name, f"landscape_{name}"):
                np.testing.assert_allclose(record[axis], np.linspace(*ends), atol=1e-15)
                self.assertEqual(record[axis].values[[0, -1]].tolist(), list(ends[:2]))
        x, y = record.landscape_x, record.landscape_y
        values = ((1 - x * y) ** 2 + (x**2 + y**2) / 20).transpose("landscape_y", "landscape_x")
        np.testing.assert_allclose(record.landscape_value, values, rtol=1e-12)
        attributes = record.attrs
        self.assertEqual(attributes["axes"], ["x", "y"])
        self.assertEqual(attributes["coordinates"], ["x", "y"])
        self.assertEqual(attributes["landscape"], "f4")
        for row, outcome, minimum in zip(attributes["summary"], record.outcome, record.minimum):
            labels = np.where(minimum >= 0, 10 + minimum, outcome)
            found = row["basin_entropy"], row["boundary_basin_entropy"]
            np.testing.assert_allclose(found, entropies(labels), rtol=1e-12)

    def test_minima_and_certified_sets(self) -> None:
        record = self.basin("--landscape", "f4", "--lr", "0.1,0.3,0.7", "--x", "-1:1:5")
        at = np.sqrt(19 / 20)
        np.testing.assert_allclose(record.minimum_theta, [[-at, -at], [at, at]], atol=1e-9)
        np.testing.assert_allclose(record.minimum_value, (1 - at**2) ** 2 + at**2 / 10)
        np.testing.assert_allclose(record.minimum_sharpness, 4 * at**2, rtol=1e-7)
        sets = [record[f"certified_{name}"] for name in ("radius", "level", "bound")]
        for values in sets:
            self.assertEqual(values.dims, ("lr", "minima"))
            np.testing.assert_array_equal(np.isnan(values), [[False] * 2, [False] * 2, [True] * 2])
        radius, level, bound = (values[:2] for values in sets)
        self.assertTrue((radius > 0).all() and (level > record.minimum_value).all())
        self.assertTrue((bound < 2 / record.lr[:2]).all())
        self.assertTrue((bound >= record.minimum_sharpness).all())
        reasons = record.attrs["certificate_reasons"]
        self.assertEqual(reasons[:2], [["", ""]] * 2)
        self.assertTrue(all("2/lr" in reason for reason in reasons[2]))

    def test_one_step_size_is_no_dimension(self) -> None:
        record = self.basin("--landscape", "f2", "--lr", "1/5", "--x", "-1:1:7")
        self.assertEqual(record.outcome.dims, ("y", "x"))
        self.assertEqual(record.certified_radius.dims, ("minima",))
        self.assertNotIn("lr", record.variables)
        self.assertEqual(record.attrs["learning_rates"], [0.2])

    def test_axis_of_step_sizes(self) -> None:
        record = self.basin("--lr", "1/10:1/2:5", "--x", "-1:1:5")
        np.testing.assert_allclose(record.lr, [0.1, 0.2, 0.3, 0.4, 0.5], rtol=1e-15)

    def test_f4_is_symmetric(self) -> None:
        for precision in ("float64", "float32"):
            record = self.basin("--landscape", "f4", "--lr", "0.3", "--x", "-4:4:201",
                                "--precision", precision)  # fmt: skip
            self.assertEqual(record.attrs["precision"], precision)
            for name in VERDICTS:
                values = record[name].values
                np.testing.assert_array_equal(values, values.T, name)
                turned = values[::-1, ::-1]
                if name == "minimum":
                    turned = np.where(turned >= 0, 1 - turned, turned)
                np.testing.assert_array_equal(values, turned, name)
            self.assertLessEqual({STABLE, UNSTABLE, DIVERGED}, set(np.unique(record.outcome)))

    def test_axes_of_f3_are_stationary(self) -> None:
        record = self.basin("--landscape", "f3", "--lr", "0.1", "--x", "-2:2:41", "--y", "-1:1:21")
        on_axis = ((record.x == 0) | (record.y == 0)).transpose("y", "x")
        self.assertEqual(int(on_axis.sum()), 41 + 21 - 1)
        self.assertTrue((record.outcome.values[on_axis] == STATIONARY).all())
        self.assertTrue((record.rises.values[on_axis] == 0).all())

    def test_f1_is_unbounded(self) -> None:
        record = self.basin("--landscape", "f1", "--lr", "0.2", "--x", "-3:3:31")
        self.assertEqual(int(record.outcome.sel(x=-3, y=-3)), DIVERGED)
        self.assertEqual(int(record.outcome.sel(x=0, y=0, method="nearest")), STABLE)

    def test_quadratic_is_linear(self) -> None:
        """Along one coordinate the error is multiplied by 1 - 2 w lr at every step."""
        record = self.basin("--landscape", "quadratic:3", "--lr", "0.1,0.3,1/3,0.34",
                            "--x", "-2:2:8")  # fmt: skip
        self.assertEqual(record.outcome.dims, ("lr", "x"))
        self.assertEqual(record.attrs["axes"], ["theta1"])
        self.assertNotIn("landscape_value", record.variables)
        for index, expected in enumerate((STABLE, STABLE, PERIODIC, DIVERGED)):
            self.assertTrue((record.outcome[index] == expected).all(), expected)

    def test_slices(self) -> None:
        grid = self.basin("--landscape", "f4", "--lr", "0.3", "--x", "-4:4:33", "--y", "-3:3:25")
        for arguments, at, axis in (
            (("--x", "-4:4:33", "--fix", "2=3/4"), {"y": 0.75}, "x"),
            (("--x", "-3:3:25", "--fix", "1=-1.5"), {"x": -1.5}, "y"),
        ):
            line = self.basin("--landscape", "f4", "--lr", "0.3", *arguments)
            self.assertEqual((line.outcome.dims, line.attrs["axes"]), (("x",), [axis]))
            for name in VERDICTS:
                np.testing.assert_array_equal(line[name], grid[name].sel(at), name)

    def test_slice_of_three_coordinates(self) -> None:
        record = self.basin("--landscape", "quadratic:20,2,1", "--lr", "0.04", "--fix", "2=1/2",
                            "--x", "-1:1:9", "--y", "-2:2:11")  # fmt: skip
        self.assertEqual(dict(record.outcome.sizes), {"y": 11, "x": 9})
        self.assertEqual(record.attrs["axes"], ["theta1", "theta3"])
        self.assertEqual(record.attrs["coordinates"], ["theta1", "theta2", "theta3"])
        self.assertEqual((record.x.long_name, record.y.long_name), ("theta1", "theta3"))
        x, y = record.landscape_x, record.landscape_y
        values = (20 * x**2 + 2 * 0.25 + y**2).transpose("landscape_y", "landscape_x")
        np.testing.assert_allclose(record.landscape_value, values, rtol=1e-12)
        self.assertTrue((record.outcome == STABLE).all())

    def test_sample(self) -> None:
        arguments = ("--lr", "0.3", "--x", "-4:4", "--y", "-3:3", "--seed", 5)
        record = self.basin(*arguments, "--sample", 20_000)
        self.assertEqual(record.outcome.dims, ("sample",))
        self.assertEqual(record.theta.dims, ("sample", "coordinate"))
        self.assertNotIn("basin_entropy", record.attrs["summary"][0])
        for index, end in enumerate((4, 3)):
            values = record.theta[:, index]
            self.assertLess(float(abs(values).max()), end)
            self.assertLess(abs(float(values.mean())), 0.03 * end)
            self.assertLess(abs(float((values**2).mean()) / (end**2 / 3) - 1), 0.03)
        grid = self.basin("--lr", "0.3", "--x", "-4:4:200", "--y", "-3:3:150")
        for code in range(6):
            shares = [float((scan.outcome == code).mean()) for scan in (record, grid)]
            self.assertAlmostEqual(*shares, delta=0.02)
        first = self.basin(*arguments, "--sample", 500)
        np.testing.assert_array_equal(first.theta, record.theta[:500])
        other = self.basin(*arguments[:-1], 6, "--sample", 500)
        self.assertFalse((other.theta == first.theta).any())

    def test_sample_of_a_slice(self) -> None:
        record = self.basin("--landscape", "quadratic:1,2,3", "--lr", "0.1,0.3", "--sample", 300,
                            "--x", "0:1", "--fix", "2=-1/4")  # fmt: skip
        self.assertEqual(record.outcome.dims, ("lr", "sample"))
        self.assertTrue((record.theta[:, 1] == -0.25).all())
        self.assertTrue((record.theta[:, [0, 2]] > 0).all())

    def test_listed_starts(self) -> None:
        grid = self.basin("--landscape", "f3", "--lr", "0.05,0.1", "--x", "-2:2:20")
        points = np.stack(np.meshgrid(grid.x, grid.y), axis=-1).reshape(-1, 2)
        for saved in points, np.asfortranarray(points):
            self.save("points.npy", saved)
            record = self.basin("--landscape", "f3", "--lr", "0.05,0.1", "--starts",
                                "npy:points.npy")  # fmt: skip
            np.testing.assert_array_equal(record.theta, points)
            for name in VERDICTS:
                np.testing.assert_array_equal(record[name], grid[name].values.reshape(2, -1), name)

    def test_uncertainty(self) -> None:
        """A smooth boundary has exponent 1: that of f1's only basin at a small step size."""
        record = self.basin("--landscape", "f1", "--lr", "0.05", "--x", "-2:2:21",
                            "--uncertainty", 200_000)  # fmt: skip
        found = record.attrs["summary"][0]["uncertainty"]
        self.assertEqual(len(found["distance"]), len(found["share"]))
        self.assertTrue((np.diff(found["distance"]) < 0).all())
        self.assertLess(abs(found["exponent"] - 1), 0.1)
        self.assertLess(found["exponent_error"], 0.1)

    def test_other_rules(self) -> None:
        """Normalized steps settle nowhere; few steps decide nothing."""
        grid = ("--lr", "0.1", "--x", "3:4:7")
        record = self.basin(*grid, "--method", "normalized-gd")
        self.assertFalse((record.minimum >= 0).any())
        self.assertTrue(all("normalized" in reason for reason in record.certificate_reasons[0]))
        record = self.basin(*grid, "--max-steps", 0)
        self.assertTrue((record.outcome == UNDECIDED).all() and (record.steps == 0).all())
        record = self.basin(*grid, "--objective", "sqrt")
        self.assertEqual(record.attrs["objective"], "sqrt")
        squares = record.landscape_value**2
        np.testing.assert_allclose(squares, self.basin(*grid).landscape_value, rtol=1e-12)


class Pictures(LandscapeTest):
    def test_png_is_the_outcome(self) -> None:
        """Across chunks, with y upwards."""
        record = self.record("basin", "--lr", "0.3,0.5", "--x", "-4:4:700", "--y", "-4:4.5:650",
                             "--png", "map.png")  # fmt: skip
        for index, step in enumerate(("0.3", "0.5")):
            picture = matplotlib.image.imread(self.place / f"map-{step}.png")
            expected = paint(record.outcome.values[index, ::-1])[..., : picture.shape[-1]]
            np.testing.assert_array_equal(np.rint(255 * picture).astype(np.uint8), expected)
        self.assertEqual(len(list(self.place.iterdir())), 3)

    def test_png_of_one_step_size_has_the_name_that_was_asked_for(self) -> None:
        printed = self.succeed("basin", "--x", "-4:4:30", "--y", "0:1:20", "--png", "map.png")
        self.assertIn("picture: map.png\n", printed)
        self.assertEqual(matplotlib.image.imread(self.place / "map.png").shape[:2], (20, 30))

    def test_plot(self) -> None:
        scans = {
            "grid": ("--lr", "0.1,0.3"), "line": ("--fix", "1=1/2"), "one": ("--lr", "0.3"),
        }  # fmt: skip
        for name, arguments in scans.items():
            self.succeed("basin", "--x", "-4:4:40", *arguments, "--out", f"{name}.zarr")
        self.succeed("basin", "--x", "-4:4", "--sample", 99, "--out", "sample.zarr")
        self.succeed("orbit", "--start", "0.1,2.5", "--lr", "0.3", "--out", "orbit.zarr")
        picture = self.place / "picture.png"
        for names in (("grid",), ("line",), ("sample",), ("orbit",), ("one", "orbit")):
            records = [str(self.place / f"{name}.zarr") for name in names]
            self.assertEqual(call(*records, "--out", str(picture)), (0, ""), names)
            self.assertGreater(matplotlib.image.imread(picture).std(), 0.01)
        done = self.brink("plot", "grid.zarr", "--out", "same.png")
        self.assertEqual((done.returncode, done.stderr), (0, ""))


class Orbits(LandscapeTest):
    def test_verdicts_are_those_of_a_scan(self) -> None:
        for landscape, step, box in (("f4", 0.3, "-4:4:9"), ("f3", 0.1, "-2:2:9"),
                                     ("f1", 0.2, "-2:2:9")):  # fmt: skip
            rule = ("--landscape", landscape, "--lr", step)
            scan = self.basin(*rule, "--x", box)
            ends = {int(code) for code in np.unique(scan.outcome)}
            self.assertGreater(len(ends), 1)
            for place in range(0, 81, 11):
                one = scan.isel(y=place // 9, x=place % 9)
                with self.subTest(f"{landscape} from {float(one.x)}, {float(one.y)}"):
                    orbit = self.record("orbit", *rule, "--steps", 3,
                                        f"--start={float(one.x)!r},{float(one.y)!r}")  # fmt: skip
                    self.assertEqual(orbit.attrs["outcome"], OUTCOMES[int(one.outcome)])
                    for name in ("minimum", "steps", "rises", "last_rise"):
                        self.assertEqual(orbit.attrs[name], int(one[name]), name)

    def test_record(self) -> None:
        eta = 0.2
        record = self.record("orbit", "--landscape", "f4", "--start", "1/10,2.5", "--lr", "1/5",
                             "--steps", 60)  # fmt: skip
        self.check_described(record)
        self.assertEqual(
            dict(record.sizes),
            {"step": 61, "coordinate": 2, "minima": 2, "landscape_x": 201, "landscape_y": 201},
        )
        self.assertEqual(record.attrs["learning_rate"], eta)
        self.assertEqual(record.step.values.tolist(), list(range(61)))
        theta = record.theta.values
        self.assertEqual(theta[0].tolist(), [0.1, 2.5])
        x, y = theta.T
        loss = (1 - x * y) ** 2 + (x**2 + y**2) / 20
        gradient = np.stack([x / 10 - 2 * y * (1 - x * y), y / 10 - 2 * x * (1 - x * y)], axis=1)
        np.testing.assert_allclose(theta[1:], (theta - eta * gradient)[:-1], rtol=1e-12)
        np.testing.assert_allclose(record.loss, loss, rtol=1e-12)
        norms = np.linalg.norm(gradient, axis=1)
        np.testing.assert_allclose(record.gradient_norm, norms, rtol=1e-9, atol=1e-15)
        bends = np.sum(gradient[:-1] * -np.diff(gradient, axis=0), axis=1)
        for name, numerator in {"relative_progress": np.diff(loss),
                                "directional_smoothness": bends}.items():  # fmt: skip
            expected = numerator / (eta * norms[:-1] ** 2)
            # Later differences drown in rounding.
            np.testing.assert_allclose(record[name][:10], expected[:10], rtol=1e-8)
        hessians = [[[2 * b**2 + 0.1, 4 * a * b - 2], [4 * a * b - 2, 2 * a**2 + 0.1]]
                    for a, b in theta]  # fmt: skip
        sharpness = np.linalg.eigvalsh(hessians)[:, -1]
        np.testing.assert_allclose(record.sharpness, sharpness, rtol=1e-12)
        for name, variable in record.variables.items():
            if variable.dtype.kind == "f":
                missing = np.flatnonzero(np.isnan(variable.values)).tolist()
                last = name in ("relative_progress", "directional_smoothness")
                self.assertEqual(missing, [60] if last else [], name)

    def test_certified(self) -> None:
        """Certified is where the verdict comes from, and from there on the loss only falls."""
        record = self.record("orbit", "--start", "0.1,2.5", "--lr", "0.3", "--steps", 50)
        minimum, steps = record.attrs["minimum"], record.attrs["steps"]
        self.assertGreaterEqual(minimum, 0)
        expected = np.where(record.step < steps, -1, minimum)
        np.testing.assert_array_equal(record.certified, expected)
        apart = np.linalg.norm(record.theta - record.minimum_theta[minimum], axis=1)
        inside = (apart < float(record.certified_radius[minimum])) & (
            record.loss < float(record.certified_level[minimum]))  # fmt: skip
        np.testing.assert_array_equal(inside, record.certified >= 0)
        change = np.diff(record.loss)
        rises = 1 + np.flatnonzero(change[:steps] > 0)
        self.assertEqual((record.attrs["rises"], record.attrs["last_rise"]),
                         (len(rises), rises[-1]))  # fmt: skip
        self.assertTrue((change[steps:] < 1e-15).all())

    def test_neighbourhood(self) -> None:
        """All starts of a scan within a proved radius have the verdict that is proved."""
        for start, stable in (("1.5,2", True), ("0.1,2.5", False)):
            place = ("--landscape", "f4", "--lr", "0.2")
            record = self.record("orbit", *place, "--start", start, "--neighbourhood")
            self.check_described(record)
            radii = record.neighbourhood_radius.values
            self.assertEqual(radii.tolist(), [0.5**k for k in range(len(radii))])
            proved = {
                kind: radii[record[f"neighbourhood_{kind}"].values == 1].max(initial=0)
                for kind in ("stable", "convergent")
            }
            for kind, radius in proved.items():
                found = record.attrs[f"{kind}_neighbourhood"]
                self.assertEqual(found["radius"], radius)
                self.assertEqual(bool(found["reason"]), radius == 0)
            self.assertEqual(proved["stable"] > 0, stable)
            self.assertGreater(proved["convergent"], 0)
            reach = proved["stable" if stable else "convergent"]
            x, y = (float(part) for part in start.split(","))
            scan = self.basin(*place, f"--x={x - reach}:{x + reach}:40", f"--y={y - reach}:{y + reach}:40")
            expected = {"stable"} if stable else {"stable", "unstable"}
            self.assertLessEqual({OUTCOMES[code] for code in np.unique(scan.outcome)}, expected)
            printed = self.succeed("orbit", *place, "--start", start, "--neighbourhood", "1/8",
                                   "--overwrite")  # fmt: skip
            self.assertIn("converges (proved)\n", printed)
            reason = "every start is stable: the loss rises at step 1\n"
            self.assertIn("is stable (proved)\n" if stable else reason, printed)

    def test_divergence_is_a_result(self) -> None:
        printed = self.succeed("orbit", "--start=-3,4", "--lr", "1", "--steps", 100)
        self.assertRegex(printed, r"\Adiverged after \d+ steps\n")
        self.assertRegex(printed, r"recorded \d+ of 100 steps: the next is not finite\n")
        record = open_record(self.place / "orbit.zarr")
        self.assertLess(record.sizes["step"], 101)
        self.assertEqual((record.attrs["outcome"], record.attrs["minimum"]), ("diverged", -1))
        self.assertTrue(np.isfinite(record.theta).all())

    def test_other_landscapes(self) -> None:
        for arguments, coordinates in (
            (("--landscape", "quadratic:20,2,1", "--start", "1,1,1", "--lr", "0.04"), 3),
            (("--landscape", "neuron-tanh", "--start", "1,1", "--lr", "0.1"), 2),
            (("--landscape", "arora", "--start", "1,1", "--objective", "sqrt"), 2),
            (("--landscape", "hyperbola", "--start", "1,2", "--method", "normalized-gd"), 2),
            (("--landscape", "f2", "--start", "1,1", "--precision", "float32"), 2),
        ):
            record = self.record("orbit", *arguments)
            self.assertEqual(record.sizes["coordinate"], coordinates)
            self.assertEqual("landscape_value" in record.variables, coordinates == 2)
            self.assertEqual(len(record.attrs["coordinates"]), coordinates)


class Talk(LandscapeTest):
    basins = ("basin", "--lr", "0.3", "--x", "-4:4:50")
    orbits = ("orbit", "--lr", "0.3", "--start", "0.1,2.5")

    def test_quiet(self) -> None:
        for command in self.basins, self.orbits:
            done = self.brink(*command, "--quiet")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
            self.assertTrue((self.place / f"{command[0]}.zarr").is_dir())

    def test_reports(self) -> None:
        done = self.brink(*self.basins, "--uncertainty", 1000)
        self.assertEqual(done.stderr, "")
        for words in ("lr 0.3: 2500 starts, ", "  stable ", "  unstable ", "  diverged ",
                      "  minimum 0 at (-0.974679, -0.974679): ", "certified within radius ",
                      "  basin entropy ", "  uncertainty exponent ", "\nrecord: basin.zarr\n"):  # fmt: skip
            self.assertIn(words, done.stdout)
        self.assertNotIn("undecided", done.stdout)
        share = open_record(self.place / "basin.zarr").attrs["summary"][0]["outcome"]["unstable"]
        self.assertRegex(done.stdout, rf"unstable +{100 * share[0]:.4f} %")
        done = self.brink(*self.orbits)
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, r"\Aunstable after \d+ steps: reached minimum 0 at \(-0.97")
        self.assertRegex(done.stdout, r"\nthe loss rose .*, last at step \d+\nrecord: orbit.zarr\n")

    def test_help_shows_defaults(self) -> None:
        for command, words in {
            "basin": ("--landscape", "f4", "0.3", "-4:4:1024", "basin.zarr", "--fix", "--sample",
                      "--starts", "--uncertainty", "10000", "1e-8", "--png", "--resume"),
            "orbit": ("--landscape", "f4", "--start", "--steps", "100", "0.1", "orbit.zarr"),
        }.items():  # fmt: skip
            done = self.brink(command, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            for word in words:
                self.assertIn(word, done.stdout, command)

    def test_resume_of_a_finished_scan_changes_nothing(self) -> None:
        command = (*self.basins, "--uncertainty", 500, "--png", "map.png")
        printed = self.succeed(*command)
        before = tree(self.place)
        self.assertEqual(self.succeed(*command, "--resume"), printed)
        self.assertEqual(tree(self.place), before)

    def test_resume_makes_the_picture_that_was_not_asked_for(self) -> None:
        self.succeed(*self.basins)
        before = tree(self.place)
        self.succeed(*self.basins, "--resume", "--png", "map.png")
        after = tree(self.place)
        self.assertIsNotNone(after.pop("map.png", None))
        self.assertEqual(after, before)

    def test_resume_computes_chunks_that_are_gone(self) -> None:
        self.succeed(*self.basins)
        before = tree(self.place)
        for array in VERDICTS:
            (self.place / "basin.zarr" / array / "0.0").unlink()
            self.succeed(*self.basins, "--resume")
            self.assertEqual(tree(self.place), before, array)

    def test_resume_without_a_record_begins(self) -> None:
        self.succeed(*self.basins)
        before = tree(self.place / "basin.zarr")
        self.succeed(*self.basins, "--resume", "--out", "other.zarr")
        self.assertEqual(tree(self.place / "other.zarr"), before)

    def test_overwrite(self) -> None:
        for command in self.basins, self.orbits:
            for step in ("0.1", "0.2"):
                self.succeed(command[0], "--lr", step, *command[3:], "--overwrite", "--out",
                             "record.zarr")  # fmt: skip
                config = open_record(self.place / "record.zarr").attrs["config"]
                self.assertEqual(np.ravel(config["lr"]).tolist(), [float(step)])
        self.assertEqual([path.name for path in self.place.iterdir()], ["record.zarr"])

    def test_unconsolidated_metadata_agrees(self) -> None:
        for command in self.basins, self.orbits:
            self.succeed(*command)
            place = self.place / f"{command[0]}.zarr"
            consolidated = json.loads((place / ".zmetadata").read_text())["metadata"]
            for name, document in consolidated.items():
                self.assertEqual(json.loads((place / name).read_text()), document, name)


if __name__ == "__main__":
    unittest.main()
