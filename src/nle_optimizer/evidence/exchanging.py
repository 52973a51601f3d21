"""What can be asked of an outcome about its changes, and how what one is worth and who moves is written."""

from dataclasses import dataclass
from decimal import Decimal

from nle_optimizer.engines.exchanges.changes import Changes
from nle_optimizer.engines.exchanges.exchanges import Exchanges, levels_of_exchanges
from nle_optimizer.engines.exchanges.graph import NONE
from nle_optimizer.errors import UnsupportedError
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.records import Integers


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


def in_texts(level: AnyLevel, changes: Integers) -> list[str]:
    """Changes of a level, in its maximising orientation, as the files write them: in its own sense and unit."""
    unit = Decimal(level.sense * level.scale)
    texts = {change: written(change / unit) for change in set(changes.tolist())}
    return [texts[change] for change in changes.tolist()]


def first_changes(changes: Changes) -> list[str]:
    """The change of the first objective, as the files write it; blank where the change is not possible."""
    texts = in_texts(changes.circles.problem.levels[0], changes.values[:, 0])
    return [text if possible else "" for possible, text in zip(changes.possible.tolist(), texts, strict=True)]


@dataclass(frozen=True)
class Verbs:
    """How it is said that a recipient leaves an NLE, joins one, or leaves one and joins another."""

    leaves: str
    joins: str
    moves: str


def who_moves(outcome: Outcome, changes: Changes, verbs: Verbs, besides: Integers | None = None) -> list[list[str]]:
    """Who moves with each change, in sentences; `besides` as `Changes.moves` has it."""
    told: list[list[str]] = [[] for _ in range(len(changes))]
    moves = changes.moves(besides)
    recipients, nles = outcome.recipients.ids[moves.recipient], outcome.candidates.nles.ids.tolist()
    columns = (moves.change, recipients, moves.left, moves.joined)
    for change, recipient, left, joined in zip(*(column.tolist() for column in columns), strict=True):
        if joined == NONE:
            sentence = f"{recipient} {verbs.leaves} {nles[left]}"
        elif left == NONE:
            sentence = f"{recipient} {verbs.joins} {nles[joined]}"
        else:
            sentence = f"{recipient} {verbs.moves} {nles[left]} to {nles[joined]}"
        told[change].append(sentence)
    return told
