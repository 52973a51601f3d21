"""Tables as Records: columns mapped, identifiers unique, places sound, and nothing lost or guessed."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nle_optimizer.delimited import write_columns
from nle_optimizer.records import Records, as_text
from nle_optimizer.scenario.columns import SCHOOLS, TABLES
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from support.scenarios import nle, refusal, school, write_scenario, write_table

LEVELS = {"none": 0, "low": 330_000, "medium": 670_000, "high": 1_000_000}


def load(folder: Path, **tables: Any) -> Scenario:
    return load_scenario(write_scenario(folder, **tables))


def refused(folder: Path, **tables: Any) -> str:
    return refusal(load, folder, **tables)


def refused_text(folder: Path, schools: str | bytes, **settings: Any) -> str:
    file = write_scenario(folder, settings)
    data = schools.encode() if isinstance(schools, str) else schools
    (folder / "schools.csv").write_bytes(data)
    return refusal(load_scenario, file)


def same(one: Records, other: Records) -> bool:
    return list(one) == list(other) and all(
        np.array_equal(one.values(name), other.values(name)) and np.array_equal(one.given(name), other.given(name))
        for name in one
    )


@pytest.mark.parametrize("table", ["schools", "nles"])
def test_a_table_without_rows_is_refused(tmp_path: Path, table: str) -> None:
    assert f"{table}.csv: the table has no rows" in refused(tmp_path, **{table: []})


@pytest.mark.parametrize("table", ["trusts", "pairs"])
def test_a_table_that_may_be_empty_may_be(tmp_path: Path, table: str) -> None:
    assert len(getattr(load(tmp_path, **{table: []}), table)) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "schools.csv:1: the first row must hold the names of the columns"),
        ("URN;name\nS1;x\n", "separated by commas; got URN;name; write `header: N` beside `file` under `data`"),
        ("URN\tname\nS1\tx\n", "separated by commas"),
        ("URN|name\nS1|x\n", "separated by commas"),
        ("URN,name\nS1,x\n", "schools.csv:1: school_id: this column is required"),
        ("School_ID\nS1\n", "school_id: this column is required; did you mean School_ID?"),
        ("school_id,name,name\nS1,x,y\n", "schools.csv:1: name: two columns have this name"),
        ("school_id,na\u0301me,náme\nS1,x,y\n", "náme: two columns have this name"),
        ("school_id,,name\nS1,x,y\n", "schools.csv:1: column B has no name"),
        ("school_id" + "," * 26 + "\nS1" + "," * 26 + "x\n", "schools.csv:1: column AA has no name"),
        ("school_id,name\nS1\n", "schools.csv:row 2: the row must have 2 cells as the header has; got 1"),
        ("school_id,name\nS1,x,y\n", "schools.csv:row 2: the row must have 2 cells as the header has; got 3"),
        ("school_id\nS1\n\n\nS1\n", "schools.csv:row 5: school_id: also stands in row 2; got S1"),
        ("school_id,name\nS1,x\n,y\n", "schools.csv:row 3: school_id: this cell must be filled"),
        ("school_id\nS1\n S1 \n", "also stands in row 2"),
        ("school_id\nNo\u0308\nNö\n", "schools.csv:row 3: school_id: also stands in row 2; got Nö"),
        ("school_id\n\u00a0S1\nS1\u200b\n", "also stands in row 2"),
        ("school_id\n=1\n'=1\n", "also stands in row 2"),
        ("school_id,easting,northing\nS1,nan,430000\n", "schools.csv:row 2: easting: must be a finite number; got nan"),
        ("school_id,pupils\nS1,inf\n", "pupils: must be a finite number; got inf"),
        (
            'school_id,pupils\nS1,"1,200"\n',
            "pupils: must be a number; got 1,200; write it without thousands separators",
        ),
        ("school_id,placements\nS1,0.1234567\n", "placements: must have at most six decimal places; got 0.1234567"),
        (
            "school_id,arrived\nS1,01/13/2022\n",
            "arrived: must be a date; got 01/13/2022; write 2022-09-01 or 01/09/2022",
        ),
        ("school_id,phase\nS1,primry\n", "primry; did you mean primary?"),
        ("school_id,easting,northing\nS1,430000,\n", "schools.csv:row 2: easting: one of two coordinates is blank"),
        ("school_id,easting,northing\nS1,,430000\n", "easting: one of two coordinates is blank"),
        ("school_id,easting\nS1,430000\n", "easting: one of two coordinates is blank"),
        ("school_id,easting,northing\nS1,-1,430000\n", "easting: the place is off the British National Grid"),
        ("school_id,easting,northing\nS1,430000,1300001\n", "easting: the place is off the British National Grid"),
        (
            "school_id,easting,northing,region\nS1,180000,530000,London\n",
            "easting and northing look swapped for this region",
        ),
        ("school_id,latitude,longitude\nS1,-1.5,53.8\n", "latitude: latitude and longitude look swapped"),
        ("school_id,latitude,longitude\nS1,53.8,\n", "latitude: one of two coordinates is blank"),
        ("school_id,latitude,longitude\nS1,1,1\n", "latitude: the place lies outside Great Britain"),
        ("school_id,days_waiting\nS1,3\n", "days_waiting: a column of this name is computed here; rename yours"),
    ],
)
def test_a_table_that_is_wrong_is_refused_at_its_row(tmp_path: Path, text: str, said: str) -> None:
    assert said in refused_text(tmp_path, text)


def test_negative_capacity_is_refused(tmp_path: Path) -> None:
    assert "nles.csv:row 2: placements: must not be negative; got -1" in refused(tmp_path, nles=[nle(1, placements=-1)])


def test_a_column_with_many_faults_tells_the_first_and_counts_the_rest(tmp_path: Path) -> None:
    said = refused(tmp_path, schools=[school(n, pupils="many") for n in range(30)]).splitlines()
    assert len(said) == 21
    assert any(line.endswith("pupils: 10 more rows have problems in this column") for line in said)


def test_faults_of_several_tables_are_told_at_once(tmp_path: Path) -> None:
    said = refused(
        tmp_path, schools=[school(1, pupils="x")], nles=[nle(1, placements="y")], trusts=[{"trust_id": ""}, {}]
    )
    assert "schools.csv:row 2" in said
    assert "nles.csv:row 2" in said


def test_latitude_and_longitude_become_grid_metres(tmp_path: Path) -> None:
    degrees = {"easting": "", "northing": "", "latitude": 53.7997, "longitude": -1.5492}  # Leeds
    schools = load(tmp_path, schools=[school(1, **degrees)]).schools
    assert abs(schools.values("easting")[0] - 429_800) < 150
    assert abs(schools.values("northing")[0] - 433_500) < 400


def test_eastings_beat_latitudes(tmp_path: Path) -> None:
    schools = load(tmp_path, schools=[school(1, latitude=51, longitude=0)]).schools
    assert schools.values("easting")[0] == 431_000


def test_a_place_may_be_blank_altogether(tmp_path: Path) -> None:
    assert not load(tmp_path, schools=[school(1, easting="", northing="")]).schools.given("easting")[0]


@pytest.mark.parametrize("mapping", [{"school_id": "URN"}, {"school_id": "URN", "name": "Title"}])
def test_columns_are_found_under_the_names_they_are_mapped_to(tmp_path: Path, mapping: dict[str, str]) -> None:
    file = write_scenario(tmp_path, {"data": {"schools": {"file": "schools.csv", "columns": mapping}}})
    write_table(tmp_path / "schools.csv", [{"URN": "S1", "Title": "Ash"}])
    schools = load_scenario(file).schools
    assert schools.ids.tolist() == ["S1"]
    assert ("name" in schools) == ("name" in mapping)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"school_id": "UNR"}, "schools.csv:1: school_id: the mapped column is not there; got UNR; did you mean URN?"),
        ({"school_id": "URN", "name": "URN"}, "schools.csv:1: school_id: the column is mapped to name too; got URN"),
        ({"name": "URN"}, "school_id: this column is required"),
        ({"school_id": "URN", "region": "name"}, ""),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, mapping: dict[str, str], said: str) -> None:
    file = write_scenario(tmp_path, {"data": {"schools": {"file": "schools.csv", "columns": mapping}}})
    write_table(tmp_path / "schools.csv", [{"URN": "S1", "name": "Ash"}])
    if said:
        assert said in refusal(load_scenario, file)
    else:
        assert load_scenario(file).schools.values("region")[0] == "Ash"


def test_a_mapped_name_that_another_column_has_already_is_refused(tmp_path: Path) -> None:
    columns = {"school_id": "URN"}
    file = write_scenario(tmp_path, {"data": {"schools": {"file": "schools.csv", "columns": columns}}})
    write_table(tmp_path / "schools.csv", [{"URN": "S1", "school_id": "S2"}])
    assert "school_id: two columns have this name" in refusal(load_scenario, file)


def test_extra_columns_are_carried_as_text(tmp_path: Path) -> None:
    schools = load(tmp_path, schools=[school(1, theme=" 010 ")]).schools
    assert schools.extra == ["theme"]
    assert schools.values("theme")[0] == "010"


def test_a_resource_that_is_not_asked_for_is_text(tmp_path: Path) -> None:
    file = write_scenario(
        tmp_path, {"capacity": {"resources": ["placements"]}}, schools=[school(1, days="as agreed"), school(2)]
    )
    assert load_scenario(file).schools.values("days")[0] == "as agreed"


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        (
            [{"nle_id": "N1", "school_id": "S9"}],
            "pairs.csv:row 2: school_id: the schools table has no such identifier; got S9",
        ),
        (
            [{"nle_id": "n1", "school_id": "S1"}],
            "has no such identifier, but one that differs in case or leading zeros; got n1; did you mean N1?",
        ),
        ([{"nle_id": "N1", "school_id": "S1"}] * 2, "pairs.csv:row 3: nle_id: also stands in row 2; got N1, S1"),
        ([{"nle_id": "N1", "school_id": ""}], "pairs.csv:row 2: school_id: this cell must be filled"),
        ([{"nle_id": "N1", "school_id": "S1", "fit": -1}], "fit: must not be negative"),
        ([{"nle_id": "N1", "school_id": "S1", "school_rank": 0}], "school_rank: must be a whole number from 1 up"),
        ([{"nle_id": "N1", "school_id": "S1", "relation": "requir"}], "requir; did you mean require?"),
        (
            [{"nle_id": "N1", "school_id": "S1", "relation": "require|forbid"}],
            "a pair cannot be required and also forbidden",
        ),
        (
            [{"nle_id": "N1", "school_id": "S1", "relation": "objects|require"}],
            "a pair cannot be required and also objected to",
        ),
    ],
)
def test_pairs_that_do_not_fit_the_tables_are_refused(tmp_path: Path, pairs: list[Any], said: str) -> None:
    assert said in refused(tmp_path, pairs=pairs)


def test_many_dangling_identifiers_are_counted(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": f"X{n}"} for n in range(50)]
    assert "30 more rows lead nowhere" in refused(tmp_path, pairs=pairs)


def test_a_table_that_is_missing_is_named(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    (tmp_path / "nles.csv").unlink()
    assert "nles.csv: the file cannot be read: No such file" in refusal(load_scenario, file)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"data": {"schools": "."}})
    assert "the file cannot be read" in refusal(load_scenario, file)


@pytest.mark.parametrize("path", ["../schools.csv", "/etc/hosts", "a/../../schools.csv"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    file = write_scenario(tmp_path / "in", {"data": {"schools": path}})
    write_table(tmp_path / "schools.csv", [school(1)])
    assert "data.schools: the path leaves the folder of the scenario file" in refusal(load_scenario, file)


def test_all_paths_that_leave_the_folder_are_told_at_once(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, {"data": {"schools": "../a", "nles": "../b"}})
    assert refusal(load_scenario, file).count("leaves the folder") == 2


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    file = write_scenario(tmp_path / "in")
    (tmp_path / "in" / "schools.csv").rename(tmp_path / "out.csv")
    (tmp_path / "in" / "schools.csv").symlink_to(tmp_path / "out.csv")
    assert "the path leaves the folder of the scenario file" in refusal(load_scenario, file)
    assert len(load_scenario(file, allow_outside=True).schools) == 2


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    (tmp_path / "schools.csv").unlink()
    (tmp_path / "schools.csv").symlink_to("schools.csv")
    assert "schools" in refusal(load_scenario, file)


@pytest.mark.parametrize("path", ["x" * 5000, "x" * 5000 + ".xlsx", "a/" * 3000, "schools.csv/x", "schools.csv\0"])
def test_a_path_that_no_disk_can_hold_is_refused(tmp_path: Path, path: str) -> None:
    assert refusal(load_scenario, write_scenario(tmp_path, {"data": {"schools": path}}))


def test_outside_paths_are_read_where_they_are_allowed(tmp_path: Path) -> None:
    file = write_scenario(tmp_path / "in", {"data": {"schools": "../schools.csv"}})
    write_table(tmp_path / "schools.csv", [school(1)])
    assert len(load_scenario(file, allow_outside=True).schools) == 1


@given(st.permutations(range(5)))
def test_the_order_of_rows_never_changes_the_records(
    tmp_path_factory: pytest.TempPathFactory, order: Sequence[int]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    rows = [school(n, region="London" if n % 2 else "", theme=f"t{n}") for n in range(5)]
    one = read(write_table(folder / "one.csv", rows))
    other = read(write_table(folder / "other.csv", [rows[n] for n in order]))
    assert same(one, other)


def read(path: Path) -> Records:
    reading = Reading()
    table = read_table(SCHOOLS, DataFile(file=str(path)), ("placements", "days"), LEVELS, reading)
    assert table is not None, reading.problems
    assert not reading.problems
    return table


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)


@settings(max_examples=60)
@given(st.lists(st.tuples(CELL, st.sampled_from(["", "low", "0.25", "0.333333"]), CELL), min_size=1, max_size=4))
def test_a_table_that_is_written_is_read_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    columns = {
        "school_id": [f"S{n}" for n in range(len(rows))],
        "name": [row[0] for row in rows],
        "need_leadership": [row[1] for row in rows],
        "=extra": [row[2] for row in rows],
    }
    write_columns(folder / "first.csv", columns)
    first = read(folder / "first.csv")
    write_columns(folder / "second.csv", {name: as_text(column) for name, column in first.columns.items()})
    assert same(first, read(folder / "second.csv"))


def test_every_declared_column_says_what_it_means() -> None:
    assert all(column.doc.endswith(".") for table in TABLES.values() for column in table.columns.values())


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    file = write_scenario(tmp_path)
    data = (tmp_path / "schools.csv").read_bytes()
    (tmp_path / "schools.csv").write_bytes("\ufeff".encode() + data)
    assert load_scenario(file).schools.ids.tolist() == ["S1", "S2"]


def test_the_same_table_in_another_encoding_gives_the_same_records(tmp_path: Path) -> None:
    file = write_scenario(tmp_path, schools=[school(1, name="à Becket"), school(2)])
    before = load_scenario(file).schools
    text = (tmp_path / "schools.csv").read_text(encoding="utf-8")
    (tmp_path / "schools.csv").write_bytes(text.encode("cp1252"))
    assert same(before, load_scenario(file).schools)


def test_a_multiline_cell_counts_as_one_row(tmp_path: Path) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["school_id", "name", "pupils"], ["S1", "a\nb\nc", "1"], ["S2", "x", "many"]])
    assert "schools.csv:row 3: pupils" in refused_text(tmp_path, text.getvalue())
