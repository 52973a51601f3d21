"""What the scripts of a page read, taken out of it for tests."""

import json
import re
from pathlib import Path
from typing import Any


def data_of(page: Path) -> dict[str, Any]:
    """The JSON embedded in a page."""
    found = re.search(
        r'<script type="application/json" id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found
    return dict(json.loads(found[1]))


def cells(table: dict[str, Any], key: str) -> list[Any]:
    """A column of a table, unpacked."""
    column = table["data"][key]
    return column if isinstance(column, list) else [column["of"][n] for n in column["at"]]
