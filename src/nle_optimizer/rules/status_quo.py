"""The status quo: what stands today, as a row of the same table."""

import numpy as np

from nle_optimizer.model.breaches import required_in_words
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Matching, Promise
from nle_optimizer.stages.current import stands
from nle_optimizer.stages.given_pairs import locate


class StatusQuo:
    """The pairs of `data.current` that stand; those that are no candidates any more are named and left out."""

    name = "status-quo"
    promise = Promise(
        summary="the pairs that stand today, as `data.current` has them",
        guarantees="nobody moves",
        caveats="it may break limits, which are listed; pairs that are no candidates are named and left out",
        misreports="nothing is asked",
        complexity="O(p)",
        source="the scenario's own table",
        may_break_limits=True,
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Without the table there is nothing to give."""
        if agenda.settings.data.current is None:
            return "the scenario has no data.current, so nobody knows what stands today"
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Give what stands."""
        found, current = agenda.candidates, agenda.candidates.current
        assert current is not None
        rows = np.flatnonzero(stands(current.table))
        at, kept = locate(current.keys[rows], found.keys)
        lost = rows[~kept]
        missed = [
            f"{current.table.values('school_id')[row]} with {current.table.values('nle_id')[row]} stands today, "
            "and is no candidate pair under this scenario"
            for row in lost.tolist()
        ]
        pairs = np.unique(at[kept])
        required = np.setdiff1d(agenda.problem.required_pairs(), pairs).tolist()
        missed += [f"{required_in_words(agenda.problem, pair)}, and does not stand today" for pair in required]
        return Matching(pairs, missed=tuple(missed))


STATUS_QUO = StatusQuo()
