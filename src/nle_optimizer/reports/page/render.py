"""Pages from templates: tables and the pages of studies.

Templates, styles and scripts put together into one file that needs nothing else. Tables for the scripts of a page:
columns of numbers or text, packed so that a national run stays small. The page of a study of many runs: what was
asked, what came of it in a few sentences, charts, tables, a map.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from nle_optimizer.errors import UNSEEN, visible, visible_in
from nle_optimizer.reports.charts import Chart, drawings
from nle_optimizer.reports.words import aim_in_words, amount_of_level, limit_in_words

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
ASSETS = Path(__file__).parent / "assets"
_ESCAPED = re.compile(r"\\[bfru]")
"""How JSON writes what is not seen."""


def render(template: str, scripts: tuple[str, ...], data: Any, **values: Any) -> bytes:
    """A page.

    Args:
        template: the name of a file in `assets`.
        scripts: names of files in `assets`, in the order in which they run.
        data: what the scripts read, as JSON.
        values: what the template shows.
    """
    script = '"use strict";\n' + "\n".join(_asset(name) for name in scripts)
    text = (
        _environment()
        .get_template(template)
        .render(
            style=_asset("page.css"),
            script=script,
            script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=_embedded(data),
            **values,
        )
    )
    return visible(text).encode()


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """JSON that no reader of HTML takes for anything but text."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if UNSEEN.search(text) or _ESCAPED.search(text):
        text = json.dumps(visible_in(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": _count, "decimal": _decimal, "percent": _percent, "day": _day, "within": _within}
    environment.filters |= {"aim": aim_in_words, "reached": amount_of_level, "limit": limit_in_words, "amount": _amount}
    return environment


def _day(day: Any) -> str:
    """A day as people write it: 1 September 2022."""
    try:
        read = date.fromisoformat(str(day))
    except ValueError:
        return str(day)
    return f"{read.day} {MONTHS[read.month - 1]} {read.year}"


def _within(phrase: str) -> str:
    """A phrase as it stands within a sentence."""
    return phrase if phrase[1:2].isupper() else phrase[:1].lower() + phrase[1:]


def _count(value: Any) -> str:
    return "–" if value is None else f"{value:,}"


def _decimal(value: Any, places: int = 1) -> str:
    return "–" if value is None else value if isinstance(value, str) else f"{value:,.{places}f}"


def _amount(value: Any) -> str:
    """A number with as many decimal places as it has, up to three."""
    return "–" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")


def _percent(value: Any, places: int = 0) -> str:
    return "–" if value is None else f"{value:.{places}%}"


Kind = Literal["text", "number", "school", "nle", "ids"]
LONGEST_NUMBER = 15


@dataclass(frozen=True)
class PageColumn:
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


def distance_column(is_banded: bool, cells: Sequence[str], key: str, label: str) -> PageColumn:
    """Kilometres; of a shared copy the bands in which they lie."""
    return PageColumn(key, "Distance", cells) if is_banded else PageColumn(key, label, cells, "number", 1)


def change_column(key: str, label: str, cells: Sequence[str]) -> PageColumn:
    """Changes of an aim: whole where all of them are, as where it counts."""
    is_whole = all(not cell or float(cell).is_integer() for cell in cells)
    return PageColumn(key, label, cells, "number", 0 if is_whole else 3)


def packed_table(name: str, caption: str, columns: Iterable[PageColumn], empty: str) -> dict[str, Any]:
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


def _packed(column: PageColumn) -> Any:
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


SCRIPTS = ("read.js", "table.js", "study.js")
WITH_MAP = ("read.js", "table.js", "filters.js", "projection.js", "map.js", "key.js", "entry.js", "moves.js")


def study_page(
    title: str,
    kind: str,
    *,
    sentences: Sequence[str],
    charts: Sequence[Chart] = (),
    tables: Sequence[Mapping[str, Any]] = (),
    cautions: Sequence[str] = (),
    moves: Mapping[str, Any] | None = None,
) -> bytes:
    """The page of a study.

    Args:
        title: of what was studied.
        kind: of study, as it stands above the title.
        sentences: the answer in words, the most important first.
        charts: what answers the question, in order.
        tables: as `packed_table` makes them.
        cautions: what the figures cannot bear.
        moves: the map of moves, as `moves.js` reads it; None where there is none.
    """
    data = {"tables": {table["name"]: table for table in tables}, **({"map": moves} if moves else {})}
    return render(
        "study.html",
        WITH_MAP if moves else SCRIPTS,
        data,
        title=title,
        kind=kind,
        sentences=sentences,
        cautions=cautions,
        charts=charts,
        drawings=drawings(charts),
        tables=tables,
        has_map=moves is not None,
    )
