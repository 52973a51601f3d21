"""What a rule is, what it is given, and what becomes of it.

What a rule is: a published procedure that says who is matched with whom, and what it promises. What a rule may look
at: the problem, who stands where in the line, and who prefers whom. Pairs that are required or agreed: every
procedure takes them before anybody has a turn. A procedure carried out: its matching checked against every hard
limit, as a solution.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import EngineError, Fault, Place, UnsupportedError
from nle_optimizer.model.build import waiting
from nle_optimizer.model.limits_left import Room, breaches, room_in
from nle_optimizer.model.preferences import Lots, PreferenceOrders, closed_by_ranks, identities, lots, preferences_of
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Integers
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.candidates import Candidates

LAST = np.iinfo(np.int64).max
"""Where a blank priority or arrival stands: after all others."""


@dataclass(frozen=True, eq=False)
class Agenda:
    """A case as a rule sees it.

    Attributes:
        problem: in integers.
        candidates: the same pairs with distance, fit and both tables.
        settings: seed, engine and preferences.
        stop: when a search is to stop.
        stated: the orders to go by; None for those that the settings ask for.
    """

    problem: Problem
    candidates: Candidates
    settings: Settings
    stop: Stopping = field(default_factory=Stopping)
    stated: PreferenceOrders | None = None

    @cached_property
    def priority(self) -> Integers:
        """The priority of each recipient, 1 first; `LAST` where it has none."""
        return np.asarray(self.candidates.recipients.column("priority").or_else(LAST), dtype=np.int64)

    @cached_property
    def waiting(self) -> Integers:
        """Days that each recipient has waited; -1 where that is not known."""
        return np.asarray(waiting(self.candidates.recipients).or_else(-1), dtype=np.int64)

    @cached_property
    def recipients(self) -> Lots:
        """The identities by which recipients draw lots."""
        return identities(self.problem.recipient_ids, "recipient", self.settings.seed)

    @cached_property
    def need(self) -> Integers:
        """The weighted sum of the needs of each recipient, in whole units; -1 where one with a weight is not known."""
        needs = self.candidates.needs
        weights = np.array(needs.weights, dtype=np.int64)
        known = needs.need_known[weights > 0].all(axis=0)
        return np.where(known, weights @ needs.need, -1)

    @cached_property
    def by_need(self) -> Integers:
        """Recipients by the greatest need; the tie-break decides between equals."""
        arrived = [-self.waiting] if "arrived" in self.settings.tie_break else []
        return np.lexsort((lots(self.recipients, 0), *arrived, -self.need))

    @cached_property
    def by_arrival(self) -> Integers:
        """Recipients in the order in which they came; lots decide between those of one day, unknown days are last."""
        return np.lexsort((lots(self.recipients, 0), -self.waiting))

    @cached_property
    def by_priority(self) -> Integers:
        """Recipients by priority, then arrival; lots decide between those alike in both."""
        return np.lexsort((lots(self.recipients, 0), -self.waiting, self.priority))

    def by_lot(self, draw: int) -> Integers:
        """Recipients in an order drawn by lot."""
        return np.argsort(lots(self.recipients, 1 + draw))

    @cached_property
    def preferences(self) -> PreferenceOrders:
        """Who prefers whom."""
        return self.stated or preferences_of(self.problem, self.candidates, self.settings)


@dataclass(frozen=True)
class Promise:
    """What is known of a rule.

    Attributes:
        summary: the procedure in a line.
        guarantees: what holds for every outcome, and under which conditions.
        caveats: where that ends, and what the rule cannot promise.
        misreports: whether a recipient or an NLE can gain by stating other preferences than its own.
        complexity: time, in n recipients, m NLEs and p pairs.
        source: the paper, with its DOI, or who does so today.
        ordinal: whether each draw goes by the orders that the sides state, so that misreports can be tried one by one.
        by_ranks: whether it goes by the ranks of the pairs table: who gave any accepts no pair without one.
        random: whether it draws lots beyond breaking ties, so that draws differ.
        may_break_limits: whether it gives what is there, within the limits or not.
    """

    summary: str
    guarantees: str
    caveats: str
    misreports: str
    complexity: str
    source: str
    ordinal: bool = False
    by_ranks: bool = False
    random: bool = False
    may_break_limits: bool = False

    @property
    def ranks(self) -> str:
        """What the ranks of the pairs table do, in words."""
        if not self.by_ranks:
            return "school_rank and nle_rank do not count"
        return (
            "a school that has school_rank in any of its candidate pairs accepts no candidate without one, and so does "
            "an NLE that has nle_rank in any; who has none goes by `preferences`"
        )


@dataclass(frozen=True, eq=False)
class Matching:
    """What a procedure gives.

    Attributes:
        pairs: indices of the matched pairs, ascending.
        remarks: what to know of this outcome, in sentences.
        missed: what it could not keep to besides capacities and the limits of rows, in sentences.
    """

    pairs: Integers
    remarks: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class Procedure(Protocol):
    """A rule that matches step by step; `registry.py` names every one."""

    name: str
    promise: Promise

    def refuses(self, agenda: Agenda) -> str | None:
        """Why it cannot be carried out here, in words; None if it can."""

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Who is matched; a random rule gives another outcome for another draw."""


def required_first(problem: Problem) -> tuple[list[int], Room, list[int]]:
    """The required pairs, the room they leave, and how many more NLEs each recipient may have."""
    chosen = problem.required_pairs().tolist()
    room, wanted = room_in(problem), problem.supporters.tolist()
    for pair in chosen:
        room.take(pair)
        wanted[problem.recipient[pair]] -= 1
    return chosen, room, wanted


def carried_out(procedure: Procedure, agenda: Agenda, draw: int = 0) -> Solution:
    """The solution that a procedure gives.

    Raises:
        UnsupportedError: the required pairs alone break a limit, such as a share of what is matched, and it does not
            make up for that.
        EngineError: it matched somebody beyond a capacity, an upper limit or its number of supporters.
    """
    matching = procedure.match(agenda, draw)
    broken = [] if procedure.promise.may_break_limits else breaches(agenda.problem, matching.pairs)
    if broken and breaches(agenda.problem, agenda.problem.required_pairs()):
        what = f"the rule {procedure.name} cannot be carried out: beside the required pairs {'; '.join(broken[:3])}"
        raise UnsupportedError([Fault(Place(), "rule", what)])
    if broken:
        raise EngineError(f"the rule {procedure.name} breaks a limit: {'; '.join(broken[:3])}")
    promise = procedure.promise
    remarks = (*matching.remarks, *(_closed(agenda) if promise.by_ranks else ()))
    return Solution(
        "none",
        matching.pairs,
        (),
        completed=True,
        remarks=remarks,
        missed=matching.missed,
        by_ranks=promise.by_ranks,
    )


def _closed(agenda: Agenda) -> list[str]:
    """That ranks which somebody gave close pairs without one, if they do."""
    closed = int(np.logical_or(*closed_by_ranks(agenda.problem, agenda.candidates)).sum())
    what = "who gave some candidates a rank accepts no other, so {:,} of {:,} candidate pairs are closed"
    return [what.format(closed, agenda.problem.size)] if closed and agenda.stated is None else []
