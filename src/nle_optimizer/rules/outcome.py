"""A procedure carried out: its matching checked against every hard limit, as a solution."""

from nle_optimizer.errors import EngineError
from nle_optimizer.model.breaches import breaches
from nle_optimizer.model.solution import Solution
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.rule import Procedure


def carried_out(procedure: Procedure, agenda: Agenda, draw: int = 0) -> Solution:
    """The solution that a procedure gives.

    Raises:
        EngineError: it matched somebody beyond a capacity, an upper limit or its number of supporters.
    """
    matching = procedure.match(agenda, draw)
    broken = [] if procedure.promise.may_break_limits else breaches(agenda.problem, matching.pairs)
    if broken:
        raise EngineError(f"the rule {procedure.name} breaks a limit: {'; '.join(broken[:3])}")
    return Solution("none", matching.pairs, (), completed=True, remarks=matching.remarks, missed=matching.missed)
