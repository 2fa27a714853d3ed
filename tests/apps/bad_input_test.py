"""Every wrong input is refused in one line that names it, and leaves the place as it was."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import struct
import unittest

import numpy as np

from support import ProgramTest, tree

DATA = ("--data", "synthetic:examples=20,features=4,classes=3")
TINY = (*DATA, "--hidden", "5")
CIFAR_IMAGE = bytes([3]) + bytes(range(256)) * 12
CIFAR_FILES = [f"data_batch_{i}.bin" for i in range(1, 6)]


class BadInputTest(ProgramTest):
    def refused(self, *arguments: object, naming: str | tuple[str, ...]) -> str:
        """The one line that says what is wrong; no word of it is missing, nothing is left."""
        before = tree(self.place)
        done = self.brink(*arguments)
        line = done.stderr
        shown = f"brink {' '.join(map(str, arguments))}\n{line}"
        self.assertEqual(done.returncode, 2, shown)
        self.assertRegex(line, r"\Abrink[^\n]*: [^\n]+\n\Z", shown)
        self.assertEqual(done.stdout, "", shown)
        for word in (naming,) if isinstance(naming, str) else naming:
            self.assertIn(word, line, shown)
        self.assertEqual(tree(self.place), before, shown)
        return line

    def train_refused(self, *arguments: object, naming) -> str:
        return self.refused("train", *TINY, *arguments, naming=naming)


class CommandLine(BadInputTest):
    def test_usage(self) -> None:
        for arguments, word in (
            ((), "--help"),
            (("teapot",), "teapot"),
            (("train", "--teapot"), "--teapot"),
            (("train", "stray"), "stray"),
            (("train", "--lr"), "--lr"),
            (("plot",), "records"),
            (("info", "--steps", "3"), "--steps"),
            (("train", "--steps", "3", "--steps", "4"), "--steps"),
        ):
            self.refused(*arguments, naming=word)
        for arguments, advice in (
            (("train", "--teapot"), "see brink train --help"),
            (("--teapot",), "see brink --help"),
        ):
            self.refused(*arguments, naming=advice)

    def test_unknown_names(self) -> None:
        for option in ("activation", "loss", "method", "precision", "objective", "standardize",
                       "init"):  # fmt: skip
            self.train_refused(f"--{option}", "teapot", naming=("teapot", option))
        self.train_refused("--device", "teapot", naming="teapot")
        self.refused("spectrum", "--activation", "teapot", naming="teapot")

    def test_every_unknown_name_lists_the_known(self) -> None:
        self.train_refused("--activation", "teapot", naming=("tanh", "relu", "gelu"))
        self.train_refused("--method", "teapot", naming=("gd", "sgd", "flow"))
        self.train_refused("--device", "cuda:77", naming=("cuda:77", "cpu"))

    def test_numbers(self) -> None:
        methods = {"--batch-size": "sgd", "--momentum": "polyak", "--flow-alpha": "flow"}
        for option, values in {
            "--lr": ("0", "-0.1", "abc", "", "nan", "inf", "1/0", "2/", "1e999"),
            "--steps": ("-1", "2.5", "many"),
            "--batch-size": ("0", "-3"),
            "--momentum": ("1", "-0.1", "nan", "x"),
            "--flow-alpha": ("0", "-1", "nan"),
            "--until-accuracy": ("2", "0", "-1", "most"),
            "--until-loss": ("small", "nan"),
            "--examples": ("-5", "21", "x"),
            "--threads": ("-1", "x"),
            "--seed": ("-1", "x"),
            "--top": ("0", "-1"),
            "--sharpness-every": ("-1",),
            "--sharpness-tolerance": ("0", "nan"),
            "--line-every": ("-1",),
            "--line-points": ("0",),
            "--segment-every": ("-1", "x"),
            "--segment-points": ("0", "-2"),
            "--test-every": ("-2",),
            "--expectation-every": ("-2",),
            "--draws": ("0",),
            "--checkpoint-every": ("-1",),
            "--hidden": ("0", "-3", "5,,5", "5,", ",5", "5;5", "1e2", "99999999"),
        }.items():
            for value in values:
                with self.subTest(f"{option} '{value}'"):
                    # The number of examples is told with the data it is held against.
                    word = "synthetic" if option == "--examples" and value != "x" else option
                    network = DATA if option == "--hidden" else TINY
                    method = methods.get(option, "gd")
                    self.refused("train", *network, "--method", method, f"{option}={value}",
                                 naming=(word, value[:8]))  # fmt: skip

    def test_spectrum_numbers(self) -> None:
        for option, values in {
            "--top": ("-1", "x"), "--bottom": ("-1",), "--tolerance": ("0", "nan"),
            "--max-products": ("0",), "--probes": ("0",), "--lanczos-steps": ("1",),
        }.items():  # fmt: skip
            for value in values:
                with self.subTest(f"{option} {value}"):
                    self.refused("spectrum", *TINY, f"{option}={value}", naming=(option, value))
        self.refused("spectrum", "--top", "0", naming="nothing to compute")

    def test_tf32_is_of_float32_on_cuda(self) -> None:
        for command in ("train", "spectrum"):
            self.refused(command, *TINY, "--tf32", "--precision", "float64",
                         naming=("--tf32", "--precision float32", "float64"))  # fmt: skip
            self.refused(command, *TINY, "--tf32", "--device", "cpu",
                         naming=("--tf32", "cuda", "cpu"))  # fmt: skip

    def test_options_that_do_not_go_together(self) -> None:
        for arguments, word in (
            (("--line-every", 1, "--method", "sgd"), "--line-every"),
            (("--expectation-every", 1), "--expectation-every"),
            (("--method", "flow"), "--sharpness-every"),
            (("--gram", "--method", "polyak"), "--gram"),
            (("--batch-size", 8), "--batch-size goes with --method sgd, not gd"),
            (("--momentum", 0.5, "--method", "sgd"), "--momentum goes with --method polyak or nesterov"),
            (("--flow-alpha", 1), "--flow-alpha goes with --method flow"),
            (("--until-accuracy", 0.5, "--method", "sgd"), "--until-accuracy"),
            (("--objective", "sqrt", "--method", "sgd"), "--objective"),
            (("--objective", "sqrt", "--method", "flow", "--sharpness-every", 1), "--objective"),
            (("--resume", "--overwrite"), "--overwrite"),
            (("--sharpness-every", 1, "--top", 1000), "--top"),
            (("--standardize", "channel"), "--standardize"),
        ):
            with self.subTest(str(arguments)):
                self.train_refused(*arguments, naming=word)

    def test_no_such_device(self) -> None:
        if "device cuda" in self.succeed("info"):
            self.skipTest("there is a cuda device")
        line = self.train_refused("--device", "cuda", naming=("cuda", "cpu"))
        self.assertRegex(line, r"cpu")


class Landscapes(BadInputTest):
    """What `basin` and `orbit` refuse."""

    commands = (("basin", "--x", "-1:1:9"), ("orbit", "--start", "1,1"))
    landscapes = {
        "teapot": "f4", "": "f4", "f5": "f4", "F4": "f4", "f4:": "no weights", "f4:1": "no weights",
        "neuron-tanh:1,2": "no weights", "quadratic:": "positive", "quadratic:1,-2": "positive",
        "quadratic:1,0": "positive", "quadratic:1,,2": "positive", "quadratic:1,x": "positive",
        "quadratic:1,nan": "positive", "tanh-quadratic:1,2,3,4,5": "1 to 4",
    }  # fmt: skip
    numbers = {
        "--lr": ("0", "-0.1", "nan", "inf", "abc", "1/0", "2/", "1e999", "0.1,", "0,0.1"),
        "--max-steps": ("-1", "16777217", "x", "2.5"),
        "--escape": ("0", "-1", "nan", "inf", "x"),
        "--tolerance": ("0", "-1", "nan", "inf", "x"),
        "--precision": ("float16", "64"), "--objective": ("mse",), "--method": ("sgd", "flow"),
    }  # fmt: skip

    def basin_refused(self, *arguments: object, naming) -> None:
        with self.subTest(str(arguments)):
            self.refused("basin", *arguments, naming=naming)

    def check_values(self, command: tuple, values: dict[str, tuple[str, ...]]) -> None:
        """Each value of each option, alone."""
        for option, wrong in values.items():
            for value in wrong:
                with self.subTest(f"{command[0]} {option}={value}"):
                    self.refused(*command, f"{option}={value}", naming=option)

    def test_landscapes(self) -> None:
        for command in self.commands:
            for name, word in self.landscapes.items():
                with self.subTest(f"{command[0]} {name}"):
                    self.refused(*command, "--landscape", name, naming=("--landscape", word))
            self.refused(*command, "--landscape", "f1", "--objective", "sqrt",
                         naming=("--objective", "f1"))  # fmt: skip

    def test_numbers(self) -> None:
        for command in self.commands:
            self.check_values(command, self.numbers)

    def test_scan_numbers(self) -> None:
        self.check_values(("basin",), {
            "--lr": ("0.1:0.2", "0.1:0.2:0", "0:1:3", "0.1:0.2:1.5", "0.1:0.2:1e9", "0.1,0.2,1/10",
                     "0.1:0.1:2", "0.1,0.2:0.3:4", ":", ""),
            "--x": ("", "3", "1:2", "1:2:3:4", "a:1:5", "2:1:5", "-1:1:0", "-1:1:-3", "-1:1:2.5",
                    "-1:1:5/2", "-1:1:1e12", "-1:1:x", "1:1:5", "-1::3", "::", "-1:nan:3",
                    "-1:inf:3", "-1e7:1e7:5"),
            "--fix": ("3=1", "0=1", "-1=1", "1.5=1", "x=1", "1=x", "1=nan", "1=", "=", "1",
                      "1=1e9"),
            "--sample": ("-1", "x", "2.5", "9999999999999999"),
            "--seed": ("-1", "x"),
            "--uncertainty": ("-1", "x", "99999999999"),
            "--threads": ("-1", "x"),
            "--device": ("cuda:7", "teapot"),
            "--png": ("map.jpg", "map", ".png", "nowhere/map.png", "map.png/"),
        })  # fmt: skip
        self.check_values(self.commands[0], {"--y": ("3", "2:1:5", "-1:1:0", "-1:1:1e12")})

    def test_orbit_numbers(self) -> None:
        self.check_values(("orbit",), {
            "--start": ("1", "1,2,3", "1,", ",", "1,x", "1,nan", "1,inf", "1,1e200", "1;2"),
        })  # fmt: skip
        self.check_values(self.commands[1], {
            "--steps": ("-1", "x", "2.5", "99999999"), "--lr": ("0.1,0.2", "0.1:0.2:3"),
            "--neighbourhood": ("0", "-1", "nan", "inf", "x", "1,2"),
        })  # fmt: skip
        self.refused("orbit", naming="--start")
        self.refused(*self.commands[1], "--landscape", "quadratic:1,2,3", naming=("--start", "3"))
        self.refused(*self.commands[1], "--resume", naming="--resume")

    def test_coordinates_that_do_not_vary(self) -> None:
        three = ("--landscape", "quadratic:1,2,3")
        for arguments, words in (
            (("--fix", "1=0", "--fix", "1=1"), ("--fix 1=1", "already")),
            (("--fix", "1=0", "--fix", "2=1"), "--fix"),
            (("--fix", "1=0", "--y", "0:1:3"), "--y"),
            (("--landscape", "quadratic:2", "--y", "0:1:3"), "--y"),
            (three, ("--landscape", "--fix 1 of 3")),
            ((*three, "--fix", "4=1"), "--fix"),
            ((*three, "--fix", "1=0", "--fix", "2=0", "--y", "0:1:3"), "--y"),
            (("--escape", "0.5"), ("--x", "--escape")),
            (("--escape", "2", "--y", "-3:3:5"), ("--y", "--escape")),
        ):
            self.basin_refused("--x", "-1:1:9", *arguments, naming=words)

    def test_samples(self) -> None:
        sample = ("--sample", 10)
        self.basin_refused(*sample, "--starts", "npy:points.npy", naming=("--sample", "--starts"))
        self.basin_refused(*sample, "--x", "-1", naming="--x")
        self.basin_refused(*sample, "--x", "1:-1", naming="--x")
        self.basin_refused(*sample, "--fix", "1=0", "--fix", "2=0", naming="--fix")

    def test_listed_starts(self) -> None:
        good = np.ones((3, 2))
        file = self.save("good.npy", good)
        self.succeed("basin", "--starts", f"npy:{file}", "--quiet", "--out", "good.zarr")
        bad = good.copy()
        bad[2, 1] = np.nan
        for name, points in {
            "three": np.ones((3, 3)), "one": np.ones(3), "none": good[:0], "cube": good[None],
            "complex": good.astype(complex), "text": good.astype("S3"), "nan": bad,
        }.items():  # fmt: skip
            file = self.save(f"{name}.npy", points)
            self.basin_refused("--starts", f"npy:{file}", naming=file)
        (self.place / "junk.npy").write_text("teapot")
        (self.place / "folder.npy").mkdir()
        for name in ("junk.npy", "folder.npy", "nowhere.npy"):
            self.basin_refused("--starts", f"npy:{name}", naming=name)
        for source in ("npy:", "good.npy", "csv:good.npy"):
            self.basin_refused("--starts", source, naming="--starts")
        starts = ("--starts", "npy:good.npy")
        self.basin_refused(*starts, "--fix", "1=0", naming=("--fix", "--starts"))
        self.basin_refused(*starts, "--uncertainty", 9, naming=("--uncertainty", "--starts"))

    def test_pictures(self) -> None:
        self.save("points.npy", np.ones((3, 2)))
        (self.place / "folder.png").mkdir()
        for arguments in (("--x", "-1:1", "--sample", 10), ("--starts", "npy:points.npy"),
                          ("--fix", "1=0"), ("--landscape", "quadratic:2")):  # fmt: skip
            self.basin_refused(*arguments, "--png", "map.png", naming="--png")
        self.basin_refused("--png", "folder.png", naming="--png")
        self.basin_refused("--png", "map.png", "--out", "./map.png", naming="--png")
        self.basin_refused("--png", "map.png", "--lr", "0.1,0.2", "--out", "map-0.2.png",
                           naming=("--png", "map-0.2.png"))  # fmt: skip

    def test_resume_and_overwrite(self) -> None:
        self.basin_refused("--resume", "--overwrite", naming=("--resume", "--overwrite"))


class Data(BadInputTest):
    def data_refused(self, source: str, naming, *arguments: object) -> None:
        with self.subTest(source):
            self.refused("train", "--data", source, "--hidden", "5", "--steps", "3", *arguments,
                         naming=naming)  # fmt: skip

    def test_sources(self) -> None:
        for source, word in (
            ("teapot", "teapot"), ("", "--data"), ("synthetic:teapot=3", "teapot"),
            ("synthetic:examples=0", "examples"), ("synthetic:examples=-1", "examples"),
            ("synthetic:examples=x", "examples"), ("synthetic:features=0", "features"),
            ("synthetic:classes=0", "classes"), ("synthetic:", "synthetic"),
            ("cifar10:nowhere", "nowhere"), ("cifar10:", "cifar10"),
            ("idx:nowhere,labels", "nowhere"), ("idx:one", "idx"),
            ("npy:nowhere.npy,y.npy", "nowhere.npy"), ("npy:x.npy", "npy"),
        ):  # fmt: skip
            self.data_refused(source, word)

    def cifar10(self, first: bytes, others: bytes = CIFAR_IMAGE) -> str:
        folder = self.place / "cifar"
        folder.mkdir(exist_ok=True)
        for name in CIFAR_FILES:
            (folder / name).write_bytes(first if name == CIFAR_FILES[2] else others)
        return "cifar10:cifar"

    def test_cifar10(self) -> None:
        self.data_refused(self.cifar10(CIFAR_IMAGE[:-1]), "data_batch_3.bin")
        self.data_refused(self.cifar10(b""), "data_batch_3.bin")
        out_of_range = bytes([10]) + CIFAR_IMAGE[1:]
        self.data_refused(self.cifar10(CIFAR_IMAGE + out_of_range), ("data_batch_3.bin", "10"))
        self.data_refused(self.cifar10(CIFAR_IMAGE), "6", "--examples", 6)
        (self.place / "cifar" / "data_batch_3.bin").unlink()
        (self.place / "cifar" / "data_batch_3.bin").mkdir()
        self.data_refused("cifar10:cifar", "data_batch_3.bin")

    def idx(self, images: bytes | None = None, labels: bytes | None = None) -> str:
        good = struct.pack(">4B3i", 0, 0, 8, 3, 4, 2, 2) + bytes(range(16))
        good_labels = struct.pack(">4Bi", 0, 0, 8, 1, 4) + bytes([0, 1, 2, 1])
        (self.place / "images").write_bytes(good if images is None else images)
        (self.place / "labels").write_bytes(good_labels if labels is None else labels)
        return "idx:images,labels"

    def test_idx(self) -> None:
        self.succeed("train", "--data", self.idx(), "--steps", 1, "--quiet", "--out", "good.zarr")
        header = struct.pack(">4B3i", 0, 0, 8, 3, 4, 2, 2)
        empty = struct.pack(">4B3i", 0, 0, 8, 3, 4, 0, 2)
        huge = struct.pack(">4B3i", 0, 0, 8, 3, 2**31 - 1, 2**31 - 1, 2**31 - 1)
        packed = gzip.compress(header + bytes(16))
        for name, images in {
            "truncated": header + bytes(15), "longer": header + bytes(17), "empty": b"",
            "half a header": header[:7], "zero width": empty, "huge": huge,
            "no idx": b"teapot" * 9, "gzip garbage": b"\x1f\x8b" + bytes(range(99)),
            "cut gzip": packed[:-9], "damaged gzip": packed[:-8] + b"12345678",
        }.items():  # fmt: skip
            with self.subTest(name):
                self.data_refused(self.idx(images), "images")
        three = struct.pack(">4Bi", 0, 0, 8, 1, 3) + bytes(3)
        self.data_refused(self.idx(labels=three), "labels")
        self.data_refused(self.idx(), "5", "--examples", 5)

    def npy(self, x, y) -> str:
        return f"npy:{self.save('x.npy', x)},{self.save('y.npy', y)}"

    def test_npy(self) -> None:
        x, y = np.random.default_rng(0).normal(size=(6, 3)), np.array([0, 1, 2, 0, 1, 2])
        self.succeed("train", "--data", self.npy(x, y), "--steps", 1, "--quiet", "--out", "ok.zarr")
        for value in (np.nan, np.inf):
            bad = x.copy()
            bad[4, 1] = value
            self.data_refused(self.npy(bad, y), ("x.npy", "4"))
        for bad_x in (x[0], x[:, :0], x[:0], x[None], x.astype(complex), x.astype("S3"),
                      x.astype(">f8")):  # fmt: skip
            self.data_refused(self.npy(bad_x, y), "x.npy")
        for bad_y in (y[:5], y.reshape(2, 3), np.array([0, 1, -1, 0, 1, 2]), np.float64(3)):
            self.data_refused(self.npy(x, bad_y), "y.npy")
        targets = np.ones((6, 2))
        targets[3, 1] = np.nan
        self.data_refused(self.npy(x, targets), ("y.npy", "3"), "--loss", "mse")
        self.data_refused(self.npy(x, np.ones((6, 2))), ("--loss", "mse"))
        self.data_refused(self.npy(x, y), "7", "--examples", 7)
        self.data_refused(self.npy(x, y), "--test-every", "--test-every", 1)

    def test_damaged_npy(self) -> None:
        source = self.npy(np.ones((6, 3)), np.arange(6) % 2)
        whole = (self.place / "x.npy").read_bytes()
        for bad in (b"", whole[:5], whole[:60], whole[:-1], whole + b"1", b"teapot" * 30,
                    whole.replace(b"(6, 3)", b"(6,-3)")):  # fmt: skip
            (self.place / "x.npy").write_bytes(bad)
            self.data_refused(source, "x.npy")

    def test_initial_parameters(self) -> None:
        count = 4 * 5 + 5 + 5 * 3 + 3
        theta = np.zeros(count)
        theta[7] = np.nan
        for values, words in (
            (np.zeros(count - 1), (str(count - 1), str(count))), (theta, "7"), (np.zeros(0), "0"),
        ):  # fmt: skip
            self.train_refused("--init", "npy:" + self.save("theta.npy", values),
                               naming=("theta.npy", *words))  # fmt: skip
            self.refused("spectrum", *TINY, "--init", "npy:theta.npy", naming="theta.npy")
        self.train_refused("--init", "npy:nowhere.npy", naming="nowhere.npy")
        self.train_refused("--init", "npy:", naming="init")


class Output(BadInputTest):
    commands = (("train", *TINY), ("spectrum", *TINY), *Landscapes.commands)

    def test_existing_output_stays(self) -> None:
        self.succeed("train", *TINY, "--steps", 3, "--quiet", "--out", "run.zarr")
        (self.place / "folder").mkdir()
        (self.place / "folder" / "precious").write_text("data")
        (self.place / "file").write_text("data")
        for command in self.commands:
            for out in ("run.zarr", "run.zarr/", "folder", "file"):
                with self.subTest(f"{command[0]} {out}"):
                    self.refused(*command, "--out", out, naming=(out.strip("/"), "exists"))
            for out in ("folder", "file"):
                with self.subTest(f"{command[0]} {out} --overwrite"):
                    self.refused(*command, "--out", out, "--overwrite", naming=out)

    def test_no_place_for_output(self) -> None:
        (self.place / "file").write_text("data")
        for command in self.commands:
            for out in ("nowhere/run.zarr", "file/run.zarr", "file/deeper/run.zarr", "", "x" * 300):
                with self.subTest(f"{command[0]} {out}"):
                    self.refused(*command, "--out", out, naming=("--out", out))

    def test_unwritable_directory(self) -> None:
        if os.geteuid() == 0:
            self.skipTest("root may write anywhere")
        locked = self.place / "locked"
        locked.mkdir()
        locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
        self.addCleanup(locked.chmod, stat.S_IRWXU)
        for command in self.commands:
            self.refused(*command, "--out", "locked/run.zarr", naming="locked")
        self.train_refused("--save-params", "locked/theta.npy", naming="--save-params")

    def test_place_of_parameters_is_checked_before_training(self) -> None:
        (self.place / "folder").mkdir()
        (self.place / "file").write_text("data")
        for path in ("nowhere/theta.npy", "folder", "folder/", "file/theta.npy", "run.zarr",
                     "./run.zarr"):  # fmt: skip
            with self.subTest(path):
                # Whoever trained first would not be back in time.
                self.refused("train", "--steps", 10**9, "--out", "run.zarr", "--save-params", path,
                             naming=("--save-params", path))  # fmt: skip

    def test_plots(self) -> None:
        (self.place / "file").write_text("data")
        (self.place / "folder").mkdir()
        for path in ("nowhere.zarr", "file", "folder"):
            self.refused("plot", path, naming=path)
        self.succeed("train", *TINY, "--steps", 3, "--quiet", "--out", "run.zarr")
        self.refused("plot", "run.zarr", "--out", "picture.teapot", naming="picture.teapot")
        self.refused("plot", "run.zarr", "--panels", "teapot", naming="teapot")


class Resume(BadInputTest):
    def setUp(self) -> None:
        super().setUp()
        run = self.start(*self.words(), "--checkpoint-every", 5)
        checkpoint = self.place / "run.zarr" / ".checkpoint"
        self.wait_for(checkpoint, run)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
        self.assertEqual(run.returncode, 130)

    settings = {"--hidden": "5", "--steps": 10**7, "--out": "run.zarr"}

    def words(self, **changed: object) -> list:
        settings = self.settings | {f"--{key}": value for key, value in changed.items()}
        return ["train", *DATA, *(word for pair in settings.items() for word in pair)]

    def test_other_settings(self) -> None:
        for option, value, word in (
            ("--lr", 0.01, "lr"), ("--seed", 1, "seed"), ("--hidden", 6, "hidden"),
            ("--activation", "relu", "activation"), ("--loss", "mse", "loss"),
            ("--method", "polyak", "method"), ("--steps", 10**8, "steps"),
            ("--sharpness-every", 2, "sharpness_every"), ("--precision", "float64", "precision"),
            ("--examples", 19, "examples"), ("--objective", "sqrt", "objective"),
        ):  # fmt: skip
            with self.subTest(option):
                self.refused(*self.words(**{option[2:]: value}), "--resume",
                             naming=("--resume", word))  # fmt: skip

    def test_damaged_checkpoint(self) -> None:
        checkpoint = self.place / "run.zarr" / ".checkpoint"
        whole = checkpoint.read_bytes()
        middle = len(whole) // 2
        for damaged in (b"", whole[:-1], whole[:20], whole + b"1", b"teapot" * 40,
                        whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]):  # fmt: skip
            checkpoint.write_bytes(damaged)
            self.refused(*self.words(), "--resume", naming="checkpoint")

    def test_what_is_no_record(self) -> None:
        (self.place / "folder").mkdir()
        (self.place / "file").write_text("data")
        self.succeed("spectrum", *TINY, "--quiet", "--out", "spectrum.zarr")
        for out in ("folder", "file", "spectrum.zarr"):
            with self.subTest(out):
                self.refused(*self.words(out=out), "--resume", naming=out)

    def test_other_data_under_the_same_name(self) -> None:
        source = "npy:x.npy,y.npy"
        command = ("train", "--data", source, "--hidden", "5", "--steps", 10**7, "--out", "d.zarr")
        x, y = np.random.default_rng(0).normal(size=(6, 3)), np.arange(6) % 3
        self.save("x.npy", x), self.save("y.npy", y)
        run = self.start(*command, "--checkpoint-every", 5)
        self.wait_for(self.place / "d.zarr" / ".checkpoint", run)
        run.kill()
        run.communicate(timeout=60)
        self.save("x.npy", x * 1.0000001)
        self.refused(*command, "--resume", naming=("--resume", "d.zarr", "data"))

    def test_parameters_that_a_finished_run_did_not_save(self) -> None:
        command = ("train", *TINY, "--steps", 3, "--out", "done.zarr")
        self.succeed(*command)
        self.refused(*command, "--resume", "--save-params", "theta.npy",
                     naming=("--save-params", "theta.npy"))  # fmt: skip


class ResumedScan(BadInputTest):
    settings = {"--landscape": "f4", "--lr": "0.1,0.3", "--x": "-1:1:9", "--out": "scan.zarr"}

    def words(self, **changed: object) -> list:
        settings = self.settings | {f"--{key}": value for key, value in changed.items()}
        return ["basin", *(word for pair in settings.items() for word in pair), "--quiet"]

    def setUp(self) -> None:
        super().setUp()
        self.succeed(*self.words())

    def test_other_settings(self) -> None:
        for option, value in (
            ("landscape", "f3"), ("lr", "0.1,0.31"), ("lr", "0.1"), ("x", "-1:1:10"),
            ("y", "-1:1:8"), ("max-steps", 5), ("escape", 5), ("tolerance", 1e-3), ("seed", 4),
            ("precision", "float32"), ("objective", "sqrt"), ("method", "normalized-gd"),
            ("sample", 5), ("uncertainty", 5), ("fix", "1=0"),
        ):  # fmt: skip
            key = option.replace("-", "_")
            with self.subTest(f"{option} {value}"):
                self.refused(*self.words(**{option: value}), "--resume",
                             naming=("--resume", "scan.zarr", f"{key} = "))  # fmt: skip

    def test_other_starts_under_the_same_name(self) -> None:
        command = ("basin", "--starts", "npy:points.npy", "--out", "points.zarr", "--quiet")
        self.save("points.npy", np.ones((3, 2)))
        self.succeed(*command)
        self.save("points.npy", np.full((3, 2), 1.5))
        self.refused(*command, "--resume", naming=("--resume", "points.zarr", "starts"))

    def test_what_is_no_scan(self) -> None:
        (self.place / "folder").mkdir()
        (self.place / "file").write_text("data")
        self.succeed("orbit", "--start", "1,1", "--quiet", "--out", "orbit.zarr")
        for out in ("folder", "file", "orbit.zarr"):
            with self.subTest(out):
                self.refused(*self.words(out=out), "--resume", naming=out)

    def test_damaged_chunk(self) -> None:
        for name in ("outcome/1.0.0", "minimum/0.0.0", "steps/0.0.0"):
            chunk = self.place / "scan.zarr" / name
            whole = chunk.read_bytes()
            for damaged in (b"", whole[:-1], whole[:5], b"teapot" * 9):
                chunk.write_bytes(damaged)
                with self.subTest(f"{name} {damaged[:6]}"):
                    self.refused(*self.words(), "--resume", naming=name)
            chunk.write_bytes(whole)


if __name__ == "__main__":
    unittest.main()
