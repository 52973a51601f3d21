"""How cells of the workbook look."""

from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter import Workbook

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
