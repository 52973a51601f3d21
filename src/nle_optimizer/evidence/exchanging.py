"""What can be asked of an outcome about its changes, and how what one is worth and who moves is written."""

from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

import numpy as np

from nle_optimizer.engines.exchanges.changes import Changes
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.engines.network.ties import lottery_keys
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Integers

NETWORK = "network"
"""The engine whose lottery settles what is left of ties."""


def exchanges_of(outcome: Outcome, *, settled: bool = False) -> Exchanges | str:
    """The exchanges of an outcome; or, in words, why nothing is known of them without solving again.

    Args:
        outcome: a solved case.
        settled: whether changes that are worth the same are told apart as a run would, by its tie-break and lottery,
            where its network engine has settled ties and the amounts allow it.
    """
    if outcome.solution.completed:
        return f"the rule {outcome.scenario.settings.rule} proves nothing"
    if not outcome.solution.levels:
        return "there is no allocation with a proof"
    proved = 0
    while proved < len(outcome.solution.levels) and outcome.solution.levels[proved].proved:
        proved += 1
    levels = levels_of_exchanges(outcome.problem, proved)
    if isinstance(levels, str):
        return levels
    try:
        if settled and levels == len(outcome.problem.levels) and outcome.solution.engine == NETWORK:
            with suppress(UnsupportedError):
                problem = _with_ties(outcome)
                return Exchanges(problem, outcome.solution.matched, len(problem.levels))
        return Exchanges(outcome.problem, outcome.solution.matched, levels)
    except UnsupportedError as error:
        return error.problems[0].what


def _with_ties(outcome: Outcome) -> Problem:
    """The problem with what decides between equals as further levels."""
    problem = outcome.problem
    every = np.ones(problem.size, dtype=bool)
    lots = lottery_keys(problem, every, outcome.scenario.settings.seed, 0)
    return replace(problem, levels=(*problem.levels, *problem.tie_break, Level("lottery", 1, 1, lots)))


def in_its_unit(level: AnyLevel, change: int) -> Decimal:
    """A change of a level, given in its maximising orientation, as people read it: in its own sense and unit."""
    return Decimal(level.sense * change) / Decimal(level.scale)


def written(amount: Decimal) -> str:
    """A change as the shortest decimal."""
    return format(amount.normalize() + 0, "f")


def in_texts(level: AnyLevel, changes: Integers) -> list[str]:
    """Changes of a level, in its maximising orientation, as the files write them: in its own sense and unit."""
    unit = Decimal(level.sense * level.scale)
    texts = {change: written(change / unit) for change in set(changes.tolist())}
    return [texts[change] for change in changes.tolist()]


def first_changes(changes: Changes) -> list[str]:
    """The change of the first objective, as the files write it; blank where the change is not possible."""
    texts = in_texts(changes.circles.problem.levels[0], changes.values[:, 0])
    return [text if possible else "" for possible, text in zip(changes.possible.tolist(), texts, strict=True)]


@dataclass(frozen=True)
class Verbs:
    """How it is said that a recipient leaves an NLE, joins one, or leaves one and joins another."""

    leaves: str
    joins: str
    moves: str

    def sentence(self, recipient: str, left: str | None, joined: str | None) -> str:
        """That a recipient leaves an NLE, joins one, or both."""
        if joined is None:
            return f"{recipient} {self.leaves} {left}"
        return f"{recipient} {self.joins} {joined}" if left is None else f"{recipient} {self.moves} {left} to {joined}"


def who_moves(outcome: Outcome, changes: Changes, verbs: Verbs, besides: Integers | None = None) -> list[list[str]]:
    """Who moves with each change, in sentences; `besides` as `Changes.moves` has it."""
    told: list[list[str]] = [[] for _ in range(len(changes))]
    moves = changes.moves(besides)
    recipients, nles = outcome.recipients.ids[moves.recipient], outcome.candidates.nles.ids.tolist()
    columns = (moves.change, recipients, moves.left, moves.joined)
    for change, recipient, left, joined in zip(*(column.tolist() for column in columns), strict=True):
        ends = (None if nle == NONE else nles[nle] for nle in (left, joined))
        told[change].append(verbs.sentence(recipient, *ends))
    return told


def moves_between(outcome: Outcome, after: Integers, verbs: Verbs, besides: int) -> list[str]:
    """Who moves from the plan that stands to another, in sentences.

    Args:
        outcome: as it stands.
        after: indices of the pairs matched then, ascending.
        verbs: how it is said.
        besides: a pair of that plan that is left unsaid, and with it that its recipient, where it may have no other
            NLE, gives up the one that it has.
    """
    problem, before = outcome.problem, outcome.solution.matched
    turned = [np.setdiff1d(one, other) for one, other in ((before, after), (after, before))]
    unsaid = problem.recipient[besides] if problem.supporters[problem.recipient[besides]] == 1 else NONE
    told = []
    for recipient in np.unique(problem.recipient[np.concatenate(turned)]).tolist():
        left, joined = (
            [str(problem.nle_ids[problem.nle[n]]) for n in pairs if problem.recipient[n] == recipient and n != besides]
            for pairs in turned
        )
        if recipient != unsaid:
            name = str(problem.recipient_ids[recipient])
            told += [verbs.sentence(name, *ends) for ends in zip_longest(left, joined)]
    return told
