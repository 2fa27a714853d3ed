"""`brink bench` end to end at tiny sizes: record, comparison, picture, refusals. Nothing is asked
of times."""

from __future__ import annotations

import json
import re
import signal
import time
import unittest
from itertools import combinations
from pathlib import Path

from bad_input_test import BadInputTest
from plot_support import PlotTest, call  # first: it shows where the package is
from support import ProgramTest

from brink_plot.placing import PlacedLabels
from matplotlib.backends.backend_agg import FigureCanvasAgg

SIZES = ("--examples", "7,5", "--features", 6, "--width", 4, "--directions", "1,3", "--taus", 2,
         "--starts", 25)  # fmt: skip
QUICK = ("--seconds-per-row", 0, "--threads", 1)
GROUPS = {"dense", "hvp", "loss", "step", "linalg", "line", "basin", "tally", "whole"}


class Bench(ProgramTest):
    def measure(self, name: str, *arguments: object) -> tuple[dict, str]:
        """A record and what was printed."""
        stdout = self.succeed("bench", *SIZES, *QUICK, "--json", name, *arguments)
        return json.loads((self.place / name).read_text()), stdout

    def test_record(self) -> None:
        for precision, size in (("float32", 4), ("float64", 8)):
            record, stdout = self.measure("b.json", "--precision", precision)
            self.assertEqual([path.name for path in self.place.iterdir()], ["b.json"])
            self.assertEqual(record["command"], "bench")
            self.assertEqual((record["precision"], record["threads"]), (precision, 1))
            self.assertEqual(record["stop_reason"], "complete")
            self.assertRegex(record["date"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
            self.assertEqual(f"brink {record['brink_version']}", self.succeed("--version").strip())
            self.assertIn(record["device"], stdout)
            roofline, rows = record["roofline"], record["rows"]
            self.assertEqual({row["operation"].split(".")[0] for row in rows}, GROUPS)
            for row in [*roofline["rows"], *rows]:
                self.check_row(row, roofline)
            product = self.row(rows, "linalg.multiply", {"n": 5, "in": 6, "out": 4})
            self.assertEqual(product["operations"], 2 * 5 * 6 * 4)
            self.assertEqual(product["bytes"], size * (5 * 6 + 6 * 4 + 5 * 4))
            lines = stdout.splitlines()
            self.assertEqual(lines[-1], "record: b.json")
            for row in rows:
                text = " ".join(f"{symbol}={row['sizes'][symbol]}" for symbol in row["sizes"])
                named = [line for line in lines if line.startswith(f"{row['operation']} ")]
                self.assertTrue(any(set(text.split()) <= set(line.split()) for line in named), text)

        self.assertEqual(self.succeed("plot", "b.json", "--out", "b.svg"), "")
        self.assertTrue((self.place / "b.svg").read_bytes().startswith(b"<?xml"))

    def row(self, rows: list[dict], operation: str, sizes: dict) -> dict:
        found = [row for row in rows if (row["operation"], row["sizes"]) == (operation, sizes)]
        self.assertEqual(len(found), 1, operation)
        return found[0]

    def check_row(self, row: dict, roofline: dict) -> None:
        seconds = row["seconds"]
        self.assertGreaterEqual(seconds["samples"], 3)
        self.assertGreaterEqual(seconds["calls_per_sample"], 1)
        self.assertTrue(
            0 < seconds["lower_quartile"] <= seconds["median"] <= seconds["upper_quartile"], row
        )
        share = 0.0
        for amount in ("operations", "bytes"):
            rate = row[f"{amount}_per_second"]
            expected = row[amount] / seconds["median"]
            self.assertAlmostEqual(rate, expected, delta=1e-9 * expected)
            share = max(share, rate / roofline[f"{amount}_per_second"])
        self.assertAlmostEqual(row["roofline_share"], share, delta=1e-9 * share)

    def test_only(self) -> None:
        names = ("--only", "hvp,loss,linalg.axpy")
        done = self.brink("bench", *SIZES, *QUICK, *names, "--json", "b.json", "--quiet")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        rows = json.loads((self.place / "b.json").read_text())["rows"]
        self.assertIn("linalg.axpy", {row["operation"] for row in rows})
        listed = self.succeed("bench", *SIZES, *names, "--list").splitlines()[3:]
        self.assertEqual([line.split()[0] for line in listed], [row["operation"] for row in rows])

    def test_other_landscape(self) -> None:
        names = ("--only", "basin", "--landscape", "tanh-quadratic:1,2,3", "--lr", "1/4", "--quiet")
        record, _ = self.measure("b.json", *names)
        self.assertEqual(record["landscape"], "tanh-quadratic:1,2,3")
        self.assertEqual(record["learning_rate"], 0.25)
        self.assertGreater(record["rows"][0]["operations"], 0)

    def test_compare(self) -> None:
        record, _ = self.measure("a.json", "--only", "step")
        for row in record["rows"]:
            for name in ("median", "lower_quartile", "upper_quartile"):
                row["seconds"][name] /= 1000
        dropped = record["rows"].pop()
        (self.place / "b.json").write_text(json.dumps(record))
        text = self.succeed("bench", "--compare", "a.json", "b.json")
        for row in record["rows"]:
            self.assertRegex(text, rf"(?m)^{row['operation']} .* 1000  B faster$")
        self.assertRegex(text, rf"(?m)^only in A: {dropped['operation']} ")
        self.assertIn(f"B faster in {len(record['rows'])}, slower in 0 of", text)
        self.assertIn(record["date"], text)
        back = self.succeed("bench", "--compare", "b.json", "a.json")
        self.assertIn(f"slower in {len(record['rows'])} of", back)
        self.assertRegex(back, rf"(?m)^only in B: {dropped['operation']} ")

    def test_help_shows_defaults(self) -> None:
        text = self.succeed("bench", "--help")
        for words in ("--examples N,N,...=1000,5000", "--noise X=0.02", "--device NAME=auto"):
            self.assertIn(words, text)

    def test_interrupted(self) -> None:
        # No row comes to an end by itself: the second takes longer than the test waits.
        run = self.start("bench", *SIZES, "--threads", 1, "--only", "step.gd,step.polyak",
                         "--noise", 0, "--seconds-per-row", 2, "--json", "b.json")  # fmt: skip
        for line in run.stdout:
            if line.startswith("step.gd "):
                break
        run.send_signal(signal.SIGINT)
        stdout, stderr = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130, stderr)
        self.assertRegex(stderr, r"(\A|\n)brink: interrupted after 1 of 2 rows\n\Z")
        self.assertEqual(stdout, "record: b.json\n")
        record = json.loads((self.place / "b.json").read_text())
        self.assertEqual(record["stop_reason"], "interrupted")
        self.assertEqual([row["operation"] for row in record["rows"]], ["step.gd"])

    def test_interrupted_before_the_first_row(self) -> None:
        endless = ("--noise", 0, "--seconds-per-row", 1000)
        run = self.start("bench", *SIZES, *endless, "--json", "b.json")
        time.sleep(1)
        self.assertIsNone(run.poll())
        run.send_signal(signal.SIGINT)
        stdout, stderr = run.communicate(timeout=60)
        self.assertEqual((run.returncode, stdout), (130, ""), stderr)
        self.assertEqual(stderr, "brink: interrupted; nothing was written\n")
        self.assertEqual(list(self.place.iterdir()), [])


class Refusals(BadInputTest):
    def test_measuring(self) -> None:
        for arguments, words in (
            (("--only", "teapot"), ("--only", "teapot", "dense")),
            (("--only", "dense,,hvp"), ("--only", "''")),
            (("--examples", ""), "--examples"),
            (("--examples", "1,,2"), "--examples"),
            (("--examples", "1e3"), "--examples"),
            (("--features=-5",), ("--features", "-5")),
            (("--width", "0"), ("--width", "0")),
            (("--directions", "99999999"), "--directions"),
            (("--taus", "x"), "--taus"),
            (("--starts", "0"), "--starts"),
            (("--landscape", "f9"), "f9"),
            (("--lr", "0"), "--lr"),
            (("--noise=-1",), "--noise"),
            (("--noise", "nan"), "--noise"),
            (("--seconds-per-row=-1",), "--seconds-per-row"),
            (("--precision", "float16"), "float16"),
            (("--device", "teapot"), "teapot"),
            (("--threads=-1",), "--threads"),
            (("--json", "nowhere/b.json"), ("--json", "nowhere")),
            (("--json", "."), "--json"),
            (("stray",), "stray"),
        ):
            with self.subTest(str(arguments)):
                self.refused("bench", *arguments, naming=words)

    def test_comparing(self) -> None:
        (self.place / "text.json").write_text("text")
        (self.place / "other.json").write_text('{"command": "train"}')
        (self.place / "folder").mkdir()
        for arguments, words in (
            (("text.json",), "--compare"),
            (("text.json", "other.json", "text.json"), "--compare"),
            (("missing.json", "other.json"), "missing.json"),
            (("text.json", "other.json"), ("text.json", "JSON")),
            (("other.json", "text.json"), ("other.json", "not a record of brink bench")),
            (("folder", "text.json"), "folder"),
        ):
            with self.subTest(str(arguments)):
                self.refused("bench", "--compare", *arguments, naming=words)
        self.refused("bench", "--list", "--compare", "a", "b", naming="--compare")


def bench_record(path: Path, **changes) -> str:
    """A record as of `brink bench`, of rows that crowd along a roof of 10 bytes and 1000 operations
    in a microsecond."""
    rows = []
    for group in ("dense", "hvp", "loss", "step", "linalg", "line", "basin", "whole"):
        for number, kind in enumerate(("forward", "weight_gradient", "of_something_else")):
            for size in (1, 2, 3):
                operations, moved = 1e6 * size * (number + 1), 1e4 * (size + number)
                median = 1e-6 * max(operations / 1e3, moved / 10) * (1.3 + 0.05 * len(rows))
                rows.append({
                    "operation": f"{group}.{kind}", "sizes": {"n": size},
                    "seconds": {"median": median, "lower_quartile": 0.98 * median,
                                "upper_quartile": 1.05 * median},
                    "operations": operations, "bytes": moved,
                    "operations_per_second": operations / median,
                    "bytes_per_second": moved / median,
                    "operations_per_byte": operations / moved, "roofline_share": 0.5,
                })  # fmt: skip
    rows.append({**rows[0], "operation": "linalg.gather", "operations": 0,
                 "operations_per_second": 0, "operations_per_byte": 0})  # fmt: skip
    record = {
        "command": "bench", "backend": "cpu", "device": "2 threads", "precision": "float32",
        "roofline": {"bytes_per_second": 1e7, "operations_per_second": 1e9}, "rows": rows,
    }  # fmt: skip
    path.write_text(json.dumps({**record, **changes}))
    return str(path)


class Pictures(PlotTest):
    def labels(self, *paths: str) -> list[PlacedLabels]:
        figure = self.figure(*paths)
        FigureCanvasAgg(figure).draw()
        return [a for axes in figure.axes for a in axes.artists if isinstance(a, PlacedLabels)]

    def test_every_format(self) -> None:
        record = bench_record(self.place / "b.json")
        for suffix, start in {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}.items():
            out = self.place / f"picture.{suffix}"
            self.assertEqual(call(record, "--out", str(out)), (0, ""))
            self.assertTrue(out.read_bytes().startswith(start))
        self.check_same_bytes(record)

    def test_labels_cover_nothing(self) -> None:
        placed, = self.labels(bench_record(self.place / "b.json"))
        names = [name for name, *_ in placed._labels]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len(names), 24)  # gather computes nothing
        self.assertEqual(len(placed.boxes), len(names))
        left, bottom, right, top = placed.axes.get_window_extent().extents
        for x0, y0, x1, y1 in placed.boxes:
            self.assertTrue(left <= x0 < x1 <= right and bottom <= y0 < y1 <= top)
        for (i, a), (j, b) in combinations(enumerate(placed.boxes), 2):
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            self.assertTrue(apart, f"{names[i]} covers {names[j]}")

    def test_roof(self) -> None:
        axes = self.figure(bench_record(self.place / "b.json")).axes[0]
        self.assertEqual((axes.get_xscale(), axes.get_yscale()), ("log", "log"))
        roof = next(line for line in axes.get_lines() if line.get_zorder() == 2)
        x, y = roof.get_data()
        self.assertAlmostEqual(x[1], 100)  # operations per byte, where the roofs meet
        self.assertEqual((round(y[1], 9), round(y[2], 9)), (1.0, 1.0))
        self.assertAlmostEqual(y[0] / x[0], 0.01)
        self.assertEqual(axes.get_title(loc="left"), "cpu, float32, 2 threads")
        texts = [text.get_text() for text in axes.texts]
        self.assertEqual(texts, ["memory 0.01 GB/s", "matrix product 1 GFLOP/s"])

    def test_several_stand_below_each_other(self) -> None:
        paths = [bench_record(self.place / f"{name}.json") for name in ("old", "new")]
        titles = self.titles(*paths)
        self.assertEqual([re.split(":", title)[0] for title in titles], ["old", "new"])

    def test_what_is_not_a_record(self) -> None:
        good = json.loads(Path(bench_record(self.place / "good.json")).read_text())
        row = good["rows"][0]
        for changes, word in (
            ({"command": None}, "command"),
            ({"rows": None}, "rows"),
            ({"rows": [3]}, "row"),
            ({"rows": []}, "without a rate"),
            ({"rows": [{**row, "bytes": "many"}]}, "bytes"),
            ({"rows": [{**row, "seconds": {"median": 1}}]}, "quartile"),
            ({"roofline": {}}, "bytes_per_second"),
            ({"roofline": {"bytes_per_second": 0, "operations_per_second": 1}}, "positive"),
        ):
            with self.subTest(word):
                record = bench_record(self.place / "bad.json", **changes)
                line = self.refused(record, "--out", self.out)
                self.assertIn("bad.json", line)
                self.assertIn(word, line)
        (self.place / "text.json").write_text("text")
        line = self.refused(str(self.place / "text.json"), "--out", self.out)
        self.assertIn("not a record of 'brink bench'", line)
        (self.place / "bytes.json").write_bytes(b"\xff\xfe\x00")
        self.refused(str(self.place / "bytes.json"), "--out", self.out)


if __name__ == "__main__":
    unittest.main()
