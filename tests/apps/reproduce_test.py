"""`brink reproduce`: every recipe at its tiny size, sweeps, interruptions, bad input, reports."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from recipe_support import APPS, AVAILABLE, KNOWN, ReproduceTest  # first: it finds the package

import matplotlib.image
import numpy as np
import xarray as xr

from bad_input_test import BadInputTest
from support import open_record, tree

CURVES = "ahn-2022-experiment-3"  # networks
MAPS = "chen-2024-figure-2"  # scans
RAN = re.compile(r"^  (.+): \d+\.\d s \(\d+ of \d+\)$", re.MULTILINE)
VERDICT = re.compile(r"^  (?:holds|does not hold) +(.+)$", re.MULTILINE)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ALL = 1200  # seconds


def check_picture(test: unittest.TestCase, path: Path) -> np.ndarray:
    """A PNG with something on it."""
    test.assertEqual(path.read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
    image = matplotlib.image.imread(path)
    test.assertGreater(min(image.shape[:2]), 100)
    levels = (image[::3, ::3, :3] * 31).astype(int)
    colours = np.unique(levels @ [1024, 32, 1])
    test.assertGreater(len(colours), 8, f"{path} is blank")
    return image


def records_of(folder: Path) -> dict[str, str]:
    """What is in the records of a folder."""
    return {name: digest for name, digest in tree(folder).items() if ".zarr/" in name}


class Everything(ReproduceTest):
    """All recipes, at the size that shows nothing: the way is the same."""

    def test_runs_through_and_once(self) -> None:
        printed = self.succeed_to_reproduce("all", "--tiny", "--report", "all.html", seconds=ALL)
        place = self.place / "brink-reproduce"
        self.assertEqual({path.name for path in place.iterdir()}, {f"{n}-tiny" for n in AVAILABLE})
        claims = 0
        for name, recipe in AVAILABLE.items():
            folder = place / f"{name}-tiny"
            with self.subTest(name):
                check_picture(self, folder / f"{name}.png")
                result = json.loads((folder / "result.json").read_text())
                self.assertEqual((result["name"], result["size"]), (name, "tiny"))
                self.assertEqual(result["title"], recipe.title)
                self.assertIn(f"{name}: {recipe.title}\n", printed)
                self.assertIn(f"  picture: {folder / f'{name}.png'}\n", printed)
                (verdicts,) = result["verdicts"]
                self.assertGreater(len(verdicts["claims"]), 0)
                statements = [claim["statement"] for claim in verdicts["claims"]]
                self.assertEqual(len(set(statements)), len(statements), statements)
                for claim in verdicts["claims"]:
                    self.assertIn(f"{claim['statement']}: {claim['measured']}\n", printed)
                claims += len(statements)
                ran = {path.name.removesuffix(".zarr") for path in folder.glob("*.zarr")}
                self.assertEqual(ran, set(result["commands"]))
                for run in ran:
                    open_record(folder / f"{run}.zarr").close()
        self.assertEqual(len(VERDICT.findall(printed)), claims)
        self.assertRegex(printed, rf"\n\d+ of {claims} claims hold\nreport: all.html\n\Z")
        check_page(self, self.place / "all.html", place)

        before = records_of(place)
        again = self.succeed_to_reproduce("all", "--tiny", seconds=ALL)
        self.assertEqual(RAN.findall(again), [])
        self.assertEqual(VERDICT.findall(again), VERDICT.findall(printed))
        self.assertEqual(records_of(place), before)

    def test_goes_on_where_it_was_interrupted(self) -> None:
        run = self.start("reproduce", MAPS, CURVES, "--tiny", "--jobs", 1)
        first = [run.stdout.readline() for _ in range(3)]  # a title and two runs of twelve
        run.terminate()
        rest, stderr = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 143, stderr)
        self.assertEqual(stderr, "brink reproduce: interrupted; the same command goes on\n")
        before = RAN.findall("".join(first) + rest)
        self.assertGreaterEqual(len(before), 2)
        after = RAN.findall(self.succeed_to_reproduce(CURVES, MAPS, "--tiny"))
        self.assertFalse(set(before) & set(after))
        whole = self.succeed_to_reproduce(CURVES, MAPS, "--tiny", "--out", "whole")
        self.assertEqual(set(before) | set(after), set(RAN.findall(whole)))
        for folder in (f"{CURVES}-tiny", f"{MAPS}-tiny"):
            for record in (self.place / "whole" / folder).glob("*.zarr"):
                other = self.place / "brink-reproduce" / folder / record.name
                xr.testing.assert_identical(open_record(record).load(), open_record(other).load())

    def test_overwrite_runs_again(self) -> None:
        first = RAN.findall(self.succeed_to_reproduce(CURVES, "--tiny"))
        again = RAN.findall(self.succeed_to_reproduce(CURVES, "--tiny", "--overwrite", "--jobs", 1))
        self.assertEqual(set(first), set(again))

    def test_a_record_that_was_removed_is_made_again(self) -> None:
        first = RAN.findall(self.succeed_to_reproduce(CURVES, "--tiny"))
        folder = self.place / "brink-reproduce" / f"{CURVES}-tiny"
        shutil.rmtree(folder / f"{first[1]}.zarr")
        self.assertEqual(RAN.findall(self.succeed_to_reproduce(CURVES, "--tiny")), [first[1]])

    def test_files_of_the_users_own_are_not_run(self) -> None:
        for name in ("reproduce", "brink_plot", "xarray", "numpy"):
            (self.place / f"{name}.py").write_text("raise SystemExit('the wrong file')\n")
        self.assertIn(CURVES, self.succeed("reproduce", "list"))

    def test_modules_are_found_where_the_user_says(self) -> None:
        for folder in "modules", "mine":
            (self.place / folder).mkdir()
        (self.place / "modules/theirs.py").touch()
        recipe = (APPS / "recipes" / "chen_2024_figure_3.py").read_text()
        (self.place / "mine/my_own.py").write_text(f"{recipe}\nimport theirs\n")
        words = ("reproduce", "list", "--recipes", "mine")
        self.assertEqual(self.brink(*words).returncode, 2)
        done = self.brink(*words, environment={"PYTHONPATH": "modules"})
        self.assertRegex(done.stdout, r"(?m)^my-own ", done.stderr)

    def test_quiet(self) -> None:
        self.assertEqual(self.succeed_to_reproduce(CURVES, "--tiny", "--quiet"), "")


class List(ReproduceTest):
    def test_names_every_recipe(self) -> None:
        printed = self.succeed_to_reproduce("list")
        files = {path.stem.replace("_", "-") for path in (APPS / "recipes").glob("*.py")}
        self.assertEqual(set(KNOWN), files)
        for name, recipe in KNOWN.items():
            self.assertRegex(printed, rf"(?m)^{name} .*{re.escape(recipe.title)}$")
        self.assertEqual(list(self.place.iterdir()), [])

    def test_of_a_folder_of_ones_own(self) -> None:
        (self.place / "mine").mkdir()
        shutil.copy(APPS / "recipes" / "chen_2024_figure_3.py", self.place / "mine" / "my_own.py")
        more = ("--recipes", "mine")
        self.assertRegex(self.succeed_to_reproduce("list", *more), r"(?m)^my-own ")
        printed = self.succeed_to_reproduce("my-own", "--tiny", *more)
        self.assertGreater(len(VERDICT.findall(printed)), 0)
        check_picture(self, self.place / "brink-reproduce" / "my-own-tiny" / "my-own.png")
        done = self.reproduce("my-own", "--tiny")
        self.assertEqual(done.returncode, 2)


class Sweeps(ReproduceTest):
    def test_over_step_sizes_and_seeds(self) -> None:
        printed = self.succeed_to_reproduce(CURVES, "--tiny", "--lr", "2/10,2/6,1", "--seed", "0,1")
        folder = self.place / "brink-reproduce" / f"{CURVES}-tiny"
        sweep = xr.open_zarr(folder / "sweep.zarr")
        np.testing.assert_allclose(sweep.lr, [0.2, 1 / 3, 1])
        self.assertEqual(sweep.seed.values.tolist(), [0, 1])
        self.assertEqual(sweep.loss.dims[:2], ("lr", "seed"))
        for lr, eta in (("2_10", 0.2), ("1", 1.0)):
            one = open_record(folder / f"lr-{lr}-seed-1.zarr")
            np.testing.assert_array_equal(sweep.loss.sel(lr=eta, seed=1), one.loss)
            self.assertEqual(one.attrs["config"]["lr"], eta)
        self.assertGreater(float(abs(sweep.loss[0, 0] - sweep.loss[0, 1]).max()), 0)
        check_picture(self, folder / f"{CURVES}.png")
        labels = [f"lr = {lr}, seed = {seed}" for lr in ("2/10", "2/6", "1") for seed in (0, 1)]
        result = json.loads((folder / "result.json").read_text())
        self.assertEqual([verdicts["label"] for verdicts in result["verdicts"]], labels)
        for label in labels:
            self.assertIn(f"\n {label}\n", printed)

    def test_over_widths(self) -> None:
        self.succeed_to_reproduce(CURVES, "--tiny", "--lr", "0.2", "--hidden", "5:7,3")
        sweep = xr.open_zarr(self.place / "brink-reproduce" / f"{CURVES}-tiny" / "sweep.zarr")
        self.assertEqual(sweep.hidden.values.tolist(), ["5", "7,3"])

    def test_of_every_kind_of_run(self) -> None:
        """Runs of several kinds are groups of one store."""
        for name in ("ahn-2022-figure-1", "chen-2024-figure-3", "ahn-2022-example-4", "arora-2022-rank"):
            with self.subTest(name):
                self.succeed_to_reproduce(name, "--tiny", "--lr", "0.05,0.08")
                folder = self.place / "brink-reproduce" / f"{name}-tiny"
                check_picture(self, folder / f"{name}.png")
                groups = xr.open_datatree(folder / "sweep.zarr", engine="zarr")
                axes = [node.dataset.lr.values.tolist() for node in groups.subtree
                        if "lr" in node.dataset.coords]  # fmt: skip
                self.assertGreater(len(axes), 0)
                self.assertTrue(all(axis == [0.05, 0.08] for axis in axes), axes)

    def test_runs_that_are_about_their_own_step_sizes_are_left_alone(self) -> None:
        self.succeed_to_reproduce(MAPS, "--tiny", "--lr", "0.05,0.08")
        folder = self.place / "brink-reproduce" / f"{MAPS}-tiny"
        np.testing.assert_allclose(open_record(folder / "f4-around.zarr").lr * 19 / 10, [0.98, 1.02])


class BadInput(BadInputTest):
    """One line, exit code 2, and nothing is left."""

    def check(self, *arguments: object, naming) -> None:
        with self.subTest(str(arguments)):
            self.refused("reproduce", *arguments, naming=naming)

    def test_names(self) -> None:
        self.check(naming="NAME")
        self.check("teapot", "--tiny", naming=("teapot", "brink reproduce list"))
        self.check("chen", "--tiny", naming=("'chen'", MAPS))
        self.check(MAPS, "--teapot", naming="--teapot")

    def test_sizes(self) -> None:
        self.check(CURVES, naming=(CURVES, "--data cifar10:DIR", "--quick"))
        self.check("all", naming="--data")
        self.check(CURVES, "--quick", "--data", "cifar10:images", naming=("--data", "--quick"))
        self.check(CURVES, "--tiny", "--data", "cifar10:images", naming="--data")
        self.check(CURVES, "--tiny", "--quick", naming="--quick")

    def test_sweeps(self) -> None:
        for option, values in {
            "--lr": ("x", "", "1,,2", "0.1,0.1", "2/10,0.2", "1/0", "2/"), "--seed": ("x", "1,1"),
            "--hidden": ("", "5::7", "5:5"),
        }.items():  # fmt: skip
            for value in values:
                self.check(CURVES, "--tiny", f"{option}={value}", naming=option)
        self.check("chen-2024-figure-2", "--tiny", "--seed", "0,1", naming="swept over")
        self.check("arora-2022-phases", "--tiny", "--lr", "0.1,0.2", naming="swept over")

    def test_places(self) -> None:
        self.check(CURVES, "--tiny", "--report", "x.txt", naming=("--report x.txt", ".html"))
        self.check(CURVES, "--tiny", "--report", "none/x.html", naming=("--report", "none"))
        self.check("list", "--recipes", "none", naming=("--recipes none", "folder"))
        (self.place / "file").write_text("")
        self.check(CURVES, "--tiny", "--out", "file", naming=("--out", "file"))
        self.check(CURVES, "--tiny", "--gallery", "file", naming=("--gallery", "file"))
        self.check(CURVES, "--tiny", "--jobs", "-1", naming=("--jobs", "-1"))
        self.check(CURVES, "--tiny", "--jobs", "x", naming="--jobs")

    def test_recipes_that_are_none(self) -> None:
        for text, word in {
            "def runs(": "SyntaxError", "import teapot": "teapot", "x = 1": "RECIPE",
            "RECIPE = 3": "no Recipe", "1 / 0": "ZeroDivisionError",
        }.items():  # fmt: skip
            (self.place / "mine").mkdir(exist_ok=True)
            (self.place / "mine" / "broken.py").write_text(text + "\n")
            self.check("list", "--recipes", "mine", naming=("broken.py", word))

    def test_options_that_brink_refuses(self) -> None:
        done = self.brink("reproduce", CURVES, "--tiny", "--lr=-1")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Abrink reproduce: [^\n]+--lr -1: must be a positive[^\n]*\n\Z")
        done = self.brink("reproduce", CURVES, "--tiny", "--device", "teapot")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Abrink reproduce: [^\n]+teapot[^\n]*\n\Z")

    def test_a_recipe_that_fails(self) -> None:
        """Its own fault, told with the line at which it happened."""
        whole = (APPS / "recipes" / "ahn_2022_experiment_3.py").read_text()
        (self.place / "mine").mkdir()
        for function in ("runs(size: Size)", "claims(records: Records)"):
            head = next(line for line in whole.splitlines() if f"def {function}" in line)
            broken = whole.replace(head, f"{head}\n    [][1]")
            (self.place / "mine" / "broken.py").write_text(broken)
            done = self.brink("reproduce", "broken", "--tiny", "--recipes", "mine")
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertRegex(
                done.stderr, r"\Abrink reproduce: broken: [^\n]*line \d+ of broken.py: IndexError[^\n]*\n\Z"
            )


def check_page(test: unittest.TestCase, page: Path, results: Path) -> None:
    """The report holds every claim and picture, and needs no other file."""
    text = page.read_text(encoding="utf-8")
    for path in results.glob("*/result.json"):
        result = json.loads(path.read_text())
        test.assertIn(f'id="{result["name"]}"', text)
        picture = base64.b64encode((path.parent / result["picture"]).read_bytes()).decode()
        test.assertIn(picture, text)
        for verdicts in result["verdicts"]:
            for claim in verdicts["claims"]:
                test.assertIn(html.escape(claim["statement"]), text)
                test.assertIn(html.escape(claim["measured"]), text)
        for note in result["notes"]:
            test.assertIn(html.escape(note), text)
    test.assertNotRegex(text, r'(src|href)="(?!data:|#)')


class Reports(ReproduceTest):
    def test_holds_every_claim_and_picture(self) -> None:
        self.succeed_to_reproduce(CURVES, MAPS, "--tiny", "--report", "page.html")
        check_page(self, self.place / "page.html", self.place / "brink-reproduce")

    def test_of_a_sweep(self) -> None:
        self.succeed_to_reproduce(CURVES, "--tiny", "--lr", "0.2,0.3", "--report", "page.html")
        text = (self.place / "page.html").read_text()
        for label in ("lr = 0.2", "lr = 0.3"):
            self.assertIn(label, text)

    def test_opens_in_a_browser(self) -> None:
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        if browser is None:
            self.skipTest("no chromium here; apps/setup --ci brings it")
        self.succeed_to_reproduce(CURVES, MAPS, "--tiny", "--report", "page.html")
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", f"--user-data-dir={self.place / 'browser'}",
             "--window-size=1200,1500", f"--screenshot={self.place / 'page.png'}",
             (self.place / "page.html").as_uri()],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        image = check_picture(self, self.place / "page.png")
        # Something stands in each of three parts of the page, from top to bottom.
        for part in np.array_split(image, 3):
            self.assertGreater(float(part.std()), 0.01)


if __name__ == "__main__":
    unittest.main()
