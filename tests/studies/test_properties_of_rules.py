"""What a search finds of rules on the textbook's three schools and three NLEs."""

from pathlib import Path

import pytest

from nle_optimizer.cli.main import run_program
from nle_optimizer.rules.registry import RULES
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.properties import properties_of
from support.markets import market
from support.scenarios import nle, school, write_scenario

# Roth (1982); Abdulkadiroglu and Sonmez (2003), example 1.
STUDENTS = {"S1": ["N2", "N1", "N3"], "S2": ["N1", "N2", "N3"], "S3": ["N1", "N2", "N3"]}
SCHOOLS = {"N1": ["S1", "S3", "S2"], "N2": ["S2", "S1", "S3"], "N3": ["S2", "S1", "S3"]}
BY_FIT = {"optimal", "greedy", "nearest", "nash", "dual-price", "max-min", "leximin"}


def test_what_is_found_of_every_rule_agrees_with_what_theorems_say(tmp_path: Path) -> None:
    market(tmp_path, STUDENTS, SCHOOLS)
    found = {one.rule: one for one in properties_of(load_scenario(tmp_path / "scenario.yaml"), RULES)}
    assert set(RULES) - set(found) == {"regional", "status-quo"}
    assert {rule for rule, one in found.items() if one.misreports is None} == BY_FIT | {"probabilistic-serial"}
    gaining = {
        rule for rule, one in found.items() if any(misreport.side == "recipients" for misreport in one.misreports or ())
    }
    assert gaining == {"immediate-acceptance", "rank-minimal"}
    assert found["deferred-acceptance"].blocking == 0
    assert found["deferred-acceptance"].improvement
    assert not any(found[rule].improvement for rule in ("by-need", "first-come", "lottery", "top-trading-cycles"))


def test_a_case_too_large_to_be_searched_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_scenario(tmp_path, {}, [school(n) for n in range(7)], [nle(n) for n in range(7)])
    assert run_program(["benchmark", str(file), "--rules", "greedy", "--properties"]) == 2
    assert "take a smaller scenario" in capsys.readouterr().err
