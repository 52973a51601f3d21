"""Identifiers are text, read in one spelling: no space around, no `.0` after a number, no full width, no long dash.

Each column where that changes a cell is a finding. Case and leading zeros count and are never changed. An identifier
that leads nowhere and differs in nothing else from one that there is, is told with both spellings: as an error where a
conflict of interest or an agreed pair hangs on it, else as a finding. In columns of identifiers, text, choices and
names a word that means nothing is a blank, in any case and with a finding. What a formula shows that failed is an
error in every column.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from nle_optimizer.errors import Finding, Place
from nle_optimizer.records import TEXT_KINDS, ColumnSpec, Kind

WORDS_FOR_NOTHING = (
    "NA",
    "N/A",
    "#N/A",
    "NULL",
    "-",
    "Not applicable",
    "Does not apply",
    "None",
    "TBC",
)
"""Words that fill a cell and mean nothing; compared without case, any dash for the hyphen."""

_NOTHING = frozenset(word.casefold() for word in WORDS_FOR_NOTHING)
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"), "-")
_FULL_WIDTH = {0xFF00 + n: chr(0x20 + n) for n in range(1, 0x5F)}
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u3000"), " ")
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
_PLAIN = {**_DASHES, **_FULL_WIDTH, **_SPACES, **_UNSEEN}
_POINT_ZERO = re.compile(r"(\d+)\.0+", re.ASCII)
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)", re.ASCII)
_EDGES = re.compile(r"^[\s\u200b\ufeff]+|[\s\u200b\ufeff]+$")
_FAULTS = "ref! div/0! value! name? num! null! spill! calc! field! blocked! unknown! connect! busy! python! error!"
_FAULT = re.compile(rf"#({'|'.join(map(re.escape, _FAULTS.split()))})|err:\d{{3}}", re.ASCII)
_WORDED = TEXT_KINDS | {Kind.NAMES}
_MOST_NAMED = 3


def normalise(text: str) -> str:
    """Text without space around it, in Unicode normal form C, so that equal names are equal strings."""
    text = text.strip()
    return text if text.isascii() else _EDGES.sub("", unicodedata.normalize("NFC", text))


def spelled(text: str) -> str:
    """An identifier in its one spelling; case and leading zeros stay."""
    text = in_plain_signs(normalise(text))
    found = _POINT_ZERO.fullmatch(text) if text.endswith("0") else None
    return found[1] if found else text


def in_plain_signs(text: str) -> str:
    """Text with digits, dashes and spaces of one kind each, and without signs that nobody sees."""
    return text if text.isascii() else normalise(text.translate(_PLAIN))


def nearly(identifier: str) -> str:
    """What is left of an identifier without case and leading zeros: equal for two that may be meant to be the same."""
    folded = identifier.casefold()
    return _LEADING_ZEROS.sub("", folded) if "0" in folded else folded


def means_nothing(text: str, spec: ColumnSpec) -> bool:
    """Whether a cell, already normalised, holds a word that means nothing in such a column, and so is a blank.

    In columns of numbers, of free text and of nobody's own no word means nothing.
    """
    if spec.kind not in _WORDED or spec.free_text:
        return False
    return is_word_for_nothing(text) and text.casefold() not in spec.choices


def is_word_for_nothing(text: str) -> bool:
    """Whether a text is one of the words that mean nothing."""
    return (text if text.isascii() else text.translate(_PLAIN)).casefold() in _NOTHING


def is_fault(text: str) -> bool:
    """Whether a cell, already normalised, holds what a spreadsheet shows where a formula failed."""
    return text[:1] in ("#", "E", "e") and _FAULT.fullmatch(text.casefold()) is not None


def read_otherwise(cells: Sequence[str], spec: ColumnSpec, rows: Sequence[int], source: str) -> list[Finding]:
    """A finding of the identifiers of a column that are read in another spelling, one of its words that mean nothing.

    Args:
        cells: the text as it stands, one a row.
        spec: what the column holds.
        rows: the row of the file each stands in.
        source: the file, as the reader is told.
    """
    if spec.kind not in _WORDED or spec.free_text:
        return []
    changed, words = {}, {}
    for cell in set(cells):
        if nothing := _words_for_nothing(cell, spec):
            words[cell] = ", ".join(nothing)
        elif spec.kind is Kind.IDENTIFIER and (plain := spelled(cell)) not in ("", unicodedata.normalize("NFC", cell)):
            changed[cell] = f'"{cell}" as {plain}'
    told = (
        (changed, "identifier-respelled", "1 identifier is", "identifiers are", "read in the plain spelling"),
        (
            words,
            "word-for-nothing",
            "1 cell with a word that means nothing is",
            "cells with words that mean nothing are",
            "read as blank",
        ),
    )
    return [
        Finding(
            Place(source),
            spec.name,
            f"{one if len(found) == 1 else f'{len(found)} {many}'} {so}",
            first_few(found),
            code=code,
        )
        for shown, code, one, many, so in told
        if shown and (found := [(row, shown[cell]) for row, cell in zip(rows, cells, strict=True) if cell in shown])
    ]


def _words_for_nothing(cell: str, spec: ColumnSpec) -> list[str]:
    words = map(normalise, cell.split("|") if spec.kind is Kind.NAMES else [cell])
    return [word for word in words if means_nothing(word, spec)]


def first_few(found: Iterable[tuple[int, str]]) -> str:
    """The first few things said, with the rows of each."""
    rows: dict[str, list[int]] = {}
    for row, said in found:
        rows.setdefault(said, []).append(row)
    shown = [f"{said} ({_rows(at)})" for said, at in list(rows.items())[:_MOST_NAMED]]
    more = len(rows) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _rows(rows: Sequence[int]) -> str:
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    return f"row{'s' * (len(rows) > 1)} {', '.join(map(str, rows[:_MOST_NAMED]))}{more}"
