"""Decisions count in every later plan until they are taken back, whatever the tables."""

import json
import os
from pathlib import Path
from random import Random

import pytest

from nle_optimizer.cli.main import run_program
from support.months import decided_tables, first_run, given_settings, pairs, pinned, random_months, refused, replan
from support.scenarios import nle, read_table, school, write_scenario, write_table

SEQUENCES = int(os.environ.get("NLE_SEQUENCES_OF_DECISIONS", "1"))
"""Random sequences of decisions over several months; more are tried by hand."""


def test_months_of_replans_decide_what_one_replan_with_their_journal_decides(tmp_path: Path) -> None:
    rng, decided = Random("months"), 0
    for n in range(SEQUENCES):
        first, last = random_months(rng, tmp_path / str(n), 3)
        once = replan(first, last / "decisions.csv", "once")
        assert decided_tables(once) == decided_tables(last)
        assert pinned(once) == pinned(last)
        assert (once / "decisions.csv").read_bytes() == (last / "decisions.csv").read_bytes()
        assert run_program(["decisions", str(last), "--replay"]) == 0
        decided += len(read_table(last / "decisions.csv"))
    assert decided > 2 * SEQUENCES


def test_taking_everything_back_is_never_having_decided(tmp_path: Path) -> None:
    rng = Random("back")
    for n in range(SEQUENCES):
        first, last = random_months(rng, tmp_path / str(n), 2)
        numbers = [int(row["number"]) for row in read_table(last / "decisions.csv")]
        rng.shuffle(numbers)
        undone = replan(last, [{"action": "undo", "number": number} for number in numbers], "undone")
        assert decided_tables(undone) == decided_tables(first)
        assert pinned(undone) == {}
        assert given_settings(undone) == given_settings(last)
        again = replan(undone, [{"action": "undo", "number": len(numbers) + 1 + at} for at in range(len(numbers))], "r")
        assert decided_tables(again) == decided_tables(last)
        assert pinned(again) == pinned(last)


def test_decisions_are_carried_through_newer_tables_and_settings(tmp_path: Path) -> None:
    run = first_run(tmp_path, [school(n) for n in range(5)], [nle(n, placements=3) for n in range(4)])
    (agreed, barred, *_), away = sorted(pairs(run)), "N9"
    changes = [
        {"action": "agree", "school_id": agreed[0], "nle_id": agreed[1]},
        {"action": "nle-declines", "school_id": barred[0], "nle_id": barred[1]},
        {"action": "add-nle", **nle(9)},
        {"action": "nle-withdraws", "nle_id": away},
        {"action": "school-withdraws", "school_id": "S4"},
        {"action": "capacity", "nle_id": agreed[1], "amount": 1},
        {"action": "add-school", **school(8)},
    ]
    once = replan(run, changes, "once")
    scenario = ["--scenario", str(tmp_path / "scenario.yaml")]
    newer = replan(once, [], "newer", *scenario)
    later = replan(newer, [], "later", *scenario, "--set", "seed=3", "--by", "the region")
    for new in (newer, later):
        assert decided_tables(new) == decided_tables(once)
        assert pinned(new) == {agreed: "agreed"}
        assert barred not in pairs(new)
    assert json.loads((later / "summary.json").read_text())["findings"] == []
    assert [row["action"] for row in read_table(later / "decisions.csv")] == [*(c["action"] for c in changes), "set"]
    settings = (later / "scenario.resolved.yaml").read_text()
    assert "seed: 3 " in settings and "# decision 8" in settings


