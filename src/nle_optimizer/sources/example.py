"""The small example that `init` writes.

The example written as a folder of files, or as one workbook with drop-downs. The example: twelve made-up schools,
five made-up NLEs, two made-up trusts.
"""

import csv
import io
from pathlib import Path
from typing import Any

from nle_optimizer.errors import RunFolderError
from nle_optimizer.files import create_file
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from nle_optimizer.records import ColumnSpec, Kind
from nle_optimizer.scenario.columns import TABLES as SPECS
from nle_optimizer.scenario.document import SHEETS
from nle_optimizer.scenario.policies import POLICIES
from nle_optimizer.scenario.settings import FIT_MEASURES

SCENARIO = """\
# A small example to edit. Every school, trust and NLE in it is made up.
#   check it:  nle-optimizer validate scenario.yaml
#   run it:    nle-optimizer run scenario.yaml --out my-first-run
# Every setting has a default; `nle-optimizer schema` lists them all.
schema: 1
name: example
title: A small example
as_of: 2022-09-01                     # inspections, joins and waiting count up to this day

data:                                 # CSV or XLSX, paths from this file's folder
  schools: schools.csv
  nles: nles.csv
  trusts: trusts.csv
  # Your own column names? {file: schools.csv, columns: {school_id: URN, name: EstablishmentName}}

eligibility:
  policy: two-below-good-2022         # `nle-optimizer policies` lists them; or rules of your own

trust_first:                          # schools matched with a high-quality trust leave before any NLE is considered
  mode: optimise
  high_quality: {min_inspected: 5, min_share_good: 0.8}    # a declared proxy; yes or no in the trusts table beats it
  max_distance_km: 30

geography:
  max_distance_km: 60                 # in a straight line; an NLE's own limit counts too

suitability:
  phase: must                         # a primary school needs an NLE who knows primary schools
  faith: prefer                       # same faith is worth a little

objectives:
  # A kilometre costs 0.002 of fit: 50 km farther must buy a tenth more of the need met.
  - {blend: {fit: 1, distance_km: -0.002}}

overrides:                            # nle-optimizer run scenario.yaml --scenario nearer
  nearer: {geography.max_distance_km: 30}
  more-places: {capacity.multiply.placements: 1.5}

seed: 0                               # of the lottery that settles ties
"""

SCHOOLS = """\
school_id,name,easting,northing,region,local_authority,phase,faith,trust_id,trust_joined,latest_grade,latest_inspected,previous_grade,previous_inspected,arrived,need_leadership,need_governance,need_finance,need_source
E001,Example Ash Primary,430100,433900,Yorkshire and the Humber,Leeds,primary,,,,3,2022-03-08,3,2018-05-01,2022-05-02,high,medium,low,assessed
E002,Example Beech Primary,427400,435200,Yorkshire and the Humber,Leeds,primary,Church of England,,,4,2021-11-16,3,2017-09-19,2022-01-10,high,high,medium,assessed
E003,Example Cedar High,416300,432700,Yorkshire and the Humber,Bradford,secondary,,,,3,2022-01-25,4,2018-02-06,2022-03-14,medium,0.8,0.9,assessed
E004,Example Damson Primary,414800,434600,Yorkshire and the Humber,Bradford,primary,Roman Catholic,T2,2021-04-01,3,2021-10-05,3,2017-11-14,2021-12-01,0.6,0.4,none,assessed
E005,Example Elm Academy,407900,425300,Yorkshire and the Humber,Calderdale,all-through,,,,4,2022-05-17,4,2019-01-22,2022-07-04,high,high,high,assessed
E006,Example Fir Primary,433500,420700,Yorkshire and the Humber,Wakefield,primary,,,,3,2022-02-01,3,2018-10-09,2022-04-19,low,medium,high,assessed
E007,Example Gorse High,438600,421900,Yorkshire and the Humber,Wakefield,secondary,,,,2,2022-03-29,3,2018-06-12,2022-04-04,medium,low,low,assessed
E008,Example Hazel School,429900,431000,Yorkshire and the Humber,Leeds,special,,,,3,2021-12-07,3,2018-03-20,2022-02-14,0.7,0.2,0.5,assessed
E009,Example Iris Primary,455800,452300,Yorkshire and the Humber,York,primary,,,,3,2022-06-14,,,2022-07-11,medium,medium,medium,assessed
E010,Example Juniper Primary,500700,431200,Yorkshire and the Humber,"Kingston upon Hull, City of",primary,,,,4,2022-04-26,3,2018-07-03,2022-06-06,high,low,medium,assessed
E011,Example Kale High,448300,388500,Yorkshire and the Humber,Rotherham,secondary,,,,3,2021-09-28,3,2017-06-13,2021-11-08,high,medium,medium,assessed
E012,Example Lime Primary,432800,434800,Yorkshire and the Humber,Leeds,primary,,T1,2019-09-01,1,2022-03-15,2,2017-03-07,,,,,
"""

NLES = """\
nle_id,name,kind,status,home_school_id,home_grade,easting,northing,region,local_authority,trust_id,phases,faiths,expertise_leadership,expertise_governance,expertise_finance,placements,max_distance_km,governors_agreed
N1,Made-up NLE One (synthetic),NLE,available,E012,1,432800,434800,Yorkshire and the Humber,Leeds,T1,primary,,high,0.9,medium,2,40,yes
N2,Made-up NLE Two (synthetic),NLE,available,,2,418200,430300,Yorkshire and the Humber,Bradford,,secondary|all-through,,0.95,medium,high,1,60,yes
N3,Made-up NLE Three (synthetic),NLE,available,,1,441200,395400,Yorkshire and the Humber,Barnsley,,primary|secondary,Church of England,0.8,high,0.6,1,,yes
N4,Made-up NLE Four (synthetic),NLE,paused,,2,460200,451800,Yorkshire and the Humber,York,,primary,,high,high,high,2,80,yes
N5,Made-up NLE Five (synthetic),NLE,available,,1,428700,428200,Yorkshire and the Humber,Kirklees,,special|primary,,medium,0.7,0.9,1,50,yes
"""

TRUSTS = """\
trust_id,name,easting,northing,region,phases,faiths,inspected,share_good,high_quality,capacity
T1,Example Orchard Trust,432000,433000,Yorkshire and the Humber,primary,,8,0.875,,1
T2,Example Meadow Trust,415000,434000,Yorkshire and the Humber,primary|secondary,Roman Catholic,6,0.5,,2
"""

TABLES = {"schools": SCHOOLS, "nles": NLES, "trusts": TRUSTS}


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
    ("fit.measure", "need-met", "how fit is reckoned", list(FIT_MEASURES)),
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
