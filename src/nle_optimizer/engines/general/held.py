"""What was optimised before a general engine takes over, held as if it had been optimised here."""

from collections.abc import Sequence

from nle_optimizer.engines.general import spreads, thresholds
from nle_optimizer.engines.general.additive import amounts_of
from nle_optimizer.engines.general.run import Run
from nle_optimizer.model.levels import LeastFit, Level, Spread
from nle_optimizer.model.solution import LevelOutcome


def hold_all(run: Run, outcomes: Sequence[LevelOutcome]) -> None:
    """Hold the first levels, of which these are the outcomes."""
    for level, outcome in zip(run.problem.levels, outcomes, strict=False):
        if isinstance(level, Level):
            _hold_sum(run, level, outcome)
        elif isinstance(level, Spread):
            spreads.hold(run, level, outcome.value)
        elif isinstance(level, LeastFit):
            thresholds.hold_least(run, level, outcome.value)
        else:
            thresholds.hold_leximin(run, level)


def _hold_sum(run: Run, level: Level, outcome: LevelOutcome) -> None:
    """Hold a sum; one that is not proved gives nothing up, as proofs of levels before this may rest on its value."""
    best = outcome.bound if outcome.proved else outcome.value
    if outcome.proved or level.within is None:
        run.hold(level, amounts_of(level), best, proved=outcome.proved)
    else:
        run.draft.add_row(amounts_of(level), outcome.value, outcome.value)
        run.held.append((None, outcome.value))
