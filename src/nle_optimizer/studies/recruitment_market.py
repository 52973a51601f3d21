"""Where new NLEs could be, and what each would bring.

What any choice of recruits is worth: one problem with all of them, those not chosen without capacity. Who could be
recruited: a row of a table each, or one at the centre of every local authority.

The best choice of so many recruits: one after the other, then branching while a bound leaves something open.

One after the other is at least 1 - 1/e of the best gain where gains are submodular (Nemhauser, Wolsey and Fisher 1978,
doi:10.1007/BF01588971). Branching takes recruits in a fixed order; what a choice can still gain is bounded by the
greatest gains of those left (submodular), so that what is not looked at is worth no more than the bound told.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import combinations
from math import comb

import numpy as np

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.errors import Fault, InfeasibleError, InputError, Place, UnsupportedError, did_you_mean
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import places, restricted
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Column, Integers, Kind, Records, blank_column
from nle_optimizer.scenario.columns import AREAS, NLES
from nle_optimizer.scenario.scenario import Scenario

Choice = tuple[int, ...]
"""Numbers of chosen recruits, ascending; a number stands twice where two are chosen at one place."""


@dataclass(frozen=True, eq=False)
class ChoiceWorth:
    """What a choice is worth.

    Attributes:
        values: of each level, in its maximising orientation.
        bound: at most so much of the first level can be had; above the value where that is not proved.
        at_most: for each recruit that is not chosen, by how much it would raise the first level at most, in a network;
            None elsewhere.
    """

    values: tuple[int, ...]
    bound: int
    at_most: tuple[int, ...] | None


@dataclass(eq=False)
class Market:
    """All possible recruits in one problem.

    Attributes:
        problem: with all of them among the NLEs, each with its capacity.
        recruits: the index of each among the NLEs.
        repeats: how often one may be chosen, each time with its capacity; more than once in a network alone.
        engine, seed: the scenario's.
        stopping: gives when each search stops.
        known: what was worked out.
    """

    problem: Problem
    recruits: Sequence[int]
    repeats: int
    engine: str
    seed: int
    stopping: Callable[[], Stopping] = Stopping
    known: dict[Choice, ChoiceWorth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        levels = levels_of_exchanges(self.problem, len(self.problem.levels))
        first = next(iter(self.problem.levels), None)
        self.is_submodular = (
            not isinstance(levels, str)
            and isinstance(first, Level)
            and first.within is None
            and all(row.lower is None for row in self.problem.rows)
            and self.problem.required is None
        )
        """Whether a recruit adds the less to the first level the more there are: network, sum, upper limits alone."""
        if not self.is_submodular or (self.problem.supporters > 1).any():
            self.repeats = 1
        self._room = places(self.problem) if self.is_submodular else None

    def worth(self, choice: Choice) -> ChoiceWorth:
        """What a choice is worth.

        Raises:
            InfeasibleError: no allocation meets the requirements under it.
            InputError: a search found nothing in the time given.
        """
        if choice not in self.known:
            self.known[choice] = self._in_network(choice) if self.is_submodular else self._alone(choice)
        return self.known[choice]

    def _in_network(self, choice: Choice) -> ChoiceWorth:
        """Solve with those not chosen at no capacity, and read off what a place at each of them would add."""
        times = np.ones(len(self.problem.nle_ids), dtype=np.int64)
        times[np.array(self.recruits)] = np.bincount(np.array(choice, dtype=np.int64), minlength=len(self.recruits))
        resources = (replace(resource, capacity=resource.capacity * times) for resource in self.problem.resources)
        problem = replace(self.problem, resources=tuple(resources))
        found = self._solved(problem)
        gains = Exchanges(problem, found.matched, 1).one_more_place(np.array(self.recruits, dtype=np.int64))
        assert self._room is not None
        room = self._room[np.array(self.recruits, dtype=np.int64)]
        at_most = gains.values[:, 0] * np.minimum(room, len(problem.recipient_ids))
        return replace(self._of(found), at_most=tuple(at_most.tolist()))

    def _alone(self, choice: Choice) -> ChoiceWorth:
        """Solve without those not chosen, and without requirements that only they could meet."""
        shut = np.zeros(len(self.problem.nle_ids), dtype=bool)
        shut[[nle for n, nle in enumerate(self.recruits) if n not in choice]] = True
        kept = ~shut[self.problem.nle]
        rows = tuple(
            row for row in self.problem.rows if row.lower is None or not len(row.pairs) or kept[row.pairs].any()
        )
        return self._of(self._solved(restricted(replace(self.problem, rows=rows), kept)))

    def _solved(self, problem: Problem) -> Solution:
        refusals: list[UnsupportedError] = []
        for engine in engines_for(problem, self.engine):
            try:
                found = engine.solve(problem, self.seed, self.stopping())
            except UnsupportedError as refusal:
                refusals.append(refusal)
                continue
            if problem.levels and not found.levels:
                raise InputError(
                    [Fault(Place(), "--time-limit", "a search found nothing in the time given; give more")]
                )
            return found
        raise refusals[0]

    def _of(self, found: Solution) -> ChoiceWorth:
        return ChoiceWorth(tuple(level.value for level in found.levels), found.levels[0].bound, None)


def is_possible(market: Market) -> bool:
    """Whether there is an allocation without any recruit."""
    try:
        market.worth(())
    except InfeasibleError:
        return False
    return True


PERSONAL = ("nle_id", "name", "status", "home_school_id", "home_grade", "trust_id", "regions")
"""Cells that are not copied from the NLE whom recruits are to resemble."""
WHERE = ("easting", "northing", "latitude", "longitude", "region", "local_authority")
EXPERTISE = tuple(f"expertise_{area}" for area in AREAS)


def centres(scenario: Scenario) -> Records:
    """A possible NLE at the centre of each local authority: the mean place of its schools.

    Raises:
        InputError: no school has both an authority and a place.
    """
    found = list(_centres(scenario.schools))
    if not found:
        what = "the schools table tells no authority with a place; name places by --places"
        raise InputError([Fault(Place(scenario.schools.source), "local_authority", what)])
    return Records(
        NLES,
        "recruits",
        np.zeros(len(found), np.int64),
        {
            "nle_id": _column(Kind.IDENTIFIER, [f"recruit-{authority}" for authority, *_ in found]),
            "name": _column(Kind.TEXT, [f"Recruit at {authority}" for authority, *_ in found]),
            "local_authority": _column(Kind.TEXT, [authority for authority, *_ in found]),
            "region": _column(Kind.TEXT, [region for _, region, *_ in found]),
            "easting": _metres(scenario.nles.column("easting"), [east for *_, east, _ in found]),
            "northing": _metres(scenario.nles.column("northing"), [north for *_, north in found]),
        },
    )


def _centres(schools: Records) -> Iterator[tuple[str, str, int, int]]:
    authorities, regions = schools.values("local_authority"), schools.values("region")
    easting, northing = schools.column("easting"), schools.column("northing")
    placed = easting.given & northing.given & (authorities != "")
    for authority in sorted(set(authorities[placed].tolist())):
        own = np.flatnonzero(placed & (authorities == authority))
        region = min(Counter(regions[own].tolist()).items(), key=lambda entry: (-entry[1], entry[0]))[0]
        yield authority, region, _mean(easting.values[own]), _mean(northing.values[own])


def _mean(values: Integers) -> int:
    return int(values.sum()) // len(values)


def _column(kind: Kind, cells: Sequence[str]) -> Column:
    return Column(kind, np.array(cells, dtype=object), np.array([bool(cell) for cell in cells]))


def _metres(like: Column, cells: Sequence[int]) -> Column:
    return Column(like.kind, np.array(cells, dtype=np.int64), np.ones(len(cells), dtype=bool))


def filled(recruits: Records, scenario: Scenario, like: str | None) -> Records:
    """The possible recruits with every blank cell as the NLE `like` has it, but for what is personal.

    Raises:
        InputError: there is no such NLE; or none is named, and expertise or capacity is missing.
    """
    nles = scenario.nles
    if like is None:
        _refuse_blanks(recruits, scenario)
        return recruits
    if like not in set(nles.ids.tolist()):
        what = "the nles table has no such identifier"
        raise InputError([Fault(Place(), "--like", what, like, did_you_mean(like, nles.ids.tolist()))])
    model = nles.take(np.flatnonzero(nles.ids == like))
    columns = {}
    for name in nles.columns:
        if name in (*PERSONAL, *WHERE) or not (name in NLES.columns or name in scenario.resources):
            continue
        given = model.column(name)
        own = recruits.column(name, given.kind) if name in recruits else blank_column(given.kind, len(recruits))
        values = own.values.copy()
        for row in np.flatnonzero(~own.given).tolist():
            values[row] = given.values[0]
        columns[name] = Column(given.kind, values, own.given | bool(given.given[0]))
    return recruits.with_columns(columns)


def _refuse_blanks(recruits: Records, scenario: Scenario) -> None:
    resources = [name for name in scenario.resources if name in scenario.nles]
    for name in (*EXPERTISE, *resources):
        if not (name in recruits and recruits.given(name).all()):
            what = f"recruits have no {name}; name an NLE whom they are to resemble"
            raise InputError([Fault(Place(), "--like", what, None, "give --like NLE_ID, or fill the table of places")])


def chosen_rows(recruits: Records, choice: Sequence[int]) -> Records:
    """The chosen recruits as NLEs; a place chosen again gets an identifier of its own: `...-2`, `...-3`."""
    table, seen = recruits.take(np.array(choice, dtype=np.int64)), Counter[int]()
    names = []
    for row, number in enumerate(choice):
        seen[number] += 1
        names.append(str(table.ids[row]) + (f"-{seen[number]}" if seen[number] > 1 else ""))
    return table.with_columns({"nle_id": _column(Kind.IDENTIFIER, names)})


@dataclass(frozen=True, eq=False)
class BestChoice:
    """The best choice found.

    Attributes:
        order: the chosen in the order in which they add most.
        bound: no choice of so many is worth more on the first level.
        searches: how many choices were worked out.
    """

    order: tuple[int, ...]
    bound: int
    searches: int

    @property
    def choice(self) -> Choice:
        """The chosen, ascending."""
        return tuple(sorted(self.order))


def best_choice(market: Market, count: int, most_searches: int, tell: Callable[[str], None]) -> BestChoice:
    """The best choice of so many recruits.

    Args:
        market: what choices are worth.
        count: how many, from 1 up to those there are.
        most_searches: how many choices may be worked out beyond those of the greedy one.
        tell: told of each choice.
    """
    order = _greedy(market, count, dict.fromkeys(range(len(market.recruits)), market.repeats), tell)
    if market.is_submodular:
        choice, bound = _branched(market, count, tuple(sorted(order)), most_searches, tell)
    else:
        choice, bound = _compared(market, count, tuple(sorted(order)), most_searches, tell)
    if choice != tuple(sorted(order)):
        order = _greedy(market, count, Counter(choice), lambda _: None)
    return BestChoice(order, bound, len(market.known))


def _greedy(market: Market, count: int, most: Mapping[int, int], tell: Callable[[str], None]) -> tuple[int, ...]:
    """Take the recruit that adds most, again and again, each at most so often; the lowest number among equals."""
    chosen: list[int] = []
    for n in range(count):
        tell(f"recruit {n + 1} of {count}")
        now = tuple(sorted(chosen))
        chosen.append(_best_next(market, now, [n for n, times in most.items() if now.count(n) < times]))
    return tuple(chosen)


def _best_next(market: Market, chosen: Choice, left: list[int]) -> int:
    """Whoever adds most on the levels in order; where gains are bounded, only those are tried that could."""
    now = market.worth(chosen)
    if now.at_most is not None:
        left.sort(key=lambda n: (-now.at_most[n], n))  # type: ignore[index]
    best, values = left[0], market.worth(_with_one(chosen, left[0])).values
    for n in left[1:]:
        if now.at_most is not None and now.values[0] + now.at_most[n] < values[0]:
            break
        others = market.worth(_with_one(chosen, n)).values
        if (others, -n) > (values, -best):
            best, values = n, others
    return best


def _with_one(chosen: Choice, one: int) -> Choice:
    return tuple(sorted((*chosen, one)))


def _branched(
    market: Market, count: int, best: Choice, most_searches: int, tell: Callable[[str], None]
) -> tuple[Choice, int]:
    """Branch over who is added next in order, the greatest bound first."""
    values = market.worth(best).values
    limit = len(market.known) + most_searches
    waiting: list[tuple[int, Choice]] = [(-_reach(market, (), count), ())]
    while waiting and -waiting[0][0] > values[0] and len(market.known) < limit:
        _, chosen = heappop(waiting)
        tell(f"choices still open: {len(waiting) + 1}")
        for n in range(_next(market, chosen), len(market.recruits)):
            if _gain_bound(market, chosen, n, count) <= values[0]:
                continue
            longer = (*chosen, n)
            if len(longer) == count:
                others = market.worth(longer).values
                if others > values:
                    best, values = longer, others
            elif (reach := _reach(market, longer, count)) > values[0]:
                heappush(waiting, (-reach, longer))
    return best, max(values[0], -waiting[0][0] if waiting else values[0])


def _gain_bound(market: Market, chosen: Choice, n: int, count: int) -> int:
    """At most so much a choice is worth that adds `n` next and later ones after it."""
    now = market.worth(chosen)
    assert now.at_most is not None
    return (
        now.values[0]
        + now.at_most[n]
        + _most(market, now.at_most, _next(market, (*chosen, n)), count - len(chosen) - 1)
    )


def _reach(market: Market, chosen: Choice, count: int) -> int:
    """At most so much a choice is worth that begins with those chosen."""
    now = market.worth(chosen)
    assert now.at_most is not None
    return now.values[0] + _most(market, now.at_most, _next(market, chosen), count - len(chosen))


def _next(market: Market, chosen: Choice) -> int:
    """The first recruit that may be added to a choice in order."""
    if not chosen:
        return 0
    return chosen[-1] if chosen.count(chosen[-1]) < market.repeats else chosen[-1] + 1


def _most(market: Market, gains: Sequence[int], first: int, count: int) -> int:
    """At most so much is gained by so many more from one up; hopeless where they are too few."""
    left = gains[first:]
    if count == 0:
        return 0
    if len(left) * market.repeats < count:
        return -(2**62)
    return count * max(left) if market.repeats > 1 else sum(sorted(left, reverse=True)[:count])


def _compared(
    market: Market, count: int, best: Choice, most_searches: int, tell: Callable[[str], None]
) -> tuple[Choice, int]:
    """Compare every choice where they are few; elsewhere all recruits at once bound what some of them can add."""
    every = range(len(market.recruits))
    if comb(len(every), count) > most_searches:
        return best, market.worth(tuple(every)).bound
    values, bound = market.worth(best).values, market.worth(best).bound
    for n, choice in enumerate(combinations(every, count), start=1):
        tell(f"choice {n} of {comb(len(every), count)}")
        found = market.worth(choice)
        bound = max(bound, found.bound)
        if found.values > values:
            best, values = choice, found.values
    return best, bound
