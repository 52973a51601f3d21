"""One supporter more for every school, and its withdrawal."""

from collections.abc import Iterable
from functools import partial

import numpy as np

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.model.levels import LeastFit, Level, Leximin
from nle_optimizer.records import Integers
from nle_optimizer.stages.fit import SHARES_OF_NEED
from nle_optimizer.studies.marginal.answers import NO_SUM, ONE_EACH, Answer, from_exchanges, unchanged
from nle_optimizer.studies.marginal.changed_problems import with_all_supporters, with_supporters
from nle_optimizer.studies.marginal.questions import Question, Study, Subject

RESOURCE = "supporters"


def school_subjects(study: Study) -> list[Subject]:
    """Every eligible school or trust."""
    outcome, allowed = study.outcome, study.outcome.problem.supporters.tolist()
    more, fewer = _one_more(study), _withdrawal(study)
    for n in _shares_of_one_need(study):
        more[n] = Answer(NO_SUM)
    if _of_one_supporter(study):
        more = [Answer(ONE_EACH)] * len(more)
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


def _one_more(study: Study) -> list[Answer | None]:
    known: list[Answer | None] = [None] * len(study.outcome.problem.recipient_ids)
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


def _withdrawal(study: Study) -> list[Answer | None]:
    """Of a school of one supporter the network tells; one that has none is not missed."""
    outcome, exchanges = study.outcome, study.exchanges
    known: list[Answer | None] = [None] * len(outcome.problem.recipient_ids)
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
