"""Three ranked replacements for every school, so that a refusal needs no new run."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.engines.exchanges.all_paths import ranks
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.direct import changes_of_first, direct_moves
from nle_optimizer.evidence.exchanging import Verbs, in_texts, who_moves
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.evidence.standing import has_room
from nle_optimizer.records import Integers, fixed

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
