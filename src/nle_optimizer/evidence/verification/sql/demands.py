"""Constraints and objectives as relations, and the conditions of a scenario as macros over rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

from nle_optimizer.evidence.verification.sql.expressions import (
    Columns,
    as_held,
    cases,
    holds,
    is_too_long,
    literal,
    number_in,
    quoted,
    shown,
    sorted_by,
    weight,
)
from nle_optimizer.evidence.verification.sql.relations import (
    A_FLAG,
    A_NUMBER,
    AN_AMOUNT,
    TEXT,
    WRITTEN,
    Relation,
    in_millionths,
    sql_names,
)
from nle_optimizer.records import MILLION, TEXT_KINDS, Kind, Records
from nle_optimizer.scenario.columns import AREAS, SHARE_COLUMNS
from nle_optimizer.scenario.policies import eligibility_rules, objectives_asked
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, MINIMISED, NO_SUMS, Constraint, Objective

DERIVED = {
    "days_since_inspection": Kind.COUNT,
    "days_waiting": Kind.COUNT,
    "same_structure": Kind.YES_NO,
    "trust_long_held": Kind.COUNT,
    "trust_share_below_good": Kind.SHARE,
    "trust_declining": Kind.YES_NO,
}
"""Columns of a school that follow from others."""
OF_PAIRS: Columns = {
    "distance_km": ("c.metres", Kind.KILOMETRES),
    "fit": ("c.fit", Kind.AMOUNT),
    "out_of_region": ("c.is_out_of_region", Kind.YES_NO),
}
"""Columns of a candidate pair."""
SCALES = {
    "schools_supported": 1,
    "fit": MILLION,
    **{f"fit_{area}": MILLION for area in AREAS},
    "distance": 1000,
    "travel_minutes": MILLION,
    "cost": MILLION,
    "kept_pairs": 1,
}
"""Units of what a pair measures in one of what people read."""
BY = {"minimum_use": "nle_id", "keep_together": "trust_id", "new_to_area": "local_authority"}
"""By which column a constraint makes its rows where it names none."""
SHARES = ("minimum_share", "maximum_share")


def columns_of(table: Records, row: str, more: Mapping[str, Kind] | None = None) -> Columns:
    """The columns of a table as conditions name them, each as the expression for it in a row of that name."""
    kinds = {name: table.column(name).kind for name in (*table.spec.columns, *table.extra)} | dict(more or {})
    names = sql_names(table) | {name: name for name in more or ()}
    return {name: (f"{row}.{quoted(names[name])}", kind) for name, kind in kinds.items()}


@dataclass(frozen=True, eq=False)
class NamedColumns:
    """The columns that conditions may name, by whose they are: those of schools `s`, NLEs `e` and pairs `c` and `p`."""

    schools: Columns
    nles: Columns
    pairs: Columns

    @classmethod
    def of(cls, scenario: Scenario) -> "NamedColumns":
        """Those of a scenario."""
        schools = columns_of(scenario.schools, "s", DERIVED)
        nles = columns_of(scenario.nles, "e")
        listed: Columns = {}
        if scenario.pairs is not None:
            of_table = columns_of(scenario.pairs, "p")
            listed = {name: of_table[name] for name in scenario.pairs if name not in scenario.pairs.spec.key}
        dotted = {f"school.{name}": column for name, column in schools.items()}
        dotted |= {f"nle.{name}": column for name, column in nles.items()}
        return cls(schools, nles, {**schools, **dotted, "nle_id": nles["nle_id"], **listed, **OF_PAIRS})

    def named(self, side: str) -> Columns:
        """The columns of `schools`, `nles` or `pairs`."""
        return {"schools": self.schools, "nles": self.nles, "pairs": self.pairs}[side]


def _part(column: str | None, columns: Columns, expression: Callable[[str, Kind], str], otherwise: str) -> str:
    """An expression of the named column."""
    return otherwise if column is None else expression(*columns.get(column, ("NULL::VARCHAR", Kind.TEXT)))


def macros_of(scenario: Scenario) -> str:
    """The conditions of the scenario, and the columns that it names, as macros over a row."""
    settings, sides = scenario.settings, NamedColumns.of(scenario)
    qualifies = settings.trust_first.qualifies
    objectives = [objective for objective, _ in objectives_of(scenario)]
    constraints = settings.constraints

    def of_side(side: str, what: Callable[[Constraint, Columns], str], default: str) -> str:
        return cases([what(k, sides.named(side)) if k.side == side else default for k in constraints], default)

    def where(constraint: Constraint, columns: Columns) -> str:
        return holds(constraint.where, columns)

    def group(constraint: Constraint, columns: Columns) -> str:
        return _part(_by(constraint), columns, shown, "''")

    def of_objectives(what: Callable[[Objective], str], default: str) -> str:
        return cases([what(each) for each in objectives], default)

    areas = [_part(_by(k), sides.nles, shown, "NULL") if k.type == "new_to_area" else "NULL" for k in constraints]
    rules = [holds(rule.when, sides.schools) for rule in eligibility_rules(settings)]
    macros = {
        "rule_holds(n, s)": ("whether rule n holds for a school", cases(rules, "NULL::BOOLEAN")),
        "qualifies(s)": (
            "whether a trust may take a school",
            holds(qualifies.when if qualifies else {}, sides.schools),
        ),
        "school_counts(n, s)": ("whether a school counts in constraint n", of_side("schools", where, "false")),
        "school_group(n, s)": ("the row of constraint n that it counts in", of_side("schools", group, "NULL")),
        "nle_counts(n, e)": ("whether an NLE counts in constraint n", of_side("nles", where, "false")),
        "nle_group(n, e)": ("the row of constraint n that it counts in", of_side("nles", group, "NULL")),
        "nle_area(n, e)": ("the area of an NLE, as constraint n has areas", cases(areas, "NULL::VARCHAR")),
        "pair_counts(n, s, e, c, p)": ("whether a pair counts in constraint n", of_side("pairs", where, "false")),
        "pair_group(n, s, e, c, p)": ("the row of constraint n that it counts in", of_side("pairs", group, "NULL")),
        "objective_counts(n, s)": (
            "whether a school counts in objective n",
            of_objectives(lambda each: holds(each.where, sides.schools), "false"),
        ),
        "objective_group(n, s)": (
            "the level of objective n that it counts in",
            of_objectives(lambda each: _part(each.by, sides.schools, as_held, "NULL"), "NULL"),
        ),
        "objective_order(n, s)": (
            "what puts these levels in order",
            of_objectives(lambda each: _part(each.by, sides.schools, sorted_by, "NULL"), "NULL"),
        ),
        "objective_weight(n, s)": (
            "the weight of a school in objective n, in millionths",
            of_objectives(lambda each: _part(each.weight, sides.schools, weight, "1"), "1"),
        ),
        "own_cells(s)": ("columns of one's own, as they are carried through", _own_cells(scenario, sides.schools)),
    }
    head = "-- What this scenario asks of a row: true, false, or NULL where a blank leaves it open.\n"
    return (
        head
        + "\n".join(
            f"\n-- {doc[0].upper()}{doc[1:]}.\nCREATE MACRO {name} AS {body};" for name, (doc, body) in macros.items()
        )
        + "\n"
    )


def _own_cells(scenario: Scenario, schools: Columns) -> str:
    """Names and texts of the columns of one's own that allocation.csv carries through."""
    names = sql_names(scenario.schools)
    cells = []
    for name in scenario.schools.extra:
        column, kind = schools[name]
        if name in scenario.resources:
            continue
        if scenario.schools.column(name).written is not None and name not in DERIVED:
            column = f"s.{quoted(names[name] + WRITTEN)}"
        cells.append(f"{{'column_name': {literal(name)}, 'cell': {shown(column, kind)}}}")
    return f"[{', '.join(cells)}]" if cells else "CAST([] AS STRUCT(column_name VARCHAR, cell VARCHAR)[])"


