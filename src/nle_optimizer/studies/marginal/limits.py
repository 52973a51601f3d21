"""One unit more and one fewer of every limit of a constraint: a school more, a pound more."""

from collections.abc import Callable
from functools import partial

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.model.problem import Row
from nle_optimizer.studies.marginal.answers import NETWORK, Answer, from_exchanges, impossible, unchanged
from nle_optimizer.studies.marginal.changed_problems import with_row
from nle_optimizer.studies.marginal.questions import Question, Study, Subject

SIDES = {"maximum": "upper", "minimum": "lower"}


def limit_subjects(study: Study) -> list[Subject]:
    """Every maximum and minimum of the constraints, in their order; shares of what is matched have no unit."""
    return [
        Subject(f"{row.label} {word}", row.unit, _question(study, n, word, 1), _question(study, n, word, -1), n)
        for n, row in enumerate(study.outcome.problem.rows)
        for word, side in SIDES.items()
        if row.share is None and getattr(row, side) is not None
    ]


def _question(study: Study, number: int, word: str, way: int) -> Question:
    side, row = SIDES[word], study.outcome.problem.rows[number]
    before = int(getattr(row, side))
    after = before + way * row.scale
    relaxed = (side == "upper") == (way > 0)
    problem = partial(with_row, study.outcome.problem, number, **{side: after})
    return Question(relaxed, _known(study, number, side, before, after), problem)


def _known(study: Study, number: int, side: str, before: int, after: int) -> Answer | None:
    row = study.outcome.problem.rows[number]
    if _is_crossed(row, side, after):
        return impossible()
    if isinstance(study.exchanges, Exchanges):
        return _by_network(study, study.exchanges, number, side, before, after)
    total = row.total(study.outcome.problem, study.outcome.solution.matched)
    still = total <= after < before if side == "upper" else before < after <= total
    return unchanged(study.levels) if still and study.is_sum and study.levels else None


def _is_crossed(row: Row, side: str, after: int) -> bool:
    """Whether no allocation could meet the limit whatever the pairs are."""
    if side == "upper":
        return after < max(0, row.lower or 0)
    return (row.upper is not None and after > row.upper) or (after > 0 and not len(row.pairs) + len(row.presences))


def _by_network(study: Study, exchanges: Exchanges, number: int, side: str, before: int, after: int) -> Answer | None:
    """What the residual network tells; None where a unit is more than one pair."""
    row = study.outcome.problem.rows[number]
    amount = int(row.amounts[0]) if len(row.amounts) else 1
    pairs = _in_pairs(after, amount, side) - _in_pairs(before, amount, side)
    if not pairs or not len(row.pairs):
        return unchanged(exchanges.levels, NETWORK)
    if abs(pairs) > 1:
        return None
    ask: Callable[..., object] = getattr(exchanges, f"{'higher' if pairs > 0 else 'lower'}_{_word(side)}")
    (answer,) = from_exchanges(ask(np.array([number])), study.outcome)  # type: ignore[arg-type]
    return answer


def _in_pairs(limit: int, amount: int, side: str) -> int:
    return limit // amount if side == "upper" else -(-limit // amount)


def _word(side: str) -> str:
    return "maximum" if side == "upper" else "minimum"
