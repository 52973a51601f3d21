"""Sections of a scenario file: its tables, objectives, constraints and sweep.

One level of the ordered objectives, as a scenario writes it. A requirement over many pairs, as a scenario writes it,
and what of it contradicts itself. Which tables a scenario reads, from which files, and of what they are a sample. The
settings of a sweep: which keys take which values, and how they combine.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_serializer, model_validator

from nle_optimizer.catalogue.limits import MOST_SEEDS
from nle_optimizer.errors import did_you_mean
from nle_optimizer.scenario.quantities import (
    Amount,
    HeaderRow,
    Name,
    Number,
    Positive,
    Quantity,
    Section,
    Share,
    When,
    Whole,
)

OBJECTIVE_NAMES = (
    "schools_supported",
    "fit",
    "fit_leadership",
    "fit_governance",
    "fit_finance",
    "min_fit",
    "leximin_fit",
    "distance",
    "travel_minutes",
    "kept_pairs",
    "load_balance",
    "region_gap",
    "cost",
    "blend",
)
NO_SUMS: Mapping[str, tuple[str, ...]] = {
    "min_fit": ("where", "by"),
    "leximin_fit": ("where", "by"),
    "load_balance": (),
    "region_gap": ("where",),
}
"""Objectives that are no sums over pairs, so that no blend weighs them, and the options that each takes."""
BLEND_PARTS = {
    **{name: name for name in OBJECTIVE_NAMES if name != "blend" and name not in NO_SUMS},
    "distance_km": "distance",
}
"""What a blend may weigh, and the objective each word stands for; `distance_km` is weighed by the kilometre."""
MINIMISED = ("distance", "travel_minutes", "cost")


class Objective(Section):
    """One level of the ordered objectives."""

    name: str
    where: When = {}
    """Count only these schools."""
    by: str | None = None
    """One level for each value of this column, least first."""
    weight: str | None = None
    """Column of the schools table to weigh each school by."""
    step: Positive | None = None
    """Round each pair's amount down to a multiple of this."""
    within: Quantity | None = None
    """How much of this level later ones may give up."""
    engine: str | None = None
    """Who solves this level instead of the scenario's `engine`; `cp-sat` and `highs` can take over from others."""
    parts: dict[str, Number] = {}
    """Of a blend: the weight of each part."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping) and len(value) == 1:
            ((name, options),) = value.items()
            if isinstance(options, Mapping) and {"name", "parts"} & set(options):
                raise ValueError("an objective has no settings `name` or `parts`; write {fit: {where: {...}}}")
            if name == "blend" and isinstance(options, Mapping):
                return _blend(options)
            if options is None or isinstance(options, Mapping):
                return {"name": name, **(options or {})}
        raise ValueError("an objective is a name, or {name: {option: value}}")

    @model_validator(mode="after")
    def _complete(self) -> "Objective":
        if self.name == "blend" and not self.parts:
            raise ValueError("a blend needs parts: {blend: {fit: 1, distance_km: -0.002}}")
        return self

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        options = {key: getattr(self, key) for key in type(self).model_fields if key not in ("name", "parts")}
        chosen = {key: value for key, value in options.items() if value not in (None, {})}
        return {self.name: {**self.parts, **chosen}}

    @property
    def is_best_of_nobody(self) -> bool:
        """Whether supporting nobody, or only the best pair, would do best."""
        if self.name == "blend":
            return all(weight <= 0 for weight in self.parts.values())
        return self.name in (*MINIMISED, "min_fit", "load_balance", "region_gap")


def _blend(options: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in options.items() if key in Objective.model_fields}
    parts = {key: value for key, value in options.items() if key not in own}
    return {"name": "blend", "parts": parts, **own}


Side = Literal["schools", "nles", "pairs"]
ConstraintName = Literal[
    "quota",
    "budget",
    "minimum_use",
    "keep_together",
    "new_to_area",
]
CONSTRAINT_TYPES: tuple[ConstraintName, ...] = get_args(ConstraintName)
COUNTED = ("schools", "nles", "pairs")
COST = "cost"
LIMITS = ("minimum", "maximum", "minimum_share", "maximum_share")

Fault = tuple[str, str, str | None, str | None]
"""A key of a constraint, what is wrong with it, what was got, and a hint."""


class Constraint(Section):
    """A requirement over many pairs. Each is hard."""

    name: Name
    """Its name, by which it is addressed: `constraints.london.maximum`."""
    type: ConstraintName
    """What kind of requirement; `nle-optimizer constraints` tells what each counts."""
    of: str | None = None
    """What is counted. A quota: `schools` (default), `nles` or `pairs`; a budget: a resource or `cost`; minimum_use: a
    resource (default: the first)."""
    where: When = {}
    """Which schools, NLEs or pairs count."""
    by: str | None = None
    """One limit for each value of this column."""
    minimum: Amount | None = None
    """At least so many."""
    maximum: Amount | None = None
    """At most so many; of keep_together 1 where it is not given."""
    minimum_share: Share | None = None
    """At least this share."""
    maximum_share: Share | None = None
    """At most this share."""
    share_of: Literal["matched", "eligible"] | None = None
    """What a share is of: everything matched (default), or the eligible that meet `where`."""

    @property
    def side(self) -> Side:
        """Whose columns `where` and `by` name; a quota's are those of what it counts."""
        if self.type != "quota":
            return SIDES.get(self.type, "schools")
        return "pairs" if self.of == "pairs" else "nles" if self.of == "nles" else "schools"

    @property
    def limits(self) -> dict[str, Decimal]:
        """The limits that are given, by key."""
        return {key: limit for key in LIMITS if (limit := getattr(self, key)) is not None}

    @property
    def needs_somebody(self) -> bool:
        """Whether an allocation of nobody would break it; a share of nobody is met."""
        least = self.minimum_share if self.type == "minimum_use" or self.share_of == "eligible" else None
        return bool(self.minimum) or bool(least)


