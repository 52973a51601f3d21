"""Amended tables as a scenario: read and checked as files are, so that a run folder of it stands alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.errors import InputError
from nle_optimizer.records import MILLION, Column, ColumnSpec, Kind, Records
from nle_optimizer.scenario.cells import parse_column
from nle_optimizer.scenario.columns import CURRENT, ENDED, NLES, PAIRS, PINNED, RELATIONS, SCHOOLS
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.tables import Reading, parse_rows
from nle_optimizer.studies.earlier_run import Pair
from nle_optimizer.studies.replanning.amendments import Amendments

PLACES = "placements"


def rebuilt(tables: Amendments, document: Document, source: str) -> Scenario:
    """The scenario with its tables amended.

    Args:
        tables: the tables, and how they are to differ.
        document: the settings.
        source: where the pairs of the current table stand, as the reader is told.

    Raises:
        InputError: an added row that is not valid, or tables that no longer fit together.
    """
    reading = Reading()
    scenario = tables.scenario
    schools = _joined(scenario.schools, _added(tables, "schools", reading))
    nles = _joined(scenario.nles, _added(tables, "nles", reading))
    if reading.problems:
        raise InputError(reading.problems)
    made = {
        "schools": _with_cells(schools, tables.cells.get("schools", {})),
        "nles": _with_cells(nles, tables.cells.get("nles", {})),
        "trusts": None if scenario.trusts is None else _with_cells(scenario.trusts, tables.cells.get("trusts", {})),
        "pairs": _pairs(tables),
        "current": _current(tables, source),
    }
    return scenario.with_tables(made, document)


def _added(tables: Amendments, table: str, reading: Reading) -> Records | None:
    """The rows to be added, read as a file's are."""
    added = tables.added[table]
    if not added:
        return None
    spec = {"schools": SCHOOLS, "nles": NLES}[table]
    levels = {word.casefold(): int(share * MILLION) for word, share in tables.scenario.settings.fit.levels.items()}
    found: Records | None = None
    for addition in sorted(added.values(), key=lambda each: each.decision.number):
        place, cells = addition.decision.change.place, addition.cells
        names = [name for name in spec.columns if name in cells]  # in one order, whichever a journal or a register has
        names += sorted(cells.keys() - {*names})
        body = [(place.row or 0, [cells[name] for name in names])]
        row = parse_rows(spec, place.file, names, body, tables.scenario.resources, levels, reading)
        found = row if found is None else found.joined(row)
    return found


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
    if not cells:
        return table
    row = {identifier: n for n, identifier in enumerate(table.ids.tolist())}
    columns = {}
    for name, told in cells.items():
        texts = {identifier: text for identifier, text in told.items() if identifier in row}
        spec = table.spec.columns.get(name) or ColumnSpec(name, Kind.AMOUNT, "", exact=True)
        tells_no_places = table.spec is NLES and name == PLACES and name not in table
        column = _one_each(table) if tells_no_places else table.column(name, spec.kind)
        at = np.array([row[identifier] for identifier in texts], dtype=np.int64)
        parsed, _ = parse_column(list(texts.values()), spec, {})
        columns[name] = column.replaced(at, parsed)
    return table.with_columns(columns)


def _pairs(tables: Amendments) -> Records | None:
    """The pairs table with what holds between two from now on; pairs that ended are not made again."""
    words = {pair: held for pair, held in tables.relations.items() if _has_both(tables, pair)}
    for pair, state in tables.states.items():
        if state in ENDED and _has_both(tables, pair):
            words[pair] = (tables.relation(pair) | {"forbid"}) - {"require"}
    table = tables.scenario.pairs
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
    return joined.with_columns(_related(joined, row, words, tables.notes))


def _has_both(tables: Amendments, pair: Pair) -> bool:
    return pair[1] in tables.ids["nles"] and tables.is_recipient(pair[0])


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


def _current(tables: Amendments, source: str) -> Records:
    """The current table: pairs that stand between sides that are known, and all that are pinned or ended.

    Where the tables have lost a side of a pinned pair, the check of the current table says what is lost; a school in no
    table keeps what it takes of its NLE.
    """
    rows = [
        pair for pair, state in sorted(tables.states.items()) if state in (*PINNED, *ENDED) or _has_both(tables, pair)
    ]
    columns: dict[str, list[str]] = {
        "school_id": [school for school, _ in rows],
        "nle_id": [nle for _, nle in rows],
        "state": [tables.states[pair] for pair in rows],
    }
    for name in tables.scenario.resources:
        held = [tables.states[pair] in ENDED or not tables.is_recipient(pair[0]) for pair in rows]
        used = [
            tables.taken.get(pair, {}).get(name, "") if is_held else ""
            for pair, is_held in zip(rows, held, strict=True)
        ]
        if any(used):
            columns[name] = used
    numbers = [tables.matched[pair].row if pair in tables.matched else 0 for pair in rows]
    return _texts(CURRENT, source, columns, tables.scenario.resources, numbers)


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
