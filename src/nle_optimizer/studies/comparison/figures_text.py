"""The figures of two runs as a table of three columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.terminal import MOST_LEVELS, one_line
from nle_optimizer.studies.comparison.figures import EntryFigure, Figure, Figures
from nle_optimizer.studies.comparison.layout import first_of, heading

NAME, COLUMN = 26, 13
SHOWN: Mapping[str, tuple[str, int]] = {
    "schools_read": ("Schools read", 0),
    "excluded": ("Excluded", 0),
    "matched_to_trust": ("Matched with a trust", 0),
    "cannot_tell": ("Cannot be told", 0),
    "eligible": ("Eligible", 0),
    "supported": ("Supported", 0),
    "unmatched": ("Left out", 0),
    "nles_available": ("NLEs available", 0),
    "pairs": ("Candidate pairs", 0),
    "matched_pairs": ("Matched pairs", 0),
    "mean_fit": ("Mean fit", 3),
    "min_fit": ("Least fit", 3),
    "mean_distance_km": ("Mean distance (km)", 1),
    "max_distance_km": ("Farthest (km)", 1),
    "out_of_region": ("Out of region", 0),
    "mean_need_supported": ("Mean need supported", 3),
    "total_cost": ("Cost (pounds)", 0),
}
"""Counts and metrics that a person is shown, with their decimal places."""
ALWAYS = {"eligible", "supported", "unmatched", "mean_fit", "mean_distance_km"}
"""Those shown even where they are the same."""

LIMITS = {"at least": "minimum", "at most": "maximum"}
CAPACITY = (".available", ".used")
"""What of a resource a person is shown."""


def figure_lines(figures: Figures, most: int) -> list[str]:
    """Counts, metrics and objectives side by side; most of those that are the same are left out."""
    lines = heading(f"{'Figures':<{NAME + 2}}{'first':>{COLUMN}}{'second':>{COLUMN}}{'change':>{COLUMN}}")
    for figure in (*figures.counts, *figures.metrics):
        if figure.name in SHOWN and (figure.name in ALWAYS or figure.first != figure.second):
            lines.append(_line(*SHOWN[figure.name], figure))
    capacity = [figure for figure in figures.capacity if figure.name.endswith(CAPACITY)]
    lines += [_line(_words(figure.name), 2, figure) for figure in capacity if figure.first != figure.second]
    if figures.objectives:
        objectives = [_objective(entry) for entry in figures.objectives]
        lines += [*heading("Objectives, in order"), *first_of(objectives, max(most, MOST_LEVELS))]
    limits = [list(_limit(row)) for row in figures.constraints if row.first != row.second]
    return lines + ([*heading(f"Constraints that differ: {len(limits)}"), *first_of(limits, most)] if limits else [])


def _line(name: str, places: int, figure: Figure) -> str:
    values = (figure.first, figure.second)
    whole = all(value is None or value == int(value) for value in values)
    shown = [_number(value, 0 if whole else places) for value in values]
    return _columns(name, [*shown, _signed(figure.difference, 0 if whole else places)])


def _columns(name: str, cells: Sequence[str]) -> str:
    return f"  {name:<{NAME}}"[: NAME + 2] + "".join(f"{cell:>{COLUMN}}" for cell in cells).rstrip()


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:,.{places}f}"


def _signed(difference: float | None, places: int) -> str:
    """A difference with its sign; one that is too small to show is still no equality."""
    if difference is None:
        return ""
    if difference == 0:
        return "="
    shown = f"{difference:+,.{places}f}"
    return f"{difference:+.1g}" if not shown.strip("+-0.,") else shown


def _objective(entry: EntryFigure) -> list[str]:
    """An objective; under it the bounds, where one of the runs is not proved."""
    lines = [_line(_words(entry.name), 3, _figure(entry, "value", entry.difference))]
    if any(side is not None and not side.get("proved") for side in (entry.first, entry.second)):
        lines.append(_line("  at best", 3, _figure(entry, "bound", None)))
    return lines


def _figure(entry: EntryFigure, what: str, difference: float | None) -> Figure:
    first, second = (None if side is None else side.get(what) for side in (entry.first, entry.second))
    return Figure(what, first, second, difference)


def _words(name: str) -> str:
    return one_line(name.replace("_", " ").replace(".", " ").capitalize(), NAME)


def _limit(row: EntryFigure) -> Iterator[str]:
    yield f"  {one_line(row.name)}: {_held(row.first)} → {_held(row.second)}"


def _held(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "not there"
    limits = [f"{word} {_plain(entry[name])}" for word, name in LIMITS.items() if entry.get(name) is not None]
    return _plain(entry["value"]) + (f" ({', '.join(limits)})" if limits else "")


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:,.10g}"
