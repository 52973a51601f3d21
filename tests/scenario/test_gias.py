"""Blank cells are filled from GIAS by URN, given ones never changed, and what was done is told."""

import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nle_optimizer import load_scenario, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.records import as_text
from nle_optimizer.scenario.scenario import Scenario
from support.months import replan
from support.scenarios import EXPERTISE, NEEDS, read_table, refusal, school, write_scenario, write_table

REGION = "Yorkshire and the Humber"
TRUST = {
    "Trusts (code)": "16001",
    "Trusts (name)": "Kale",
    "TrustSchoolFlag (name)": "Supported by a multi-academy trust",
}
ALONE = {**TRUST, "Trusts (code)": "16002", "TrustSchoolFlag (name)": "Supported by a single-academy trust"}
OFFICIAL = {"phase": "PhaseOfEducation (name)", "type": "TypeOfEstablishment (name)"}


def row(
    urn: str, easting: Any = 430_000, northing: Any = 433_000, phase: str = "Primary", **more: Any
) -> dict[str, Any]:
    return {
        "URN": urn,
        "LA (name)": "Kale",
        "EstablishmentName": f"School {urn}",
        OFFICIAL["type"]: "Community school",
        "EstablishmentStatus (name)": "Open",
        OFFICIAL["phase"]: phase,
        "Easting": easting,
        "Northing": northing,
        "GOR (name)": REGION,
        **more,
    }


GIAS = [
    row("900001"),
    row("900002", 441_000, 421_000, "Secondary", **TRUST),
    row("900003", 416_000, 432_000, "Not applicable", **{OFFICIAL["type"]: "Community special school", **ALONE}),
    row("900004", 0, 0, "All-through"),
    row("900005", 417_000, 433_000, "Middle deemed secondary", **TRUST),
    row("900006", 300_000, 200_000, **{"GOR (name)": "Wales (pseudo)", "LA (name)": "Cardiff"}),
    row("900007", 418_000, 434_000, **{"EstablishmentStatus (name)": "Closed"}),
]
KNOWN = {  # by hand, from the rows above
    "900001": ("430000", "433000", REGION, "Kale", "primary", ""),
    "900002": ("441000", "421000", REGION, "Kale", "secondary", "16001"),
    "900003": ("416000", "432000", REGION, "Kale", "special", ""),
    "900004": ("", "", REGION, "Kale", "all-through", ""),
    "900005": ("417000", "433000", REGION, "Kale", "secondary", "16001"),
    "900006": ("300000", "200000", "", "", "primary", ""),
    "900007": ("418000", "434000", REGION, "Kale", "primary", ""),
}
COLUMNS = ("easting", "northing", "region", "local_authority", "phase", "trust_id")
OTHERS = ("431111", "432222", "London", "Rye", "nursery", "T1")


def scenario_of(folder: Path, schools: Any = None, nles: Any = None, gias: Any = GIAS, **settings: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "register.csv", gias)
    schools = [{"school_id": urn, **NEEDS} for urn in KNOWN] if schools is None else schools
    nles = [{"nle_id": "N1", **EXPERTISE, "placements": 2}] if nles is None else nles
    data = {"gias": "register.csv", **settings.pop("data", {})}
    return write_scenario(folder, {"objectives": ["fit"], **settings, "data": data}, schools, nles)


def cells(scenario: Scenario, table: str, names: Any = COLUMNS) -> dict[str, tuple[str, ...]]:
    records = getattr(scenario, table)
    columns = [as_text(records.column(name)) for name in names]
    return dict(zip(records.ids.tolist(), zip(*columns, strict=True), strict=True))


def told(scenario: Scenario, code: str) -> list[str]:
    return [str(finding) for finding in scenario.findings if finding.code == code]


def test_blank_cells_of_schools_are_what_gias_says_of_them(tmp_path: Path) -> None:
    assert cells(load_scenario(scenario_of(tmp_path)), "schools") == KNOWN


