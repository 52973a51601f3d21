"""Deferred acceptance as a rule: one side proposes, places or sizes, and what still blocks is counted."""

from collections.abc import Callable

import numpy as np

from nle_optimizer.model.blocking import blocking_pairs
from nle_optimizer.model.places import places
from nle_optimizer.model.preferences import Order
from nle_optimizer.model.room import in_places
from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Matching, Promise
from nle_optimizer.rules.stable.deferral import Proposals, deferred
from nle_optimizer.rules.stable.knapsacks import nles_propose, recipients_propose


class DeferredAcceptance:
    """One side proposes, the other holds the best.

    Args:
        name: of the rule.
        promise: what is known of it.
        by_recipients: whether recipients propose; else NLEs do.
    """

    def __init__(self, name: str, promise: Promise, *, by_recipients: bool):
        self.name, self.promise, self._by_recipients = name, promise, by_recipients

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Let one side propose; count the pairs that block, where there may be some."""
        problem = agenda.problem
        if in_places(problem):
            return Matching(_in_places(agenda, self._by_recipients))
        sized: Callable[[Agenda], list[int]] = recipients_propose if self._by_recipients else nles_propose
        pairs = np.array(sized(agenda), dtype=np.int64)
        blocking = len(blocking_pairs(problem, agenda.preferences, pairs))
        why = (
            f"with {'limits over many pairs' if problem.rows else 'different amounts'} a stable matching need not exist"
        )
        if not blocking:
            return Matching(pairs, (f"{why}; this one is stable: no pair blocks it",))
        said = "1 pair blocks" if blocking == 1 else f"{blocking} pairs block"
        return Matching(pairs, missed=(f"{why}: {said} this one",))


def _in_places(agenda: Agenda, by_recipients: bool) -> Integers:
    """The matching where every pair of an NLE takes one place; required pairs have theirs beforehand."""
    problem, wishes = agenda.problem, agenda.preferences
    required = problem.required_pairs()
    wanted = problem.supporters - np.bincount(problem.recipient[required], minlength=len(problem.recipient_ids))
    left = places(problem) - np.bincount(problem.nle[required], minlength=len(problem.nle_ids))
    recipients, nles = problem.recipient, problem.nle
    first, second = (wishes.recipients, wishes.nles) if by_recipients else (wishes.nles, wishes.recipients)
    receiver, sides = (nles, (wanted, left)) if by_recipients else (recipients, (left, wanted))
    pairs, ends = _without(first, required)
    found = deferred(Proposals(pairs, ends, receiver, second.place, sides[0].tolist(), sides[1].tolist()))
    return np.sort(np.concatenate([required, found]))


def _without(order: Order, taken: Integers) -> tuple[Integers, Integers]:
    """The pairs of an order but for some, agent by agent, and where each agent's begin."""
    if not len(taken):
        return order.pairs, order.ends
    kept = ~np.isin(order.pairs, taken)
    return order.pairs[kept], np.append(0, np.cumsum(kept))[order.ends]
