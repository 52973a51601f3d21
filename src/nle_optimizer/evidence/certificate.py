"""The certificate: whole prices that anyone can check an allocation against, as plain data."""

from typing import Any

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.problem import Problem, Solution
from nle_optimizer.records import Integers, Texts

METHOD = "prices"


def certificate_of(outcome: Outcome) -> dict[str, Any]:
    """What `certificate.json` holds; its meaning stands in docs/reference/decisions.md."""
    trusts = outcome.trusts
    return {
        "schema_version": 1,
        "method": "clash" if outcome.clashes else METHOD,
        "levels": _levels(outcome.problem, outcome.solution, "nles"),
        "trust_first": None if trusts is None else {"levels": _levels(trusts.problem, trusts.solution, "trusts")},
    }


def _levels(problem: Problem, solution: Solution, side: str) -> list[dict[str, Any]]:
    if solution.prices is None:
        return []
    return [
        {
            "name": level.name,
            "sense": "maximise" if level.sense > 0 else "minimise",
            "scale": level.scale,
            "value": level.sense * found.value,
            "bound": level.sense * found.bound,
            "recipients": _priced(problem.recipient_ids, recipients),
            side: _priced(problem.nle_ids, supporters),
        }
        for level, found, recipients, supporters in zip(
            problem.levels, solution.levels, solution.prices.recipient, solution.prices.nle, strict=True
        )
    ]


def _priced(ids: Texts, prices: Integers) -> dict[str, int]:
    at = np.flatnonzero(prices)
    return dict(zip(ids[at].tolist(), prices[at].tolist(), strict=True))
