"""What a case is known by: a hash of its parsed settings, the content of its tables, and the program's version."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np

from nle_optimizer.records import Records
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.own_code import Code
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

SAYS_NOTHING = ("name", "title", "data", "sweep")
"""Settings that change no result; of the tables, the content counts, and not where it lies."""


def key_of(settings: Settings, content: str, code: Code | None = None) -> str:
    """The key of a case: 64 hexadecimal digits.

    Args:
        settings: as parsed, so that 40 and 40.0 are the same.
        content: the digest of its tables, as `content_of` gives it.
        code: the rule, where it is one's own; what it holds counts, and not where it lies.
    """
    said = settings.model_dump(exclude=set(SAYS_NOTHING))
    if code is not None:
        said["rule"] = f"{code.name} {code.sha256}"
    only = settings.data.pairs is not None and settings.data.pairs.only
    return _digest([_version(), content, only, said])


@cache
def _version() -> str:
    return version("nle-optimizer")


def content_of(scenario: Scenario) -> str:
    """A digest of the tables as read: the same for any order of rows."""
    tables = {name: table for name in TABLES if (table := getattr(scenario, name)) is not None}
    return _digest([list(scenario.resources), {name: _table(table) for name, table in tables.items()}])


def _table(table: Records) -> dict[str, str]:
    return {
        name: _sha256([column.kind.value.encode(), column.given.tobytes(), _cells(np.asarray(column.values))])
        for name, column in table.columns.items()
    }


def _cells(values: Any) -> bytes:
    if values.dtype != object:
        return bytes(values.tobytes())
    return json.dumps(values.tolist(), ensure_ascii=False).encode()


def _sha256(parts: list[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return _sha256([json.dumps(_plain(value), ensure_ascii=False).encode()])


def _plain(value: Any) -> Any:
    """A value as JSON, in which different values are different and equal numbers are equal."""
    if isinstance(value, Mapping):
        return {"mapping": [[_plain(key), _plain(entry)] for key, entry in value.items()]}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"number": format(Decimal(value).normalize(), "f")}
    return {"date": value.isoformat()} if isinstance(value, date) else value
