"""Templates, styles and scripts put together into one file that needs nothing else."""

import base64
import hashlib
import json
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from nle_optimizer.errors import UNSEEN, visible, visible_in
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
