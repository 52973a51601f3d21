"""A requirement over many pairs, as a scenario writes it, and what of it contradicts itself."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from nle_optimizer.errors import did_you_mean
from nle_optimizer.scenario.quantities import Amount, Name, Section, Share, When

CONSTRAINT_TYPES = ("quota", "budget", "minimum_use", "keep_together", "new_to_area")
COUNTED = ("schools", "nles", "pairs")
COST = "cost"
LIMITS = ("minimum", "maximum", "minimum_share", "maximum_share")

Fault = tuple[str, str, str | None, str | None]
"""A key of a constraint, what is wrong with it, what was got, and a hint."""


class Constraint(Section):
    """A requirement over many pairs. Each is hard."""

    name: Name
    """Its name, by which it is addressed: `constraints.london.maximum`."""
    type: Literal["quota", "budget", "minimum_use", "keep_together", "new_to_area"]
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
