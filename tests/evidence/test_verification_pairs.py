"""The verifier's own reading of pairs: every filter, the scale of objectives, and the nearest NLE."""

from pathlib import Path

import numpy as np
import pytest

from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.levels import AnyLevel
from nle_optimizer.evidence.verification.objective_levels import levels_of
from nle_optimizer.evidence.verification.pairs.candidates import PairFilters, ground_of
from nle_optimizer.evidence.verification.pairs.geography import Distances, Nearest, by_easting
from nle_optimizer.evidence.verification.pairs.listed import Listed
from nle_optimizer.evidence.verification.stages.eligibility import enter
from nle_optimizer.evidence.verification.stages.recipients import Recipients, gather
from nle_optimizer.evidence.verification.stages.supply import read_current, supply_of
from nle_optimizer.scenario.scenario import Scenario, load_scenario

SCHOOL = {
    "school_id": "S",
    "kind": "school",
    "easting": "400000",
    "northing": "300000",
    "region": "West",
    "local_authority": "A",
    "phase": "primary",
    "faith": "Catholic",
    "trust_id": "T",
    "need_leadership": "0.5",
    "need_governance": "0.5",
    "need_finance": "0.5",
}
NLE = {
    "nle_id": "N",
    "home_school_id": "H",
    "easting": "403000",
    "northing": "304000",
    "region": "west",
    "local_authority": "a",
    "trust_id": "U",
    "phases": "primary",
    "faiths": "catholic",
    "regions": "",
    "max_distance_km": "",
    "expertise_leadership": "1",
    "expertise_governance": "0.25",
    "expertise_finance": "0",
}
PAIR = {"nle_id": "N", "school_id": "S", "fit": "", "distance_km": "", "travel_minutes": "", "relation": ""}


def _csv(*rows: dict[str, str]) -> str:
    return "\n".join([",".join(rows[0]), *(",".join(row.values()) for row in rows)]) + "\n"


def _scenario(folder: Path, settings: str = "", pairs: str = "", **cells: str) -> Scenario:
    """One school and one NLE, five kilometres apart; a cell is given as school_x, nle_x or pair_x."""
    changed = {
        side: {name.removeprefix(f"{side}_"): cell for name, cell in cells.items() if name.startswith(f"{side}_")}
        for side in ("school", "nle", "pair")
    }
    data = "schools: schools.csv, nles: nles.csv"
    if pairs or changed["pair"]:
        data += f", pairs: {{file: pairs.csv{pairs}}}"
        (folder / "pairs.csv").write_text(_csv({**PAIR, **changed["pair"]}) if changed["pair"] else _csv(PAIR))
    (folder / "schools.csv").write_text(_csv({**SCHOOL, **changed["school"]}))
    (folder / "nles.csv").write_text(_csv({**NLE, **changed["nle"]}))
    (folder / "scenario.yaml").write_text(f"schema: 1\nname: pairs\ndata: {{{data}}}\n{settings}\n")
    return load_scenario(folder / "scenario.yaml")


def _levels(scenario: Scenario) -> list[AnyLevel]:
    objectives = scenario.settings.objectives
    assert objectives is not None
    return levels_of(objectives, scenario.settings, _recipients(scenario)[0])


def _recipients(scenario: Scenario) -> tuple[Recipients, int]:
    everyone = gather(scenario, enter(scenario))
    order, placed = by_easting(everyone.table)
    return everyone.take(order), placed


def _candidates(scenario: Scenario) -> tuple[PairFilters, np.ndarray]:
    recipients, placed = _recipients(scenario)
    ground = ground_of(scenario, recipients, placed, None)
    candidates = ground.candidates
    supply = supply_of(scenario, ground.listed, ground.geography.is_limited, read_current(scenario, {}).taken)
    candidates.start(supply.available, placed)
    return candidates, candidates.among(next(candidates.geography.reach(np.array([0])))).rows


def _school_is(scenario: Scenario) -> str:
    """The reason why the school has no candidate; empty where it has."""
    candidates, rows = _candidates(scenario)
    reason = str(candidates.reasons()[0])
    assert len(rows) or candidates.obstacle(0, 0) in (reason, "")
    return "" if len(rows) else reason


