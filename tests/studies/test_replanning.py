"""A new plan carries out what was decided and gives up no pair that could stay; checked against every allocation."""

import json
import os
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.preparation import prepare
from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier, moves_frontier
from nle_optimizer.studies.replanning.replaying import moves_text
from support.scenarios import nle, read_table, school, write_scenario, write_table

Pair = tuple[str, str]
CURVES = int(os.environ.get("NLE_CURVES_OF_MOVES", "1"))
"""Random cases of each kind whose every number of moves is solved; more are tried by hand."""


def week(folder: Path, schools: list[Any], nles: list[Any], settings: Any = None, **tables: Any) -> Path:
    """A run folder."""
    chosen = {"objectives": ["fit"], **(settings or {})}
    file = write_scenario(folder, chosen, schools=schools, nles=nles, **tables)
    assert run_program(["run", str(file), "--out", str(folder / "run"), "--no-report"]) == 0
    return folder / "run"


def replanned(run: Path, changes: list[Any], *words: str, name: str = "new") -> Path:
    """The run folder of the plan after some changes."""
    file = write_table(run.parent / f"{name}-changes.csv", changes, ["action", "school_id", "nle_id"])
    target = run.parent / name
    command = ["replan", str(run), "--changes", str(file), "--out", str(target), "--no-report", "--force", *words]
    assert run_program(command) == 0
    return target


def refused(capsys: pytest.CaptureFixture[str], run: Path, changes: list[Any]) -> str:
    file = write_table(run.parent / "wrong.csv", changes, ["action", "school_id", "nle_id"])
    capsys.readouterr()
    assert run_program(["replan", str(run), "--changes", str(file), "--out", str(run.parent / "none")]) == 2
    assert not (run.parent / "none").exists()
    return capsys.readouterr().err


def pairs(run: Path) -> set[Pair]:
    return {(row["school_id"], row["nle_id"]) for row in read_table(run / "allocation.csv")}


