"""What a synthetic England promises: seeds, figures, chronology, homes, and that it says it is synthetic."""

import csv
import json
import re
import shlex
from dataclasses import fields
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree

from nle_optimizer.cli.generate_command import generate_command
from nle_optimizer.errors import InputError, RunFolderError
from nle_optimizer.scenario.columns import PHASES, REGIONS, TABLES
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.sources.synthetic import SyntheticEngland, generate, vocabulary, write_scenario
from nle_optimizer.sources.synthetic.extract import Measured, read_extract
from nle_optimizer.sources.synthetic.figures import figures
from nle_optimizer.sources.synthetic.measure import measure
from nle_optimizer.sources.synthetic.places import apportion
from nle_optimizer.sources.synthetic.tables import leader_columns, school_columns, trust_columns

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT.parent / "shared" / "data" / "england"
PACKAGED = ROOT / "src" / "nle_optimizer" / "sources" / "synthetic"
SCENARIOS = ROOT / "scenarios"
FILES = ("nles.csv", "scenario.yaml", "schools.csv", "trusts.csv")

needs_extract = pytest.mark.skipif(not EXTRACT.exists(), reason="the extract stands outside the project")


@cache
def whole_england() -> SyntheticEngland:
    return generate(int(figures().schools.sum()), 1_000, 3)


