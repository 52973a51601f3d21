"""The next best NLE of each matched recipient, and what a change is worth and who moves.

Three ranked replacements for every school, so that a refusal needs no new run. Moves of one recipient into spare
capacity, everybody else staying where they are. What can be asked of an outcome about its changes, and how what one
is worth and who moves is written.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

import numpy as np

from nle_optimizer.engines.exchanges.changes import Exchanged
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.engines.exchanges.paths import ranks
from nle_optimizer.engines.network.prices import lottery_keys
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.reasons import has_room
from nle_optimizer.model.levels import AnyLevel, Level
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import Flags, Integers, fixed


def own_pairs(outcome: Outcome) -> Integers:
    """The matched pair of each recipient, shape (recipients,); -1 where it has none, or has or may have several."""
    own = np.full(len(outcome.recipients), NONE, dtype=np.int64)
    matched = outcome.solution.matched
    own[outcome.problem.recipient[matched]] = matched
    own[(outcome.problem.supporters > 1) | (outcome.found > 1)] = NONE
    return own


def direct_moves(outcome: Outcome) -> tuple[Integers, Integers]:
    """Unmatched pairs that could take the place of their recipient's own, all else as it is.

    Their NLE has room, no limit of a row would break, and the own pair is not required. Pairs of a row that counts
    what several pairs make true together are left out, and so is a recipient that has all the NLEs it may have, or
    more, and has or may have several.

    Returns:
        The pairs, and what each loses of the levels that are sums, as far as the first that is none, shapes (n,) and
        (n, levels); one column of 0 where the first is none.
    """
    problem = outcome.problem
    if outcome.status in ("infeasible", "unknown"):
        return np.zeros(0, dtype=np.int64), np.zeros((0, 1), dtype=np.int64)
    own = own_pairs(outcome)[problem.recipient]
    allowed = has_room(outcome) & keeps_rows(outcome, own)
    allowed[outcome.solution.matched] = False
    if problem.required is not None:
        allowed &= ~np.append(problem.required, False)[own]
    allowed &= (own != NONE) | (outcome.found < problem.supporters)[problem.recipient]
    pairs = np.flatnonzero(allowed)
    losses = []
    for level in problem.levels:
        if not isinstance(level, Level):
            break
        losses.append(-_gains(level, pairs, own[pairs]))
    return pairs, np.stack(losses or [np.zeros(len(pairs), dtype=np.int64)], axis=1)


def _gains(level: Level, pairs: Integers, own: Integers) -> Integers:
    padded = np.append(level.amounts, 0)
    return np.asarray(padded[pairs] - padded[own])


def keeps_rows(outcome: Outcome, own: Integers) -> Flags:
    """Pairs that in place of their recipient's own break no limit of a row, nor break it further."""
    problem = outcome.problem
    kept = np.ones(problem.size, dtype=bool)
    for row in problem.rows:
        amounts = np.zeros(problem.size + 1, dtype=np.int64)
        amounts[row.pairs] = row.amounts
        change = amounts[:-1] - amounts[own]
        total = row.total(problem, outcome.solution.matched)
        if row.upper is not None:
            kept &= (change <= 0) | (total + change <= row.upper)
        if row.lower is not None:
            kept &= (change >= 0) | (total + change >= row.lower)
        if len(row.presences):
            shared = np.zeros(problem.size + 1, dtype=bool)
            shared[problem.presences.pair[np.isin(problem.presences.presence, row.presences)]] = True
            kept &= ~shared[:-1] & ~shared[own]
    return kept


def changes_of_first(outcome: Outcome, pairs: Integers) -> Integers:
    """What each pair in place of its recipient's own changes of the first level, shape (pairs,)."""
    problem = outcome.problem
    if not problem.levels or not len(pairs):
        return np.zeros(len(pairs), dtype=np.int64)
    level, own = problem.levels[0], own_pairs(outcome)[problem.recipient[pairs]]
    if isinstance(level, Level) and level.presence_amounts is None:
        return _gains(level, pairs, own)
    matched = outcome.solution.matched
    before = level.value(problem, matched)
    after = [np.sort(np.append(matched[matched != old], new)) for new, old in zip(pairs, own, strict=True)]
    return np.array([level.value(problem, each) - before for each in after], dtype=np.int64)


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