def summary(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    return found


def states(run: Path) -> dict[Pair, str]:
    return {(row["school_id"], row["nle_id"]): row["state"] for row in read_table(run / "allocation.csv")}


def moves(run: Path) -> list[dict[str, str]]:
    return read_table(run / "moves.csv")


def random_week(rng: Random, folder: Path) -> Path:
    schools = [school(n, **needs(rng)) for n in range(rng.randint(2, 5))]
    nles = [nle(n, **expertise(rng), placements=rng.randint(1, 2)) for n in range(rng.randint(2, 3))]
    return week(folder, schools, nles)


def needs(rng: Random) -> dict[str, Any]:
    return {f"need_{area}": rng.choice([0.2, 0.5, 0.9]) for area in ("leadership", "governance", "finance")}


def expertise(rng: Random) -> dict[str, Any]:
    return {f"expertise_{area}": rng.choice([0.1, 0.4, 0.8, 1]) for area in ("leadership", "governance", "finance")}


def random_changes(rng: Random, run: Path) -> list[dict[str, Any]]:
    stand, changes = sorted(pairs(run)), []
    for pair in rng.sample(stand, min(len(stand), rng.randint(1, 3))):
        action = rng.choice(["agree", "start", "forbid", "school-objects", "nle-declines"])
        changes.append({"action": action, "school_id": pair[0], "nle_id": pair[1]})
    if rng.random() < 0.5:
        changes.append({"action": "capacity", "nle_id": "N0", "amount": rng.choice([1, 2, 3])})
    return changes


def most_kept(run: Path, changes: list[dict[str, Any]]) -> int:
    """The most pairs of a run that can stand together after changes, from every subset of them."""
    barred = {(c["school_id"], c["nle_id"]) for c in changes if c["action"] not in ("agree", "start", "capacity")}
    pinned = {(c["school_id"], c["nle_id"]) for c in changes if c["action"] in ("agree", "start")}
    places = {row["nle_id"]: int(row["capacity_placements"]) for row in read_table(run / "nles.csv")}
    places |= {c["nle_id"]: c["amount"] for c in changes if c["action"] == "capacity"}
    stand = sorted(pairs(run) - barred)
    best = 0
    for kept in product([True, False], repeat=len(stand)):
        chosen = [pair for pair, stays in zip(stand, kept, strict=True) if stays]
        fits = all(sum(nle == own for _, own in chosen) <= most for nle, most in places.items())
        if fits and pinned <= set(chosen):
            best = max(best, len(chosen))
    return best


def test_no_pair_is_given_up_that_could_stay_and_no_pinned_pair_moves(tmp_path: Path) -> None:
    rng = Random("replanning")
    pinned_pairs = 0
    for n in range(25):
        run = random_week(rng, tmp_path / str(n))
        changes = random_changes(rng, run)
        pins = {(c["school_id"], c["nle_id"]): c["action"] for c in changes if c["action"] in ("agree", "start")}
        over = [c for c in changes if c["action"] == "capacity"]
        if over and sum(own == "N0" for _, own in pins) > over[0]["amount"]:
            continue
        new = replanned(run, changes)
        assert verify(new) == []
        assert len(pairs(new) & pairs(run)) == most_kept(run, changes)
        assert all(states(new)[pair] == {"agree": "agreed", "start": "started"}[word] for pair, word in pins.items())
        pinned_pairs += len(pins)
    assert pinned_pairs > 10


def test_more_moves_never_lower_the_fit_and_are_never_more_than_allowed(tmp_path: Path) -> None:
    rng = Random("moves")
    gained = 0
    for n in range(6):
        run = random_week(rng, tmp_path / str(n))
        changes = [{"action": "add-school", "school_id": "S9", **school(9, **needs(rng))}]
        changes += [{"action": "add-nle", "nle_id": "N9", **nle(9, **expertise(rng))}]
        fits = []
        for allowed in (0, 1, 2, 9):
            new = replanned(run, changes, "--max-moves", str(allowed), name=f"new{allowed}")
            assert verify(new) == []
            assert sum(row["is_move"] == "yes" for row in moves(new)) <= allowed
            fits.append(json.loads((new / "summary.json").read_text())["metrics"]["total_fit"])
        assert fits == sorted(fits)
        gained += fits[-1] > fits[0]
    assert gained


def test_a_replan_without_changes_is_the_earlier_plan(tmp_path: Path) -> None:
    run = random_week(Random(3), tmp_path)
    new = replanned(run, [])
    assert pairs(new) == pairs(run)
    assert moves(new) == []


def test_keeping_and_adding_keeps_every_pair_that_can_be_and_gives_others_what_is_left(tmp_path: Path) -> None:
    rng, added = Random("keep"), 0
    for n in range(3):
        run = random_week(rng, tmp_path / str(n))
        more = [{"action": "add-school", **school(9, **needs(rng))}, {"action": "add-nle", **nle(9, placements=1)}]
        kept, moved = (
            replanned(run, more, *words, name=name) for words, name in ((["--keep-and-add"], "k"), ([], "m"))
        )
        assert pairs(run) <= pairs(kept)
        assert verify(kept) == []
        assert [entry["value"] for entry in summary(kept)["objectives"]] == [
            entry["value"] for entry in summary(moved)["objectives"]
        ]
        assert run_program(["decisions", str(kept), "--replay"]) == 0
        later = replanned(kept, [], "--max-moves", "9", name="later")  # what was kept once is free to move again
        assert summary(later)["metrics"]["total_fit"] >= summary(kept)["metrics"]["total_fit"]
        added += len(pairs(kept)) - len(pairs(run))
    assert added >= 3


def test_where_not_every_pair_can_stay_there_is_no_plan_that_keeps_and_adds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = week(tmp_path, [school(1), school(2)], [nle(1, placements=2)])
    changes = write_table(tmp_path / "c.csv", [{"action": "capacity", "nle_id": "N1", "amount": 1}])
    command = ["replan", str(run), "--changes", str(changes), "--keep-and-add", "--no-report"]
    assert run_program([*command, "--out", str(tmp_path / "none")]) == 1
    told = capsys.readouterr().out
    assert "NLE N1 has 1 placement, and its required pairs take 2" in told
    assert "There is no new plan, so the earlier one stands" in told
    assert {row["reason"] for row in moves(tmp_path / "none")} == {"there is no new plan"}
    assert run_program([*command, "--max-moves", "1", "--out", str(tmp_path / "none")]) == 2


def test_a_run_that_is_named_from_the_working_directory_is_replanned_with_a_time_limit_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = week(tmp_path, [school(1), school(2)], [nle(1), nle(2)])
    monkeypatch.chdir(tmp_path)
    command = ["replan", "run", "--time-limit", "60", "--set", "seed=3", "--no-report", "--out", "new"]
    assert run_program(command) == 0
    assert verify(tmp_path / "new") == []
    assert pairs(tmp_path / "new") == pairs(run)


def test_a_curve_with_points_that_are_not_proved_says_that_it_may_miss_points(tmp_path: Path) -> None:
    run = week(tmp_path, [school(n, need_finance=n / 9) for n in range(6)], [nle(n, placements=2) for n in range(3)])
    new = replanned(run, [{"action": "nle-withdraws", "nle_id": "N1"}])
    case = prepare(load_scenario(new / "scenario.resolved.yaml"), lambda _: None)
    whole = moves_frontier(case, len(pairs(new)))
    assert whole.complete and "no" not in whole.table["proved"]
    left_open = replace(whole, complete=False, table={**whole.table, "proved": ["no", *whole.table["proved"][1:]]})
    assert "there may be better ones" in " ".join(moves_text(None, left_open, 1).split())
    assert "there may be better ones" not in " ".join(moves_text(None, whole, 1).split())


def test_what_is_taken_back_never_was(tmp_path: Path) -> None:
    run = week(tmp_path, [school(1), school(2)], [nle(1), nle(2)])
    whom = {"school_id": "S1", "nle_id": next(own for who, own in pairs(run) if who == "S1")}
    changes = [{"action": "forbid", **whom}, {"action": "undo", **whom}]
    plain, undone = replanned(run, [], name="plain"), replanned(run, changes, name="undone")
    for name in ("allocation.csv", "moves.csv", "inputs/current.csv"):
        assert (plain / name).read_bytes() == (undone / name).read_bytes()


def test_a_replan_can_be_replanned_with_everything_that_was_decided_before(tmp_path: Path) -> None:
    run = week(tmp_path, [school(n) for n in (1, 2, 3)], [nle(1, placements=2), nle(2)])
    first = sorted(pairs(run))[0]
    second = replanned(run, [{"action": "agree", "school_id": first[0], "nle_id": first[1]}], name="second")
    third = replanned(second, [{"action": "add-nle", **nle(3)}], name="third")
    assert states(third)[first] == "agreed"
    assert pairs(second) <= pairs(third)


def test_each_move_names_the_decision_that_brought_it_about(tmp_path: Path) -> None:
    run = week(tmp_path, [school(1), school(2)], [nle(1, placements=2)])
    changes = [
        {"action": "nle-withdraws", "nle_id": "N1", "date": "2026-01-05", "by": "the NLE"},
        {"action": "add-nle", **nle(7, placements=2)},
    ]
    rows = moves(replanned(run, changes))
    assert [(row["what"], row["from_nle_id"], row["to_nle_id"], row["is_move"]) for row in rows] == [
        ("moved", "N1", "N7", "no")
    ] * 2
    told = "NLE N1 withdraws on 2026-01-05 (the NLE) (decision 1)"
    assert {row["reason"] for row in rows} == {told}


def test_a_capacity_that_no_longer_holds_every_pair_costs_the_fewest_moves(tmp_path: Path) -> None:
    run = week(tmp_path, [school(1), school(2), school(3)], [nle(1, placements=3)])
    (row,) = moves(replanned(run, [{"action": "capacity", "nle_id": "N1", "amount": 2}]))
    assert (row["what"], row["is_move"]) == ("left-out", "yes")
    assert "do not let every pair stay" in row["reason"]


def test_a_school_with_an_nle_is_not_given_to_a_trust_in_a_replan(tmp_path: Path) -> None:
    grades = {"latest_grade": 4, "previous_grade": 4}
    trust = {"trust_id": "T1", "easting": 431_000, "northing": 430_000, "high_quality": "yes", "capacity": 1}
    run = week(tmp_path, [school(1)], [nle(1)], {"trust_first": {"mode": "off"}}, trusts=[trust])
    newer = write_scenario(
        tmp_path / "newer",
        {"objectives": ["fit"], "trust_first": {"mode": "optimise"}},
        schools=[school(1, **grades), school(2, **grades)],
        nles=[nle(1)],
        trusts=[trust],
    )
    new = replanned(run, [], "--scenario", str(newer))
    assert pairs(new) == {("S1", "N1")}
    assert [row["school_id"] for row in read_table(new / "exclusions.csv")] == ["S2"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"action": "agree", "school_id": "S1", "nle_id": "N2"}, "the pair N2, S1 does not stand: S1 has N1"),
        ({"action": "agre", "school_id": "S1", "nle_id": "N1"}, "did you mean agree?"),
        ({"action": "forbid", "school_id": "S1", "nle_id": "N77"}, "the nles table has no such identifier"),
        ({"action": "nle-withdraws", "nle_id": "N1", "amount": 3}, "looks at nle_id alone; clear this cell"),
        ({"action": "capacity", "nle_id": "N1"}, "capacity needs this cell"),
        ({"action": "undo", "school_id": "S1"}, "there is no earlier decision on S1 left to take back"),
        ({"action": "add-nle", "nle_id": "N1"}, "has this identifier already"),
        ({"action": "add-school", "school_id": "S8", "fase": "primary"}, "did you mean"),
    ],
)
def test_a_change_that_cannot_be_carried_out_is_refused_in_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], told: str
) -> None:
    run = week(tmp_path, [school(1)], [nle(1), nle(2, expertise_finance=0)])
    words = refused(capsys, run, [change])
    assert told in words
    assert "wrong.csv:row 2" in words


