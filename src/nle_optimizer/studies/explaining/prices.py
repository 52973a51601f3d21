"""What it costs to force a pair, and who would move: from the residual network, or by solving again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

from nle_optimizer.engines.exchanges.changes import Changes, Move
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.evidence.exchanging import exchanges_of, in_its_unit, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers
from nle_optimizer.studies.marginal.answers import Answer, by_solving


@dataclass(frozen=True)
class Price:
    """What forcing something changes.

    Attributes:
        method: as of an `Answer`.
        is_possible: whether any allocation has it.
        exact: whether the change of the first objective is known exactly.
        least, most: the change of the first objective, in its own sense and unit, as text; blank where it is not known.
        moves: who moves, in sentences.
    """

    method: str
    is_possible: bool
    exact: bool
    least: str
    most: str
    moves: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        ends = {"least": self.least or None, "most": self.most or None}
        return {
            "possible": self.is_possible,
            "exact": self.exact,
            "change": self.least or None if self.exact else None,
            **({} if self.exact else ends),
            "who_moves": list(self.moves),
            "method": self.method,
        }


class Prices:
    """Asked what changes of an outcome cost; only a network answers many at once."""

    def __init__(self, outcome: Outcome, seconds: float | None = None):
        self.outcome, self._seconds = outcome, seconds
        found = exchanges_of(outcome)
        self.exchanges: Exchanges | None = None if isinstance(found, str) else found
        self.why_not = found if isinstance(found, str) else ""
        """Why prices are not read off the solution; blank where they are."""

    def forced(self, pairs: Integers) -> list[Price]:
        """The price of forcing each of some pairs, from the network.

        Raises:
            ValueError: the run is no network.
        """
        if self.exchanges is None:
            raise ValueError(self.why_not)
        changes = self.exchanges.forced(pairs)
        values = self._values(changes)
        return [self._of(changes, values, n, pair) for n, pair in enumerate(pairs.tolist())]

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each available NLE."""
        return {str(nle): n for n, nle in enumerate(self.outcome.problem.nle_ids)}

    @cached_property
    def one_more_place(self) -> list[str]:
        """By how much one place more at each NLE changes the first objective, as text; nothing outside a network."""
        if self.exchanges is None:
            return []
        changes = self.exchanges.one_more_place(np.arange(len(self.outcome.problem.nle_ids)))
        return [written(value) for value in self._values(changes)]

    def forced_by_solving(self, pair: int, stop: Stopping) -> Price:
        """The price of forcing one pair, from solving again with it required."""
        problem = self.outcome.problem
        required = np.zeros(problem.size, dtype=bool) if problem.required is None else problem.required.copy()
        required[pair] = True
        return self._solved(by_solving(self.outcome, replace(problem, required=required), stop, relaxed=False))

    def changes(self, changes: Changes) -> list[Price]:
        """Other changes of the network as prices."""
        values = self._values(changes)
        return [self._of(changes, values, n) for n in range(len(changes))]

    def _values(self, changes: Changes) -> list[Decimal]:
        """By how much each changes the first objective, in its own sense and unit."""
        level = self.outcome.problem.levels[0]
        return [in_its_unit(level, value) for value in changes.values[:, 0].tolist()]

    def _of(self, changes: Changes, values: Sequence[Decimal], n: int, besides: int = NONE) -> Price:
        if not changes.possible[n]:
            return Price("network", False, True, "", "", ())
        change = written(values[n])
        moves = [move for move in changes.moves(n, besides) if not self._is_own(move, besides)]
        return Price("network", True, True, change, change, tuple(self.sentence(move) for move in moves))

    def _is_own(self, move: Move, pair: int) -> bool:
        """Whether a move is that of the pair's own school giving up its one NLE, which goes without saying."""
        problem = self.outcome.problem
        return pair != NONE and move.recipient == problem.recipient[pair] and problem.supporters[move.recipient] == 1

    def _solved(self, answer: Answer) -> Price:
        if not answer.is_possible:
            return Price(answer.method, False, True, "", "", ())
        level = self.outcome.problem.levels[0]
        least, most = (written(in_its_unit(level, side[0])) if side else "" for side in (answer.least, answer.most))
        moves = [f"{school} would be supported" for school in answer.gained]
        moves += [f"{school} would be left out" for school in answer.lost]
        return Price(answer.method, True, answer.is_exact, least, most, tuple(moves))

    def sentence(self, move: Move) -> str:
        """A move in words."""
        school, nles = self.outcome.recipients.ids[move.recipient], self.outcome.candidates.nles.ids
        if move.joined == NONE:
            return f"{school} loses {nles[move.left]}"
        if move.left == NONE:
            return f"{school} gets {nles[move.joined]}"
        return f"{school} goes from {nles[move.left]} to {nles[move.joined]}"


def stopping(seconds: float | None) -> Stopping:
    """When a search that begins now stops."""
    import time

    return Stopping(deadline=None if seconds is None else time.monotonic() + seconds)
