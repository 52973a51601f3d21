"""Who moves between an earlier run and a new plan, and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, zip_longest

import numpy as np

from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.outcome import filters_of
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import PINNED
from nle_optimizer.scenario.journal import Decision
from nle_optimizer.stages.filters import FilterContext
from nle_optimizer.studies.earlier_run import Pair
from nle_optimizer.studies.explaining.school import obstacles_of
from nle_optimizer.studies.replanning.replanning import KEPT, Amended

COLUMNS = (
    "school_id",
    "school_name",
    "what",
    "from_nle_id",
    "to_nle_id",
    "state_before",
    "fit_before",
    "fit_after",
    "is_move",
    "priority",
    "lower_priority_kept",
    "whose_nle_could",
    "reason",
)
WHAT = {
    "moved": "moved to another NLE",
    "left-out": "left without an NLE",
    "out": "no longer to be supported",
    "taken-on": "taken on",
}
"""What becomes of a school, and what that means."""


@dataclass(frozen=True, eq=False)
class PlanMoves:
    """What differs between the plans.

    Attributes:
        table: `moves.csv`, a row for each NLE that a school lost or gained, by school; first those of schools that
            lose their support while one of lower priority keeps its own: how many do, and one whose NLE could support
            the school.
        standing: how many pairs of the earlier run stand and are candidates.
        kept: how many of those stay.
        forced: how many of those cannot stay, whatever else is given up; None where that is not proved.
    """

    table: TextTable
    standing: int
    kept: int
    forced: int | None

    @property
    def given_up(self) -> int:
        """Moves: pairs that stand and do not stay."""
        return self.standing - self.kept


def moves_of(asked: Amended, result: Result) -> PlanMoves:
    """What differs between an earlier run and the new plan."""
    pairs = zip(*(result.claim.tables["allocation"][name] for name in ("school_id", "nle_id", "fit")), strict=True)
    after = {(school, nle): fit for school, nle, fit in pairs}
    kept = len(asked.able & after.keys())
    level = next((entry for entry in result.objectives if entry["name"] == KEPT), None)
    forced = 0 if level is None else len(asked.able) - round(level["bound"]) if level["proved"] else None
    rows = sorted(_Differences(asked, result, after).rows(len(asked.able) - kept == forced), key=_said_first)
    return PlanMoves({name: [row[n] for row in rows] for n, name in enumerate(COLUMNS)}, len(asked.able), kept, forced)


def _said_first(row: tuple[str, ...]) -> tuple[bool, int]:
    """The order of rows: schools that lose their support while one of lower priority keeps its own, by priority."""
    told = dict(zip(COLUMNS, row, strict=True))
    is_over = told["lower_priority_kept"] not in ("", "0")
    return not is_over, int(told["priority"]) if is_over else 0


@dataclass(frozen=True, eq=False)
class _Differences:
    asked: Amended
    result: Result
    after: Mapping[Pair, str]

    def rows(self, all_forced: bool) -> Iterator[tuple[str, ...]]:
        """The rows, by school; what a school lost stands beside what it gained."""
        lost = sorted(self.asked.before.matched.keys() - self.after.keys())
        gained = sorted(self.after.keys() - self.asked.before.matched.keys())
        gone = {school: [nle for _, nle in own] for school, own in groupby(lost, key=lambda pair: pair[0])}
        come = {school: [nle for _, nle in own] for school, own in groupby(gained, key=lambda pair: pair[0])}
        for school in sorted({*gone, *come}):
            for left, joined in zip_longest(gone.get(school, ()), come.get(school, ()), fillvalue=""):
                yield self._row(school, left, joined, all_forced)

    def _row(self, school: str, left: str, joined: str, all_forced: bool) -> tuple[str, ...]:
        before = self.asked.before.matched.get((school, left))
        reason = self._why_lost((school, left), all_forced) if left else self._why_gained((school, joined))
        return (
            school,
            self._names.get(school, ""),
            self._what(school, left, joined),
            left,
            joined,
            before.state if before else "",
            before.fit if before else "",
            self.after.get((school, joined), ""),
            "yes" if (school, left) in self.asked.able else "no",
            *(self._priority(school) if self._what(school, left, joined) == "left-out" else ("", "", "")),
            reason,
        )

    def _priority(self, school: str) -> tuple[str, str, str]:
        """The priority of a school that is left out, how many of lower priority keep their support, and one of those.

        That one has an NLE that could support the school; it is the lowest of them, the first by identifier.
        """
        unmatched = self.result.claim.tables["unmatched"]
        mine = dict(zip(unmatched["school_id"], unmatched["priority"], strict=True)).get(school, "")
        if not mine:
            return "", "", ""
        below = [kept for kept in self._kept if kept[0] > int(mine)]
        could = sorted((-priority, other) for priority, other, nle in below if nle in self._nles_for(school))
        return mine, str(len({other for _, other, _ in below})), could[0][1] if could else ""

    @cached_property
    def _kept(self) -> list[tuple[int, str, str]]:
        """Priority, school and NLE of those that were supported and still are, where they have a priority."""
        had = {school for school, _ in self.asked.before.matched}
        table = self.result.claim.tables["allocation"]
        columns = zip(*(table[name] for name in ("priority", "school_id", "nle_id")), strict=True)
        return [(int(priority), school, nle) for priority, school, nle in columns if priority and school in had]

    def _nles_for(self, school: str) -> set[str]:
        """The NLEs that are candidates for a school."""
        found = self.asked.case.candidates
        own = found.nle[found.recipient == self._place[school]] if school in self._place else []
        return set(found.nles.ids[own].tolist())

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {school: n for n, school in enumerate(self.asked.case.recipients.ids.tolist())}

    def _what(self, school: str, left: str, joined: str) -> str:
        if joined:
            return "moved" if left else "taken-on"
        return "left-out" if school in self._place and school not in self._excluded else "out"

    @cached_property
    def _names(self) -> Mapping[str, str]:
        schools = self.asked.scenario.schools
        return dict(zip(schools.ids.tolist(), schools.values("name").tolist(), strict=True))

    @cached_property
    def _excluded(self) -> Mapping[str, str]:
        table = self.result.claim.tables["exclusions"]
        columns = zip(*(table[name] for name in ("school_id", "stage", "evidence")), strict=True)
        return {school: f"at the stage {stage}: {evidence}" for school, stage, evidence in columns}

    @cached_property
    def _nles_out(self) -> Mapping[str, str]:
        table = self.result.claim.tables["nles"]
        return {nle: why for nle, why in zip(table["nle_id"], table["reason"], strict=True) if why}

    def _why_lost(self, pair: Pair, all_forced: bool) -> str:
        school, nle = pair
        tables = self.asked.tables
        if pair in tables.broken:
            return _told(tables.broken[pair])
        if not self.result.is_plan:
            return "there is no new plan"
        if school in self._excluded:
            return f"{school} is out {self._excluded[school]}"
        if nle in self._nles_out:
            return f"NLE {nle} is out: {self._nles_out[nle]}"
        if not tables.stands(pair):
            return f"the pair is {tables.states.get(pair, 'gone')} in the current table"
        if tables.states.get(pair) in PINNED and not tables.is_recipient(school):
            return f"no table has the school any more; what the pair takes is held against NLE {nle}"
        if nle not in tables.ids["nles"] or not tables.is_recipient(school):
            return "the tables have this pair's school or NLE no more"
        if pair not in self.asked.able:
            return "the pair can no longer be: " + ("; ".join(self._obstacles(pair)) or "it is no candidate")
        return (
            "the limits of now do not let every pair stay, and fewest moves are made this way"
            if all_forced
            else f"one of the moves that --max-moves {self.asked.asked.max_moves} allows, for the objectives' sake"
        )

    def _obstacles(self, pair: Pair) -> list[str]:
        """What stands between the two by the settings and tables of now."""
        nles = self.asked.case.candidates.nles.ids.tolist()
        if pair[0] not in self._place or pair[1] not in nles:
            return []
        facts = self._filters.of(np.array([nles.index(pair[1])]), np.array([self._place[pair[0]]]))
        return list(obstacles_of(facts).values())

    @cached_property
    def _filters(self) -> FilterContext:
        return filters_of(self.asked.case)

    def _why_gained(self, pair: Pair) -> str:
        school, _ = pair
        tables = self.asked.tables
        if pair in tables.made:
            return _told(tables.made[pair])
        added = tables.added["schools"].get(school)
        if added is not None and added.decision.number > len(self.asked.before.journal):
            return _told(added.decision)
        if school in self.asked.before.waiting:
            return "it was left without an NLE before"
        return "it was not to be supported before"


def _told(decision: Decision) -> str:
    return f"{decision.change.sentence} ({decision.where})"
