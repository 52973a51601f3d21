"""Serial dictatorship: one recipient after another takes the best NLE left."""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.required import required_first
from nle_optimizer.rules.rule import Matching, Promise

EFFICIENT = (
    "Pareto efficient for the order that lots make strict (Svensson 1999, doi:10.1007/s003550050160), "
    "where nothing but capacity and upper limits is asked"
)


class SerialDictatorship:
    """Recipients take turns; each takes its best NLEs that have room, as many as it may have.

    Args:
        name: of the rule.
        promise: what is known of it.
        turns: the recipients in order, for a draw.
        wishes: each recipient's pairs, best first.
    """

    def __init__(
        self,
        name: str,
        promise: Promise,
        turns: Callable[[Agenda, int], Integers],
        wishes: Callable[[Agenda], Sequence[Sequence[int]]],
    ):
        self.name, self.promise = name, promise
        self._turns, self._wishes = turns, wishes

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Give every recipient its turn."""
        chosen, room, wanted = required_first(agenda.problem)
        turns, wishes = self._turns(agenda, draw).tolist(), self._wishes(agenda)
        taken = set(chosen)
        for recipient in turns:
            wished = iter(wishes[recipient])
            while wanted[recipient] and (pair := room.first(wished)) is not None:
                if pair not in taken:
                    room.take(pair)
                    chosen.append(pair)
                    wanted[recipient] -= 1
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))
