"""The engines and the verifier share no code but the reader; on random scenarios they must agree."""

import os
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from pydantic import ValidationError

from nle_optimizer import Result, allocate, load_scenario, verify
from nle_optimizer.errors import InfeasibleError, InputError, UnsupportedError
from nle_optimizer.running import check, result_of
from nle_optimizer.scenario.settings import Settings
from support.any_scenario import any_settings, every_setting, settings_given
from support.carried_through import carry_many
from support.random_scenarios import write_random_scenario
from support.scenarios import nle, read_table, school, write_scenario, write_table

SEEDS = range(160)
"""Thousands more: `python benchmarks/two_readings.py`."""
DEMANDING = [*range(100), 5254]
"""In the last no pair fits its NLE, so that every bound is 0."""
STOPPED = range(25)
MANY = int(os.environ.get("NLE_OPTIMIZER_CASES", "1"))
"""By how much the cases with nought are multiplied."""


def _allocated(folder: Path, seed: int, *sets: str, demanding: bool) -> Result | None:
    """A random result; None where the random scenario contradicts itself."""
    try:
        return allocate(load_scenario(write_random_scenario(folder, seed, demanding=demanding), sets=sets))
    except InputError as refusal:
        assert refusal.problems
        return None


def _check(result: Result | None) -> None:
    if result is None:
        return
    assert verify(result) == []
    counts = result.claim.summary["counts"]
    came = counts["schools_read"] + counts["recipients_formed"]
    assert came == counts["excluded"] + counts["supported"] + counts["unmatched"]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_result_stands_up_to_a_second_reading_and_loses_no_school(seed: int, tmp_path: Path) -> None:
    result = _allocated(tmp_path, seed, demanding=False)
    _check(result)
    assert result is None or result.status in ("optimal", "infeasible")


@pytest.mark.parametrize("seed", DEMANDING)
def test_days_constraints_and_fairness_are_read_alike(seed: int, tmp_path: Path) -> None:
    _check(_allocated(tmp_path, seed, demanding=True))


@pytest.mark.parametrize("rule", ["optimal", "greedy", "immediate-acceptance", "deferred-acceptance-nles"])
@pytest.mark.parametrize("demanding", [False, True])
def test_nought_is_read_alike_and_an_nle_with_nothing_changes_no_assignment(
    demanding: bool, rule: str, tmp_path: Path
) -> None:
    """Every result stands, whatever has nought of this or that; one more NLE that has nothing stands first."""
    for seed in range(6 * MANY):
        rng, folder = Random(seed), tmp_path / str(seed)
        folder.mkdir()
        file = write_random_scenario(folder, seed, demanding=demanding)
        rows = read_table(folder / "nles.csv")
        resources = [name for name in ("placements", "days", "money") if name in rows[0]]
        rows = [{**row, rng.choice(resources): "0"} if rng.random() < 0.5 else row for row in rows]
        nothing = dict.fromkeys(resources, "0") | {"nle_id": "M0", "kind": "NLE", "status": "available"}
        found = []
        for nles in (rows, [{**rows[0], **nothing}, *rows]):
            write_table(folder / "nles.csv", nles)
            try:
                found.append(allocate(load_scenario(file, sets=[f"rule={rule}"])))
            except (InputError, UnsupportedError):
                break
            assert verify(found[-1]) == []
        assert len(found) != 1
        if found:
            pairs = [[(row["school_id"], row["nle_id"]) for row in each.allocation.rows()] for each in found]
            assert pairs[0] == pairs[1] and "M0" not in {nle for _, nle in pairs[1]}


@pytest.mark.parametrize("setting", ["stop.seconds=0.000001", "stop.work=1", "stop.gap=0.5"])
@pytest.mark.parametrize("seed", STOPPED)
def test_what_was_stopped_claims_no_more_than_it_proves(seed: int, setting: str, tmp_path: Path) -> None:
    _check(_allocated(tmp_path, seed, setting, demanding=True))


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_a_brief_result_has_the_figures_and_the_proof_of_a_whole_one_and_stands_too(seed: int, tmp_path: Path) -> None:
    try:
        scenario = load_scenario(write_random_scenario(tmp_path, seed, demanding=seed % 2 == 1))
        whole, brief = allocate(scenario), result_of(scenario, brief=True)
    except InputError as refusal:
        assert refusal.problems
        return
    assert (brief.claim.summary, brief.claim.certificate) == (whole.claim.summary, whole.claim.certificate)
    assert verify(brief) == []


