"""The workbook written: frozen headings, filters, widths, formats, Excel's own charts, and no formula of anybody's."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from nle_optimizer.errors import visible
from nle_optimizer.reports.view import View
from nle_optimizer.reports.workbook_front import (
    ACTIONS,
    COLUMNS,
    FORMATS,
    LINE,
    SHEET,
    Styles,
    decision_rows,
    lines,
    read_me,
    summary_sheet,
    title_of,
)
from nle_optimizer.reports.workbook_sheets import ResultSheet, SheetColumn, sheets_of

if TYPE_CHECKING:
    from xlsxwriter import Workbook


LARGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet holds."""
LONG = 60
"""Width from which on a column holds sentences, which are broken into lines."""
SPARE_ROWS = 500
"""Rows for decisions on other pairs."""
OPEN = 6
"""Columns of the sheet Decisions that are read."""
MADE = datetime(2000, 1, 1)
SETUP = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


def workbook(view: View) -> bytes:
    """The workbook of a run; what a shared view does not hold has no sheet and no column."""
    from xlsxwriter import Workbook

    buffer, tables = io.BytesIO(), list(_filled(view))
    names = ["Summary", *(sheet.name for sheet in tables), *(() if view.is_shared else (SHEET,))]
    with Workbook(buffer, SETUP) as book:
        book.worksheet_class = _page_class()
        book.set_properties({"title": visible(title_of(view)), "created": MADE, "comments": "Made by nle-optimizer"})
        styles = Styles(book)
        read_me(book, styles, view, names)
        summary_sheet(book, styles, view)
        for sheet in tables:
            _table(book, styles, sheet)
        if not view.is_shared:
            _decisions(book, styles, view)
    return buffer.getvalue()


def _page_class() -> Any:
    """What sheets are: no text on them holds what is not seen."""
    from xlsxwriter.worksheet import Worksheet

    class Page(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
        def _write_string(self, row: int, col: int, string: str, cell_format: Any = None) -> int:
            return int(super()._write_string(row, col, visible(string), cell_format))

    return Page


def _filled(view: View) -> Iterator[ResultSheet]:
    """The sheets, without columns in which no row has anything."""
    for sheet in sheets_of(view):
        yield (
            ResultSheet(sheet.name, [column for column in sheet.columns if any(column.cells)]) if sheet.rows else sheet
        )


def _table(book: "Workbook", styles: Styles, sheet: ResultSheet) -> None:
    page = book.add_worksheet(sheet.name)
    page.freeze_panes(1, 2)
    _to_print(page)
    for n, column in enumerate(sheet.columns):
        page.set_column(n, n, column.width)
        page.write_string(0, n, column.heading, styles.heading)
        _cells(page, n, column, styles)
    page.set_row(0, LINE * max((lines(column.heading, column.width) for column in sheet.columns), default=1) + 4)
    for row, height in enumerate(_heights(sheet), start=1):
        if height > 1:
            page.set_row(row, LINE * height)
    if sheet.columns:
        page.autofilter(0, 0, sheet.rows, len(sheet.columns) - 1)


def _to_print(page: Any) -> None:
    """On A4 across, as wide as it is, with its headings on every page."""
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&RPage &P of &N")


def _heights(sheet: ResultSheet) -> list[int]:
    """Lines of each row."""
    heights = [1] * sheet.rows
    for column in (column for column in sheet.columns if column.width >= LONG):
        heights = [max(height, lines(cell, column.width)) for height, cell in zip(heights, column.cells, strict=True)]
    return heights


def _cells(page: Any, n: int, column: SheetColumn, styles: Styles) -> None:
    if column.kind not in FORMATS:
        style = styles.wrapped if column.width >= LONG else styles.text
        for row, cell in enumerate(column.cells, start=1):
            if cell:
                page.write_string(row, n, cell[:LARGEST_CELL], style)
        return
    numbers = [_as_number(cell) for cell in column.cells]
    style = styles.of_kind[_kind(column, numbers)]
    for row, (cell, number) in enumerate(zip(column.cells, numbers, strict=True), start=1):
        if number is not None:
            page.write_number(row, n, number, style)
        elif cell:
            page.write_string(row, n, cell[:LARGEST_CELL], styles.text)


def _kind(column: SheetColumn, numbers: Sequence[float | None]) -> str:
    """Amounts that are all whole are shown without decimal places."""
    is_whole = all(number is None or number.is_integer() for number in numbers)
    return "whole" if column.kind == "number" and is_whole else column.kind


def _as_number(cell: str) -> float | None:
    try:
        return float(cell) if cell else None
    except ValueError:
        return None


def _decisions(book: "Workbook", styles: Styles, view: View) -> None:
    page = book.add_worksheet(SHEET)
    page.set_tab_color("#F2B705")
    rows: Mapping[str, Sequence[str]] = decision_rows(view)
    count = len(rows["school_id"])
    page.freeze_panes(1, 3)
    _to_print(page)
    for n, (name, width) in enumerate(zip(COLUMNS, (18, 14, 14, 12, 18, 40, 34, 30, 8, 12), strict=True)):
        page.set_column(n, n, width, styles.open if n < OPEN else styles.text)
        page.write_string(0, n, name, styles.open_heading if n < OPEN else styles.heading)
        _cells(page, n, SheetColumn(name, rows[name], width, "share" if name == "fit" else "text"), styles)
    last = count + SPARE_ROWS
    page.data_validation(
        *(1, 0, last, 0),
        {
            "validate": "list",
            "source": list(ACTIONS),
            "ignore_blank": True,
            "error_title": "No such action",
            "error_message": f"Choose one of: {', '.join(ACTIONS)}; or leave it blank.",
        },
    )
    page.write_comment(0, 0, "\n".join(f"{action}: {meaning}" for action, meaning in ACTIONS.items()), {"x_scale": 2})
    page.write_comment(0, 3, "Such as 2022-09-01.")
    page.autofilter(0, 0, count, len(COLUMNS) - 1)
