"""What is agreed is not lost where newer tables lack one side of it: refused, held, or told."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.cli.main import run_program
from support.months import first_run, pairs, pinned, refused, replan
from support.scenarios import nle, read_table, school, write_scenario

SETTINGS = {"objectives": ["fit"], "capacity": {"resources": ["placements", "days"]}, "offer": {"days": 4}}
SCHOOLS, NLES = [school(n) for n in (1, 2, 3)], [nle(n, days=10) for n in (1, 2, 3)]


def near(rows: list[Any], key: str, identifier: str) -> list[Any]:
    return [{**row, key: row[key].lower()} if row[key] == identifier else row for row in rows]


def without(rows: list[Any], key: str, identifier: str) -> list[Any]:
    return [row for row in rows if row[key] != identifier]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[str, str]]:
    """A plan in which one pair is agreed, and that pair."""
    run = first_run(tmp_path_factory.mktemp("first"), SCHOOLS, NLES, SETTINGS)
    pair = sorted(pairs(run))[0]
    return replan(run, [{"action": "agree", "school_id": pair[0], "nle_id": pair[1]}], "agreed"), pair


@pytest.fixture
def agreed(tmp_path: Path, first: tuple[Path, tuple[str, str]]) -> tuple[Path, tuple[str, str]]:
    return shutil.copytree(first[0], tmp_path / "agreed"), first[1]


def newer(run: Path, schools: list[Any], nles: list[Any], **tables: Any) -> list[str]:
    return ["--scenario", str(write_scenario(run.parent / "newer", SETTINGS, schools, nles, **tables))]


def test_an_agreed_nle_that_a_newer_table_lacks_is_an_error_until_the_pair_is_ended(
    agreed: tuple[Path, tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    run, (school_id, nle_id) = agreed
    words = newer(run, SCHOOLS, without(NLES, "nle_id", nle_id))
    told = refused(capsys, run, [], *words)
    assert "nle_id: the nles table has no such identifier, and the pair is agreed; got" in told
    assert f"got {nle_id}; put it into its table, or end the pair" in told
    for change in (
        {"action": "nle-withdraws", "nle_id": nle_id},
        {"action": "nle-declines", "school_id": school_id, "nle_id": nle_id},
        {"action": "school-withdraws", "school_id": school_id},
    ):
        ended = replan(run, [change], "ended", *words)
        later = replan(ended, [], "later", *words)
        assert pinned(ended) == pinned(later) == {}


@pytest.mark.parametrize("side", ["school_id", "nle_id"])
def test_an_agreed_side_that_a_newer_table_has_in_another_spelling_is_an_error_with_both(
    agreed: tuple[Path, tuple[str, str]], capsys: pytest.CaptureFixture[str], side: str
) -> None:
    run, pair = agreed
    name = dict(zip(("school_id", "nle_id"), pair, strict=True))[side]
    schools, nles = near(SCHOOLS, side, name) if side == "school_id" else SCHOOLS, NLES
    nles = near(NLES, side, name) if side == "nle_id" else NLES
    told = refused(capsys, run, [], *newer(run, schools, nles))
    assert f", and the pair is agreed; got {name}; did you mean {name.lower()}?" in told


@pytest.mark.parametrize("action", ["agree", "start", "finish"])
def test_what_a_pair_of_a_school_in_no_newer_table_takes_is_held_and_it_stands_again_where_it_is_back(
    agreed: tuple[Path, tuple[str, str]], action: str
) -> None:
    run, pair = agreed
    if action != "agree":
        run = replan(run, [{"action": action, "school_id": pair[0], "nle_id": pair[1]}], action)
    part = replan(run, [], "part", *newer(run, without(SCHOOLS, "school_id", pair[0]), NLES))
    row = next(row for row in read_table(part / "nles.csv") if row["nle_id"] == pair[1])
    held = 0 if action == "finish" else 1
    assert (row["capacity_placements"], row["capacity_days"]) == (str(1 - held), "6")
    summary = (part / "summary.json").read_text(encoding="utf-8")
    assert '"pair-of-school-elsewhere"' in summary
    whole = replan(part, [], "whole", *newer(run, SCHOOLS, NLES))
    assert pinned(whole) == pinned(run)
    assert {entry["school_id"]: entry["reason"] for entry in read_table(whole / "exclusions.csv")} == (
        {pair[0]: "support-finished"} if action == "finish" else {}
    )


def test_an_agreed_pair_of_which_newer_tables_have_neither_side_is_a_finding(
    agreed: tuple[Path, tuple[str, str]],
) -> None:
    run, pair = agreed
    words = newer(run, without(SCHOOLS, "school_id", pair[0]), without(NLES, "nle_id", pair[1]))
    assert '"pair-of-nobody"' in (replan(run, [], "less", *words) / "summary.json").read_text(encoding="utf-8")


def test_what_stood_before_anything_was_decided_stands_where_newer_tables_do_not_say(tmp_path: Path) -> None:
    current = [{"school_id": "S1", "nle_id": "N2", "state": "agreed"}]
    run = first_run(tmp_path, SCHOOLS, NLES, SETTINGS, current=current)
    assert pinned(replan(run, [], "without", *newer(run, SCHOOLS, NLES))) == {("S1", "N2"): "agreed"}
    says = [{"school_id": "S1", "nle_id": "N2", "state": "proposed"}]
    assert pinned(replan(run, [], "with", *newer(run, SCHOOLS, NLES, current=says))) == {}


def test_a_decision_on_somebody_whom_no_table_ever_had_is_refused(
    agreed: tuple[Path, tuple[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    run, _ = agreed
    assert "the nles table has no such identifier; got N77" in refused(
        capsys, run, [{"action": "nle-withdraws", "nle_id": "N77"}]
    )
    assert run_program(["verify", str(run)]) == 0
