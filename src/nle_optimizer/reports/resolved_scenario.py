"""The resolved scenario, and settings as people read them.

`scenario.resolved.yaml`: every setting in force, each with where it came from, ready to be run again. Settings as
`scenario.resolved.yaml` tells them: each by its dotted key, with its value and its origin.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from nle_optimizer.delimited import decode
from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.files import read_file
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.yaml_text import Path as Steps
from nle_optimizer.scenario.yaml_text import parse_yaml

HEAD = "Every setting of this run, with its origin. Run it again: nle-optimizer run scenario.resolved.yaml"
DATA = "data"
GIAS = "gias"
RULE = "rule"


def inputs_of(scenario: Scenario) -> dict[str, str]:
    """Where the run folder keeps what the scenario read: each table, the register, and a rule of one's own."""
    inputs = {name: f"inputs/{name}.csv" for name in (*TABLES, GIAS) if getattr(scenario, name) is not None}
    code = scenario.own_rule
    return inputs if code is None else {**inputs, RULE: f"inputs/{code.file.name}"}


def resolved_text(scenario: Scenario, inputs: Mapping[str, str], in_force: Mapping[str, Any]) -> str:
    """The text of the file.

    Args:
        scenario: the scenario as run.
        inputs: as `inputs_of` gives them.
        in_force: settings that the scenario left open, as the tables decided them, by dotted key.
    """
    stream = io.StringIO()
    _yaml().dump(_document(scenario, inputs, in_force), stream)
    return stream.getvalue()


def _document(scenario: Scenario, inputs: Mapping[str, str], in_force: Mapping[str, Any]) -> CommentedMap:
    settings = scenario.settings.model_dump(by_alias=True, mode="python")
    settings[DATA] = _data(scenario, {name: path for name, path in inputs.items() if name != RULE})
    if RULE in inputs:
        settings[RULE] = f"{inputs[RULE]}:{settings[RULE].rpartition(':')[2]}"
    for key, value in in_force.items():
        *group, name = key.split(".")
        (settings[group[0]] if group else settings)[name] = value
    settings["objectives"] = [_short(level) for level in settings["objectives"] or ()]
    settings["capacity"]["resources"] = list(scenario.resources)
    document: CommentedMap = _commented(settings, scenario, ())
    document.yaml_set_start_comment(HEAD)
    return document


def _short(level: Mapping[str, Any]) -> Any:
    """An objective as a person would write it: its name alone where nothing else is said."""
    ((name, options),) = level.items()
    return level if options else name


def _data(scenario: Scenario, inputs: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = dict(inputs)
    pairs = scenario.settings.data.pairs
    if pairs is not None and pairs.only:
        data["pairs"] = {"file": inputs["pairs"], "only": True}
    if GIAS in inputs:  # the tables beside it are filled
        data[GIAS] = {"file": inputs[GIAS], "fill": False}
    return data


def _commented(value: Any, scenario: Scenario, steps: Steps) -> Any:
    if isinstance(value, Mapping):
        mapping = CommentedMap()
        for key, entry in value.items():
            here = (*steps, key)
            commented = _commented(entry, scenario, here)
            origin = scenario.document.origin(here)
            if commented is None or (commented in ({}, []) and origin == "default"):
                continue
            mapping[key] = commented
            if not isinstance(entry, Mapping) and not _holds_mappings(entry):
                mapping.yaml_add_eol_comment(origin, key, column=56)
        return mapping
    if isinstance(value, list | tuple):
        sequence = CommentedSeq(_commented(entry, scenario, (*steps, n)) for n, entry in enumerate(value))
        if not _holds_mappings(value):
            sequence.fa.set_flow_style()
        return sequence
    return value


def _holds_mappings(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(entry, Mapping) for entry in value)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = 110
    yaml.representer.add_representer(Decimal, _decimal)
    yaml.representer.ignore_aliases = lambda _: True
    return yaml


def _decimal(representer: Any, number: Decimal) -> Any:
    whole = number == number.to_integral_value()
    text = str(int(number)) if whole else format(number.normalize(), "f")
    return representer.represent_scalar("tag:yaml.org,2002:int" if whole else "tag:yaml.org,2002:float", text)


@dataclass(frozen=True)
class Setting:
    """One setting: its value (as JSON has it) and where it came from (`england.yaml:12`, `--set`, `default`)."""

    value: Any
    origin: str


def settings_of(scenario: Scenario, in_force: Mapping[str, Any]) -> dict[str, Setting]:
    """The settings that the file will tell, by dotted key, in its order; `in_force` as `resolved_text` takes them."""
    document = _document(scenario, inputs_of(scenario), in_force)
    return dict(_leaves(document, document, ""))


def read_settings(file: Path) -> dict[str, Setting]:
    """The settings of a resolved scenario by dotted key, in the order of the file.

    An entry of a list of mappings that all have a name is addressed by it, as `--set` does; any other list is
    one value.

    Raises:
        InputError: the file cannot be read, or is no mapping in YAML.
    """
    try:
        text = decode(file, read_file(file))
    except OSError as error:
        raise InputError([Fault(Place(str(file)), "", f"the file cannot be read: {error.strerror}")]) from error
    values = parse_yaml(text, str(file)).values
    if not isinstance(values, dict):
        raise InputError([Fault(Place(str(file)), "", "it must hold a mapping")])
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
