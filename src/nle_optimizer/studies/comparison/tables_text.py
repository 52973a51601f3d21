"""Figures and schools of a comparison in words.

Who changed between two runs, as text: schools, pairs and NLEs. The figures of two runs as a table of three columns.
How the text of a comparison is laid out: headings, clipped names, wrapped lines, and counts of what is not shown.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import click

from nle_optimizer.reports.terminal import MOST_LEVELS, MOST_REASONS, WIDTH, one_line
from nle_optimizer.studies.comparison.comparison import ComparedFigures, EntryFigure, Figure
from nle_optimizer.studies.comparison.schools import (
    STATES,
    ComparedPairs,
    ComparedSchools,
    Flow,
    Move,
    Pair,
    SchoolChange,
    SchoolStanding,
)
from nle_optimizer.studies.comparison.side import Cell, RowChange, TableDifference

LABEL = 28
"""Width of an identifier and a name, with the space after it."""
LONGEST = 60
"""Characters of a cell, or of one side of a setting, before it is clipped."""


def heading(title: str) -> list[str]:
    """A blank line and a bold title."""
    return ["", click.style(title, bold=True)]


def label(identifier: str, name: str) -> str:
    """An identifier and a name in `LABEL` columns."""
    return f"{one_line(f'{identifier} {name}', LABEL - 1):<{LABEL}}"


def safe(text: str) -> str:
    """Text on one line without anything that controls a terminal, however long."""
    return one_line(text, len(text))


def wrapped(text: str, indent: str = "  ", hanging: str = "    ") -> list[str]:
    """Text over as many lines as it needs, later ones further in; a whole word is never broken."""
    return wrap(
        safe(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )


def first_of(blocks: Sequence[Iterable[str]], most: int, indent: str = "  ") -> list[str]:
    """The lines of the first blocks, and how many blocks are not shown."""
    lines = [line for block in blocks[:most] for line in block]
    return [*lines, *([f"{indent}... and {len(blocks) - most:,} more"] if len(blocks) > most else [])]


def named(identifiers: Sequence[str], most: int) -> str:
    """Identifiers in a line: the first ones, and how many more."""
    shown = ", ".join(one_line(word, LABEL) for word in identifiers[:most])
    more = len(identifiers) - most
    return shown if more <= 0 else f"{shown} and {more:,} more" if shown else f"{more:,}"


def change(first: str, second: str) -> str:
    """What was and what is; a blank is shown as one."""
    sides = (one_line(text, LONGEST) or "(blank)" for text in (first, second))
    return " → ".join(sides)


WORDS = {"supported": "supported", "unmatched": "left out", "excluded": "excluded", "absent": "not there"}
COLUMN = 12
NLE, FIT, DISTANCE = 6, 6, 7
"""Widths of an identifier, a fit and kilometres in a list of pairs."""


def flow_lines(flows: Sequence[Flow]) -> list[str]:
    """Where schools stood (rows) and stand (columns); states that nobody is in are left out."""
    counts = {(flow.first, flow.second): flow.schools for flow in flows}
    columns = [state for state in STATES if any(now == state for _, now in counts)]
    lines = heading(f"{'Schools: first ↓ second →':<{LABEL}}" + "".join(f"{WORDS[now]:>{COLUMN}}" for now in columns))
    for was in STATES:
        cells = [f"{counts[was, now]:,}" if (was, now) in counts else "." for now in columns]
        if any(cell != "." for cell in cells):
            lines.append(f"  {WORDS[was]:<{LABEL - 2}}" + "".join(f"{cell:>{COLUMN}}" for cell in cells))
    return lines


def school_lines(schools: ComparedSchools, pairs: ComparedPairs, most: int) -> list[str]:
    """Schools with another NLE, with support gained or lost, and the rest by the change of reason."""
    gained = [entry for entry in schools.changes if entry.second.state == "supported"]
    lost = [entry for entry in schools.changes if entry.first.state == "supported"]
    others = [entry for entry in schools.changes if "supported" not in (entry.first.state, entry.second.state)]
    given, taken = _by_school(pairs.gained), _by_school(pairs.lost)
    was, now = Counter(_short(entry.first) for entry in gained), Counter(_short(entry.second) for entry in lost)
    return [
        *_section("Another NLE", [_move(move) for move in pairs.moved], most),
        *_section("Support gained", [_gain(entry, given[entry.school_id]) for entry in gained], most, "before", was),
        *_section("Support lost", [_loss(entry, taken[entry.school_id]) for entry in lost], most, "now", now),
        *_reasons([*others, *schools.reasons], most),
        *_section(
            "Pairs kept, with other figures", [_cells(" ".join(row.key), "", row) for row in pairs.altered], most
        ),
    ]


def _section(
    title: str, blocks: Sequence[Sequence[str]], most: int, when: str = "", grounds: Mapping[str, int] | None = None
) -> list[str]:
    """A heading with the number of entries, how many there are of each ground, and the first entries."""
    if not blocks:
        return []
    ordered = sorted((grounds or {}).items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [f"{ground} {count:,}" for ground, count in ordered[:MOST_REASONS]]
    rest = sum(count for _, count in ordered[MOST_REASONS:])
    told = f"{when}: " + "; ".join([*shown, *([f"others {rest:,}"] if rest else [])]) if shown else ""
    return [*heading(f"{title}: {len(blocks):,}"), *wrapped(told), *first_of(blocks, most)]


def _by_school(pairs: Sequence[Pair]) -> Mapping[str, Sequence[Pair]]:
    grouped: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        grouped[pair.school_id].append(pair)
    return grouped


def _move(move: Move) -> list[str]:
    def both(show: Callable[[Sequence[Pair]], str]) -> str:
        return change(show(move.first), show(move.second))

    return _entry(move.school_id, move.name, f"{both(_nles):<{2 * NLE + 2}} {both(_fit)}  {both(_distance)} km")


def _gain(entry: SchoolChange, pairs: Sequence[Pair]) -> list[str]:
    return _entry(entry.school_id, entry.name, f"{_pairs(pairs)}  {_short(entry.first)}")


def _loss(entry: SchoolChange, pairs: Sequence[Pair]) -> list[str]:
    lines = _entry(entry.school_id, entry.name, f"{_pairs(pairs)}  {_short(entry.second)}")
    return [*lines, *wrapped(entry.second.explanation, "    ")]


def _pairs(pairs: Sequence[Pair]) -> str:
    return f"{_nles(pairs):<{NLE}}{_fit(pairs):>{FIT}}{_distance(pairs):>{DISTANCE}} km"


def _entry(identifier: str, name: str, told: str) -> list[str]:
    line = f"  {label(identifier, name)}{safe(told)}"
    return [line.rstrip()] if len(line) <= WIDTH else [f"  {label(identifier, name)}".rstrip(), *wrapped(told, "    ")]


def _nles(pairs: Sequence[Pair]) -> str:
    return " + ".join(pair.nle_id for pair in pairs)


def _fit(pairs: Sequence[Pair]) -> str:
    """Fits of several NLEs add up."""
    known = [pair.fit for pair in pairs if pair.fit is not None]
    return f"{sum(known):.3f}" if known else "-"


def _distance(pairs: Sequence[Pair]) -> str:
    return " + ".join("-" if pair.distance_km is None else f"{pair.distance_km:,.1f}" for pair in pairs)


def _short(standing: SchoolStanding) -> str:
    return WORDS[standing.state] + (f", {standing.reason}" if standing.reason else "")


def _reasons(entries: Sequence[SchoolChange], most: int) -> list[str]:
    """Schools that no run supports: how many went from one reason to another, the greatest groups first."""
    groups: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        groups[change(_short(entry.first), _short(entry.second))].append(entry.school_id)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    blocks = [wrapped(f"{what}: {named(sorted(ids), 3)}", f"  {len(ids):>5,}  ", " " * 9) for what, ids in ordered]
    count = sum(len(ids) for ids in groups.values())
    title = f"Without support in either run, for another reason: {count:,}"
    return [*heading(title), *first_of(blocks, most)] if count else []


def nle_lines(difference: TableDifference, names: Mapping[str, str], most: int) -> list[str]:
    """NLEs added and removed, and those whose state, capacity or use differs."""
    lines = _section("NLEs with another state, capacity or use", [_nle(row, names) for row in difference.changed], most)
    for which, rows in (("second", difference.added), ("first", difference.removed)):
        if rows:
            told = wrapped(named([row["nle_id"] for row in rows], most))
            lines += [*heading(f"NLEs only in the {which} run: {len(rows):,}"), *told]
    return lines


def _nle(row: RowChange, names: Mapping[str, str]) -> list[str]:
    (identifier,) = row.key
    name = names.get(identifier, "")
    state = row.cells.get("state")
    if state is None:
        return _cells(identifier, name, row)
    reason = row.cells.get("reason", Cell("", ""))
    told = ", ".join(word for word in (reason.first, reason.second) if word)
    return _entry(identifier, name, change(state.first, state.second) + (f" ({told})" if told else ""))


def _cells(identifier: str, name: str, row: RowChange) -> list[str]:
    told = [f"{column.replace('_', ' ')} {change(cell.first, cell.second)}" for column, cell in row.cells.items()]
    return _entry(identifier, name, "; ".join(told))


NAME, FIGURE_WIDTH = 26, 13
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


def figure_lines(figures: ComparedFigures, most: int) -> list[str]:
    """Counts, metrics and objectives side by side; most of those that are the same are left out."""
    lines = heading(
        f"{'Figures':<{NAME + 2}}{'first':>{FIGURE_WIDTH}}{'second':>{FIGURE_WIDTH}}{'change':>{FIGURE_WIDTH}}"
    )
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
    return f"  {name:<{NAME}}"[: NAME + 2] + "".join(f"{cell:>{FIGURE_WIDTH}}" for cell in cells).rstrip()


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
