"""Settings checked, with words for what is wrong; and the schema of a scenario file.

A merged document checked against the settings, with every problem told in its place and with a remedy. The JSON
Schema of the scenario file, as people write it: short forms included.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.scenario.document import Document, shorten
from nle_optimizer.scenario.plausibility import contradictions
from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, OBJECTIVE_NAMES
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.yaml_text import Path as Steps


def validate(document: Document) -> Settings:
    """The settings of a document.

    Raises:
        InputError: every problem at once: place, dotted path, what was got, the nearest valid key.
    """
    try:
        settings = Settings.model_validate(document.values)
    except ValidationError as error:
        raise InputError(sorted(set(_problems(document, error)))) from None
    problems = list(contradictions(document, settings))
    if problems:
        raise InputError(problems)
    return settings


def _problems(document: Document, error: ValidationError) -> Iterable[Fault]:
    faults = [(_steps(document.values, fault["loc"]), fault) for fault in error.errors(include_url=False)]
    named = [steps for steps, fault in faults if fault["type"] in ("extra_forbidden", "missing")]
    told: set[Steps] = set()
    for steps, fault in faults:
        condition = _condition(steps)
        if condition is None or steps in named:
            if not _only_says_it_is_no_other_form(steps, fault, faults):
                yield _problem(document, steps, fault)
        elif condition not in told and not any(_is_below(below, condition) for below in named):
            told.add(condition)
            path = ".".join(str(step) for step in condition)
            yield Fault(document.place(condition), path, A_CONDITION, shorten(_at(document.values, condition)))


A_CONDITION = "must be a value, a list of values, or some of {min, max, not, before, missing}"


def _at(values: Any, steps: Steps) -> Any:
    for step in steps:
        values = values[step]
    return values


def _condition(steps: Steps) -> Steps | None:
    """The path of the condition on a column that a path leads into, if any."""
    for n, step in enumerate(steps):
        if step in ("when", "where") and len(steps) > n + 1:
            return steps[: n + 2]
    return None


def _only_says_it_is_no_other_form(steps: Steps, fault: Any, faults: Any) -> bool:
    """Whether a fault only says that a value has none of its other forms, while a fault inside it says more."""
    wrong_form = fault["type"].endswith("_type") or fault["type"] == "literal_error"
    return wrong_form and isinstance(fault["input"], Mapping) and any(_is_below(below, steps) for below, _ in faults)


def _is_below(steps: Steps, above: Steps) -> bool:
    return len(steps) > len(above) and steps[: len(above)] == above


def _problem(document: Document, steps: Steps, fault: Any) -> Fault:
    place, path = document.place(steps), ".".join(str(step) for step in steps)
    if fault["type"] == "extra_forbidden":
        known = _keys_at(Settings, steps[:-1])
        hint = did_you_mean(str(steps[-1]), known) or f"known keys: {', '.join(sorted(known))}"
        return Fault(place, path, "unknown key", str(steps[-1]), hint)
    if fault["type"] == "missing":
        return Fault(place, path, "this setting is required")
    what = SENTENCES.get(fault["type"]) or _sentence(fault["msg"])
    speaks_for_itself = fault["type"] == "value_error" and isinstance(fault["input"], Mapping)
    return Fault(place, path, what, None if speaks_for_itself else shorten(fault["input"]), _nearest(fault))


SENTENCES = {
    "model_type": "must be a mapping of settings",
    "dict_type": "must be a mapping",
    "list_type": "must be a list",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be text; put it in quotation marks",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "must be letters, digits, dots, dashes or underscores, first a letter or digit",
}


def _steps(values: Any, loc: tuple[int | str, ...]) -> Steps:
    """The part of pydantic's location that is a path in the document, without names of union members."""
    steps: list[int | str] = []
    for step in loc:
        inside = _entry(values, step)
        if inside is not None:
            values = inside[0]
        elif step is not loc[-1] or _is_union_member(str(step)):
            continue
        steps.append(step)
    return tuple(steps)


def _entry(values: Any, step: int | str) -> tuple[Any] | None:
    """The entry of a mapping or list, or None where it has none."""
    if isinstance(values, Mapping) and step in values:
        return (values[step],)
    if isinstance(values, list) and isinstance(step, int) and step < len(values):
        return (values[step],)
    return None


def _is_union_member(step: str) -> bool:
    return any(mark in step for mark in "[(-") or step in (
        "int",
        "str",
        "bool",
        "date",
        "decimal",
        "Range",
        "dict",
    )


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    return message[:1].lower() + message[1:] if message.startswith("String") else _must(message)


def _must(message: str) -> str:
    return f"must be {message}" if message.startswith(("greater", "less", "a valid", "'", "1")) else message


def _nearest(fault: Any) -> str | None:
    expected = fault.get("ctx", {}).get("expected")
    if isinstance(fault["input"], str) and _is_number(fault["input"]):
        is_wanted = expected == fault["input"] or "number is needed" in fault["msg"]
        return "it is written as text: take the quotation marks off" if is_wanted else None
    words = [word.strip(" '") for word in str(expected).replace(" or ", ",").split(",")] if expected else []
    return did_you_mean(str(fault["input"]), words)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _keys_at(model: type[BaseModel], steps: Steps) -> set[str]:
    """The keys that a mapping at this path may have."""
    forms: list[Any] = [model]
    for step in steps:
        forms = [inner for form in forms for inner in _inside(form, step)]
    return {info.alias or name for found in _models_in(forms) for name, info in found.model_fields.items()}


def _inside(form: Any, step: int | str) -> Iterable[Any]:
    """The forms that an entry of a setting of the given form may have."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        return [info.annotation for name, info in form.model_fields.items() if step in (name, info.alias)]
    if get_origin(form) in (list, dict):
        return [get_args(form)[-1]]
    return [inner for option in get_args(form) for inner in _inside(option, step)]


def _models_in(forms: Iterable[Any]) -> Iterable[type[BaseModel]]:
    for form in forms:
        if isinstance(form, type) and issubclass(form, BaseModel):
            yield form
        elif get_origin(form) in (Union, UnionType, Annotated):
            yield from _models_in(get_args(form))


def check_word(place: Place, setting: str, word: str, known: Iterable[str]) -> list[Fault]:
    """A problem where `word` is not one of the known ones, with the nearest."""
    known = list(known)
    if word in known:
        return []
    hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
    return [Fault(place, setting, f"unknown {setting.rsplit('.', 1)[-1]}", word, hint)]


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
