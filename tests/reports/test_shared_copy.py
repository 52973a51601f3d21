"""A copy to be shared tells nobody who an NLE is or where; pseudonyms last as long as their secret."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from nle_optimizer.reports.redaction import Scrubber, band, pseudonyms
from support.report_data import cells, data_of
from support.scenarios import nle, school, write_scenario

SECRETS = ("N1", "N2", "Ann Aldous", "Bob Byrne", "T77", "S9", "430317", "431317")


@pytest.fixture
def run(tmp_path: Path, program: Callable[..., Any]) -> Path:
    schools = [school(n, local_authority="Leeds", region="Yorkshire") for n in range(1, 13)]
    own = {"local_authority": "Leeds", "region": "Yorkshire", "trust_id": "T77", "home_school_id": "S9"}
    nles = [
        nle(1, name="Ann Aldous", easting=430_317, northing=431_317, **own),
        nle(2, name="Bob Byrne", easting=440_000, northing=431_317, **own),
    ]
    limit = {"name": "all", "type": "minimum_use", "minimum": 1}
    file = write_scenario(tmp_path, {"constraints": [limit]}, schools=schools, nles=nles)
    assert program("run", file, "--out", tmp_path / "run").code == 0
    return tmp_path / "run"


def shared(run: Path, program: Callable[..., Any], name: str = "copy", *more: object) -> str:
    assert program("report", run, "--share", run.parent / name, *more).code == 0
    return (run.parent / name / "report.html").read_text()


def test_no_identifier_name_place_home_or_trust_of_an_nle_is_in_the_copy(
    run: Path, program: Callable[..., Any]
) -> None:
    text = shared(run, program)
    named = json.dumps(data_of(run.parent / "copy" / "report.html")["tables"]["nles"])
    assert [secret for secret in SECRETS if secret != "S9" and secret in text] == []
    assert '"S9"' not in named


def test_the_planners_own_page_has_them(run: Path) -> None:
    text = (run / "report.html").read_text()
    assert "Ann Aldous" in text and "430317" in text


def test_with_names_the_copy_has_them(run: Path, program: Callable[..., Any]) -> None:
    assert "Ann Aldous" in shared(run, program, "named", "--names")


def text_of(file: Path) -> str:
    """What a file tells, cell by cell where it is a workbook."""
    if file.suffix != ".xlsx":
        return file.read_text(encoding="utf-8")
    cells = [cell.value for page in load_workbook(file) for row in page.iter_rows() for cell in row]
    return "\n".join(f'"{cell}"' for cell in cells)


def test_no_file_of_a_copy_with_pictures_and_record_tells_who_an_nle_is(run: Path, program: Callable[..., Any]) -> None:
    shared(run, program, "copy", "--images", "--record")
    files = [file for file in (run.parent / "copy").rglob("*.*") if file.suffix != ".png"]
    assert {file.parent.name for file in files} == {"copy", "images", "record"}
    named = re.compile(r"\bN[12]\b|Aldous|Byrne|T77|430317|431317|share\.key")
    assert {file.name: named.findall(text_of(file)) for file in files} == {file.name: [] for file in files}
    assert [file.name for file in files if re.search(r"home.{0,20}S9", text_of(file), re.IGNORECASE)] == []


def test_a_limit_for_each_trust_names_no_trust(tmp_path: Path, program: Callable[..., Any]) -> None:
    limits = [
        {"name": "one", "type": "keep_together", "by": "trust_id"},
        {"name": "all", "type": "quota", "maximum": 2},
    ]
    schools = [school(n, trust_id="T77") for n in (1, 2, 3)]
    file = write_scenario(tmp_path, {"constraints": limits}, schools=schools, nles=[nle(1), nle(2)])
    assert program("run", file, "--out", tmp_path / "run").code == 0
    assert "one: T77" in (tmp_path / "run" / "report.html").read_text()
    text = shared(tmp_path / "run", program, "copy", "--record")
    assert "T77" not in text and '<th scope="row">all</th>' in text


def test_the_record_of_the_planner_names_them(run: Path, program: Callable[..., Any]) -> None:
    assert program("report", run, "--record").code == 0
    assert "Ann Aldous" in (run / "record" / "decisions.md").read_text(encoding="utf-8")


def test_dots_of_nles_stand_by_the_middle_of_their_authority(run: Path, program: Callable[..., Any]) -> None:
    shared(run, program)
    nles = data_of(run.parent / "copy" / "report.html")["map"]["nles"]
    middle = sum(430_000 + 1000 * n for n in range(1, 13)) // 12
    assert len(nles["x"]) == 2
    assert all(abs(x - middle) <= 1500 for x in nles["x"])


def test_an_authority_with_few_schools_has_no_middle_that_would_be_a_school(
    tmp_path: Path, program: Callable[..., Any]
) -> None:
    schools = [school(n, local_authority="Leeds", region="Yorkshire") for n in range(1, 12)]
    alone = school(30, local_authority="City", region="Yorkshire")
    file = write_scenario(
        tmp_path, schools=[*schools, alone], nles=[nle(1, local_authority="City", region="Yorkshire")]
    )
    program("run", file, "--out", tmp_path / "run")
    shared(tmp_path / "run", program)
    page = data_of(tmp_path / "copy" / "report.html")
    assert 460_000 not in page["map"]["nles"]["x"]
    assert "City" not in json.dumps(page["tables"]["nles"])


def test_distances_are_told_in_bands_only(run: Path, program: Callable[..., Any]) -> None:
    shared(run, program)
    tables = data_of(run.parent / "copy" / "report.html")["tables"]
    assert set(cells(tables["pairs"], "distance")) == {"under 20 km"}
    assert not {"nearest", "nearest_km"} & set(tables["left-out"]["data"])
    assert "why" not in tables["pairs"]["data"]


@pytest.mark.parametrize(
    ("km", "told"), [("", ""), ("19.999", "under 20 km"), ("20", "20 to 40 km"), ("81", "80 to 100 km")]
)
def test_a_band_begins_at_its_own_figure(km: str, told: str) -> None:
    assert band(km) == told


def test_pseudonyms_are_the_same_in_every_copy_of_a_run(run: Path, program: Callable[..., Any]) -> None:
    assert shared(run, program, "one") == shared(run, program, "two")


def test_another_run_has_the_same_pseudonyms_with_the_same_key(run: Path, program: Callable[..., Any]) -> None:
    key = run.parent / "our.key"
    again = run.parent / "again"
    assert program("run", run.parent / "scenario.yaml", "--out", again).code == 0
    assert shared(run, program, "one", "--key", key) == shared(again, program, "two", "--key", key)
    assert shared(again, program, "three") != shared(again, program, "two", "--key", key, "--force")


def test_the_secret_is_not_in_the_copy_and_nobody_else_may_read_it(run: Path, program: Callable[..., Any]) -> None:
    text = shared(run, program)
    assert (run / "share.key").read_text().strip() not in text
    assert (run / "share.key").stat().st_mode & 0o077 == 0
    assert not (run.parent / "copy" / "share.key").exists()


def test_a_key_that_is_none_is_refused(run: Path, program: Callable[..., Any]) -> None:
    (run / "share.key").write_text("hello")
    ended = program("report", run, "--share", run.parent / "copy")
    assert ended.code == 2
    assert "64 hexadecimal digits" in ended.err


def test_a_pseudonym_needs_the_secret() -> None:
    ids = [f"N{n}" for n in range(2000)]
    one, other = pseudonyms(ids, b"a" * 32), pseudonyms(ids, b"b" * 32)
    assert len(set(one.values())) == len(ids)
    assert not [identifier for identifier in ids if one[identifier] == other[identifier]]


def test_names_in_sentences_are_replaced_and_numbers_are_not() -> None:
    scrub = Scrubber({"12": "NLE-A", "N7": "NLE-B"}, {"N7": "Ann Aldous"})
    assert scrub.text("NLE 12, one of its 12, has room") == "NLE NLE-A, one of its 12, has room"
    assert scrub.text("use[nle_id=12]; N7, N70 and Ann Aldous") == "use[nle_id=NLE-A]; NLE-B, N70 and NLE-B"


def test_a_folder_that_is_somebody_elses_is_not_replaced(run: Path, program: Callable[..., Any]) -> None:
    (run.parent / "theirs").mkdir()
    (run.parent / "theirs" / "letter.txt").write_text("mine")
    assert program("report", run, "--share", run.parent / "theirs", "--force").code == 2
    assert (run.parent / "theirs" / "letter.txt").read_text() == "mine"
