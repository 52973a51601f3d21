"""Published figures of England that synthetic tables follow.

The closed lists that the figures, the draws and the tables of synthetic England share.

The packaged figures of England: how many schools of what kind, by authority, by town and in all.

`measure.py` derives them from public extracts; `docs/reference/generate.md` names each source.

Seeded draws that come out the same on every machine and with every release of numpy.

Only the raw output of the PCG64 bit generator is used, whose stream numpy guarantees, and only
additions, products, quotients, square roots and comparisons are done with it, which IEEE 754 makes exact
to the last bit. Each stage has a stream of its own, so that asking for more NLEs changes no school.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import PHASES, REGIONS

FAITHS = ("", "Church of England", "Roman Catholic", "Christian", "Jewish", "Muslim", "Sikh", "Hindu")
"""Religious characters; the empty one stands for none. Denominations with few schools count as Christian."""
RECORDS = ("grade_1", "grade_2", "grade_3", "grade_4", "twice_3", "twice_4", "ungraded")
"""What Ofsted said of a school: the latest overall grade, and whether the one before was below Good too."""
LATEST_GRADE = (1, 2, 3, 4, 3, 4, 0)
"""Latest overall grade of each record; 0 stands for none."""
TWICE_BELOW_GOOD = (RECORDS.index("twice_3"), RECORDS.index("twice_4"))
SOURCE = (
    "Contains public sector information licensed under the Open Government Licence v3.0 "
    "(Department for Education, Ofsted)"
)


Floats = NDArray[np.float64]

STAGES = ("places", "schools", "grades", "trusts", "needs", "capacity", "leaders", "sample")


class Stream:
    """The draws of one stage."""

    def __init__(self, seed: int, stage: str):
        child = np.random.SeedSequence(seed, spawn_key=(STAGES.index(stage),))
        self._bits = np.random.PCG64(child)

    def uniform(self, count: int) -> Floats:
        """Numbers from 0 up to but not including 1, shape (count,)."""
        raw = self._bits.random_raw(count)
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def bell(self, count: int) -> Floats:
        """Numbers about 0 with standard deviation 1 and none beyond 3: a sum of three uniform draws."""
        total = self.uniform(count) + self.uniform(count) + self.uniform(count)
        return (total - 1.5) * 2.0

    def whole(self, count: int, below: int) -> Integers:
        """Whole numbers from 0 up to but not including `below`, shape (count,)."""
        return (self.uniform(count) * below).astype(np.int64)

    def chance(self, count: int, share: float) -> NDArray[np.bool_]:
        """True with the given probability, shape (count,)."""
        return self.uniform(count) < share

    def pick(self, weights: Floats, rows: Integers) -> Integers:
        """One choice for each entry of `rows`, by the weights that stand in that row.

        Args:
            weights: shape (kinds, choices), none negative, a positive one in every row that is asked for.
            rows: shape (n,): which row of `weights` each entry draws from.

        Returns:
            Shape (n,): the number of the choice, from 0.
        """
        reach = np.cumsum(weights, axis=1)
        mark = self.uniform(len(rows)) * reach[rows, -1]
        choice = np.zeros(len(rows), dtype=np.int64)
        for column in range(weights.shape[1] - 1):
            choice += mark >= reach[rows, column]
        return choice

    def quantile(self, quantiles: Floats, rows: Integers) -> Integers:
        """A whole number for each entry of `rows`, drawn straight between the quantiles of that row."""
        return between(quantiles, rows, self.uniform(len(rows)))


def between(quantiles: Floats, rows: Integers, share: Floats) -> Integers:
    """The quantile at `share` (0 to 1) of the given rows, rounded down to a whole number."""
    at = share * (quantiles.shape[1] - 1)
    step = np.minimum(at.astype(np.int64), quantiles.shape[1] - 2)
    low = quantiles[rows, step]
    whole_numbers: Integers = (low + (quantiles[rows, step + 1] - low) * (at - step)).astype(np.int64)
    return whole_numbers


def reached(quantiles: Floats, values: Integers) -> Floats:
    """The share (0 to 1) below each value, straight between evenly spaced quantiles that only grow."""
    steps = len(quantiles) - 1
    step = np.clip(np.searchsorted(quantiles, values, side="right") - 1, 0, steps - 1)
    low, high = quantiles[step], quantiles[step + 1]
    return np.clip((step + (values - low) / (high - low)) / steps, 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class Towns:
    """Where schools cluster, authority by authority.

    Attributes:
        authority: shape (towns,): row of the town's authority, ascending.
        schools: shape (towns,): how many real schools it holds.
        centre: shape (towns, 2): mean easting and northing, metres.
        spread: shape (towns, 2): standard deviation of eastings and northings, metres.
        correlation: shape (towns,): of easting with northing, -1 to 1.
    """

    authority: Integers
    schools: Integers
    centre: Floats
    spread: Floats
    correlation: Floats


@dataclass(frozen=True, eq=False)
class Figures:
    """Counts of real schools in the authorities that are drawn from.

    Attributes:
        authorities: names.
        regions: shape (authorities,): place in `REGIONS` of each.
        schools: shape (authorities,): state-funded schools.
        phases, faiths, records: shape (authorities, kinds): how many are of each kind, in the order of
            `PHASES`, `FAITHS` and `RECORDS`.
        in_trust: shape (authorities,): how many belong to a multi-academy trust.
        towns: where they stand.
    """

    authorities: Sequence[str]
    regions: Integers
    schools: Integers
    phases: Integers
    faiths: Integers
    records: Integers
    in_trust: Integers
    towns: Towns


@dataclass(frozen=True)
class National:
    """National figures: of one figure, given one thing, how many have each value."""

    numbers: Mapping[tuple[str, str], Mapping[str, int]]

    def counts(self, figure: str, given: Sequence[str], values: Sequence[str]) -> Floats:
        """Shape (given, values): the numbers of a figure; what was never seen counts 0."""
        none: Mapping[str, int] = {}
        rows = (self.numbers.get((figure, name), none) for name in given)
        return np.array([[row.get(value, 0) for value in values] for row in rows], dtype=np.float64)

    def quantiles(self, figure: str, given: Sequence[str] = ("",)) -> Floats:
        """Shape (given, quantiles): evenly spaced quantiles, least first; zeros for what was never seen."""
        width = max(len(row) for (name, _), row in self.numbers.items() if name == figure)
        rows = [sorted(self.numbers.get((figure, name), {}).items()) for name in given]
        return np.array([[number for _, number in row] or [0] * width for row in rows], dtype=np.float64)

    def given(self, figure: str) -> list[str]:
        """What a figure is known for, in alphabetical order."""
        return sorted(name for known, name in self.numbers if known == figure)

    def values(self, figure: str) -> list[str]:
        """Every value a figure takes, in alphabetical order."""
        return sorted({value for (known, _), row in self.numbers.items() if known == figure for value in row})


@cache
def national() -> National:
    """The national figures, as packaged."""
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    for row in _rows("england.csv"):
        numbers.setdefault((row["figure"], row["given"]), {})[row["value"]] = int(row["number"])
    return National(numbers)


def figures(regions: Sequence[str] = ()) -> Figures:
    """The figures of the authorities in the named regions (as in `REGIONS`), or of all England."""
    rows = [row for row in _rows("authorities.csv") if not regions or row["region"] in regions]
    names = [row["authority"] for row in rows]
    return Figures(
        authorities=names,
        regions=np.array([REGIONS.index(row["region"]) for row in rows], dtype=np.int64),
        schools=_integers(rows, "schools"),
        phases=_table(rows, PHASES),
        faiths=_table(rows, [faith or "no_faith" for faith in FAITHS]),
        records=_table(rows, RECORDS),
        in_trust=_integers(rows, "in_trust"),
        towns=_towns({name: row for row, name in enumerate(names)}),
    )


def _rows(name: str) -> list[dict[str, str]]:
    text = (files(__package__) / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _integers(rows: Sequence[Mapping[str, str]], name: str) -> Integers:
    return np.array([int(row[name]) for row in rows], dtype=np.int64)


def _table(rows: Sequence[Mapping[str, str]], names: Sequence[str]) -> Integers:
    return np.stack([_integers(rows, name) for name in names], axis=1)


def _towns(authorities: Mapping[str, int]) -> Towns:
    rows = [row for row in _rows("towns.csv") if row["authority"] in authorities]
    return Towns(
        authority=np.array([authorities[row["authority"]] for row in rows], dtype=np.int64),
        schools=_integers(rows, "schools"),
        centre=_table(rows, ("easting", "northing")).astype(np.float64),
        spread=_table(rows, ("spread_easting", "spread_northing")).astype(np.float64),
        correlation=np.array([float(row["correlation"]) for row in rows]),
    )
