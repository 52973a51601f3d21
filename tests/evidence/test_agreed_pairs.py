"""Agreed pairs stay whatever limits are narrowed later; each that is beyond one is told, and nothing new is let in."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import Result, allocate, load_scenario, verify
from nle_optimizer.errors import InputError
from nle_optimizer.evidence.verification.checker import check_claim
from support.scenarios import nle, school, write_scenario

FAR = {"easting": 520_000}
LIMITS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({"geography": {"max_distance_km": 20}}, {}, FAR, "farther apart than the limits on distance allow"),
    ({}, {}, {**FAR, "max_distance_km": 5}, "farther apart than the limits on distance allow"),
    ({"geography": {"min_distance_km": 3}}, {}, {}, "nearer than geography.min_distance_km"),
    ({"geography": {"max_travel_minutes": 30}}, {}, {}, "travel time is over"),
    ({"geography": {"within": "region"}}, {"region": "London"}, {"region": "South East"}, "may not be crossed"),
    ({}, {"region": "London"}, {"regions": "South East"}, "may not be crossed"),
    ({}, {"phase": "primary"}, {"phases": "secondary"}, "phases do not agree"),
    ({"suitability": {"faith": "must"}}, {"faith": "Quaker"}, {"faiths": "Roman Catholic"}, "faiths do not agree"),
    (
        {"conflicts": {"same_authority": True}},
        {"local_authority": "Kent"},
        {"local_authority": "Kent"},
        "conflicts.same_authority",
    ),
    ({"fit": {"minimum": 0.9}}, {}, {"expertise_finance": 0}, "fits worse than fit.minimum"),
    ({"data": {"pairs": {"file": "pairs.csv", "only": True}}}, {}, {}, "only listed pairs count"),
]


def planned(folder: Path, settings: dict[str, Any], state: str, **tables: Any) -> Result:
    current = [{"school_id": "S1", "nle_id": "N1", "state": state}]
    return allocate(load_scenario(write_scenario(folder, settings, current=current, **tables)))


def told(result: Result) -> list[str]:
    return [found["text"] for found in result.claim.summary["findings"] if found["code"] == "agreed-beyond-limit"]


@pytest.mark.parametrize(("settings", "of_school", "of_nle", "words"), LIMITS)
@pytest.mark.parametrize("state", ["agreed", "started", "proposed"])
def test_an_agreed_pair_stays_beyond_a_limit_and_is_told_with_it(
    tmp_path: Path, settings: dict[str, Any], of_school: dict[str, Any], of_nle: dict[str, Any], words: str, state: str
) -> None:
    schools, nles = [school(1, **of_school), school(2)], [nle(1, **of_nle), nle(2, placements=0)]
    pairs = [{"nle_id": "N2", "school_id": "S2"}] if "data" in settings else None
    result = planned(tmp_path, settings, state, schools=schools, nles=nles, pairs=pairs)
    assert verify(result) == []
    stays = state != "proposed"
    assert (("S1", "N1") in {(row["school_id"], row["nle_id"]) for row in result.allocation.rows()}) == stays
    texts = told(result)
    assert len(texts) == stays and all(words in text and "N1, S1" in text and state in text for text in texts)
    if stays:
        silent = {**result.claim.summary, "findings": []}
        found = check_claim(result.scenario, replace(result.claim, summary=silent))
        assert found == ["summary.json: findings: nothing says that N1, S1 is beyond a limit"]


def test_a_pair_that_stands_and_is_pinned_stays_too(tmp_path: Path) -> None:
    pairs = [{"nle_id": "N1", "school_id": "S1", "relation": "require"}]
    settings = {"geography": {"max_distance_km": 20}}
    tables: dict[str, Any] = {"schools": [school(1)], "nles": [nle(1, **FAR)], "pairs": pairs}
    result = planned(tmp_path, settings, "proposed", **tables)
    assert verify(result) == [] and len(told(result)) == 1 and len(result.allocation) == 1
    with pytest.raises(InputError, match="the pair is required, and ruled out"):
        allocate(load_scenario(write_scenario(tmp_path / "new", settings, **tables)))


@pytest.mark.parametrize("relation", ["conflict", "objects", "forbid"])
def test_a_conflict_of_interest_is_no_limit(tmp_path: Path, relation: str) -> None:
    pairs = [{"nle_id": "N1", "school_id": "S1", "relation": relation}]
    with pytest.raises(InputError, match="the pair is agreed today, and ruled out"):
        planned(tmp_path, {}, "agreed", schools=[school(1)], nles=[nle(1)], pairs=pairs)


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ({"type": "quota", "maximum": 0}, 2),
        ({"type": "quota", "maximum": 3}, 3),
        ({"type": "quota", "of": "pairs", "where": {"school.region": "North"}, "maximum": 1}, 2),
        ({"type": "quota", "of": "nles", "maximum": 1}, 2),
        ({"type": "quota", "maximum_share": 0.2, "share_of": "eligible"}, 2),
        ({"type": "budget", "of": "placements", "maximum": 1}, 2),
        ({"type": "keep_together", "by": "region", "maximum": 1}, 2),
        ({"type": "new_to_area", "by": "region", "maximum": 0}, 0),
    ],
)
def test_a_limit_over_many_pairs_lets_agreed_ones_stay_and_nothing_beyond_them_in(
    tmp_path: Path, limit: dict[str, Any], most: int
) -> None:
    rows = [{"school_id": f"S{n}", "nle_id": f"N{n}", "state": "agreed"} for n in (1, 2)]
    schools = [school(n, region="North") for n in range(5)]
    settings = {"constraints": [{"name": "limit", **limit}], "objectives": ["schools_supported"]}
    file = write_scenario(tmp_path, settings, schools=schools, nles=[nle(n) for n in range(5)], current=rows)
    result = allocate(load_scenario(file))
    assert verify(result) == []
    assert {("S1", "N1"), ("S2", "N2")} <= {(row["school_id"], row["nle_id"]) for row in result.allocation.rows()}
    (row,) = result.claim.summary["constraints"]
    assert row["value"] <= row["maximum"] == most
    asked = limit.get("maximum", 1)
    assert len(told(result)) == (asked < 2 and most == 2)
    assert all("limit" in text and "N1, S1; N2, S2" in text for text in told(result))


def test_a_share_of_what_is_matched_is_exceeded_by_no_more_than_agreed_pairs_alone_do(tmp_path: Path) -> None:
    rows = [{"school_id": f"S{n}", "nle_id": f"N{n}", "state": "agreed"} for n in (1, 2)]
    schools = [school(n, region="North" if n in (1, 2, 3) else "South") for n in range(6)]
    limit = {"name": "north", "type": "quota", "where": {"region": "North"}, "maximum_share": 0.4}
    settings = {"constraints": [limit], "objectives": ["schools_supported"]}
    file = write_scenario(tmp_path, settings, schools=schools, nles=[nle(n) for n in range(6)], current=rows)
    result = allocate(load_scenario(file))
    assert verify(result) == [] and len(told(result)) == 1
    supported = {row["school_id"] for row in result.allocation.rows()}
    north = len(supported & {"S1", "S2", "S3"})
    assert 10 * north - 4 * len(supported) <= 10 * 2 - 4 * 2 and len(supported) == 6


def test_capacity_that_settings_take_away_stays_with_agreed_pairs_and_the_tables_own_does_not(tmp_path: Path) -> None:
    rows = [{"school_id": f"S{n}", "nle_id": "N1", "state": "agreed"} for n in (1, 2)]
    settings = {"capacity": {"multiply": {"placements": 0.25}}}
    schools, nles = [school(n) for n in (1, 2, 3)], [nle(1, placements=4), nle(2, placements=4)]
    file = write_scenario(tmp_path, settings, schools=schools, nles=nles, current=rows)
    result = allocate(load_scenario(file))
    assert verify(result) == []
    assert [row["nle_id"] for row in result.allocation.rows()] == ["N1", "N1", "N2"]
    (text,) = told(result)
    assert "N1 take more than capacity.multiply" in text
    less = write_scenario(tmp_path / "less", schools=schools, nles=[nle(1, placements=1)], current=rows)
    assert allocate(load_scenario(less)).status == "infeasible"


def test_validate_tells_what_a_run_tells_of_agreed_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from nle_optimizer.cli.main import run_program

    current = [{"school_id": "S1", "nle_id": "N1", "state": "agreed"}]
    settings = {"geography": {"max_distance_km": 20}}
    file = write_scenario(tmp_path, settings, schools=[school(1)], nles=[nle(1, **FAR)], current=current)
    assert run_program(["validate", str(file), "--format", "json"]) == 0
    ((finding,),) = (entry["findings"] for entry in json.loads(capsys.readouterr().out)["scenarios"])
    assert (finding["code"], finding["row"], finding["column"]) == ("agreed-beyond-limit", 2, "state")
    assert run_program(["run", str(file), "--out", str(tmp_path / "r"), "--no-report"]) == 0
    captured = capsys.readouterr()
    assert "warning: current.csv:row 2: state: the pair is agreed and stays, although it is farther" in captured.err
    assert "Findings: agreed-beyond-limit 1" in captured.out