def test_a_newer_table_that_contradicts_a_decision_is_a_finding_and_the_decision_counts(tmp_path: Path) -> None:
    run = first_run(tmp_path / "a", [school(1), school(2)], [nle(1), nle(2)])
    pair = sorted(pairs(run))[0]
    changes = [
        {"action": "capacity", "nle_id": "N2", "amount": 2},
        {"action": "nle-declines", "school_id": pair[0], "nle_id": pair[1]},
        {"action": "forbid", "school_id": "S2", "nle_id": "N1"},
    ]
    once = replan(run, changes, "once")
    newer = write_scenario(
        tmp_path / "b",
        {"objectives": ["fit"]},
        schools=[school(1), school(3)],
        nles=[nle(1), nle(2, placements=5)],
        current=[{"school_id": pair[0], "nle_id": pair[1], "state": "offered"}],
    )
    new = replan(once, [], "new", "--scenario", str(newer))
    assert pair not in pairs(new)
    found = {(f["code"], f["column"]): f["text"] for f in json.loads((new / "summary.json").read_text())["findings"]}
    assert "N2 has 2 by an earlier decision" in found["decision-over-table", "placements"]
    assert f"{pair[0]} with {pair[1]} is ended by an earlier decision" in found["decision-over-table", "state"]
    without = found["decision-without-effect", "school_id"]
    assert without.startswith("decision 3: S2 with N1 forbidden") and "no such identifier" in without


def test_a_setting_is_decided_carried_and_taken_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = first_run(tmp_path, [school(1), school(9)], [nle(1, placements=2)], {"objectives": ["schools_supported"]})
    near = replan(run, [{"action": "set", "key": "geography.max_distance_km", "value": "5"}], "near")
    still = replan(near, [], "still")
    assert set(pairs(near)) == set(pairs(still)) == {("S1", "N1")}
    assert set(pairs(replan(still, [{"action": "undo", "key": "geography.max_distance_km"}], "back"))) == set(
        pairs(run)
    )
    for change, told in (
        ({"key": "geography.max_km", "value": "5"}, "unknown key"),
        ({"key": "geography.max_distance_km", "value": "far"}, "a number is needed"),
        ({"key": "data.nles", "value": "other.csv"}, "newer tables come with --scenario"),
        ({"key": "constraints.london.maximum", "value": "1"}, "must be a list"),
        ({"key": "seed"}, "set needs this cell"),
    ):
        words = refused(capsys, run, [{"action": "set", **change}])
        assert told in words and "wrong.csv:row 2" in words


def test_an_nle_that_pauses_is_out_until_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = first_run(tmp_path, [school(1)], [nle(1)])
    pair = {"school_id": "S1", "nle_id": "N1"}
    agreed = replan(run, [{"action": "agree", **pair}], "agreed")
    assert "S1 is agreed or has started with it" in refused(capsys, agreed, [{"action": "pause", "nle_id": "N1"}])
    assert "neither pauses nor has withdrawn" in refused(capsys, run, [{"action": "resume", "nle_id": "N1"}])
    paused = replan(run, [{"action": "pause", "nle_id": "N1"}], "paused")
    assert pairs(paused) == {}
    resumed = replan(paused, [{"action": "resume", "nle_id": "N1"}], "resumed")
    assert set(pairs(resumed)) == {("S1", "N1")}
    assert set(pairs(replan(resumed, [], "later"))) == {("S1", "N1")}


def test_a_finished_or_withdrawn_school_is_out_until_put_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"days": 4}
    run = first_run(tmp_path, [school(1, **days), school(2, **days)], [nle(1, days=20, placements=2), nle(2, days=20)])
    mine = next(own for whose, own in pairs(run) if whose == "S1")
    over = replan(
        run,
        [{"action": "finish", "school_id": "S1", "nle_id": mine}, {"action": "school-withdraws", "school_id": "S2"}],
        "over",
    )
    assert pairs(over) == {}
    assert {row["reason"] for row in read_table(over / "exclusions.csv")} == {"support-finished", "withdrawn"}
    assert read_table(over / "decisions.csv")[0]["days"] == "4"
    assert pairs(replan(over, [], "still")) == {}
    back = replan(over, [{"action": "reopen", "school_id": name} for name in ("S1", "S2")], "back")
    assert {whose for whose, _ in pairs(back)} == {"S1", "S2"} and ("S1", mine) not in pairs(back)
    assert "neither withdrew nor has it finished" in refused(capsys, run, [{"action": "reopen", "school_id": "S1"}])
    undone = replan(back, [{"action": "undo", "number": 3}], "undone")
    assert {whose for whose, _ in pairs(undone)} == {"S2"}


