"""Random scenarios that use nearly every setting, as files: for tests that compare two readings of them."""

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

from support.random_demands import add_demands

REGIONS = ["London", "North East", "South West", ""]
AUTHORITIES = ["Leeds", "York", "Hull", ""]
PHASES = ["primary", "secondary", "all-through", "special", ""]
FAITHS = ["Church of England", "Jewish", ""]
LEVELS = ["none", "low", "high", "0", "1", "0.25", "0.333333", "0.5", "0.7"]


def write_random_scenario(folder: Path, seed: int, *, demanding: bool = False) -> Path:
    """Write a random scenario of a few schools and NLEs; its file. A demanding one has days, constraints and more."""
    rng = Random(seed)
    unknown = rng.choice(["error", "exclude", 0.4])
    schools = [_school(rng, n, unknown) for n in range(rng.randint(1, 14))]
    nles = [_nle(rng, n, unknown, len(schools)) for n in range(rng.randint(1, 7))]
    settings = _settings(rng, unknown)
    tables = {"schools": schools, "nles": nles}
    if rng.random() < 0.7 or settings.get("trust_first", {}).get("mode") == "optimise":
        tables["trusts"] = [_trust(rng, n) for n in range(rng.randint(1, 4))]
    if rng.random() < 0.5:
        tables["pairs"] = _pairs(rng, schools, nles)
    if demanding:
        add_demands(rng, settings, tables)
    if seed % 20:  # else most would be refused
        _add_up(settings["fit"], schools, demanding=demanding)
    for name, rows in tables.items():
        _write(folder / f"{name}.csv", rows)
    settings["data"] = {name: f"{name}.csv" for name in tables}
    if "pairs" in tables and rng.random() < 0.15:
        settings["data"]["pairs"] = {"file": "pairs.csv", "only": True}
    file = folder / "scenario.yaml"
    file.write_text(json.dumps(settings, indent=1), encoding="utf-8")
    return file


def _add_up(fit: dict[str, Any], schools: list[dict[str, Any]], *, demanding: bool) -> None:
    """Keep several supporters from measures whose fits do not add up."""
    instead = {"need-met": "need-covered", "weakest-area": "weighted-expertise"}.get(fit["measure"])
    if instead and any(school["supporters"] not in ("", "1") for school in schools):
        if demanding:
            fit["measure"] = instead
        for school in schools if not demanding else ():
            school["supporters"] = ""


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _place(rng: Random) -> dict[str, Any]:
    if rng.random() < 0.04:
        return {"easting": "", "northing": ""}
    return {"easting": 400_000 + rng.randint(0, 60) * 500, "northing": 300_000 + rng.randint(0, 60) * 500}


def _date(rng: Random, blank: float = 0.2) -> str:
    return (
        ""
        if rng.random() < blank
        else f"{rng.choice([2016, 2017, 2018, 2019, 2019, 2023])}-{rng.randint(1, 12):02d}-15"
    )


def _level(rng: Random, unknown: Any) -> str:
    return "" if unknown != "error" and rng.random() < 0.2 else rng.choice(LEVELS)


def _school(rng: Random, n: int, unknown: Any) -> dict[str, Any]:
    return {
        "school_id": f"S{n}",
        "name": rng.choice(["School", "=cmd", "à Becket"]) + str(n),
        "kind": rng.choice(["", "school"] * 12 + ["trust"]),
        **_place(rng),
        "region": rng.choice(REGIONS),
        "local_authority": rng.choice(AUTHORITIES),
        "phase": rng.choice(PHASES),
        "faith": rng.choice(FAITHS),
        "diocese": rng.choice(["", "Ripon", "Ely"]),
        "trust_id": rng.choice(["", "", "T0", "T1", "T2"]),
        "trust_joined": _date(rng),
        "establishment_status": rng.choice(["Open", ""] * 10 + ["Closed", "closed today"]),
        "pupils": rng.choice(["", "100", "317", "0"]),
        "latest_grade": rng.choice(["", "1", "2", "3", "3", "4"]),
        "latest_inspected": _date(rng),
        "previous_grade": rng.choice(["", "2", "3", "4"]),
        "previous_inspected": _date(rng),
        "inspections": rng.choice(["", "1", "4"]),
        "priority": rng.choice(["", "1", "2"]),
        "arrived": _date(rng, 0.4),
        **{f"need_{area}": _level(rng, unknown) for area in ("leadership", "governance", "finance")},
        "need_source": rng.choice(["", "assessed", "proxy"]),
        "supporters": rng.choice([""] * 9 + ["2"]),
        "placements": rng.choice(["", "1"]),
        "matched_trust_id": rng.choice([""] * 9 + ["T0", "T1"]),
        "trust_decision": rng.choice(["", "proposed", "agreed", "declined"]),
        "left_out": rng.choice([""] * 19 + ["not-in-england"]),
        "theme": rng.choice(["a", "b", "3", ""]),
        "opened": rng.choice(["2018-01-01", "2020-05-05", "unknown", ""]),
    }


