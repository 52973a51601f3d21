"""A scenario as it might be: needs and expertise somewhat off, NLEs that withdraw, schools that refuse.

Every draw is decided by lots on identifiers, the seed and the number of the draw alone, never by the order of rows.
"""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.model.lots import identities, lots
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.columns import AREAS, PINNED
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Uncertainty

REFUSED = "refused-in-a-draw"
WITHDRAWN = "withdrawn"


def drawn(scenario: Scenario, rates: Uncertainty, draw: int) -> Scenario:
    """The scenario of one draw, counted from 0.

    Needs and expertise that are given move by at most the rate up or down, within 0 and 1; a word such as `high` counts
    as its number. Pairs that are required, agreed or started, and their sides, do not withdraw or refuse.
    """
    seed = scenario.settings.seed
    held_schools, held_nles = _held(scenario)
    schools = _moved(scenario.schools, "need", int(rates.needs * MILLION), seed, draw)
    nles = _moved(scenario.nles, "expertise", int(rates.expertise * MILLION), seed, draw)
    refuse = _happens(schools, rates.school_refuses, f"refuses {seed}", draw)
    refuse &= ~np.isin(schools.ids.astype(str), held_schools) & ~schools.given("left_out")
    withdraw = _happens(nles, rates.nle_withdraws, f"withdraws {seed}", draw)
    withdraw &= ~np.isin(nles.ids.astype(str), held_nles)
    tables = {
        "schools": _told(schools, "left_out", refuse, REFUSED),
        "nles": _told(nles, "status", withdraw, WITHDRAWN),
    }
    return scenario.with_tables(tables, scenario.document.copy())


def _held(scenario: Scenario) -> tuple[list[str], list[str]]:
    """Schools and NLEs of pairs that must be."""
    pairs = set(_required(scenario.pairs, "relation", "require")) | set(_required(scenario.current, "state", *PINNED))
    return sorted({school for school, _ in pairs}), sorted({nle for _, nle in pairs})


def _required(table: Records | None, column: str, *words: str) -> Iterator[tuple[str, str]]:
    if table is None or column not in table:
        return
    cells = table.values(column).tolist()
    for school, nle, cell in zip(table.values("school_id"), table.values("nle_id"), cells, strict=True):
        if set(words) & ({cell} if isinstance(cell, str) else set(cell)):
            yield str(school), str(nle)


def _uniform(table: Records, salt: str, draw: int) -> NDArray[np.uint64]:
    """A lot for every row, uniform over 64 bits."""
    return lots(identities(table.ids, salt, 0), draw)


def _happens(table: Records, chance: Decimal, salt: str, draw: int) -> Flags:
    """Rows to which something of a chance happens."""
    return np.asarray(_uniform(table, salt, draw) < np.uint64(int(chance * (2**64 - 1))), dtype=bool)


def _moved(table: Records, prefix: str, most: int, seed: int, draw: int) -> Records:
    """The table with every given share moved by at most `most` millionths."""
    if not most:
        return table
    columns = {}
    for area in AREAS:
        name = f"{prefix}_{area}"
        if name in table:
            column = table.column(name)
            by = (_uniform(table, f"{name} {seed}", draw) % np.uint64(2 * most + 1)).astype(np.int64) - most
            values: Integers = np.clip(column.values + by, 0, MILLION)
            columns[name] = Column(column.kind, np.where(column.given, values, column.values), column.given)
    return table.with_columns(columns)


def _told(table: Records, name: str, rows: Flags, word: str) -> Records:
    if not rows.any():
        return table
    column = table.column(name, Kind.TEXT)
    values = column.values.copy()
    values[rows] = word
    return table.with_columns({name: Column(column.kind, values, column.given | rows)})
