"""A part of a benchmark in a process of its own, and tables in Markdown."""

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MEBIBYTE = 1024


def peak_mebibytes() -> float:
    """The most memory this process has had so far; what stood before the work is part of it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE


def in_a_child(script: str, *words: str) -> dict[str, Any]:
    """Run a script with words, and read the JSON document on the last line that it prints."""
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": f"exit {done.returncode}: {done.stderr.strip()[-300:]}"}
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def here(name: str) -> str:
    """A script of this folder."""
    return str(Path(__file__).parent / name)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows as Markdown."""
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)
