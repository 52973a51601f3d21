"""How well those served are served, and how evenly."""

import numpy as np

from nle_optimizer.evidence.measures.measured import Measured
from nle_optimizer.evidence.measures.metric import Figure, Metric, one, ratio
from nle_optimizer.records import MILLION


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


FITS = (
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
