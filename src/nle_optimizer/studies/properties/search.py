"""What a search finds of every rule on one small case."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from nle_optimizer.allocation import solve
from nle_optimizer.errors import InfeasibleError, InputError, Place, Problem, UnsupportedError
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.blocking import blocking_pairs
from nle_optimizer.model.preferences import Order
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.registry import procedure_of
from nle_optimizer.scenario.own_code import from_here
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.properties.improvements import pareto_improvement
from nle_optimizer.studies.properties.misreports import LONGEST, Misreport, best_misreport
from nle_optimizer.studies.properties.stated import Side

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
        raise InputError([Problem(Place(), "--properties", what, got, "take a smaller scenario")])


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