@pytest.mark.parametrize("seed", SEEDS[:25])
def test_a_brief_result_that_lacks_a_pair_or_a_school_does_not_stand(seed: int, tmp_path: Path) -> None:
    try:
        result = result_of(load_scenario(write_random_scenario(tmp_path, seed)), brief=True)
    except InputError as refusal:
        assert refusal.problems
        return
    for name, table in result.claim.tables.items():
        if any(table.values()):
            shorter = {column: cells[:-1] for column, cells in table.items()}
            claim = replace(result.claim, tables={**result.claim.tables, name: shorter})
            assert verify(replace(result, claim=claim)) != []


JOINED_LATER: list[tuple[dict[str, object], int]] = [
    ({"objectives": [{"schools_supported": {"where": {"trust_id": "T1"}}}]}, 1),
    ({"objectives": [{"schools_supported": {"where": {"trust_id": {"missing": True}}}}]}, 1),
    ({"objectives": [{"schools_supported": {"by": "trust_id"}}]}, 1),
    ({"objectives": [{"schools_supported": {"where": {"trust_joined": {"missing": True}}}}]}, 2),
    ({"constraints": [{"name": "c", "type": "quota", "where": {"trust_id": "T1"}, "maximum": 0}]}, 1),
    ({"constraints": [{"name": "c", "type": "quota", "of": "pairs", "by": "trust_id", "maximum_share": 0}]}, 1),
    ({"constraints": [{"name": "c", "type": "quota", "by": "trust_joined", "maximum_share": 0}]}, 2),
    ({"constraints": [{"name": "c", "type": "quota", "of": "pairs", "by": "trust_joined", "maximum": 0}]}, 2),
]
"""Settings, and what the first objective comes to where one of two schools joins a trust after the day."""


@pytest.mark.parametrize(("settings", "expected"), JOINED_LATER)
def test_a_school_that_joins_a_trust_later_counts_with_its_trust_and_its_day_is_blank(
    settings: dict[str, object], expected: int, tmp_path: Path
) -> None:
    schools = [school(1, trust_id="T1", trust_joined="2021-01-01"), school(2)]
    chosen = {"as_of": "2020-01-01", "objectives": ["schools_supported"], **settings}
    file = write_scenario(tmp_path, chosen, schools, [nle(1, placements=2)], trusts=[{"trust_id": "T1"}])
    result = allocate(load_scenario(file))
    assert verify(result) == []
    assert result.claim.summary["objectives"][0]["value"] == expected


@pytest.mark.parametrize("column", ["placements", "supporters", "latest_grade", "own"])
@pytest.mark.parametrize("condition", [2, [2, 3], {"min": 2}, {"max": 2}, {"before": 2}, {"not": 2}, {"missing": True}])
def test_a_trust_formed_of_its_schools_may_have_one_nle_and_has_blanks_for_what_it_does_not_take_over(
    column: str, condition: object, tmp_path: Path
) -> None:
    cells = [dict.fromkeys(("placements", "supporters", "latest_grade", "own"), n) for n in (2, 3, 1)]
    schools = [school(1, trust_id="T1", **cells[0]), school(2, trust_id="T1", **cells[1]), school(3, **cells[2])]
    limit = {"name": "c", "type": "quota", "where": {column: condition}, "maximum": 0}
    settings = {"eligibility": {"recipients": "trust"}, "constraints": [limit], "objectives": ["schools_supported"]}
    file = write_scenario(tmp_path, settings, schools, [nle(1, placements=9)], trusts=[{"trust_id": "T1"}])
    result = allocate(load_scenario(file))
    assert verify(result) == []
    supported = result.claim.tables["allocation"]["school_id"]
    limits_it = (
        condition in ({"max": 2}, {"before": 2}, {"not": 2}) if column == "supporters" else "missing" in str(condition)
    )
    assert ("T1" in supported) != limits_it


FILES = {"file": "schools.csv", "sheet": "A", "header": 1, "encoding": "utf-8", "columns": {"a": "b"}}


@pytest.mark.parametrize("seeds", [range(n, n + 12) for n in range(0, 60, 12)])
def test_whatever_is_valid_runs_and_its_untouched_folder_means_the_same(seeds: range, tmp_path: Path) -> None:
    """Far more of them: `python benchmarks/two_readings.py`."""
    faults: list[str] = []
    ends = carry_many(seeds, tmp_path, lambda seed, why: faults.append(f"seed {seed}: {why}"))
    assert faults == []
    assert ends["optimal"] > 0