def _by(constraint: Constraint) -> str | None:
    return constraint.by or BY.get(constraint.type)


def demands_of(scenario: Scenario) -> Iterator[Relation]:
    """Constraints, objectives, and what of them and of all else is not read in SQL."""
    settings = scenario.settings
    yield Relation.of_rows(
        "constraints",
        "The constraints; one whose limits are numbers and shares of all that is matched has a row for each.",
        {
            "n": A_NUMBER,
            "name": TEXT,
            "suffix": ("VARCHAR", "what labels end with"),
            "type": TEXT,
            "side": ("VARCHAR", "whose columns it names: schools, nles or pairs"),
            "once": ("VARCHAR", "what counts once in a row: schools, nles or pairs"),
            "by_name": ("VARCHAR", "the column by which it makes rows"),
            "has_groups": A_FLAG,
            "resource": ("VARCHAR", "what amounts it counts: a resource, or cost"),
            "unit": TEXT,
            "scale": ("BIGINT", "units that are counted in one of what people read"),
            "minimum": AN_AMOUNT,
            "maximum": AN_AMOUNT,
            "minimum_share": AN_AMOUNT,
            "maximum_share": AN_AMOUNT,
            "of_eligible": ("BOOLEAN", "whether shares are of the eligible"),
        },
        (row for n, constraint in enumerate(settings.constraints) for row in _constraint(n, constraint, scenario)),
    )
    objectives = objectives_of(scenario)
    yield Relation.of_rows(
        "objectives",
        "The objectives, in order.",
        {
            "n": A_NUMBER,
            "name": TEXT,
            "is_minimised": A_FLAG,
            "has_groups": ("BOOLEAN", "whether it makes a level for each value of a column"),
            "is_weighted": ("BOOLEAN", "whether a column weighs the schools"),
            "scale": ("HUGEINT", "units of the value in one of what people read"),
            "step": ("HUGEINT", "amounts are rounded down to multiples of it; 1: not at all"),
            "is_read": ("BOOLEAN", "whether the statements know all that it measures"),
            "by_name": ("VARCHAR", "that column; NULL where it holds several words"),
            "only_with": ("VARCHAR", "of objectives by default: what there must be: priority, distance"),
        },
        (
            (*_objective(n, objective), _by_name(objective, scenario), only_with)
            for n, (objective, only_with) in enumerate(objectives)
        ),
    )
    yield Relation.of_rows(
        "objective_parts",
        "What a pair's amount in an objective is the sum of.",
        {"n": A_NUMBER, "measure": TEXT, "coefficient": ("HUGEINT", "times what the pair measures")},
        (
            (n, name, coefficient)
            for n, (objective, _) in enumerate(objectives)
            if objective.name not in NO_SUMS and is_read(objective)
            for name, coefficient in _parts(objective)[1].items()
        ),
    )