def test_given_cells_stay_and_the_finding_counts_those_that_were_blank(tmp_path: Path) -> None:
    rng = Random("blanks")
    for n in range(20):
        given: dict[str, tuple[str, ...]] = {}
        for urn in KNOWN:
            mine = [text if rng.random() < 0.5 else "" for text in OTHERS]
            if rng.random() < 0.5 or not (mine[0] and mine[1]):
                mine[:2] = ["", ""]
            given[urn] = tuple(mine)
        schools = [{"school_id": urn, **NEEDS, **dict(zip(COLUMNS, mine, strict=True))} for urn, mine in given.items()]
        found = load_scenario(scenario_of(tmp_path / str(n), schools))
        filled = {
            urn: tuple(own or known for own, known in zip(mine, KNOWN[urn], strict=True)) for urn, mine in given.items()
        }
        assert cells(found, "schools") == filled
        count = sum(now != was for urn in given for now, was in zip(filled[urn], given[urn], strict=True))
        (finding,) = told(found, "filled-from-gias")
        assert f" {count} blank cells were filled from register.csv by URN: " in finding


def test_an_nle_is_filled_from_its_home_school_and_serves_the_phases_that_it_runs(tmp_path: Path) -> None:
    homes = {"N1": "900002", "N2": "900004", "N3": "900099", "N4": ""}
    nles = [{"nle_id": nle, "home_school_id": home, **EXPERTISE, "placements": 1} for nle, home in homes.items()]
    found = load_scenario(scenario_of(tmp_path, nles=nles))
    names = ("easting", "northing", "region", "local_authority", "phases", "trust_id")
    assert cells(found, "nles", names) == {
        "N1": KNOWN["900002"],
        "N2": ("", "", REGION, "Kale", "primary|secondary", ""),
        "N3": ("",) * 6,
        "N4": ("",) * 6,
    }
    (unknown,) = told(found, "not-in-gias")
    assert "home_school_id: register.csv has no such school" in unknown and unknown.endswith("got 900099")


def test_a_urn_that_gias_has_in_another_spelling_is_told_with_both(tmp_path: Path) -> None:
    found = load_scenario(scenario_of(tmp_path, [{"school_id": "0900001", **NEEDS}]))
    (unknown,) = told(found, "not-in-gias")
    assert "got 0900001; did you mean 900001?" in unknown
    assert told(found, "filled-from-gias") == []


def test_a_place_by_degrees_is_a_place(tmp_path: Path) -> None:
    degrees = {"latitude": 53.8, "longitude": -1.5}
    found = load_scenario(scenario_of(tmp_path, [{"school_id": "900001", **NEEDS, **degrees}]))
    assert cells(found, "schools", ("easting",))["900001"] != ("430000",)


def test_a_trust_that_asks_for_support_is_no_school_of_gias(tmp_path: Path) -> None:
    trust = {"school_id": "900001", "kind": "trust", **NEEDS}
    found = load_scenario(scenario_of(tmp_path, [trust]))
    assert cells(found, "schools") == {"900001": ("",) * 6}


def test_a_filled_place_far_from_the_region_that_is_given_is_told(tmp_path: Path) -> None:
    found = load_scenario(scenario_of(tmp_path, [{"school_id": "900001", "region": "South West", **NEEDS}]))
    assert len(told(found, "place-far-from-region")) == 1


def test_what_is_filled_is_there_for_conflicts_of_interest_and_limits(tmp_path: Path) -> None:
    nles = [{"nle_id": "N1", "home_school_id": "900005", **EXPERTISE, "placements": 9, "phases": "secondary|primary"}]
    schools = [{"school_id": urn, **NEEDS} for urn in ("900001", "900002")]
    file = scenario_of(tmp_path, schools, nles, geography={"max_distance_km": 15})
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    assert [row["school_id"] for row in read_table(tmp_path / "run" / "allocation.csv")] == ["900001"]
    (left,) = read_table(tmp_path / "run" / "unmatched.csv")
    assert left["reason"] in ("conflict-of-interest", "own-trust", "too-far")


def test_a_run_folder_needs_no_extract_and_its_scenario_gives_the_same_tables(tmp_path: Path) -> None:
    nles = [{"nle_id": "N1", "home_school_id": "900005", **EXPERTISE, "placements": 2}]
    file = scenario_of(tmp_path / "in", nles=nles)
    first, again, third = (tmp_path / name for name in ("first", "again", "third"))
    assert run_program(["run", str(file), "--out", str(first), "--no-report"]) == 0
    shutil.rmtree(tmp_path / "in")
    assert verify(first) == []
    for before, run in ((first, again), (again, third)):
        assert run_program(["run", str(before / "scenario.resolved.yaml"), "--out", str(run), "--no-report"]) == 0
        tables = [path.relative_to(first) for path in first.rglob("*.csv")]
        assert Path("inputs/gias.csv") in tables
        assert all((run / name).read_bytes() == (first / name).read_bytes() for name in tables)
    assert (third / "summary.json").read_bytes() == (again / "summary.json").read_bytes()


