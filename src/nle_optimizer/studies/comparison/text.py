"""A comparison in words.

What changed between two runs, for people: a screen of it, the rest counted. What two runs were given, as text:
settings and inputs that differ.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from nle_optimizer.reports.resolved_scenario import Setting
from nle_optimizer.reports.terminal import WIDTH, one_line
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.studies.comparison.comparison import ComparedSide, Comparison
from nle_optimizer.studies.comparison.side import Inputs, InputTable, RowChange, SettingChange, TableDifference
from nle_optimizer.studies.comparison.tables_text import (
    change,
    figure_lines,
    first_of,
    flow_lines,
    heading,
    named,
    nle_lines,
    school_lines,
    wrapped,
)


def setting_lines(settings: Sequence[SettingChange], most: int) -> list[str]:
    """The settings that differ, each with where it came from."""
    told = [_setting(entry) for entry in settings]
    return [*heading(f"Settings that differ: {len(told) or 'none'}"), *first_of(told, most)]


def _setting(entry: SettingChange) -> list[str]:
    origins = change(*("not set" if side is None else side.origin for side in (entry.first, entry.second)))
    text, note = f"{entry.key}: {change(_value(entry.first), _value(entry.second))}", f"({origins})"
    lines = wrapped(f"{text}   {note}")
    if len(lines) == 1:
        return [lines[0].replace(note, click.style(note, dim=True))]
    return [*wrapped(text), click.style(f"    {note}", dim=True)]


def _value(setting: Setting | None) -> str:
    if setting is None:
        return "not set"
    value: Any = setting.value
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False).replace('"', "")


def input_lines(inputs: Inputs, most: int) -> list[str]:
    """The tables that differ, and in what."""
    differing = [table for table in inputs.tables if table.same is False]
    unknown = [table for table in inputs.tables if table.same is None]
    none = "not known" if unknown else "none"
    lines = heading(f"Inputs that differ: {', '.join(table.table for table in differing) or none}")
    for table in differing:
        lines += _table(table, most)
    if unknown:
        names, folders = ", ".join(table.table for table in unknown), " and ".join(inputs.not_kept)
        kept = f"no inputs were kept in {folders}" if folders else "they are not in both folders"
        lines += wrapped(f"Cannot be compared: {names}. The files differ by their hashes, and {kept}.")
    return lines


def _table(table: InputTable, most: int) -> Iterator[str]:
    if table.difference is None:
        yield f"  {table.table}: only in the {'first' if table.second is None else 'second'} run"
        return
    yield from _rows(table.table, table.difference, most)


def _rows(name: str, difference: TableDifference, most: int) -> Iterator[str]:
    parts = {"added": len(difference.added), "removed": len(difference.removed), "changed": len(difference.changed)}
    counted = [f"{what} {count:,}" for what, count in parts.items() if count]
    yield f"  {name}: " + ", ".join([f"rows {difference.rows_first:,} → {difference.rows_second:,}", *counted])
    for what, columns in (("gained", difference.columns_added), ("lost", difference.columns_removed)):
        if columns:
            yield from wrapped(f"columns {what}: {named(columns, most)}", "    ", "      ")
    key = TABLES[name].key
    for what, rows in (("added", difference.added), ("removed", difference.removed)):
        if rows:
            yield from wrapped(f"{what}: {named([_key(row, key) for row in rows], most)}", "    ", "      ")
    if len(difference.columns) > 1:
        counts = [f"{column} {count:,}" for column, count in difference.columns.items()]
        yield from wrapped(f"changed cells: {named(counts, most)}", "    ", "      ")
    yield from first_of([_row(row) for row in difference.changed], most, "    ")


def _key(row: Mapping[str, str], key: Sequence[str]) -> str:
    return " with ".join(row[name] for name in key)


def _row(row: RowChange) -> list[str]:
    cells = [f"{one_line(name)} {change(cell.first, cell.second)}" for name, cell in row.cells.items()]
    return wrapped(f"{one_line(' with '.join(row.key))}: {named_cells(cells)}", "    ", "      ")


def named_cells(cells: Sequence[str], most: int = 3) -> str:
    """Changed cells in a line: the first few, and how many more."""
    more = f" and {len(cells) - most:,} more" if len(cells) > most else ""
    return "; ".join(cells[:most]) + more


STATUS = {
    "optimal": "proved optimal",
    "feasible": "not proved",
    "completed": "nothing proved",
    "infeasible": "no allocation is possible",
    "unknown": "no allocation was found",
}


def comparison_text(comparison: Comparison, most: int) -> str:
    """A comparison for a terminal, with at most so many entries of each kind.

    It begins with the runs and the change in a sentence, goes on with what they were given, and ends with who
    is concerned.
    """
    lines = [*_head(comparison), *_sentences(comparison, most)]
    if not comparison.same:
        lines += setting_lines(comparison.settings, most)
        lines += input_lines(comparison.inputs, most)
        lines += figure_lines(comparison.figures, most)
        lines += flow_lines(comparison.schools.flows)
        lines += school_lines(comparison.schools, comparison.pairs, most)
        lines += nle_lines(comparison.nles, comparison.nle_names, most)
    return "\n".join(lines)


def _head(comparison: Comparison) -> list[str]:
    title = "What changed from the first run to the second"
    return [
        click.style(title, bold=True),
        click.style("─" * len(title), dim=True),
        *_run("First", comparison.first),
        *_run("Second", comparison.second),
        "",
    ]


def _run(which: str, run: ComparedSide) -> list[str]:
    status = STATUS.get(run.status, run.status)
    title = one_line(run.title) or run.scenario
    return [
        f"  {which:<9}{one_line(run.run_folder, WIDTH - 11)}",
        click.style(f"           {one_line(f'{status}; {title}', WIDTH - 11)}", dim=True),
    ]


def _sentences(comparison: Comparison, most: int) -> Iterator[str]:
    if comparison.same:
        yield "  Nothing changed: the same inputs, settings, pairs, reasons and figures."
        return
    flows = {(flow.first, flow.second): flow.schools for flow in comparison.schools.flows}
    stay, moved = flows.get(("supported", "supported"), 0), len(comparison.pairs.moved)
    lost = sum(count for (was, now), count in flows.items() if was == "supported" != now)
    gained = sum(count for (was, now), count in flows.items() if now == "supported" != was)
    yield from wrapped(
        f"Schools supported: {stay + lost:,} → {stay + gained:,} "
        f"(same NLE {stay - moved:,}, another {moved:,}, lost {lost:,}, gained {gained:,})"
    )
    kept, more, fewer = comparison.pairs.kept, len(comparison.pairs.gained), len(comparison.pairs.lost)
    yield from wrapped(
        f"Matched pairs: {kept + fewer:,} → {kept + more:,} (kept {kept:,}, lost {fewer:,}, gained {more:,})"
    )
    for which, run in (("first", comparison.first), ("second", comparison.second)):
        yield from first_of([wrapped(f"In the {which} run: {clash}", "  - ") for clash in run.clashes], most, "  - ")
    for caution in comparison.cautions:
        yield from wrapped(caution, "  Note: ", " " * 8)
