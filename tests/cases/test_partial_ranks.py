"""Ranks given in part close the rest: said by a finding, by the rule and in the reason (case 32)."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.rules.registry import RULES, promise_of
from support.scenarios import nle, read_table, school, write_scenario

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
BY_RANKS = [name for name in RULES if promise_of(name).by_ranks]


def test_case_32_says_that_partial_ranks_close_the_rest(tmp_path: Path, program: Callable[..., object]) -> None:
    file = shutil.copytree(CASES / "32-partial-ranks", tmp_path / "case") / "scenario.yaml"
    finding = "N1 ranks 1 of 2"
    assert finding in program("validate", file).out  # type: ignore[attr-defined]
    done = program("run", file, "--no-report", "--out", tmp_path / "r")
    assert done.code == 0  # type: ignore[attr-defined]
    assert finding in done.err  # type: ignore[attr-defined]
    (left_out,) = read_table(tmp_path / "r" / "unmatched.csv")
    assert left_out["school_id"] == "S2"
    assert left_out["explanation"].endswith("its only candidate gave ranks, and none to it.")
    summary = json.loads((tmp_path / "r" / "summary.json").read_text(encoding="utf-8"))
    assert [found["code"] for found in summary["findings"]] == ["ranks-in-part"]
    assert any("1 of 2 candidate pairs are closed" in remark for remark in summary["remarks"])
    assert program("verify", tmp_path / "r").code == 0  # type: ignore[attr-defined]


def scenario(folder: Path, rule: str, ranks: Sequence[tuple[str, str, str, int]]) -> Path:
    """Two schools and two NLEs of one place each, with some ranks: NLE, school, whose, rank."""
    rows: dict[tuple[str, str], dict[str, object]] = {}
    for one, other, whose, rank in ranks:
        rows.setdefault((one, other), {"nle_id": one, "school_id": other})[whose] = rank
    schools, nles = ([make(n, region="Yorkshire and the Humber") for n in (1, 2)] for make in (school, nle))
    return write_scenario(folder, {"rule": rule}, schools, nles, pairs=list(rows.values()))


@pytest.mark.parametrize("rule", RULES)
def test_the_finding_stands_under_the_rules_that_go_by_ranks_and_under_no_other(rule: str, tmp_path: Path) -> None:
    if rule == "status-quo":
        return
    result = allocate(load_scenario(scenario(tmp_path, rule, [("N1", "S1", "school_rank", 1)])))
    codes = [found.code for found in result.scenario.findings]
    assert codes == (["ranks-in-part"] if rule in BY_RANKS else [])
    assert verify(result) == []
    assert not result.unmatched.rows() or rule in BY_RANKS


def test_ranks_of_every_candidate_or_of_none_are_no_finding(tmp_path: Path) -> None:
    full = [(n, s, "school_rank", 1 + (n != "N" + s[1])) for n in ("N1", "N2") for s in ("S1", "S2")]
    for n, ranks in enumerate(([], full)):
        made = load_scenario(scenario(tmp_path / str(n), "deferred-acceptance", ranks))
        result = allocate(made)
        assert result.scenario.findings == made.findings == ()
        assert result.unmatched.rows() == []


def test_the_reason_counts_what_the_school_and_what_nles_left_unranked(tmp_path: Path) -> None:
    ranks = [("N1", "S2", "nle_rank", 1), ("N2", "S2", "school_rank", 1), ("N2", "S2", "nle_rank", 1)]
    file = scenario(tmp_path, "by-priority", ranks)
    result = allocate(load_scenario(file))
    (left_out,) = result.unmatched.rows()
    assert left_out["explanation"].endswith(
        "By this rule ranks say who is acceptable: 2 of its 2 candidates gave ranks, and none to it."
    )
    both = [("N1", "S1", "school_rank", 1), ("N1", "S2", "nle_rank", 1)]
    left = allocate(load_scenario(scenario(tmp_path / "b", "by-priority", both))).unmatched.rows()
    assert left[0]["school_id"] == "S1"
    assert left[0]["explanation"].endswith(
        "it gave ranks, and none to 1 of its 2 candidates; 1 of its 2 candidates gave ranks, and none to it."
    )
