"""What keeps a school and an NLE apart: each filter once, for candidates, for explanations and for cures alike."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from math import ceil

import numpy as np

from nle_optimizer.memory import Memory, Stage, stage, through
from nle_optimizer.records import MILLION, Column, Flags, Integers, Records, blank_column
from nle_optimizer.scenario.columns import PAIRS
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.current import GivenPairs, locate
from nle_optimizer.stages.fit import (
    InterestConflicts,
    Match,
    Needs,
    fit_of,
    folded,
    match,
    needs_of,
    properties_that,
    shared_codes,
)
from nle_optimizer.stages.geography import (
    NO_LIMIT,
    greatest_square,
    is_placed,
    least_square,
    metres,
    nle_limits,
    scenario_limits,
)

NOTHING: Flags = np.zeros((), dtype=bool)
"""What a filter removes that removes no pair at all."""


class FilterContext:
    """Two sides and what every filter asks of them, each made out once, when it is first needed.

    Args:
        recipients, nles: the two sides, sorted by identifier.
        schools: the whole schools table, for home schools.
        given: the rows of the pairs table between the two sides, or None.
        settings: the scenario's settings.
        distance_needed: whether an objective uses distance, so that a pair without one is out.
        memory: what stages gave before, if it is kept.
    """

    def __init__(
        self,
        recipients: Records,
        nles: Records,
        schools: Records,
        given: GivenPairs | None,
        settings: Settings,
        *,
        distance_needed: bool,
        memory: Memory | None = None,
    ):
        self.recipients, self.nles, self.given, self.settings = recipients, nles, given, settings
        self._schools, self._distance_needed, self._memory = schools, distance_needed, memory

    @property
    def distance_needed(self) -> bool:
        """Whether a pair without a distance is out."""
        return self._distance_needed or self.settings.geography.min_distance_km > 0

    @cached_property
    def by_sides(self) -> "Mapping[str, SideFilter]":
        """The filters that look at the two sides alone."""
        return through(self._memory, side_filters, self.recipients, self.nles, self._schools, self.settings)

    @cached_property
    def needs(self) -> Needs:
        """Needs and expertise."""
        return through(self._memory, NEEDS, self.recipients, self.nles, self.settings)

    @cached_property
    def limits(self) -> tuple[Integers, Integers]:
        """Metres that each recipient and each NLE allows; `NO_LIMIT` where any."""
        geography = self.settings.geography
        return scenario_limits(self.recipients, geography), nle_limits(self.nles, geography)

    @cached_property
    def greatest_squares(self) -> tuple[Integers, Integers]:
        """The same as squares of straight-line metres."""
        recipients, nles = (greatest_square(limit, self.settings.geography.detour_factor) for limit in self.limits)
        return recipients, nles

    def of(self, nle: Integers, recipient: Integers) -> "PairFacts":
        """What there is to know of some pairs, by indices of any shapes that broadcast together."""
        return PairFacts(self, nle, recipient)

    @cached_property
    def preferred(self) -> list[Match]:
        """The properties that add to the fit where they agree."""
        names = properties_that(self.settings.suitability, "prefer")
        return [through(self._memory, MATCH, self.nles, self.recipients, name) for name in names]


NEEDS = Stage(needs_of, ("fit",))
MATCH = Stage(match)


class PairFacts:
    """Distance, limit and fit of some pairs, and which of them each filter removes; all of the pairs' shape.

    Args:
        context: the two sides.
        nle, recipient: indices, of shapes that broadcast together.
        square, distance: squared straight-line metres and metres, where they are known already; -1 where not known.
    """

    def __init__(
        self,
        context: FilterContext,
        nle: Integers,
        recipient: Integers,
        square: Integers | None = None,
        distance: Integers | None = None,
    ):
        self.context, self.nle, self.recipient = context, nle, recipient
        self.shape = np.broadcast(nle, recipient).shape
        if square is not None and distance is not None:
            self.square, self.distance = square, distance

    @cached_property
    def square(self) -> Integers:
        """The square of the metres between the two places; -1 where one is not known or the pairs table tells."""
        recipients, nles = self.context.recipients, self.context.nles
        across, up = (
            recipients.values(name)[self.recipient] - nles.values(name)[self.nle] for name in ("easting", "northing")
        )
        placed = is_placed(recipients)[self.recipient] & is_placed(nles)[self.nle]
        return np.where(placed & ~self.told("distance_km").given, across * across + up * up, -1)

    @cached_property
    def distance(self) -> Integers:
        """Metres; -1 where not known."""
        computed = metres(np.maximum(self.square, 0), self.context.settings.geography.detour_factor)
        told = self.told("distance_km")
        return np.where(told.given, told.values, np.where(self.square >= 0, computed, -1))

    @cached_property
    def limit(self) -> Integers:
        """Metres that each pair may be apart; `NO_LIMIT` where it may be any."""
        recipients, nles = self.context.limits
        return np.minimum(nles[self.nle], recipients[self.recipient])

    @property
    def reach(self) -> Integers:
        """The least limit in whole metres under which each pair is not too far; -1 where its distance is not known.

        Limits are compared on squares, not on metres.
        """
        p, q = self.context.settings.geography.detour_factor.as_integer_ratio()
        short = (self.square >= 0) & (self.square * (p * p) > self.distance * self.distance * (q * q))
        return self.distance + ((self.distance >= 0) & short)

    @cached_property
    def fit(self) -> Integers:
        """Millionths, preferences included."""
        settings, told = self.context.settings, self.told("fit")
        fit = fit_of(self.context.needs, settings.fit.measure, self.nle, self.recipient)
        for preferred in self.context.preferred:
            fit += int(settings.suitability.prefer_bonus * MILLION) * preferred.agreed(self.nle, self.recipient)
        return np.where(told.given, told.values, fit) if told.given.any() else fit

    def told(self, name: str) -> Column:
        """What the pairs table says of the pairs in one of its columns."""
        given = self.context.given
        if given is None or not given.given(name).any():
            return blank_column(PAIRS.columns[name].kind, 1)
        column = given.spread(name, self._keys)
        return Column(column.kind, column.values.reshape(self.shape), column.given.reshape(self.shape))

    def among(self, keys: Integers) -> Flags:
        """Whether each pair has one of some ascending keys (nle * recipients + recipient)."""
        return locate(self._keys, keys)[1].reshape(self.shape) if len(keys) else NOTHING

    @cached_property
    def _keys(self) -> Integers:
        return np.ravel(self.nle * len(self.context.recipients) + self.recipient)

    @cached_property
    def unknown(self) -> Flags:
        """Pairs of which neither needs and expertise nor the pairs table tell the fit."""
        needs = self.context.needs
        return NOTHING if needs.all_known else ~needs.known(self.nle, self.recipient) & ~self.told("fit").given

    @cached_property
    def needless(self) -> Flags:
        """Pairs of which no fit is given, of recipients without a need that counts."""
        without = ~self.context.needs.any_need()
        return without[self.recipient] & ~self.told("fit").given & ~self.unknown if without.any() else NOTHING

    def removed_by(self, code: str) -> Flags:
        """The pairs that a filter removes."""
        return np.broadcast_to(FILTERS[code](self), self.shape)

    @cached_property
    def removed(self) -> Mapping[str, Flags]:
        """The pairs that each filter removes which may remove some, in the order of the filters."""
        rows = {code: removes(self) for code, removes in FILTERS.items()}
        return {code: np.broadcast_to(removed, self.shape) for code, removed in rows.items() if removed is not NOTHING}

    @property
    def count(self) -> Integers:
        """How many filters remove each pair."""
        count = np.zeros(self.shape, dtype=np.int64)
        for removed in self.removed.values():
            count += removed
        return count


def _not_listed(pairs: PairFacts) -> Flags:
    data, given = pairs.context.settings.data.pairs, pairs.context.given
    if data is None or not data.only:
        return NOTHING
    return np.ones((), dtype=bool) if given is None else ~pairs.among(given.keys)


def _no_place(pairs: PairFacts) -> Flags:
    return (pairs.distance < 0) & (pairs.context.distance_needed | (pairs.limit != NO_LIMIT))


def _too_far(pairs: PairFacts) -> Flags:
    recipients, nles = pairs.context.greatest_squares
    by_place = pairs.square > np.minimum(nles[pairs.nle], recipients[pairs.recipient])
    return np.where(pairs.square >= 0, by_place, pairs.distance > pairs.limit)


def _too_near(pairs: PairFacts) -> Flags:
    geography = pairs.context.settings.geography
    least = int(geography.min_distance_km * 1000)
    if least == 0:
        return NOTHING
    by_place = pairs.square < least_square(least, geography.detour_factor)
    return np.where(pairs.square >= 0, by_place, (pairs.distance >= 0) & (pairs.distance < least))


def _travel_time(pairs: PairFacts) -> Flags:
    limit = pairs.context.settings.geography.max_travel_minutes
    if limit is None:
        return NOTHING
    minutes = pairs.told("travel_minutes")
    return ~minutes.given | (minutes.values > int(limit * MILLION))


def _by_sides(code: str, pairs: PairFacts) -> Flags:
    by_sides = pairs.context.by_sides
    return by_sides[code](pairs.nle, pairs.recipient) if code in by_sides else NOTHING


def _related(words: tuple[str, ...], pairs: PairFacts) -> Flags:
    given = pairs.context.given
    return NOTHING if given is None else pairs.among(given.keys[given.with_relation(*words)])


def _declared(pairs: PairFacts) -> Flags:
    return _related(("conflict", "objects"), pairs) if pairs.context.settings.conflicts.declared else NOTHING


def _below_minimum(pairs: PairFacts) -> Flags:
    least = ceil(pairs.context.settings.fit.minimum * MILLION)
    return ~pairs.unknown & ~pairs.needless & (pairs.fit < least) if least else NOTHING


Filter = Callable[[PairFacts], Flags]
SideFilter = Callable[[Integers, Integers], Flags]
"""Of NLE and recipient: whether they are kept apart."""

FILTERS: Mapping[str, Filter] = {
    "not-listed": _not_listed,
    "no-place": _no_place,
    "too-far": _too_far,
    "too-near": _too_near,
    "travel-time": _travel_time,
    **{
        code: partial(_by_sides, code)
        for code in ("other-area", "phase", "faith", "diocese", "home-school", "own-trust", "same-authority")
    },
    "declared": _declared,
    "forbidden": partial(_related, ("forbid",)),
    "unknown-fit": lambda pairs: pairs.unknown,
    "no-need-met": lambda pairs: pairs.needless,
    "fit-below-minimum": _below_minimum,
}
"""Every filter by its code, in order; their words stand in the catalogue."""


@stage("geography.within", "suitability", "conflicts")
def side_filters(recipients: Records, nles: Records, schools: Records, settings: Settings) -> dict[str, SideFilter]:
    """The filters that look at the two sides alone, of those that are asked for, by code."""
    filters: dict[str, SideFilter] = {}
    areas: list[SideFilter] = []
    if settings.geography.within != "none":
        column = settings.geography.within
        left, right = shared_codes(folded(recipients.values(column)), folded(nles.values(column)))
        areas.append(lambda nle, recipient: left[recipient] != right[nle])
    if nles.given("regions").any():
        areas.append(_outside_regions(recipients, nles))
    if areas:
        filters["other-area"] = lambda nle, recipient: np.logical_or.reduce([apart(nle, recipient) for apart in areas])
    for name in properties_that(settings.suitability, "must"):
        filters[name] = match(nles, recipients, name).unmet
    asked = settings.conflicts
    if asked.home_school or asked.own_trust or asked.same_authority:
        conflicts = InterestConflicts(recipients, nles, schools)
        rules = (
            (asked.home_school, "home-school", conflicts.home_school),
            (asked.own_trust, "own-trust", conflicts.own_trust),
            (asked.same_authority, "same-authority", conflicts.same_authority),
        )
        filters |= {code: rule for wanted, code, rule in rules if wanted}
    return filters


def _outside_regions(recipients: Records, nles: Records) -> SideFilter:
    regions = folded(recipients.values("region"))
    names = {region: n for n, region in enumerate(sorted(set(regions.tolist())))}
    code = np.array([names[region] for region in regions], dtype=np.int64)
    works = np.array(
        [
            [not chosen or region in {str(word).casefold() for word in chosen} for region in names]
            for chosen in nles.values("regions")
        ],
        dtype=bool,
    ).reshape(len(nles), len(names))
    return lambda nle, recipient: ~works[nle, code[recipient]]
