"""The world of a draw, made again from the inputs: what is off, and who withdraws or refuses."""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.stages.current import PINNED
from nle_optimizer.records import MILLION, Column, Flags, Kind, Records
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

BITS = 2**64
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""Factors of the finaliser of SplitMix64."""
Numbers = NDArray[np.uint64]


class Drawing:
    """The draws around the estimates of a scenario.

    A row's lot is the finaliser of SplitMix64 on the hash of its identifier under a salt, combined by exclusive or with
    the finaliser on the number of the draw, from 1; the hash is the first 8 bytes of BLAKE2b on `SALT:0:IDENTIFIER`,
    the lowest first.
    """

    def __init__(self, scenario: Scenario):
        self._scenario, self._hashes = scenario, dict[str, Numbers]()
        asked = set(_with_word(scenario.pairs, "relation", {"require"}))
        held = asked | set(_with_word(scenario.current, "state", set(PINNED)))
        self._held = {"schools": {school for school, _ in held}, "nles": {nle for _, nle in held}}

    def world(self, draw: int) -> Scenario:
        """The scenario of a draw, counted from 1."""
        rates, scenario = self._scenario.settings.uncertainty, self._scenario
        schools = self._off(scenario.schools, "need", rates.needs, draw)
        nles = self._off(scenario.nles, "expertise", rates.expertise, draw)
        refuses = self._happens(schools, "schools", "refuses", rates.school_refuses, draw) & ~schools.given("left_out")
        withdraws = self._happens(nles, "nles", "withdraws", rates.nle_withdraws, draw)
        tables = {
            "schools": _marked(schools, "left_out", refuses, "refused-in-a-draw"),
            "nles": _marked(nles, "status", withdraws, "withdrawn"),
        }
        return scenario.with_tables(tables, scenario.document.copy())

    def _lots(self, table: Records, salt: str, draw: int) -> Numbers:
        salt = f"{salt} {self._scenario.settings.seed}"
        if salt not in self._hashes:
            self._hashes[salt] = _hashes(table.ids.tolist(), salt)
        return _finalised(self._hashes[salt] ^ _finalised(np.array([draw], dtype=np.uint64)))

    def _off(self, table: Records, prefix: str, rate: Decimal, draw: int) -> Records:
        """A table whose given shares are off by at most a rate, and never below 0 or above 1."""
        most = int(rate * MILLION)
        moved = {}
        for name in (f"{prefix}_{area}" for area in AREAS):
            if most and name in table:
                column = table.column(name)
                off = (self._lots(table, name, draw) % np.uint64(2 * most + 1)).astype(np.int64) - most
                values = np.minimum(np.maximum(column.values + off, 0), MILLION)
                moved[name] = Column(column.kind, np.where(column.given, values, column.values), column.given)
        return table.with_columns(moved)

    def _happens(self, table: Records, name: str, what: str, chance: Decimal, draw: int) -> Flags:
        """To which rows that nothing holds something of a chance happens."""
        free = np.array([identifier not in self._held[name] for identifier in table.ids.tolist()], dtype=bool)
        return np.asarray(free & (self._lots(table, what, draw) < np.uint64(int(chance * (BITS - 1)))), dtype=bool)


def _with_word(table: Records | None, column: str, words: set[str]) -> Iterator[tuple[str, str]]:
    """School and NLE of the rows that have one of some words in a column."""
    if table is None or column not in table:
        return
    for row, cell in enumerate(table.values(column).tolist()):
        if words.intersection((cell,) if isinstance(cell, str) else cell):
            yield table.values("school_id")[row], table.values("nle_id")[row]


def _hashes(ids: Iterable[str], salt: str) -> Numbers:
    digests = (hashlib.blake2b(f"{salt}:0:{name}".encode(), digest_size=8).digest() for name in ids)
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def _finalised(numbers: Numbers) -> Numbers:
    """The finaliser of SplitMix64."""
    for shift, factor in ((30, FIRST), (27, SECOND)):
        numbers = (numbers ^ (numbers >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(numbers ^ (numbers >> np.uint64(31)))


def _marked(table: Records, name: str, rows: Flags, word: str) -> Records:
    column = table.column(name, Kind.TEXT)
    values = np.where(rows, word, column.values).astype(object)
    return table.with_columns({name: Column(column.kind, values, column.given | rows)}) if rows.any() else table
