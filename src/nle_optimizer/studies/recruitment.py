"""Whom to recruit, and the answer in words.

Where so many more NLEs would add most to a scenario. Recruits and what they add, on a terminal.

The best choice of so many recruits: one after the other, then branching while a bound leaves something open.

One after the other is at least 1 - 1/e of the best gain where gains are submodular (Nemhauser, Wolsey and Fisher 1978,
doi:10.1007/BF01588971). Branching takes recruits in a fixed order; what a choice can still gain is bounded by the
greatest gains of those left (submodular), so that what is not looked at is worth no more than the bound told.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import heappop, heappush
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import click

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import Fault, InputError, Place, UnsupportedError, VerificationError
from nle_optimizer.evidence.alternates import written
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.comparison.tables_text import wrapped
from nle_optimizer.studies.recruitment_market import Choice, Market, centres, chosen_rows, filled, is_possible, listed


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


@dataclass(frozen=True, eq=False)
class RecruitRequest:
    """What is asked for.

    Attributes:
        count: how many recruits.
        places: a table of possible ones; None for the centre of each authority.
        like: the NLE whom they resemble where their cells are blank; None for nobody.
        most_searches: how many choices may be worked out beyond the greedy one.
    """

    count: int
    places: Path | None
    like: str | None
    most_searches: int


@dataclass(frozen=True, eq=False)
class Recruitment:
    """The recruits, and what they add.

    Attributes:
        recruits: the chosen, in the order in which they add most.
        possible: how many places there were to choose from.
        level: the first objective.
        values: of the first objective without recruits, and with the first 1, 2, ... of them, maximising orientation.
        found: the choice, and the bound on any other.
        is_submodular: whether the guarantee of the greedy choice holds.
        before, after: the scenario without and with them, verified.
    """

    recruits: Records
    possible: int
    level: AnyLevel
    values: tuple[int, ...]
    found: BestChoice
    is_submodular: bool
    before: Result
    after: Result

    @property
    def is_exact(self) -> bool:
        """Whether it is proved that no other choice adds more."""
        return self.found.bound <= self.values[-1]

    def amount(self, value: int) -> Decimal:
        """A value of the first objective in its own sense and unit."""
        return Decimal(self.level.sense * value) / Decimal(self.level.scale)

    def table(self) -> TextTable:
        """The recruits as an NLE table, with what each adds to those before it."""
        own = {name: as_text(column) for name, column in self.recruits.columns.items()}
        gains = zip(self.values[1:], self.values, strict=False)
        return {**own, "adds": [written(self.amount(more - less)) for more, less in gains]}

    def document(self) -> dict[str, Any]:
        """The answer for programs."""
        table = self.table()
        return {
            "schema_version": 1,
            "scenario": self.before.scenario.settings.name,
            "objective": self.level.name,
            "without": float(self.amount(self.values[0])),
            "with": float(self.amount(self.values[-1])),
            "bound": float(self.amount(self.found.bound)),
            "exact": self.is_exact,
            "guarantee": "1 - 1/e" if self.is_submodular else None,
            "places": self.possible,
            "choices_worked_out": self.found.searches,
            "supported_without": self.before.claim.summary["counts"]["supported"],
            "supported_with": self.after.claim.summary["counts"]["supported"],
            "rows": [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)],
        }


def recruit(
    scenario: Scenario,
    asked: RecruitRequest,
    stopping: Callable[[], Stopping] = Stopping,
    tell: Callable[[str], None] = lambda _: None,
) -> Recruitment:
    """Find where so many more NLEs would add most.

    Raises:
        InputError: no such NLE to resemble, a table of places that is wrong, or fewer places than recruits.
        UnsupportedError: the scenario's rule is not `optimal`, or it has no allocation without recruits.
    """
    if scenario.settings.rule != "optimal":
        what = f"the rule {rule_name(scenario.settings.rule)} has no objective that recruits could add to; use optimal"
        raise UnsupportedError([Fault(scenario.document.place(("rule",)), "rule", what)])
    possible = centres(scenario) if asked.places is None else listed(asked.places, scenario)
    possible = filled(possible, scenario, asked.like)
    tell("candidates")
    market = _market(scenario, possible, asked.count if asked.places is None else 1, stopping)
    if not market.problem.levels:
        what, hint = (
            "no objective counts anybody, so recruits would add nothing",
            "see why nobody is eligible: validate",
        )
        raise InputError([Fault(scenario.document.place(("objectives",)), "objectives", what, hint=hint)])
    _refuse_too_many(market, asked.count, len(possible))
    found = best_choice(market, asked.count, asked.most_searches, tell)
    values = tuple(market.worth(tuple(sorted(found.order[:n]))).values[0] for n in range(asked.count + 1))
    chosen = chosen_rows(possible, found.order)
    tell("verifying")
    before, after = _verified(scenario), _verified(_with_recruits(scenario, chosen))
    level, submodular = market.problem.levels[0], market.is_submodular
    return Recruitment(chosen, len(possible), level, values, found, submodular, before, after)


def _with_recruits(scenario: Scenario, recruits: Records) -> Scenario:
    return scenario.with_tables({"nles": scenario.nles.joined(recruits)}, scenario.document.copy())


def _market(scenario: Scenario, possible: Records, repeats: int, stopping: Callable[[], Stopping]) -> Market:
    case = prepare(_with_recruits(scenario, possible), lambda _: None)
    wanted = set(possible.ids.tolist())
    numbers = {str(nle): n for n, nle in enumerate(case.problem.nle_ids)}
    out = sorted(wanted - numbers.keys())
    if out:
        reasons = dict(zip(case.supply.nles.ids.tolist(), case.supply.reason.tolist(), strict=True))
        what = f"this recruit would be out ({reasons[out[0]]}); fill its cells, or choose another --like"
        raise InputError([Fault(Place(), "--places", what, out[0])])
    recruits = [numbers[str(nle)] for nle in possible.ids]
    return Market(case.problem, recruits, repeats, scenario.settings.engine, scenario.settings.seed, stopping)


def _refuse_too_many(market: Market, count: int, places: int) -> None:
    if not is_possible(market):
        what = "without recruits no allocation meets every requirement; `run` tells what clashes"
        raise UnsupportedError([Fault(Place(), "constraints", what)])
    if count > places * market.repeats:
        what = f"there are {places * market.repeats} places to choose from"
        raise InputError([Fault(Place(), "--count", what, str(count), "give more --places")])


def _verified(scenario: Scenario) -> Result:
    result = result_of(scenario)
    if wrong := check_claim(result.scenario, result.claim):
        raise VerificationError(wrong)
    return result


WIDTH = 12


def recruitment_text(found: Recruitment) -> str:
    """Each recruit in a line with what it adds to those before, and how sure the choice is."""
    count = len(found.recruits)
    lines = [click.style(f"Where {count:,} more NLE{'s' if count > 1 else ''} would add most", bold=True)]
    sense = "more" if found.level.sense > 0 else "less"
    lines += wrapped(f"First objective: {found.level.name} ({sense} is better). {_how_sure(found)}", "", "")
    lines += ["", f"{'':4}{'recruit':<34}{'region':<26}{'adds':>{WIDTH}}"]
    adds = found.table()["adds"]
    regions = as_text(found.recruits.column("region"))
    for n, (name, region, gain) in enumerate(zip(found.recruits.ids.tolist(), regions, adds, strict=True), start=1):
        lines.append(f"{n:>3} {one_line(name, 33):<34}{one_line(region, 25):<26}{_short(gain):>{WIDTH}}")
    before, after = (result.claim.summary["counts"]["supported"] for result in (found.before, found.after))
    without, then = (written(found.amount(found.values[n])) for n in (0, -1))
    lines += ["", f"  {found.level.name}: {without} without, {then} with them"]
    return "\n".join([*lines, f"  Schools supported: {before:,} without, {after:,} with them"])


def _short(gain: str) -> str:
    return f"{float(gain):+,.4g}"


def _how_sure(found: Recruitment) -> str:
    if found.is_exact:
        return f"Proved: no other choice among {found.possible:,} places adds more."
    limit = written(abs(found.amount(found.found.bound) - found.amount(found.values[0])))
    known = f"Chosen one after the other; any other choice adds at most {limit}."
    if found.is_submodular:
        known += " This one is sure to add at least 63 % (1 - 1/e) of the most."
    return known