def test_the_random_scenarios_turn_every_setting_of_the_schema() -> None:
    given: set[str] = set()
    for seed in range(500):
        settings = any_settings(seed)[0] | {"data": {"schools": FILES, "nles": "n", "trusts": "t", "current": "c"}}
        settings["data"] |= {"pairs": {"file": "p", "only": True}, "gias": {"file": "g", "fill": False}}
        try:
            given |= set(settings_given(Settings.model_validate(settings)))
        except ValidationError:
            continue
    assert every_setting() - given == set(), "give them values in VALUES of tests/support/any_scenario.py"


@pytest.mark.parametrize("more", [0, 1])
def test_a_limit_on_pairs_that_no_nle_can_hold_is_read_alike(tmp_path: Path, more: int) -> None:
    """The one pair that the limit counts takes five places, of which its NLE has three; others it does not count."""
    limit = {"name": "few", "type": "budget", "of": "placements", "by": "arrived", "maximum": 1}
    schools = [school(1, arrived="2020-06-15", placements=5), *([school(2, placements=5)] if more else [])]
    settings = {"capacity": {"resources": ["placements"]}, "constraints": [limit], "objectives": ["fit"]}
    file = write_scenario(tmp_path, settings, schools, [nle(1, placements=3)])
    result = allocate(load_scenario(file))
    assert result.status == "optimal"
    assert verify(result) == []


def test_a_school_that_keeps_several_nles_counts_once_in_every_objective_that_counts_schools(tmp_path: Path) -> None:
    schools = [school(n, region=region) for n, region in ((1, "London"), (2, "London"), (3, "East of England"))]
    current = [{"nle_id": f"N{n}", "school_id": s} for n, s in ((1, "S1"), (2, "S1"), (3, "S1"), (1, "S2"), (1, "S3"))]
    settings = {
        "rule": "status-quo",
        "objectives": ["schools_supported", "region_gap", {"blend": {"fit": 1, "schools_supported": 1}}],
        "constraints": [{"name": "c", "type": "quota", "by": "region", "maximum": 2}],
    }
    nles = [nle(n, placements=3) for n in (1, 2, 3)]
    result = allocate(load_scenario(write_scenario(tmp_path, settings, schools, nles, current=current)))
    assert verify(result) == []
    summary = result.claim.summary
    supported, gap, blend = (level["value"] for level in summary["objectives"])
    assert (supported, gap, blend - summary["metrics"]["total_fit"]) == (3, 0, 3)
    assert sorted(limit["value"] for limit in summary["constraints"]) == [1, 2]


@pytest.mark.parametrize("share", [{"maximum": 0}, {"maximum_share": 0.5, "share_of": "matched"}])
def test_validate_asks_a_rule_whether_it_makes_up_for_required_pairs_beyond_a_limit(
    share: dict[str, object], tmp_path: Path
) -> None:
    limit = {"name": "c", "type": "quota", "where": {"region": "London"}, **share}
    schools = [school(1, region="London"), school(2, region="London")]
    settings = {"rule": "by-need", "constraints": [limit]}
    file = write_scenario(
        tmp_path, settings, schools, [nle(1)], pairs=[{"nle_id": "N1", "school_id": "S1", "relation": "require"}]
    )
    scenario = load_scenario(file)
    refusals = []
    for carry_out in (check, allocate):
        with pytest.raises((UnsupportedError, InfeasibleError)) as refused:
            carry_out(scenario)
        refusals.append(str(refused.value))
    assert refusals[0] == refusals[1]
    assert "by-need" in refusals[0]


@pytest.mark.parametrize("least", ["0.5", "0.66", "0.67"])
@pytest.mark.parametrize("grades", [(3, 4, 1), (3, 3, 4), (2, 1, 2)])
def test_the_share_of_a_trust_below_good_is_read_alike(grades: tuple[int, ...], least: str, tmp_path: Path) -> None:
    """Two of three schools below Good are a share of 0.666666, cut and not rounded."""
    dates = {"trust_joined": "2015-01-01", "latest_inspected": "2019-01-01", "previous_inspected": "2016-01-01"}
    schools = [school(n, trust_id="T", latest_grade=grade, **dates) for n, grade in enumerate(grades)]
    for eligibility in (
        {"policy": "tsio-2022"},
        {"rules": [{"name": "share", "when": {"trust_share_below_good": {"min": float(least)}}}]},
    ):
        settings = {"as_of": "2022-09-01", "eligibility": eligibility}
        result = allocate(load_scenario(write_scenario(tmp_path, settings, schools)))
        assert verify(result) == []
        below = sum(grade > 2 for grade in grades)
        by_share = len(grades) if below * 1_000_000 // len(grades) >= float(least) * 1_000_000 else 0
        expected = below if "policy" in eligibility else by_share
        assert result.claim.summary["counts"]["eligible"] == expected
