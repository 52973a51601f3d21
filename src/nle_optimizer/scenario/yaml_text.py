"""YAML 1.2 text to plain values that remember where they stood.

Numbers with a point become `Decimal`, so that 0.1 is a tenth. Anchors, aliases, tags, duplicate keys, deep
nesting and documents of unreasonable size are refused: a scenario needs none of them.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser

from nle_optimizer.errors import Fault, InputError, Place

MAX_CHARACTERS = 250_000
MAX_DEPTH = 30
MOST_DIGITS = 30
TEXT_TAG = "tag:yaml.org,2002:str"

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Marked:
    """A parsed document: its values, and where each setting stands.

    Attributes:
        values: plain dicts, lists, str, int, Decimal, bool, date and None.
        places: the place of every key and list entry, by its path from the top.
    """

    values: Any
    places: Mapping[Path, Place] = field(default_factory=dict)


def parse_yaml(text: str, file: str) -> Marked:
    """The document in `text`.

    Raises:
        InputError: with file, line and column of everything that is refused.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError([Fault(Place(file), "", f"the file is longer than {MAX_CHARACTERS:,} characters")])
    yaml = YAML(typ="safe", pure=True)
    yaml.Parser = partial(_PlainParser, file)
    try:
        node = yaml.compose(text)
    except MarkedYAMLError as error:
        raise InputError([_marked(error, file)]) from None
    except YAMLError as error:
        raise InputError([Fault(Place(file), "", f"the file is not valid YAML: {error}")]) from None
    builder = _Builder(file)
    values = builder.build(node, ()) if node is not None else None
    if builder.problems:
        raise InputError(builder.problems)
    return Marked(values, builder.places)


def parse_value(text: str, file: str) -> Any:
    """One value as it would stand in a scenario file: `40`, `[20, 40]`, `North West`, `2022-09-01`.

    Only brackets make a list or a mapping: `England: autumn` is text.
    """
    value = parse_yaml(text, file).values
    return text.strip() if isinstance(value, dict | list) and text.strip()[0] not in "[{" else value


def value_text(value: Any) -> str:
    """A value on one line, as `parse_value` reads it again: dates, decimals, and text that only looks like a number."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{value_text(str(key))}: {value_text(held)}" for key, held in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(held) for held in value) + "]"
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.casefold() not in ("true", "false", "null"):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def _marked(error: MarkedYAMLError, file: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    return Fault(place, "", f"the file is not valid YAML: {error.problem or error.context}")


class _PlainParser(Parser):
    """The parser of YAML that refuses what a scenario needs not, event by event."""

    def __init__(self, file: str, loader: Any) -> None:
        super().__init__(loader)
        self._file, self._depth = file, 0

    def get_event(self) -> Any:
        event = super().get_event()
        place = Place(self._file, event.start_mark.line + 1, event.start_mark.column + 1)
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise InputError([Fault(place, "", "anchors and aliases are not allowed", hint="write it out")])
        if getattr(event, "tag", None) is not None:
            raise InputError([Fault(place, "", "tags are not allowed", str(event.tag), "leave it out")])
        if getattr(event, "version", None) not in (None, (1, 2)):
            raise InputError([Fault(place, "", "only YAML 1.2 is read", hint="leave out the line %YAML")])
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._depth += 1
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self._depth -= 1
        if self._depth > MAX_DEPTH:
            raise InputError([Fault(place, "", f"nested more than {MAX_DEPTH} deep", hint="flatten it")])
        return event


_INTEGER = re.compile(r"[-+]?[0-9]+")


@dataclass
class _Builder:
    file: str
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Fault] = field(default_factory=list)

    def build(self, node: Node, path: Path) -> Any:
        self.places[path] = self._place(node)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, n)) for n, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _place(self, node: Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._refuse(key_node, path, "a key must be a word")
                continue
            key = str(self._scalar(ScalarNode(TEXT_TAG, key_node.value, key_node.start_mark), path))
            if key in values:
                self._refuse(key_node, (*path, key), "the key stands twice")
            values[key] = self.build(value_node, (*path, key))
            self.places[(*path, key)] = self._place(key_node)
        return values

    def _refuse(self, node: Node, path: Path, what: str, got: str | None = None) -> None:
        dotted = ".".join(str(step) for step in path)
        self.problems.append(Fault(self._place(node), dotted, what, got))

    def _scalar(self, node: ScalarNode, path: Path) -> Any:
        tag = str(node.tag).rsplit(":", 1)[-1]
        if tag not in _READERS:
            self._refuse(node, path, "tags are not allowed", str(node.tag))
            return None
        try:
            return _READERS[tag](node.value)
        except (ValueError, InvalidOperation):
            shown = node.value if len(node.value) <= 80 else f"{node.value[:77]}..."
            got = shown.encode("utf-8", "replace").decode()
            self._refuse(node, path, f"this is no valid {_WORDS.get(tag, tag)}", got)
            return None


def _whole(text: str) -> int:
    plain = text.replace("_", "")
    if len(plain) > 2 * MOST_DIGITS:
        raise ValueError(text)
    return int(plain) if _INTEGER.fullmatch(plain) else int(plain, 0)


def _decimal(text: str) -> Decimal:
    number = Decimal(text.replace("_", ""))
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        raise ValueError(text)
    return number


def _text(text: str) -> str:
    text.encode()  # half of a surrogate pair is no text, and could not be written again
    return text


_WORDS = {"int": "whole number", "float": "number", "str": "text", "timestamp": "date"}
_READERS: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "str": _text,
    "int": _whole,
    "float": _decimal,
    "timestamp": date.fromisoformat,
}
