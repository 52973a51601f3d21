"""The charts of a run: coverage by region, fit by area, distance, use of capacity."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.view.view import Rows, View
from nle_optimizer.scenario.columns import AREAS

FITS = (
    (0.0, "below 0.2"),
    (0.2, "0.2 to 0.4"),
    (0.4, "0.4 to 0.6"),
    (0.6, "0.6 to 0.8"),
    (0.8, "0.8 to 1"),
    (1.0, "1, in full"),
)
DISTANCES = (
    (0, "under 5 km"),
    (5, "5 to 10 km"),
    (10, "10 to 20 km"),
    (20, "20 to 40 km"),
    (40, "40 to 60 km"),
    (60, "60 to 80 km"),
    (80, "80 km or more"),
)
BLANK = "not said"


def charts_of(view: View) -> list[Chart]:
    """Every chart for which the run has figures."""
    drawn = [
        _coverage(view, "region", "Schools supported, by region", "Region"),
        _coverage(view, "priority", "Schools supported, by priority", "Priority"),
        _coverage(view, "phase", "Schools supported, by phase", "Phase"),
        *_fits(view.rows("allocation")),
        _distances(view),
        *_use(view.rows("nles")),
    ]
    return [chart for chart in drawn if chart.rows]


def _coverage(view: View, group: str, title: str, heading: str) -> Chart:
    table = view.rows("breakdown")
    names = ("group", "value", "eligible", "supported", "coverage")
    rows = [
        {
            "value": value or BLANK,
            "coverage": float(share),
            "supported": int(float(supported)),
            "eligible": int(float(eligible)),
        }
        for told, value, eligible, supported, share in zip(*(table[name] for name in names), strict=True)
        if told == group and share and supported and eligible
    ]
    columns = {"value": heading, "coverage": "Share", "supported": "Supported", "eligible": "Eligible"}
    rows = rows if len(rows) > 1 else []
    return Chart(f"coverage-by-{group}", title, "bars", columns, rows, "value", "coverage", most=1, is_share=True)


def _fits(pairs: Rows) -> Iterator[Chart]:
    """How many pairs have which fit, in all and by area of need."""
    for column, title in (("fit", "Fit of the pairs"), *((f"fit_{area}", f"Fit in {area}") for area in AREAS)):
        figures = [float(cell) for cell in pairs[column] if cell]
        columns = {"band": "Fit", "pairs": "Pairs"}
        rows = _banded(figures, FITS, "pairs") if figures else []
        note = "How much of the need is met; 1 is all of it." if column == "fit" else ""
        yield Chart(column.replace("_", "-"), title, "bars", columns, rows, "band", "pairs", note=note)


def _distances(view: View) -> Chart:
    cells = [cell for cell in view.rows("allocation")["distance_km"] if cell]
    columns = {"band": "Distance", "pairs": "Pairs"}
    if view.is_shared and cells:
        counted = Counter(cells)
        rows = [{"band": band, "pairs": counted[band]} for band in sorted(counted, key=lambda band: (len(band), band))]
    else:
        rows = _banded([float(cell) for cell in cells], DISTANCES, "pairs") if cells else []
    return Chart("distance", "How far NLEs travel", "bars", columns, rows, "band", "pairs")


def _banded(figures: Sequence[float], bands: Sequence[tuple[float, str]], what: str) -> list[dict[str, Any]]:
    """How many figures lie in each band; a band begins at its own figure and ends before the next one's."""
    starts = [start for start, _ in bands]
    counted = Counter(max((n for n, start in enumerate(starts) if figure >= start), default=0) for figure in figures)
    return [{"band": label, what: counted[n]} for n, (_, label) in enumerate(bands)]


def _use(nles: Rows) -> Iterator[Chart]:
    """Of each resource, how many available NLEs that have any are unused, used in part and used up."""
    for resource in (name.removeprefix("capacity_") for name in nles.columns if name.startswith("capacity_")):
        counted: Counter[str] = Counter()
        names = ("state", f"capacity_{resource}", f"used_{resource}")
        for state, capacity, used in zip(*(nles[name] for name in names), strict=True):
            if state == "available" and float(capacity or 0):
                counted[_how_used(float(capacity), float(used or 0))] += 1
        rows = [{"use": use, "nles": counted[use]} for use in ("all used", "used in part", "not used")]
        columns = {"use": "Capacity", "nles": "NLEs"}
        title = f"Use of {resource.replace('_', ' ')} among available NLEs"
        yield Chart(f"use-of-{resource}", title, "bars", columns, rows if counted else [], "use", "nles")


def _how_used(capacity: float, used: float) -> str:
    return "not used" if used == 0 else "all used" if used >= capacity else "used in part"
