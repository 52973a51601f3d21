"""Tables for the scripts of a page: columns of numbers or text, packed so that a national run stays small."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "number", "school", "nle", "ids"]
LONGEST_NUMBER = 15


@dataclass(frozen=True)
class Column:
    """A column of a table on a page.

    Attributes:
        key: its name for the scripts.
        label: its heading.
        cells: its text; of a `number`, numerals or blanks.
        kind: how it is shown: `school` and `nle` hold names, and lead to the map by the column `KIND_id`; `ids` is text
            in which identifiers stand, shown as names.
        digits: decimal places of a number.
        is_hidden: whether it only serves links, filters and the entry of a school.
        is_further: whether it is shown only when all columns are asked for.
    """

    key: str
    label: str
    cells: Sequence[str]
    kind: Kind = "text"
    digits: int = 0
    is_hidden: bool = False
    is_further: bool = False


def distance_column(is_banded: bool, cells: Sequence[str], key: str, label: str) -> Column:
    """Kilometres; of a shared copy the bands in which they lie."""
    return Column(key, "Distance", cells) if is_banded else Column(key, label, cells, "number", 1)


def change_column(key: str, label: str, cells: Sequence[str]) -> Column:
    """Changes of an aim: whole where all of them are, as where it counts."""
    is_whole = all(not cell or float(cell).is_integer() for cell in cells)
    return Column(key, label, cells, "number", 0 if is_whole else 3)


def packed_table(name: str, caption: str, columns: Iterable[Column], empty: str) -> dict[str, Any]:
    """A table as JSON; visible columns without any content are left out. `empty` is said where it has no rows."""
    shown = [column for column in columns if any(column.cells) or column.is_hidden]
    return {
        "name": name,
        "caption": caption,
        "empty": empty,
        "size": len(shown[0].cells) if shown else 0,
        "columns": [
            {
                "key": column.key,
                "label": column.label,
                "kind": column.kind,
                "digits": column.digits,
                **({"further": True} if column.is_further else {}),
            }
            for column in shown
            if not column.is_hidden
        ],
        "data": {column.key: _packed(column) for column in shown},
    }


def _packed(column: Column) -> Any:
    if column.kind == "number":
        return [number_of(cell) for cell in column.cells]
    return packed_text(column.cells)


def packed_text(cells: Sequence[str]) -> Any:
    """Text as it is, or as distinct entries with the place of each row's entry, where that is shorter."""
    distinct = list(dict.fromkeys(cells))
    if len(distinct) * 2 > len(cells):
        return list(cells)
    places = {text: n for n, text in enumerate(distinct)}
    return {"of": distinct, "at": [places[cell] for cell in cells]}


def number_of(cell: str) -> float | int | str | None:
    """A number; None where blank, and text that is no number as it is."""
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        return cell
    if value != value or value in (float("inf"), float("-inf")):
        return cell
    return int(value) if value.is_integer() and len(cell) < LONGEST_NUMBER else value
