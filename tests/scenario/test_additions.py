"""NLEs that do not exist yet: drawn with a seed from existing ones, told apart, and added once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate, load_scenario, verify
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.scenario.scenario import Scenario
from support.scenarios import nle, refusal, school, write_scenario

NLES = [
    nle(1, region="North West", local_authority="Leeds", placements=3, home_school_id="S1", home_grade=1),
    nle(2, region="north west", local_authority="York", phases="primary|secondary"),
    nle(3, region="London", local_authority="Barnet", max_distance_km=40),
    nle(4, region="North West", status="paused", easting="", northing=""),
]
SCHOOLS = [school(n) for n in range(1, 9)]


def load(folder: Path, *additions: dict[str, Any], **settings: Any) -> Scenario:
    chosen = {"supply": {"add": list(additions)}, **settings}
    return load_scenario(write_scenario(folder, chosen, schools=SCHOOLS, nles=NLES))


def added(scenario: Scenario) -> list[dict[str, Any]]:
    table = scenario.nles
    names = ("nle_id", "name", "region", "local_authority", "placements", "home_school_id", "status")
    rows = zip(*(table.values(name).tolist() for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows if row[0].startswith("added-")]


def test_additions_are_numbered_and_named(tmp_path: Path) -> None:
    rows = added(load(tmp_path, {"count": 2}, {"count": 1}))
    assert [row["nle_id"] for row in rows] == ["added-1-001", "added-1-002", "added-2-001"]
    assert rows[0]["name"] == "Added NLE 1-001"


def test_they_are_copies_of_available_nles_that_meet_where(tmp_path: Path) -> None:
    rows = added(load(tmp_path, {"count": 40, "where": {"region": "North West"}}))
    assert {row["local_authority"] for row in rows} == {"Leeds", "York"}
    assert {row["placements"] for row in rows} == {3_000_000, 1_000_000}


def test_what_belongs_to_a_person_is_not_copied(tmp_path: Path) -> None:
    rows = added(load(tmp_path, {"count": 5, "where": {"local_authority": "Leeds"}}))
    assert {(row["home_school_id"], row["status"]) for row in rows} == {("", "")}


def test_where_nobody_meets_where_all_are_drawn_from_and_get_the_cells(tmp_path: Path) -> None:
    scenario = load(tmp_path, {"count": 40, "where": {"region": "South West", "placements": 7}})
    assert {(row["region"], row["placements"]) for row in added(scenario)} == {("South West", 7_000_000)}
    assert {row["local_authority"] for row in added(scenario)} == {"Leeds", "York", "Barnet"}
    assert any("no available NLE meets this" in str(found) for found in scenario.findings)


@pytest.mark.parametrize(("where", "expected"), [({"phases": "primary"}, "York"), ({"max_distance_km": 40}, "Barnet")])
def test_where_compares_cells_as_their_column_holds_them(tmp_path: Path, where: dict[str, Any], expected: str) -> None:
    assert {row["local_authority"] for row in added(load(tmp_path, {"count": 9, "where": where}))} == {expected}


def test_they_may_resemble_one_nle(tmp_path: Path) -> None:
    rows = added(load(tmp_path, {"count": 3, "like": "N3", "where": {"region": "South West"}}))
    assert {(row["local_authority"], row["region"]) for row in rows} == {("Barnet", "South West")}


def test_the_same_seed_draws_the_same_in_any_order_of_rows(tmp_path: Path) -> None:
    first = added(load(tmp_path / "a", {"count": 20, "seed": 4}))
    chosen = {"supply": {"add": [{"count": 20, "seed": 4}]}}
    turned = load_scenario(write_scenario(tmp_path / "b", chosen, schools=SCHOOLS, nles=NLES[::-1]))
    assert added(turned) == first
    assert added(load(tmp_path / "c", {"count": 20, "seed": 5})) != first


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        (
            {"count": 1, "where": {"regoin": "x"}},
            "add.0.where.regoin: the nles table has no such column; got regoin; did",
        ),
        ({"count": 1, "where": {"nle_id": "x"}}, "add.0.where.nle_id: its identifier is made here"),
        ({"count": 1, "where": {"placements": "many"}}, "supply.add.0.where.placements: must be a number; got many"),
        ({"count": 1, "like": "N9"}, "supply.add.0.like: the nles table has no such identifier; got N9"),
        (
            {"count": 1, "like": "N4", "where": {"easting": 430_000}},
            "supply.add.0.where: the place of a new NLE is none: one of two coordinates is blank; got easting 430000",
        ),
        ({"count": 1, "where": {"northing": 9_000_000}}, "the place is off the British National Grid"),
        ({"count": 1, "where": {"latitude": 51.5}}, "one of two coordinates is blank; got latitude 51.5"),
        ({"count": 100_001}, "supply.add.0.count: must be less than or equal to 100000"),
    ],
)
def test_an_addition_that_cannot_be_made_is_refused(tmp_path: Path, addition: dict[str, Any], said: str) -> None:
    assert said in refusal(load, tmp_path, addition)


def test_a_latitude_and_a_longitude_place_them_anew(tmp_path: Path) -> None:
    scenario = load(tmp_path, {"count": 1, "where": {"latitude": 51.5, "longitude": -0.12}})
    new = scenario.nles.take(np.array([str(name).startswith("added") for name in scenario.nles.ids], dtype=bool))
    assert (new.values("easting").tolist(), new.values("northing").tolist()) == ([530_591], [179_571])


def test_the_change_of_a_setting_adds_them_anew(tmp_path: Path) -> None:
    scenario = load(tmp_path, {"count": 2})
    assert len(added(scenario.replace({"supply.add.0.count": 5}))) == 5
    assert len(added(scenario.replace({"geography.max_distance_km": 50}))) == 2


def test_nobody_is_drawn_from_nles_that_are_new_themselves(tmp_path: Path) -> None:
    """The table of a run folder holds the new ones of the first entry; those of the second stay none."""
    additions = {"supply": {"add": [{"count": 2, "like": "N4"}, {"count": 1}]}}
    paused = [{**row, "status": "paused"} for row in NLES]
    scenario = load_scenario(write_scenario(tmp_path / "a", additions, SCHOOLS, paused))
    new = [{**NLES[3], "nle_id": row["nle_id"], "status": "available"} for row in added(scenario)]
    again = load_scenario(write_scenario(tmp_path / "b", additions, SCHOOLS, [*paused, *new]))
    assert [row["nle_id"] for row in added(again)] == ["added-1-001", "added-1-002"]
    assert any("no NLE is available" in finding.what for finding in scenario.findings)


def test_more_nles_support_more_schools_and_the_run_folder_stands_alone(tmp_path: Path) -> None:
    from nle_optimizer.cli.main import run_program

    few, more = (allocate(load(tmp_path / str(n), {"count": n})).claim.summary["counts"] for n in (0, 4))
    assert more["supported"] > few["supported"]
    assert more["nles"] == few["nles"] + 4
    file = tmp_path / "4" / "scenario.yaml"
    assert run_program(["run", str(file), "--out", str(tmp_path / "run")]) == 0
    folder = read_run_folder(tmp_path / "run")
    assert len(added(folder.scenario)) == 4
    assert verify(allocate(folder.scenario)) == []
