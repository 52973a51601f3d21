"""Everything that stands between every NLE and some recipients: not the first filter alone, but each one."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import Candidates, side_filters
from nle_optimizer.stages.fit import fit_of, needs_of
from nle_optimizer.stages.geography import (
    NO_LIMIT,
    greatest_square,
    is_placed,
    least_square,
    metres,
    nle_limits,
    scenario_limits,
)
from nle_optimizer.stages.given_pairs import GivenPairs, given_pairs, locate
from nle_optimizer.stages.suitability import match, properties_that

CONFLICTS = ("home-school", "own-trust", "same-authority", "declared", "forbidden")
"""Obstacles that somebody may lift."""


@dataclass(frozen=True, eq=False)
class Obstacles:
    """All pairs of some recipients with every available NLE, by NLE, then recipient.

    Attributes:
        candidates: these pairs with fit and distance, as if each were a candidate.
        limit: metres that each pair may be apart; `NO_LIMIT` where it may be any.
        reach: the least limit in whole metres under which each pair is not too far; -1 where that is not known.
        codes: for each filter the pairs that it removes, in the order of the filters.
    """

    candidates: Candidates
    limit: Integers
    reach: Integers
    codes: Mapping[str, Flags]

    def of(self, pair: int) -> list[str]:
        """The filters that remove one of the pairs."""
        return [code for code, rows in self.codes.items() if rows[pair]]

    @property
    def count(self) -> Integers:
        """How many filters remove each pair."""
        return np.sum(list(self.codes.values()), axis=0, dtype=np.int64)


def obstacles_between(
    recipients: Records,
    nles: Records,
    schools: Records,
    pairs: Records | None,
    settings: Settings,
    *,
    distance_needed: bool,
) -> Obstacles:
    """What stands between every NLE and some recipients.

    Args:
        recipients: those who are asked about, sorted by identifier.
        nles, schools, pairs, settings, distance_needed: as `find_candidates` has them.
    """
    given = given_pairs(pairs, recipients, nles)
    nle = np.repeat(np.arange(len(nles), dtype=np.int64), len(recipients))
    recipient = np.tile(np.arange(len(recipients), dtype=np.int64), len(nles))
    keys = nle * len(recipients) + recipient
    ground = _Ground(recipients, nles, given, settings, nle, recipient, keys)
    codes = ground.by_distance(distance_needed)
    codes |= _by_sides(ground, schools)
    codes |= ground.by_relation()
    fit, unfit = ground.by_fit()
    found = Candidates(
        recipients,
        nles,
        nle,
        recipient,
        ground.distance,
        fit,
        None,
        given,
        needs_of(recipients, nles, settings),
        np.full(len(recipients), "", dtype=object),
    )
    return Obstacles(found, ground.limit, ground.reach(), {**codes, **unfit})


def _by_sides(ground: "_Ground", schools: Records) -> dict[str, Flags]:
    """The filters that look at the two sides alone; two of one code are one."""
    found: dict[str, Flags] = {}
    for code, removes in side_filters(ground.recipients, ground.nles, schools, ground.settings):
        rows = np.asarray(removes(ground.nle, ground.recipient), dtype=bool)
        found[code] = found[code] | rows if code in found else rows
    return found


class _Ground:
    def __init__(
        self,
        recipients: Records,
        nles: Records,
        given: GivenPairs | None,
        settings: Settings,
        nle: Integers,
        recipient: Integers,
        keys: Integers,
    ):
        self.recipients, self.nles, self.given, self.settings = recipients, nles, given, settings
        self.nle, self.recipient, self.keys = nle, recipient, keys
        self.square = self._squares()
        self.told = np.zeros(len(keys), dtype=bool)
        detour = settings.geography.detour_factor
        self.distance = np.where(self.square >= 0, metres(np.maximum(self.square, 0), detour), -1)
        if given is not None:
            column = given.spread("distance_km", keys)
            self.told = column.given
            self.distance = np.where(column.given, column.values, self.distance)
        self._own_limit = nle_limits(nles, settings.geography)[nle]
        self._limit = scenario_limits(recipients, settings.geography)[recipient]
        self.limit = np.minimum(self._own_limit, self._limit)

    def _squares(self) -> Integers:
        placed = is_placed(self.recipients)[self.recipient] & is_placed(self.nles)[self.nle]
        apart = [
            self.recipients.values(name)[self.recipient] - self.nles.values(name)[self.nle]
            for name in ("easting", "northing")
        ]
        return np.where(placed, apart[0] * apart[0] + apart[1] * apart[1], -1)

    def reach(self) -> Integers:
        """The least limit in whole metres that lets each pair be: limits are compared on squares, not on metres."""
        p, q = self.settings.geography.detour_factor.as_integer_ratio()
        short = self.square * (p * p) > self.distance * self.distance * (q * q)
        return self.distance + ((self.distance >= 0) & ~self.told & short)

    def by_distance(self, distance_needed: bool) -> dict[str, Flags]:
        """not-listed, no-place, too-far, too-near and travel-time."""
        geography, known = self.settings.geography, self.distance >= 0
        asked = distance_needed or geography.min_distance_km > 0
        computed = known & ~self.told
        far = computed & (self.square > greatest_square(self.limit, geography.detour_factor))
        far |= self.told & (self.distance > self.limit)
        least = int(geography.min_distance_km * 1000)
        near = computed & (self.square < least_square(least, geography.detour_factor))
        near |= self.told & (self.distance < least)
        data = self.settings.data.pairs
        listed = np.ones(len(self.keys), dtype=bool)
        if data is not None and data.only:
            listed = self._in_table()
        return {
            "not-listed": ~listed,
            "no-place": ~known & (asked | (self.limit != NO_LIMIT)),
            "too-far": far,
            "too-near": near,
            "travel-time": self._too_long(),
        }

    def _in_table(self) -> Flags:
        keys = np.zeros(0, np.int64) if self.given is None else self.given.keys
        return locate(self.keys, keys)[1]

    def _too_long(self) -> Flags:
        limit = self.settings.geography.max_travel_minutes
        if limit is None:
            return np.zeros(len(self.keys), dtype=bool)
        if self.given is None:
            return np.ones(len(self.keys), dtype=bool)
        minutes = self.given.spread("travel_minutes", self.keys)
        return ~minutes.given | (minutes.values > int(limit * MILLION))

    def by_relation(self) -> dict[str, Flags]:
        """declared and forbidden."""
        found: dict[str, Flags] = {}
        declared = ("conflict", "objects") if self.settings.conflicts.declared else ()
        for code, words in (("declared", declared), ("forbidden", ("forbid",))):
            keys = np.zeros(0, np.int64)
            if self.given is not None:
                keys = self.given.keys[self.given.with_relation(*words)]
            found[code] = locate(self.keys, keys)[1]
        return found

    def by_fit(self) -> tuple[Integers, dict[str, Flags]]:
        """The fit of every pair, and unknown-fit, no-need-met and fit-below-minimum."""
        settings, needs = self.settings, needs_of(self.recipients, self.nles, self.settings)
        fit = fit_of(needs, settings.fit.measure, self.nle, self.recipient)
        for name in properties_that(settings.suitability, "prefer"):
            bonus = int(settings.suitability.prefer_bonus * MILLION)
            fit = fit + bonus * match(self.nles, self.recipients, name).agreed(self.nle, self.recipient)
        told = np.zeros(len(self.keys), dtype=bool)
        if self.given is not None:
            column = self.given.spread("fit", self.keys)
            told = column.given
            fit = np.where(told, column.values, fit)
        unknown = ~told & ~needs.known(self.nle, self.recipient)
        needless = ~told & ~unknown & ~needs.any_need()[self.recipient]
        poor = ~unknown & ~needless & (fit < ceil(settings.fit.minimum * MILLION))
        return fit, {"unknown-fit": unknown, "no-need-met": needless, "fit-below-minimum": poor}