def test_the_order_of_its_rows_changes_no_file(tmp_path: Path) -> None:
    runs = []
    for n, rows in enumerate((GIAS, GIAS[::-1])):
        file = scenario_of(tmp_path / str(n), gias=rows)
        assert run_program(["run", str(file), "--out", str(tmp_path / str(n) / "run"), "--no-report"]) == 0
        runs.append(tmp_path / str(n) / "run")
    files = [
        path.relative_to(runs[0]) for path in runs[0].rglob("*") if path.is_file() and path.name != "manifest.json"
    ]
    assert all((runs[0] / name).read_bytes() == (runs[1] / name).read_bytes() for name in files)


def test_additions_of_a_replan_are_filled_by_urn_and_come_out_alike_in_every_later_plan(tmp_path: Path) -> None:
    file = scenario_of(tmp_path, [{"school_id": "900001", **NEEDS}])
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    added = [
        {"action": "add-school", "school_id": "900002", **NEEDS},
        {"action": "add-nle", "nle_id": "N2", "home_school_id": "900005", **EXPERTISE, "placements": 1},
    ]
    once = replan(tmp_path / "run", added, "once")
    later = replan(once, [], "later")
    for run in (once, later):
        found = load_scenario(run / "scenario.resolved.yaml")
        assert cells(found, "schools")["900002"] == KNOWN["900002"]
        assert cells(found, "nles", ("phases", "trust_id"))["N2"] == ("secondary", "16001")
    assert (later / "inputs/nles.csv").read_bytes() == (once / "inputs/nles.csv").read_bytes()
    assert run_program(["decisions", str(later), "--replay"]) == 0
    undone = replan(later, [{"action": "undo", "nle_id": "N2"}], "undone")
    assert "N2" not in cells(load_scenario(undone / "scenario.resolved.yaml"), "nles")


def test_an_extract_that_a_replan_names_fills_additions_like_one_of_the_scenario(tmp_path: Path) -> None:
    file = scenario_of(tmp_path, [{"school_id": "900001", **NEEDS}])
    tables = []
    for name, words in (("named", []), ("given", ["--fill-from", str(tmp_path / "register.csv")])):
        if name == "given":
            file = write_scenario(tmp_path, {"objectives": ["fit"]}, [{**school(1), "school_id": "900001"}])
        assert run_program(["run", str(file), "--out", str(tmp_path / name), "--no-report"]) == 0
        new = replan(tmp_path / name, [{"action": "add-school", "school_id": "900005", **NEEDS}], f"{name}-new", *words)
        tables.append(cells(load_scenario(new / "scenario.resolved.yaml"), "schools")["900005"])
    assert tables == [KNOWN["900005"]] * 2


def test_a_register_that_is_not_to_fill_serves_additions_alone(tmp_path: Path) -> None:
    data = {"gias": {"file": "register.csv", "fill": False}}
    file = scenario_of(tmp_path, [{"school_id": "900001", **NEEDS}], data=data)
    assert cells(load_scenario(file), "schools") == {"900001": ("",) * 6}
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    new = replan(tmp_path / "run", [{"action": "add-school", "school_id": "900002", **NEEDS}], "new")
    assert cells(load_scenario(new / "scenario.resolved.yaml"), "schools")["900002"] == KNOWN["900002"]


@pytest.mark.parametrize(
    ("gias", "words"),
    [
        ([row("900001", easting="far")], "register.csv:row 2: Easting: must be a number; got far"),
        ([row("900001"), row("900001")], "register.csv:row 3: URN: the identifier already stands in row 2"),
        ([{"School": "1"}], "no header row with a column URN was found; got School"),
        ([{"URN": "900001"}], "GOR (name): the column is missing"),
    ],
)
def test_what_is_wrong_in_the_extract_is_told_in_its_place(tmp_path: Path, gias: Any, words: str) -> None:
    assert words in refusal(load_scenario, scenario_of(tmp_path, gias=gias))


def test_the_register_lies_in_the_folder_of_the_scenario_like_any_table(tmp_path: Path) -> None:
    file = scenario_of(tmp_path / "in", data={"gias": "../register.csv"})
    assert "data.gias: the path leaves the folder of the scenario file" in refusal(load_scenario, file)
