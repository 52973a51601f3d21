"""Immediate acceptance, known as the Boston mechanism: what is taken in a round stays taken."""

import numpy as np

from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.required import required_first
from nle_optimizer.rules.rule import Matching, Promise


class ImmediateAcceptance:
    """In round k every recipient asks the k-th of its list; NLEs take those they like best, for good."""

    name = "immediate-acceptance"
    promise = Promise(
        summary="round by round recipients ask the next NLE of their lists, and who is taken is taken for good",
        guarantees="Pareto efficient for the order that lots make strict, in places; nobody who is taken in the first "
        "round would rather be elsewhere",
        caveats="not stable: who asks late finds NLEs taken by others of lower priority",
        misreports="yes: a recipient gains by asking an NLE first that it can get",
        complexity="O(p log p)",
        source="Abdulkadiroglu and Sonmez (2003), doi:10.1257/000282803322157061",
        ordinal=True,
        by_ranks=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Go through the rounds."""
        problem, wishes = agenda.problem, agenda.preferences
        chosen, room, wanted = required_first(problem)
        taken, ranks = set(chosen), wishes.nles.place.tolist()
        nles = problem.nle.tolist()
        lists = [[pair for pair in own if pair not in taken] for own in wishes.recipients.lists()]
        asking = [recipient for recipient, own in enumerate(lists) if own and wanted[recipient]]
        turn = 0
        while asking:
            asked = [
                (ranks[pair], nles[pair], pair, recipient) for recipient in asking for pair in [lists[recipient][turn]]
            ]
            for *_, pair, recipient in sorted(asked):
                if room.fits(pair):
                    room.take(pair)
                    chosen.append(pair)
                    wanted[recipient] -= 1
            turn += 1
            asking = [recipient for recipient in asking if wanted[recipient] and turn < len(lists[recipient])]
        return Matching(np.sort(np.array(chosen, dtype=np.int64)))


IMMEDIATE_ACCEPTANCE = ImmediateAcceptance()
