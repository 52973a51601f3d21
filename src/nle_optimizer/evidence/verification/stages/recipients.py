"""Schools and trusts as recipients.

Who may be matched with an NLE: the rows that are still in, or the trusts formed from them. Trusts as recipients: one
for all its schools that are still in.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import RefusedError, half_up
from nle_optimizer.evidence.verification.stages.eligibility import NO_RULE, Entry, Exits, days_since
from nle_optimizer.evidence.verification.stages.supply import done_with
from nle_optimizer.records import Column, Flags, Integers, Kind, Records, Texts, blank_column
from nle_optimizer.scenario.columns import AREAS, SCHOOLS
from nle_optimizer.scenario.policies import eligibility_rules
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


@dataclass(frozen=True, eq=False)
class Recipients:
    """Recipients as rows.

    Attributes:
        table: the schools table as it stood, but in the trust that it names whenever it was joined; priority as it came
            out of the rules.
        rule: the rule that let each one in, or NO_RULE.
        formed: whether it is a trust formed from its schools.
    """

    table: Records
    rule: Integers
    formed: Flags

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> Texts:
        """Identifiers."""
        return self.table.ids

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each identifier stands."""
        return {identifier: row for row, identifier in enumerate(self.ids.tolist())}

    @cached_property
    def supporters(self) -> Integers:
        """How many NLEs each may have."""
        return np.asarray(self.table.column("supporters").or_else(1).astype(np.int64))

    def take(self, rows: NDArray[np.int64] | Flags) -> "Recipients":
        """The recipients at the given indices (or mask)."""
        return Recipients(self.table.take(rows), self.rule[rows], self.formed[rows])


def gather(scenario: Scenario, entry: Entry) -> Recipients:
    """The recipients before the need stage; schools served through their trust leave `entry`."""
    everyone = _listed(scenario, entry)
    served = np.zeros(len(everyone), dtype=bool)
    if scenario.settings.eligibility.recipients == "trust":
        table = everyone.table
        served = entry.exits.inside & (table.values("kind") != "trust") & table.given("trust_id")
    if not served.any():
        listed = everyone.take(entry.exits.inside)
        _refuse_doubles(listed.table)
        return listed
    trusts = form_trusts(scenario, everyone.table.take(served), everyone.rule[served])
    _refuse_same_identifier(trusts.table.ids, scenario.schools.ids)
    entry.exits.leave(served, "recipient", "served-through-trust")
    listed = everyone.take(entry.exits.inside)
    _refuse_doubles(listed.table)
    return _joined(listed, Recipients(trusts.table, trusts.rule, np.ones(len(trusts.rule), bool)))


def _listed(scenario: Scenario, entry: Entry) -> Recipients:
    """All rows of the schools table, as recipients would be."""
    priority = scenario.schools.column("priority")
    values, given = priority.values.copy(), priority.given.copy()
    for n, rule in enumerate(eligibility_rules(scenario.settings)):
        if rule.priority is not None:
            here = (entry.rule == n) & ~priority.given
            values[here], given[here] = rule.priority, True
    own = {"priority": Column(Kind.COUNT, values, given), "trust_id": scenario.schools.column("trust_id")}
    table = entry.stood.with_columns(own)
    return Recipients(table, entry.rule, np.zeros(len(table), dtype=bool))


def _joined(listed: Recipients, trusts: Recipients) -> Recipients:
    table = _stacked(listed.table, trusts.table)
    both = Recipients(
        table,
        np.concatenate([listed.rule, trusts.rule]),
        np.concatenate([listed.formed, trusts.formed]),
    )
    ids = table.ids.tolist()
    return both.take(np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64))


def _stacked(first: Records, second: Records) -> Records:
    columns = {}
    for name in dict.fromkeys([*first, *second]):
        kind = (first if name in first else second).column(name).kind
        columns[name] = first.column(name, kind).above(second.column(name, kind))
    return Records(first.spec, first.source, np.concatenate([first.rows, second.rows]), columns)


def _refuse_same_identifier(trusts: Texts, schools: Texts) -> None:
    both = sorted(set(trusts.tolist()) & set(schools.tolist()))
    if both:
        raise RefusedError(f"trust {both[0]} is formed from its schools, and a row has the same identifier")


def _refuse_doubles(table: Records) -> None:
    is_trust = np.asarray(table.values("kind") == "trust", dtype=bool)
    trusts = set(table.ids[is_trust].tolist())
    both = sorted(trusts & set(table.values("trust_id")[~is_trust & table.given("trust_id")].tolist()))
    if both:
        raise RefusedError(f"trust {both[0]} and a school of it are both recipients")


def after_needs(scenario: Scenario, recipients: Recipients) -> tuple[Recipients, Exits]:
    """The recipients whose needs let them be matched, and where the others left."""
    settings, table = scenario.settings, recipients.table
    exits = Exits(len(table))
    exits.leave(done_with(scenario.current, table.ids), "listing", "support-finished")
    listed = _ids_with_fit(scenario.pairs)
    without_fit = np.array([school not in listed for school in table.ids], dtype=bool)
    weighted = [area for area in AREAS if settings.fit.weights.get(area, 0)]  # type: ignore[call-overload]
    nothing = np.logical_and.reduce([_is_zero(table, area) for area in weighted])
    exits.leave(nothing & without_fit, "need", "no-need")
    if settings.eligibility.governance_only == "signpost":
        need = table.column("need_governance")
        alone = need.given & (need.values > 0) & _is_zero(table, "leadership") & _is_zero(table, "finance")
        exits.leave(alone, "need", "governance-only")
    if settings.fit.unknown == "exclude":
        blank = np.logical_or.reduce([~table.given(f"need_{area}") for area in weighted])
        exits.leave(blank & without_fit, "need", "unknown-need")
    return recipients.take(exits.inside), exits


def _is_zero(table: Records, area: str) -> Flags:
    need = table.column(f"need_{area}")
    return np.asarray(need.given & (need.values == 0), dtype=bool)


def _ids_with_fit(pairs: Records | None) -> set[str]:
    return set() if pairs is None else set(pairs.values("school_id")[pairs.given("fit")].tolist())


def need_sources(table: Records) -> list[str]:
    """For each row: assessed, proxy or unknown."""
    some = np.logical_or.reduce([table.given(f"need_{area}") for area in AREAS])
    default = np.where(some, "assessed", "unknown")
    sources = zip(table.values("need_source").tolist(), default.tolist(), strict=True)
    return [source or otherwise for source, otherwise in sources]


def rule_names(scenario: Scenario, rules: Integers) -> list[str]:
    """The name of the rule that let each recipient in; blank where there is none."""
    names = [rule.name for rule in eligibility_rules(scenario.settings)]
    return ["" if rule == NO_RULE else names[rule] for rule in rules.tolist()]
