"""The example written as a folder of files, or as one workbook with drop-downs."""

import csv
import io
from pathlib import Path
from typing import Any

from nle_optimizer.errors import RunFolderError
from nle_optimizer.files import create_file
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from nle_optimizer.records import ColumnSpec, Kind
from nle_optimizer.scenario.columns import TABLES as SPECS
from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.scenario.workbook_scenario import SHEETS
from nle_optimizer.sources.example.content import SCENARIO, TABLES

EXAMPLE = FolderKind("example", manifest="")
SETTINGS = (
    ("schema", "1", "version of this format", None),
    ("name", "example", "short name, used for the run folder", None),
    ("title", "A small example", "title, for people", None),
    ("as_of", "2022-09-01", "inspections, joins and waiting count up to this day", None),
    ("eligibility.policy", "two-below-good-2022", "who is eligible", list(POLICIES)),
    ("eligibility.recipients", "as-listed", "who receives the support", ["as-listed", "school", "trust"]),
    ("trust_first.mode", "optimise", "matching with high-quality trusts first", ["given", "optimise", "off"]),
    ("trust_first.max_distance_km", "30", "farthest a school may lie from the trust", None),
    ("geography.max_distance_km", "60", "farthest an NLE may be, in a straight line", None),
    ("geography.within", "none", "same area on both sides", ["none", "region", "local_authority"]),
    ("suitability.phase", "must", "whether phases must agree", ["must", "prefer", "ignore"]),
    ("suitability.faith", "prefer", "whether faiths must agree", ["must", "prefer", "ignore"]),
    (
        "fit.measure",
        "need-met",
        "how fit is reckoned",
        ["need-met", "need-covered", "weighted-expertise", "weakest-area"],
    ),
    ("objectives", "[{blend: {fit: 1, distance_km: -0.002}}]", "in order; a km costs 0.002 of fit", None),
    ("seed", "0", "of the lottery that settles ties", None),
)
LAST_ROW = 2000
NUMBERS = frozenset({Kind.COUNT, Kind.METRES, Kind.SHARE, Kind.AMOUNT, Kind.KILOMETRES, Kind.DEGREES})


def write_example(folder: Path) -> list[Path]:
    """Write the example into a new folder; the files written.

    Raises:
        RunFolderError: the folder exists and holds something.
    """
    refuse_existing(folder, EXAMPLE, force=False)
    files = {"scenario.yaml": SCENARIO, **{f"{name}.csv": text for name, text in TABLES.items()}}
    with complete_folder(folder, EXAMPLE, force=False) as partial:
        for name, text in files.items():
            (partial / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in files]


def write_example_workbook(file: Path) -> None:
    """Write the example as one workbook, with drop-downs where a cell takes one of a few words.

    Raises:
        RunFolderError: the file exists.
    """
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        head = book.add_format({"bold": True, "bg_color": "#DDE6EE", "bottom": 1})
        _settings_sheet(book, head)
        for table, sheet in SHEETS.items():
            if table in TABLES:
                _table_sheet(book, sheet, table, head)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        create_file(file, content.getvalue())
    except FileExistsError:
        raise RunFolderError(f"{file}: it exists already; name a new file") from None
    except OSError as error:
        raise RunFolderError(f"{file}: the workbook cannot be written: {error.strerror or error}") from error


def _settings_sheet(book: Any, head: Any) -> None:
    sheet = book.add_worksheet("Settings")
    sheet.write_row(0, 0, ["key", "value", "meaning"], head)
    for row, (key, value, meaning, choices) in enumerate(SETTINGS, start=1):
        sheet.write_row(row, 0, [key, value, meaning])
        if choices:
            sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": choices})
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 44)
    sheet.set_column(2, 2, 52)
    sheet.freeze_panes(1, 0)


def _table_sheet(book: Any, name: str, table: str, head: Any) -> None:
    sheet = book.add_worksheet(name)
    header, *rows = list(csv.reader(io.StringIO(TABLES[table])))
    sheet.write_row(0, 0, header, head)
    for column, title in enumerate(header):
        spec = SPECS[table].columns.get(title, ColumnSpec(title, Kind.AMOUNT, "What the NLE has of it."))
        sheet.write_comment(0, column, spec.doc)
        for row, cells in enumerate(rows, start=1):
            _write(sheet, row, column, cells[column], spec)
        choices = ["yes", "no"] if spec.kind is Kind.YES_NO else list(spec.choices)
        if choices and spec.kind is not Kind.NAMES:
            sheet.data_validation(1, column, LAST_ROW, column, {"validate": "list", "source": choices})
    sheet.autofit()
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(rows), len(header) - 1)


def _write(sheet: Any, row: int, column: int, text: str, spec: ColumnSpec) -> None:
    if text and spec.kind in NUMBERS:
        sheet.write_number(row, column, float(text))
    elif text:
        sheet.write_string(row, column, text)
