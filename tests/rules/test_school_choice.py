"""Top trading cycles and immediate acceptance: the examples of their papers, and laws on random markets."""

from pathlib import Path
from random import Random

import numpy as np
import pytest

from nle_optimizer.rules.registry import procedure_named
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.studies.properties import best_misreport, pareto_improvement
from support.markets import by_rule, every_matching, market, random_market

# Three students and three schools of one place (Roth 1982; Abdulkadiroglu and Sonmez 2003, example 1).
STUDENTS = {"S1": ["N2", "N1", "N3"], "S2": ["N1", "N2", "N3"], "S3": ["N1", "N2", "N3"]}
SCHOOLS = {"N1": ["S1", "S3", "S2"], "N2": ["S2", "S1", "S3"], "N3": ["S2", "S1", "S3"]}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("top-trading-cycles", {("S1", "N2"), ("S2", "N1"), ("S3", "N3")}),
        ("deferred-acceptance", {("S1", "N1"), ("S2", "N2"), ("S3", "N3")}),
        ("immediate-acceptance", {("S1", "N2"), ("S3", "N1"), ("S2", "N3")}),
    ],
)
def test_the_textbook_example_comes_out_as_published(rule: str, expected: set[tuple[str, str]], tmp_path: Path) -> None:
    assert by_rule(market(tmp_path, STUDENTS, SCHOOLS), rule) == expected


def dominated(agenda: Agenda, matched: np.ndarray) -> bool:
    """Whether a matching of all makes some recipient better off and none worse."""
    order = agenda.preferences.recipients

    def places(pairs: np.ndarray) -> np.ndarray:
        place = np.full(order.agents, 10**6)
        place[order.agent[pairs]] = order.place[pairs]
        return place

    mine = places(matched)
    others = (places(pairs) for pairs in every_matching(agenda.problem))
    return any((other <= mine).all() and (other < mine).any() for other in others)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("rule", ["top-trading-cycles", "immediate-acceptance", "by-need", "lottery"])
def test_no_matching_is_better_for_some_and_worse_for_none(seed: int, rule: str, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed))
    procedure = procedure_named(rule)
    assert procedure is not None
    matched = procedure.match(agenda, 0).pairs
    assert not dominated(agenda, matched)
    assert pareto_improvement(agenda.problem, agenda.preferences.recipients, matched) is None


@pytest.mark.parametrize("seed", range(40))
def test_a_pareto_improvement_is_found_exactly_where_there_is_one(seed: int, tmp_path: Path) -> None:
    rng = Random(seed)
    agenda = random_market(tmp_path, rng)
    matched = rng.choice(list(every_matching(agenda.problem)))
    found = pareto_improvement(agenda.problem, agenda.preferences.recipients, matched)
    assert (found is not None) == dominated(agenda, matched)


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("rule", ["top-trading-cycles", "deferred-acceptance", "by-need"])
def test_no_recipient_gains_by_a_misreport(seed: int, rule: str, tmp_path: Path) -> None:
    agenda = random_market(tmp_path, Random(seed))
    procedure = procedure_named(rule)
    assert procedure is not None
    for recipient in range(len(agenda.problem.recipient_ids)):
        assert best_misreport(procedure, agenda, "recipients", recipient) is None


def test_under_immediate_acceptance_a_recipient_gains_by_asking_first_where_it_can_get_in(tmp_path: Path) -> None:
    agenda = market(tmp_path, STUDENTS, SCHOOLS)
    procedure = procedure_named("immediate-acceptance")
    assert procedure is not None
    found = best_misreport(procedure, agenda, "recipients", 1)
    assert found is not None
    assert (found.honest, found.gained) == ((2,), (1,))
    assert agenda.problem.nle_ids[agenda.problem.nle[found.order[0]]] == "N2"
