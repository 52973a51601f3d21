"""The workbook written: frozen headings, filters, widths, formats, Excel's own charts, and no formula of anybody's."""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.charts.of_run import charts_of
from nle_optimizer.reports.view.view import View
from nle_optimizer.reports.words import proof_in_words
from nle_optimizer.reports.workbook.decisions import ACTIONS, COLUMNS, SHEET, decision_rows
from nle_optimizer.reports.workbook.sheets import Column, Sheet, sheets_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook

LARGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet holds."""
FORMATS = {"whole": "#,##0", "share": "0.000", "number": "#,##0.###", "km": "#,##0.0", "money": "#,##0.00"}
NUMERIC = tuple(FORMATS)
ABOUT = (
    "Summary: figures and charts. Allocation: who supports whom, and why. By NLE, By authority: the same by either.",
    "Left out: schools without an NLE, the reason, and what would help. Alternates: who else could, should a pair fall "
    "through. Excluded: schools that were not considered. NLEs: capacity and use. Settings: every setting in force.",
    "Decisions: choose an action for a pair, add rows of your own, save, and run: "
    "nle-optimizer replan RUN --changes workbook.xlsx. Rows without an action change nothing.",
    "Text that a spreadsheet would run as a formula is kept as text. Figures are rounded for reading; the CSV files of "
    "the run folder hold them in full, and `nle-optimizer verify RUN` checks them.",
)
"""What a reader has to know."""
ROWS_A_CHART = 16
MADE = datetime(2000, 1, 1)
SETUP = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


def workbook(view: View) -> bytes:
    """The workbook of a run."""
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    with Workbook(buffer, SETUP) as book:
        book.set_properties({"title": _title(view), "created": MADE, "comments": "Made by nle-optimizer"})
        styles = _Styles(book)
        _read_me(book, styles, view)
        _summary(book, styles, view)
        for sheet in sheets_of(view):
            _table(book, styles, sheet)
        if not view.is_shared:
            _decisions(book, styles, view)
    return buffer.getvalue()


def _title(view: View) -> str:
    return str(view.summary.get("title") or view.summary["scenario"])


class _Styles:
    def __init__(self, book: "Workbook"):
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        self.text = book.add_format({**base, "num_format": "@"})
        self.wrapped = book.add_format({**base, "text_wrap": True})
        self.title = book.add_format({**base, "font_size": 16, "bold": True})
        self.bold = book.add_format({**base, "bold": True})
        self.heading = book.add_format({**base, "bold": True, "bg_color": "#DDE7F0", "border": 1, "text_wrap": True})
        self.open = book.add_format({**base, "bg_color": "#FFF7D6", "border": 1, "num_format": "@"})
        self.of_kind = {kind: book.add_format({**base, "num_format": shown}) for kind, shown in FORMATS.items()}


def _read_me(book: "Workbook", styles: _Styles, view: View) -> None:
    page = book.add_worksheet("Read me")
    page.set_column(0, 0, 100)
    page.hide_gridlines(2)
    page.write_string(0, 0, _title(view), styles.title)
    for row, line in enumerate(_lines(view), start=2):
        page.write_string(row, 0, line, styles.wrapped)


def _lines(view: View) -> list[str]:
    summary = view.summary
    told, why = proof_in_words(summary["status"], summary["objectives"], summary["rule"])
    return [f"{told}. {why}".strip(), "", *ABOUT, *view.remarks]


def _summary(book: "Workbook", styles: _Styles, view: View) -> None:
    page = book.add_worksheet("Summary")
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 16)
    page.freeze_panes(1, 0)
    page.write_row(0, 0, ["Figure", "Value"], styles.heading)
    row = 1
    for group in ("counts", "metrics"):
        for name, value in view.summary[group].items():
            if value is not None:
                page.write_string(row, 0, name.replace("_", " ").capitalize(), styles.text)
                _number(page, row, 1, value, styles)
                row += 1
    for level in view.summary["objectives"]:
        page.write_string(row, 0, f"Aim: {level['name']}", styles.bold)
        _number(page, row, 1, level["value"], styles)
        row += 1
    _charts(book, page, styles, charts_of(view))


def _number(page: Any, row: int, column: int, value: Any, styles: _Styles) -> None:
    if isinstance(value, int | float):
        page.write_number(row, column, value, styles.of_kind["whole" if isinstance(value, int) else "number"])
    else:
        page.write_string(row, column, str(value), styles.text)


def _charts(book: "Workbook", page: Any, styles: _Styles, charts: Sequence[Chart]) -> None:
    """Excel's own bar charts beside the figures, each with its numbers on the sheet."""
    first, left = 0, 3
    page.set_column(left, left, 24)
    for chart in (each for each in charts if each.kind == "bars"):
        page.write_string(first, left, chart.title, styles.bold)
        page.write_row(first + 1, left, [chart.columns[chart.x], chart.columns[chart.y]], styles.heading)
        kind = styles.of_kind["share" if chart.is_share else "whole"]
        for n, point in enumerate(chart.rows, start=first + 2):
            page.write_string(n, left, str(point[chart.x]), styles.text)
            page.write_number(n, left + 1, point[chart.y], kind)
        last = first + 1 + len(chart.rows)
        drawn = book.add_chart({"type": "bar"})
        drawn.add_series(
            {
                "name": chart.title,
                "categories": ["Summary", first + 2, left, last, left],
                "values": ["Summary", first + 2, left + 1, last, left + 1],
                "fill": {"color": "#1D70B8"},
                "gap": 60,
            }
        )
        drawn.set_title({"name": chart.title, "name_font": {"size": 11}})
        drawn.set_legend({"none": True})
        drawn.set_y_axis({"reverse": True})
        drawn.set_x_axis({"num_format": "0%" if chart.is_share else "#,##0", "major_gridlines": {"visible": False}})
        page.insert_chart(first, left + 3, drawn, {"description": chart.title})
        first = max(last, first + ROWS_A_CHART) + 2


