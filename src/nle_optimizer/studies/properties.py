"""What holds of a rule on a small case: blocking pairs, improvements, misreports.

What a search finds of every rule on one small case. Pareto improvements: a matching that some recipient likes better
and none likes less. The best misreport of one agent: every order that it could state instead of its own, tried one
after the other. Preferences in which one agent states another order than its own.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import permutations
from math import factorial
from typing import Literal

import numpy as np

from nle_optimizer.engines.engine import Stopping, engines_for
from nle_optimizer.errors import Fault, InfeasibleError, InputError, Place, UnsupportedError
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.levels import Level
from nle_optimizer.model.limits_left import restricted
from nle_optimizer.model.preferences import UNACCEPTABLE, Order, PreferenceOrders, blocking_pairs
from nle_optimizer.model.problem import Problem, Row
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Integers
from nle_optimizer.rules.registry import procedure_of
from nle_optimizer.rules.rule import Agenda, Procedure
from nle_optimizer.running import solve
from nle_optimizer.scenario.own_code import from_here
from nle_optimizer.scenario.scenario import Scenario

KEPT = "as good for everybody"


def pareto_improvement(problem: Problem, order: Order, matched: Integers) -> Integers | None:
    """A matching that betters a given one for some recipients and worsens it for none; None where there is none.

    For recipients of one supporter each; lower limits of rows count as they do for the given matching.

    Args:
        problem: the limits.
        order: the recipients', strict.
        matched: indices of the matched pairs.
    """
    has = np.full(len(problem.recipient_ids), np.iinfo(np.int64).max, dtype=np.int64)
    has[problem.recipient[matched]] = np.where(
        order.place[matched] < 0, np.iinfo(np.int64).max - 1, order.place[matched]
    )
    at_least = ((order.place >= 0) & (order.place <= has[problem.recipient])) | np.isin(
        np.arange(problem.size), matched
    )
    kept = np.flatnonzero(at_least)
    served = np.unique(problem.recipient[matched])
    row = Row(
        KEPT, "schools", kept[np.isin(problem.recipient[kept], served)], np.zeros(0, dtype=np.int64), len(served), None
    )
    row = replace(row, amounts=np.ones(len(row.pairs), dtype=np.int64))
    gains = np.zeros(problem.size, dtype=np.int64)
    gains[kept] = np.where(has[problem.recipient[kept]] > order.place[kept], 1, 0)
    gains[matched] = 0
    rows = (*(replace(own, lower=None) for own in problem.rows), row)
    asked = restricted(replace(problem, rows=rows, levels=(Level("gains", 1, 1, gains),), tie_break=()), at_least)
    try:
        found = kept[next(engines_for(asked, "auto")).solve(asked, 0, Stopping()).matched]
    except InfeasibleError:
        return None
    return found if gains[found].sum() else None


Side = Literal["recipients", "nles"]


def statements(own: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every order of some of the pairs, the others unacceptable; its own among them."""
    for length in range(len(own) + 1):
        yield from permutations(own, length)


