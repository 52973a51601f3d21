"""A region of 300 schools and 60 NLEs with every kind of constraint at once, as a problem in whole numbers."""

from collections.abc import Iterable

import numpy as np

from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Presences, Problem, Resource, Row
from nle_optimizer.records import MILLION, Flags, Integers

SCHOOLS, NLES, TOWNS, SIDE, SPREAD = 300, 60, 8, 120_000, 15_000
REGIONS, TRUSTS_OF_TOWN = 4, 8
NOBODY = np.zeros(0, dtype=np.int64)


class Region:
    """Places, needs, capacities and ties of the schools and NLEs of a seed, and who is within reach of whom."""

    def __init__(self, seed: int, reach_metres: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        towns = rng.uniform(0, SIDE, (TOWNS, 2))
        self.school_town, self.nle_town = rng.integers(0, TOWNS, SCHOOLS), rng.integers(0, TOWNS, NLES)
        schools = towns[self.school_town] + rng.normal(0, SPREAD, (SCHOOLS, 2))
        nles = towns[self.nle_town] + rng.normal(0, SPREAD, (NLES, 2))
        metres = np.rint(np.hypot(*(schools[None] - nles[:, None]).transpose(2, 0, 1))).astype(np.int64)
        self.nle, self.recipient = (side.astype(np.int64) for side in np.nonzero(metres < reach_metres))
        self.metres = metres[self.nle, self.recipient]
        fit = rng.random((NLES, 3)) @ rng.dirichlet((1, 1, 1), SCHOOLS).T
        self.fit = np.rint(fit * MILLION).astype(np.int64)[self.nle, self.recipient]
        self.days = rng.choice([3, 5, 7, 10, 15], SCHOOLS) * MILLION
        self.priority = rng.integers(1, 4, SCHOOLS)
        self.supporters = np.where(rng.random(SCHOOLS) < 0.05, 2, 1)
        in_trust = rng.random(SCHOOLS) < 0.5
        self.trust = np.where(
            in_trust, self.school_town * TRUSTS_OF_TOWN + rng.integers(0, TRUSTS_OF_TOWN, SCHOOLS), -1
        )
        self.primary = rng.random(SCHOOLS) < 0.5
        self.places = rng.integers(3, 9, NLES) * MILLION
        self.capacity = rng.integers(20, 61, NLES) * MILLION
        self.presences: list[Integers] = []

    @property
    def pairs(self) -> int:
        """How many candidate pairs there are."""
        return len(self.nle)

    def presence(self, pairs: Flags) -> int:
        """A new presence of these pairs."""
        self.presences.append(np.flatnonzero(pairs))
        return len(self.presences) - 1

    def of_each_nle(self, pairs: Flags, nles: Iterable[int]) -> Integers:
        """A presence for each NLE that has any of the pairs."""
        own = [pairs & (self.nle == nle) for nle in nles]
        return np.array([self.presence(flags) for flags in own if flags.any()], np.int64)


def instance(seed: int, reach_metres: int) -> Problem:
    """The problem of a seed."""
    region = Region(seed, reach_metres)
    several = np.flatnonzero(region.supporters > 1)
    supported = {int(school): region.presence(region.recipient == school) for school in several}
    rows = [*_of_schools(region, supported), *_of_nles(region), *_of_pairs(region), *_of_trusts(region)]
    counts = [_counted(region, supported, region.priority == tier) for tier in (1, 2, 3)]
    facts = region.presences
    levels = [
        Level(f"schools_supported[priority={n}]", 1, 1, own, {}, _padded(present, len(facts)))
        for n, (own, present) in enumerate(counts, start=1)
    ]
    levels += [Level("fit", 1, MILLION, region.fit), Level("distance", -1, 1000, -region.metres)]
    return Problem(
        np.array([f"S{n:03d}" for n in range(SCHOOLS)], object),
        np.array([f"N{n:02d}" for n in range(NLES)], object),
        region.recipient,
        region.nle,
        region.supporters.astype(np.int64),
        (
            Resource("placements", np.full(region.pairs, MILLION), region.places),
            Resource("days", region.days[region.recipient], region.capacity),
        ),
        _required(region),
        tuple(levels),
        (),
        tuple(rows),
        Presences(len(facts), np.repeat(np.arange(len(facts)), [len(own) for own in facts]), np.concatenate(facts)),
    )


def _counted(region: Region, supported: dict[int, int], schools: Flags) -> tuple[Integers, dict[int, int]]:
    """1 for each pair of some schools, and 1 for each presence of those of several supporters."""
    single = region.supporters[region.recipient] == 1
    own = (schools[region.recipient] & single).astype(np.int64)
    return own, {presence: 1 for school, presence in supported.items() if schools[school]}


def _padded(present: dict[int, int], count: int) -> Integers:
    amounts = np.zeros(count, dtype=np.int64)
    amounts[list(present)] = list(present.values())
    return amounts


def _of_schools(region: Region, supported: dict[int, int]) -> list[Row]:
    """A least and a greatest number in each region; no more than 60 % primaries, nor 30 % in the first region."""
    of_region = region.school_town % REGIONS
    everybody, all_present = _counted(region, supported, np.ones(SCHOOLS, bool))
    rows = []
    for n in range(REGIONS):
        own, present = _counted(region, supported, of_region == n)
        rows.append(_row(f"region {n}", own, present, 25, 70))
    for name, schools, percent in (("primary", region.primary, 60), ("first region", of_region == 0, 30)):
        own, present = _counted(region, supported, schools)
        share = {key: 100 * present.get(key, 0) - percent for key in all_present}
        rows.append(_row(name, 100 * own - percent * everybody, share, None, 0))
    return rows


def _row(name: str, amounts: Integers, present: dict[int, int], lower: int | None, upper: int | None) -> Row:
    pairs, keys = np.flatnonzero(amounts), np.array(sorted(present), np.int64)
    own = np.array([present[key] for key in sorted(present)], np.int64)
    return Row(name, name, pairs, amounts[pairs], lower, upper, keys, own)


def _of_nles(region: Region) -> list[Row]:
    """35 to 55 NLEs in use, and at least 10 days at every third that has the schools for it."""
    used = region.of_each_nle(np.ones(region.pairs, bool), range(NLES))
    rows = [Row("nles", "nles", NOBODY, NOBODY, 35, 55, used, np.ones(len(used), np.int64))]
    for nle in range(0, NLES, 3):
        pairs = np.flatnonzero(region.nle == nle)
        if len(pairs) > 6:
            days = region.days[region.recipient[pairs]]
            rows.append(Row("minimum", f"minimum {nle}", pairs, days, 10 * MILLION, None))
    return rows


def _of_pairs(region: Region) -> list[Row]:
    """At most 15 % out of region, and a budget for days and travel."""
    out = region.school_town[region.recipient] % REGIONS != region.nle_town[region.nle] % REGIONS
    cost = 300 * region.days[region.recipient] + 900 * region.metres
    budget = int(300 * region.days.sum()) * 62 // 100
    return [
        _row("out of region", np.where(out, 85, -15), {}, None, 0),
        _row("money", cost, {}, None, budget),
    ]


def _of_trusts(region: Region) -> list[Row]:
    """One NLE for each trust, and at most six NLEs that are new to each town."""
    rows = []
    for trust in np.unique(region.trust[region.trust >= 0]).tolist():
        if (region.trust == trust).sum() > 1:
            keys = region.of_each_nle(region.trust[region.recipient] == trust, range(NLES))
            rows.append(Row("together", f"trust {trust}", NOBODY, NOBODY, None, 1, keys, np.ones(len(keys), np.int64)))
    for town in range(TOWNS):
        strangers = np.flatnonzero(region.nle_town != town).tolist()
        keys = region.of_each_nle(region.school_town[region.recipient] == town, strangers)
        rows.append(Row("new", f"new {town}", NOBODY, NOBODY, None, 6, keys, np.ones(len(keys), np.int64)))
    return rows


def _required(region: Region) -> Flags:
    """Three of the best pairs within one region, of three NLEs."""
    flags = np.zeros(region.pairs, dtype=bool)
    near = region.school_town[region.recipient] == region.nle_town[region.nle]
    best = [pair for pair in np.lexsort((-region.fit,)).tolist() if near[pair]]
    for _ in range(3):
        pair = next(p for p in best if not (flags & ((region.nle == region.nle[p]) | _same(region, p))).any())
        flags[pair] = True
    return flags


def _same(region: Region, pair: int) -> Flags:
    return np.asarray(region.recipient == region.recipient[pair], dtype=bool)
