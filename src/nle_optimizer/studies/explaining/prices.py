"""What it costs to force a pair, and who would move: from the residual network, or by solving again."""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from nle_optimizer.engines.exchanges.changes import Changes
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.evidence.exchanging import Verbs, exchanges_of, first_changes, in_its_unit, who_moves, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers
from nle_optimizer.studies.marginal.answers import Answer, by_solving

Price = dict[str, Any]
"""What forcing something changes, for programs: whether any allocation has it, by how much the first objective changes,
in its own sense and unit (None where that is not known exactly, and then least and most), who moves, and the method as
of an `Answer`."""
VERBS = Verbs("loses", "gets", "goes from")


class Prices:
    """Asked what changes of an outcome cost; only a network answers many at once."""

    def __init__(self, outcome: Outcome):
        self.outcome = outcome
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
        return self.changes(self.exchanges.forced(pairs), pairs)

    @cached_property
    def one_more_place(self) -> list[str]:
        """By how much one place more at each NLE changes the first objective, as text; nothing outside a network."""
        if self.exchanges is None:
            return []
        return first_changes(self.exchanges.one_more_place(np.arange(len(self.outcome.problem.nle_ids))))

    def forced_by_solving(self, pair: int, stop: Stopping) -> Price:
        """The price of forcing one pair, from solving again with it required."""
        problem = self.outcome.problem
        required = np.zeros(problem.size, dtype=bool) if problem.required is None else problem.required.copy()
        required[pair] = True
        return self._solved(by_solving(self.outcome, replace(problem, required=required), stop, relaxed=False))

    def changes(self, changes: Changes, besides: Integers | None = None) -> list[Price]:
        """Changes of the network as prices; `besides` as `Changes.moves` has it."""
        moves = who_moves(self.outcome, changes, VERBS, besides)
        return [
            {"possible": bool(change), "exact": True, "change": change or None, "who_moves": own, "method": "network"}
            for change, own in zip(first_changes(changes), moves, strict=True)
        ]

    def _solved(self, answer: Answer) -> Price:
        level = self.outcome.problem.levels[0]
        ends = [written(in_its_unit(level, side[0])) if side else None for side in (answer.least, answer.most)]
        moves = [f"{school} would be supported" for school in answer.gained]
        moves += [f"{school} would be left out" for school in answer.lost]
        return {
            "possible": answer.is_possible,
            "exact": answer.is_exact,
            "change": ends[0] if answer.is_exact else None,
            **({} if answer.is_exact else {"least": ends[0], "most": ends[1]}),
            "who_moves": moves,
            "method": answer.method,
        }


def stopping(seconds: float | None) -> Stopping:
    """When a search that begins now stops."""
    import time

    return Stopping(deadline=None if seconds is None else time.monotonic() + seconds)
