"""The draws drawn again, and what is left of a plan under each.

The world of a draw, made again from the inputs: what is off, and who withdraws or refuses. What is left of a plan
under other inputs, and what it comes to there.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.errors import InputError
from nle_optimizer.evidence.verification.findings import Findings, RefusedError
from nle_optimizer.evidence.verification.levels import LOAD, AnyLevel
from nle_optimizer.evidence.verification.limits import breaches, counted_rows
from nle_optimizer.evidence.verification.objective_levels import levels_of
from nle_optimizer.evidence.verification.pairs.usage import ClaimedPairs, build_matching
from nle_optimizer.evidence.verification.proofs.instance import CandidatePass
from nle_optimizer.evidence.verification.reading import PairReading, reading_of
from nle_optimizer.evidence.verification.stages.entrance import Entrance
from nle_optimizer.evidence.verification.stages.supply import PINNED
from nle_optimizer.records import MILLION, Column, Flags, Kind, Records
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import Objective

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


Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Left:
    """What is left of a plan.

    Attributes:
        pairs: how many of its pairs are candidates.
        within_limits: whether they break no limit.
        levels, values: the objectives, and what those pairs come to, in their own sense.
    """

    pairs: int
    within_limits: bool
    levels: Sequence[AnyLevel]
    values: Sequence[int]


def left_of(
    make: Callable[[], Scenario],
    enter: Callable[[Scenario], Entrance],
    objectives: Sequence[Objective],
    plan: Sequence[Pair],
) -> Left | None:
    """What is left of a plan under other inputs; None where a run must refuse these.

    Args:
        make: gives the inputs.
        enter: goes through the stages before the candidate pairs.
        objectives: those in force.
        plan: school and NLE of each pair.
    """
    try:
        scenario = make()
        come = enter(scenario)
        return _left(reading_of(scenario, come.recipients, come.placed, None), objectives, plan)
    except (InputError, RefusedError):
        return None


def _left(reading: PairReading, objectives: Sequence[Objective], plan: Sequence[Pair]) -> Left:
    scenario, recipients, supply = reading.scenario, reading.recipients, reading.supply
    ids, nles = recipients.position, reading.nle_position
    known = [(nles[nle], ids[school]) for school, nle in plan if school in ids and nle in nles]
    stands = _matching(reading, [pair for pair in known if supply.available[pair[0]]])
    among = reading.ground.candidates.among(stands.pairs)
    matching = _matching(reading, list(zip(np.asarray(among.nle).tolist(), among.rows.tolist(), strict=True)))
    levels = levels_of(objectives, scenario.settings, recipients)
    instance = reading.instance(levels, matching.pairs, Findings())
    looks_at_all = any(family.seen is not None for family in instance.families)
    looks_at_all = looks_at_all or any(level.name == LOAD for level in levels)
    sweep = CandidatePass(
        reading.ground.candidates,
        reading.measures,
        supply,
        matching,
        recipients.ids,
        scenario.nles.ids,
        Findings(),
        seers=[family.look_at for family in instance.families],
        kept=None if looks_at_all else [among] if len(among) else [],
    )
    sweep.run()
    rows = list(counted_rows(instance.families, matching.pairs.with_fit(sweep.fit)))
    broken = breaches(sweep, recipients.supporters.tolist(), scenario.resources, rows)
    return Left(len(among), not broken, levels, instance.values(sweep))


def _matching(reading: PairReading, pairs: Sequence[tuple[int, int]]) -> ClaimedPairs:
    found = [(nle, row, n) for n, (nle, row) in enumerate(sorted(pairs))]
    return build_matching(found, len(reading.scenario.nles), reading.ground.geography, reading.ground.listed)
