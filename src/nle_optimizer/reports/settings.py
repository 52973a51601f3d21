"""Settings as `scenario.resolved.yaml` tells them: each by its dotted key, with its value and its origin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from nle_optimizer.delimited import decode
from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.files import read_file
from nle_optimizer.scenario.yaml_text import parse_yaml


@dataclass(frozen=True)
class Setting:
    """One setting: its value (as JSON has it) and where it came from (`england.yaml:12`, `--set`, `default`)."""

    value: Any
    origin: str


def read_settings(file: Path) -> dict[str, Setting]:
    """The settings of a resolved scenario by dotted key, in the order of the file.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        text = decode(file, read_file(file))
    except OSError as error:
        raise InputError([Problem(Place(str(file)), "", f"the file cannot be read: {error.strerror}")]) from error
    return settings_in(text, str(file))


def settings_in(text: str, source: str) -> dict[str, Setting]:
    """The settings in the text of a resolved scenario; `source` names it where something is wrong.

    An entry of a list of mappings that all have a name is addressed by it, as `--set` does; any other list is
    one value.

    Raises:
        InputError: it is no mapping in YAML.
    """
    values = parse_yaml(text, source).values
    if not isinstance(values, dict):
        raise InputError([Problem(Place(source), "", "it must hold a mapping")])
    return dict(_leaves(values, YAML(typ="rt", pure=True).load(text), ""))


def _leaves(values: Mapping[str, Any], marked: CommentedMap, prefix: str) -> Iterator[tuple[str, Setting]]:
    for key, value in values.items():
        path, node = f"{prefix}{key}", marked[key]
        if isinstance(value, dict) and value:
            yield from _leaves(value, node, f"{path}.")
        elif isinstance(value, list) and _all_named(value):
            for entry, part in zip(value, node, strict=True):
                rest = {word: cell for word, cell in entry.items() if word != "name"}
                yield from _leaves(rest, part, f"{path}.{entry['name']}.")
        else:
            yield path, Setting(_plain(value), _origin(marked, key))


def _all_named(entries: list[Any]) -> bool:
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in entries]
    return bool(names) and None not in names and len(set(names)) == len(names)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _origin(marked: CommentedMap, key: str) -> str:
    """The remark at the end of a setting's line; of a list over several lines, the first within it."""
    return next((text for text in _remarks(marked, key) if text), "")


def _remarks(holder: Any, key: Any) -> Iterator[str]:
    yield _text(holder.ca.items.get(key, [])[2:3])
    value = holder[key]
    if hasattr(value, "ca"):
        yield _text((value.ca.comment or [])[:1])
        for inner in value if isinstance(value, dict) else range(len(value)):
            yield from _remarks(value, inner)


def _text(tokens: list[Any]) -> str:
    return str(tokens[0].value).splitlines()[0].removeprefix("#").strip() if tokens and tokens[0] else ""