@pytest.mark.parametrize(
    ("reason", "settings", "cells"),
    [
        ("", "", {}),
        ("not-listed", "", {"pairs": ", only: true", "pair_school_id": "S2"}),
        ("no-place", "geography: {min_distance_km: 1}", {"school_easting": "", "school_northing": ""}),
        ("", "geography: {min_distance_km: 1}", {"school_easting": "", "school_northing": "", "pair_distance_km": "1"}),
        ("no-place", "geography: {max_distance_km: {West: 9}}", {"nle_easting": "", "nle_northing": ""}),
        ("", "geography: {max_distance_km: {East: 9}}", {"nle_easting": "", "nle_northing": ""}),
        ("", "geography: {max_distance_km: 5}", {}),
        ("too-far", "geography: {max_distance_km: 4.999}", {}),
        ("too-far", "geography: {max_distance_km: 5, detour_factor: 1.01}", {}),
        ("too-far", "geography: {max_distance_km: {default: 80, WEST: 4}}", {}),
        ("too-far", "", {"nle_max_distance_km": "4.999"}),
        ("", "geography: {nle_limit: ignore}", {"nle_max_distance_km": "4.999"}),
        ("", "geography: {nle_limit: {multiply: 2}}", {"nle_max_distance_km": "2.5"}),
        ("too-far", "geography: {nle_limit: {multiply: 1.5}}", {"nle_max_distance_km": "3.333"}),
        ("too-far", "geography: {max_distance_km: 9}", {"pair_distance_km": "9.001"}),
        ("", "geography: {max_distance_km: 1}", {"pair_distance_km": "1"}),
        ("too-near", "geography: {min_distance_km: 5.001}", {}),
        ("", "geography: {min_distance_km: 5}", {}),
        ("travel-time", "geography: {max_travel_minutes: 30}", {}),
        ("travel-time", "geography: {max_travel_minutes: 30}", {"pair_travel_minutes": "30.5"}),
        ("", "geography: {max_travel_minutes: 30}", {"pair_travel_minutes": "30"}),
        ("", "geography: {within: region}", {}),
        ("other-area", "geography: {within: region}", {"nle_region": ""}),
        ("other-area", "", {"nle_regions": "East|North"}),
        ("", "", {"nle_regions": "East|WEST"}),
        ("phase", "", {"nle_phases": "secondary"}),
        ("", "suitability: {phase: ignore}", {"nle_phases": "secondary"}),
        ("faith", "suitability: {faith: must}", {"nle_faiths": "Jewish"}),
        ("", "suitability: {faith: must}", {"nle_faiths": ""}),
        ("home-school", "", {"nle_home_school_id": "S"}),
        ("", "conflicts: {home_school: false}", {"nle_home_school_id": "S"}),
        ("home-school", "", {"nle_home_school_id": "S", "nle_trust_id": "T"}),
        ("own-trust", "", {"nle_trust_id": "T"}),
        ("own-trust", "", {"school_kind": "trust", "school_trust_id": "", "nle_trust_id": "S"}),
        ("same-authority", "conflicts: {same_authority: true}", {}),
        ("declared", "", {"pair_relation": "objects"}),
        ("", "conflicts: {declared: false}", {"pair_relation": "conflict"}),
        ("forbidden", "", {"pair_relation": "previous|forbid"}),
        ("unknown-fit", "fit: {unknown: exclude}", {"nle_expertise_finance": "", "pair_fit": ""}),
        ("", "fit: {unknown: exclude}", {"nle_expertise_finance": "", "pair_fit": "0"}),
        ("no-need-met", "fit: {weights: {finance: 1}}", {"school_need_finance": "0"}),
        ("", "fit: {minimum: 0.5}", {}),
        ("fit-below-minimum", "fit: {minimum: 0.500001}", {}),
    ],
)
def test_each_filter_stops_what_it_should(tmp_path: Path, reason: str, settings: str, cells: dict[str, str]) -> None:
    pairs = cells.pop("pairs", "")
    if cells.get("pair_school_id") == "S2":
        scenario = _scenario(tmp_path)
        (tmp_path / "schools.csv").write_text(_csv(SCHOOL, {**SCHOOL, "school_id": "S2"}))
        (tmp_path / "pairs.csv").write_text(_csv({**PAIR, "school_id": "S2"}))
        scenario = scenario.replace({"data.pairs": {"file": str(tmp_path / "pairs.csv"), "only": True}})
        candidates, rows = _candidates(scenario)
        assert rows.tolist() == [1]
        assert candidates.reasons()[0] == reason
        return
    assert _school_is(_scenario(tmp_path, settings, pairs, **cells)) == reason