@cache
def extract() -> list[Measured]:
    return read_extract(EXTRACT)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(england: SyntheticEngland, folder: Path) -> dict[str, bytes]:
    write_scenario(england, folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written(generate(500, 40, 7), tmp_path / "a" / "england")
    assert first == written(generate(500, 40, 7), tmp_path / "b" / "england")
    assert tuple(first) == FILES


def test_another_seed_gives_another_england() -> None:
    first, second = (school_columns(generate(300, 10, seed)) for seed in (1, 2))
    assert first["easting"] != second["easting"]
    assert first["local_authority"] == second["local_authority"]


def test_asking_for_more_nles_changes_no_school() -> None:
    few, many = generate(400, 5, 9), generate(400, 50, 9)
    assert school_columns(few) == school_columns(many)
    assert trust_columns(few) == trust_columns(many)


def test_leaving_schools_out_changes_none_that_stays() -> None:
    whole, part = generate(900, 20, 4), generate(900, 20, 4, keep_others=0.1)
    every, kept = school_columns(whole), school_columns(part)
    rows = {identifier: n for n, identifier in enumerate(every["school_id"])}
    assert 0 < len(kept["school_id"]) < 500
    for name, cells in kept.items():
        assert cells == [every[name][rows[identifier]] for identifier in kept["school_id"]]
    assert set(leader_columns(part)["home_school_id"]) <= set(kept["school_id"])


@given(schools=st.integers(1, 400), nles=st.integers(1, 60), seed=st.integers(0, 2**64))
@settings(max_examples=60, deadline=None)
def test_any_size_from_one_up_works(schools: int, nles: int, seed: int) -> None:
    england = generate(schools, nles, seed)
    assert len(school_columns(england)["school_id"]) == schools
    assert len(leader_columns(england)["nle_id"]) == nles
    for columns in (school_columns(england), leader_columns(england), trust_columns(england)):
        assert len({len(cells) for cells in columns.values()}) == 1


@pytest.mark.parametrize("schools", [1, 30, 20_000])
def test_authorities_get_their_share_by_largest_remainder(schools: int) -> None:
    known = figures()
    england = generate(schools, 1, 5)
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
    schools = school_columns(generate(300, 5, 2, regions=["london", "South West"]))
    assert set(schools["region"]) == {"London", "South West"}
    again = school_columns(generate(300, 5, 2, regions=["South West", "London", "London"]))
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
    chronology(school_columns(generate(250, 1, seed, as_of=as_of)), as_of.isoformat())


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
    england = generate(schools, nles, seed)
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
    england = generate(600, 200, 8)
    assert len(set(england.leaders.home.tolist())) == 200
    able = (england.schools.inspections.latest_grade < 3) & (england.schools.inspections.latest_grade > 0)
    crowded = generate(600, 1_500, 8)
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
    shares = {
        cell for columns in tables.values() for name in columns if "need_l" in name for cell in columns[name]
    }
    assert all(re.fullmatch(r"0\.\d\d|1\.00", cell) for cell in shares)


def test_a_trusts_record_is_that_of_its_open_members_since_they_joined() -> None:
    england = generate(3_000, 5, 6)
    schools, trusts = school_columns(england), trust_columns(england)
    counted: dict[str, list[str]] = {identifier: [] for identifier in trusts["trust_id"]}
    for n, identifier in enumerate(schools["trust_id"]):
        since = (
            schools["latest_inspected"][n] >= schools["trust_joined"][n] and schools["latest_inspected"][n]
        )
        if identifier and since and schools["establishment_status"][n] == "Open":
            counted[identifier].append(schools["latest_grade"][n])
    assert [str(len(grades)) for grades in counted.values()] == trusts["inspected"]
    for grades, share in zip(counted.values(), trusts["share_good"], strict=True):
        good = sum(grade in ("1", "2") for grade in grades)
        assert share == "" if not grades else abs(float(share) - good / len(grades)) <= 0.00005


def test_the_words_are_those_the_reader_knows() -> None:
    assert vocabulary.PHASES == PHASES
    assert vocabulary.REGIONS == REGIONS


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
    for phase, trust, kind in zip(
        *(schools[n] for n in ("phase", "trust_id", "establishment_type")), strict=True
    ):
        assert not (trust and kind.startswith(maintained))
        assert (phase == "nursery") == (kind == "Local authority nursery school")
        assert (phase == "special") == ("special" in kind)


def test_a_share_twice_below_good_can_be_asked_for() -> None:
    assert share(generate(20_000, 1, 1, twice_below_good=0.15).schools.twice_below_good) == pytest.approx(
        0.15, abs=0.01
    )
    assert not generate(2_000, 1, 1, twice_below_good=0).schools.twice_below_good.any()


def neighbours(places: np.ndarray) -> tuple[float, float, float, float]:
    tree = cKDTree(places)
    nearest = tree.query(places, k=2)[0][:, 1]
    near, far = (tree.query_ball_point(places, km * 1_000, return_length=True) - 1 for km in (5, 20))
    return float(nearest.mean()), float(near.mean()), float(far.mean()), float(np.median(far))


@needs_extract
def test_schools_cluster_as_englands_do() -> None:
    real = neighbours(np.array([(school.easting, school.northing) for school in extract()]))
    places = whole_england().schools.places
    drawn = neighbours(np.stack([places.easting, places.northing], axis=1))
    assert drawn[0] == pytest.approx(real[0], rel=0.15)
    assert drawn[1:] == pytest.approx(real[1:], rel=0.05)


@needs_extract
def test_trusts_are_as_many_and_as_regional_as_real_ones() -> None:
    england = whole_england()
    trust, region = england.schools.membership.trust, england.schools.region
    spanning = sum(len(set(regions)) > 1 for regions in _by(trust, region).values())
    real_regions = _by([school.trust for school in extract()], [school.region for school in extract()])
    real_regions.pop("")
    assert len(england.trusts) == pytest.approx(len(real_regions), rel=0.05)
    real_spanning = sum(len(set(regions)) > 1 for regions in real_regions.values())
    assert spanning == pytest.approx(real_spanning, rel=0.35)


def _by(keys: object, values: object) -> dict[object, list[object]]:
    groups: dict[object, list[object]] = {}
    for key, value in zip(keys, values, strict=True):
        if key != 0:
            groups.setdefault(key, []).append(value)
    return groups


@needs_extract
def test_the_figures_are_those_of_the_extract() -> None:
    for name, columns in measure(EXTRACT).items():
        packaged = table(PACKAGED / name)
        assert [
            dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)
        ] == packaged


def test_no_figure_is_a_single_schools_place() -> None:
    assert min(int(row["schools"]) for row in table(PACKAGED / "towns.csv")) >= 6


