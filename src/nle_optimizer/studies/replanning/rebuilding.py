"""Amended tables as a scenario: read and checked as files are, so that a run folder of it stands alone."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from nle_optimizer.errors import InputError
from nle_optimizer.records import MILLION, Column, ColumnSpec, Kind, Records
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import CURRENT, ENDED, NLES, PAIRS, RELATIONS, SCHOOLS
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.tables import Reading, parse_rows
from nle_optimizer.studies.replanning.amendments import Amendments
from nle_optimizer.studies.replanning.last_week import Pair

PLACES = "placements"


def rebuilt(desk: Amendments, document: Document, source: str) -> Scenario:
    """The scenario with its tables amended.

    Args:
        desk: the tables, and how they are to differ.
        document: the settings.
        source: where the pairs of the current table stand, as the reader is told.

    Raises:
        InputError: an added row that is not valid, or tables that no longer fit together.
    """
    reading = Reading()
    scenario = desk.scenario
    schools = _joined(scenario.schools, _added(desk, "schools", reading))
    nles = _joined(scenario.nles, _added(desk, "nles", reading))
    if reading.problems:
        raise InputError(reading.problems)
    tables = {
        "schools": _with_cells(schools, desk.cells.get("schools", {})),
        "nles": _with_cells(nles, desk.cells.get("nles", {})),
        "trusts": None if scenario.trusts is None else _with_cells(scenario.trusts, desk.cells.get("trusts", {})),
        "pairs": _pairs(desk),
        "current": _current(desk, source),
    }
    return scenario.with_tables(tables, document)


def _added(desk: Amendments, table: str, reading: Reading) -> Records | None:
    """The rows to be added, read as a file's are."""
    added = desk.added[table]
    if not added:
        return None
    spec = {"schools": SCHOOLS, "nles": NLES}[table]
    (key,) = spec.key
    rows = [(change.place.row or 0, _cells(change, key, identifier)) for identifier, change in added.items()]
    names = list(dict.fromkeys(name for _, cells in rows for name in cells))
    body = [(row, [cells.get(name, "") for name in names]) for row, cells in rows]
    levels = {word.casefold(): int(share * MILLION) for word, share in desk.scenario.settings.fit.levels.items()}
    shown = next(iter(added.values())).place.file
    return parse_rows(spec, shown, names, body, desk.scenario.resources, levels, reading)


def _cells(change: Change, key: str, identifier: str) -> dict[str, str]:
    own = {"trust_id": change.trust_id} if change.trust_id else {}
    return {key: identifier, **own, **(change.further or {})}


def _joined(table: Records, more: Records | None) -> Records:
    if more is None:
        return table
    if table.spec is NLES and PLACES in more and PLACES not in table:
        table = table.with_columns({PLACES: _one_each(table)})
    return table.joined(more)


def _one_each(nles: Records) -> Column:
    """The places of NLEs in a table that does not tell them."""
    return Column(Kind.AMOUNT, np.full(len(nles), MILLION, np.int64), np.ones(len(nles), dtype=bool))


def _with_cells(table: Records, cells: Mapping[str, Mapping[str, str]]) -> Records:
    """The table with some cells set, by column and identifier."""
    row = {identifier: n for n, identifier in enumerate(table.ids.tolist())} if cells else {}
    columns = {}
    for name, texts in cells.items():
        spec = table.spec.columns.get(name) or ColumnSpec(name, Kind.AMOUNT, "", exact=True)
        tells_no_places = table.spec is NLES and name == PLACES and name not in table
        column = _one_each(table) if tells_no_places else table.column(name, spec.kind)
        at = np.array([row[identifier] for identifier in texts], dtype=np.int64)
        parsed, _ = parse_column(list(texts.values()), spec, {})
        columns[name] = _replaced(column, at, parsed)
    return table.with_columns(columns)


def _replaced(column: Column, at: Any, by: Column) -> Column:
    values, given = column.values.copy(), column.given.copy()
    values[at], given[at] = by.values, by.given
    return Column(column.kind, values, given)


def _pairs(desk: Amendments) -> Records | None:
    """The pairs table with what holds between two from now on; pairs that ended are not made again."""
    words: dict[Pair, Set[str]] = dict(desk.relations)
    for pair, state in desk.states.items():
        if state in ENDED and pair[1] in desk.ids["nles"] and pair[0] in desk.recipients:
            words[pair] = (desk.relation(pair) | {"forbid"}) - {"require"}
    table = desk.scenario.pairs
    if not words:
        return table
    if table is None:
        table = Records(PAIRS, "pairs.csv", np.zeros(0, np.int64), {})
    keys = zip(table.values("school_id").tolist(), table.values("nle_id").tolist(), strict=True)
    row = {pair: n for n, pair in enumerate(keys) if pair in words}
    new = sorted(words.keys() - row.keys())
    joined = table.joined(
        _texts(PAIRS, table.source, {"school_id": [p[0] for p in new], "nle_id": [p[1] for p in new]})
    )
    keys = zip(joined.values("school_id").tolist(), joined.values("nle_id").tolist(), strict=True)
    row = {pair: n for n, pair in enumerate(keys) if pair in words}
    return joined.with_columns(_related(joined, row, words, desk.notes))


def _related(
    table: Records, row: Mapping[Pair, int], words: Mapping[Pair, Iterable[str]], notes: Mapping[Pair, str]
) -> dict[str, Column]:
    relation, note = table.column("relation"), table.column("note")
    values, texts = relation.values.copy(), note.values.copy()
    for pair, n in row.items():
        values[n] = tuple(word for word in RELATIONS if word in words[pair])
        texts[n] = texts[n] or notes.get(pair, "")
    return {
        "relation": Column(Kind.NAMES, values, np.array([bool(held) for held in values], dtype=bool)),
        "note": Column(Kind.TEXT, texts, texts.astype(bool)),
    }


def _current(desk: Amendments, source: str) -> Records:
    """The current table: pairs that stand between sides that are known, and all that ended, with what they used."""
    known, nles = desk.recipients, desk.ids["nles"]
    rows = [
        pair for pair, state in sorted(desk.states.items()) if state in ENDED or (pair[0] in known and pair[1] in nles)
    ]
    columns: dict[str, list[str]] = {
        "school_id": [school for school, _ in rows],
        "nle_id": [nle for _, nle in rows],
        "state": [desk.states[pair] for pair in rows],
    }
    for name in desk.scenario.resources:
        used = [desk.taken.get(pair, {}).get(name, "") if desk.states[pair] in ENDED else "" for pair in rows]
        if any(used):
            columns[name] = used
    numbers = [desk.matched[pair].row if pair in desk.matched else 0 for pair in rows]
    return _texts(CURRENT, source, columns, desk.scenario.resources, numbers)


def _texts(
    spec: Any,
    source: str,
    columns: Mapping[str, Sequence[str]],
    resources: Sequence[str] = (),
    numbers: Sequence[int] | None = None,
) -> Records:
    """A table from columns of valid text."""
    cells = list(zip(*columns.values(), strict=True))
    body = [(0 if numbers is None else numbers[n], list(row)) for n, row in enumerate(cells)]
    return parse_rows(spec, source, list(columns), body, resources, {}, Reading())
