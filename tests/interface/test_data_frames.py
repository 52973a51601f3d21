"""A scenario from data frames is the one from files of the same cells: read, checked and told as files are."""

import pickle
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nle_optimizer import allocate, load_run, load_scenario, verify
from nle_optimizer.errors import InputError
from nle_optimizer.records import as_text
from nle_optimizer.reports.run_folder import Circumstances, write_run_folder
from nle_optimizer.scenario.columns import SCHOOLS, TABLES
from nle_optimizer.scenario.given import held_table
from support.any_scenario import write_any_scenario
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, refusal, school, write_scenario

LEAST = {"schema": 1, "name": "frames"}
ROWS = "schools DataFrame (rows from 0)"


def frames(schools: list[dict[str, Any]] | None = None, nles: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {"schools": pd.DataFrame(schools or [school(1), school(2)]), "nles": pd.DataFrame(nles or [nle(1)])}


def as_read(file: Path) -> pd.DataFrame:
    return pd.read_csv(file, dtype=str, keep_default_na=False)


@pytest.mark.parametrize("seed", range(0, 40, 2))
def test_frames_of_the_cells_of_files_give_the_same_result(seed: int, tmp_path: Path) -> None:
    file = (write_random_scenario if seed % 4 else write_any_scenario)(tmp_path, seed)
    try:
        plain = load_scenario(file)
    except InputError:
        pytest.skip("the scenario is refused")
    entries = {name: getattr(plain.settings.data, name) for name in TABLES}
    given = {name: as_read(Path(entry.file)) for name, entry in entries.items() if entry and entry.file[-4:] == ".csv"}
    held = load_scenario(file, **given)
    for name in given:
        one, other = getattr(plain, name), getattr(held, name)
        assert {c: as_text(one.column(c)) for c in one} == {c: as_text(other.column(c)) for c in other}
    try:
        results = [allocate(each) for each in (plain, held)]
    except InputError:
        return
    assert results[0].claim.tables == results[1].claim.tables
    assert verify(results[1]) == []


def test_settings_and_tables_need_no_file_at_all() -> None:
    settings = {**LEAST, "geography": {"max_distance_km": 40.5}, "capacity": {"multiply": {"placements": np.int64(2)}}}
    result = allocate(load_scenario(settings, **frames()))
    assert verify(result) == []
    assert result.allocation.to_pandas()["school_id"].tolist() == ["S1", "S2"]
    assert result.scenario.settings.geography.max_distance_km["default"] == Decimal("40.5")


def test_what_pandas_makes_of_a_file_is_read_as_the_file_is(tmp_path: Path) -> None:
    schools = [school(n, pupils=100 * n if n > 1 else "", arrived="2022-01-0" + str(n)) for n in (1, 2, 3)]
    nles = [nle(1, home_school_id="", placements=2), nle(2, home_school_id="S1", governors_agreed="yes")]
    file = write_scenario(tmp_path, {"as_of": "2022-09-01"}, schools, nles)
    inferred = {
        "schools": pd.read_csv(tmp_path / "schools.csv", parse_dates=["arrived"]),
        "nles": pd.read_csv(tmp_path / "nles.csv").convert_dtypes(),
    }
    assert inferred["schools"]["pupils"].dtype == "float64"
    plain, held = allocate(load_scenario(file)), allocate(load_scenario(file, **inferred))
    assert plain.claim.tables == held.claim.tables


CELLS = [
    (pd.Series([100001.0, np.nan]), ["100001", ""]),
    (pd.Series([0.1, 1e-7, np.inf], dtype="float64"), ["0.1", "0.0000001", "inf"]),
    (pd.Series([0.1], dtype="float32"), ["0.1"]),
    (pd.Series([True, None], dtype="boolean"), ["yes", ""]),
    (pd.Series([True, False]), ["yes", "no"]),
    (pd.Series([3, pd.NA], dtype="Int64"), ["3", ""]),
    (pd.Series(pd.to_datetime(["2022-09-01", None])), ["2022-09-01", ""]),
    (pd.Series([datetime(2022, 9, 1, tzinfo=UTC).date(), Decimal("2.50")], dtype=object), ["2022-09-01", "2.50"]),
    (pd.Series([["primary", "secondary"], ()], dtype=object), ["primary|secondary", ""]),
    (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
    (pd.Series(["007", None, "=1+1"], dtype="string"), ["007", "", "'=1+1"]),
]


@pytest.mark.parametrize(("column", "texts"), CELLS, ids=lambda each: str(getattr(each, "dtype", "")))
def test_cells_are_the_text_that_a_person_would_write(column: pd.Series, texts: list[str]) -> None:
    held = held_table(SCHOOLS, pd.DataFrame({"school_id": column}))
    assert [row[0] for row in held.rows] == texts


def test_messages_count_rows_as_iloc_does_and_name_columns() -> None:
    given = frames([school(1), school(2, phase="prinary"), school(2, need_finance=2)])
    given["schools"].index = [70, 80, 90]
    told = refusal(load_scenario, LEAST, **given)
    assert f"{ROWS}:row 1: phase: must be one of" in told and "did you mean primary?" in told
    assert f"{ROWS}:row 2: need_finance: must be from 0 to 1" in told
    assert f"{ROWS}:row 2: school_id: also stands in row 1; got S2" in told


def test_a_frame_without_a_needed_column_is_told_by_name() -> None:
    given = frames()
    lacking = given["schools"].rename(columns={"school_id": "schoolid"})
    told = refusal(load_scenario, LEAST, **{**given, "schools": lacking})
    assert told == f"{ROWS}: school_id: this column is required; did you mean schoolid?"
    assert "has none" in refusal(load_scenario, LEAST, **{**given, "schools": pd.DataFrame()})
    assert "two columns have this name" in refusal(
        load_scenario, LEAST, **{**given, "schools": pd.concat([lacking, given["schools"], lacking], axis=1)}
    )


def test_settings_are_told_as_settings() -> None:
    told = refusal(load_scenario, {**LEAST, "geografy": {}, "stop": {"gap": -0.5}}, **frames())
    assert "settings: geografy: unknown key; got geografy; did you mean geography?" in told
    assert "settings: stop.gap: " in told
    assert refusal(load_scenario, LEAST, schools=frames()["schools"]) == "settings: data.nles: this setting is required"


def test_the_identifier_may_be_the_index() -> None:
    given = frames()
    indexed = {"schools": given["schools"].set_index("school_id"), "nles": given["nles"].set_index("nle_id")}
    assert allocate(load_scenario(LEAST, **indexed)).claim == allocate(load_scenario(LEAST, **given)).claim


def test_columns_are_mapped_where_the_frame_has_them_under_other_names() -> None:
    given = frames()
    theirs = given["schools"].rename(columns={"school_id": "URN"})
    settings = {**LEAST, "data": {"schools": {"file": "away.csv", "columns": {"school_id": "URN"}}}}
    for schools in (theirs, given["schools"]):
        assert load_scenario(settings, schools=schools, nles=given["nles"]).schools.ids.tolist() == ["S1", "S2"]


def test_an_allocation_is_what_stands_today_in_the_next_scenario() -> None:
    before = allocate(load_scenario(LEAST, **frames()))
    settings = {**LEAST, "objectives": ["kept_pairs", "fit"]}
    after = allocate(load_scenario(settings, current=before.allocation.to_pandas(), **frames()))
    assert after.objectives[0]["value"] == 1


def test_changed_settings_read_the_frames_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load_scenario(LEAST, **frames([school(1, need_finance="high")]))
    monkeypatch.chdir(tmp_path)
    changed = scenario.replace({"fit.levels": {"high": 0.25}, "geography.max_distance_km": np.float64(12.5)})
    assert as_text(changed.schools.column("need_finance")) == ["0.25"]
    assert scenario.replace({"fit.weights": {"finance": 1}}).schools.ids.tolist() == ["S1"]
    with pytest.raises(InputError, match=r"away\.csv"):
        scenario.replace({"data.schools": str(tmp_path / "away.csv")})


def test_a_run_folder_of_frames_stands_alone(tmp_path: Path) -> None:
    scenario = pickle.loads(pickle.dumps(load_scenario(LEAST, **frames([school(1, name="=1+1", note="'=2")]))))
    result = allocate(scenario)
    circumstances = Circumstances([], datetime.now(UTC), {})
    write_run_folder(result, tmp_path / "run", circumstances, force=False, keep_inputs=True)
    assert verify(tmp_path / "run") == []
    assert load_run(tmp_path / "run").allocation.rows() == result.allocation.rows()
    assert result.allocation.rows()[0]["school_name"] == "=1+1"
    assert result.allocation.rows()[0]["note"] == "'=2"


def test_settings_may_stand_on_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_scenario(tmp_path, {"geography": {"max_distance_km": 30}, "seed": 7}, name="base.yaml")
    monkeypatch.chdir(tmp_path)
    scenario = load_scenario({"base": "base.yaml", "seed": 8}, schools=frames([school(5)])["schools"])
    assert scenario.schools.ids.tolist() == ["S5"] and scenario.nles.ids.tolist() == ["N1"]
    assert (scenario.settings.seed, scenario.settings.geography.max_distance_km["default"]) == (8, 30)
    assert scenario.document.origin(("seed",)) == "settings"


@pytest.mark.parametrize("cell", ["a\0b", "\ud800", "x" * 1_000_001])
def test_a_cell_that_no_file_could_hold_is_refused_in_its_place(cell: str) -> None:
    given = frames([school(1), school(2, name=cell)])
    given["schools"] = given["schools"].astype({"name": object})
    assert f"{ROWS}:row 1: name: the cell" in refusal(load_scenario, LEAST, **given)


def test_columns_of_several_levels_are_refused() -> None:
    given = frames()
    given["schools"].columns = pd.MultiIndex.from_product([["x"], given["schools"].columns])
    assert "its columns have several levels" in refusal(load_scenario, LEAST, **given)


MISTAKES = [
    ("load_scenario({...}, schools=..., nles=...)", lambda: load_scenario(frames()["schools"])),
    ("scenario.replace({...})", lambda: load_scenario(load_scenario(LEAST, **frames()))),
    ("{'data': {'schools': 'schools.csv'}}", lambda: load_scenario(LEAST, schools="schools.csv")),
    ("pandas.DataFrame(rows)", lambda: load_scenario(LEAST, schools=[school(1)])),
    ("choose=['nearer']", lambda: load_scenario("scenario.yaml", choose="nearer")),
    ("sets=['seed=1']", lambda: load_scenario("scenario.yaml", sets="seed=1")),
    (".replace({...}) takes a mapping", lambda: load_scenario("scenario.yaml", sets={"seed": 1})),
    ("replace takes a mapping", lambda: load_scenario(LEAST, **frames()).replace("seed=1")),
]


@pytest.mark.parametrize(("said", "call"), MISTAKES, ids=[said for said, _ in MISTAKES])
def test_a_plain_mistake_says_what_to_write(said: str, call: Any) -> None:
    with pytest.raises(TypeError) as raised:
        call()
    assert said in str(raised.value)
