"""Identifiers as spreadsheets and people write them: one spelling, near ones told, words that mean nothing."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nle_optimizer.cli.main import run_program
from nle_optimizer.errors import InputError
from nle_optimizer.records import TEXT_KINDS, ColumnSpec, Kind, Records, TableSpec
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.scenario.changes import CHANGES
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.identifiers import WORDS_FOR_NOTHING, nearly, spelled
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from support.scenarios import nle, school, write_scenario

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
LEVELS = {"none": 0, "low": 330_000, "medium": 670_000, "high": 1_000_000}
SPECS = [*TABLES.values(), CHANGES]
COLUMNS = [(spec, column) for spec in SPECS for column in spec.columns.values()]
OF_IDENTIFIERS = [both for both in COLUMNS if both[1].kind is Kind.IDENTIFIER]
OF_WORDS = [both for both in COLUMNS if both[1].kind in TEXT_KINDS | {Kind.NAMES} and not both[1].free_text]
WRITTEN = {
    "2345.0": "2345",
    "2345.00": "2345",
    "\uff12\uff13\uff14\uff15": "2345",
    "\uff32\uff0d\uff11": "R-1",
    "R\u20111": "R-1",
    "R\u20131": "R-1",
    "R\u22121": "R-1",
    " 2345": "2345",
    "2345\u00a0": "2345",
    "\u20092345.0 ": "2345",
    "23\u200b45": "2345",
}


def named(both: Any) -> str:
    return f"{both[0].name}.{both[1].name}" if isinstance(both, tuple) else str(both)


def read(folder: Path, spec: TableSpec, rows: list[dict[str, str]]) -> tuple[Records | None, Reading]:
    """A table of rows, the other required columns filled."""
    names = [name for name, column in spec.columns.items() if column.required or name in rows[0]]
    names += [name for name in rows[0] if name not in names]
    with (folder / "t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows({name: f"{name}{n}" for name in names} | row for n, row in enumerate(rows))
    reading = Reading()
    return read_table(spec, DataFile(file=str(folder / "t.csv")), (), LEVELS, reading), reading


@pytest.mark.parametrize("both", OF_IDENTIFIERS, ids=named)
def test_every_column_of_identifiers_has_one_spelling_of_each_and_one_finding_of_the_rest(
    tmp_path: Path, both: tuple[TableSpec, ColumnSpec]
) -> None:
    spec, column = both
    others = [{name: f"{name}{n}" for name in spec.key if name != column.name} for n in range(len(WRITTEN))]
    for n, (cell, plain) in enumerate(WRITTEN.items()):
        table, reading = read(tmp_path, spec, [others[n] | {column.name: cell}])
        assert table is not None
        assert table.values(column.name).tolist() == [plain], cell
        (found,) = reading.findings
        assert (found.code, found.path, found.place.file) == ("identifier-respelled", column.name, "t.csv")
        assert f'"{cell}" as {plain} (row 2)' in str(found)
        assert not reading.problems


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_case_and_zeros_and_all_else_of_a_plain_identifier_stay(text: str) -> None:
    assert spelled(text) == text or text.endswith(".0" + "0" * (len(text) - len(text.rstrip("0")) - 1))


@given(st.text(max_size=8))
def test_an_identifier_that_was_spelled_once_is_spelled(text: str) -> None:
    assert spelled(spelled(text)) == spelled(text)


@given(st.text(st.sampled_from("aA0192.-"), max_size=6), st.integers(0, 3))
def test_identifiers_that_differ_in_case_and_leading_zeros_nearly_meet(text: str, zeros: int) -> None:
    other = text.swapcase() if text[:1] in ("", *"aA.-") else "0" * zeros + text.swapcase()
    assert nearly(text) == nearly(other)


@pytest.mark.parametrize(("one", "two"), [("10", "1"), ("1.05", "1.5"), ("A-1", "A1"), ("N1", "M1"), ("", "0")])
def test_other_identifiers_do_not_nearly_meet(one: str, two: str) -> None:
    assert nearly(one) != nearly(two)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if spec.key], ids=lambda spec: spec.name)
def test_two_keys_that_become_one_by_their_spelling_are_an_error_with_both_rows(
    tmp_path: Path, spec: TableSpec
) -> None:
    for cell in WRITTEN:
        one = dict.fromkeys(spec.key, "X") | {spec.key[0]: cell}
        _, reading = read(tmp_path, spec, [one, one | {spec.key[0]: WRITTEN[cell]}])
        (problem,) = reading.problems
        assert f"t.csv:row 3: {spec.key[0]}: also stands in row 2" in str(problem)
        assert cell in str(problem)
        assert WRITTEN[cell] in str(problem)


@pytest.mark.parametrize("both", OF_WORDS, ids=named)
def test_a_word_that_means_nothing_is_a_blank_with_a_finding_or_an_error_in_a_cell_that_must_be_filled(
    tmp_path: Path, both: tuple[TableSpec, ColumnSpec]
) -> None:
    spec, column = both
    for word in (*WORDS_FOR_NOTHING, "n/a", "NULL ", "\u2013", "not  applicable".replace("  ", " ")):
        table, reading = read(tmp_path, spec, [{column.name: word}])
        assert table is not None
        assert not table.given(column.name).any(), word
        (found,) = reading.findings
        assert (found.code, found.path) == ("word-for-nothing", column.name)
        assert word.strip() in str(found)
        filled = [f"t.csv:row 2: {column.name}: this cell must be filled; got {word.strip()}"]
        assert [str(problem) for problem in reading.problems] == (filled if column.required else [])


def test_a_word_for_nothing_among_several_is_left_out_and_one_that_a_column_knows_counts(tmp_path: Path) -> None:
    table, reading = read(tmp_path, TABLES["nles"], [{"phases": "primary|N/A", "expertise_finance": "none"}])
    assert table is not None
    assert table.values("phases").tolist() == [("primary",)]
    assert table.given("expertise_finance").tolist() == [True]
    assert [found.path for found in reading.findings] == ["phases"]
    known = ColumnSpec("x", Kind.CHOICE, "", choices=("none", "some"))
    table, reading = read(tmp_path, TableSpec("t", (), {"x": known}, ""), [{"x": "None"}])
    assert table is not None
    assert table.values("x").tolist() == ["none"]


@pytest.mark.parametrize("both", [*COLUMNS, (TABLES["schools"], ColumnSpec("own", Kind.TEXT, ""))], ids=named)
def test_what_a_formula_shows_that_failed_is_an_error_in_every_column(
    tmp_path: Path, both: tuple[TableSpec, ColumnSpec]
) -> None:
    cells = ["#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "Err:502"]
    _, reading = read(tmp_path, both[0], [{both[1].name: cell} for cell in cells])
    said = [str(problem) for problem in reading.problems if problem.path == both[1].name]
    assert said == [
        f"t.csv:row {n}: {both[1].name}: is what a formula shows that failed; got {cell}; "
        "mend it, or leave the cell blank"
        for n, cell in enumerate(cells, start=2)
    ]


def written(folder: Path, table: str, column: str, cell: str, **settings: Any) -> Path:
    """A scenario whose references all meet, but for one cell."""
    own = {
        "schools": [school(1, school_id="S01", trust_id="T01", matched_trust_id="T02"), school(2, school_id="S02")],
        "nles": [nle(1, nle_id="N01", home_school_id="S02", trust_id="T02"), nle(2, nle_id="N02", trust_id="T02")],
        "trusts": [{"trust_id": "T01"}, {"trust_id": "T02"}],
        "pairs": [{"nle_id": "N01", "school_id": "S01", "relation": "objects"}],
        "current": [{"school_id": "S02", "nle_id": "N02", "state": "agreed", "placements": 1}],
    }
    if table in own:
        own[table][0][column] = cell
    return write_scenario(folder, {"trust_first": {"mode": "off"}, **settings}, **own)


def told(file: Path) -> tuple[list[str], list[str]]:
    """What is refused in a scenario, and what is found of near identifiers."""
    try:
        scenario = load_scenario(file)
    except InputError as error:
        return [str(problem) for problem in error.problems], []
    return [], [str(found) for found in scenario.findings if found.code == "identifier-nearly-meets"]


MEANT = {"schools": "S01", "nles": "N01", "trusts": "T01"}
REFERENCES = [both for both in OF_IDENTIFIERS if both[1].refers_to and both[0] is not CHANGES]
NOTHING_HANGS_ON = {"schools.trust_id", "schools.matched_trust_id"}


@pytest.mark.parametrize("both", REFERENCES, ids=named)
@pytest.mark.parametrize("near", [str.lower, lambda text: text.replace("0", ""), lambda text: text.replace("0", "00")])
def test_a_reference_that_nearly_meets_tells_both_spellings(
    tmp_path: Path, both: tuple[TableSpec, ColumnSpec], near: Any
) -> None:
    meant = MEANT[both[1].refers_to]
    errors, found = told(written(tmp_path, both[0].name, both[1].name, near(meant)))
    (said,) = found if named(both) in NOTHING_HANGS_ON else errors
    assert said.startswith(f"{both[0].name}.csv:row 2: {both[1].name}: ")
    assert near(meant) in said
    assert meant in said


@pytest.mark.parametrize("both", OF_IDENTIFIERS, ids=named)
def test_no_column_of_identifiers_but_keys_refers_to_nothing(both: tuple[TableSpec, ColumnSpec]) -> None:
    spec, column = both
    assert (column.refers_to != "") is not (spec.key == (column.name,))


@pytest.mark.parametrize(("column", "cell"), [("home_school_id", "s01"), ("trust_id", "t01")])
def test_a_near_home_or_trust_is_a_finding_where_it_is_no_conflict(tmp_path: Path, column: str, cell: str) -> None:
    conflicts = {"home_school": False, "own_trust": False}
    errors, found = told(written(tmp_path, "nles", column, cell, conflicts=conflicts))
    assert errors == []
    assert [cell in said for said in found] == [True]


@pytest.mark.parametrize(
    ("own", "schools", "trusts", "outcome"),
    [
        ("T1", ["T1"], [], "nothing"),
        ("T1", ["t1"], [], "error"),
        ("T1", ["t1"], ["T1"], "error"),
        ("T1", ["t1"], ["T1", "t1"], "nothing"),
        ("T1", ["T1", "t1"], [], "finding"),
        ("", ["007", "7"], [], "finding"),
        ("T1", ["T2"], ["t1"], "finding"),
        ("T1", ["T2"], ["T3"], "nothing"),
    ],
)
def test_trusts_in_several_spellings_are_an_error_where_a_conflict_would_be_missed(
    tmp_path: Path, own: str, schools: list[str], trusts: list[str], outcome: str
) -> None:
    rows = [school(n, trust_id=name) for n, name in enumerate(schools, start=1)]
    listed = [{"trust_id": name} for name in trusts] or None
    errors, found = told(write_scenario(tmp_path, None, rows, [nle(1, trust_id=own)], trusts=listed))
    assert (bool(errors), bool(found)) == (outcome == "error", outcome == "finding")


@pytest.mark.parametrize(
    ("decision", "refused"), [("", False), ("proposed", False), ("agreed", True), ("declined", True)]
)
def test_a_near_matched_trust_is_an_error_once_it_is_decided(tmp_path: Path, decision: str, refused: bool) -> None:
    rows = [school(1, matched_trust_id="t1", trust_decision=decision)]
    errors, found = told(write_scenario(tmp_path, None, rows, trusts=[{"trust_id": "T1"}]))
    assert (len(errors), len(found)) == (int(refused), int(not refused))
    assert all("t1" in said and "T1" in said for said in (*errors, *found))


def pairs_of(case: str, folder: Path) -> list[tuple[str, str]]:
    assert run_program(["run", str(CASES / case / "scenario.yaml"), "--out", str(folder), "--no-report"]) == 0
    assert run_program(["verify", str(folder)]) == 0
    found = read_run_folder(folder).claim.tables["allocation"]
    return list(zip(found["nle_id"], found["school_id"], strict=True))


def found_in(case: str) -> list[str]:
    scenario: Scenario = load_scenario(CASES / case / "scenario.yaml")
    return [f"{found.code} {found.path}" for found in scenario.findings]


def test_case_08_neither_the_own_trust_nor_the_home_school_is_matched(tmp_path: Path) -> None:
    case = "08-ids-with-point-zero"
    assert pairs_of(case, tmp_path / "run") == []
    assert found_in(case) == ["identifier-respelled trust_id", "identifier-respelled home_school_id"]


def test_case_13_a_started_pair_that_lost_a_zero_is_an_error_with_both_spellings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(CASES / "13-started-pair-lost-zero" / "scenario.yaml")
    assert run_program(["validate", file]) == 1
    assert run_program(["run", file, "--out", str(tmp_path / "run")]) == 2
    said = capsys.readouterr()
    assert "current.csv:row 2: school_id:" in said.err
    for text in (said.out, said.err):
        assert "and the pair is started; got 123; did you mean 0123?" in text


def test_case_14_words_for_no_faith_and_no_diocese_are_blanks(tmp_path: Path) -> None:
    case = "14-not-applicable-faith"
    assert pairs_of(case, tmp_path / "run") == [("N1", str(n)) for n in range(1, 5)]
    assert found_in(case) == ["word-for-nothing faith", "word-for-nothing diocese"]


def test_an_agreed_pair_of_a_school_in_no_table_whose_nle_is_out_is_a_finding(tmp_path: Path) -> None:
    current = [{"school_id": "S9", "nle_id": "N2", "state": "agreed"}]
    file = write_scenario(tmp_path, None, nles=[nle(1), nle(2, status="withdrawn")], current=current)
    assert [found.code for found in load_scenario(file).findings] == ["pair-of-school-elsewhere"]
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    assert run_program(["verify", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize(("placements", "served"), [("1", 1), ("2", 0)])
def test_a_regional_run_holds_the_places_that_a_national_allocation_takes(
    tmp_path: Path, placements: str, served: int
) -> None:
    current = [{"school_id": "S9", "nle_id": "N1", "state": "started", "placements": placements}]
    file = write_scenario(tmp_path, None, nles=[nle(1, placements=2)], current=current)
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    assert run_program(["verify", str(tmp_path / "run")]) == 0
    tables = read_run_folder(tmp_path / "run").claim.tables
    assert len(tables["allocation"]["school_id"]) == served
    assert tables["nles"]["capacity_placements"] == [str(2 - int(placements))]


def test_case_11_a_home_school_is_followed_to_its_urn_of_today_for_conflict_grade_and_fill(tmp_path: Path) -> None:
    case, out = CASES / "11-home-school-old-urn", tmp_path / "out"
    files = {"gias": "gias", "ofsted": "ofsted", "urn-links": "links", "nles": "nles"}
    words = [word for option, name in files.items() for word in (f"--{option}", str(case / f"{name}.csv"))]
    assert run_program(["import", "england", *words, "--out", str(out)]) == 0
    with (out / "nles.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["home_school_id"], row["home_grade"], row["local_authority"]) == ("900002", "3", "Leeds")
    good = out / "good.csv"
    good.write_text((out / "nles.csv").read_text(encoding="utf-8").replace("900002,3,", "900002,2,"), encoding="utf-8")
    sets = ["--set", "data.nles=good.csv", "--set", "eligibility.policy=all", "--set", "fit.unknown=0.5"]
    assert run_program(["run", str(out / "scenario.yaml"), *sets, "--out", str(tmp_path / "run"), "--no-report"]) == 0
    found = read_run_folder(tmp_path / "run").claim.tables["allocation"]
    assert found["school_id"] == ["900001"]