def first_changes(changes: Exchanged) -> list[str]:
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


def who_moves(outcome: Outcome, changes: Exchanged, verbs: Verbs, besides: Integers | None = None) -> list[list[str]]:
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


MOST = 3
"""Alternates of a school."""

MOST_NODES = 700
"""NLEs and limits in a network whose exchanges are looked at between all of them."""

VERBS = Verbs("leaves", "joins", "moves from")


@dataclass(frozen=True, eq=False)
class Alternates:
    """Pairs that could take the place of those that are matched, by recipient, best first.

    Attributes:
        pairs: indices.
        change: of the first level, in its maximising orientation.
        moves: of each, who else moves, in sentences; of a recipient that may have several NLEs, what it gives up too.
        others_move: whether everybody else moves as is best; otherwise they stay.
    """

    pairs: Integers
    change: Integers
    moves: list[list[str]]
    others_move: bool


def alternates_of(outcome: Outcome, exchanges: Exchanges | str) -> Alternates:
    """The best alternates of every recipient.

    In a network up to `MOST_NODES`, everybody else moves as is best. Elsewhere only moves into spare capacity are
    looked at that break no limit, everybody else staying.
    """
    if isinstance(exchanges, Exchanges) and exchanges.nodes <= MOST_NODES:
        return _by_exchanges(outcome, exchanges)
    pairs, order = direct_moves(outcome)
    found = outcome.candidates
    place = ranks(found.recipient[pairs], order, *_ties(outcome, pairs))
    chosen = pairs[place < MOST]
    chosen = chosen[np.lexsort((place[place < MOST], found.recipient[chosen]))]
    return Alternates(chosen, changes_of_first(outcome, chosen), [[] for _ in chosen], others_move=False)


def _by_exchanges(outcome: Outcome, exchanges: Exchanges) -> Alternates:
    left_out = np.ones(outcome.problem.size, dtype=bool)
    left_out[outcome.solution.matched] = False
    asked = np.flatnonzero(left_out)
    pairs, changes = exchanges.best_forced(asked, MOST, *_ties(outcome, asked))
    return Alternates(pairs, changes.values[:, 0], who_moves(outcome, changes, VERBS, pairs), others_move=True)


def _ties(outcome: Outcome, pairs: Integers) -> tuple[Integers, Integers, Integers]:
    """What decides between alternates of equal change: fit, then distance, then the identifier."""
    found = outcome.candidates
    far = np.where(found.distance[pairs] < 0, np.iinfo(np.int64).max, found.distance[pairs])
    return -found.fit[pairs], far, found.nle[pairs]


def alternates_table(outcome: Outcome, exchanges: Exchanges | str) -> TextTable:
    """What `alternates.csv` holds."""
    found, alternates = outcome.candidates, alternates_of(outcome, exchanges)
    pairs, recipient = alternates.pairs, found.recipient[alternates.pairs]
    rank = np.arange(len(pairs)) - np.searchsorted(recipient, recipient) + 1
    level = outcome.problem.levels[0] if outcome.problem.levels else None
    return {
        "school_id": found.recipients.ids[recipient].tolist(),
        "rank": [str(number) for number in rank.tolist()],
        "nle_id": found.nles.ids[found.nle[pairs]].tolist(),
        "fit": [fixed(fit, 6) for fit in found.fit[pairs].tolist()],
        "distance_km": [fixed(m, 3) if m >= 0 else "" for m in found.distance[pairs].tolist()],
        "has_spare": ["yes" if spare else "no" for spare in has_room(outcome)[pairs].tolist()],
        "change_in_objective": [""] * len(pairs) if level is None else in_texts(level, alternates.change),
        "others": ["move" if alternates.others_move else "stay"] * len(pairs),
        "who_moves": ["; ".join(moves) for moves in alternates.moves],
    }
