"""England's extracts as files, and notes on what they hold.

Official files as they come: a header row found below any preamble, columns found by name. What reading turns up:
faults that stop the import, and oddities that are only counted.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from unicodedata import normalize

from nle_optimizer.delimited import read_rows, restore
from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.scenario.identifiers import is_word_for_nothing, spelled

SHOWN = 20
"""So many faults of one kind in one column are listed; the rest are counted."""


class Notes:
    """Collects every fault and oddity of an import, so that all are told at once.

    Attributes:
        suppressed: cells that hold a suppression code, by file name, column and code.
        unexpected: cells whose code is not known; they are read as blank.
        findings: sentences for the summary.
        refused: whether a file could not be read at all.
    """

    def __init__(self) -> None:
        self._problems: list[Fault] = []
        self._kinds: Counter[tuple[str, str, str]] = Counter()
        self.suppressed: Counter[tuple[str, str, str]] = Counter()
        self.unexpected: Counter[tuple[str, str, str]] = Counter()
        self.findings: list[str] = []
        self.refused = False

    def wrong(
        self,
        path: Path,
        row: int | None,
        column: str,
        what: str,
        got: str | None = None,
        hint: str | None = None,
    ) -> None:
        """Note a fault: it stops the import once everything has been read."""
        kind = (str(path), column, what)
        self._kinds[kind] += 1
        if self._kinds[kind] <= SHOWN:
            self._problems.append(Fault(Place(str(path), row=row), column, what, got, hint))

    def refuse(self, error: InputError) -> None:
        """Note that a file could not be read at all."""
        self.refused = True
        self._problems += error.problems

    def find(self, count: int, text: str) -> None:
        """Note a finding; `{n}` in the text becomes the count, and nothing is noted where that is 0."""
        if count:
            self.findings.append(text.replace("{n}", f"{count:,}"))

    def stop_if_wrong(self) -> None:
        """Raise everything that is wrong.

        Raises:
            InputError: there is at least one fault.
        """
        more = [
            Fault(Place(file), column, f"{what}: and in {count - SHOWN:,} more rows")
            for (file, column, what), count in self._kinds.items()
            if count > SHOWN
        ]
        if self._problems:
            raise InputError(self._problems + more)


PREAMBLE = 30
"""The header is looked for in so many rows."""
WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})

Names = Mapping[str, Sequence[str]]
"""Columns wanted: our name for each, and the headings it goes under."""


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A name without case, blanks and punctuation: 'St. Helens' and 'St Helens' are the same."""
    return re.sub(r"[\W_]+", "", normalize("NFKD", name.replace("&", "and"))).casefold()


@dataclass(frozen=True)
class Extract:
    """The rows of one file below its header.

    Attributes:
        path: where it was read.
        header: its headings.
        rows: cells, trimmed, as many as there are headings.
        numbers: the row of the file each of them stands in, counted from 1.
        places: which cell holds which wanted column.
    """

    path: Path
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int]
    places: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.rows)

    def __contains__(self, name: object) -> bool:
        return name in self.places

    def heading(self, name: str) -> str:
        """The heading under which the file has a wanted column."""
        return self.header[self.places[name]]

    def cells(self, name: str) -> list[str]:
        """The cells of a wanted column; blanks where the file does not have it."""
        place = self.places.get(name)
        return [""] * len(self) if place is None else [row[place] for row in self.rows]

    def identifiers(self, name: str, notes: Notes) -> list[str]:
        """The cells of a wanted column of identifiers in their one spelling; words that mean nothing are blanks."""
        cells = self.cells(name)
        plain = ["" if is_word_for_nothing(cell) else spelled(cell) for cell in cells]
        other = sum(was != now for was, now in zip(cells, plain, strict=True))
        heading = self.heading(name) if name in self else name
        text = f"{self.path.name}: {heading}: identifiers that are read in their plain spelling: {{n}}."
        notes.find(other, text)
        return plain


def read_extract(path: Path, names: Names, key: str, notes: Notes, required: Collection[str] = ()) -> Extract:
    """Read a CSV file whose header is the first row that holds the key column.

    Headings are compared without case and punctuation. A column of `required` that is missing is a fault,
    as is a row with more cells than headings or without a key.

    Raises:
        InputError: the file cannot be read, is a workbook, or has no header row.
    """
    if path.suffix.casefold() in WORKBOOKS:
        what = "workbooks are not read here"
        raise InputError([Fault(Place(str(path)), "", what, hint="save the sheet as CSV UTF-8")])
    table = [[restore(cell.strip()) for cell in row] for row in read_rows(path)]
    top = _header_row(path, table, names[key])
    header = table[top]
    places = _places(header, names)
    for name in required:
        if name not in places:
            hint = did_you_mean(names[name][0], header)
            notes.wrong(path, top + 1, names[name][0], "the column is missing", hint=hint)
    rows, numbers = _body(path, table, top, places[key], notes)
    extract = Extract(path, header, rows, numbers, places)
    for row, identifier in zip(rows, extract.identifiers(key, notes), strict=True):
        row[places[key]] = identifier
    return extract


def _header_row(path: Path, table: Sequence[Sequence[str]], headings: Sequence[str]) -> int:
    wanted = {fold(heading) for heading in headings}
    for number, row in enumerate(table[:PREAMBLE]):
        if any(fold(cell) in wanted for cell in row):
            return number
    what = f"no header row with a column {headings[0]} was found"
    first = next((row for row in table if any(row)), [])
    got = ", ".join(first[:6]) or "an empty file"
    raise InputError([Fault(Place(str(path)), headings[0], what, got, "check that this is the right file")])


def _places(header: Sequence[str], names: Names) -> dict[str, int]:
    folded: dict[str, int] = {}
    for place, heading in enumerate(header):
        folded.setdefault(fold(heading), place)
    places: dict[str, int] = {}
    for name, headings in names.items():
        found = next((folded[fold(heading)] for heading in headings if fold(heading) in folded), None)
        if found is not None:
            places[name] = found
    return places


def _body(
    path: Path, table: Sequence[list[str]], top: int, key: int, notes: Notes
) -> tuple[list[list[str]], list[int]]:
    width = len(table[top])
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, row in enumerate(table[top + 1 :], top + 2):
        if not any(row):
            continue
        if any(row[width:]):
            what = f"the row has {len(row)} cells, the header {width}"
            notes.wrong(path, number, "", what, hint="put quotation marks around cells with commas")
        cells = row[:width] + [""] * (width - len(row))
        if not cells[key] or is_word_for_nothing(cells[key]):
            notes.wrong(path, number, table[top][key], "the identifier is blank")
            continue
        rows.append(cells)
        numbers.append(number)
    return rows, numbers


def rows_by_key(extract: Extract, key: str, notes: Notes) -> dict[str, int]:
    """Which row holds which identifier; an identifier that stands twice is a fault."""
    found: dict[str, int] = {}
    for row, identifier in enumerate(extract.cells(key)):
        first = found.setdefault(identifier, row)
        if first != row:
            what = f"the identifier already stands in row {extract.numbers[first]}"
            notes.wrong(extract.path, extract.numbers[row], extract.heading(key), what, identifier)
    return found
