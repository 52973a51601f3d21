"""The import of the real extract: the facts its README and the domain notes state."""

import csv
from pathlib import Path

import pytest
from test_import_england import import_into

from nle_optimizer.sources.england.importer import EnglandFiles, ImportSummary

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "england"
pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared extracts are not beside the project")

Table = list[dict[str, str]]


@pytest.fixture(scope="module")
def england(tmp_path_factory: pytest.TempPathFactory) -> tuple[ImportSummary, Table, Table]:
    out = tmp_path_factory.mktemp("england") / "out"
    files = EnglandFiles(
        SHARED / "gias_extract.csv",
        SHARED / "ofsted_inspections_2020-02.csv",
        SHARED / "trust_links_2022-07.csv",
        SHARED / "finance_2017-18.csv",
        urn_links=SHARED / "urn_links_2025-04.csv",
    )
    summary = import_into(out, files)
    return summary, read(out / "schools.csv"), read(out / "trusts.csv")


@pytest.fixture(scope="module")
def schools(england: tuple[ImportSummary, Table, Table]) -> Table:
    return england[1]


@pytest.fixture(scope="module")
def trusts(england: tuple[ImportSummary, Table, Table]) -> Table:
    return england[2]


def read(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def count(rows: Table, **cells: str) -> int:
    return sum(all(row[name] == text for name, text in cells.items()) for row in rows)


def twice_below_good(rows: Table) -> Table:
    return [row for row in rows if row["latest_grade"] in ("3", "4") and row["previous_grade"] in ("3", "4")]


def test_every_row_is_kept_and_25102_have_a_region(schools: Table) -> None:
    assert len(schools) == 26_509
    assert sum(bool(row["region"]) for row in schools) == 25_102
    assert count(schools, left_out="not-in-england") == 1_407
    statuses = ("Open", "Open, but proposed to close", "Proposed to open")
    assert [count(schools, establishment_status=status) for status in statuses] == [26_422, 9, 78]


def test_rows_in_england_hold_the_grades_the_readme_counts(schools: Table) -> None:
    english = [row for row in schools if row["left_out"] != "not-in-england"]
    assert (count(english, latest_grade="3"), count(english, latest_grade="4")) == (2_195, 735)
    assert len(twice_below_good(english)) == 983


def test_state_funded_schools_are_those_the_readme_counts(schools: Table) -> None:
    funded = [row for row in schools if row["state_funded"] == "yes"]
    assert len(funded) == 21_889
    assert (count(funded, latest_grade="3"), count(funded, latest_grade="4")) == (2_067, 648)
    assert len(twice_below_good(funded)) == 891


def test_those_in_scope_are_state_funded_and_open(england: tuple[ImportSummary, Table, Table]) -> None:
    summary, schools, _ = england
    assert summary.in_scope == count(schools, left_out="") == 21_889 - 68
    assert summary.left_out == {"not-in-england": 1_407, "not-yet-open": 75, "not-state-funded": 3_206}
    assert summary.grades["twice_below_good"] == 880
    assert summary.needs == {"assessed": 0, "proxy": 18_331, "unknown": 3_490}


def test_trusts_are_those_the_domain_notes_count(trusts: Table) -> None:
    assert len(trusts) == 1_359
    assert sum(int(row["regions_spanned"]) > 1 for row in trusts) == 154


def test_the_proxy_for_trust_quality_counts_inspections_since_joining(trusts: Table) -> None:
    assert by_share(trusts, "inspected_ever", "share_good_ever") == [269, 197, 81]
    assert by_share(trusts, "inspected", "share_good") == [109, 90, 42]


def by_share(trusts: Table, inspected: str, share: str) -> list[int]:
    judged = [float(row[share]) for row in trusts if int(row[inspected]) >= 5]
    return [sum(value >= least for value in judged) for least in (0.7, 0.8, 0.9)]


def test_most_schools_below_good_were_inspected_before_they_joined(schools: Table) -> None:
    assert sum(bool(row["trust_id"]) for row in twice_below_good(schools)) == 585
    members = [row for row in schools if row["trust_id"] and row["latest_grade"] in ("3", "4")]
    assert len(members) == 1_646
    assert sum(row["latest_inspected"] < row["trust_joined"] for row in members) == 1_016


def test_needs_are_marked_by_what_they_rest_on(england: tuple[ImportSummary, Table, Table]) -> None:
    summary, schools, _ = england
    assert summary.finance_basis == {"balance": 9_473, "grades": 8_858}
    assert {row["need_source"] for row in schools} == {"proxy", "unknown"}
    for row in schools:
        needs = [row[f"need_{area}"] for area in ("leadership", "governance", "finance")]
        assert all(needs) == bool(row["latest_grade"]) == (row["need_source"] == "proxy")
        assert all(0 <= float(need) <= 1 for need in needs if need)


def test_following_predecessors_adds_nothing_as_the_extract_has_followed_them(
    england: tuple[ImportSummary, Table, Table],
) -> None:
    summary, schools, _ = england
    assert summary.history_followed == 0
    assert {row["inspected_as"] for row in schools} == {""}