def test_an_existing_folder_is_refused_without_force(tmp_path: Path) -> None:
    england, folder = generate(20, 2, 1), tmp_path / "here"
    before = written(england, folder)
    with pytest.raises(RunFolderError, match="exists already"):
        write_scenario(generate(30, 2, 1), folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    write_scenario(generate(30, 2, 1), folder, force=True)
    assert len(table(folder / "schools.csv")) == 30


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    assert tuple(written(generate(20, 2, 1), tmp_path)) == FILES


def test_force_never_removes_files_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.docx").write_text("years of work")
    with pytest.raises(RunFolderError, match="thesis"):
        write_scenario(generate(20, 2, 1), folder, force=True)
    assert (folder / "thesis.docx").read_text() == "years of work"


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nle_optimizer.sources.synthetic.writing.write_columns", full)
    with pytest.raises(RunFolderError, match="No space left"):
        write_scenario(generate(20, 2, 1), tmp_path / "england")
    assert list(tmp_path.iterdir()) == []


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        generate(
            0, 0, -1, regions=["Londn"], as_of=date(1999, 1, 1), twice_below_good=2, keep_others=float("nan")
        )
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
    scenario = load_scenario(write_scenario(generate(120, 8, 3), tmp_path / folder))
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


def shipped_commands() -> list[list[str]]:
    lines = (SCENARIOS / "README.md").read_text(encoding="utf-8").splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("nle-optimizer generate")]


@pytest.mark.parametrize("command", shipped_commands(), ids=lambda command: Path(command[-1]).name)
def test_shipped_tables_are_what_the_commands_give(command: list[str], tmp_path: Path) -> None:
    assert command[-2] == "--out"
    shipped = ROOT / command[-1]
    run(*command[:-1], str(tmp_path / shipped.name))
    for name in FILES:
        assert (tmp_path / shipped.name / name).read_bytes() == (shipped / name).read_bytes()


@pytest.mark.parametrize(("name", "eligible", "nles"), [("region", 200, 60), ("england", 2_500, 500)])
def test_shipped_scenarios_have_the_size_they_claim(name: str, eligible: int, nles: int) -> None:
    folder = SCENARIOS / name
    assert left_after_trusts(table(folder / "schools.csv"), table(folder / "trusts.csv")) == pytest.approx(
        eligible, rel=0.05
    )
    leaders = table(folder / "nles.csv")
    assert len(leaders) == nles
    assert sum(int(leader["placements"]) for leader in leaders) < 0.6 * eligible
    assert all(path.stat().st_size < 1_000_000 for path in folder.iterdir())


def left_after_trusts(schools: list[dict[str, str]], trusts: list[dict[str, str]]) -> int:
    """Schools below Good twice, less those without a trust that good trusts within 30 km can take."""
    cases = [school for school in schools if school["latest_grade"] > "2" and school["previous_grade"] > "2"]
    cases = [school for school in cases if school["establishment_status"] != "Closed"]
    alone = [school for school in cases if not school["trust_id"]]
    places = [trust for trust in trusts if _is_good(trust) for _ in range(int(trust["capacity"]))]
    near = np.linalg.norm(_places(alone)[:, None] - _places(places)[None], axis=2) <= 30_000
    suits = np.array(
        [[school["phase"] in trust["phases"].split("|") for trust in places] for school in alone]
    )
    matched = maximum_bipartite_matching(csr_matrix(near & suits), perm_type="column")
    return len(cases) - int((matched >= 0).sum())


def _is_good(trust: dict[str, str]) -> bool:
    if trust["high_quality"]:
        return trust["high_quality"] == "yes"
    return int(trust["inspected"]) >= 5 and float(trust["share_good"]) >= 0.8


def _places(rows: list[dict[str, str]]) -> np.ndarray:
    return np.array([(float(row["easting"]), float(row["northing"])) for row in rows])


@pytest.mark.parametrize(
    "file", sorted(SCENARIOS.rglob("*.yaml")), ids=lambda path: path.parent.name + "-" + path.stem
)
def test_every_shipped_scenario_reads_without_a_finding(file: Path) -> None:
    scenario = load_scenario(file)
    assert scenario.findings == ()
    assert "ynthetic" in scenario.settings.title


def test_shipped_variants_state_a_base_and_a_change() -> None:
    variants = sorted(SCENARIOS.glob("*.yaml"))
    assert len(variants) >= 4
    for variant in variants:
        assert "base: " in variant.read_text(encoding="utf-8")
        assert variant.name in (SCENARIOS / "README.md").read_text(encoding="utf-8")


def test_a_hundred_thousand_schools_are_drawn_whole() -> None:
    england = generate(100_000, 10_000, 1)
    for piece in (england.schools.places, england.schools.kinds, england.schools.inspections):
        assert all(len(getattr(piece, field.name)) == 100_000 for field in fields(piece))
