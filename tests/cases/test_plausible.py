"""What tables say that is hardly meant is told, and used as it stands."""

import csv
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from nle_optimizer.cli.main import program
from nle_optimizer.rules.registry import PROCEDURES
from nle_optimizer.running import allocate
from nle_optimizer.scenario.policies import RULE_OBJECTIVES
from nle_optimizer.scenario.scenario import load_scenario
from support.scenarios import nle, school, write_scenario

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
QUOTA = {"name": "q", "type": "quota", "of": "schools", "by": "local_authority", "maximum": 1}
TIERS = [{"schools_supported": {"by": "priority"}}, "fit"]


def findings_of(number: str) -> dict[str, str]:
    (folder,) = CASES.glob(f"{number}-*")
    return {finding.code: str(finding) for finding in load_scenario(folder / "scenario.yaml").findings}


def codes(folder: Path, settings: dict[str, Any] | None = None, **tables: Any) -> set[str]:
    return {finding.code for finding in load_scenario(write_scenario(folder, settings or {}, **tables)).findings}


def run(file: Path, out: Path) -> dict[str, list[dict[str, str]]]:
    done = CliRunner().invoke(program, ["run", str(file), "--out", str(out), "--no-report"])
    assert done.exit_code == 0, done.output
    assert CliRunner().invoke(program, ["verify", str(out)]).exit_code == 0
    tables = {name: (out / f"{name}.csv").open(encoding="utf-8", newline="") for name in ("allocation", "nles")}
    with tables["allocation"], tables["nles"]:
        return {name: list(csv.DictReader(stream)) for name, stream in tables.items()}


def test_case_28_a_previous_inspection_after_the_latest_is_told_with_its_row() -> None:
    assert "row 2" in findings_of("28")["inspections-swapped"]


def test_case_29_a_place_at_nought_does_not_beat_latitude_and_longitude(tmp_path: Path) -> None:
    assert "S3" in findings_of("29")["place-at-nought"]
    (folder,) = CASES.glob("29-*")
    assert [row["school_id"] for row in run(folder / "scenario.yaml", tmp_path / "run")["allocation"]] == ["T1"]


def test_case_31_that_nobody_has_a_place_is_told_with_what_would_give_one() -> None:
    told = findings_of("31")["nobody-has-a-place"]
    assert "schools.csv" in told
    assert "latitude and longitude" in told


def test_case_36_regions_that_no_school_has_are_told_and_who_works_nowhere_has_that_state(tmp_path: Path) -> None:
    (folder,) = CASES.glob("36-*")
    found = [str(finding) for finding in load_scenario(folder / "scenario.yaml").findings]
    assert sum("did you mean North West?" in told for told in found) == 2
    states = {row["nle_id"]: row["state"] for row in run(folder / "scenario.yaml", tmp_path / "run")["nles"]}
    assert states == {"N1": "works-nowhere", "N2": "works-nowhere", "N3": "available"}


@pytest.mark.parametrize(("column", "ours"), [("regions", "region"), ("phases", "phase"), ("faiths", "faith")])
def test_what_an_nle_covers_and_no_school_has_is_told(tmp_path: Path, column: str, ours: str) -> None:
    word = {"regions": "London", "phases": "primary", "faiths": "Jewish"}[column]
    other = {"regions": "North East", "phases": "secondary", "faiths": "Hindu"}[column]
    schools, nles = [school(1, **{ours: word})], [nle(1, **{column: f"{word}|{other}"})]
    assert "coverage-of-nobody" in codes(tmp_path, schools=schools, nles=nles)
    assert "coverage-of-nobody" not in codes(tmp_path / "b", schools=schools, nles=[nle(1, **{column: word})])


@pytest.mark.parametrize(
    ("phase", "phases", "told"),
    [
        ("all-through", "primary", False),
        ("all-through", "primary|secondary", False),
        ("primary", "all-through", False),
        ("special", "all-through", True),
        ("all-through", "special", True),
    ],
)
def test_a_phase_that_an_all_through_school_has_something_of_is_not_told(
    tmp_path: Path, phase: str, phases: str, told: bool
) -> None:
    found = codes(tmp_path, schools=[school(1, phase=phase)], nles=[nle(1, phases=phases)])
    assert ("coverage-of-nobody" in found) == told


def test_a_priority_that_nothing_uses_is_told(tmp_path: Path) -> None:
    rows = [school(1, priority=1), school(2)]
    assert "priority-without-effect" in codes(tmp_path, {"objectives": ["fit"]}, schools=rows)
    for n, settings in enumerate(({"objectives": TIERS}, {}, {"objectives": ["fit"], "rule": "by-priority"})):
        assert "priority-without-effect" not in codes(tmp_path / str(n), settings, schools=rows)


@pytest.mark.parametrize("rule", sorted({*PROCEDURES, *RULE_OBJECTIVES} - {"status-quo"}))
def test_a_priority_is_said_to_be_without_effect_only_under_rules_that_match_the_same_without_it(
    tmp_path: Path, rule: str
) -> None:
    settings = {"rule": rule, "objectives": ["fit"]}
    changed, told = False, set()
    for seed in range(4):
        draw = Random(seed)
        places = [{"easting": 430000 + draw.randrange(20_000), "northing": 430000} for _ in range(12)]
        given = [school(n, priority=draw.randrange(1, 4), region="London", **places[n]) for n in range(9)]
        nles = [nle(n, placements=1, region="London", **places[9 + n]) for n in range(3)]
        plain = [{**row, "priority": ""} for row in given]
        files = [
            write_scenario(tmp_path / f"{seed}-{n}", settings, schools=rows, nles=nles)
            for n, rows in enumerate((given, plain))
        ]
        told.add("priority-without-effect" in {finding.code for finding in load_scenario(files[0]).findings})
        pairs = [
            {(row["school_id"], row["nle_id"]) for row in allocate(load_scenario(file)).allocation.rows()}
            for file in files
        ]
        changed |= pairs[0] != pairs[1]
    assert told == {not changed}


def test_blanks_that_escape_a_limit_are_counted(tmp_path: Path) -> None:
    rows = [school(1, local_authority="Leeds"), school(2, local_authority=""), school(3, local_authority="")]
    scenario = load_scenario(write_scenario(tmp_path, {"constraints": [QUOTA]}, schools=rows))
    (told,) = [str(finding) for finding in scenario.findings if finding.code == "limit-without-blanks"]
    assert "2 rows leave local_authority blank" in told
    filled = [school(n, local_authority="Leeds") for n in range(2)]
    assert "limit-without-blanks" not in codes(tmp_path / "b", {"constraints": [QUOTA]}, schools=filled)