def test_an_undo_by_number_reaches_an_earlier_month_and_is_refused_where_it_finds_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = first_run(tmp_path, [school(1)], [nle(1)])
    gone = replan(run, [{"action": "nle-withdraws", "nle_id": "N1"}], "gone")
    still = replan(gone, [{"action": "set", "key": "seed", "value": "4"}], "still")
    back = replan(still, [{"action": "undo", "number": 1, "nle_id": "N1"}], "back")
    assert set(pairs(back)) == {("S1", "N1")}
    assert read_table(back / "decisions.csv")[0]["undone_by"] == "3"
    for number, told in ((1, "taken back already (decision 3)"), (9, "there are 3 decisions before this one")):
        assert told in refused(capsys, back, [{"action": "undo", "number": number}])
    assert "decision 2 is another: seed" in refused(capsys, back, [{"action": "undo", "number": 2, "nle_id": "N1"}])
    assert "nothing was decided before" in refused(capsys, run, [{"action": "undo", "number": 1}])


def test_an_undo_that_contradicts_a_later_decision_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = first_run(tmp_path, [school(1)], [nle(1), nle(2)])
    first = next(own for _, own in pairs(run))
    other = {"N1": "N2", "N2": "N1"}[first]
    agree = {"action": "agree", "school_id": "S1"}
    one = replan(run, [{**agree, "nle_id": first}], "one")
    two = replan(one, [{"action": "nle-withdraws", "nle_id": first}], "two")
    now = replan(two, [{**agree, "nle_id": other}], "three")
    words = refused(capsys, now, [{"action": "undo", "number": 2}])
    assert "S1" in words and "decision 1" in words and "decision 3" in words


def test_an_addition_is_filled_by_number_from_the_tables_at_hand_or_refused_with_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = school(2, phase="primary", latest_grade=1, region="London", local_authority="Camden", trust_id="T1")
    run = first_run(tmp_path, [school(1, phase="primary"), home], [nle(1, placements=0), nle(2, placements=0)])
    words = refused(capsys, run, [{"action": "add-nle", "nle_id": "N9", "home_school_id": "S2"}])
    assert "these cells are needed: expertise_leadership, expertise_governance, expertise_finance, placements" in words
    added = {"action": "add-nle", "nle_id": "N9", "home_school_id": "S2", "placements": 1}
    expertise = {f"expertise_{area}": 1 for area in ("leadership", "governance", "finance")}
    new = replan(run, [{**added, **expertise}], "new")
    row = read_table(new / "inputs" / "nles.csv")[-1]
    assert (row["phases"], row["region"], row["trust_id"], row["home_grade"]) == ("primary", "London", "T1", "1")
    assert (row["easting"], set(pairs(new))) == (str(home["easting"]), {("S1", "N9")})
    words = refused(capsys, run, [{"action": "add-school", "school_id": "S7", "need_finance": 1}])
    assert "these cells are needed: need_leadership, need_governance" in words and "--fill-from" in words
    table = write_table(tmp_path / "national.csv", [school(7, phase="primary"), school(6, left_out="closed")])
    fill = ["--fill-from", str(table)]
    assert "S7" in decided_ids(replan(run, [{"action": "add-school", "school_id": "S7"}], "filled", *fill))
    assert "closed" in refused(capsys, run, [{"action": "add-school", "school_id": "S6"}], *fill)


def decided_ids(run: Path) -> set[str]:
    return {row["school_id"] for row in read_table(run / "inputs" / "schools.csv")}
