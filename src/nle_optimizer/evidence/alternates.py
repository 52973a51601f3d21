"""Three ranked replacements for every school, so that a refusal needs no new run."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.exchanges.all_paths import ranks
from nle_optimizer.engines.exchanges.changes import Changes, Move
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.direct import changes_of_first, direct_moves
from nle_optimizer.evidence.exchanging import in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.records import Integers, fixed

MOST = 3
"""Alternates of a school."""

MOST_NODES = 700
"""NLEs and limits in a network whose exchanges are looked at between all of them."""


@dataclass(frozen=True, eq=False)
class Alternates:
    """Pairs that could take the place of those that are matched, by recipient, best first.

    Attributes:
        pairs: indices.
        change: of the first level, in its maximising orientation.
        moves: of each, who else moves; of a recipient that may have several NLEs, what it gives up too.
        others_move: whether everybody else moves as is best; otherwise they stay.
    """

    pairs: Integers
    change: Integers
    moves: list[list[Move]]
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
    moves = [_moves_besides(outcome, changes, n, pair) for n, pair in enumerate(pairs.tolist())]
    return Alternates(pairs, changes.values[:, 0], moves, others_move=True)


def _moves_besides(outcome: Outcome, changes: Changes, change: int, pair: int) -> list[Move]:
    """Who moves besides the pair's own recipient, which gives up the one NLE it has without that being said."""
    own = int(outcome.problem.recipient[pair])
    is_plain = bool(outcome.problem.supporters[own] == 1)
    return [move for move in changes.moves(change, besides=pair) if not (is_plain and move.recipient == own)]


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
        "change_in_objective": [
            "" if level is None else written(in_its_unit(level, change)) for change in alternates.change.tolist()
        ],
        "others": ["move" if alternates.others_move else "stay"] * len(pairs),
        "who_moves": ["; ".join(_in_words(outcome, move) for move in moves) for moves in alternates.moves],
    }


def _in_words(outcome: Outcome, move: Move) -> str:
    school, nles = outcome.recipients.ids[move.recipient], outcome.candidates.nles.ids
    if move.joined == NONE:
        return f"{school} leaves {nles[move.left]}"
    if move.left == NONE:
        return f"{school} joins {nles[move.joined]}"
    return f"{school} moves from {nles[move.left]} to {nles[move.joined]}"
