"""Changes of places, limits and schools.

One unit more and one fewer of every resource at every NLE. One unit more and one fewer of every limit of a
constraint: a school more, a pound more. One supporter more for every school, and its withdrawal.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.model.limits_left import places
from nle_optimizer.model.problem import Problem, Resource, Row
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.stages.fit import SHARES_OF_NEED
from nle_optimizer.studies.marginal.answers import (
    NETWORK,
    NO_SUM,
    ONE_EACH,
    ChangeAnswer,
    Question,
    Study,
    Subject,
    from_exchanges,
    impossible,
    unchanged,
    with_all_supporters,
    with_capacity,
    with_row,
    with_supporters,
)


def place_subjects(study: Study) -> list[Subject]:
    """Every available NLE with every resource, NLEs in order."""
    problem = study.outcome.problem
    by_resource = [_of_resource(study, n) for n in range(len(problem.resources))]
    return [subject for together in zip(*by_resource, strict=True) for subject in together]


def _of_resource(study: Study, number: int) -> list[Subject]:
    resource, outcome = study.outcome.problem.resources[number], study.outcome
    more, fewer = (_questions(study, number, unit) for unit in (MILLION, -MILLION))
    return [
        Subject(str(identifier), resource.name, more[nle], fewer[nle], nle)
        for nle, identifier in enumerate(outcome.problem.nle_ids.tolist())
    ]


def _questions(study: Study, number: int, unit: int) -> list[Question]:
    problem, outcome = study.outcome.problem, study.outcome
    resource = problem.resources[number]
    known = (
        _place_by_network(study, number, unit)
        if isinstance(study.exchanges, Exchanges)
        else _plain(study, number, unit)
    )
    below = (resource.capacity + unit < 0).tolist()
    return [
        Question(
            unit > 0, impossible() if below[nle] else answer, partial(with_capacity, outcome, resource.name, nle, unit)
        )
        for nle, answer in enumerate(known)
    ]


def _place_by_network(study: Study, number: int, unit: int) -> list[ChangeAnswer | None]:
    """What the residual network tells; None where a unit is more than one place."""
    problem, exchanges = study.outcome.problem, study.exchanges
    assert isinstance(exchanges, Exchanges)
    change = places(with_unit(problem, number, unit)) - places(problem)
    nles = np.flatnonzero(np.abs(change) == 1)
    worth = exchanges.one_more_place(nles) if unit > 0 else exchanges.one_fewer_place(nles)
    known: list[ChangeAnswer | None] = [
        unchanged(exchanges.levels, NETWORK) if not n else None for n in change.tolist()
    ]
    for nle, answer in zip(nles.tolist(), from_exchanges(worth, study.outcome), strict=True):
        known[nle] = answer
    return known


def with_unit(problem: Problem, number: int, unit: int) -> Problem:
    """The problem where every NLE has a unit more, or fewer."""
    resources = list(problem.resources)
    resource = resources[number]
    resources[number] = Resource(resource.name, resource.use, np.maximum(resource.capacity + unit, 0))
    return replace(problem, resources=tuple(resources))


def _plain(study: Study, number: int, unit: int) -> list[ChangeAnswer | None]:
    """Where it is plain that nothing changes: no more pairs fit, or those matched still do."""
    if not study.is_sum or not study.levels:
        return [None] * len(study.outcome.problem.nle_ids)
    same = same_sets(study.outcome.problem, number, unit)
    if unit < 0:
        same |= study.outcome.used[number] <= study.outcome.problem.resources[number].capacity + unit
    return [unchanged(study.levels) if nothing else None for nothing in same.tolist()]


def same_sets(problem: Problem, number: int, unit: int) -> Flags:
    """NLEs that could take the same sets of recipients: their pairs take multiples of an amount that says no more."""
    resource = problem.resources[number]
    common: Integers = np.zeros(len(problem.nle_ids), dtype=np.int64)
    np.gcd.at(common, problem.nle, resource.use)
    step = np.maximum(common, 1)
    same = resource.capacity // step == np.maximum(resource.capacity + unit, 0) // step
    return np.asarray(same | (common == 0), dtype=bool)


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


def _known(study: Study, number: int, side: str, before: int, after: int) -> ChangeAnswer | None:
    row = study.outcome.problem.rows[number]
    if _is_crossed(row, side, after):
        return impossible()
    if isinstance(study.exchanges, Exchanges):
        return _limit_by_network(study, study.exchanges, number, side, before, after)
    total = row.total(study.outcome.problem, study.outcome.solution.matched)
    still = total <= after < before if side == "upper" else before < after <= total
    return unchanged(study.levels) if still and study.is_sum and study.levels else None


def _is_crossed(row: Row, side: str, after: int) -> bool:
    """Whether no allocation could meet the limit whatever the pairs are."""
    if side == "upper":
        return after < max(0, row.lower or 0)
    return (row.upper is not None and after > row.upper) or (after > 0 and not len(row.pairs) + len(row.presences))


def _limit_by_network(
    study: Study, exchanges: Exchanges, number: int, side: str, before: int, after: int
) -> ChangeAnswer | None:
    """What the residual network tells; None where a unit is more than one pair."""
    row = study.outcome.problem.rows[number]
    amount = int(row.amounts[0]) if len(row.amounts) else 1
    pairs = _in_pairs(after, amount, side) - _in_pairs(before, amount, side)
    if not pairs or not len(row.pairs):
        return unchanged(exchanges.levels, NETWORK)
    if abs(pairs) > 1:
        return None
    ask = {
        ("upper", True): exchanges.higher_maximum,
        ("upper", False): exchanges.lower_maximum,
        ("lower", True): exchanges.higher_minimum,
        ("lower", False): exchanges.lower_minimum,
    }[side, pairs > 0]
    (answer,) = from_exchanges(ask(np.array([number])), study.outcome)
    return answer


def _in_pairs(limit: int, amount: int, side: str) -> int:
    return limit // amount if side == "upper" else -(-limit // amount)


def _word(side: str) -> str:
    return "maximum" if side == "upper" else "minimum"


RESOURCE = "supporters"


def school_subjects(study: Study) -> list[Subject]:
    """Every eligible school or trust."""
    outcome, allowed = study.outcome, study.outcome.problem.supporters.tolist()
    more, fewer = _one_more(study), _withdrawal(study)
    for n in _shares_of_one_need(study):
        more[n] = ChangeAnswer(NO_SUM)
    if _of_one_supporter(study):
        more = [ChangeAnswer(ONE_EACH)] * len(more)
    return [
        Subject(
            str(identifier),
            RESOURCE,
            Question(True, more[n], partial(with_supporters, outcome, n, allowed[n] + 1)),
            Question(False, fewer[n], partial(with_supporters, outcome, n, 0)),
            n,
        )
        for n, identifier in enumerate(outcome.problem.recipient_ids.tolist())
    ]


def _shares_of_one_need(study: Study) -> Iterable[int]:
    """Supported recipients of which a further NLE's fit cannot be added, as fits are shares of their need.

    A scenario that asks for more NLEs for one of them is refused, unless the pairs table gives the fit of each pair.
    """
    outcome = study.outcome
    if outcome.scenario.settings.fit.measure not in SHARES_OF_NEED:
        return ()
    found = outcome.candidates
    measured = np.unique(found.recipient[~found.from_table("fit").given])
    return measured[outcome.supported[measured]].tolist()


def _of_one_supporter(study: Study) -> bool:
    """Whether an objective is about the fit of each school, which is told of schools of one supporter alone."""
    return any(isinstance(level, LeastFit | Leximin) for level in study.outcome.problem.levels)


def _one_more(study: Study) -> list[ChangeAnswer | None]:
    known: list[ChangeAnswer | None] = [None] * len(study.outcome.problem.recipient_ids)
    less = None if _of_one_supporter(study) else _counted_once(study)
    if less is None or not isinstance(study.exchanges, Exchanges):
        return known
    every = np.arange(len(known))
    return [*from_exchanges(study.exchanges.one_more_supporter(every, less), study.outcome)]


def _counted_once(study: Study) -> Integers | None:
    """By recipient and level, what a further NLE adds less than its pair's amount, as a school counts once.

    None where that differs from pair to pair, or a constraint counts schools once: then only solving again tells.
    """
    outcome, exchanges = study.outcome, study.exchanges
    if not isinstance(exchanges, Exchanges):
        return None
    if any(asked.type == "quota" and asked.of == "schools" for asked in outcome.scenario.settings.constraints):
        return None
    problem = outcome.problem
    several = with_all_supporters(outcome, np.maximum(problem.supporters, 2))
    less = np.zeros((len(problem.recipient_ids), exchanges.levels), dtype=np.int64)
    for n in range(exchanges.levels):
        one, other = problem.levels[n], several.levels[n]
        assert isinstance(one, Level) and isinstance(other, Level)
        once = one.amounts - other.amounts
        less[problem.recipient, n] = once
        if (less[problem.recipient, n] != once).any():
            return None
    return np.where(outcome.supported[:, None], less, 0)


def _withdrawal(study: Study) -> list[ChangeAnswer | None]:
    """Of a school of one supporter the network tells; one that has none is not missed."""
    outcome, exchanges = study.outcome, study.exchanges
    known: list[ChangeAnswer | None] = [None] * len(outcome.problem.recipient_ids)
    if isinstance(exchanges, Exchanges):
        single = np.flatnonzero(outcome.problem.supporters == 1)
        found = from_exchanges(exchanges.one_fewer_supporter(single), outcome)
        for recipient, answer in zip(single.tolist(), found, strict=True):
            known[recipient] = answer
    elif not (study.is_sum and study.levels):
        return known
    nobody = unchanged(study.levels)
    return [
        nobody if answer is None and not has else answer
        for answer, has in zip(known, outcome.supported.tolist(), strict=True)
    ]