def objectives_of(scenario: Scenario) -> Sequence[tuple[Objective, str | None]]:
    """The objectives, asked for or by default, and what there must be for each of those by default."""
    asked = objectives_asked(scenario.settings)
    if asked is not None:
        return [(objective, None) for objective in asked]
    by_priority = Objective.model_validate({"schools_supported": {"by": "priority"}})
    fit, distance = (Objective.model_validate(name) for name in ("fit", "distance"))
    return [(by_priority, "priority"), (fit, None), (distance, "distance")]


def _constraint(n: int, constraint: Constraint, scenario: Scenario) -> Iterator[tuple[Any, ...]]:
    kind = constraint.type
    resource = {
        "budget": constraint.of,
        "minimum_use": constraint.of or scenario.resources[0],
    }.get(kind)
    counted = constraint.of or "schools"
    once = {"quota": counted, "keep_together": "nles", "new_to_area": "nles"}.get(kind, "pairs")
    unit = "pounds" if resource == "cost" else resource or once
    by = _by(constraint)
    limits = {name: getattr(constraint, name) for name in ("minimum", "maximum", *SHARES)}
    if kind == "keep_together":
        limits = dict.fromkeys(limits) | {"maximum": Decimal(1) if constraint.maximum is None else constraint.maximum}
    of_eligible = constraint.share_of == "eligible"
    for suffix, part in _apart(kind, limits, of_eligible=of_eligible):
        amounts = [in_millionths(part.get(name)) for name in limits]
        scale = 1 if resource is None else MILLION
        yield (
            n,
            constraint.name,
            suffix,
            kind,
            constraint.side,
            once,
            by,
            by is not None,
            resource,
            unit,
            scale,
            *amounts,
            of_eligible,
        )


