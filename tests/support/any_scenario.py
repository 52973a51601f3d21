"""Small random scenarios over every setting of the schema, every kind of column and every operator, as files.

What a setting may be is said in `VALUES`. The `Settings` model is gone through: a new setting without values is seen.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, get_args, get_origin

from nle_optimizer.engines.engine import ENGINES
from nle_optimizer.rules.registry import RULES
from nle_optimizer.scenario.columns import AREAS, TABLES
from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.scenario.quantities import Section
from nle_optimizer.scenario.setting_sections import (
    BLEND_PARTS,
    CONSTRAINT_TYPES,
    COST,
    COUNTED,
    KEYS,
    NO_SUMS,
    OBJECTIVE_NAMES,
    DataFile,
    PairsFile,
)
from nle_optimizer.scenario.settings import Settings
from support.any_conditions import NUMBER, Day, condition, in_order, when
from support.any_sense import without_contradictions
from support.any_tables import Draft, make_tables, write_grid


def any_settings(seed: int) -> tuple[dict[str, Any], Draft]:
    """The settings of the scenario of that number, but for `data`, and the tables that they are made for."""
    draft = Draft(Random(f"any scenario {seed}"))
    make_tables(draft)
    settings = _section(draft, Settings)
    eligibility = settings.get("eligibility", {})
    if "rules" in eligibility and draft.chance(0.9):
        eligibility.pop("policy", None)
    return without_contradictions(draft, settings) if draft.chance(0.9) else settings, draft


def write_any_scenario(folder: Path, seed: int) -> Path:
    """Write the scenario of that number; its file."""
    settings, draft = any_settings(seed)
    return write_drafted(draft, settings, folder)


def write_drafted(draft: Draft, settings: dict[str, Any], folder: Path) -> Path:
    """Write a scenario of some settings and the tables of a draft; its file."""
    settings = {**settings, "data": _write_tables(draft, folder)}
    file = folder / "scenario.yaml"
    file.write_text(_as_yaml(settings), encoding="utf-8")
    return file


def _section(draft: Draft, form: type[Section]) -> dict[str, Any]:
    """A random section: every setting of it that is required, and the others now and then."""
    made: dict[str, Any] = {}
    for name, info in form.model_fields.items():
        key = _key(form, name)
        if info.is_required() or draft.chance(OFTEN.get(key, 0.3)):
            made[info.alias or name] = _value(draft, key, info.annotation)
    return {name: value for name, value in made.items() if value is not None}


def _value(draft: Draft, key: str, form: Any) -> Any:
    if key in VALUES:
        return VALUES[key](draft)
    inner = list(_sections(form))
    if not inner:  # a new setting, which a test asks for until it has its values here
        return None
    if any(get_origin(part) is list for part in (form, *get_args(form))):
        return [_section(draft, inner[0]) for _ in range(draft.some(1, 1, 2, 3))]
    return _section(draft, inner[0])


def _is_section(form: Any) -> bool:
    return isinstance(form, type) and issubclass(form, Section)


def _key(form: type[Section], name: str) -> str:
    """A setting by the section that declares it."""
    declaring = next(part for part in form.__mro__ if name in vars(part).get("__annotations__", {}))
    return f"{declaring.__name__}.{name}"


def every_setting() -> set[str]:
    """The section and name of every setting of the schema."""
    return {_key(form, name) for form in _sections(Settings) for name in form.model_fields}


def settings_given(value: Any) -> Iterator[str]:
    """The section and name of every setting that somebody has given a value, whatever it is a part of."""
    if isinstance(value, Section):
        yield from (_key(type(value), name) for name in value.model_fields_set)
        yield from (key for name in value.model_fields_set for key in settings_given(getattr(value, name)))
    elif isinstance(value, list | dict):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from settings_given(entry)


def _sections(form: Any) -> Iterator[type[Section]]:
    if _is_section(form):
        yield form
        for info in form.model_fields.values():
            yield from _sections(info.annotation)
    for part in get_args(form):
        yield from _sections(part)


def of_pairs(draft: Draft) -> tuple[str, list[str]]:
    """A column of a pair, and cells of it."""
    table = draft.some("pair", "schools", "schools", "nles", *(["pairs"] if draft.tables.get("pairs") else []))
    if table == "pair":
        return draft.some(("out_of_region", ["yes", "no"]), ("distance_km", ["3", "7.5"]), ("fit", ["0.5", "1"]))
    name = draft.some(*draft.columns(table))
    side = {"schools": draft.some("", "school."), "nles": "nle.", "pairs": ""}[table]
    return side + name, draft.cells(table, name)


def _constraint(draft: Draft) -> dict[str, Any]:
    kind = draft.some("quota", "quota", *CONSTRAINT_TYPES)
    of = {"quota": draft.some(None, *COUNTED), "budget": draft.some(*draft.resources, COST)}.get(kind)
    if kind == "minimum_use":
        of = draft.some(None, *draft.resources)
    made: dict[str, Any] = {"name": f"c{draft.next()}", "type": kind} | ({} if of is None else {"of": of})
    is_of_pairs = kind == "budget" or of == "pairs"
    table = "nles" if kind == "minimum_use" or of == "nles" else "schools"
    if draft.chance(0.5):
        pairs = dict(of_pairs(draft) for _ in range(draft.some(1, 1, 2)))
        of_these = {name: condition(draft, cells) for name, cells in pairs.items()}
        made["where"] = of_these if is_of_pairs else when(draft, table)
    if "by" in KEYS[kind] and draft.chance(0.4):
        made["by"] = of_pairs(draft)[0] if is_of_pairs else draft.some(*draft.columns(table))
    limits = [key for key in KEYS[kind] if key.startswith(("minimum", "maximum"))]
    for key in draft.rng.sample(limits, min(len(limits), draft.some(1, 1, 1, 2))):
        low = key == "minimum" and draft.chance(0.8)
        amounts = (0, 0.2, 0.5, 0.8, 1) if key.endswith("share") else (0, 1, 1, 2) if low else (0, 1, 2, 3, 5.5, 20)
        made[key] = draft.some(*amounts)
    if any(key.endswith("share") for key in made) and "share_of" in KEYS[kind] and draft.chance(0.4):
        made["share_of"] = draft.some("matched", "eligible") if table == "schools" and not is_of_pairs else "matched"
    return made


def _objective(draft: Draft) -> Any:
    name = draft.some("fit", "distance", "schools_supported", "blend", *OBJECTIVE_NAMES)
    options: dict[str, Any] = {}
    if name == "blend":
        parts = draft.rng.sample(sorted(BLEND_PARTS), draft.some(1, 2, 2, 3))
        options = {part: draft.some(1, 0.5, -0.002, -0.01, 2, 0.25) for part in parts}
    takes = NO_SUMS.get(name, ("where", "by", "weight", "step", "within"))
    for key in (key for key in takes if draft.chance(0.15)):
        options[key] = VALUES[f"Objective.{key}"](draft)
    if draft.chance(0.05):
        options["engine"] = VALUES["Objective.engine"](draft)
    return {name: options} if options else name


def _objectives(draft: Draft) -> list[Any]:
    first = [draft.some("fit", "schools_supported")] if draft.chance(0.5) else []
    made = [*first, *(_objective(draft) for _ in range(draft.some(0 if first else 1, 1, 2)))]
    return made if draft.chance(0.05) else [each for each in made if _makes_sense(draft, each, made[0])] or ["fit"]


def _makes_sense(draft: Draft, objective: Any, first: Any) -> bool:
    """Whether an objective has what it counts, and does not ask for nobody before all else."""
    words = str(objective)
    if "kept_pairs" in words and "current" not in draft.tables:
        return False
    if "travel_minutes" in words and not any(row.get("travel_minutes") for row in draft.tables.get("pairs", [])):
        return False
    least = ("distance", "travel_minutes", "min_fit", "load_balance", "region_gap", "cost")
    return objective is not first or (next(iter(first)) if isinstance(first, dict) else first) not in least


def _weights(draft: Draft) -> dict[str, Any]:
    areas = draft.rng.sample(AREAS, draft.some(1, 2, 3, 3))
    return {area: draft.some(1, 1, 2.5, 0.333, 0 if n else 1) for n, area in enumerate(areas)}


def _order(draft: Draft) -> list[str]:
    names = ["fit", "distance_km", "priority", of_pairs(draft)[0], draft.some(*in_order(draft, "schools"))]
    return [draft.some("", "-") + name for name in draft.rng.sample(names, draft.some(1, 2))]


def _of_resource(draft: Draft, *values: Any) -> dict[str, Any]:
    return {draft.some(*draft.resources): draft.some(*values)}


def _day(draft: Draft) -> Day:
    draft.is_dated = True
    return Day(draft.some("2018-03-01", "2022-09-01", "2024-02-29"))


VALUES: Mapping[str, Callable[[Draft], Any]] = {
    "DataFile.file": lambda _: None,
    "DataFile.sheet": lambda _: "Sheet one",
    "DataFile.header": lambda d: d.some("auto", 1),
    "DataFile.encoding": lambda d: d.some("utf-8", "cp1252", "latin-1"),
    "DataFile.columns": lambda _: {},
    "PairsFile.only": lambda d: d.some(True, False),
    "Data.schools": lambda d: _section(d, DataFile),
    "Data.nles": lambda d: _section(d, DataFile),
    "Data.trusts": lambda d: _section(d, DataFile),
    "Data.pairs": lambda d: _section(d, PairsFile),
    "Data.current": lambda d: _section(d, DataFile),
    "Data.gias": lambda _: None,
    "GiasFile.file": lambda _: None,
    "GiasFile.fill": lambda d: d.some(True, False),
    "Settings.version": lambda _: 1,
    "Settings.name": lambda _: "any",
    "Settings.title": lambda d: d.some("", "A title: à la carte"),
    "Settings.as_of": _day,
    "Settings.data": lambda _: None,
    "Sample.kept": lambda d: d.some(0, 0.3, 1),
    "Sample.policies": lambda d: [d.some(*POLICIES)],
    "Settings.offer": lambda d: {
        **{name: d.some(1, 2, 5, 0.5) for name in d.resources if d.chance(0.9)},
        **({"override": d.some(True, False)} if d.chance(0.3) else {}),
    },
    "Settings.constraints": lambda d: [_constraint(d) for _ in range(d.some(1, 1, 2, 3))],
    "Settings.objectives": _objectives,
    "Settings.engine": lambda d: d.some("auto", "auto", "auto", *ENGINES),
    "Settings.rule": lambda d: d.some(*RULES),
    "Settings.tie_break": lambda d: d.some([], ["arrived"], ["lottery"], ["lottery", "arrived"]),
    "Settings.seed": lambda d: d.some(0, 1, 7, 2**63 - 1),
    "Sweep.grid": lambda _: {"fit.minimum": [0, 0.5]},
    "Sweep.zip": lambda _: {"geography.max_distance_km": [5, 20]},
    "Sweep.table": lambda _: "points.csv",
    "Sweep.scenarios": lambda _: [],
    "Sweep.seeds": lambda d: d.some(1, 2),
    "Eligibility.policy": lambda d: d.some(*POLICIES),
    "Rule.name": lambda d: f"rule-{d.next()}",
    "Rule.when": lambda d: when(d, "schools"),
    "Rule.priority": lambda d: d.some(1, 2, 3),
    "Rule.offer": lambda d: _of_resource(d, 1, 2.5, 0),
    "Eligibility.recipients": lambda d: d.some("school", "trust", "as-listed"),
    "Eligibility.governance_only": lambda d: d.some("match", "signpost"),
    "TrustFirst.mode": lambda d: d.some(
        "given", "off", *(["optimise"] if "trusts" in d.tables or d.chance(0.1) else [])
    ),
    "TrustFirst.already_in_trust": lambda d: d.some("skip", "rebroker"),
    "TrustFirst.counts_as_matched": lambda d: d.some(["agreed"], ["proposed"], [], ["agreed", "proposed"]),
    "TrustFirst.capacity_default": lambda d: d.some(0, 1, 2),
    "TrustFirst.max_distance_km": lambda d: d.some(0, 5, 15.5, 100),
    "Qualifies.when": lambda d: when(d, "schools"),
    "HighQuality.min_inspected": lambda d: d.some(0, 1, 5),
    "HighQuality.min_share_good": lambda d: d.some(0, 0.5, 0.8, 1),
    "Geography.max_distance_km": lambda d: d.some(
        25, 10.5, 0, {"default": 20, "london": 7.5}, {"London": 9}, {"Nowhere": 3}, {"default": 12}
    ),
    "Geography.max_travel_minutes": lambda d: d.some(30, 60),
    "Geography.min_distance_km": lambda d: d.some(0, 0.5, 3),
    "Geography.within": lambda d: d.some("none", "region", "local_authority"),
    "Geography.nle_limit": lambda d: d.some("respect", "ignore", {"multiply": 1.5}, {"multiply": 0}),
    "Geography.detour_factor": lambda d: d.some(1, 1.3, 2, 0.5),
    "Suitability.phase": lambda d: d.some("must", "prefer", "ignore"),
    "Suitability.faith": lambda d: d.some("must", "prefer", "ignore"),
    "Suitability.diocese": lambda d: d.some("must", "prefer", "ignore"),
    "Suitability.prefer_bonus": lambda d: d.some(0, 0.05, 1),
    "Conflicts.home_school": lambda d: d.some(True, False),
    "Conflicts.own_trust": lambda d: d.some(True, False),
    "Conflicts.declared": lambda d: d.some(True, False),
    "Conflicts.same_authority": lambda d: d.some(True, False),
    "Fit.weights": _weights,
    "Fit.measure": lambda d: d.some("need-met", "need-covered", "weighted-expertise", "weakest-area"),
    "Fit.minimum": lambda d: d.some(0, 0.25, 0.7),
    "Fit.unknown": lambda d: d.some("error", "exclude", "exclude", 0.4, 0, 1),
    "Fit.levels": lambda d: {"none": 0, "low": 0.1, "medium": 0.5, "high": d.some(0.9, 1), "Two Words": 0.6},
    "Capacity.resources": lambda d: [*d.resources],
    "Capacity.multiply": lambda d: _of_resource(d, 0.5, 1.2, 2, 0, 0.333333),
    "Capacity.reserve": lambda d: _of_resource(d, 0, 1, "10%", "33.3%", 0.25),
    "Capacity.round": lambda d: d.some("spread", "down"),
    "Addition.count": lambda d: d.some(0, 1, 2),
    "Addition.where": lambda d: {
        name: condition(d, d.cells("nles", name), plain=True)
        for name in d.some(["region"], ["phases"], [d.some(*d.columns("nles"))])
    },
    "Addition.like": lambda d: d.some("existing", *d.ids("nles")),
    "Addition.seed": lambda d: d.some(0, 3),
    "Costs.per_day": lambda d: d.some(0, 600, 0.3) if "days" in d.resources or d.chance(0.05) else 0,
    "Costs.per_match": lambda d: d.some(0, 100, 1200.5),
    "Stop.gap": lambda d: d.some(0, 0.1),
    "Stop.work": lambda d: d.some(1, 50, 1_000_000),
    "Stop.seconds": lambda d: d.some(0.000001, 100),
    "Uncertainty.draws": lambda d: d.some(0, 1, 2, 3),
    "Uncertainty.needs": lambda d: d.some(0, 0.1, 1),
    "Uncertainty.expertise": lambda d: d.some(0, 0.2),
    "Uncertainty.nle_withdraws": lambda d: d.some(0, 0.3, 1),
    "Uncertainty.school_refuses": lambda d: d.some(0, 0.3, 1),
    "Preferences.recipients": _order,
    "Preferences.nles": _order,
    "Objective.where": lambda d: when(d, "schools"),
    "Objective.by": lambda d: d.some("priority", "region", *d.columns("schools")),
    "Objective.weight": lambda d: d.some(*in_order(d, "schools", NUMBER)),
    "Objective.step": lambda d: d.some(0.1, 1, 5, 0.000001),
    "Objective.within": lambda d: d.some(0, 0.3, "5%", 1, "100%"),
    "Objective.engine": lambda d: d.some("auto", *ENGINES),
}
"""By section and name, what a setting may be; a section without an entry is made of its own settings."""

OFTEN: Mapping[str, float] = {
    "DataFile.encoding": 0.05,
    "DataFile.sheet": 0.01,
    "DataFile.columns": 0,
    "DataFile.header": 0.1,
    "Data.trusts": 0,
    "Data.pairs": 0,
    "Data.current": 0,
    "Data.gias": 0,
    "Settings.data": 0,
    "Settings.eligibility": 0.6,
    "Eligibility.policy": 0.1,
    "Eligibility.rules": 0.4,
    "Settings.trust_first": 0.4,
    "Settings.geography": 0.5,
    "Settings.fit": 0.6,
    "Fit.unknown": 0.9,
    "Settings.objectives": 0.6,
    "Settings.constraints": 0.5,
    "Settings.as_of": 0.7,
    "Settings.rule": 0.25,
    "Settings.engine": 0.25,
    "Settings.stop": 0.06,
    "Settings.sweep": 0.05,
    "Settings.uncertainty": 0.15,
    "Settings.supply": 0.1,
    "Settings.offer": 0.8,
    "Geography.max_travel_minutes": 0.1,
    "Geography.within": 0.15,
    "Capacity.resources": 0.6,
}
"""The chance of a setting, where it is not 3 in 10."""


def _write_tables(draft: Draft, folder: Path) -> dict[str, Any]:
    """Write every table; the settings that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {}
    for table, rows in draft.tables.items():
        entry = VALUES[f"Data.{table}"](draft)
        names = list(rows[0]) if rows else list(TABLES[table].key)
        theirs = {name: f"Their {name}" for name in names if draft.chance(0.05)}
        draft.rng.shuffle(rows)
        grid = [[theirs.get(name, name) for name in names], *([row[name] for name in names] for row in rows)]
        file = write_grid(folder / table, grid, entry)
        data[table] = entry | {"file": file} | ({"columns": theirs} if theirs else {})
    return data


def _as_yaml(settings: Mapping[str, Any]) -> str:
    """JSON, which is YAML, with dates as YAML writes them."""
    text = json.dumps(_marked(settings), indent=1, ensure_ascii=False)
    return re.sub(r'"@day ([0-9-]+)"', r"\1", text)


def _marked(value: Any) -> Any:
    if isinstance(value, Day):
        return f"@day {value}"
    if isinstance(value, Mapping):
        return {key: _marked(entry) for key, entry in value.items()}
    return [_marked(entry) for entry in value] if isinstance(value, list) else value
