"""The pages of a benchmark and of a frontier.

The page of a benchmark: rules side by side with intervals, sorted fits, coverage by region, all figures. The page of
a trade-off curve: the curve with the point at which the scenario stands, and every point in a table.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts import Chart
from nle_optimizer.reports.page.render import PageColumn, packed_table, study_page
from nle_optimizer.rules.registry import OPTIMAL, RULES, promise_of

METRICS: Mapping[str, tuple[str, int]] = {
    "total_fit": ("Total fit", 1),
    "coverage": ("Share of schools supported", 3),
    "mean_fit": ("Mean fit of those supported", 3),
    "min_fit": ("Least fit", 3),
    "mean_distance_km": ("Mean distance, km", 1),
    "gini_fit": ("Inequality of fit (Gini)", 3),
    "blocking_pairs": ("Pairs that block", 0),
}
NOTES = {
    "gini_fit": "0 where all eligible schools fare alike; those left out count as 0.",
    "blocking_pairs": "A school and an NLE who would both rather have each other than what they are given.",
}
REGION = "coverage_by[region="
AIM = "objective[1="
NUMBERS = ("value", "low", "high", "share_of_optimum")
CURVES = ("optimal", "nearest", "by-need", "lottery", "deferred-acceptance", "status-quo")
"""Rules whose fits are drawn school by school: more could not be told apart."""
LEAST = 0.0005
"""Share by which two rules have to differ to be told apart."""
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
        sentences=[sentence for scenario in scenarios for sentence in _sentences(scenario, rows)],
        charts=[chart for chart in charts if chart.rows],
        tables=[_rules(scenarios, rows), _table(scenarios, rows)],
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


def _by_rule(scenario: str, rows: Sequence[Row], metric: str) -> dict[str, float]:
    return {row["rule"]: float(row["value"]) for row in _means(scenario, rows, metric)}


def _sentences(scenario: str, rows: Sequence[Row]) -> Iterator[str]:
    """How the optimal rule fares, and how far the others are from it in fit."""
    fits, far = (_by_rule(scenario, rows, metric) for metric in ("total_fit", "mean_distance_km"))
    share = _by_rule(scenario, rows, "coverage").get(OPTIMAL)
    best = fits.pop(OPTIMAL, None)
    if best is None or not fits:
        yield f"On {scenario} there is nothing to hold the optimal rule against."
        return
    yield (
        f"On {scenario} the optimal rule supports {share or 0:.0%} of the eligible schools, with a total fit of "
        f"{best:,.1f}{_away(far, OPTIMAL)}."
    )
    change = {rule: fit / best - 1 if best else 0.0 for rule, fit in fits.items()}
    less = sorted((rule for rule in change if change[rule] <= -LEAST), key=lambda rule: change[rule])
    more = sorted((rule for rule in change if change[rule] >= LEAST), key=lambda rule: -change[rule])
    alike = [rule for rule in change if abs(change[rule]) < LEAST]
    if less:
        yield f"Less fit: {', '.join(f'{rule} {-change[rule]:.1%}' for rule in less)}."
    if alike:
        yield f"As much fit: {', '.join(alike)}."
    if more:
        told = ", ".join(f"{rule} {change[rule]:.1%}{_away(far, rule)}" for rule in more)
        yield f"More fit, because the scenario's objectives weigh more than fit: {told}."


def _away(far: Mapping[str, float], rule: str) -> str:
    return f" at a mean distance of {far[rule]:.1f} km" if rule in far else ""


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
            marked=OPTIMAL,
            note=NOTES.get(metric, ""),
        )
        for metric, (title, _) in METRICS.items()
    ]
    curves = [
        _sorted_fits(scenario, fits, of),
        _fit_against_coverage(scenario, rows, of),
        _by_region(scenario, rows, of),
    ]
    return [_price(scenario, rows, of), *charts, *curves]


def _price(scenario: str, rows: Sequence[Row], of: str) -> Chart:
    """What each rule gives up of the scenario's first objective."""
    aim = next((row["metric"] for row in rows if row["scenario"] == scenario and row["metric"].startswith(AIM)), "")
    drawn = []
    for row in _means(scenario, rows, aim):
        if row["share_of_optimum"] and float(row["value"]):
            whole = float(row["value"]) / float(row["share_of_optimum"])
            told = _interval(row)
            drawn.append({"rule": told["rule"], **{end: told[end] / whole for end in ("value", "low", "high")}})
    title = "Share of the best there is"
    return Chart(
        f"{scenario}-price",
        f"{title} by the scenario's first objective{of}",
        "intervals",
        {"rule": "Rule", "value": title, "low": "Low", "high": "High"},
        drawn,
        "rule",
        "value",
        is_share=True,
        marked=OPTIMAL,
        note=f"The objective is {aim.removeprefix(AIM).removesuffix(']')}; what lacks of 100% is the rule's price.",
    )


