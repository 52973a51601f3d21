"""The page of a trade-off curve: the curve with the point at which the scenario stands, and every point in a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.page.study_page import study_page
from nle_optimizer.reports.page.table import Column, packed_table

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
        sentences=_sentences(document),
        charts=[_curve(document)],
        tables=[_table(document)],
        cautions=_cautions(document),
    )


def _name(objective: str) -> str:
    return NAMES[objective][0]


def _shown(objective: str, value: float) -> str:
    return f"{value:,.{NAMES[objective][1]}f}"


def _sentences(document: Mapping[str, Any]) -> list[str]:
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


def _table(document: Mapping[str, Any]) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = document["rows"]
    figures = dict.fromkeys([*document["between"], "supported", "mean_fit", "mean_distance_km"])
    columns = [Column("point", "Point", [str(row["point"]) for row in rows], "number")]
    columns += [
        Column(
            name, _name(name), ["" if row[name] is None else str(row[name]) for row in rows], "number", NAMES[name][1]
        )
        for name in figures
    ]
    columns.append(Column("run", "Command that gives it", [row["run"] or "nobody is supported" for row in rows]))
    return packed_table("points", "Points", columns, "There is no point.")


def _cautions(document: Mapping[str, Any]) -> list[str]:
    open_ended = [str(row["point"]) for row in document["rows"] if not row["proved"]]
    told = [f"Points {', '.join(open_ended)} are not proved: better may be possible."] if open_ended else []
    if not document["complete"]:
        told.append("There are further points between those shown.")
    if document["held"]:
        told.append(f"Kept at its best throughout: {', '.join(document['held'])}.")
    return told
