"""Where new NLEs could be, and what each would bring.

What any choice of recruits is worth: one problem with all of them, those not chosen without capacity. Who could be
recruited: a row of a table each, or one at the centre of every local authority.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.errors import Fault, InfeasibleError, InputError, Place, UnsupportedError, did_you_mean
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import places, restricted
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import MILLION, Column, Integers, Kind, Records, blank_column
from nle_optimizer.scenario.columns import AREAS, NLES
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table

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


def listed(file: Path, scenario: Scenario) -> Records:
    """The rows of a table of places: an NLE table, of which all but the identifier may be blank.

    Raises:
        InputError: everything that is wrong with it; an identifier that an NLE has.
    """
    reading = Reading()
    levels = {word.casefold(): int(share * MILLION) for word, share in scenario.settings.fit.levels.items()}
    table = read_table(NLES, DataFile(file=str(file)), scenario.resources, levels, reading)
    taken = set() if table is None else set(table.ids.tolist()) & set(scenario.nles.ids.tolist())
    for name in sorted(taken):
        reading.problems.append(Fault(Place(file.name), "nle_id", "an NLE has this identifier; choose another", name))
    if reading.problems or table is None:
        raise InputError(reading.problems)
    return table


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