def _nle(rng: Random, n: int, unknown: Any, schools: int) -> dict[str, Any]:
    return {
        "nle_id": f"N{n}",
        "name": f"Synthetic NLE {n}",
        "kind": rng.choice(["", "NLE", "nle"] * 12 + ["NLG", "other"]),
        "status": rng.choice(["", "available"] * 20 + ["paused", "withdrawn"]),
        "home_school_id": rng.choice(["", f"S{rng.randrange(schools)}"]),
        "home_grade": rng.choice(["", "1", "2"] * 12 + ["3"]),
        **_place(rng),
        "region": rng.choice(REGIONS),
        "local_authority": rng.choice(AUTHORITIES),
        "trust_id": rng.choice(["", "T0", "T1"]),
        "phases": rng.choice(["", "primary", "primary|secondary", "all-through", "special"]),
        "faiths": rng.choice(["", "church of england", "Jewish|Church of England"]),
        "diocese": rng.choice(["", "ripon"]),
        "regions": rng.choice([""] * 16 + ["London|North East"]),
        **{f"expertise_{area}": _level(rng, unknown) for area in ("leadership", "governance", "finance")},
        "placements": rng.choice(["1", "2", "3"] * 12 + ["0", ""]),
        "max_distance_km": rng.choice(["", "", "12", "25.5"]),
        "governors_agreed": rng.choice(["", "yes"] * 15 + ["no"]),
    }


def _trust(rng: Random, n: int) -> dict[str, Any]:
    return {
        "trust_id": f"T{n}",
        "name": f"Trust {n}",
        **_place(rng),
        "phases": rng.choice(["", "primary", "secondary|primary"]),
        "faiths": rng.choice(["", "Jewish"]),
        "inspected": rng.choice(["", "4", "7"]),
        "share_good": rng.choice(["", "0.8", "0.79", "1"]),
        "high_quality": rng.choice(["", "", "yes", "no"]),
        "capacity": rng.choice(["", "0", "1", "2"]),
    }


