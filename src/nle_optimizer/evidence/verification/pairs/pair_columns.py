"""Columns of a pair, for conditions and limits: its own, those of the pairs table, its school's and its NLE's."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nle_optimizer.evidence.verification.pairs.geography import Geography
from nle_optimizer.evidence.verification.pairs.listed import Pairs
from nle_optimizer.evidence.verification.stages.conditions import TRUE, decide, decide_column
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.quantities import When
from nle_optimizer.scenario.scenario import Scenario

OWN = ("out_of_region", "distance_km", "fit")
NO_ROW = -1

Codes = Callable[[Pairs], Integers]
"""The row of a constraint that each pair counts in, NO_ROW for none."""


@dataclass(frozen=True, eq=False)
class PairColumns:
    """Looks up columns of pairs; `side` says whose a column is."""

    scenario: Scenario
    recipients: Recipients
    geography: Geography

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
