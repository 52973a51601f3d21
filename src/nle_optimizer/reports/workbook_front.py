"""The first sheets of a workbook, its styles, and cells for decisions.

The first two sheets: what the workbook is, and the figures of the run with Excel's own charts. The sheet on which a
planner writes what was decided; `replan --changes workbook.xlsx` reads it. How cells of the workbook look.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from nle_optimizer.reports.charts import Chart, charts_of
from nle_optimizer.reports.view import View
from nle_optimizer.reports.words import FIGURES, WHOLE, aim_in_words, figure_words, proof_in_words

if TYPE_CHECKING:
    from xlsxwriter import Workbook


SHEET = "Decisions"
COLUMNS = ("action", "school_id", "nle_id", "date", "by", "note", "school", "nle", "fit", "state")
"""Columns: those that are read, then those that are there to be looked at."""
OPEN_TO_PEOPLE = ("action", "date", "by", "note")
"""Columns that are blank until people write in them."""
ACTIONS = {
    "agree": "agreed by both sides",
    "start": "support has begun",
    "finish": "support ended well",
    "pin": "must be matched",
    "forbid": "must not be matched",
    "school-objects": "the school objects",
    "nle-declines": "the NLE declines",
}
"""What can be decided of a pair, and what it means."""


def decision_rows(view: View) -> Mapping[str, list[str]]:
    """A row for every pair, with its action left blank."""
    rows = view.rows("allocation")
    blank = [""] * len(rows)
    return {
        "action": blank,
        "school_id": list(rows["school_id"]),
        "nle_id": list(rows["nle_id"]),
        "date": blank,
        "by": blank,
        "note": blank,
        "school": list(rows["school_name"]),
        "nle": list(rows["nle_name"]),
        "fit": list(rows["fit"]),
        "state": list(rows["state"]),
    }


FORMATS = {
    "whole": "#,##0",
    "share": "0.000",
    "percent": "0%",
    "number": "#,##0.000",
    "km": "#,##0.0",
    "money": "#,##0",
}
LETTERS = 1.08
"""Letters of plain text in the width of a digit."""
LINE = 13.5
"""Points of a line of text."""


class Styles:
    """The formats of one workbook."""

    def __init__(self, book: "Workbook"):
        base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
        self.text = book.add_format({**base, "num_format": "@"})
        self.wrapped = book.add_format({**base, "num_format": "@", "text_wrap": True})
        self.title = book.add_format({**base, "font_size": 16, "bold": True, "text_wrap": True})
        self.large = book.add_format({**base, "font_size": 12, "text_wrap": True})
        self.link = book.add_format({**base, "font_color": "#1D5A93", "underline": 1})
        self.bold = book.add_format({**base, "bold": True})
        heading = {"bold": True, "bg_color": "#DDE7F0", "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        self.heading = book.add_format({**base, **heading})
        self.open_heading = book.add_format({**base, **heading, "bg_color": "#FFE9A8"})
        self.open = book.add_format(
            {**base, "bg_color": "#FFF7D6", "border": 1, "border_color": "#D9D2B0", "num_format": "@"}
        )
        self.of_kind = {kind: book.add_format({**base, "num_format": f"{shown}_)"}) for kind, shown in FORMATS.items()}


def lines(text: str, width: int) -> int:
    """How many lines some text takes in a column that is `width` digits wide; most letters are narrower than one."""
    return max(1, ceil(len(text) / (LETTERS * width)))


HOLDS: Mapping[str, str] = {
    "Summary": "The figures of the run, and charts of them.",
    "Allocation": "Who supports whom, how well, how far, and why.",
    "By NLE": "Each NLE with a school, and whom it supports.",
    "By authority": "The same by local authority.",
    "Left out": "Eligible schools without an NLE, the reason, and what would help.",
    "Alternates": "Who else could support a school, should its pair fall through; up to three, the best first.",
    "Excluded": "Schools that were not considered, at which stage, and on what evidence.",
    "NLEs": "Every NLE: state, capacity and use, and what one place more or fewer would change.",
    "Settings": "Every setting in force, and where it comes from.",
    "This plan in draws": "This plan kept as it is while needs, expertise and who takes part are drawn; from and to "
    "leave out the least and the greatest of each 40 draws.",
    "New plans in draws": "In what share of those draws a new plan would support each school.",
    "Weights": "How far the weight of each area may move, and what this plan loses when it is halved or doubled.",
    "Findings": "Inputs that were used, but perhaps not as their authors meant them.",
    SHEET: "Yours to fill in: what was decided on each pair.",
}
FILLING = (
    "On the sheet Decisions choose an action for a pair, say who decided and when, and add rows of your own for other "
    "pairs. Rows without an action change nothing. Save, and run: nle-optimizer replan RUN --changes workbook.xlsx"
)
NOTES = (
    "It proposes; people decide. Whether an NLE and a school suit each other is for them to judge, and either may "
    "decline.",
    "Figures are rounded for reading; the CSV files of the run folder hold them in full, and nle-optimizer verify RUN "
    "checks them. Text that a spreadsheet would run as a formula is kept as text.",
)
WIDTHS = (20, 84)
DIGITS = ("whole", "km", "number", "share")
"""Kinds of cells by the decimal places that a figure is read by."""
KINDS = {**dict.fromkeys(WHOLE, "whole"), "distance": "km", "cost": "money"}
"""Kinds of cells of levels whose values are no plain numbers."""
ROWS_A_CHART = 15
FAR = 3
"""The column in which the figures of the charts begin."""


def title_of(view: View) -> str:
    """What the run is called."""
    return str(view.summary.get("title") or view.summary["scenario"])


def read_me(book: "Workbook", styles: Styles, view: View, sheets: Sequence[str]) -> None:
    """The first sheet; `sheets` are the names of those that follow."""
    page = book.add_worksheet("Read me")
    page.hide_gridlines(2)
    page.fit_to_pages(1, 0)
    page.set_tab_color("#1D70B8")
    for n, width in enumerate(WIDTHS):
        page.set_column(n, n, width)
    summary = view.summary
    told, why = proof_in_words(summary["status"], summary["objectives"], summary["rule"])
    _paragraph(page, 0, title_of(view), styles.title, 22)
    _paragraph(page, 1, _headline(view), styles.large, 16)
    _paragraph(page, 2, f"{told}. {why}", styles.large, 16)
    row = 4
    for name in sheets:
        page.write_url(row, 0, f"internal:'{name}'!A1", styles.link, name)
        page.write_string(row, 1, HOLDS[name], styles.wrapped)
        row += 1
    row += 1
    for text in (*view.remarks, *NOTES, *((FILLING,) if SHEET in sheets else ())):
        _paragraph(page, row, text, styles.wrapped, LINE)
        row += 1
    if SHEET in sheets:
        row += 1
        for action, meaning in ACTIONS.items():
            page.write_string(row, 0, action, styles.bold)
            page.write_string(row, 1, meaning, styles.text)
            row += 1


def _paragraph(page: Any, row: int, text: str, style: Any, line: float) -> None:
    """Text over both columns, in a row that is high enough for it."""
    width = int(sum(WIDTHS) * LINE / max(line, LINE))
    page.merge_range(row, 0, row, 1, "", style)
    page.write_string(row, 0, text, style)
    page.set_row(row, line * lines(text, width) + 3)


def _headline(view: View) -> str:
    counts, as_of = view.summary["counts"], view.settings.get("as_of")
    when = f" As things stood on {as_of.value}." if as_of is not None and as_of.value else ""
    return (
        f"{counts.get('supported', 0):,} of {counts.get('eligible', 0):,} eligible schools would be supported by an "
        f"NLE; {counts.get('unmatched', 0):,} would be left out.{when}"
    )


def summary_sheet(book: "Workbook", styles: Styles, view: View) -> None:
    """The figures of the run, and Excel's own bar charts beside them, each with its numbers on the sheet."""
    page = book.add_worksheet("Summary")
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_column(0, 0, 42)
    page.set_column(1, 1, 14)
    page.freeze_panes(1, 0)
    page.write_row(0, 0, ["Figure", "Value"], styles.heading)
    row = 0
    for row, (label, value, kind) in enumerate(_figures(view), start=1):
        page.write_string(row, 0, label, styles.text)
        if isinstance(value, int | float):
            page.write_number(row, 1, value, styles.of_kind[kind])
        else:
            page.write_string(row, 1, str(value), styles.text)
    page.autofilter(0, 0, row, 1)
    _charts(book, page, styles, charts_of(view))


