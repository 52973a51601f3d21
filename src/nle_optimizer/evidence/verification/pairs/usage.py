"""The pairs of a claim, what each takes and costs, and the columns that conditions name.

What a pair uses of each resource, and what it costs. Columns of a pair, for conditions and limits: its own, those of
the pairs table, its school's and its NLE's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings, RefusedError, half_up, millionths
from nle_optimizer.evidence.verification.pairs.geography import Distances
from nle_optimizer.evidence.verification.pairs.listed import NOT_LISTED, Listed, Pairs
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide, decide_column
from nle_optimizer.evidence.verification.stages.eligibility import NO_RULE
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.evidence.verification.stages.supply import DerivedSupply
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.quantities import When
from nle_optimizer.scenario.scenario import Scenario


class Usage:
    """Amounts of the scenario's resources, in millionths, by resource and pair."""

    def __init__(self, scenario: Scenario, recipients: Recipients, listed: Listed):
        self.resources, self._listed = scenario.resources, listed
        amounts = [_of_recipients(scenario, recipients, resource) for resource in scenario.resources]
        self._amount = np.stack([amount for amount, _ in amounts])
        self._known = np.stack([known for _, known in amounts])
        self._all_known = bool(self._known.all())
        self._told = any(listed.has(resource) for resource in self.resources)
        self.uniform = not self._told and bool((self._amount == self._amount[:, :1]).all())
        costs = scenario.settings.costs
        self._match, self._day = millionths(costs.per_match), Fraction(costs.per_day)
        if self._day and "days" not in self.resources:
            raise RefusedError("costs.per_day is given, and days is no resource of the scenario")

    def of(self, pairs: Pairs) -> Integers:
        """What the pairs use, shape (resources, pairs).

        Raises:
            RefusedError: nothing says what one of them uses.
        """
        amount = self._amount[:, pairs.rows]
        known = None if self._all_known else self._known[:, pairs.rows]
        for n, resource in enumerate(self.resources if self._told else ()):
            told = self._listed.cells(pairs, resource)
            if told is not None:
                amount[n] = np.where(told[1], told[0], amount[n])
                if known is not None:
                    known[n] |= told[1]
        if known is not None and not known.all():
            resource = self.resources[int(np.flatnonzero(~known.all(axis=1))[0])]
            raise RefusedError(f"nothing says how much of {resource} a possible pair uses")
        return amount

    def cost(self, pairs: Pairs) -> Integers:
        """The cost of each pair, in millionths of a pound."""
        result = np.full(len(pairs), self._match, dtype=np.int64)
        if self._day:
            days = self.of(pairs)[self.resources.index("days")]
            result += half_up(days * self._day.numerator, self._day.denominator)
        return result


def _of_recipients(scenario: Scenario, recipients: Recipients, resource: str) -> tuple[Integers, Flags]:
    """What a recipient's own cell, its rule, the offer or the default say, the first that speaks."""
    offer = scenario.settings.offer
    cell = recipients.table.column(resource)
    given, own = cell.given & ~recipients.formed, np.zeros(len(recipients), dtype=np.int64)
    own[given] = cell.values[given].astype(np.int64)
    offered, by_offer = _offered(scenario, recipients, resource)
    default = MILLION if resource == "placements" else 0
    otherwise = np.where(by_offer, offered, default)
    known = given | by_offer | (resource == "placements")
    first = by_offer | ~given if offer.get("override") is True else ~given
    return np.where(first, otherwise, own), known


def _offered(scenario: Scenario, recipients: Recipients, resource: str) -> tuple[Integers, Flags]:
    offer = scenario.settings.offer.get(resource)
    amount = np.full(len(recipients), 0 if offer is None else millionths(Decimal(offer)), dtype=np.int64)
    known = np.full(len(recipients), offer is not None, dtype=bool)
    for n, rule in enumerate(eligibility_rules(scenario.settings)):
        if resource in rule.offer:
            here = (recipients.rule == n) & (recipients.rule != NO_RULE)
            amount[here], known[here] = millionths(rule.offer[resource]), True
    return amount, known


ALLOCATION = "allocation.csv"


@dataclass(frozen=True, eq=False)
class ClaimedPairs:
    """The lines of `allocation.csv` whose two sides exist and may be matched at all, in order of NLE.

    Attributes:
        lines: the index of each line in the table.
        pairs: the pairs, with an NLE each.
        start: where each NLE's pairs start, and the end of the last.
    """

    lines: Integers
    pairs: Pairs
    start: Integers

    def of(self, nle: int) -> slice:
        """Where the pairs of an NLE stand."""
        return slice(int(self.start[nle]), int(self.start[nle + 1]))


