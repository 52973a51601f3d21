"""What the statements read: the inputs as the scenario reader gives them, the settings, and what was published.

Every number is a whole number whose unit the relation states; a blank is NULL.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.evidence.verification.sql.expressions import NUMBER_UNITS, YES, day_in, scaled
from nle_optimizer.records import MILLION, TEXT_KINDS, Column, Kind, Records
from nle_optimizer.scenario.columns import AREAS, STATUSES, TABLES
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.policies import RULE_OBJECTIVES, eligibility_rules
from nle_optimizer.scenario.scenario import Scenario

OWN = "own_"
"""Before the names of columns that no table declares, so that none of them is taken for another."""
WRITTEN = " as written"
KEYS = {
    "exclusions": ("school_id",),
    "allocation": ("school_id", "nle_id"),
    "unmatched": ("school_id",),
    "nles": ("nle_id",),
    "breakdown": ("group", "value"),
}
"""The published tables that are read, and what names a row of each."""
TYPES = {
    Kind.YES_NO: ("BOOLEAN", "yes or no"),
    Kind.COUNT: ("BIGINT", "a whole number"),
    Kind.LEVEL: ("BIGINT", "millionths"),
    Kind.SHARE: ("BIGINT", "millionths"),
    Kind.AMOUNT: ("BIGINT", "millionths"),
    Kind.KILOMETRES: ("BIGINT", "metres"),
    Kind.METRES: ("BIGINT", "metres, British National Grid"),
    Kind.DEGREES: ("DOUBLE", "degrees"),
    Kind.DATE: ("DATE", "a day"),
    Kind.NAMES: ("VARCHAR[]", "words"),
}
TEXT = ("VARCHAR", "text")
AN_AMOUNT = ("BIGINT", "millionths")
A_NUMBER = ("BIGINT", "a whole number")
A_FLAG = TYPES[Kind.YES_NO]


@dataclass
class Relation:
    """A relation in the making.

    Attributes:
        name: of the table that it becomes.
        doc: what a row is.
        columns: type and unit of each, by name.
        cells: the values of each column, None where blank; arrays may be masked.
    """

    name: str
    doc: str
    columns: dict[str, tuple[str, str]]
    cells: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_rows(
        cls, name: str, doc: str, columns: dict[str, tuple[str, str]], rows: Iterable[Sequence[Any]]
    ) -> "Relation":
        """A relation of some rows."""
        held = list(rows)
        return cls(name, doc, columns, {each: [row[n] for row in held] for n, each in enumerate(columns)})

    @property
    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """Each column as an array that DuckDB reads."""
        return {name: cells if isinstance(cells, np.ndarray) else _objects(cells) for name, cells in self.cells.items()}


def _objects(cells: Sequence[Any]) -> np.ndarray[Any, Any]:
    result = np.empty(len(cells), dtype=object)
    for n, cell in enumerate(cells):
        result[n] = cell
    return result


def sql_names(table: Records) -> dict[str, str]:
    """The name of each column of a table among the relations; those that differ but for capital letters are told apart.

    DuckDB takes names that differ in capital letters alone for one.
    """
    result: dict[str, str] = {name: name for name in table.spec.columns}
    taken = set(result)
    for name in table.extra:
        sql = OWN + name
        while sql.casefold() in taken:
            sql += "_"
        taken.add(sql.casefold())
        result[name] = sql
    return result


def relations_of(scenario: Scenario, claim: Claim) -> list[Relation]:
    """Everything that the statements read."""
    inputs = [_input(name, getattr(scenario, name)) for name in TABLES]
    return [
        *inputs,
        *(
            _amounts(name, getattr(scenario, name), scenario.resources)
            for name in ("schools", "nles", "pairs", "current")
        ),
        _words(inputs),
        *_of_settings(scenario),
        _published(claim),
        _summary(claim),
    ]


def _input(name: str, table: Records | None) -> Relation:
    spec = TABLES[name]
    table = Records(spec, "", np.zeros(0, np.int64), {}) if table is None else table
    relation = Relation(name, spec.doc, {})
    for own, sql in sql_names(table).items():
        column = table.column(own)
        doc = spec.columns[own].doc if own in spec.columns else "A column of one's own."
        relation.columns[sql] = (_type(column.kind)[0], f"{doc} ({_type(column.kind)[1]})")
        relation.cells[sql] = _cells(column)
        if column.written is not None:
            relation.columns[sql + WRITTEN] = TEXT
            relation.cells[sql + WRITTEN] = _cells(column.as_written())
    return relation


def _type(kind: Kind) -> tuple[str, str]:
    return TEXT if kind in TEXT_KINDS else TYPES[kind]


def _cells(column: Column) -> np.ndarray[Any, Any]:
    if column.kind in TEXT_KINDS or column.kind is Kind.NAMES:
        held = [list(cell) if isinstance(cell, tuple) else cell for cell in column.values.tolist()]
        return _objects([cell if given else None for cell, given in zip(held, column.given.tolist(), strict=True)])
    if column.kind is Kind.DATE:
        cells = zip(column.values.tolist(), column.given.tolist(), strict=True)
        return _objects([date.fromordinal(cell) if given else None for cell, given in cells])
    return np.ma.MaskedArray(column.values, mask=~column.given)


def _amounts(name: str, table: Records | None, resources: Sequence[str]) -> Relation:
    """What the rows of a table say of each resource."""
    keys = TABLES[name].key
    columns = {**dict.fromkeys(keys, TEXT), "resource": TEXT, "amount": AN_AMOUNT}
    rows: list[tuple[Any, ...]] = []
    for resource in resources if table is not None else ():
        assert table is not None
        column = table.column(resource, Kind.AMOUNT)
        at = np.flatnonzero(column.given)
        ids = [table.values(key)[at].tolist() for key in keys]
        rows += zip(*ids, [resource] * len(at), column.values[at].tolist(), strict=True)
    doc = f"What {name}.csv says of the resources that limit an NLE, in their own units."
    return Relation.of_rows(f"{name}_amounts", doc, columns, rows)


def _words(inputs: Sequence[Relation]) -> Relation:
    """Every text of the inputs, as it is compared: without case, as a number, as a day, as yes or no."""
    texts = set[str]()
    for relation in inputs:
        for name, cells in relation.cells.items():
            if relation.columns[name][0] == "VARCHAR":
                texts.update(cell for cell in cells if cell is not None)
            elif relation.columns[name][0] == "VARCHAR[]":
                texts.update(word for cell in cells if cell is not None for word in cell)
    columns = {
        "word": TEXT,
        "folded": ("VARCHAR", "the text as it is compared without case, folded as Unicode does"),
        "number": ("HUGEINT", "the number that the text says, in millionths of millionths; NULL where it is none"),
        "day": ("DATE", "the day that the text says, written as 2022-09-01"),
        "is_yes": ("BOOLEAN", "true for yes, y, true, 1; false for no, n, false, 0"),
    }
    doc = "Every text of the inputs, and what it means where it is compared."
    rows = ((text, text.casefold(), scaled(text), day_in(text), YES.get(text.casefold())) for text in sorted(texts))
    return Relation.of_rows("words", doc, columns, rows)


def in_millionths(number: Decimal | int | None) -> int | None:
    """An exact amount in millionths; the settings allow six decimal places."""
    if number is None:
        return None
    exact = Fraction(number) * MILLION
    assert exact.denominator == 1
    return int(exact)


def _of_settings(scenario: Scenario) -> Iterator[Relation]:
    settings = scenario.settings
    yield _single(scenario)
    rules = eligibility_rules(settings)
    yield Relation.of_rows(
        "rules",
        "The rules of eligibility, in order; the first that holds lets a school in.",
        {"rule": A_NUMBER, "name": TEXT, "priority": A_NUMBER},
        ((n, rule.name, rule.priority) for n, rule in enumerate(rules)),
    )
    yield Relation.of_rows(
        "rule_offers",
        "What a rule gives a school that it lets in, in millionths.",
        {"rule": A_NUMBER, "resource": TEXT, "amount": AN_AMOUNT},
        ((n, name, in_millionths(amount)) for n, rule in enumerate(rules) for name, amount in rule.offer.items()),
    )
    yield Relation.of_rows(
        "offers",
        "What a school gets where neither its cell nor its rule says.",
        {"resource": TEXT, "amount": AN_AMOUNT},
        ((name, in_millionths(amount)) for name, amount in settings.offer.items() if name != "override"),
    )
    yield Relation.of_rows(
        "resources",
        "What limits an NLE, in order.",
        {
            "position": A_NUMBER,
            "resource": TEXT,
            "is_in_nles": ("BOOLEAN", "whether nles.csv has the column"),
            "multiply": ("BIGINT", "millionths; NULL: not multiplied"),
            "reserve_amount": ("BIGINT", "kept back, in millionths"),
            "reserve_share": ("HUGEINT", "kept back, as a share, in millionths of millionths"),
        },
        (
            (
                n,
                name,
                name in scenario.nles,
                in_millionths(settings.capacity.multiply.get(name)),
                *_reserve(scenario, name),
            )
            for n, name in enumerate(scenario.resources)
        ),
    )
    yield Relation.of_rows(
        "distance_limits",
        "How far an NLE may be from a school of a region; the region NULL: of any other.",
        {"region": ("VARCHAR", "folded"), "millimetres": ("BIGINT", "millimetres")},
        (
            (None if name.casefold() == "default" else name.casefold(), in_millionths(km))
            for name, km in {name.casefold(): km for name, km in settings.geography.max_distance_km.items()}.items()
        ),
    )
    yield Relation.of_rows(
        "statuses",
        "Statuses of an establishment, folded, under which it leaves at the listing, and why.",
        {"status": TEXT, "reason": TEXT},
        ((status, reason) for status, reason in STATUSES.items() if reason),
    )


def _reserve(scenario: Scenario, resource: str) -> tuple[int | None, int | None]:
    reserve = scenario.settings.capacity.reserve.get(resource)
    if isinstance(reserve, str):
        share = Fraction(reserve.rstrip("%")) / 100 * NUMBER_UNITS
        assert share.denominator == 1
        return None, int(share)
    return in_millionths(reserve), None


def _single(scenario: Scenario) -> Relation:
    """The settings of which there is one each."""
    settings = scenario.settings
    trusts, geography, fit = settings.trust_first, settings.geography, settings.fit
    limit = geography.nle_limit
    unknown = fit.unknown
    names = {word for objective in settings.objectives or () for word in (objective.name, *objective.parts)}
    held: dict[str, tuple[tuple[str, str], Any]] = {
        "as_of": (TYPES[Kind.DATE], settings.as_of),
        "name": (TEXT, settings.name),
        "rule": (TEXT, rule_name(settings.rule)),
        "proves": (
            ("BOOLEAN", "whether the rule gives an optimum, or a bound"),
            settings.rule in ("optimal", *RULE_OBJECTIVES),
        ),
        "recipients": (("VARCHAR", "school, trust or as-listed"), settings.eligibility.recipients),
        "governance_only": (("VARCHAR", "match or signpost"), settings.eligibility.governance_only),
        "trust_first": (("VARCHAR", "given, optimise or off; NULL: as the schools table says"), trusts.mode),
        "already_in_trust": (("VARCHAR", "skip or rebroker"), trusts.already_in_trust),
        "counts_as_matched": (("VARCHAR[]", "decisions"), list(trusts.counts_as_matched)),
        "only_listed": (A_FLAG, settings.data.pairs is not None and settings.data.pairs.only),
        "detour_factor": (AN_AMOUNT, in_millionths(geography.detour_factor)),
        "least_distance": (("BIGINT", "millimetres"), in_millionths(geography.min_distance_km)),
        "most_minutes": (("BIGINT", "millionths of a minute"), in_millionths(geography.max_travel_minutes)),
        "within": (("VARCHAR", "none, region or local_authority"), geography.within),
        "ignores_nle_limit": (A_FLAG, limit == "ignore"),
        "nle_limit_times": (AN_AMOUNT, in_millionths(limit["multiply"]) if isinstance(limit, dict) else MILLION),
        "uses_distance": (
            ("BOOLEAN", "whether an objective is about distance"),
            bool(names & {"distance", "distance_km"}),
        ),
        "phase": (("VARCHAR", "must, prefer or ignore"), settings.suitability.phase),
        "faith": (("VARCHAR", "must, prefer or ignore"), settings.suitability.faith),
        "diocese": (("VARCHAR", "must, prefer or ignore"), settings.suitability.diocese),
        "prefer_bonus": (AN_AMOUNT, in_millionths(settings.suitability.prefer_bonus)),
        **{name: (A_FLAG, getattr(settings.conflicts, name)) for name in type(settings.conflicts).model_fields},
        **{f"weight_{area}": (AN_AMOUNT, _weight(scenario, area)) for area in AREAS},
        "measure": (TEXT, fit.measure),
        "least_fit": (AN_AMOUNT, in_millionths(fit.minimum)),
        "unknown": (("VARCHAR", "error, exclude or value"), unknown if isinstance(unknown, str) else "value"),
        "unknown_value": (AN_AMOUNT, None if isinstance(unknown, str) else in_millionths(unknown)),
        "round": (("VARCHAR", "spread or down"), settings.capacity.round),
        "per_day": (("BIGINT", "millionths of a pound"), in_millionths(settings.costs.per_day)),
        "per_match": (("BIGINT", "millionths of a pound"), in_millionths(settings.costs.per_match)),
        "offer_beats_cell": (A_FLAG, settings.offer.get("override") is True),
    }
    return Relation(
        "settings",
        "The settings of which there is one each: a single row.",
        {name: each for name, (each, _) in held.items()},
        {name: [value] for name, (_, value) in held.items()},
    )


def _weight(scenario: Scenario, area: str) -> int | None:
    return in_millionths(scenario.settings.fit.weights.get(area, Decimal(0)))  # type: ignore[call-overload]


def _published(claim: Claim) -> Relation:
    """Every cell of the published tables that are read."""
    columns = {
        "table_name": TEXT,
        "line": A_NUMBER,
        "key": ("VARCHAR[]", "what names the row"),
        "column_name": TEXT,
        "cell": ("VARCHAR", "as it stands in the file; empty where it is blank"),
    }
    rows: list[tuple[Any, ...]] = []
    for table, names in KEYS.items():
        held: Mapping[str, Sequence[str]] = claim.tables.get(table, {})
        length = max(map(len, held.values()), default=0)
        ids = [list(held.get(name, [""] * length)) for name in names]
        keys = [list(key) for key in zip(*ids, strict=True)]
        for column, cells in ((name, held[name]) for name in held if name not in names):
            rows += ((table, n + 2, key, column, cell) for n, (key, cell) in enumerate(zip(keys, cells, strict=True)))
    return Relation.of_rows(
        "published", "Every cell of the published tables but those that name the row.", columns, rows
    )


def _summary(claim: Claim) -> Relation:
    """Every value of `summary.json`, by its place."""
    columns = {"place": ("VARCHAR", "such as counts.pairs or objectives[1].value"), "value": ("VARCHAR", "as in JSON")}
    return Relation.of_rows("summary", "Every value of summary.json.", columns, _values("", claim.summary))


def _values(place: str, value: Any) -> Iterator[tuple[str, str | None]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _values(f"{place}.{key}" if place else str(key), inner)
    elif isinstance(value, list | tuple):
        for n, inner in enumerate(value, start=1):
            yield from _values(f"{place}[{n}]", inner)
    else:
        yield place, None if value is None else value if isinstance(value, str) else json.dumps(value)