def _apart(kind: str, limits: Mapping[str, Any], *, of_eligible: bool) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Limits in numbers and each share of all that is matched apart, where there are several of them."""
    shares = (
        [name for name in SHARES if limits[name] is not None] if kind in ("quota", "budget") and not of_eligible else []
    )
    numbers = {name: limits[name] for name in ("minimum", "maximum")}
    in_numbers = any(limit is not None for limit in numbers.values())
    if len(shares) + in_numbers < 2:
        return [("", limits)]
    return [*([("", numbers)] if in_numbers else []), *((f" {name}", {name: limits[name]}) for name in shares)]


def is_read(objective: Objective) -> bool:
    """Whether the statements know all that an objective measures."""
    measures = [BLEND_PARTS[word] for word in objective.parts] or [objective.name]
    return objective.name in NO_SUMS or set(measures) <= set(SCALES)


def _objective(n: int, objective: Objective) -> tuple[Any, ...]:
    is_sum, has_groups = objective.name not in NO_SUMS, objective.by is not None
    if not is_read(objective):
        return n, objective.name, False, has_groups, False, 1, 1, False
    is_minimised = objective.name in (*MINIMISED, "load_balance", "region_gap")
    scale = _parts(objective)[0] * (MILLION if objective.weight is not None else 1) if is_sum else MILLION
    step = Fraction(1) if objective.step is None else Fraction(objective.step) * scale
    assert step.denominator == 1
    return n, objective.name, is_minimised, has_groups, objective.weight is not None, scale, int(step), True


def _by_name(objective: Objective, scenario: Scenario) -> str | None:
    is_several = objective.by is not None and scenario.schools.column(objective.by).kind is Kind.NAMES
    return None if is_several else objective.by


def _parts(objective: Objective) -> tuple[int, Mapping[str, int]]:
    """The common scale of the parts of an objective, and each one's coefficient on it."""
    if objective.name != "blend":
        return SCALES[objective.name], {objective.name: 1}
    weights: dict[str, Fraction] = {}
    for word, amount in objective.parts.items():
        name = BLEND_PARTS[word]
        weights[name] = weights.get(name, Fraction(0)) + Fraction(amount) / SCALES[name]
    scale = lcm(*(each.denominator for each in weights.values()))
    return scale, {name: int(each * scale) for name, each in weights.items()}


def unread(scenario: Scenario) -> Relation:
    """What is not read in SQL: published columns, and what a run has besides."""
    columns = {
        "exclusions": ["evidence"],
        "allocation": ["firmness", "why", "next_best_nle_id", *SHARE_COLUMNS],
        "unmatched": [
            *(
                "explanation",
                "cure_kind",
                "cure_id",
                "cure_amount",
                "cure_price",
                "reach_nle_id",
                "reach_more_km",
                "reach_price",
            ),
            *(
                "minimum_fit_nle_id",
                "minimum_fit_needed",
                "minimum_fit_price",
                "conflict_nle_id",
                "conflict",
                "conflict_price",
            ),
        ],
        "nles": ["one_more", "one_fewer"],
    }
    more = [
        ("certificate.json", "every proof"),
        ("alternates.csv", "every column"),
        ("summary.json", "bounds, gaps, proofs, engines, findings and what draws gave"),
    ]
    more += [("summary.json", f"objective {each.name}") for each, _ in objectives_of(scenario) if not is_read(each)]
    if scenario.settings.trust_first.mode == "optimise":
        more.append(("exclusions.csv", "which schools trusts take, and that this is best"))
    rows = [(table, column, False) for table, names in columns.items() for column in names]
    return Relation.of_rows(
        "unread",
        "What the statements do not read.",
        {"table_name": TEXT, "column_name": TEXT, "is_more": ("BOOLEAN", "whether it is told whatever is published")},
        [*rows, *((table, what, True) for table, what in [*more, *_conditions_unread(scenario)])],
    )


def _conditions_unread(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Columns that conditions or weights name and whose cells the statements cannot compare: degrees, long numbers."""
    named = {part for name in _named(scenario) for part in (name, name.rpartition(".")[2])}
    for table in (scenario.schools, scenario.nles, scenario.pairs):
        for name in () if table is None else sorted({*table} & named):
            assert table is not None
            column = table.column(name)
            numbers = map(number_in, column.values.tolist()) if column.kind in TEXT_KINDS else ()
            if column.kind is Kind.DEGREES or any(number is not None and is_too_long(number) for number in numbers):
                yield f"{table.spec.name}.csv", f"what settings ask of {name}"


def _named(scenario: Scenario) -> Iterator[str]:
    settings = scenario.settings
    qualifies, objectives = settings.trust_first.qualifies, settings.objectives or ()
    yield from (name for rule in eligibility_rules(settings) for name in rule.when)
    yield from () if qualifies is None else qualifies.when
    yield from (name for each in (*settings.constraints, *objectives) for name in each.where)
    yield from (each.weight for each in objectives if each.weight is not None)
