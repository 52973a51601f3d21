"""Columns of one's own are what settings compare them with: read where that is plain, else refused in their place."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import allocate, verify
from nle_optimizer.records import as_text
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.stages.conditions import holds
from support.scenarios import nle, refusal, school, write_scenario

Settings = Mapping[str, Any]


def where(condition: Any, column: str = "own") -> Settings:
    return {"eligibility": {"rules": [{"name": "r", "when": {column: condition}}]}}


def scenario(folder: Path, cells: Sequence[str], settings: Settings, column: str = "own") -> Path:
    return write_scenario(folder, settings, [school(n, **{column: cell}) for n, cell in enumerate(cells, start=1)])


def load(folder: Path, cells: Sequence[str], settings: Settings) -> Scenario:
    return load_scenario(scenario(folder, cells, settings))


def told(found: Scenario) -> list[str]:
    return [str(each) for each in found.findings if each.code == "cells-read-as"]


PLAIN = ["1200", "-3", "0.5", ".5", "5.", "1e3", "+7", "007"]
READ = {
    "1,200": "1200",
    "12,345,678.5": "12345678.5",
    "-1,200": "-1200",
    "1 200": "1200",
    "1\u00a0200": "1200",
    "1'200": "1200",
    "£1,200": "1200",
    "£5": "5",
    "€ 5.50": "5.50",
    "\u22123": "-3",
    "１２": "12",
}
REFUSED = ["45%", "1,20", "1,2000", "1.200,50", "12 km", "about 30", "<5", "n/a", "SUPP", "1_200", "nan", "inf", "1e40"]
REFUSED += ["01/05/2022", "yes", "0x10", "٣", "1/2", "10²", "1 20", "1,200 300", "9" * 40]


@pytest.mark.parametrize("cell", PLAIN)
@pytest.mark.parametrize("bound", [{"min": 30}, {"max": 30}, {"before": 30}, {"min": "30"}])
def test_a_plain_number_is_compared_as_it_stands(tmp_path: Path, cell: str, bound: Settings) -> None:
    found = load(tmp_path, [cell], where(bound))
    assert told(found) == []
    number, (name,) = float(cell), bound
    assert holds({"own": found.settings.eligibility.rules[0].when["own"]}, found.schools).tolist() == [  # type: ignore[index]
        {"min": number >= 30, "max": number <= 30, "before": number < 30}[name]
    ]


@pytest.mark.parametrize("cell", READ)
def test_a_number_with_separators_is_read_and_told(tmp_path: Path, cell: str) -> None:
    found = load(tmp_path, [cell], where({"min": 30}))
    assert found.schools.values("own").tolist() == [READ[cell]]
    assert as_text(found.schools.column("own")) == [cell]
    assert [each.partition("got ")[2] for each in told(found)] == [f"{cell} as {READ[cell]} (row 2)"]


@pytest.mark.parametrize("cell", REFUSED)
def test_what_is_no_plain_number_is_refused_in_its_row(tmp_path: Path, cell: str) -> None:
    said = refusal(load, tmp_path, ["12", cell], where({"min": 30}))
    assert said.startswith(
        f"schools.csv:row 3: own: must be a number: eligibility.rules.0.when.own compares it; got {cell}; "
    )
    assert said.count("\n") == 0


@pytest.mark.parametrize(("cell", "hint"), [("45%", "write 45 or 0.45"), ("12.5 %", "write 12.5 or 0.125")])
def test_a_percentage_is_told_what_it_may_be(tmp_path: Path, cell: str, hint: str) -> None:
    assert f"{hint}, whichever is meant, in every row" in refusal(load, tmp_path, [cell], where({"max": 30}))


def test_a_blank_stays_a_blank(tmp_path: Path) -> None:
    found = load(tmp_path, ["", " ", "1,200"], where({"min": 30}))
    assert found.schools.given("own").tolist() == [False, False, True]


@pytest.mark.parametrize("value", [date(2022, 5, 1), "2022-05-01"])
@pytest.mark.parametrize("part", ["min", "max", "before"])
def test_a_british_date_is_read_where_dates_are_compared(tmp_path: Path, value: Any, part: str) -> None:
    file = scenario(tmp_path, ["01/05/2022", "2022-05-01"], where({part: str(value)}))
    if isinstance(value, date):
        file.write_text(file.read_text(encoding="utf-8").replace(f'"{value}"', str(value)), encoding="utf-8")
    found = load_scenario(file)
    assert found.schools.values("own").tolist() == ["2022-05-01", "2022-05-01"]
    assert told(found)[0].endswith("got 01/05/2022 as 2022-05-01 (row 2)")


@pytest.mark.parametrize("cell", ["31/02/2022", "05/2022", "1 May 2022", "44682", "01/05/22", "soon", "2022"])
def test_what_is_no_date_is_refused_where_dates_are_compared(tmp_path: Path, cell: str) -> None:
    said = refusal(load, tmp_path, [cell], where({"before": "2022-09-01"}))
    assert f"own: must be a date: eligibility.rules.0.when.own compares it; got {cell}; write 2022-09-01 or" in said


@pytest.mark.parametrize("cell", ["Yes", "n", "TRUE", "0"])
def test_yes_and_no_are_compared_in_every_spelling(tmp_path: Path, cell: str) -> None:
    found = load(tmp_path, [cell], where(True))
    assert told(found) == []
    assert holds({"own": True}, found.schools).tolist() == [cell in ("Yes", "TRUE")]


def test_a_tick_is_read_as_yes_where_yes_is_asked_for(tmp_path: Path) -> None:
    found = load(tmp_path, ["✓", "tick", "✗"], where(True))
    assert found.schools.values("own").tolist() == ["yes", "yes", "no"]
    assert told(load(tmp_path, ["✓", "tick", "✗"], where("✓"))) == []


def test_what_is_neither_yes_nor_no_is_refused_unless_it_is_asked_for(tmp_path: Path) -> None:
    said = refusal(load, tmp_path, ["maybe"], where(True))
    assert "own: must be yes or no: eligibility.rules.0.when.own compares it; got maybe; leave it blank" in said
    found = load(tmp_path, ["Maybe", "yes"], where([True, "maybe"]))
    assert holds({"own": [True, "maybe"]}, found.schools).tolist() == [True, True]


@pytest.mark.parametrize("condition", [1200, [7, 1200], {"not": 1200}])
def test_where_a_number_is_one_of_the_values_other_words_are_none_of_them(tmp_path: Path, condition: Any) -> None:
    found = load(tmp_path, ["1,200", "1200.0", "none", "3 or 4", "A1"], where(condition))
    assert holds({"own": 1200}, found.schools).tolist() == [True, True, False, False, False]
    assert [each.partition("got ")[2] for each in told(found)] == ["1,200 as 1200 (row 2)"]


@pytest.mark.parametrize("cell", ["45%", "12,5"])
def test_where_a_number_is_one_of_the_values_a_doubtful_number_is_refused(tmp_path: Path, cell: str) -> None:
    said = refusal(load, tmp_path, [cell], where(45))
    assert f"schools.csv:row 2: own: must be a plain number, as it is compared with one; got {cell}" in said
    assert told(load(tmp_path, [cell], where([45, cell]))) == []


def test_where_a_date_is_one_of_the_values_it_is_read_in_both_notations(tmp_path: Path) -> None:
    file = scenario(tmp_path, ["01/05/2022", "2022-05-01", "open"], where("DAY"))
    file.write_text(file.read_text(encoding="utf-8").replace('"DAY"', "2022-05-01"), encoding="utf-8")
    assert holds({"own": date(2022, 5, 1)}, load_scenario(file).schools).tolist() == [True, True, False]
    (tmp_path / "schools.csv").write_text("school_id,own\nS1,1-May-22\n", encoding="utf-8")
    assert "own: must be a plain date, as it is compared with one; got 1-May-22" in refusal(load_scenario, file)


@pytest.mark.parametrize("condition", ["1,200", ["45%", "x"], {"not": "45%"}, {"missing": True}])
def test_text_is_compared_as_it_is_written(tmp_path: Path, condition: Any) -> None:
    found = load(tmp_path, ["1,200", "45%", "01/05/2022"], where(condition))
    assert found.schools.values("own").tolist() == ["1,200", "45%", "01/05/2022"]
    assert told(found) == []


def test_a_column_is_not_compared_with_numbers_and_dates_both(tmp_path: Path) -> None:
    rules = [{"name": "a", "when": {"own": {"min": 3}}}, {"name": "b", "when": {"own": {"before": "2022-09-01"}}}]
    said = refusal(load, tmp_path, ["5"], {"eligibility": {"rules": rules}})
    assert "rules.1.when.own: a date cannot be asked of a column that eligibility.rules.0.when.own compares" in said


@pytest.mark.parametrize("cell", ["45%", "-1", "0.1234567", "1e20", "x"])
def test_a_weight_is_a_number_from_nought_up(tmp_path: Path, cell: str) -> None:
    said = refusal(load, tmp_path, ["3", cell], {"objectives": [{"fit": {"weight": "own"}}]})
    assert (
        f"schools.csv:row 3: own: must be a number from 0 up: objectives.0.fit.weight.own compares it; got {cell}"
        in said
    )


def test_a_weight_with_separators_weighs_what_it_says(tmp_path: Path) -> None:
    file = scenario(tmp_path, ["1,200", "3"], {"objectives": [{"schools_supported": {"weight": "own"}}]})
    result = allocate(load_scenario(file))
    assert result.objectives[0]["value"] == 1200
    assert verify(result) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (where({"min": 30}), "eligibility.rules.0.when.own"),
        ({"trust_first": {"qualifies": {"when": {"own": {"min": 30}}}}}, "trust_first.qualifies.when.own"),
        ({"objectives": [{"fit": {"where": {"own": {"max": 3}}}}]}, "objectives.0.fit.where.own"),
        (
            {"constraints": [{"name": "q", "type": "quota", "maximum": 1, "where": {"own": {"max": 3}}}]},
            "constraints.0",
        ),
        (
            {
                "constraints": [
                    {"name": "q", "type": "quota", "of": "pairs", "maximum": 1, "where": {"school.own": {"max": 3}}}
                ]
            },
            "constraints.0.where.school.own",
        ),
    ],
)
def test_wherever_a_setting_compares_a_column_its_cells_are_read(
    tmp_path: Path, settings: Settings, named: str
) -> None:
    said = refusal(load, tmp_path, ["45%"], settings)
    assert f"schools.csv:row 2: own: must be a number: {named}" in said
    assert load(tmp_path, ["1,200"], settings).schools.values("own").tolist() == ["1200"]


def test_columns_of_nles_and_of_pairs_are_read_too(tmp_path: Path) -> None:
    limits = [{"name": "n", "type": "quota", "of": "nles", "maximum": 1, "where": {"own": {"min": 3}}}]
    limits += [{"name": "p", "type": "quota", "of": "pairs", "maximum": 1, "where": {"extra": {"min": 3}}}]
    pairs = [{"nle_id": "N1", "school_id": "S1", "extra": "45%"}]
    file = write_scenario(tmp_path, {"constraints": limits}, nles=[nle(1, own="5 %")], pairs=pairs)
    said = refusal(load_scenario, file)
    assert "nles.csv:row 2: own: must be a number: constraints.0.where.own compares it; got 5 %" in said
    assert "pairs.csv:row 2: extra: must be a number: constraints.1.where.extra compares it; got 45%" in said


def test_a_declared_column_of_text_is_never_written_otherwise(tmp_path: Path) -> None:
    settings = {**where({"min": 30}, "establishment_type")}
    said = refusal(load_scenario, scenario(tmp_path, ["1,200"], settings, "establishment_type"))
    assert "establishment_type: must be written plainly to be compared; got 1,200; write 1200" in said


def test_other_settings_read_the_cells_anew(tmp_path: Path) -> None:
    found = load(tmp_path, ["1,200", "3"], where({"min": 30}))
    as_text_is = found.replace({"eligibility.rules": [{"name": "r", "when": {"own": "1,200"}}]})
    assert as_text_is.schools.values("own").tolist() == ["1,200", "3"]
    assert told(as_text_is) == []
    again = as_text_is.replace({"eligibility.rules": [{"name": "r", "when": {"own": {"max": 30}}}]})
    assert again.schools.values("own").tolist() == ["1200", "3"]


@pytest.mark.parametrize("recipients", ["school", "trust"])
def test_results_and_inputs_keep_the_text_and_the_folder_means_the_same(
    tmp_path: Path, program: Any, recipients: str
) -> None:
    rows = [school(n, own=cell, trust_id=trust) for n, cell, trust in ((1, "1,200", "T1"), (2, "45", ""), (3, "3", ""))]
    settings = where({"min": 30}) | {"eligibility": {"recipients": recipients, **where({"min": 30})["eligibility"]}}
    file = write_scenario(tmp_path / "in", settings, rows, [nle(1, placements=3)])
    ended = program("run", file, "--out", tmp_path / "out")
    assert (ended.code, "1,200 as 1200 (row 2)" in ended.err) == (0, True)
    assert program("verify", tmp_path / "out").code == 0
    with (tmp_path / "out" / "inputs" / "schools.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["own"] for row in csv.DictReader(stream)] == ["1,200", "45", "3"]
    with (tmp_path / "out" / "allocation.csv").open(encoding="utf-8", newline="") as stream:
        carried = {row["school_id"]: row["own"] for row in csv.DictReader(stream)}
    assert carried == ({"S1": "1,200", "S2": "45"} if recipients == "school" else {"S2": "45", "T1": ""})


def test_evidence_shows_a_cell_as_it_is_written(tmp_path: Path) -> None:
    result = allocate(load(tmp_path, ["1,200", "45"], where({"max": 30})))
    assert [row["evidence"] for row in result.exclusions.rows()] == ["own: 1,200", "own: 45"]
