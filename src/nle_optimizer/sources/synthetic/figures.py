"""The packaged figures of England: how many schools of what kind, by authority, by town and in all.

`measure.py` derives them from public extracts; `docs/reference/generate.md` names each source.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import PHASES, REGIONS
from nle_optimizer.sources.synthetic.randomness import Floats
from nle_optimizer.sources.synthetic.vocabulary import FAITHS, RECORDS


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