def _fit_against_coverage(scenario: str, rows: Sequence[Row], of: str) -> Chart:
    fit, coverage = (_by_rule(scenario, rows, metric) for metric in ("mean_fit", "coverage"))
    drawn = [{"rule": rule, "coverage": coverage[rule], "fit": fit[rule]} for rule in fit if rule in coverage]
    columns = {"rule": "Rule", "coverage": "Share of schools supported", "fit": "Mean fit of those supported"}
    title = f"How well against how many{of}"
    return Chart(f"{scenario}-both", title, "points", columns, drawn, "coverage", "fit", "rule", marked=OPTIMAL)


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
    title = f"Share of schools supported by region{of}"
    return Chart(f"{scenario}-regions", title, "heat", columns, drawn, "region", "rule", "coverage", is_share=True)


def _rules(scenarios: Sequence[str], rows: Sequence[Row]) -> Mapping[str, Any]:
    """A row a rule: what it does, and its figures."""
    tried = list(dict.fromkeys((row["scenario"], row["rule"]) for row in rows))
    found = {
        (s, metric): {row["rule"]: row["value"] for row in _means(s, rows, metric)}
        for s in scenarios
        for metric in METRICS
    }
    missed = {(row["scenario"], row["rule"]): row["missed"] for row in rows if row["missed"]}
    columns = [
        PageColumn("rule", "Rule", [rule for _, rule in tried]),
        *([PageColumn("scenario", "Scenario", [scenario for scenario, _ in tried])] if len(scenarios) > 1 else []),
        *(
            PageColumn(metric, title, [found[s, metric].get(rule, "") for s, rule in tried], "number", digits)
            for metric, (title, digits) in METRICS.items()
        ),
        PageColumn("missed", "Limits missed", [missed.get(pair, "") for pair in tried]),
        PageColumn("what", "What it does", [promise_of(rule).summary if rule in RULES else "" for _, rule in tried]),
    ]
    return packed_table("rules", "Rules", columns, "Nothing was tried.")


def _table(scenarios: Sequence[str], rows: Sequence[Row]) -> Mapping[str, Any]:
    drawn = {(row["scenario"], row["rule"]) for row in rows if row["draw"] == "mean"}
    kept = [row for row in rows if row["draw"] == ("mean" if (row["scenario"], row["rule"]) in drawn else "0")]
    columns = [
        *([PageColumn("scenario", "Scenario", [row["scenario"] for row in kept])] if len(scenarios) > 1 else []),
        PageColumn("rule", "Rule", [row["rule"] for row in kept]),
        PageColumn("metric", "Figure", [_figure(row["metric"]) for row in kept]),
        *(
            PageColumn(key, key.replace("_", " ").capitalize(), [row[key] for row in kept], "number", 4)
            for key in NUMBERS
        ),
    ]
    return packed_table("figures", "All figures", columns, "Nothing was tried.")


def _figure(metric: str) -> str:
    """`coverage_by[region=London]` as people read it: `coverage by region London`."""
    return metric.replace("_", " ").replace("[", " ").replace("]", "").replace("=", " ")


NAMES: Mapping[str, tuple[str, int]] = {
    "schools_supported": ("Schools supported", 0),
    "fit": ("Total fit", 3),
    "fit_leadership": ("Fit in leadership", 3),
    "fit_governance": ("Fit in governance", 3),
    "fit_finance": ("Fit in financial health", 3),
    "distance": ("Total distance, km", 1),
    "travel_minutes": ("Total travel time, minutes", 0),
    "kept_pairs": ("Pairs kept", 0),
    "cost": ("Cost, £", 0),
    "min_fit": ("Least fit", 3),
    "supported": ("Schools supported", 0),
    "mean_fit": ("Mean fit", 3),
    "mean_distance_km": ("Mean distance, km", 1),
}

OWN = "The scenario as it is"
GIVEN_UP = (0.01, 0.05, 0.1)
"""Shares of the first aim whose worth in the other one is told."""


