"""Greedy: the best remaining pair is matched, again and again."""

import numpy as np

from nle_optimizer.model.lots import identities, lots, mixed
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.required import required_first
from nle_optimizer.rules.rule import Matching, Promise


class Greedy:
    """Pairs in order of fit, each matched where every limit has room; lots decide between equal fits."""

    name = "greedy"
    promise = Promise(
        summary="the best-fitting pair that is still possible is matched, then the next",
        guarantees="at least half of the optimal total fit, for unit sizes and limits that nest on each side",
        caveats="with day sizes, quotas that cross or lower limits there is no such promise",
        misreports="yes: a recipient that states a higher fit is served earlier",
        complexity="O(p log p)",
        source="Preis (1999), doi:10.1007/3-540-49116-3_24",
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Take pairs from the best down."""
        problem = agenda.problem
        chosen, room, wanted = required_first(problem)
        nle = lots(identities(problem.nle_ids, "nle", agenda.settings.seed), 0)
        lot = mixed(lots(agenda.recipients, 0)[problem.recipient] ^ nle[problem.nle])
        order = np.lexsort((lot, -agenda.candidates.fit))
        recipient, taken = problem.recipient[order].tolist(), set(chosen)
        for pair, whose in zip(order.tolist(), recipient, strict=True):
            if wanted[whose] and pair not in taken and room.fits(pair):
                room.take(pair)
                wanted[whose] -= 1
                chosen.append(pair)
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


GREEDY = Greedy()
