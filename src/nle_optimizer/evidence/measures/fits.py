"""How well those served are served, and how evenly."""

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio
from nle_optimizer.records import MILLION
from nle_optimizer.scenario.columns import AREAS


def _decile(measured: Measured) -> Figure:
    fit = np.sort(measured.fit[measured.served])
    return ratio(fit[-(-len(fit) // 10) - 1], MILLION) if len(fit) else None


def _least(measured: Measured) -> Figure:
    fit = measured.fit[measured.served]
    return ratio(fit.min(), MILLION) if len(fit) else None


def _gini(measured: Measured) -> Figure:
    fit = np.sort(measured.fit)
    ranks = 2 * np.arange(1, len(fit) + 1) - len(fit) - 1
    return ratio(int(ranks @ fit), len(fit) * int(fit.sum()))


def _nash(measured: Measured) -> Figure:
    fit = measured.fit[measured.fit > 0]
    return float(np.log(np.sort(fit) / MILLION).sum()) if len(fit) else None


def _need_met(measured: Measured) -> dict[str, Figure]:
    """Of each area the need that the matched NLEs cover, of all eligible recipients' need."""
    found = measured.case.candidates
    nle, recipient = found.nle[measured.matched], found.recipient[measured.matched]
    figures: dict[str, Figure] = {}
    for n, area in enumerate(AREAS):
        need = np.where(found.needs.need_known[n], found.needs.need[n], 0)
        expertise = np.where(found.needs.expertise_known[n], found.needs.expertise[n], 0)
        covered = np.zeros(len(need), dtype=np.int64)
        np.add.at(covered, recipient, expertise[nle])
        figures[f"need_met[area={area}]"] = ratio(np.minimum(covered, need).sum(), int(need.sum()))
    return figures


def _quantiles(measured: Measured) -> dict[str, Figure]:
    """The vector of fits over all eligible recipients, from the least up, at tenths of its length."""
    fit = np.sort(measured.fit)
    return {
        f"fit_at[share={tenth * 10}%]": ratio(fit[-(-tenth * len(fit) // 10) - 1], MILLION) if len(fit) else None
        for tenth in range(1, 11)
    }


FITS = (
    Metric(
        "need_met",
        "more",
        "share",
        "of each area: sum over recipients of min(need, expertise of its NLEs) / sum of the needs of all eligible",
        _need_met,
    ),
    Metric(
        "fit_at",
        "more",
        "fit",
        "the fits of all eligible recipients, unmatched as 0, from the least up (the leximin vector): that at place "
        "ceil(k n / 10) of n, k from 1 to 10",
        _quantiles,
        "Burkard and Rendl (1991), doi:10.1016/0167-6377(91)90018-K",
    ),
    Metric(
        "total_fit",
        "more",
        "fit",
        "sum of the fit of all matched pairs",
        one("total_fit", lambda m: ratio(m.fit.sum(), MILLION)),
    ),
    Metric(
        "mean_fit",
        "more",
        "fit",
        "total fit / supported recipients",
        one("mean_fit", lambda m: ratio(m.fit.sum(), m.served.sum(), MILLION)),
    ),
    Metric("min_fit", "more", "fit", "least fit of a supported recipient", one("min_fit", _least)),
    Metric(
        "lowest_decile_fit",
        "more",
        "fit",
        "fit of the supported recipient at place ceil(n / 10) of n, from the least up",
        one("lowest_decile_fit", _decile),
    ),
    Metric(
        "gini_fit",
        "less",
        "share",
        "sum over k of (2k - n - 1) x_k / (n sum of x), fits x ascending over all n eligible, unmatched as 0",
        one("gini_fit", _gini),
        "Gini (1912); Sen (1973)",
    ),
    Metric(
        "nash_welfare",
        "more",
        "logarithm",
        "sum of the natural logarithms of the fits above 0; compare only where as many are supported",
        one("nash_welfare", _nash),
        "Nash (1950), doi:10.2307/1907266",
    ),
)
