"""NLEs by region or authority: the best of one more, the mean, and several more, shared out as is best."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.engines.stopping import Stopping
from nle_optimizer.evidence.exchanging import in_its_unit
from nle_optimizer.model.places import places
from nle_optimizer.model.problem import Problem
from nle_optimizer.records import MILLION, Integers, as_text
from nle_optimizer.studies.marginal.answers import NETWORK, Answer, best_of, gained_and_lost, solved_again, unchanged
from nle_optimizer.studies.marginal.changed_problems import with_capacity
from nle_optimizer.studies.marginal.places import same_sets, with_unit
from nle_optimizer.studies.marginal.questions import Study
from nle_optimizer.studies.marginal.rows import Cell, Row

BLANK = "(blank)"
SEVERAL = {"two_more": 2, "five_more": 5, "ten_more": 10}
"""How many units more are shared out among the NLEs of a group."""
MOST = max(SEVERAL.values())
MEAN = Decimal("0.000001")


def by_column(study: Study, rows: Sequence[Row], column: str) -> list[Row]:
    """A row for each value of a column of the NLEs and each resource, blanks last.

    Args:
        study: the run.
        rows: those of each NLE and resource, in the order of the NLEs.
        column: of the NLE table.
    """
    problem = study.outcome.problem
    values = as_text(study.outcome.candidates.nles.column(column))
    resources = [resource.name for resource in problem.resources]
    groups: dict[tuple[bool, str, int], list[int]] = {}
    for number in range(len(resources)):
        for nle, value in enumerate(values):
            groups.setdefault((not value, value, number), []).append(nle)
    of_nle = [rows[number :: len(resources)] for number in range(len(resources))]
    return [
        _group(study, value or BLANK, number, nles, [of_nle[number][nle] for nle in nles])
        for (_, value, number), nles in sorted(groups.items(), key=lambda entry: entry[0])
    ]


def _group(study: Study, value: str, number: int, nles: list[int], rows: Sequence[Row]) -> Row:
    best, more = best_of([row.more for row in rows])
    least, fewer = best_of([row.fewer for row in rows])
    ids = study.outcome.problem.nle_ids
    several, shares = _several(study, number, nles, more)
    particulars: dict[str, Cell] = {
        "one_more_nle_id": "" if best is None else rows[best].id,
        "one_fewer_nle_id": "" if least is None else rows[least].id,
        "nles": Decimal(len(rows)),
        "mean": _mean(study, [row.more for row in rows]),
    }
    particulars |= {f"{side}_nle_ids": "|".join(ids[share].tolist()) for side, share in shares.items()}
    return Row(value, rows[0].resource, more, fewer, particulars, several)


def _mean(study: Study, answers: Sequence[Answer]) -> Decimal | None:
    """The mean over the NLEs of what one more is worth at each, to six decimals; None where one is not known."""
    if not all(answer.is_exact and answer.least for answer in answers):
        return None
    total = in_its_unit(study.outcome.problem.levels[0], sum(answer.least[0] for answer in answers))
    return (total / len(answers)).quantize(MEAN)


Shared = tuple[dict[str, Answer], dict[str, Integers]]
"""What several more are worth, and where they go: an NLE for each unit that adds something."""


def _several(study: Study, number: int, nles: list[int], one_more: Answer) -> Shared:
    if isinstance(study.exchanges, Exchanges):
        most = _most_places(study.outcome.problem, number)[nles]
        if (most >= 0).all():
            return _by_network(study, study.exchanges, nles, most)
    return _by_solving(study, number, np.array(nles, dtype=np.int64), one_more)


def _most_places(problem: Problem, number: int) -> Integers:
    """How many places more each NLE has with units more of a resource, at most; -1 where a unit is not a place."""
    now = places(problem)
    more = np.array([places(with_unit(problem, number, unit * MILLION)) - now for unit in range(MOST + 1)])
    each = more == np.minimum(np.arange(MOST + 1)[:, None], more[-1])
    return np.where(each.all(axis=0), more[-1], -1)


def _by_network(study: Study, exchanges: Exchanges, nles: list[int], most: Integers) -> Shared:
    turns = exchanges.more_places(nles, most.tolist(), MOST)
    answers, shares = {}, {}
    for side, count in SEVERAL.items():
        some = turns[:count]
        values = (
            tuple(np.array([turn.values for turn in some]).sum(axis=0).tolist()) if some else (0,) * exchanges.levels
        )
        joined, left = (Counter(who for turn in some for who in getattr(turn, way)) for way in ("joined", "left"))
        found = study.outcome.found.copy()
        for who in {*joined, *left}:
            found[who] += joined[who] - left[who]
        gained, lost = gained_and_lost(study.outcome, found > 0)
        answers[side] = Answer(NETWORK, True, values, values, gained, lost)
        shares[side] = np.array([turn.nle for turn in some], dtype=np.int64)
    return answers, shares


def _by_solving(study: Study, number: int, nles: Integers, one_more: Answer) -> Shared:
    """Between what one way to share the units out gives and what all would, had every NLE of the group so many more."""
    answers: dict[str, Answer] = {}
    shares: dict[str, Integers] = {}
    above: Answer | None = None
    for side, count in reversed(SEVERAL.items()):
        nothing = (
            study.is_sum and study.levels and same_sets(study.outcome.problem, number, count * MILLION)[nles].all()
        )
        if nothing or (above is not None and above.is_exact and not above.most[0]):
            answers[side], shares[side] = unchanged(study.levels or 1), nles[:0]
        else:
            answers[side], shares[side] = _shared_out(study, number, nles, count)
            if above is not None and above.most and answers[side].most:
                answers[side] = _narrowed(answers[side], most=above.most[0])
        above = answers[side]
    below = one_more
    for side in SEVERAL:
        if below.least and answers[side].least:
            answers[side] = _narrowed(answers[side], least=below.least[0])
        below = answers[side]
    return {side: answers[side] for side in SEVERAL}, {side: shares[side] for side in SEVERAL}


def _narrowed(answer: Answer, least: int | None = None, most: int | None = None) -> Answer:
    """The answer where the first level is known to change by so much at least, or at most."""
    low = answer.least[0] if least is None else max(answer.least[0], least)
    high = answer.most[0] if most is None else min(answer.most[0], most)
    if (low, high) == (answer.least[0], answer.most[0]):
        return answer
    return replace(answer, least=(low,), most=(high,))


def _shared_out(study: Study, number: int, nles: Integers, count: int) -> tuple[Answer, Integers]:
    outcome, resource = study.outcome, study.outcome.problem.resources[number]
    every = with_capacity(outcome, resource.name, nles, count * MILLION)
    most, found = solved_again(outcome, every, _stopping(study), relaxed=True)
    if found is None:
        return most, nles[:0]
    used = np.zeros(len(resource.capacity), dtype=np.int64)
    np.add.at(used, every.nle[found.matched], resource.use[found.matched])
    wanted = -(-np.maximum(used - resource.capacity, 0)[nles] // MILLION)
    if wanted.sum() <= count:
        return most, np.repeat(nles, wanted)
    order = np.argsort(-wanted, kind="stable")
    given = np.zeros_like(wanted)
    given[order] = np.clip(count - (np.cumsum(wanted[order]) - wanted[order]), 0, wanted[order])
    share = np.repeat(nles, given)
    least, _ = solved_again(
        outcome, with_capacity(outcome, resource.name, nles, given * MILLION), _stopping(study), relaxed=True
    )
    if not (least.least and most.most):
        return least, share
    return replace(least, least=least.least[:1], most=most.most[:1]), share


def _stopping(study: Study) -> Stopping:
    return Stopping(deadline=None if study.seconds is None else time.monotonic() + study.seconds)
