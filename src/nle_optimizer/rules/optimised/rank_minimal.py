"""Rank-minimal: as many recipients as possible, then the least average rank of the NLE received."""

import numpy as np

from nle_optimizer.model.levels import Level
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.optimised.searching import optimum, unsolvable
from nle_optimizer.rules.rule import Matching, Promise


class RankMinimal:
    """The number of acceptable pairs, then the sum of ranks; NLEs liked as well have the same rank."""

    name = "rank-minimal"
    promise = Promise(
        summary="as many pairs as possible, then the least average rank of the NLE received",
        guarantees="no allocation of as many pairs has a lower average rank, so it is rank efficient among them",
        caveats="priorities do not count, and it is not stable; unranked NLEs are not acceptable to a school that "
        "ranks any",
        misreports="yes: a recipient gains by ranking what it can get the higher",
        complexity="as its engine",
        source="Featherstone (2020), Rank efficiency: modeling a common policymaker objective",
        ordinal=True,
        by_ranks=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where no engine that may be asked can optimise the two."""
        return unsolvable(agenda, agenda.problem, _levels(agenda))

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Optimise the two; pairs that are not acceptable count as worse than none."""
        return optimum(agenda, agenda.problem, _levels(agenda))


def _levels(agenda: Agenda) -> tuple[Level, Level]:
    order = agenda.preferences.recipients
    accepted = order.place >= 0
    number = Level("accepted", 1, 1, np.where(accepted, 1, -1))
    return number, Level("rank", -1, 1, -np.where(accepted, order.level + 1, 0))


RANK_MINIMAL = RankMinimal()
