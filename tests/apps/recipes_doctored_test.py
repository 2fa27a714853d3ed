"""Claims that hold must be such that a record could refute them. Every recipe runs at its quick size;
then each claim that holds is put to records that were doctored, and at least one of these has to turn
it into "does not hold". A claim that nothing refutes says nothing."""

from __future__ import annotations

import time
import unittest
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from recipe_support import AVAILABLE, ReproduceTest  # first: it finds the package

import numpy as np
import xarray as xr

from reproduce.claim import Claim
from reproduce.record import Records
from reproduce.size import Size
from reproduce.sweep import Sweep

ALL = 3600  # seconds, for the quick size of everything on a machine that is busy
QUICK = Size("quick")
OUTCOMES = ("undecided", "stable", "unstable", "diverged", "stationary", "periodic")

Doctoring = Callable[[np.ndarray], np.ndarray]


def negated(values: np.ndarray) -> np.ndarray:
    return -(values.astype(np.int64) if values.dtype.kind in "iu" else values)


def reversed_in_time(values: np.ndarray) -> np.ndarray:
    return values[::-1].copy()


def constant(values: np.ndarray) -> np.ndarray:
    """All of them the first that is a number."""
    flat = values.ravel()
    finite = flat[np.isfinite(flat)]
    return np.full_like(values, finite[0]) if finite.size else values


def permuted(values: np.ndarray) -> np.ndarray:
    """The codes of the outcomes, each the next one's."""
    return (values + 1) % len(OUTCOMES)


DOCTORINGS: dict[str, Doctoring] = {
    "negated": negated,
    "ten times": lambda values: 10 * values.astype(float),
    "a tenth": lambda values: 0.1 * values.astype(float),
    "reversed in time": reversed_in_time,
    "constant": constant,
}


class Watched:
    """A record that notes what is read of it."""

    def __init__(self, dataset: xr.Dataset, read: dict[str, None]) -> None:
        self._dataset = dataset
        self._read = read

    def __getitem__(self, name):
        if isinstance(name, str):
            self._read[name] = None
        return self._dataset[name]

    def __contains__(self, name) -> bool:
        return name in self._dataset

    def __getattr__(self, name):
        if name in self._dataset.variables:
            self._read[name] = None
        return getattr(self._dataset, name)


def watched(records: Records) -> tuple[Records, dict[str, dict[str, None]]]:
    """The records, and for each of them the variables that are read from now on."""
    read: dict[str, dict[str, None]] = {name: {} for name in records.runs}
    for name in records.runs:
        records = records.replaced(name, Watched(records[name], read[name]))
    return records, read


def doctored(dataset: xr.Dataset, variable: str, doctoring: Doctoring) -> xr.Dataset:
    old = dataset[variable]
    new = (old.dims, doctoring(np.asarray(old.values)), old.attrs)
    if variable in dataset.coords:
        return dataset.assign_coords({variable: new})
    return dataset.assign({variable: new})


def with_other_verdict(dataset: xr.Dataset) -> xr.Dataset:
    """The verdict on one trajectory is an attribute."""
    place = (OUTCOMES.index(dataset.attrs["outcome"]) + 1) % len(OUTCOMES)
    return dataset.assign_attrs(outcome=OUTCOMES[place])


def forgeries(records: Records, read: dict[str, dict[str, None]]) -> Iterator[tuple[str, Records]]:
    """Doctored records: first those where all runs are, then one by one."""
    names = [name for name in records.runs if read[name]]
    for chosen in [names, *([name] for name in names)]:
        variables = dict.fromkeys(v for name in chosen for v in read[name])
        for variable in variables:
            ways = {"permuted": permuted} if variable == "outcome" else {}
            for way, doctoring in {**DOCTORINGS, **ways}.items():
                forged = records
                for name in chosen:
                    if variable in read[name] and variable in records[name]:
                        forged = forged.replaced(
                            name, doctored(records[name], variable, doctoring)
                        )
                yield f"{variable} of {', '.join(chosen)} {way}", forged
        judged = [name for name in chosen if "outcome" in records[name].attrs]
        forged = records
        for name in judged:
            forged = forged.replaced(name, with_other_verdict(records[name]))
        if judged:
            yield f"verdict of {', '.join(judged)}", forged


def verdicts(claims: list[Claim]) -> dict[str, bool]:
    return {claim.statement: claim.holds for claim in claims}


class Doctored(ReproduceTest):
    def records(self, name: str) -> Records:
        """Those of the quick size, in memory: they are read hundreds of times."""
        folder = self.place / "brink-reproduce" / f"{name}-quick"
        records = Sweep([], AVAILABLE[name].runs(QUICK)).records(folder, ())
        for run in records.runs:
            records = records.replaced(run, records[run].load())
        return records

    def test_every_claim_that_holds_can_be_refuted(self) -> None:
        printed = self.succeed_to_reproduce("all", "--quick", seconds=ALL)
        print(printed, flush=True)
        warnings.simplefilter("ignore")  # forged numbers overflow
        for name in AVAILABLE:
            with self.subTest(name):
                start = time.monotonic()
                left, crashes = self.unrefuted(name)
                print(f"{name}: {time.monotonic() - start:.0f} s of doctoring", flush=True)
                self.assertEqual(left, [], f"no forgery refutes these; failures on forgeries: {crashes}")

    def unrefuted(self, name: str) -> tuple[list[str], list[str]]:
        """The claims of a recipe that hold and that no forgery refutes, and what failed on one."""
        recipe, records = AVAILABLE[name], self.records(name)
        looked_at, read = watched(records)
        claims = list(recipe.claims(looked_at))
        self.assertGreater(len(claims), 0)
        statements = [claim.statement for claim in claims]
        self.assertEqual(len(set(statements)), len(statements), "a statement stands twice")
        self.assertTrue(any(claim.holds for claim in claims), "no claim holds at quick size")
        left = {i for i, claim in enumerate(claims) if claim.holds}
        crashes = []
        for what, forged in forgeries(records, read):
            if not left:
                break
            try:
                found = list(recipe.claims(forged))
            except Exception as error:
                crashes.append(f"{what}: {type(error).__name__}: {error}")
                continue
            by_statement = verdicts(found)
            for i in list(left):
                # Measured numbers in a statement differ: then its place says which it is.
                other = found[i].holds if len(found) == len(claims) else True
                if not by_statement.get(statements[i], other):
                    left.discard(i)
        return [statements[i] for i in sorted(left)], crashes[:5]


class TheTestItself(unittest.TestCase):
    """A claim that cannot fail is found out."""

    def records(self) -> Records:
        record = xr.Dataset({"loss": ("step", np.array([3.0, 2.0, 1.0, 0.5]))})
        records = Records({"one": None}, {"one": Path("none")})
        return records.replaced("one", record)

    def refuted(self, holds: Callable[[xr.Dataset], bool]) -> bool:
        records = self.records()
        looked_at, read = watched(records)
        self.assertTrue(holds(looked_at["one"]))
        return any(not holds(forged["one"]) for _, forged in forgeries(records, read))

    def test_finds_claims_that_say_nothing(self) -> None:
        self.assertFalse(self.refuted(lambda run: run["loss"].size == 4))
        self.assertFalse(self.refuted(lambda run: bool(np.isfinite(run["loss"].values).all())))
        self.assertTrue(self.refuted(lambda run: bool((np.diff(run["loss"].values) < 0).all())))
        self.assertTrue(self.refuted(lambda run: bool(run.loss.values[0] < 4)))


if __name__ == "__main__":
    unittest.main()