def _figures(view: View) -> Iterator[tuple[str, Any, str]]:
    """Label, value and kind of each figure."""
    for group in ("counts", "metrics"):
        for name, value in view.summary[group].items():
            if value is not None:
                digits = FIGURES[name][1] if name in FIGURES else 0 if isinstance(value, int) else 3
                yield figure_words(name), value, "percent" if name == "coverage" else DIGITS[digits]
    for level in view.summary["objectives"]:
        yield aim_in_words(level), level["value"], KINDS.get(level["name"].partition("[")[0], "number")


def _charts(book: "Workbook", page: Any, styles: Styles, charts: Sequence[Chart]) -> None:
    page.set_column(FAR - 1, FAR - 1, 3)
    page.set_column(FAR, FAR, 24)
    page.set_column(FAR + 1, FAR + 1, 10)
    page.set_column(FAR + 2, FAR + 2, 3)
    first = 0
    for chart in (each for each in charts if each.kind == "bars"):
        kind = styles.of_kind["percent" if chart.is_share else "whole"]
        head = [chart.columns[chart.x], chart.columns[chart.y]]
        page.write_row(first, FAR, head, styles.heading)
        for n, point in enumerate(chart.rows, start=first + 1):
            page.write_string(n, FAR, str(point[chart.x]), styles.text)
            page.write_number(n, FAR + 1, point[chart.y], kind)
        last = first + len(chart.rows)
        drawn = _drawn(book, chart, first + 1, last)
        page.insert_chart(first, FAR + 3, drawn, {"description": chart.title, "object_position": 3})
        first = max(last, first + ROWS_A_CHART) + 2


def _drawn(book: "Workbook", chart: Chart, first: int, last: int) -> Any:
    """A bar chart over rows of the sheet Summary."""
    form = "0%" if chart.is_share else "#,##0"
    drawn: Any = book.add_chart({"type": "bar"})
    drawn.add_series(
        {
            "name": chart.title,
            "categories": ["Summary", first, FAR, last, FAR],
            "values": ["Summary", first, FAR + 1, last, FAR + 1],
            "fill": {"color": "#1D70B8"},
            "gap": 50,
            "data_labels": {"value": True, "num_format": form},
        }
    )
    drawn.set_title({"name": chart.title, "name_font": {"size": 11}, "overlay": False})
    drawn.set_legend({"none": True})
    drawn.set_y_axis({"reverse": True})
    most = {"max": chart.most} if chart.most is not None else {}
    drawn.set_x_axis({"num_format": form, "min": 0, **most, "major_gridlines": {"visible": False}, "visible": False})
    drawn.set_size({"width": 520, "height": 285})
    return drawn