def _pairs(rng: Random, schools: list[dict[str, Any]], nles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    every = [(nle["nle_id"], school["school_id"]) for nle in nles for school in schools]
    chosen = rng.sample(every, rng.randint(1, len(every)))
    return [
        {
            "nle_id": nle,
            "school_id": school,
            "fit": rng.choice(["", "", "0.5", "2.25", "0"]),
            "distance_km": rng.choice(["", "", "3.4", "30", "100.001"]),
            "travel_minutes": rng.choice(["", "20", "45.5"]),
            "relation": rng.choice(
                ["", "", "", "forbid", "conflict", "objects", "previous", "forbid|conflict", "require|previous"]
            ),
        }
        for nle, school in chosen
    ]


def _settings(rng: Random, unknown: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"schema": 1, "name": "random", "seed": rng.randint(0, 9)}
    if rng.random() < 0.8:
        settings["as_of"] = rng.choice(["2022-09-01", "2022-09-01", "2018-03-01"])
    settings["eligibility"] = _eligibility(rng, "as_of" in settings)
    settings["trust_first"] = _trust_first(rng)
    settings["geography"] = _geography(rng)
    importance = ["must", "prefer", "ignore", "ignore"]
    settings["suitability"] = {name: rng.choice(importance) for name in ("phase", "faith", "diocese")}
    settings["conflicts"] = {
        name: rng.random() < 0.25 for name in ("home_school", "own_trust", "declared", "same_authority")
    }
    settings["fit"] = {
        "measure": rng.choice(["need-met", "need-covered", "weighted-expertise", "weakest-area"]),
        "unknown": unknown,
        "minimum": rng.choice([0, 0, 0, 0.3, 0.9]),
        "weights": rng.choice([{"leadership": 1, "governance": 1, "finance": 1}, {"leadership": 2.5, "finance": 1}]),
    }
    settings["capacity"] = {"resources": ["placements"]}
    if rng.random() < 0.3:
        settings["capacity"] |= {
            "multiply": {"placements": rng.choice([0.5, 1.5, 2])},
            "round": rng.choice(["spread", "down"]),
            "reserve": {"placements": rng.choice([0, 1, "10%"])},
        }
    objectives = _objectives(rng)
    if objectives:
        settings["objectives"] = objectives
    settings["costs"] = {"per_match": rng.choice([0, 1200.5])}
    return settings


def _eligibility(rng: Random, dated: bool) -> dict[str, Any]:
    chosen: dict[str, Any] = {"recipients": rng.choice(["as-listed", "school", "trust"])}
    policies = ["all", "two-below-good-2022", "rise-2025"]
    if dated:
        policies += ["tsio-2021", "tsio-2022", "sio-2019"]
    if rng.random() < 0.2:
        chosen["policy"] = rng.choice(policies)
    elif rng.random() < 0.4:
        conditions: list[dict[str, Any]] = [
            {"latest_grade": [3, 4]},
            {"latest_grade": {"min": 3}, "theme": {"not": "a"}},
            {"theme": {"missing": True}},
            {"theme": {"max": 3}},
            {"opened": {"min": "2019-06-01", "before": "2022-01-01"}},
            {"latest_inspected": {"before": "2021-01-01"}, "phase": ["Primary", "secondary"]},
            {"name": {"missing": False}, "pupils": {"min": 100, "max": 400}},
        ]
        rules = [{"name": f"rule-{n}", "when": rng.choice(conditions)} for n in range(rng.randint(1, 3))]
        chosen["rules"] = [rule | rng.choice([{}, {}, {"priority": rng.randint(1, 3)}]) for rule in rules]
    chosen["governance_only"] = rng.choice(["match", "signpost"])
    return chosen


def _trust_first(rng: Random) -> dict[str, Any]:
    chosen: dict[str, Any] = {"already_in_trust": rng.choice(["skip", "rebroker"])}
    mode = rng.choice([None, "given", "optimise", "off"])
    if mode:
        chosen["mode"] = mode
    if rng.random() < 0.5:
        chosen["qualifies"] = {"when": {"latest_grade": {"min": rng.choice([2, 3])}}}
    if rng.random() < 0.5:
        chosen["max_distance_km"] = rng.choice([5, 15, 40])
    if rng.random() < 0.3:
        chosen["counts_as_matched"] = ["agreed"]
    chosen["capacity_default"] = rng.choice([0, 1, 2])
    return chosen


def _geography(rng: Random) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    limit = rng.choice([None, None, None, 20, 30, {"default": 30, "london": 7.5}, {"London": 5}])
    if limit is not None:
        chosen["max_distance_km"] = limit
    chosen["nle_limit"] = rng.choice(["respect", "ignore", {"multiply": 1.5}])
    chosen["detour_factor"] = rng.choice([1, 1, 1.3])
    chosen["min_distance_km"] = rng.choice([0, 0, 3])
    chosen["within"] = rng.choice(["none"] * 16 + ["region", "local_authority"])
    if rng.random() < 0.05:
        chosen["max_travel_minutes"] = 45
    return chosen


def _objectives(rng: Random) -> list[Any] | None:
    return rng.choice(
        [
            None,
            ["fit"],
            ["schools_supported", "fit"],
            [{"schools_supported": {"by": "priority"}}, "fit", "distance"],
            [{"blend": {"fit": 1, "distance_km": -0.002}}],
            [{"blend": {"fit": 1, "distance_km": -0.0125, "schools_supported": 0.3}}, "cost"],
            [{"fit": {"where": {"latest_grade": [4]}}}, {"fit": {"step": 0.1}}, "fit_leadership"],
            [{"fit": {"weight": "pupils"}}, "distance"],
            ["fit_governance", "fit_finance", {"distance": {"step": 5}}],
            [{"fit": {"by": "region"}}],
            [{"blend": {"fit": 1, "cost": -0.0001}}, {"blend": {"fit_finance": 2, "distance": -0.01}}],
        ]
    )
