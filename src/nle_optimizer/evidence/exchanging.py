"""What can be asked of an outcome about its changes, and how what a change is worth is written."""

from decimal import Decimal

from nle_optimizer.engines.exchanges.changes import Changes
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel


def exchanges_of(outcome: Outcome) -> Exchanges | str:
    """The exchanges of an outcome; or, in words, why nothing is known of them without solving again."""
    if outcome.solution.completed:
        return f"the rule {outcome.scenario.settings.rule} proves nothing"
    if not outcome.solution.levels:
        return "there is no allocation with a proof"
    proved = 0
    while proved < len(outcome.solution.levels) and outcome.solution.levels[proved].proved:
        proved += 1
    levels = levels_of_exchanges(outcome.problem, proved)
    if isinstance(levels, str):
        return levels
    try:
        return Exchanges(outcome.problem, outcome.solution.matched, levels)
    except UnsupportedError as error:
        return error.problems[0].what


def in_its_unit(level: AnyLevel, change: int) -> Decimal:
    """A change of a level, given in its maximising orientation, as people read it: in its own sense and unit."""
    return Decimal(level.sense * change) / Decimal(level.scale)


def written(amount: Decimal) -> str:
    """A change as the shortest decimal."""
    return format(amount.normalize() + 0, "f")


def first_changes(changes: Changes) -> list[str]:
    """The change of the first objective, as the files write it; blank where the change is not possible."""
    level = changes.circles.problem.levels[0]
    both = zip(changes.possible.tolist(), changes.values[:, 0].tolist(), strict=True)
    return [written(in_its_unit(level, value)) if possible else "" for possible, value in both]