def _table(book: "Workbook", styles: _Styles, sheet: Sheet) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for n, column in enumerate(sheet.columns):
        page.set_column(n, n, column.width)
        page.write_string(0, n, column.heading, styles.heading)
        _cells(page, n, column, styles)
    if sheet.columns:
        page.autofilter(0, 0, sheet.rows, len(sheet.columns) - 1)


def _cells(page: Any, n: int, column: Column, styles: _Styles) -> None:
    numeric = column.kind in NUMERIC
    shown = styles.of_kind[column.kind] if numeric else styles.text
    for row, cell in enumerate(column.cells, start=1):
        if not cell:
            continue
        number = _as_number(cell) if numeric else None
        if number is None:
            page.write_string(row, n, cell[:LARGEST_CELL], styles.text)
        else:
            page.write_number(row, n, number, shown)


def _as_number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _decisions(book: "Workbook", styles: _Styles, view: View) -> None:
    page = book.add_worksheet(SHEET)
    rows: Mapping[str, Sequence[str]] = decision_rows(view)
    count = len(rows["school_id"])
    page.freeze_panes(1, 3)
    page.write_row(0, 0, COLUMNS, styles.heading)
    for n, (name, width) in enumerate(zip(COLUMNS, (18, 14, 14, 12, 18, 40, 34, 30, 8, 12), strict=True)):
        page.set_column(n, n, width, styles.open if n < len(COLUMNS) - 4 else styles.text)
        for row, cell in enumerate(rows[name], start=1):
            if cell:
                page.write_string(row, n, cell[:LARGEST_CELL], styles.text)
    last = count + 500
    page.data_validation(1, 0, last, 0, {"validate": "list", "source": list(ACTIONS), "ignore_blank": True})
    page.write_comment(0, 0, "\n".join(f"{action}: {meaning}" for action, meaning in ACTIONS.items()))
    page.autofilter(0, 0, count, len(COLUMNS) - 1)
