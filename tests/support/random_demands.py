"""What planners ask for beyond the plain case, at random: days, limits over many pairs, fairness, and what stands."""

from random import Random
from typing import Any

Rows = list[dict[str, Any]]
DAYS = ["", "3", "5", "7.5", "10", "0.25"]
STATES = ["", "proposed", "offered", "offered", "finished", "stopped", "reopened", "agreed", "started"]


def add_demands(rng: Random, settings: dict[str, Any], tables: dict[str, Rows]) -> None:
    """Change a random scenario into one that asks for more; every part of it only now and then."""
    schools, nles = tables["schools"], tables["nles"]
    if rng.random() < 0.6:
        settings["geography"] = {"max_distance_km": rng.choice([25, 60])}
        settings["conflicts"] = {}
    for school in schools:
        school["supporters"] = ""
    several = rng.random() < 0.25
    for school in schools if several else ():
        school["supporters"] = rng.choice(["", "1", "2", "2", "3"])
    if rng.random() < 0.5:
        _add_days(rng, settings, tables)
    for pair in tables.get("pairs", ()) if rng.random() < 0.8 else ():
        pair["relation"] = pair["relation"].replace("require|", "")
    if rng.random() < 0.4:
        tables["current"] = _current(rng, schools, nles)
    if rng.random() < 0.75:
        resources = settings["capacity"]["resources"]
        wanted = rng.choice([1, 1, 2, 3])
        settings["constraints"] = [{"name": f"c{n}", **_constraint(rng, resources)} for n in range(wanted)]
    objectives = _objectives(rng, several, "current" in tables)
    if objectives:
        settings["objectives"] = objectives


def _add_days(rng: Random, settings: dict[str, Any], tables: dict[str, Rows]) -> None:
    resources = rng.choice([["days"], ["placements", "days"], ["days", "money"]])
    settings["capacity"] = {"resources": resources}
    if rng.random() < 0.3:
        settings["capacity"] |= {
            "multiply": {"days": rng.choice([0.5, 1.25])},
            "reserve": {"days": rng.choice([1, "5%"])},
        }
    settings["offer"] = {name: rng.choice([5, 2.5]) for name in resources if name != "placements"}
    settings["costs"] = {"per_day": rng.choice([0, 600, 0.3]), "per_match": rng.choice([0, 100])}
    for nle in tables["nles"]:
        nle |= {"days": rng.choice(["10", "15", "22.5", "40"]), "money": rng.choice(["5", "12.5"])}
    for school in tables["schools"]:
        school |= {"days": rng.choice(DAYS), "money": rng.choice(["", "2.5", "4"])}
    for pair in tables.get("pairs", ()):
        pair["days"] = rng.choice(["", "", "6", "12.5"])


def _current(rng: Random, schools: Rows, nles: Rows) -> Rows:
    every = [(school["school_id"], nle["nle_id"]) for school in schools for nle in nles]
    chosen = [*rng.sample(every, rng.randint(1, min(6, len(every)))), ("nobody", "N0")]
    calm = STATES[:6] if rng.random() < 0.85 else STATES
    return [
        {"school_id": school, "nle_id": nle, "state": rng.choice(calm), "days": rng.choice(["0", "4"])}
        for school, nle in chosen
    ]


def _constraint(rng: Random, resources: list[str]) -> dict[str, Any]:
    kind = rng.choice(["schools", "schools", "pairs", "nles", "budget", "minimum_use", "keep_together", "new_to_area"])
    if kind in ("keep_together", "new_to_area"):
        by = rng.choice(["trust_id", "local_authority", "region", None])
        limit = {"maximum": rng.choice([1, 1, 2])}
        return {"type": kind, **({"by": by} if by else {}), **limit, **_where(rng, "schools")}
    if kind == "minimum_use":
        limit = rng.choice([{"minimum": 1}, {"minimum_share": 0.25}, {"minimum_share": 0.5}])
        return {"type": kind, "of": rng.choice(resources), **limit, **_where(rng, "nles")}
    if kind == "budget":
        return {
            "type": kind,
            "of": rng.choice([*resources, "cost"]),
            **_by(rng, "pairs"),
            **_where(rng, "pairs"),
            **_limits(rng, [3, 10, 25.5, 1500]),
        }
    shares = {} if kind == "pairs" else rng.choice([{}, {"share_of": "eligible"}])
    limits = _limits(rng, [1, 2, 3, 5.5])
    if not any(key.endswith("share") for key in limits):
        shares = {}
    return {"type": "quota", "of": kind, **_by(rng, kind), **_where(rng, kind), **limits, **shares}


def _limits(rng: Random, numbers: list[float]) -> dict[str, Any]:
    roll = rng.random()
    if roll < 0.5:
        return {"maximum": rng.choice(numbers)}
    if roll < 0.6:
        return {"minimum": 1}
    if roll < 0.7:
        return {"minimum": 1, "maximum": rng.choice(numbers)}
    if roll < 0.85:
        return {"maximum_share": rng.choice([0.3, 0.5, 0.8])}
    return {"minimum_share": rng.choice([0.1, 0.25, 0.5])}


def _by(rng: Random, kind: str) -> dict[str, Any]:
    columns = {
        "schools": ["region", "local_authority", "phase", "priority", "theme"],
        "nles": ["region", "local_authority"],
        "pairs": ["region", "out_of_region", "nle.region", "school.local_authority", "nle_id"],
    }[kind]
    return {"by": rng.choice(columns)} if rng.random() < 0.4 else {}


def _where(rng: Random, kind: str) -> dict[str, Any]:
    conditions: dict[str, list[dict[str, Any]]] = {
        "schools": [{"region": "London"}, {"latest_grade": [3, 4]}, {"theme": {"not": "a"}}],
        "nles": [{"region": {"missing": False}}, {"trust_id": {"missing": True}}],
        "pairs": [
            {"out_of_region": True},
            {"distance_km": {"min": 10}},
            {"fit": {"max": 0.6}},
            {"region": "London", "nle.region": "north east"},
            {"school.phase": ["primary", "secondary"]},
        ],
    }
    return {"where": rng.choice(conditions[kind])} if rng.random() < 0.4 else {}


def _objectives(rng: Random, several: bool, standing: bool) -> list[Any] | None:
    kept: list[list[Any]] = [
        ["fit", "kept_pairs"],
        ["kept_pairs", "fit", "distance"],
        [{"fit": {"within": 0.3}}, "kept_pairs", "cost"],
        [{"schools_supported": {"within": 1}}, {"blend": {"fit": 1, "kept_pairs": 0.5}}],
    ]
    plain: list[list[Any]] = [
        ["schools_supported", "fit"],
        ["schools_supported", "load_balance", "fit"],
        ["schools_supported", {"region_gap": {"where": {"latest_grade": {"missing": False}}}}, "fit"],
        [{"fit": {"within": "5%"}}, "distance"],
        [{"schools_supported": {"within": 1}}, "fit"],
        [{"blend": {"fit": 1, "schools_supported": 0.25, "distance_km": -0.004}}],
    ]
    fair: list[list[Any]] = [
        ["schools_supported", "min_fit", "fit"],
        ["leximin_fit", "distance"],
        ["schools_supported", {"min_fit": {"by": "priority"}}],
        [{"leximin_fit": {"where": {"latest_grade": [3, 4]}}}, "fit"],
    ]
    return rng.choice([None, *plain, *(kept * 2 if standing else []), *([] if several else fair * 2)])
