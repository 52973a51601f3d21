"""Trusts as recipients: one for all its schools that are still in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.exact import half_up
from nle_optimizer.evidence.verification.stages.facts import days_since
from nle_optimizer.records import Column, Integers, Kind, Records, blank_column
from nle_optimizer.scenario.columns import AREAS, SCHOOLS
from nle_optimizer.scenario.scenario import Scenario

Members = Mapping[str, Sequence[Any]]
"""The cells of a trust's members by column, None where blank."""


@dataclass(frozen=True, eq=False)
class FormedTrusts:
    """The trusts, as rows of the schools table, and the earliest rule that let a member in."""

    table: Records
    rule: Integers


def form_trusts(scenario: Scenario, schools: Records, rules: Integers) -> FormedTrusts:
    """One row for each trust that the given schools belong to."""
    groups: dict[str, list[int]] = {}
    for row, trust in enumerate(schools.values("trust_id").tolist()):
        groups.setdefault(trust, []).append(row)
    trusts = sorted(groups)
    names = _names(scenario.trusts)
    cells = _cells(schools)
    rows = [
        _row(trust, names, {name: [column[n] for n in groups[trust]] for name, column in cells.items()})
        for trust in trusts
    ]
    columns = {name: _column(name, [row.get(name) for row in rows]) for name in rows[0]}
    columns["days_waiting"] = days_since(columns["arrived"], scenario.settings.as_of)
    table = Records(SCHOOLS, schools.source, np.zeros(len(rows), dtype=np.int64), columns)
    rule = [min(int(rules[n]) for n in groups[trust]) for trust in trusts]
    return FormedTrusts(table, np.array(rule, dtype=np.int64))


def _names(trusts: Records | None) -> dict[str, str]:
    return {} if trusts is None else dict(zip(trusts.ids.tolist(), trusts.values("name").tolist(), strict=True))


def _cells(schools: Records) -> dict[str, list[Any]]:
    result = {}
    for name in SCHOOLS.columns:
        column = schools.column(name)
        pairs = zip(column.values.tolist(), column.given.tolist(), strict=True)
        result[name] = [value if given else None for value, given in pairs]
    return result


def _column(name: str, cells: Sequence[Any]) -> Column:
    column = blank_column(SCHOOLS.columns[name].kind if name in SCHOOLS.columns else Kind.TEXT, len(cells))
    for n, cell in enumerate(cells):
        if cell is not None:
            column.values[n], column.given[n] = cell, True
    return column


def _row(trust: str, names: Mapping[str, str], members: Members) -> dict[str, Any]:
    easting, northing = _place(members)
    return {
        "school_id": trust,
        "name": names.get(trust) or trust,
        "kind": "trust",
        "trust_id": trust,
        "easting": easting,
        "northing": northing,
        "region": _commonest(members["region"]),
        "local_authority": _commonest(members["local_authority"]),
        **{name: _common(members[name]) for name in ("phase", "faith", "diocese")},
        "pupils": None if None in members["pupils"] else sum(members["pupils"]),
        "priority": _least(members["priority"]),
        "arrived": _least(members["arrived"]),
        **{f"need_{area}": _need(members[f"need_{area}"], members["pupils"]) for area in AREAS},
        "need_source": _source(members),
        "supporters": 1,
    }


def _place(members: Members) -> tuple[int | None, int | None]:
    pairs = zip(members["easting"], members["northing"], strict=True)
    places = [place for place in pairs if None not in place]
    if not places:
        return None, None
    return (
        int(half_up(sum(place[0] for place in places), len(places))),
        int(half_up(sum(place[1] for place in places), len(places))),
    )


def _commonest(cells: Sequence[str | None]) -> str | None:
    counts = Counter(cell for cell in cells if cell is not None)
    return min(counts, key=lambda cell: (-counts[cell], cell)) if counts else None


def _common(cells: Sequence[str | None]) -> str | None:
    return cells[0] if len(set(cells)) == 1 else None


def _least(cells: Sequence[int | None]) -> int | None:
    return min((cell for cell in cells if cell is not None), default=None)


def _need(needs: Sequence[int | None], pupils: Sequence[int | None]) -> int | None:
    """The mean of the needs that are given, weighted by pupils where every school has some number."""
    given = [(need, weight or 0) for need, weight in zip(needs, pupils, strict=True) if need is not None]
    total = sum(weight for _, weight in given)
    if not given:
        return None
    if None in pupils or total == 0:
        return int(half_up(sum(need for need, _ in given), len(given)))
    return int(half_up(sum(need * weight for need, weight in given), total))


def _source(members: Members) -> str:
    sources = set()
    for n, source in enumerate(members["need_source"]):
        some = any(members[f"need_{area}"][n] is not None for area in AREAS)
        sources.add(source or ("assessed" if some else "unknown"))
    return sources.pop() if len(sources) == 1 else "proxy"