def frontier_page(document: Mapping[str, Any]) -> bytes:
    """The page; `document` is that of `frontier --format json`."""
    return study_page(
        f"Trade-off of {document['scenario']}",
        "Trade-off between two aims",
        sentences=_frontier_sentences(document),
        charts=[_curve(document)],
        tables=[_frontier_table(document)],
        cautions=_cautions(document),
    )


def _name(objective: str) -> str:
    return _heading(objective)[0]


def _heading(objective: str) -> tuple[str, int]:
    """What a figure is called, and decimal places to read it by."""
    return NAMES.get(objective) or (f"Total {objective.replace('_', ' ')}", 3)


def _shown(objective: str, value: float) -> str:
    return f"{value:,.{_heading(objective)[1]}f}"


def _frontier_sentences(document: Mapping[str, Any]) -> list[str]:
    rows, own = document["rows"], document["own"]
    first, last = rows[0], rows[-1]
    told = [f"The scenario as it is: {_both(document, own)}."] if own is not None else []
    if len(rows) == 1:
        return [*told, f"There is no trade-off, as both go together: {_both(document, first)}."]
    ends = f"At one end of the curve stands {_both(document, first)}; at the other {_both(document, last)}."
    return [*told, ends, *_prices(document)]


def _prices(document: Mapping[str, Any]) -> Iterator[str]:
    """What giving up a little of the first aim does to the other one."""
    rows, (one, other) = document["rows"], document["between"]
    best = rows[0]
    if not best[one] or not best[other]:
        return
    told = -1
    for share in GIVEN_UP:
        at = max(n for n, row in enumerate(rows) if abs(row[one] - best[one]) <= share * abs(best[one]))
        if at > max(told, 0):
            told = at
            lost, change = (rows[at][aim] / best[aim] - 1 for aim in (one, other))
            way = "less" if lost < 0 else "more"
            turned = f"{_shown(other, rows[at][other])} instead of {_shown(other, best[other])}"
            unit = _name(other).partition(", ")[2]
            yield (
                f"{abs(lost):.1%} {way} {_words(one)} than the best possible: {_words(other)} "
                f"{f'{turned} {unit}'.rstrip()} ({f'{change:+.0%}'.replace('-', '−')})."
            )


def _words(objective: str) -> str:
    """What an objective is called within a sentence, without its unit."""
    words = _name(objective).partition(", ")[0]
    return words[0].lower() + words[1:]


def _both(document: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What a point is worth on both, in words: `total fit 91.570, total distance 3,140.5 km`."""
    told = []
    for objective in document["between"]:
        unit = _name(objective).partition(", ")[2]
        told.append(f"{_words(objective)} {_shown(objective, row[objective])} {unit}".rstrip())
    return ", ".join(told)


def _curve(document: Mapping[str, Any]) -> Chart:
    one, other = document["between"]
    series = {"which": "Which"}
    columns = {other: _name(other), one: _name(one), **series}
    rows = [{other: row[other], one: row[one], "which": "Best possible"} for row in document["rows"]]
    if document["own"] is not None:
        rows.append({other: document["own"][other], one: document["own"][one], "which": OWN})
    title = f"{_name(one)} against {_name(other).lower()}"
    return Chart("trade-off", title, "lines", columns, rows, other, one, "which", marked=OWN)


def _frontier_table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    figures = dict.fromkeys([*document["between"], "supported", "mean_fit", "mean_distance_km"])
    columns = [PageColumn("point", "Point", [str(row["point"]) for row in rows], "number")]
    columns += [
        PageColumn(
            name,
            _name(name),
            ["" if row[name] is None else str(row[name]) for row in rows],
            "number",
            _heading(name)[1],
        )
        for name in figures
    ]
    columns.append(PageColumn("run", "Command that gives it", [row["run"] or "nobody is supported" for row in rows]))
    return packed_table("points", "Points", columns, "There is no point.")


def _cautions(document: Mapping[str, Any]) -> list[str]:
    open_ended = [str(row["point"]) for row in document["rows"] if not row["proved"]]
    told = [f"Points {', '.join(open_ended)} are not proved: better may be possible."] if open_ended else []
    if not document["complete"]:
        told.append("There are further points between those shown.")
    if document["held"]:
        told.append(f"Kept at its best throughout: {', '.join(document['held'])}.")
    return told
