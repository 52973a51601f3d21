"""A sweep gives the same file however it is carried out, works nothing out twice, and loses nothing."""

import csv
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.errors import RunFolderError
from nle_optimizer.running import result_of
from nle_optimizer.studies.sweep import Wanted, sweep
from nle_optimizer.studies.sweep import workers as desk_module
from nle_optimizer.studies.sweep.conduct import Swept, carry_out
from nle_optimizer.studies.sweep.plan import Plan, plan_sweep
from nle_optimizer.studies.sweep.workers import Crew, LocalCrew
from support.mortal import DEADLY, Mortal
from support.scenarios import nle, school, write_scenario

RADIUS, PLACES = "geography.max_distance_km", "capacity.multiply.placements"
GRID = Wanted(grid={RADIUS: [1, 1.5, 40], PLACES: [1, 2]})


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    schools = [school(n, need_finance=n / 10) for n in range(1, 7)]
    nles = [nle(n, expertise_finance=n / 10) for n in (1, 3)]
    return write_scenario(tmp_path / "in", {"objectives": ["fit", "distance"]}, schools, nles)


def swept(scenario: Path, folder: Path, wanted: Wanted = GRID, **how: Any) -> Swept:
    asked = {"grid": wanted.grid, "zipped": wanted.zip, "table": wanted.table, "seeds": wanted.seeds}
    return sweep(scenario, **asked, scenarios=wanted.scenarios, out=folder, **{"workers": 0, "report": False, **how})


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Counting:
    """Does the work itself, and counts it."""

    def __init__(self, most: int | None = None, fault: BaseException | None = None):
        self.done: list[str] = []
        self._most, self._fault = most, fault

    def run(self, bases: Any, runs: Any, tasks: Any) -> Any:
        for task, answer in LocalCrew(0).run(bases, runs, tasks):
            if self._fault is not None and len(self.done) == self._most:
                raise self._fault
            self.done.append(task.key)
            yield task, answer


