"""Scenarios written from plain dicts, for tests: a line says what a test is about, the rest has a default."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

NEEDS = {"need_leadership": 0.5, "need_governance": 0.5, "need_finance": 0.5}
EXPERTISE = {"expertise_leadership": 1, "expertise_governance": 1, "expertise_finance": 1}


def school(number: int = 1, **cells: Any) -> dict[str, Any]:
    """A school 1 km east of the one before it, with needs; `cells` change or add columns."""
    place = {"easting": 430_000 + 1000 * number, "northing": 430_000}
    return {"school_id": f"S{number}", "name": f"School {number}", **place, **NEEDS, **cells}


def nle(number: int = 1, **cells: Any) -> dict[str, Any]:
    """An NLE 1 km north of the school of the same number, with full expertise and one place."""
    place = {"easting": 430_000 + 1000 * number, "northing": 431_000}
    return {"nle_id": f"N{number}", "name": f"NLE {number}", **place, **EXPERTISE, "placements": 1, **cells}


def write_table(path: Path, rows: Sequence[Row], columns: Sequence[str] = ()) -> Path:
    """Write rows as CSV; a column that a row lacks is blank in it. `columns` names those of an empty table."""
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_scenario(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    schools: Sequence[Row] | None = None,
    nles: Sequence[Row] | None = None,
    *,
    trusts: Sequence[Row] | None = None,
    pairs: Sequence[Row] | None = None,
    current: Sequence[Row] | None = None,
    name: str = "scenario.yaml",
) -> Path:
    """Write a scenario folder; its file. Settings are merged over the least there may be, `data` key by key."""
    given = {
        "schools": [school(1), school(2)] if schools is None else schools,
        "nles": [nle(1)] if nles is None else nles,
        "trusts": trusts,
        "pairs": pairs,
        "current": current,
    }
    keys = {"schools": ["school_id"], "nles": ["nle_id"], "trusts": ["trust_id"], "pairs": ["nle_id", "school_id"]}
    tables = {table: rows for table, rows in given.items() if rows is not None}
    for table, rows in tables.items():
        write_table(folder / f"{table}.csv", rows, keys.get(table, []))
    chosen = dict(settings or {})
    data = {**{table: f"{table}.csv" for table in tables}, **chosen.pop("data", {})}
    file = folder / name
    document = {"schema": 1, "name": "test", "data": data, **chosen}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")  # JSON is YAML 1.2
    return file


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as they stand there."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refusal(action: Any, *arguments: Any, **named: Any) -> str:
    """The words with which InputError refuses `action(*arguments)`."""
    from nle_optimizer.errors import InputError

    try:
        action(*arguments, **named)
    except InputError as error:
        return str(error)
    raise AssertionError("nothing was refused")
