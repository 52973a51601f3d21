"""What a synthetic England promises: seeds, figures, chronology, homes, and that it says it is synthetic."""

import csv
import json
import re
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from nle_optimizer.cli.source_commands import generate_command
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.sources.synthetic import SyntheticEngland, draw_england, write_scenario
from nle_optimizer.sources.synthetic.figures import figures
from nle_optimizer.sources.synthetic.kinds import apportion
from nle_optimizer.sources.synthetic.tables import leader_columns, school_columns, trust_columns

FILES = ("manifest.json", "nles.csv", "scenario.yaml", "schools.csv", "trusts.csv")


@cache
def whole_england() -> SyntheticEngland:
    return draw_england(int(figures().schools.sum()), 1_000, 3)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(england: SyntheticEngland, folder: Path) -> dict[str, bytes]:
    write_scenario(england, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(draw_england(500, 40, 7), tmp_path / "a" / "england")
    assert first == written(draw_england(500, 40, 7), tmp_path / "b" / "england")
    assert tuple(first) == FILES


def test_another_seed_gives_another_england() -> None:
    first, second = (school_columns(draw_england(300, 10, seed)) for seed in (1, 2))
    assert first["easting"] != second["easting"]
    assert first["local_authority"] == second["local_authority"]


def test_asking_for_more_nles_changes_no_school() -> None:
    few, many = draw_england(400, 5, 9), draw_england(400, 50, 9)
    assert school_columns(few) == school_columns(many)
    assert trust_columns(few) == trust_columns(many)


def test_leaving_schools_out_changes_none_that_stays() -> None:
    whole, part = draw_england(900, 20, 4), draw_england(900, 20, 4, keep_others=0.1)
    every, kept = school_columns(whole), school_columns(part)
    rows = {identifier: n for n, identifier in enumerate(every["school_id"])}
    assert 0 < len(kept["school_id"]) < 500
    for name, cells in kept.items():
        assert cells == [every[name][rows[identifier]] for identifier in kept["school_id"]]
    assert set(leader_columns(part)["home_school_id"]) <= set(kept["school_id"])


@given(schools=st.integers(1, 400), nles=st.integers(1, 60), seed=st.integers(0, 2**63 - 1))
@settings(max_examples=60, deadline=None)
def test_any_size_from_one_up_works(schools: int, nles: int, seed: int) -> None:
    england = draw_england(schools, nles, seed)
    assert len(school_columns(england)["school_id"]) == schools
    assert len(leader_columns(england)["nle_id"]) == nles
    for columns in (school_columns(england), leader_columns(england), trust_columns(england)):
        assert len({len(cells) for cells in columns.values()}) == 1


@pytest.mark.parametrize("schools", [1, 30, 20_000])
def test_authorities_get_their_share_by_largest_remainder(schools: int) -> None:
    known = figures()
    england = draw_england(schools, 1, 5)
    counts = np.bincount(england.schools.places.authority, minlength=len(known.authorities))
    exact = schools * known.schools / known.schools.sum()
    assert counts.sum() == schools
    assert (np.abs(counts - exact) < 1).all()


@given(count=st.integers(0, 10**6), weights=st.lists(st.integers(0, 999), min_size=1).filter(any))
def test_a_count_is_shared_out_whole(count: int, weights: list[int]) -> None:
    shares = apportion(count, np.array(weights))
    assert shares.sum() == count
    assert (shares >= 0).all()


def test_a_region_holds_only_its_own_authorities() -> None:
    schools = school_columns(draw_england(300, 5, 2, regions=["london", "South West"]))
    assert set(schools["region"]) == {"London", "South West"}
    again = school_columns(draw_england(300, 5, 2, regions=["South West", "London", "London"]))
    assert again == schools


def chronology(schools: dict[str, list[str]], as_of: str) -> None:
    for row in zip(*(schools[name] for name in CHRONOLOGY), strict=True):
        latest, previous, joined, arrived, grade, grade_before, count, best = row
        assert bool(latest) == bool(grade)
        assert bool(previous) == bool(grade_before)
        assert not previous or previous < latest
        assert latest < as_of
        assert joined < as_of
        assert not arrived or latest <= arrived < as_of
        assert bool(arrived) == (grade in ("3", "4"))
        assert int(count) >= bool(latest) + bool(previous)
        assert (int(count) == 0) == (not latest)
        assert not latest or int(best) <= min(int(grade), int(grade_before or grade))
        assert int(count) > 2 or best == min(grade, grade_before or grade)


CHRONOLOGY = (
    "latest_inspected",
    "previous_inspected",
    "trust_joined",
    "arrived",
    "latest_grade",
    "previous_grade",
    "inspections",
    "best_grade_since_2005",
)


@given(seed=st.integers(0, 2**32), as_of=st.dates(date(2010, 1, 1), date(2040, 1, 1)))
@settings(max_examples=40, deadline=None)
def test_days_and_grades_follow_one_another(seed: int, as_of: date) -> None:
    chronology(school_columns(draw_england(250, 1, seed, as_of=as_of)), as_of.isoformat())


def test_some_schools_joined_their_trust_after_the_inspection() -> None:
    schools = whole_england().schools
    below_good = schools.kinds.in_trust & (schools.inspections.latest_grade > 2)
    late = schools.membership.joined > schools.inspections.latest_day
    assert 0.45 < late[below_good].mean() < 0.75


def test_every_name_says_synthetic() -> None:
    england = whole_england()
    for columns in (school_columns(england), leader_columns(england), trust_columns(england)):
        assert all(name.startswith("Synthetic ") for name in columns["name"])
    assert len(set(school_columns(england)["name"])) == len(england.schools)


@given(schools=st.integers(1, 300), nles=st.integers(1, 40), seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_every_nle_has_an_open_home_that_is_good_or_better(schools: int, nles: int, seed: int) -> None:
    england = draw_england(schools, nles, seed)
    table_of = school_columns(england)
    rows = {identifier: n for n, identifier in enumerate(table_of["school_id"])}
    leaders = leader_columns(england)
    for n, identifier in enumerate(leaders["home_school_id"]):
        home = rows[identifier]
        assert table_of["latest_grade"][home] == leaders["home_grade"][n]
        assert leaders["home_grade"][n] in ("1", "2")
        assert table_of["establishment_status"][home] == "Open"
        for name in ("easting", "northing", "region", "local_authority", "trust_id"):
            assert leaders[name][n] == table_of[name][home]


def test_homes_are_distinct_while_there_are_enough() -> None:
    england = draw_england(600, 200, 8)
    assert len(set(england.leaders.home.tolist())) == 200
    able = (england.schools.inspections.latest_grade < 3) & (england.schools.inspections.latest_grade > 0)
    crowded = draw_england(600, 1_500, 8)
    homes = np.bincount(crowded.leaders.home, minlength=600)[able & england.schools.open_now]
    assert homes.max() - homes.min() == 1


def test_cells_are_in_their_ranges_and_columns_are_declared() -> None:
    england = whole_england()
    tables = {
        "schools": school_columns(england),
        "nles": leader_columns(england),
        "trusts": trust_columns(england),
    }
    for name, columns in tables.items():
        assert set(columns) - set(TABLES[name].columns) <= {"placements", "days"}
    leaders = tables["nles"]
    assert set(leaders["placements"]) == {"1", "2", "3"}
    assert {int(cell) for cell in leaders["days"]} <= set(range(10, 31))
    assert {int(cell) for cell in leaders["max_distance_km"] if cell} == set(range(30, 121, 10))
    assert set(tables["schools"]["days"]) == {"3", "5", "10"}
    shares = {cell for columns in tables.values() for name in columns if "need_l" in name for cell in columns[name]}
    assert all(re.fullmatch(r"0\.\d\d|1\.00", cell) for cell in shares)


def test_a_trusts_record_is_that_of_its_open_members_since_they_joined() -> None:
    england = draw_england(3_000, 5, 6)
    schools, trusts = school_columns(england), trust_columns(england)
    counted: dict[str, list[str]] = {identifier: [] for identifier in trusts["trust_id"]}
    for n, identifier in enumerate(schools["trust_id"]):
        since = schools["latest_inspected"][n] >= schools["trust_joined"][n] and schools["latest_inspected"][n]
        if identifier and since and schools["establishment_status"][n] == "Open":
            counted[identifier].append(schools["latest_grade"][n])
    assert [str(len(grades)) for grades in counted.values()] == trusts["inspected"]
    for grades, share in zip(counted.values(), trusts["share_good"], strict=True):
        good = sum(grade in ("1", "2") for grade in grades)
        assert share == "" if not grades else abs(float(share) - good / len(grades)) <= 0.00005


def share(flags: np.ndarray) -> float:
    return float(np.mean(flags))


def test_kinds_are_as_common_as_measured() -> None:
    england, known = whole_england(), figures()
    kinds, n = england.schools.kinds, len(england.schools)
    for drawn, counts in (
        (kinds.phase, known.phases),
        (kinds.faith, known.faiths),
        (kinds.record, known.records),
    ):
        expected = counts.sum(axis=0) / n
        assert np.abs(np.bincount(drawn, minlength=len(expected)) / n - expected).max() < 0.01
    assert share(kinds.in_trust) == pytest.approx(known.in_trust.sum() / n, abs=0.015)


def test_types_go_with_phase_and_trust() -> None:
    schools = school_columns(whole_england())
    maintained = ("Community", "Voluntary", "Foundation", "Local authority", "Non-maintained")
    for phase, trust, kind in zip(*(schools[n] for n in ("phase", "trust_id", "establishment_type")), strict=True):
        assert not (trust and kind.startswith(maintained))
        assert (phase == "nursery") == (kind == "Local authority nursery school")
        assert (phase == "special") == ("special" in kind)


def test_a_share_twice_below_good_can_be_asked_for() -> None:
    assert share(draw_england(20_000, 1, 1, twice_below_good=0.15).schools.twice_below_good) == pytest.approx(
        0.15, abs=0.01
    )
    assert not draw_england(2_000, 1, 1, twice_below_good=0).schools.twice_below_good.any()


def test_an_existing_folder_is_refused_without_force(tmp_path: Path) -> None:
    england, folder = draw_england(20, 2, 1), tmp_path / "here"
    before = written(england, folder)
    with pytest.raises(RunFolderError, match="exists already"):
        write_scenario(draw_england(30, 2, 1), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write_scenario(draw_england(30, 2, 1), folder, force=True)
    assert len(table(folder / "schools.csv")) == 30


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    assert tuple(written(draw_england(20, 2, 1), tmp_path)) == FILES


def test_force_never_removes_files_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.docx").write_text("years of work")
    with pytest.raises(RunFolderError, match="did not write"):
        write_scenario(draw_england(20, 2, 1), folder, force=True)
    assert (folder / "thesis.docx").read_text() == "years of work"
    mine = tmp_path / "scenario"
    write_scenario(draw_england(20, 2, 1), mine)
    (mine / "notes.txt").write_text("a week of work")
    write_scenario(draw_england(30, 2, 1), mine, force=True)
    assert (mine / "notes.txt").read_text() == "a week of work"


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nle_optimizer.sources.synthetic.tables.write_columns", full)
    with pytest.raises(RunFolderError, match="No space left"):
        write_scenario(draw_england(20, 2, 1), tmp_path / "england")
    assert list(tmp_path.iterdir()) == []


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        draw_england(0, 0, -1, regions=["Londn"], as_of=date(1999, 1, 1), twice_below_good=2, keep_others=float("nan"))
    assert [problem.path for problem in caught.value.problems] == [
        "--schools",
        "--nles",
        "--seed",
        "--as-of",
        "--twice-below-good",
        "--keep-others",
        "--region",
    ]
    assert "did you mean London?" in str(caught.value)


@pytest.mark.parametrize("folder", ["2022", "null", "Schulen für alle", "..x"])
def test_the_scenario_reads_whatever_the_folder_is_called(tmp_path: Path, folder: str) -> None:
    scenario = load_scenario(write_scenario(draw_england(120, 8, 3), tmp_path / folder))
    assert len(scenario.schools) == 120
    assert "ynthetic" in scenario.settings.title
    assert scenario.resources == ("placements",)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(generate_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_says_what_it_made_and_what_to_type_next(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    text = run("--schools", "50", "--nles", "4", "--seed", "1", "--out", str(out))
    assert "synthetic" in text
    assert f"Next: nle-optimizer run {(out / 'scenario.yaml').as_posix()}" in text


def test_the_command_prints_json_on_request(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    arguments = (
        "--schools",
        "50",
        "--nles",
        "4",
        "--region",
        "London",
        "--out",
        str(out),
        "--format",
        "json",
    )
    document = json.loads(run(*arguments))
    assert document["schema_version"] == 1
    assert document["counts"]["schools"] == 50
    assert document["regions"] == ["London"]


def test_a_hundred_thousand_schools_are_drawn_whole() -> None:
    england = draw_england(100_000, 10_000, 1)
    for piece in (england.schools.places, england.schools.kinds, england.schools.inspections):
        assert all(len(getattr(piece, field.name)) == 100_000 for field in fields(piece))
