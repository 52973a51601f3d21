"""The page of a benchmark: rules side by side with intervals, sorted fits, coverage by region, all figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.page.study_page import study_page
from nle_optimizer.reports.page.table import Column, packed_table

METRICS: Mapping[str, str] = {
    "total_fit": "Total fit",
    "coverage": "Share of schools supported",
    "mean_fit": "Mean fit of those supported",
    "min_fit": "Least fit",
    "mean_distance_km": "Mean distance, km",
    "gini_fit": "Inequality of fit (Gini)",
    "blocking_pairs": "Pairs that block",
}
REGION = "coverage_by[region="
NUMBERS = ("value", "low", "high", "share_of_optimum")
CURVES = ("optimal", "nearest", "by-need", "lottery", "deferred-acceptance", "status-quo")
"""Rules whose fits are drawn school by school: more could not be told apart."""
POINTS = 40
"""Points of a curve of sorted fits."""
Row = Mapping[str, str]


def benchmark_page(
    rows: Sequence[Row], fits: Mapping[str, Mapping[str, Sequence[float]]], left_out: Sequence[str]
) -> bytes:
    """The page.

    Args:
        rows: those of `benchmark.csv`.
        fits: by scenario and rule the fit of every recipient, 0 where it has none; of random rules the first draw.
        left_out: sentences on rules that could not be tried.
    """
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    charts = [
        chart for scenario in scenarios for chart in _charts(scenario, rows, fits.get(scenario, {}), len(scenarios) > 1)
    ]
    return study_page(
        f"Matching rules on {', '.join(scenarios)}",
        "Rules side by side",
        sentences=[_sentence(scenario, rows) for scenario in scenarios],
        charts=[chart for chart in charts if chart.rows],
        tables=[_table(rows)],
        cautions=left_out,
    )


def _means(scenario: str, rows: Sequence[Row], metric: str) -> list[Row]:
    """A row a rule: its mean where it was drawn several times, else its one figure."""
    found: dict[str, Row] = {}
    for row in rows:
        is_asked = row["scenario"] == scenario and row["metric"] == metric and row["value"]
        if is_asked and (row["draw"] == "mean" or row["rule"] not in found):
            found[row["rule"]] = row
    return list(found.values())


def _sentence(scenario: str, rows: Sequence[Row]) -> str:
    fits = {row["rule"]: float(row["value"]) for row in _means(scenario, rows, "total_fit")}
    best = fits.get("optimal")
    others = {rule: fit for rule, fit in fits.items() if rule != "optimal"}
    if best is None or not others:
        return f"On {scenario} the optimal rule was tried alone."
    near, far = (pick(others, key=lambda rule: others[rule]) for pick in (max, min))
    return (
        f"On {scenario} the optimal rule has a total fit of {best:,.1f}; of the others {near} has most with "
        f"{others[near]:,.1f}, and {far} least with {others[far]:,.1f}."
    )


def _charts(scenario: str, rows: Sequence[Row], fits: Mapping[str, Sequence[float]], several: bool) -> list[Chart]:
    of = f", {scenario}" if several else ""
    charts = [
        Chart(
            f"{scenario}-{metric}",
            f"{title}{of}",
            "intervals",
            {"rule": "Rule", "value": title, "low": "Low", "high": "High"},
            [_interval(row) for row in _means(scenario, rows, metric)],
            "rule",
            "value",
        )
        for metric, title in METRICS.items()
    ]
    return [*charts, _sorted_fits(scenario, fits, of), _by_region(scenario, rows, of)]


def _interval(row: Row) -> dict[str, Any]:
    value = float(row["value"])
    low, high = (float(row[end]) if row[end] else value for end in ("low", "high"))
    return {"rule": row["rule"], "value": value, "low": low, "high": high}


def _sorted_fits(scenario: str, fits: Mapping[str, Sequence[float]], of: str) -> Chart:
    """How many schools have at least which fit, a curve a rule."""
    drawn = [
        {
            "school": round(share * len(own)),
            "fit": sorted(own, reverse=True)[min(len(own) - 1, round(share * len(own)))],
            "rule": rule,
        }
        for rule, own in fits.items()
        if rule in CURVES
        for share in (n / POINTS for n in range(POINTS + 1))
        if len(own)
    ]
    columns = {"school": "Schools, the best served first", "fit": "Fit", "rule": "Rule"}
    return Chart(
        f"{scenario}-fits", f"Fit of every school, best first{of}", "lines", columns, drawn, "school", "fit", "rule"
    )


def _by_region(scenario: str, rows: Sequence[Row], of: str) -> Chart:
    regions = list(dict.fromkeys(row["metric"] for row in rows if row["metric"].startswith(REGION)))
    drawn = [
        {"region": metric.removeprefix(REGION).removesuffix("]"), "rule": row["rule"], "coverage": float(row["value"])}
        for metric in regions
        for row in _means(scenario, rows, metric)
    ]
    columns = {"region": "Region", "rule": "Rule", "coverage": "Share supported"}
    drawn = drawn if len(regions) > 1 else []
    return Chart(f"{scenario}-regions", f"Coverage by region{of}", "heat", columns, drawn, "rule", "region", "coverage")


def _table(rows: Sequence[Row]) -> Mapping[str, Any]:
    kept = [row for row in rows if row["draw"] in ("mean", "0")]
    columns = [
        Column(
            key,
            key.replace("_", " ").capitalize(),
            [row[key] for row in kept],
            "number" if key in NUMBERS else "text",
            4,
        )
        for key in ("scenario", "rule", "draw", "metric", *NUMBERS, "missed")
    ]
    return packed_table("figures", "All figures", columns, "Nothing was tried.")
