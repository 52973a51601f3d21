"""`scenario.resolved.yaml`: every setting in force, each with where it came from, ready to be run again."""

import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.yaml_text import Path as Steps

HEAD = "Every setting of this run, with its origin. Run it again: nle-optimizer run scenario.resolved.yaml"
DATA = "data"
RULE = "rule"


def inputs_of(scenario: Scenario) -> dict[str, str]:
    """Where the run folder keeps what the scenario read: each table, and a rule of one's own."""
    inputs = {name: f"inputs/{name}.csv" for name in TABLES if getattr(scenario, name) is not None}
    code = scenario.own_rule
    return inputs if code is None else {**inputs, RULE: f"inputs/{code.file.name}"}


def resolved_text(scenario: Scenario, inputs: Mapping[str, str], in_force: Mapping[str, Any]) -> str:
    """The text of the file.

    Args:
        scenario: the scenario as run.
        inputs: as `inputs_of` gives them.
        in_force: settings that the scenario left open, as the tables decided them, by dotted key.
    """
    settings = scenario.settings.model_dump(by_alias=True, mode="python")
    settings[DATA] = _data(scenario, {name: path for name, path in inputs.items() if name != RULE})
    if RULE in inputs:
        settings[RULE] = f"{inputs[RULE]}:{settings[RULE].rpartition(':')[2]}"
    for key, value in in_force.items():
        *group, name = key.split(".")
        (settings[group[0]] if group else settings)[name] = value
    settings["objectives"] = [_short(level) for level in settings["objectives"] or ()]
    settings["capacity"]["resources"] = list(scenario.resources)
    document = _commented(settings, scenario, ())
    document.yaml_set_start_comment(HEAD)
    stream = io.StringIO()
    _yaml().dump(document, stream)
    return stream.getvalue()


def _short(level: Mapping[str, Any]) -> Any:
    """An objective as a person would write it: its name alone where nothing else is said."""
    ((name, options),) = level.items()
    return level if options else name


def _data(scenario: Scenario, inputs: Mapping[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = dict(inputs)
    pairs = scenario.settings.data.pairs
    if pairs is not None and pairs.only:
        data["pairs"] = {"file": inputs["pairs"], "only": True}
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
