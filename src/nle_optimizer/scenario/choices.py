"""What is chosen of a scenario file: its overrides and scenarios by name, and `KEY=VALUE` settings over all."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.files import unusable_name
from nle_optimizer.scenario.document import Document, anchor_paths, copy_values, shorten
from nle_optimizer.scenario.yaml_text import parse_value

CHOICES = (("overrides",), ("scenarios",))
FORMS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "overrides": ("write {name: {dotted.key: value}}", lambda entry: isinstance(entry, dict)),
    "scenarios": (
        "write {name: [override, ...]}",
        lambda entry: isinstance(entry, list) and all(isinstance(member, str) for member in entry),
    ),
}
MOST_SHOWN = 20


def apply_choices(
    document: Document, names: Sequence[str], sets: Sequence[str], *, allow_outside: bool = False
) -> None:
    """Apply named overrides or scenarios, then `KEY=VALUE` settings, in order.

    Raises:
        InputError: an unknown name, a malformed `KEY=VALUE`, a path that leaves the folder of the file.
    """
    overrides = _section(document, "overrides")
    groups = _section(document, "scenarios")
    for name in names:
        for override in _members(document, name, overrides, groups):
            _override(document, override, overrides)
    _forget_choices(document)
    problems: list[Problem] = []
    for word in sets:
        try:
            _set(document, word)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    anchor_paths(document, allow_outside=allow_outside)


def _forget_choices(document: Document) -> None:
    """Forget where overrides and scenarios stood, of which there may be thousands, and a copy each would be made."""
    document.places = {steps: place for steps, place in document.places.items() if steps[:1] not in CHOICES}


def each_override(document: Document, problems: list[Problem], *, allow_outside: bool = False) -> dict[str, Document]:
    """The document without an override (under the name "") and with each of its overrides alone.

    Overrides that cannot be applied, and scenarios that name overrides that do not exist, go to `problems`.
    """
    plain = document.copy()
    overrides, groups = _section(plain, "overrides"), _section(plain, "scenarios")
    for name in groups:
        try:
            _members(plain, name, overrides, groups)
        except InputError as error:
            problems += error.problems
        if len(problems) >= MOST_SHOWN:
            break
    _forget_choices(plain)
    documents = {"": plain}
    for name in overrides:
        changed = plain.copy()
        try:
            _override(changed, name, overrides)
            if any(key.split(".")[0] in ("data", "rule") for key in overrides[name]):
                anchor_paths(changed, allow_outside=allow_outside)
        except InputError as error:
            problems += error.problems
        else:
            documents[name] = changed
    return documents


def _override(document: Document, name: str, overrides: Mapping[str, Any]) -> None:
    for key, value in overrides[name].items():
        document.set(key, copy_values(value), Place(f"overrides.{name}"))


def _set(document: Document, word: str) -> None:
    key, equals, text = word.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise InputError([Problem(Place("--set"), word, "write KEY=VALUE, such as geography.max_distance_km=40")])
    document.set_by_user(key.strip(), parse_value(text, "--set"), Place("--set"))


def _section(document: Document, name: str) -> dict[str, Any]:
    section = document.values.pop(name, None) or {}
    what, is_entry = FORMS[name]
    if not isinstance(section, dict):
        raise InputError([Problem(document.place((name,)), name, what, shorten(section))])
    problems = [
        Problem(document.place((name, key)), f"{name}.{key}", what, shorten(entry))
        for key, entry in section.items()
        if not is_entry(entry)
    ]
    problems += [
        Problem(document.place((name, key)), f"{name}.{key}", f"{why}; choose another name")
        for key in section
        if (why := unusable_name(key))
    ]
    if problems:
        raise InputError(problems[:MOST_SHOWN])
    return section


def _members(document: Document, name: str, overrides: Mapping[str, Any], groups: Mapping[str, Any]) -> Sequence[str]:
    members = groups.get(name, [name])
    for member in members:
        if member not in overrides:
            where = document.place(("scenarios", name)) if name in groups else Place("--scenario")
            hint = did_you_mean(str(member), [*overrides, *groups])
            raise InputError([Problem(where, name, "there is no such override", str(member), hint)])
    return members