def test_a_run_folder_that_was_changed_is_not_replanned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = week(tmp_path, [school(1)], [nle(1)])
    (run / "inputs" / "nles.csv").write_text("nle_id\nN1\n", encoding="utf-8")
    assert "the file was changed since the run" in refused(capsys, run, [])


def planned_again(folder: Path, settings: Any, **tables: Any) -> tuple[MovesFrontier, list[Decimal], int]:
    """The curve of a case, the best first objective under every number of moves by solving each, and how many had to.

    The current table is a plan, and the objective that keeps its pairs comes first.
    """
    scenario = load_scenario(write_scenario(folder, settings, **tables))
    first = scenario.document.values["objectives"]
    case = prepare(scenario.replace({"objectives": [{"kept_pairs": {}}, *first]}), lambda _: None)
    assert case.candidates.current is not None
    standing = len(case.candidates.current.keys)
    best = []
    for most in range(standing + 1):
        asked = {"objectives": [{"kept_pairs": {"within": most}} if most else "kept_pairs", *first]}
        best.append(Decimal(str(allocate(scenario.replace(asked)).objectives[1]["value"])))
    kept = allocate(scenario.replace({"objectives": ["kept_pairs", *first]})).objectives[0]["value"]
    return moves_frontier(case, standing), best, standing - round(kept)