KEYS = {
    "quota": ("of", "where", "by", *LIMITS, "share_of"),
    "budget": ("of", "where", "by", *LIMITS, "share_of"),
    "minimum_use": ("of", "where", "minimum", "minimum_share"),
    "keep_together": ("where", "by", "maximum"),
    "new_to_area": ("where", "by", "maximum"),
}
"""The keys that each type takes, besides `name` and `type`."""
SIDES: Mapping[str, Side] = {
    "budget": "pairs",
    "minimum_use": "nles",
}
"""Whose columns a type asks, where these are not the schools'."""


def faults_of(constraint: Constraint) -> Iterator[Fault]:
    """What of one constraint contradicts itself or means nothing."""
    known = KEYS[constraint.type]
    given = [key for key in type(constraint).model_fields if getattr(constraint, key) not in (None, {})]
    for key in given:
        if key not in (*known, "name", "type"):
            yield key, f"a {constraint.type} has no such setting", None, f"it takes {', '.join(known)}"
    if constraint.type != "keep_together" and not set(given) & set(known) & set(LIMITS):
        yield "", "it limits nothing", None, f"give {' or '.join(key for key in known if key in LIMITS)}"
    yield from _order_faults(constraint)
    yield from _of_faults(constraint)
    yield from _share_faults(constraint)


def _order_faults(constraint: Constraint) -> Iterator[Fault]:
    least, most = constraint.minimum, constraint.maximum
    if least is not None and most is not None:
        counts = constraint.type == "quota"
        lower = least.to_integral_value(ROUND_CEILING) if counts else least
        upper = most.to_integral_value(ROUND_FLOOR) if counts else most
        if lower > upper:
            said = "no whole number lies from" if least <= most else "the lower limit is above the upper:"
            yield "minimum", f"{said} {least} to {most}", str(least), "lower it, or raise `maximum`"
    low, high = constraint.minimum_share, constraint.maximum_share
    if low is not None and high is not None and low > high:
        what = f"the lower share is above the upper: {low} to {high}"
        yield "minimum_share", what, str(low), "lower it, or raise `maximum_share`"