def test_a_blank_that_should_have_stopped_the_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"fit\.unknown is error"):
        _candidates(_scenario(tmp_path, nle_expertise_finance=""))


@pytest.mark.parametrize(
    ("fit", "settings", "cells"),
    [
        (500_000, "", {}),
        (250_000, "fit: {measure: need-covered}", {}),
        (416_667, "fit: {measure: weighted-expertise}", {}),
        (0, "fit: {measure: weakest-area}", {}),
        (500_000, "fit: {measure: weakest-area, weights: {leadership: 1, governance: 2}}", {}),
        (600_000, "fit: {weights: {leadership: 0.2, governance: 0.8}}", {}),
        (550_000, "suitability: {faith: prefer}", {}),
        (500_000, "suitability: {faith: prefer}", {"school_faith": ""}),
        (1_250_000, "suitability: {faith: prefer}", {"pair_fit": "1.25"}),
        (666_667, "fit: {unknown: 0.25}", {"nle_expertise_finance": ""}),
    ],
)
def test_the_fit_is_worked_out_to_a_millionth(tmp_path: Path, fit: int, settings: str, cells: dict[str, str]) -> None:
    candidates, _ = _candidates(_scenario(tmp_path, settings, **cells))
    found = candidates.among(next(candidates.geography.reach(np.array([0])))).fit
    assert found is not None and found.tolist() == [fit]


@pytest.mark.parametrize(
    ("objectives", "scales", "coefficients"),
    [
        ("[{blend: {fit: 1, distance_km: -0.002}}]", [1_000_000], [(1, -2)]),
        ("[{blend: {fit: 1, schools_supported: 0.5}}]", [1_000_000], [(1, 500_000)]),
        ("[{blend: {schools_supported: 0.5, distance: -0.3}}]", [10_000], [(5000, -3)]),
        ("[{schools_supported: {weight: pupils}}, distance]", [1, 1000], [(1,), (1,)]),
    ],
)
def test_levels_stand_on_the_coarsest_whole_scale(
    tmp_path: Path, objectives: str, scales: list[int], coefficients: list[tuple[int, ...]]
) -> None:
    scenario = _scenario(tmp_path, f"objectives: {objectives}", school_pupils="300")
    levels = _levels(scenario)
    assert [level.scale for level in levels] == scales
    assert [tuple(times for _, times in level.parts) for level in levels] == coefficients


def test_by_makes_a_level_for_each_value_blanks_last(tmp_path: Path) -> None:
    scenario = _scenario(tmp_path, "objectives: [{schools_supported: {by: priority}}]")
    rows = [
        {**SCHOOL, "school_id": name, "priority": priority}
        for name, priority in zip("ABC", ("", "2", "1"), strict=True)
    ]
    (tmp_path / "schools.csv").write_text(_csv(*rows))
    levels = _levels(load_scenario(scenario.file))
    assert [None if level.factor is None else level.factor.tolist() for level in levels] == [
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
    ]


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_on_the_grid_is_the_nearest_of_all(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(seed)

    def rows(base: dict[str, str], key: str, count: int, spread: int) -> list[dict[str, str]]:
        places = random.integers(400_000, 400_000 + spread, size=(count, 2))
        return [{**base, key: f"{n:03d}", "easting": str(x), "northing": str(y)} for n, (x, y) in enumerate(places)]

    scenario = _scenario(tmp_path, "geography: {detour_factor: 1.3}")
    spread = (30, 400, 5000, 200_000)[seed]
    (tmp_path / "schools.csv").write_text(_csv(*rows(SCHOOL, "school_id", 90, spread)))
    (tmp_path / "nles.csv").write_text(_csv(*rows(NLE, "nle_id", 40, spread)))
    scenario = load_scenario(scenario.file)
    recipients, placed = _recipients(scenario)
    listed = Listed(None, scenario.nles.ids, {})
    geography = Distances(scenario, recipients.table, placed, listed)
    nearest = Nearest(geography, listed, np.arange(40) % 5 > 0, placed)
    everyone = np.arange(90)
    directly = nearest.of(everyone)
    monkeypatch.setattr("nle_optimizer.evidence.verification.pairs.geography.NEAREST_AT_ONCE", 1)
    by_cells = nearest.of(everyone)
    assert [side.tolist() for side in by_cells] == [side.tolist() for side in directly]
