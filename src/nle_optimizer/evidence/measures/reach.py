"""Who is served: coverage in all and by group, and access before anybody is matched."""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.places import places
from nle_optimizer.records import Integers, as_text

KEPT = 8
"""Cases and columns that are remembered: many allocations of one case are measured."""


@lru_cache(KEPT)
def _groups(case: Case, column: str) -> tuple[list[str], Integers]:
    texts = np.array(as_text(case.recipients.column(column)), dtype=str)
    values, code = np.unique(texts, return_inverse=True)
    return [str(value) for value in values], code.astype(np.int64)


def _coverages(measured: Measured, column: str) -> dict[str, Fraction]:
    values, code = _groups(measured.case, column)
    eligible = np.bincount(code, minlength=len(values)).tolist()
    served = np.bincount(code[measured.served], minlength=len(values)).tolist()
    return {value: Fraction(some, every) for value, some, every in zip(values, served, eligible, strict=True) if value}


def _by_group(measured: Measured) -> Mapping[str, Figure]:
    return {
        f"coverage_by[{column}={value}]": share
        for column in ("priority", "region", "phase")
        for value, share in _coverages(measured, column).items()
    }


def _gap(measured: Measured) -> Figure:
    shares = _coverages(measured, "region").values()
    most = max(shares, default=Fraction(0))
    return min(shares) / most if most else None


@lru_cache(KEPT)
def _access(case: Case) -> Mapping[str, Figure]:
    """Mean over the recipients of each region of the places per head within their reach."""
    found = case.candidates
    heads = np.maximum(np.bincount(found.nle, minlength=len(found.nles)), 1)
    per_head = np.minimum(places(case.problem), heads) / heads
    access = np.bincount(found.recipient, per_head[found.nle], minlength=len(found.recipients))
    values, code = _groups(case, "region")
    total, count = np.bincount(code, access, len(values)), np.bincount(code, minlength=len(values))
    return {
        f"access[region={value}]": float(total[n] / count[n]) for n, value in enumerate(values) if value and count[n]
    }


REACH = (
    Metric(
        "access",
        "more",
        "places a head",
        "before anybody is matched, mean over the recipients of a region of: sum over their candidate NLEs of places / "
        "recipients that could have that NLE (two-step floating catchment area)",
        lambda measured: _access(measured.case),
        "Luo and Wang (2003), doi:10.1068/b29120",
    ),
    Metric(
        "coverage",
        "more",
        "share",
        "recipients with at least one NLE / eligible recipients",
        one("coverage", lambda m: ratio(m.served.sum(), len(m.served))),
    ),
    Metric(
        "coverage_by",
        "more",
        "share",
        "the same among the recipients of a priority, region or phase; those blank there in none",
        _by_group,
    ),
    Metric(
        "coverage_gap_regions",
        "more",
        "share",
        "least coverage of a region / greatest coverage of a region",
        one("coverage_gap_regions", _gap),
    ),
)
