"""A merged document checked against the settings, with every problem told in its place and with a remedy."""

from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.objective_setting import BLEND_PARTS, OBJECTIVE_NAMES
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
    problems = list(_unknown_objectives(document, settings))
    if problems:
        raise InputError(problems)
    return settings


def _problems(document: Document, error: ValidationError) -> Iterable[Problem]:
    for fault in error.errors(include_url=False):
        steps = _steps(document.values, fault["loc"])
        place, path = document.place(steps), ".".join(str(step) for step in steps)
        kind = fault["type"]
        if kind == "extra_forbidden":
            known = _keys_at(Settings, steps[:-1])
            hint = did_you_mean(str(steps[-1]), known) or f"known keys: {', '.join(sorted(known))}"
            yield Problem(place, path, "unknown key", str(steps[-1]), hint)
        elif kind == "missing":
            yield Problem(place, path, "this setting is required")
        else:
            yield Problem(place, path, _sentence(fault["msg"]), _shown(fault["input"]), _nearest(fault))


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
    return f"must be {message}" if message.startswith(("greater", "less", "a valid", "'")) else message


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _nearest(fault: Any) -> str | None:
    expected = fault.get("ctx", {}).get("expected")
    words = [word.strip(" '") for word in str(expected).replace(" or ", ",").split(",")] if expected else []
    return did_you_mean(str(fault["input"]), words)


def _keys_at(model: type[BaseModel], steps: Steps) -> set[str]:
    """The keys that a mapping at this path may have."""
    models = [model]
    for step in steps:
        inner: list[Any] = []
        for candidate in models:
            for name, info in candidate.model_fields.items():
                if step in (name, info.alias):
                    inner.append(info.annotation)
        models = [found for annotation in inner for found in _models_in(annotation)] or (
            models if isinstance(step, int) else []
        )
    return {info.alias or name for found in models for name, info in found.model_fields.items()}


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (Union, UnionType, list, dict) or get_args(annotation):
        for argument in get_args(annotation):
            yield from _models_in(argument)


def _unknown_objectives(document: Document, settings: Settings) -> Iterable[Problem]:
    for n, objective in enumerate(settings.objectives or []):
        place = document.place(("objectives", n))
        if objective.name not in OBJECTIVE_NAMES:
            hint = did_you_mean(objective.name, OBJECTIVE_NAMES)
            yield Problem(place, f"objectives.{n}", "unknown objective", objective.name, hint)
        for part in objective.parts:
            if part not in BLEND_PARTS:
                hint = did_you_mean(part, BLEND_PARTS)
                yield Problem(place, f"objectives.{n}.blend", "unknown part of a blend", part, hint)


def check_word(place: Place, setting: str, word: str, known: Iterable[str]) -> list[Problem]:
    """A problem where `word` is not one of the known ones, with the nearest."""
    known = list(known)
    if word in known:
        return []
    hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
    return [Problem(place, setting, f"unknown {setting.rsplit('.', 1)[-1]}", word, hint)]
