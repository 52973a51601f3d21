"""The JSON Schema of the scenario file, as people write it: short forms included."""

from typing import Any

from nle_optimizer.scenario.objective_setting import BLEND_PARTS, OBJECTIVE_NAMES
from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.scenario.settings import Settings

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def scenario_schema() -> dict[str, Any]:
    """The schema (draft 2020-12)."""
    schema = Settings.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    for name in ("DataFile", "PairsFile"):
        definitions[name] = {"anyOf": [{"type": "string"}, definitions[name]]}
    definitions["Objective"] = _objective(definitions["Objective"])
    limit = definitions["Geography"]["properties"]["max_distance_km"]
    limit["anyOf"] = [{"type": "number", "minimum": 0}, {"type": "object"}, {"type": "null"}]
    for key in ("type", "additionalProperties"):
        limit.pop(key, None)
    definitions["Eligibility"]["properties"]["policy"]["examples"] = list(POLICIES)
    schema["properties"] |= {
        "base": {"type": "string", "description": "Start from another scenario and change what follows."},
        "overrides": {
            "type": "object",
            "description": "Named sets of changes, each {dotted.key: value}.",
            "additionalProperties": {"type": "object"},
        },
        "scenarios": {
            "type": "object",
            "description": "Named lists of overrides.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    }
    schema["required"] = ["name"]
    return {"$schema": DRAFT, **schema}


def _objective(options: dict[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in options["properties"].items() if key not in ("name", "parts")}
    plain = {"type": ["object", "null"], "properties": own, "additionalProperties": False}
    parts = {part: {"type": "number"} for part in BLEND_PARTS}
    blend = {"type": "object", "properties": {**parts, **own}, "additionalProperties": False}
    names = {name: blend if name == "blend" else plain for name in OBJECTIVE_NAMES}
    mapping = {
        "type": "object",
        "properties": names,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {
        "description": options.get("description", ""),
        "anyOf": [{"enum": list(OBJECTIVE_NAMES)}, mapping],
    }
