"""Whether no other allocation comes into question: then the one found is best by every later level.

To prove a later level means to shut out, once more, the other allocations worth as much by the level held last. Here
that is done while this worth is maximised, which a solver is quicker at. With X what is matched, worth V, and D what X
is worth by the next level, w = 1 stands for another allocation::

    maximise 2 worth + w, where worth >= V, next >= D, w <= (pairs of X not matched) + (other pairs matched)

X has 2 V; whatever is as good and not X has 2 V + 1.
"""

import numpy as np

from nle_optimizer.engines.general.additive import amounts_of
from nle_optimizer.engines.general.run import Run
from nle_optimizer.engines.general.solving import LARGEST
from nle_optimizer.model.levels import AnyLevel, Level

_SHARE = 0.05
"""Of what is left of the work, what this question may take."""


def stands_alone(run: Run, after: AnyLevel) -> bool:
    """Whether nothing but what is matched comes into question; asked once after a level of which that is likely.

    Args:
        run: where the engine stands.
        after: the next level.
    """
    if run.fine is not None and not run.alone and not run.over:
        run.alone = _asked(run, after)
    run.fine = None
    return run.alone


def _asked(run: Run, after: AnyLevel) -> bool:
    assert run.fine is not None
    draft, amounts = run.fine[0].copy(), run.fine[1]
    worth = int(amounts @ run.variables(run.matched, len(amounts)))
    draft.add_row(amounts, worth, None)
    if isinstance(after, Level) and after.within is None:
        draft.add_row(amounts_of(after), after.value(run.problem, run.matched), None)
    (another,) = draft.add_variables(np.zeros(1, np.int64), np.ones(1, np.int64))
    differs = np.ones(run.problem.size, np.int64)
    differs[run.matched] = -1
    columns = np.append(np.arange(run.problem.size), another)
    draft.rows.add(columns, np.append(differs, -1), -len(run.matched), None)
    objective = np.zeros(len(draft.lower), np.int64)
    objective[: len(amounts)] = 2 * amounts
    objective[another] = 1
    if draft.program(objective).reach >= LARGEST:
        return False
    run.stop.tell("looking for another allocation that is as good")
    answer = run.solve(draft, objective, share=_SHARE)
    return answer.bound is not None and answer.bound <= 2 * worth
