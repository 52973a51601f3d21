"""Alternates against solving anew with each pair required, and against the second reading."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.evidence.alternates import MOST
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.published_tables import publish
from nle_optimizer.evidence.verification.checker import check_claim
from support.scenarios import nle, school, write_scenario
from support.small_cases import Tables, cases, outcome_of, plain, values, with_quotas


def rows(outcome: Outcome) -> list[dict[str, str]]:
    table = publish(outcome).tables["alternates"]
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def forced(given: Tables, school: str, nle: str) -> Tables:
    """The tables with one pair required."""
    pairs = [
        {**pair, "relation": "require" if (pair["school_id"], pair["nle_id"]) == (school, nle) else ""}
        for pair in given["pairs"]
    ]
    return {**given, "pairs": pairs}


@pytest.mark.parametrize("settings", [plain, with_quotas])
def test_alternates_are_the_best_that_solving_anew_gives(tmp_path: Path, settings: Any) -> None:
    for place, given, chosen, outcome in cases(tmp_path, f"alternates {settings.__name__}", 20, settings):
        listed = rows(outcome)
        assert {row["others"] for row in listed} <= {"move"}
        matched = {(int(outcome.problem.recipient[n]), int(outcome.problem.nle[n])) for n in outcome.solution.matched}
        best: dict[str, list[Decimal]] = {}
        for n, pair in enumerate(given["pairs"]):
            school, nle = pair["school_id"], pair["nle_id"]
            ids = outcome.problem.recipient_ids.tolist(), outcome.problem.nle_ids.tolist()
            if (ids[0].index(school), ids[1].index(nle)) in matched:
                continue
            after = outcome_of(place / str(n), forced(given, school, nle), chosen)
            if after is not None:
                change = values(after)[0] - values(outcome)[0]
                best.setdefault(school, []).append(change)
                told = [row for row in listed if (row["school_id"], row["nle_id"]) == (school, nle)]
                assert all(Decimal(row["change_in_objective"]) == change for row in told)
        sense = outcome.problem.levels[0].sense
        for school, changes in best.items():
            own = [Decimal(row["change_in_objective"]) for row in listed if row["school_id"] == school]
            assert own == sorted(changes, key=lambda change: -sense * change)[:MOST]


def test_where_others_stay_alternates_have_room_and_break_nothing(tmp_path: Path) -> None:
    found = 0
    settings = {"costs": {"per_day": 1}, "capacity": {"resources": ["placements", "days"]}}
    for place, given, chosen, _ in cases(tmp_path, "direct", 30, plain):
        for n, row in enumerate(given["schools"]):
            row["days"] = n % 3 + 1
        for row in given["nles"]:
            row["days"] = 4
        budget = {"name": "sum", "type": "budget", "of": "cost", "maximum": 6}
        outcome = outcome_of(place / "days", given, {**chosen, **settings, "constraints": [budget]})
        assert outcome is not None
        for row in rows(outcome):
            assert (row["others"], row["has_spare"], row["who_moves"]) == ("stay", "yes", "")
            assert outcome.problem.levels[0].sense * Decimal(row["change_in_objective"]) <= 0
            found += 1
        assert check_claim(outcome.scenario, publish(outcome)) == []
    assert found > 20


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("fit", "0.111111"),
        ("distance_km", "1.234"),
        ("has_spare", "maybe"),
        ("change_in_objective", "-0.5"),
        ("change_in_objective", "sNaN"),
        ("rank", "3"),
        ("nle_id", "N99"),
        ("others", "stay"),
        ("who_moves", "S1 leaves N1; nonsense"),
    ],
)
def test_a_cell_that_is_not_true_is_found_by_the_second_reading(tmp_path: Path, column: str, cell: str) -> None:
    tried = 0
    for _, _, _, outcome in cases(tmp_path, "tampered alternates", 8, plain):
        claim = publish(outcome)
        assert check_claim(outcome.scenario, claim) == []
        table = {name: list(cells) for name, cells in claim.tables["alternates"].items()}
        wrong = [n for n in range(len(table["rank"])) if column != "others" or table["who_moves"][n]]
        if not wrong:
            continue
        table[column][wrong[0]] = cell
        claim.tables["alternates"] = table  # type: ignore[index]
        tried += 1
        assert any("alternates.csv" in finding for finding in check_claim(outcome.scenario, claim))
    assert tried


def test_a_school_that_has_several_nles_and_may_have_one_has_no_alternates(tmp_path: Path) -> None:
    """`status-quo` keeps what stands today, and which of the NLEs would be given up is not known."""
    names = ("N1", "S1"), ("N2", "S1"), ("N2", "S2")
    current = [{"nle_id": nle_id, "school_id": school_id} for nle_id, school_id in names]
    given = [school(n) for n in (1, 2)], [nle(n, placements=3) for n in (1, 2, 3)]
    result = allocate(load_scenario(write_scenario(tmp_path, {"rule": "status-quo"}, *given, current=current)))
    assert [*zip(*(result.claim.tables["allocation"][name] for name in ("nle_id", "school_id")), strict=True)] == [
        *names
    ]
    table = {name: list(cells) for name, cells in result.claim.tables["alternates"].items()}
    assert set(table["school_id"]) == {"S2"} and verify(result) == []
    line = [table[name][0] for name in table]
    for name, cell in zip(table, ["S1", "1", "N3", *line[3:]], strict=True):
        table[name].insert(0, cell)
    table["distance_km"][0] = "2.236"
    claim = replace(result.claim, tables={**result.claim.tables, "alternates": table})
    assert any("moves within the places" in told for told in verify(replace(result, claim=claim)))