def read_matching(
    table: Mapping[str, Sequence[str]],
    recipients: Mapping[str, int],
    nles: Mapping[str, int],
    supply: DerivedSupply,
    findings: Findings,
) -> list[tuple[int, int, int]]:
    """NLE, recipient and line of every claimed pair that may be looked at; the others are noted."""
    found: dict[tuple[int, int], int] = {}
    for line, (school, nle) in enumerate(zip(table["school_id"], table["nle_id"], strict=True)):
        label = f"{ALLOCATION}: school {school}, NLE {nle}"
        if school not in recipients:
            findings.add(f"{ALLOCATION}: school", f"{label}: the inputs make this school no recipient")
        elif nle not in nles:
            findings.add(f"{ALLOCATION}: nle", f"{label}: the NLE table has no such NLE")
        elif (nles[nle], recipients[school]) in found:
            findings.add(f"{ALLOCATION}: twice", f"{label}: the pair stands twice")
        elif not supply.available[nles[nle]]:
            findings.add(f"{ALLOCATION}: out", f"{label}: the NLE is out ({supply.reason[nles[nle]]})")
        else:
            found[nles[nle], recipients[school]] = line
    return sorted((nle, row, line) for (nle, row), line in found.items())


def build_matching(
    found: Sequence[tuple[int, int, int]], nles: int, geography: Distances, listed: Listed
) -> ClaimedPairs:
    """The claimed pairs as arrays."""
    columns = np.array(found, dtype=np.int64).reshape(-1, 3)
    nle, row, line = columns[:, 0].copy(), columns[:, 1].copy(), columns[:, 2].copy()
    start = np.searchsorted(nle, np.arange(nles + 1))
    entry: Integers | None = None
    if len(listed.at):
        entry = np.full(len(nle), NOT_LISTED, dtype=np.int64)
        for one in np.unique(nle).tolist():
            here = slice(int(start[one]), int(start[one + 1]))
            known = listed.entries(one, row[here])
            if known is not None:
                entry[here] = known
    return ClaimedPairs(line, Pairs(nle, row, geography.squares(nle, row), entry), start)


OWN = ("out_of_region", "distance_km", "fit")
NO_ROW = -1

Codes = Callable[[Pairs], Integers]
"""The row of a constraint that each pair counts in, NO_ROW for none."""


@dataclass(frozen=True, eq=False)
class PairColumns:
    """Looks up columns of pairs; `side` says whose a column is."""

    scenario: Scenario
    recipients: Recipients
    geography: Distances

    def side(self, name: str) -> tuple[str, str]:
        """`school`, `nle` or `pair`, and the name of the column there."""
        pairs = self.scenario.pairs
        if name in OWN or (pairs is not None and name in pairs and name not in ("school_id", "nle_id")):
            return "pair", name
        side, dot, base = name.partition(".")
        if dot and side in ("school", "nle"):
            return side, base
        return ("nle", name) if name == "nle_id" else ("school", name)

    def table(self, side: str) -> Records:
        """The rows of a side that is a table of its own."""
        return self.recipients.table if side == "school" else self.scenario.nles

    @cached_property
    def _regions(self) -> tuple[list[str], list[str]]:
        tables = (self.recipients.table, self.scenario.nles)
        theirs, ours = ([word.casefold() for word in table.values("region").tolist()] for table in tables)
        return theirs, ours

    def of_pairs(self, name: str, pairs: Pairs) -> Column:
        """One of the pair's own columns, or of the pairs table."""
        if name == "distance_km":
            metres = self.geography.metres(pairs)
            return Column(Kind.KILOMETRES, metres, metres >= 0)
        if name == "fit":
            assert pairs.fit is not None
            return Column(Kind.AMOUNT, pairs.fit, np.ones(len(pairs), dtype=bool))
        if name == "out_of_region":
            return self._out_of_region(pairs)
        assert self.scenario.pairs is not None
        column = self.scenario.pairs.column(name)
        if pairs.entry is None or not len(column):
            blank = np.zeros(len(pairs), dtype=bool)
            return Column(column.kind, np.zeros(len(pairs), dtype=column.values.dtype), blank)
        return Column(column.kind, column.values[pairs.entry], (pairs.entry >= 0) & column.given[pairs.entry])

    def _out_of_region(self, pairs: Pairs) -> Column:
        theirs, ours = self._regions
        nles = np.broadcast_to(pairs.nle, len(pairs)).tolist()
        both = [(theirs[row], ours[nle]) for row, nle in zip(pairs.rows.tolist(), nles, strict=True)]
        differ = np.array([one != other for one, other in both], dtype=bool)
        return Column(Kind.YES_NO, differ, np.array([bool(one and other) for one, other in both], dtype=bool))

    def condition(self, where: When) -> Callable[[Pairs], Flags]:
        """Whether pairs meet a condition; what is undecided is not met."""
        own: When = {}
        sides: dict[str, When] = {"school": {}, "nle": {}}
        for name, condition in where.items():
            side, base = self.side(name)
            (own if side == "pair" else sides[side])[base] = condition
        school, nle = (decide(sides[side], self.table(side)) == TRUE for side in ("school", "nle"))

        def meets(pairs: Pairs) -> Flags:
            result = school[pairs.rows] & nle[pairs.nle]
            for name, condition in own.items():
                result &= decide_column(condition, self.of_pairs(name, pairs)) == TRUE
            return result

        return meets
