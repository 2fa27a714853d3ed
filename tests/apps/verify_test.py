"""`brink verify`: sound records are said to be, and nothing that is done to one goes unnoticed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import unittest
from pathlib import Path

from support import ProgramTest, open_record, tree

TRAIN = ("train", "--data", "synthetic:examples=60,features=9,classes=3", "--hidden", "7,5",
         "--line-every", 4, "--sharpness-every", 5, "--quiet")  # fmt: skip
SCAN = ("basin", "--landscape", "f4", "--lr", "0.1,0.3", "--x", "-4:4:700", "--quiet")
CORRUPTIONS = int(os.environ.get("BRINK_CORRUPTIONS", 1000))  # fewer where the program is slow


def flip(path: Path, draw: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def overwrite(path: Path, draw: random.Random) -> None:
    """Some bytes by as many others."""
    data = bytearray(path.read_bytes())
    count = draw.randint(1, min(64, len(data)))
    first = draw.randint(0, len(data) - count)
    while (other := draw.randbytes(count)) == data[first : first + count]:
        pass
    data[first : first + count] = other
    path.write_bytes(data)


def cut(path: Path, draw: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: draw.randrange(path.stat().st_size)])


def lengthen(path: Path, draw: random.Random) -> None:
    path.write_bytes(path.read_bytes() + draw.randbytes(draw.randint(1, 40)))


def insert(path: Path, draw: random.Random) -> None:
    data = path.read_bytes()
    at = draw.randint(0, len(data))
    path.write_bytes(data[:at] + draw.randbytes(1) + data[at:])


def empty(path: Path, draw: random.Random) -> None:
    path.write_bytes(b"")


def delete(path: Path, draw: random.Random) -> None:
    path.unlink()


def exchange(path: Path, draw: random.Random) -> None:
    """With another file that holds something else; where there is none, the file is deleted."""
    others = [other for other in store_files(path) if other.read_bytes() != path.read_bytes()]
    if not others:
        path.unlink()
        return
    other = draw.choice(others)
    mine, its = path.read_bytes(), other.read_bytes()
    path.write_bytes(its)
    other.write_bytes(mine)


def copy(path: Path, draw: random.Random) -> None:
    """A file that nobody asked for."""
    shutil.copy(path, path.with_name(draw.choice(["17.23", "notes.txt", ".hidden", "99"])))


def store_files(path: Path) -> list[Path]:
    """All files of the store in which `path` is, in order."""
    store = next(folder for folder in path.parents if folder.suffix == ".zarr")
    return sorted(file for file in store.rglob("*") if file.is_file())


DAMAGES = (flip, overwrite, cut, lengthen, insert, empty, delete, exchange, copy)


class VerifyTest(ProgramTest):
    def check_sound(self, *stores: object, state: str = "finished") -> None:
        printed = self.succeed("verify", *stores)
        for store, line in zip(stores, printed.splitlines(), strict=True):
            self.assertRegex(line, rf"^{store}: sound, {state}: \d+ arrays, \d+ chunks, ")

    def check_found(self, store: str, file: str, what: str) -> None:
        """The one file that is wrong is named, with what is wrong with it."""
        done = self.brink("verify", store)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stderr, rf"\A{store}/{file}: [^\n]*{what}[^\n]*\n\Z")
        self.assertRegex(done.stdout, rf"\A{store}: DAMAGED, ")

    def write(self, store: str, file: str, text: str) -> None:
        (self.place / store / file).write_text(text)

    def interrupted_training(self) -> str:
        run = self.start(*TRAIN, "--lr", "0.1", "--steps", 10_000_000, "--out", "stopped.zarr",
                         "--checkpoint-every", 50)  # fmt: skip
        self.wait_for(self.place / "stopped.zarr" / ".checkpoint", run)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=60), 130)
        run.communicate()
        return "stopped.zarr"

    def records(self) -> list[str]:
        """One of every kind."""
        self.succeed(*TRAIN, "--lr", "0.1", "--steps", 20, "--out", "train.zarr")
        self.succeed("spectrum", *TRAIN[1:5], "--top", 3, "--quiet", "--out", "spectrum.zarr")
        self.succeed("orbit", "--landscape", "f4", "--start", "1,2", "--lr", "0.1", "--quiet",
                     "--out", "orbit.zarr")  # fmt: skip
        self.succeed(*SCAN, "--out", "basin.zarr")
        self.succeed("basin", "--x", "-2:2", "--sample", 3000, "--quiet", "--out", "sample.zarr")
        return ["train.zarr", "spectrum.zarr", "orbit.zarr", "basin.zarr", "sample.zarr"]

    def test_sound_records(self) -> None:
        names = self.records()
        before = tree(self.place)
        self.check_sound(*names)
        self.assertEqual(self.brink("verify", *names, "--quiet").stdout, "")
        self.assertEqual(tree(self.place), before)
        self.check_sound(self.interrupted_training(), state="unfinished")

    def test_readers_pass_over_the_seals(self) -> None:
        for name in self.records():
            with self.subTest(name):
                self.assertGreater(len(open_record(self.place / name).load().variables), 1)

    def test_a_thousand_corruptions(self) -> None:
        names = [*self.records(), self.interrupted_training()]
        draw = random.Random(0)
        for name in names:
            shutil.copytree(self.place / name, self.place / "sound" / name)
        met = set()
        for number in range(CORRUPTIONS):
            name = names[number % len(names)]
            store = self.place / name
            file = draw.choice(store_files(store / "any"))
            damage = draw.choice(DAMAGES)
            shown = f"{number}: {damage.__name__} {file.relative_to(self.place)}"
            if damage in (flip, overwrite, cut) and file.stat().st_size == 0:
                continue
            damage(file, draw)
            done = self.brink("verify", name)
            self.assertIn(done.returncode, (1, 2), f"{shown}: {done.stdout}{done.stderr}")
            self.assertRegex(done.stderr, r"\A([^\n]+\n)+\Z", shown)
            met.add((damage, file.name if file.name.startswith(".") else "chunk"))
            shutil.rmtree(store)
            shutil.copytree(self.place / "sound" / name, store)
        if CORRUPTIONS < 1000:
            return
        kinds = {".zmetadata", ".zattrs", ".zarray", ".zgroup", ".checkpoint", "chunk"}
        self.assertEqual({kind for _, kind in met}, kinds)
        self.assertEqual({damage for damage, _ in met}, set(DAMAGES))

    def test_every_kind_of_damage_is_named(self) -> None:
        self.succeed(*SCAN, "--out", "whole.zarr")
        for file, damage, what in (
            ("outcome/0.0.1", flip, "checksum"),
            ("outcome/0.0.1", cut, "damaged"),
            ("steps/1.0.0", delete, "is missing"),
            ("steps/.zarray", delete, "is missing"),
            (".zmetadata", delete, "is missing"),
        ):  # fmt: skip
            shutil.copytree(self.place / "whole.zarr", self.place / "a.zarr")
            damage(self.place / "a.zarr" / file, random.Random(3))
            self.check_found("a.zarr", file, what)
            shutil.rmtree(self.place / "a.zarr")

    def test_exchanged_chunks(self) -> None:
        self.succeed(*SCAN, "--out", "a.zarr")
        one, other = (self.place / "a.zarr" / "steps" / key for key in ("0.0.0", "1.0.0"))
        one.rename(one.with_name("third"))
        other.rename(one)
        one.with_name("third").rename(other)
        done = self.brink("verify", "a.zarr")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aa.zarr/steps/0.0.0: [^\n]+\na.zarr/steps/1.0.0: [^\n]+\n\Z")

    def test_edited_metadata(self) -> None:
        self.succeed(*SCAN, "--out", "a.zarr")
        file = self.place / "a.zarr" / ".zattrs"
        attributes = json.loads(file.read_text())
        attributes["learning_rates"][0] = 0.2
        text = json.dumps(attributes, indent=2, sort_keys=True) + "\n"
        self.write("a.zarr", ".zattrs", text)
        self.check_found("a.zarr", ".zattrs", "is not what .zmetadata says")
        # In both alike.
        whole = json.loads((self.place / "a.zarr" / ".zmetadata").read_text())
        whole["metadata"][".zattrs"] = attributes
        self.write("a.zarr", ".zmetadata", json.dumps(whole, indent=2, sort_keys=True) + "\n")
        self.check_found("a.zarr", ".zmetadata", "was altered")

    def test_damage_is_not_read_either(self) -> None:
        self.succeed(*SCAN, "--out", "a.zarr")
        flip(self.place / "a.zarr" / "outcome" / "0.0.0", random.Random(0))
        done = self.brink(*SCAN, "--out", "a.zarr", "--resume")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"\Abrink: a.zarr/outcome/0.0.0: [^\n]*damaged[^\n]*\n\Z")

    def test_unfinished_scans(self) -> None:
        run = self.start("basin", "--lr", "0.3", "--x", "-4:4:20000", "--quiet", "--out", "a.zarr")
        self.wait_for(self.place / "a.zarr" / "outcome" / "0.0", run)
        busy = self.brink("verify", "a.zarr")
        self.assertEqual(busy.returncode, 2)
        self.assertIn("another process is writing", busy.stderr)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(timeout=60), 130)
        run.communicate()
        self.assertRegex(self.succeed("verify", "a.zarr"), r"unfinished: .*; \d+ chunks to come\n\Z")

    def test_records_of_a_newer_format(self) -> None:
        self.succeed(*SCAN, "--out", "a.zarr")
        for file in (".zmetadata", ".zattrs"):
            text = (self.place / "a.zarr" / file).read_text()
            self.write("a.zarr", file, text.replace('"brink_format": 1', '"brink_format": 2'))
        for arguments in (
            ("verify", "a.zarr"), (*SCAN, "--out", "a.zarr", "--resume"), ("plot", "a.zarr"),
        ):  # fmt: skip
            done = self.brink(*arguments)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(
                done.stderr, r"\Abrink[^\n]*: a.zarr[^\n]* in record format 2, [^\n]+; use a newer one\n\Z"
            )

    def test_what_is_no_record(self) -> None:
        (self.place / "folder").mkdir()
        (self.place / "file").write_text("")
        for name in ("none.zarr", "folder", "file"):
            done = self.brink("verify", name)
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr, rf"\Abrink: {name}: [^\n]+\n\Z")
        self.assertEqual(self.brink("verify").returncode, 2)


if __name__ == "__main__":
    unittest.main()
