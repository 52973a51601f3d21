"""A procedure carried out: its matching checked against every hard limit, as a solution."""

import numpy as np

from nle_optimizer.errors import EngineError, Place, Problem, UnsupportedError
from nle_optimizer.model.breaches import breaches
from nle_optimizer.model.preferences import closed_by_ranks
from nle_optimizer.model.solution import Solution
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Procedure


def carried_out(procedure: Procedure, agenda: Agenda, draw: int = 0) -> Solution:
    """The solution that a procedure gives.

    Raises:
        UnsupportedError: the required pairs alone break a limit, such as a share of what is matched, and it does not
            make up for that.
        EngineError: it matched somebody beyond a capacity, an upper limit or its number of supporters.
    """
    matching = procedure.match(agenda, draw)
    broken = [] if procedure.promise.may_break_limits else breaches(agenda.problem, matching.pairs)
    if broken and breaches(agenda.problem, agenda.problem.required_pairs()):
        what = f"the rule {procedure.name} cannot be carried out: beside the required pairs {'; '.join(broken[:3])}"
        raise UnsupportedError([Problem(Place(), "rule", what)])
    if broken:
        raise EngineError(f"the rule {procedure.name} breaks a limit: {'; '.join(broken[:3])}")
    promise = procedure.promise
    remarks = (*matching.remarks, *(_closed(agenda) if promise.by_ranks else ()))
    return Solution(
        "none",
        matching.pairs,
        (),
        completed=True,
        remarks=remarks,
        missed=matching.missed,
        by_ranks=promise.by_ranks,
    )


def _closed(agenda: Agenda) -> list[str]:
    """That ranks which somebody gave close pairs without one, if they do."""
    closed = int(np.logical_or(*closed_by_ranks(agenda.problem, agenda.candidates)).sum())
    what = "who gave some candidates a rank accepts no other, so {:,} of {:,} candidate pairs are closed"
    return [what.format(closed, agenda.problem.size)] if closed and agenda.stated is None else []
