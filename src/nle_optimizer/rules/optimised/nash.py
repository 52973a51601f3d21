"""Nash welfare: first as many as possible with a fit above 0, then the greatest product of their fits."""

from decimal import Context, Decimal

import numpy as np

from nle_optimizer.model.levels import Level
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.optimised.searching import optimum, unsolvable
from nle_optimizer.rules.rule import Matching, Promise

DIGITS = Context(prec=20)
"""Digits of a logarithm before it is rounded to millionths."""


class Nash:
    """The number of recipients with a positive fit, then the sum of the logarithms of their fits."""

    name = "nash"
    promise = Promise(
        summary="as many recipients with a positive fit as possible, then the greatest product of fits",
        guarantees="no allocation of as many has a greater product of fits, logarithms taken to a millionth; Pareto "
        "efficient up to that",
        caveats="total fit may be below the best; schools that may have several NLEs are refused",
        misreports="yes",
        complexity="as its engine",
        source="Nash (1950), doi:10.2307/1907266; Caragiannis and others (2019), doi:10.1145/3355902",
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where a school may have several NLEs, whose fits would add up."""
        if (agenda.problem.supporters > 1).any():
            return "it needs schools that have one NLE each"
        return unsolvable(agenda, agenda.problem, _levels(agenda))

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Optimise the two."""
        return optimum(agenda, agenda.problem, _levels(agenda))


def _levels(agenda: Agenda) -> tuple[Level, Level]:
    fit = agenda.candidates.fit
    positive = Level("positive_fit", 1, 1, (fit > 0).astype(np.int64))
    return positive, Level("log_fit", 1, MILLION, logarithms(fit))


def logarithms(fit: Integers) -> Integers:
    """The natural logarithm of each fit above 0 in millionths, 0 for the others; fits in millionths too."""
    values, at = np.unique(fit, return_inverse=True)
    logs = [
        int((DIGITS.ln(Decimal(value) / MILLION) * MILLION).to_integral_value()) if value > 0 else 0
        for value in values.tolist()
    ]
    return np.array(logs, dtype=np.int64)[at]


NASH = Nash()
