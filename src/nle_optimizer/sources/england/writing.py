"""How an import folder is known, and what an import wrote into it."""

import json
from pathlib import Path

from nle_optimizer.folders import Signature

MARK = "import.json"
"""The file by which an import folder is known; it lists the files the import wrote."""


def _ours(folder: Path) -> set[str]:
    try:
        files = json.loads((folder / MARK).read_text(encoding="utf-8"))["files"]
    except (ValueError, KeyError, TypeError):
        files = []
    return {MARK, *files}


IMPORT_FOLDER = Signature(MARK, _ours)
