"""Needs, trusts, cases and NLEs of the import of England's extracts, on small files made here."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from test_import_england import LINKS_HEADER, MULTI, gias, imported, ofsted, problems_of, table, urn_links, write

from nle_optimizer.scenario.columns import STATUS_CODES
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.sources.england.importer import EnglandFiles
from nle_optimizer.sources.england.inspections import finance_need, governance_need, leadership_need

GRADES = (1, 2, 3, 4)
BALANCES = [Fraction(n, 100) for n in range(-20, 11)]
NEEDS = ("need_leadership", "need_governance", "need_finance")


# -- proxies ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("better", [1, 2, 3])
def test_a_worse_grade_never_lowers_a_need(better: int) -> None:
    worse = better + 1
    for other in (None, *GRADES):
        assert leadership_need(None, better, other) <= leadership_need(None, worse, other)  # type: ignore[operator]
        assert leadership_need(better, 3, other) <= leadership_need(worse, 3, other)  # type: ignore[operator]
        assert governance_need(better, other) <= governance_need(worse, other)  # type: ignore[operator]
    for latest in GRADES:
        assert leadership_need(None, latest, better) <= leadership_need(None, latest, worse)  # type: ignore[operator]
        assert governance_need(latest, better) <= governance_need(latest, worse)  # type: ignore[operator]
    assert finance_need(None, better)[0] <= finance_need(None, worse)[0]  # type: ignore[operator]


def test_a_worse_balance_never_lowers_the_need_in_finance_and_all_needs_lie_between_0_and_1() -> None:
    needs = [finance_need(balance, 3)[0] for balance in BALANCES]
    assert needs == sorted(needs, reverse=True)  # type: ignore[type-var]
    assert (needs[0], needs[-1]) == (1, 0)
    assert finance_need(Fraction(0), 3) == (Fraction(1, 5), "balance")
    assert finance_need(Fraction(-1, 10), 3)[0] == 1
    for latest, previous in product(GRADES, GRADES):
        assert 0 <= leadership_need(None, latest, previous) <= 1  # type: ignore[operator]
        assert 0 <= governance_need(latest, previous) <= 1  # type: ignore[operator]


def test_needs_are_exact_proxies_and_say_what_they_rest_on(tmp_path: Path) -> None:
    schools = gias(tmp_path, *({"URN": n} for n in (1, 2, 3)))
    grades = ofsted(tmp_path, [1, 3, "01/01/2018", 4, "01/01/2015"], [2, 4, "01/01/2019", "", ""])
    money = write(tmp_path / "f.csv", ("URN", "Income", "In-year balance"), [[1, "3000000", "-10000.00"], [3, 1, 1]])
    summary, rows = imported(tmp_path, EnglandFiles(schools, grades, finance=money))
    assert [[row[name] for name in NEEDS] for row in rows.values()] == [
        ["0.7", "0.8", "0.226667"],
        ["0.9", "0.6", "0.45"],
        ["", "", ""],
    ]
    assert [row["need_finance_basis"] for row in rows.values()] == ["balance", "grades", ""]
    assert [row["need_source"] for row in rows.values()] == ["proxy", "proxy", "unknown"]
    assert rows["1"]["in_year_balance_share"] == "-0.003333"
    assert summary.needs == {"assessed": 0, "proxy": 2, "unknown": 1}


# -- trusts -------------------------------------------------------------------------------------------------


def test_only_open_multi_academy_trusts_count_and_the_last_joined_wins(tmp_path: Path) -> None:
    schools = gias(tmp_path, *({"URN": n} for n in range(1, 6)))
    rows = [
        [1, 7, "SEVEN", MULTI, "Open", "2015-09-01"], [1, 8, "EIGHT", MULTI, "Open", "2018-01-01"],
        [2, 9, "NINE", "Single-academy trust", "Open", "01/09/2012"],
        [3, 6, "SIX", MULTI, "Closed", "01-09-2012"],
        [4, 5, "FED", "Federation", "Open", ""],
    ]  # fmt: skip
    links = write(tmp_path / "links.csv", LINKS_HEADER, rows)
    _, tables = imported(tmp_path, EnglandFiles(schools, trust_links=links))
    assert [row["trust_id"] for row in tables.values()] == ["8", "", "", "", ""]
    assert tables["1"]["trust_joined"] == "2018-01-01"
    assert tables["2"]["single_academy_trust"] == "9"
    assert [row["trust_id"] for row in table(tmp_path / "out" / "trusts.csv")] == ["8"]


def test_without_links_a_trust_is_a_multi_one_where_two_schools_share_its_code(tmp_path: Path) -> None:
    codes = ("70", "70", "71")
    schools = gias(tmp_path, *({"URN": n, "Trusts (code)": code} for n, code in enumerate(codes)))
    _, rows = imported(tmp_path, EnglandFiles(schools))
    assert [row["trust_id"] for row in rows.values()] == ["70", "70", ""]
    assert rows["2"]["single_academy_trust"] == "71"
    (trust,) = table(tmp_path / "out" / "trusts.csv")
    assert (trust["inspected"], trust["share_good"]) == ("", "")


def test_a_trust_is_judged_by_schools_inspected_since_they_joined(tmp_path: Path) -> None:
    places = (
        (600000, "South East", "Primary"),
        (600003, "South East", "All-through"),
        (530000, "London", "Nursery"),
    )
    schools = gias(
        tmp_path,
        *(
            {"URN": n, "Easting": e, "GOR (name)": region, "PhaseOfEducation (name)": phase}
            for n, (e, region, phase) in enumerate(places)
        ),
        {"URN": 3, "EstablishmentStatus (name)": "Closed", "Easting": 1},
    )
    links = write(tmp_path / "l.csv", LINKS_HEADER, [[n, 7, "SEVEN", MULTI, "Open", "2016-01-01"] for n in range(4)])
    grades = ofsted(tmp_path, [0, 2, "01/01/2016", "", ""], [1, 3, "02/01/2017", "", ""], [2, 1, "31/12/2015", "", ""])
    imported(tmp_path, EnglandFiles(schools, grades, links))
    (trust,) = table(tmp_path / "out" / "trusts.csv")
    assert (trust["inspected"], trust["share_good"]) == ("2", "0.5")
    assert (trust["inspected_ever"], trust["share_good_ever"]) == ("3", "0.666667")
    assert (trust["region"], trust["easting"], trust["schools"]) == ("South East", "576668", "3")
    assert trust["phases"] == "nursery|primary|secondary"
    assert (trust["high_quality"], trust["capacity"], trust["regions_spanned"]) == ("", "", "2")


def test_nothing_after_as_of_counts_in_needs_and_trust_records(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1})
    grades = ofsted(tmp_path, [1, 4, "01/01/2019", 2, "01/01/2015"])
    links = write(tmp_path / "l.csv", LINKS_HEADER, [[1, 7, "SEVEN", MULTI, "Open", "2014-01-01"]])
    _, rows = imported(tmp_path, EnglandFiles(schools, grades, links), as_of=date(2018, 1, 1))
    assert rows["1"]["latest_grade"] == "4"
    assert rows["1"]["need_leadership"] == "0.2"
    assert table(tmp_path / "out" / "trusts.csv")[0]["share_good"] == "1"


# -- cases --------------------------------------------------------------------------------------------------


def test_cases_keep_what_they_give_and_get_the_rest_from_the_official_files(tmp_path: Path) -> None:
    schools = gias(tmp_path, *({"URN": n} for n in (1, 2, 3, 4)))
    grades = ofsted(tmp_path, *([n, 3, "01/01/2018", "", ""] for n in (1, 2, 3)))
    header = ("URN", "Name", *NEEDS, "priority", "arrived", "latest_grade", "officer")
    rows = [
        [3, "", "high", "0.25", "0", 1, "05/01/2022", "", "=A1"],
        [1, "Mine", "", "0.9", "SUPP", "", "", "Inadequate", "B"],
        [4, "", "", "", "", "", "", "", ""],
    ]
    cases = write(tmp_path / "cases.csv", header, rows, "cp1252")
    summary, tables = imported(tmp_path, EnglandFiles(schools, grades, cases=cases))
    assert list(tables) == ["1", "3", "4"]
    assert summary.not_written == 1
    assert [tables["3"][name] for name in (*NEEDS, "need_source")] == ["high", "0.25", "0", "assessed"]
    assert [tables["1"][name] for name in (*NEEDS, "need_source")] == ["0.9", "0.9", "0.45", "proxy"]
    assert tables["1"]["need_assessed_areas"] == "governance"
    assert tables["4"]["need_source"] == "unknown"
    assert (tables["1"]["name"], tables["3"]["name"], tables["3"]["officer"]) == ("Mine", "School 3", "'=A1")
    assert tables["3"]["arrived"] == "2022-01-05"
    assert str(summary.as_of) == "2022-01-05"
    assert "policy: all" in (tmp_path / "out" / "scenario.yaml").read_text(encoding="utf-8")


def test_a_case_that_gias_does_not_have_is_an_error_that_names_row_and_successor(tmp_path: Path) -> None:
    cases = write(tmp_path / "cases.csv", ("school_id", "need_finance"), [[1, "hihg"], [80, ""], [81, ""]])
    links = urn_links(tmp_path, [80, 1, "", "Successor"])
    told = problems_of(EnglandFiles(gias(tmp_path, {"URN": 1}), cases=cases, urn_links=links), tmp_path)
    assert told == [
        f"{cases}:row 2: need_finance: must be from 0 to 1 or one of none, low, medium, high; got hihg; "
        "did you mean high?",
        f"{cases}:row 3: school_id: GIAS has no such school; got 80; its successor is 1",
        f"{cases}:row 4: school_id: GIAS has no such school; got 81; check the URN",
    ]


def test_a_case_brings_in_a_school_that_gias_alone_would_leave_out(tmp_path: Path) -> None:
    unit = {
        "URN": 1,
        "TypeOfEstablishment (name)": "",
        "PhaseOfEducation (name)": "Not applicable",
        "Easting": "",
    }
    header = ("school_id", "establishment_type", "latitude", "longitude")
    cases = write(tmp_path / "cases.csv", header, [[1, "Pupil referral unit", "51.2", "0.9"]])
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, unit), cases=cases))
    assert (rows["1"]["left_out"], rows["1"]["phase"], rows["1"]["easting"]) == (
        "",
        "alternative-provision",
        "",
    )


def test_a_schools_table_of_an_earlier_import_as_cases_keeps_its_proxies_as_proxies(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1}, {"URN": 2, "EstablishmentStatus (name)": "Closed"})
    grades = ofsted(tmp_path, [1, 3, "01/01/2018", "", ""])
    _, before = imported(tmp_path, EnglandFiles(schools, grades))
    again = tmp_path / "again"
    again.mkdir()
    _, after = imported(again, EnglandFiles(schools, grades, cases=tmp_path / "out" / "schools.csv"))
    before["2"]["left_out_evidence"] = before["2"]["left_out_evidence"].replace("GIAS:", "GIAS and cases:")
    assert after == before


# -- NLEs ---------------------------------------------------------------------------------------------------


def test_blank_cells_of_nles_are_filled_from_the_home_school_and_given_ones_kept(tmp_path: Path) -> None:
    schools = gias(
        tmp_path,
        {"URN": 1, "PhaseOfEducation (name)": "All-through"},
        {"URN": 2, "Trusts (code)": 5},
        {"URN": 3, "Trusts (code)": 5},
    )
    grades = ofsted(tmp_path, [1, 1, "01/01/2018", "", ""], [2, 3, "01/01/2018", "", ""])
    header = (
        "nle_id",
        "name",
        "home_school_id",
        "easting",
        "northing",
        "region",
        "expertise_finance",
        "shoe size",
    )
    rows = [
        ["N2", "Zoë", 2, "1", "2", "London", "high", "5"],
        ["N1", "@home", 1, "", "", "", "0.5", ""],
        ["N3", "", 99, "", "", "", "", ""],
    ]
    nles = write(tmp_path / "nles.csv", header, rows, "cp1252")
    summary, _ = imported(tmp_path, EnglandFiles(schools, grades, nles=nles))
    first, second, third = table(tmp_path / "out" / "nles.csv")
    assert (first["name"], first["easting"], first["northing"]) == ("'@home", "600000", "150000")
    assert (first["phases"], first["home_grade"]) == ("primary|secondary", "1")
    assert (second["name"], second["easting"], second["region"], second["shoe size"]) == (
        "Zoë",
        "1",
        "London",
        "5",
    )
    assert (second["local_authority"], second["trust_id"], second["home_grade"]) == ("Kent", "5", "3")
    assert (third["nle_id"], third["easting"], third["phases"]) == ("N3", "", "")
    assert summary.nles is not None
    assert (summary.nles["rows"], summary.nles["homes_found"], summary.nles["easting"]) == (3, 2, 1)
    assert "nles.csv:row 4: home_school_id: GIAS has no school 99: nothing was filled." in summary.findings


GIVEN_HOMES = {
    "open": (1, "1", ""),
    "closed, one successor": (2, "3", "2 has become 3, which is its home school here"),
    "not in GIAS, a chain of two": (80, "3", "80 has become 3, which is its home school here"),
    "closed, split": (4, "", "4 has become 1, 3, so nobody can say which: nothing was filled"),
    "not in GIAS, merged": (81, "", "81 has become 1, so nobody can say which: nothing was filled"),
    "closed, nobody after": (5, "5", "5 is Closed in GIAS, and no successor is known; it was filled from as it is"),
    "in a circle": (82, "", "GIAS has no school 82: nothing was filled"),
    "a zero too many": ("01", "", "GIAS has no school 01: nothing was filled; did you mean 1?"),
    "as a float": ("1.0", "1", ""),
}


@pytest.mark.parametrize("case", GIVEN_HOMES)
def test_a_home_school_is_followed_to_its_single_successor_and_to_no_other(tmp_path: Path, case: str) -> None:
    schools = gias(
        tmp_path,
        {"URN": 1, "Easting": 500001},
        {"URN": 2, "Easting": 500002, "EstablishmentStatus (name)": "Closed"},
        {"URN": 3, "Easting": 500003, "EstablishmentStatus (name)": "Open, but proposed to close"},
        {"URN": 4, "Easting": 500004, "EstablishmentStatus (name)": "Closed"},
        {"URN": 5, "Easting": 500005, "EstablishmentStatus (name)": "Closed"},
    )
    links = urn_links(
        tmp_path,
        [2, "3.0", "", "Successor"], [80, 2, "", "Successor"], [4, 1, "", "Successor"], [3, 4, "", "Predecessor"],
        [81, 1, "", "Successor - merged"], [82, 83, "", "Successor"], [83, 82, "", "Successor"],
    )  # fmt: skip
    given, home, said = GIVEN_HOMES[case]
    nles = write(tmp_path / "nles.csv", ("nle_id", "home_school_id"), [["N1", given]])
    summary, _ = imported(tmp_path, EnglandFiles(schools, nles=nles, urn_links=links))
    (row,) = table(tmp_path / "out" / "nles.csv")
    assert row["easting"] == (f"50000{home}" if home else "")
    assert row["home_school_id"] == (home or str(given))
    assert row.get("home_school_was", "") == (str(given) if "which is" in said else "")
    assert [text for text in summary.findings if "home_school_id:" in text and "read in" not in text] == (
        [f"nles.csv:row 2: home_school_id: {said}."] if said else []
    )


def test_identifiers_of_every_file_are_read_in_one_spelling(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": "1.0", "Trusts (code)": "NULL"}, {"URN": 2, "Trusts (code)": "\u00a07.0"})
    grades = ofsted(tmp_path, ["1.0", 3, "01/01/2018", 3, "01/01/2015"])
    members = write(tmp_path / "l.csv", LINKS_HEADER, [["2.0", "7.0", "SEVEN", MULTI, "Open", "2014-01-01"]])
    money = write(tmp_path / "f.csv", ("URN", "Income", "In-year balance"), [["1.0", "100", "-1"]])
    cases = write(tmp_path / "c.csv", ("URN", "trust_id", "faith"), [["１", "N/A", "Does not apply"], [2, "7.0", ""]])
    summary, rows = imported(tmp_path, EnglandFiles(schools, grades, members, money, cases))
    assert [
        (row["trust_id"], row["latest_grade"], row["need_finance_basis"], row["faith"]) for row in rows.values()
    ] == [
        ("", "3", "balance", ""),
        ("7", "", "", ""),
    ]
    told = [text for text in summary.findings if "spelling" in text or "nothing" in text]
    assert len(told) == 10


def test_places_at_0_0_are_none(tmp_path: Path) -> None:
    schools = gias(tmp_path, {"URN": 1, "Easting": 0, "Northing": 0}, {"URN": 2})
    nles = write(tmp_path / "nles.csv", ("nle_id", "home_school_id", "easting", "northing"), [["N1", 2, "0", "0.0"]])
    summary, rows = imported(tmp_path, EnglandFiles(schools, nles=nles))
    assert (rows["1"]["easting"], rows["1"]["left_out"]) == ("", "no-coordinates")
    assert table(tmp_path / "out" / "nles.csv")[0]["easting"] == "600000"
    assert "Schools at easting 0, northing 0, which is no place and read as blank: 1." in summary.findings


@pytest.mark.parametrize(("code", "reason"), [(1, ""), (2, "closed"), (3, ""), (4, "not-yet-open"), (9, "closed")])
def test_a_status_by_its_code_is_that_of_its_name(tmp_path: Path, code: int, reason: str) -> None:
    _, rows = imported(tmp_path, EnglandFiles(gias(tmp_path, {"URN": 1, "EstablishmentStatus (name)": code})))
    assert rows["1"]["left_out"] == reason
    assert rows["1"]["establishment_status"] == STATUS_CODES[str(code)]


def test_the_scenario_names_an_nle_list_that_nobody_invents(tmp_path: Path) -> None:
    summary, _ = imported(tmp_path, EnglandFiles(gias(tmp_path, {"URN": 1})))
    text = (tmp_path / "out" / "scenario.yaml").read_text(encoding="utf-8")
    assert "  nles: nles.csv" in text
    assert "#   expertise_governance" in text
    assert "nles.csv" not in summary.files
    assert not (tmp_path / "out" / "nles.csv").exists()


def test_the_imported_scenario_loads_once_a_list_of_nles_is_there(tmp_path: Path) -> None:
    grades = ofsted(tmp_path, [1, 3, "01/01/2018", 3, "01/01/2015"])
    links = write(tmp_path / "l.csv", LINKS_HEADER, [[2, 7, "SEVEN", MULTI, "Open", "2014-01-01"]])
    schools = gias(tmp_path, {"URN": 1}, {"URN": 2})
    header = (
        "nle_id",
        "home_school_id",
        "expertise_leadership",
        "expertise_governance",
        "expertise_finance",
        "days",
    )
    nles = write(tmp_path / "nles.csv", header, [["N1", 2, "high", "low", "0.5", 12]])
    imported(tmp_path, EnglandFiles(schools, grades, links, nles=nles))
    scenario = load_scenario(tmp_path / "out" / "scenario.yaml")
    assert scenario.settings.eligibility.policy == "two-below-good-2022"
    assert scenario.settings.trust_first.high_quality.min_share_good == Decimal("0.8")
    assert scenario.settings.capacity.resources == ["days"]
    assert str(scenario.settings.as_of) == "2018-01-01"