def test_a_row_a_point_with_what_a_run_of_its_own_gives(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    table = rows(tmp_path / "out")
    assert len(table) == 6
    for row in table:
        changes = {RADIUS: float(row[RADIUS]), PLACES: int(row[PLACES])}
        summary = allocate(load_scenario(scenario).replace(changes)).claim.summary
        assert row["status"] == summary["status"] == "optimal"
        assert float(row["value_fit"]) == summary["objectives"][0]["value"]
        assert float(row["bound_distance"]) == summary["objectives"][1]["bound"]
        assert int(row["supported"]) == summary["counts"]["supported"]
        assert float(row["mean_distance_km"]) == summary["metrics"]["mean_distance_km"]
    assert len({row["supported"] for row in table}) > 1


def test_changes_are_against_the_scenario_itself(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    summary = allocate(load_scenario(scenario)).claim.summary
    for row in rows(tmp_path / "out"):
        assert int(row["change_supported"]) == int(row["supported"]) - summary["counts"]["supported"]
        assert float(row["change_total_fit"]) == pytest.approx(
            float(row["total_fit"]) - summary["metrics"]["total_fit"]
        )


def test_one_process_and_several_give_the_same_bytes(scenario: Path, tmp_path: Path) -> None:
    contents = set()
    for workers in (0, 2):
        swept(scenario, tmp_path / str(workers), workers=workers)
        contents.add((tmp_path / str(workers) / "sweep.csv").read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize("stops_after", range(8))
def test_a_sweep_that_was_interrupted_resumes_to_the_same_bytes(
    scenario: Path, tmp_path: Path, stops_after: int
) -> None:
    swept(scenario, tmp_path / "whole")
    plan = plan_sweep(scenario, GRID)
    first = Counting(stops_after, KeyboardInterrupt())
    try:
        carry_out(plan, tmp_path / "out", first)
    except KeyboardInterrupt:
        assert len(rows(tmp_path / "out")) <= stops_after
    second = Counting()
    carry_out(plan, tmp_path / "out", second, resume=True)
    assert sorted(first.done + second.done) == sorted({plan.base.key, *(p.task.key for p in plan.points)})
    assert (tmp_path / "out" / "sweep.csv").read_bytes() == (tmp_path / "whole" / "sweep.csv").read_bytes()


def test_another_sweep_in_the_folder_works_out_only_what_is_new(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    more = swept(scenario, tmp_path / "out", Wanted(grid={PLACES: [1, 2, 3], RADIUS: [1, 40]}), resume=True)
    assert (more.computed, more.reused, more.points) == (2, 5, 6)
    assert [row[PLACES] for row in rows(tmp_path / "out")] == ["1", "1", "2", "2", "3", "3"]


def test_changed_data_are_worked_out_again(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    text = (scenario.parent / "schools.csv").read_text(encoding="utf-8")
    (scenario.parent / "schools.csv").write_text(text.replace("School 1", "School one"), encoding="utf-8")
    assert swept(scenario, tmp_path / "out", resume=True).reused == 0


def test_a_folder_that_exists_needs_resume_and_one_of_others_is_refused(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    with pytest.raises(RunFolderError, match="--resume"):
        swept(scenario, tmp_path / "out")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").touch()
    with pytest.raises(RunFolderError, match="no sweep wrote"):
        swept(scenario, tmp_path / "theirs", resume=True)


def test_a_folder_that_another_sweep_writes_into_is_refused(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    other = sqlite3.connect(tmp_path / "out" / "sweep.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RunFolderError, match="another sweep is writing"):
        swept(scenario, tmp_path / "out", resume=True)
    other.close()


def test_a_file_that_is_no_store_is_refused_and_left_as_it_was(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    (tmp_path / "out" / "sweep.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(RunFolderError, match=r"sweep\.sqlite: file is not a database"):
        swept(scenario, tmp_path / "out", resume=True)


UNASSESSED = Wanted(grid={"fit.unknown": ["error", "exclude", 0.5]})


@pytest.fixture
def unassessed(tmp_path: Path) -> Path:
    return write_scenario(tmp_path / "in", {"fit": {"unknown": "exclude"}}, [school(1), school(2, need_finance="")])


def test_a_point_that_cannot_be_carried_out_is_a_row_with_its_error(unassessed: Path, tmp_path: Path) -> None:
    assert swept(unassessed, tmp_path / "out", UNASSESSED).statuses == {"error": 1, "optimal": 2}
    failed, *others = rows(tmp_path / "out")
    assert failed["status"] == "error"
    assert "S2 is not assessed in every area" in failed["error"]
    assert [row["status"] for row in others] == ["optimal", "optimal"]


def test_fail_fast_ends_at_the_first_failure_and_keeps_what_is_done(unassessed: Path, tmp_path: Path) -> None:
    assert swept(unassessed, tmp_path / "out", UNASSESSED, fail_fast=True).statuses == {
        "error": 1,
        "not run": 1,
        "optimal": 1,
    }
    resumed = swept(unassessed, tmp_path / "out", UNASSESSED, resume=True)
    assert (resumed.computed, resumed.statuses) == (1, {"error": 1, "optimal": 2})


def test_infeasible_is_an_answer(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": f"S{n}", "relation": "require"} for n in (1, 2)]
    scenario = write_scenario(tmp_path / "in", pairs=pairs)
    assert swept(scenario, tmp_path / "out", Wanted(grid={PLACES: [1, 2]})).statuses == {"infeasible": 1, "optimal": 1}


def test_what_does_not_stand_up_to_verification_is_an_error(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_module, "check_claim", lambda *_: ["the sky is green"])
    assert set(swept(scenario, tmp_path / "out").statuses) == {"error"}
    assert "the sky is green" in rows(tmp_path / "out")[0]["error"]


def test_a_fault_of_ours_in_one_point_loses_no_other(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sometimes(scenario: Any, **named: Any) -> Any:
        return 1 // 0 if scenario.settings.seed == 1 else result_of(scenario, **named)

    monkeypatch.setattr(desk_module, "result_of", sometimes)
    assert swept(scenario, tmp_path / "out", Wanted(seeds=3)).statuses == {"error": 1, "optimal": 2}
    assert "ZeroDivisionError" in rows(tmp_path / "out")[1]["error"]


def test_kept_runs_stand_alone_and_are_made_up_for(scenario: Path, tmp_path: Path) -> None:
    wanted = Wanted(grid={RADIUS: [1, 40]})
    swept(scenario, tmp_path / "out", wanted)
    kept = swept(scenario, tmp_path / "out", wanted, resume=True, keep_runs=True)
    assert kept.computed == 3
    folders = sorted((tmp_path / "out" / "runs").iterdir())
    assert [verify(folder) for folder in folders] == [[], [], []]
    assert swept(scenario, tmp_path / "out", wanted, resume=True, keep_runs=True).computed == 0


def test_the_store_holds_every_case_and_the_latest_points(scenario: Path, tmp_path: Path) -> None:
    swept(scenario, tmp_path / "out")
    connection = sqlite3.connect(tmp_path / "out" / "sweep.sqlite")
    found = connection.execute(
        "SELECT position, changes, status, summary, seconds FROM points JOIN cases USING (key) ORDER BY position"
    ).fetchall()
    connection.close()
    assert [row[0] for row in found] == [1, 2, 3, 4, 5, 6]
    assert json.loads(found[1][1]) == {RADIUS: "1", PLACES: "2"}
    assert all(json.loads(row[3])["status"] == row[2] and row[4] > 0 for row in found)


def mortal(plan: Plan, mark: Path | None = None) -> Plan:
    """The same plan, in which one seed ends the process."""
    return replace(plan, bases=[Mortal(base, mark) for base in plan.bases])  # type: ignore[misc]


SEEDS = Wanted(grid={"seed": [1, 2, DEADLY, 3]})


def carried_out(plan: Plan, folder: Path, crew: Crew, **how: Any) -> Swept:
    return carry_out(plan, folder, crew, **how)


def test_a_point_that_ends_its_process_is_lost_alone_and_tried_again_on_resume(scenario: Path, tmp_path: Path) -> None:
    plan = plan_sweep(scenario, SEEDS)
    once = carried_out(mortal(plan), tmp_path / "out", LocalCrew(2))
    assert once.statuses == {"lost": 1, "optimal": 3}
    assert rows(tmp_path / "out")[2]["status"] == "lost"
    again = carried_out(plan, tmp_path / "out", LocalCrew(0), resume=True)
    assert (again.computed, again.statuses) == (1, {"optimal": 4})


def test_a_process_that_dies_by_accident_costs_nothing(scenario: Path, tmp_path: Path) -> None:
    plan = plan_sweep(scenario, SEEDS)
    carried_out(plan, tmp_path / "quiet", LocalCrew(0))
    carried_out(mortal(plan, tmp_path / "mark"), tmp_path / "out", LocalCrew(2))
    assert (tmp_path / "mark").exists()
    assert (tmp_path / "out" / "sweep.csv").read_bytes() == (tmp_path / "quiet" / "sweep.csv").read_bytes()


Watching = Callable[[int, int, int], None]


def test_the_watch_is_told_of_every_case(scenario: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int, int]] = []
    carry_out(plan_sweep(scenario, GRID), tmp_path / "out", LocalCrew(0), watch=lambda *words: told.append(words))
    assert told == [(n, 7, 0) for n in range(8)]