def count_of_statements(length: int) -> int:
    """How many orders of some of so many pairs there are."""
    return sum(factorial(length) // factorial(length - chosen) for chosen in range(length + 1))


def stated(wishes: PreferenceOrders, side: Side, agent: int, order: Sequence[int]) -> PreferenceOrders:
    """The preferences in which an agent of a side states an order; what it leaves out is in neither side's order."""
    other_side: Side = "nles" if side == "recipients" else "recipients"
    mine, theirs = getattr(wishes, side), getattr(wishes, other_side)
    lists = [list(own) for own in mine.lists()]
    dropped = set(lists[agent]) - set(order)
    lists[agent] = list(order)
    others = [[pair for pair in own if pair not in dropped] for own in theirs.lists()]
    changed = {side: _order(mine, lists), other_side: _order(theirs, others)}
    return PreferenceOrders(changed["recipients"], changed["nles"])


def _order(before: Order, lists: Sequence[Sequence[int]]) -> Order:
    pairs = np.array([pair for own in lists for pair in own], dtype=np.int64)
    ends = np.append(0, np.cumsum([len(own) for own in lists])).astype(np.int64)
    place = np.full(len(before.agent), UNACCEPTABLE, dtype=np.int64)
    place[pairs] = np.arange(len(pairs)) - ends[before.agent[pairs]]
    return replace(before, place=place, level=place, pairs=pairs, ends=ends)


LONGEST = 5
"""Pairs of an agent up to which every statement is tried."""


@dataclass(frozen=True)
class Misreport:
    """A statement by which an agent gains.

    Attributes:
        side, agent: whose.
        order: the pairs that it states, best first.
        honest, gained: the places in its own order of whom it gets by its own order, and by this one, best first.
    """

    side: Side
    agent: int
    order: tuple[int, ...]
    honest: tuple[int, ...]
    gained: tuple[int, ...]


def best_misreport(procedure: Procedure, agenda: Agenda, side: Side, agent: int, draw: int = 0) -> Misreport | None:
    """The statement by which an agent gains most, the shortest first among equals; None where it gains by none.

    An agent that may have several partners gains where it gets more of them, or of as many the best, then the next,
    are better, which is less than any way of preferring sets would count.

    Raises:
        ValueError: the agent has more than `LONGEST` pairs.
    """
    own = agenda.preferences.recipients if side == "recipients" else agenda.preferences.nles
    mine = own.lists()[agent]
    if len(mine) > LONGEST:
        raise ValueError(f"{count_of_statements(len(mine)):,} statements are too many to try")
    honest = _places(procedure.match(agenda, draw).pairs, own.agent, own.place, agent)
    best: Misreport | None = None
    for order in statements(mine):
        got = _under(procedure, agenda, stated(agenda.preferences, side, agent, order), draw)
        places = None if got is None else _places(got, own.agent, own.place, agent)
        if places is not None and _is_better(places, best.gained if best else honest):
            best = Misreport(side, agent, order, honest, places)
    return best


def _under(procedure: Procedure, agenda: Agenda, wishes: PreferenceOrders, draw: int) -> Integers | None:
    asked = replace(agenda, stated=wishes)
    try:
        return None if procedure.refuses(asked) else procedure.match(asked, draw).pairs
    except InfeasibleError:
        return None


def _places(pairs: Integers, of: Integers, place: Integers, agent: int) -> tuple[int, ...]:
    own = pairs[of[pairs] == agent]
    return tuple(np.sort(place[own]).tolist())


def _is_better(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Whether some partners are better than others whichever way sets are preferred: one by one, and no fewer."""
    return (
        one != other
        and len(one) >= len(other)
        and all(a <= b for a, b in zip(one, other, strict=False))
        and -1 not in one
    )


MOST_AGENTS = 40
"""Recipients and NLEs of a case that is searched."""
COLUMNS = ("scenario", "rule", "blocking_pairs", "pareto_improvement", "school_misreports", "nle_misreports", "example")


@dataclass(frozen=True)
class Properties:
    """What was found of a rule.

    Attributes:
        blocking: pairs that block its matching.
        improvement: whether some recipient could be better off and none worse; None where several supporters are
            allowed, for which the search does not stand.
        misreports: the best one of each agent that gains by one; None under a rule that goes by no stated orders.
        example: one of them in words; blank where there is none.
    """

    rule: str
    blocking: int
    improvement: bool | None
    misreports: tuple[Misreport, ...] | None
    example: str

    def row(self, scenario: str) -> dict[str, str]:
        """A row of `properties.csv`."""
        sides = [
            "" if self.misreports is None else str(sum(found.side == side for found in self.misreports))
            for side in ("recipients", "nles")
        ]
        better = "" if self.improvement is None else "yes" if self.improvement else "no"
        cells = (scenario, self.rule, str(self.blocking), better, *sides, self.example)
        return dict(zip(COLUMNS, cells, strict=True))


def properties_of(scenario: Scenario, rules: Sequence[str]) -> Iterator[Properties]:
    """Search for what blocks, what would be better and who gains by a misreport, by rule.

    Raises:
        InputError: the case is too large to be searched.
    """
    case = prepare(scenario.replace({"rule": "optimal"}), lambda _: None)
    agenda = Agenda(case.problem, case.candidates, scenario.settings)
    _refuse_large(case, agenda)
    for rule in rules:
        try:
            matched = _matched(scenario, rule, agenda)
        except (InfeasibleError, UnsupportedError):
            continue
        if matched is not None:
            yield _searched(scenario, rule, agenda, matched)


def _matched(scenario: Scenario, rule: str, agenda: Agenda) -> Integers | None:
    """Whom a rule matches; None where it cannot be carried out."""
    asked = scenario.replace({"rule": from_here(rule)})
    procedure = procedure_of(asked)
    if procedure is not None:
        return None if procedure.refuses(agenda) else procedure.match(agenda, 0).pairs
    outcome = solve(asked, lambda _: None, lambda _: None, nullcontext(lambda: False))
    return None if outcome.status in ("infeasible", "unknown") else outcome.solution.matched


def _refuse_large(case: Case, agenda: Agenda) -> None:
    agents = len(case.problem.recipient_ids) + len(case.problem.nle_ids)
    longest = max(len(own) for side in _sides(agenda) for own in side[1].lists())
    if agents > MOST_AGENTS or longest > LONGEST:
        what = f"every statement is tried, for at most {MOST_AGENTS} recipients and NLEs with {LONGEST} candidates each"
        got = f"{agents} with up to {longest}"
        raise InputError([Fault(Place(), "--properties", what, got, "take a smaller scenario")])


def _sides(agenda: Agenda) -> tuple[tuple[Side, Order], tuple[Side, Order]]:
    return ("recipients", agenda.preferences.recipients), ("nles", agenda.preferences.nles)


def _searched(scenario: Scenario, rule: str, agenda: Agenda, matched: Integers) -> Properties:
    problem, found = agenda.problem, _misreports(scenario, rule, agenda)
    single = bool((problem.supporters <= 1).all())
    improvement = pareto_improvement(problem, agenda.preferences.recipients, matched) if single else None
    return Properties(
        rule,
        len(blocking_pairs(problem, agenda.preferences, matched)),
        None if not single else improvement is not None,
        found,
        _in_words(agenda, found[0]) if found else "",
    )


def _misreports(scenario: Scenario, rule: str, agenda: Agenda) -> tuple[Misreport, ...] | None:
    procedure = procedure_of(scenario.replace({"rule": from_here(rule)}))
    if procedure is None or not procedure.promise.ordinal:
        return None
    tried = (
        best_misreport(procedure, agenda, side, agent)
        for side, order in _sides(agenda)
        for agent in range(order.agents)
    )
    return tuple(found for found in tried if found is not None)


def _in_words(agenda: Agenda, found: Misreport) -> str:
    problem = agenda.problem
    ids, others, other = (
        (problem.recipient_ids, problem.nle_ids, problem.nle)
        if found.side == "recipients"
        else (problem.nle_ids, problem.recipient_ids, problem.recipient)
    )
    order = agenda.preferences.recipients if found.side == "recipients" else agenda.preferences.nles
    own = order.lists()[found.agent]
    states = ", ".join(str(others[other[pair]]) for pair in found.order) or "nobody"
    got, honest = (
        ", ".join(str(others[other[own[place]]]) for place in places) or "nobody"
        for places in (found.gained, found.honest)
    )
    return f"{ids[found.agent]} gets {got} instead of {honest} by stating {states}"
