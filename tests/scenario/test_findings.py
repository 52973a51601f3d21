"""Findings: each has a code that the catalogue explains, and stands in every result."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from nle_optimizer.catalogue.findings import FINDINGS
from nle_optimizer.cli.main import program
from nle_optimizer.errors import Finding, Place
from nle_optimizer.scenario.scenario import load_scenario
from support.findings_table import looked_for
from support.scenarios import nle, school, write_scenario

IN_HULL = {"easting": 509_000, "northing": 428_000}
CASES: dict[str, dict[str, Any]] = {
    "additions-drawn-from-all": {
        "settings": {"supply": {"add": [{"count": 1, "like": "existing", "where": {"region": "London"}}]}}
    },
    "column-not-used": {"nles": [nle(1, Status="paused")]},
    "column-unfilled": {"settings": {"trust_first": {"qualifies": {"when": {"latest_grade": 4}}}}},
    "costs-not-given": {"settings": {"objectives": ["fit", "cost"]}},
    "eligibility-cannot-be-told": {"settings": {"eligibility": {"policy": "two-below-good-2022"}}},
    "home-school-unknown": {"nles": [nle(1, home_school_id="S99")]},
    "limit-of-no-region": {"settings": {"geography": {"max_distance_km": {"default": 50, "Norfolk": 20}}}},
    "offer-of-no-resource": {"settings": {"offer": {"dayss": 3}}},
    "one-place-each": {"nles": [{k: v for k, v in nle(1).items() if k != "placements"}]},
    "place-far-from-region": {"schools": [school(1, **IN_HULL, region="South West")]},
    "place-in-kilometres": {"nles": [nle(1, easting=530, northing=180), nle(2, easting=531, northing=180)]},
    "rounded": {"schools": [school(1, need_finance="0.1234567")]},
    "sample-of-another-policy": {
        "settings": {"sample": {"policies": ["rise-2025"], "kept": 0.1}, "eligibility": {"policy": "all"}}
    },
    "value-in-no-row": {"settings": {"constraints": [{"name": "q", "type": "quota", "of": "schools",
                                                      "where": {"region": "Narnia"}, "maximum": 1}]}},
}  # fmt: skip


@pytest.mark.parametrize("code", CASES)
def test_what_may_be_meant_otherwise_is_a_finding_of_that_code(tmp_path: Path, code: str) -> None:
    case = {"schools": [school(1, region="London"), school(2)], **CASES[code]}
    scenario = load_scenario(write_scenario(tmp_path, **case))
    assert code in {finding.code for finding in scenario.findings}


def test_a_finding_without_an_entry_in_the_catalogue_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="no finding has the code"):
        Finding(Place("a.csv"), "column", "what", code="not-there")


def test_every_code_is_looked_for_by_a_test() -> None:
    assert [code for code, tests in looked_for().items() if not tests] == []


def test_a_scenario_under_a_policy_that_its_sample_was_drawn_for_is_no_finding(tmp_path: Path) -> None:
    settings = {"sample": {"policies": ["all"], "kept": 0.1}}
    assert load_scenario(write_scenario(tmp_path, settings)).findings == ()


def test_findings_of_tables_outlast_a_change_of_settings(tmp_path: Path) -> None:
    scenario = load_scenario(write_scenario(tmp_path, schools=[school(1, need_finance="0.1234567")]))
    changed = scenario.replace({"offer": {"dayss": 3}}).replace({"seed": 7})
    assert [finding.code for finding in changed.findings] == ["rounded", "offer-of-no-resource"]


def _run(folder: Path, *words: str) -> Any:
    rows = [nle(n, home_school_id=f"S9{n}", name="O'Brien", Status="") for n in range(1, 6)]
    pairs = [{"nle_id": "N1", "school_id": "S1", "state": "proposed"}] + [
        {"nle_id": f"X{n}", "school_id": "S1", "state": "proposed"} for n in range(5)
    ]
    file = write_scenario(folder / "in", nles=rows, current=pairs)
    return CliRunner().invoke(program, [words[0], str(file), *words[1:]])


def test_findings_stand_in_every_result_of_a_run(tmp_path: Path) -> None:
    done = _run(tmp_path, "run", "--out", str(tmp_path / "run"), "--format", "json")
    assert done.exit_code == 0, done.output
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    counted = {"column-not-used": 1, "home-school-unknown": 1, "pair-of-nobody": 5}
    assert json.loads(done.stdout)["findings"] == summary["findings"]
    assert [found["code"] for found in summary["findings"]].count("pair-of-nobody") == 5
    (home,) = (found for found in summary["findings"] if found["code"] == "home-school-unknown")
    assert home == {
        "code": "home-school-unknown", "file": "nles.csv", "row": None, "line": None, "column": "home_school_id",
        "text": "home schools that the schools table does not have; only the NLEs' own cells count; "
        "got S91, S92, S93 and 2 more",
    }  # fmt: skip
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["findings"] == counted
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert all(FINDINGS[code].replace("'", "&#39;") in page for code in counted)
    book = openpyxl.load_workbook(tmp_path / "run" / "workbook.xlsx")
    assert [row[0] for row in book["Findings"].iter_rows(min_row=2, values_only=True)] == [
        found["code"] for found in summary["findings"]
    ]


def test_findings_of_one_code_are_counted_on_stderr_after_the_first_three(tmp_path: Path) -> None:
    done = _run(tmp_path, "validate")
    lines = [line for line in done.output.splitlines() if "the pair is not counted" in line or "more like" in line]
    assert [line.partition(":row")[2][:2] for line in lines[:3]] == [" 3", " 4", " 5"]
    assert lines[3:] == ["warning: 2 more like these (pair-of-nobody)"]


def test_a_copy_without_names_tells_no_cell_of_a_finding(tmp_path: Path) -> None:
    _run(tmp_path, "run", "--out", str(tmp_path / "run"))
    done = CliRunner().invoke(program, ["report", str(tmp_path / "run"), "--share", str(tmp_path / "copy")])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "copy" / "report.html").read_text(encoding="utf-8")
    assert FINDINGS["home-school-unknown"] in page
    assert "S91" not in page