def _of_faults(constraint: Constraint) -> Iterator[Fault]:
    if constraint.type == "quota" and constraint.of is not None and constraint.of not in COUNTED:
        hint = did_you_mean(constraint.of, COUNTED) or "one of schools, nles, pairs"
        yield "of", "a quota counts schools, nles or pairs", constraint.of, hint
    if constraint.type == "budget" and constraint.of is None:
        yield "", "a budget must say what it is `of`", None, f"give `of`: a resource, or {COST}"


def _share_faults(constraint: Constraint) -> Iterator[Fault]:
    if constraint.share_of is None or "share_of" not in KEYS[constraint.type]:
        return
    if constraint.minimum_share is None and constraint.maximum_share is None:
        yield "share_of", "there is no share", None, "give minimum_share or maximum_share"
    if constraint.share_of == "eligible" and (constraint.type == "budget" or constraint.of == "pairs"):
        yield "share_of", "only a quota of schools or nles can be a share of the eligible", None, "take `matched`"


def named_twice(constraints: Sequence[Constraint]) -> Iterator[tuple[int, int]]:
    """The index of each constraint whose name stands before, and the index where it stands first."""
    first: dict[str, int] = {}
    for n, constraint in enumerate(constraints):
        if first.setdefault(constraint.name, n) != n:
            yield n, first[constraint.name]


class DataFile(Section):
    """A table: a CSV or XLSX file."""

    file: str
    """Path, relative to the scenario file."""
    sheet: str | None = None
    """Sheet of a workbook; the first if none is named."""
    encoding: str | None = None
    """utf-8, cp1252 or latin-1; found out where it is not given."""
    header: HeaderRow = "auto"
    """Row of the file that names the columns; `auto`: the first, or one of the first 20 that stands below notes."""
    columns: dict[str, str] = {}
    """Our column name: the file's column name."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value


class PairsFile(DataFile):
    """The pairs table."""

    only: bool = False
    """Whether the listed pairs are the only candidates."""


class GiasFile(Section):
    """GIAS, the department's register of schools, as a CSV file."""

    file: str
    """Path, relative to the scenario file."""
    fill: bool = True
    """Whether blank cells of schools and NLEs are filled from it; else only schools and NLEs that a replan adds."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"file": value} if isinstance(value, str) else value


class Data(Section):
    """The tables of the scenario."""

    schools: DataFile
    """Schools, and trusts asked for as recipients."""
    nles: DataFile
    """National Leaders of Education."""
    trusts: DataFile | None = None
    """Multi-academy trusts."""
    pairs: PairsFile | None = None
    """What is known about single pairs; `only: true` makes the listed pairs the only candidates."""
    current: DataFile | None = None
    """What stands today; read by `replan` and by rules that keep pairs."""
    gias: GiasFile | None = None
    """An extract of GIAS, from which blank places, regions, authorities, phases and trusts are filled by URN."""


class Sample(Section):
    """Of a scenario whose schools are a sample: which of them were all kept."""

    policies: list[str] = Field(min_length=1)
    """Policies under which every school that is eligible was kept; under any other, some are missing."""
    kept: Share
    """The share of the other schools that was kept."""


Axis = Annotated[list[Any], Field(min_length=1)]


class Sweep(Section):
    """Many what-ifs of this scenario; every part is combined with every other."""

    grid: dict[str, Axis] = {}
    """Dotted key: its values. Every combination of them is a point."""
    zip: dict[str, Axis] = {}
    """Dotted key: its values. The first values of all keys are a point, then the second ones, and so on."""
    table: str | None = None
    """A CSV file with a column a dotted key and a row a point; a blank cell leaves the setting as it is."""
    scenarios: list[str] = []
    """Names of overrides or scenarios of this file."""
    seeds: Annotated[Whole, Field(ge=1, le=MOST_SEEDS)] | None = None
    """So many seeds in a row, from the scenario's own."""

    @model_validator(mode="after")
    def _equally_long(self) -> "Sweep":
        if len({len(values) for values in self.zip.values()}) > 1:
            raise ValueError("the keys of zip need equally many values")
        twice = sorted(set(self.grid) & set(self.zip))
        if twice:
            raise ValueError(f"{twice[0]} stands both in grid and in zip")
        return self