@pytest.mark.parametrize("kind", ["places", "quota", "days"])
def test_what_more_moves_would_buy_is_told_for_every_number_of_moves(tmp_path: Path, kind: str) -> None:
    rng = Random(f"curve {kind}")
    between = 0
    for n in range(CURVES):
        count, days = rng.randint(5, 8), kind == "days"
        schools = [school(k, **needs(rng), **({"days": rng.choice([2, 3, 5])} if days else {})) for k in range(count)]
        nles = [nle(k, **expertise(rng), placements=2, **({"days": 7} if days else {})) for k in range(4)]
        taken = rng.sample([f"N{k}" for k in range(4)] * (1 if days else 2), 4 if days else 7)
        current = [{"school_id": f"S{k}", "nle_id": own} for k, own in enumerate(taken[:count])]
        settings: dict[str, Any] = {"objectives": [{"blend": {"fit": 1, "distance_km": -0.01}}]}
        if kind == "quota":
            settings["constraints"] = [{"name": "few", "type": "quota", "of": "nles", "maximum": 4}]
            settings["constraints"] += [{"name": "most", "type": "quota", "maximum": count - 1}]
        curve, best, forced = planned_again(tmp_path / str(n), settings, schools=schools, nles=nles, current=current)
        assert curve.complete and not curve.why_not
        told = dict(zip(map(int, curve.table["moves"]), map(Decimal, curve.table["blend"]), strict=True))
        assert min(told) == forced and max(told) <= len(current)
        for most in range(len(current) + 1):
            reached = [value for moves, value in told.items() if moves <= forced + most]
            assert max(reached) == best[most]
        assert list(told.values()) == sorted(set(told.values()))
        between += len(told) > 2
    assert between


def test_a_school_that_loses_its_nle_while_one_of_lower_priority_keeps_its_own_is_said_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schools = [school(n, priority=priority) for n, priority in ((1, 2), (2, 1), (3, 3), (4, 3))]
    run = week(tmp_path, schools, [nle(1, placements=2), nle(2), nle(3)], {"objectives": ["fit", "distance"]})
    gone = next(own for whose, own in pairs(run) if whose == "S2")
    capsys.readouterr()
    new = replanned(run, [{"action": "nle-withdraws", "nle_id": gone}])
    text, rows = capsys.readouterr().out, moves(new)
    kept, lost = {whose for whose, _ in pairs(new)}, [row for row in rows if row["what"] == "left-out"]
    assert [(row["school_id"], row["priority"]) for row in rows[: len(lost)]] == [("S2", "1"), ("S1", "2")]
    for row in lost:
        below = {f"S{n}" for n, priority in ((1, 2), (2, 1), (3, 3), (4, 3)) if priority > int(row["priority"])} & kept
        assert row["lower_priority_kept"] == str(len(below)) and row["whose_nle_could"] in below
    assert "2 lose their support while schools of lower priority keep theirs\n    - S2 School 2" in text
