"""The page on the house names files that are there, and what the pages on extending say is carried out on a copy.

- A ```python new=FILE block becomes that file, which must not be there yet.
- A ```python after=FILE block begins with a line that the file has once; the rest is put in after it.
- Each line of a ```sh block is run with the copy, and must succeed.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "extend").glob("*.md"))
FENCE = re.compile(r"^```(\w+)(?: (new|after)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_FILES = 3
HOUSE = ROOT / "docs" / "explanation" / "architecture.md"


def test_every_file_and_folder_that_the_page_on_the_house_names_is_there() -> None:
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|(?:[a-z_]+/)+)`", HOUSE.read_text(encoding="utf-8"))
    places = ROOT, ROOT / "src" / "nle_optimizer", *(ROOT / "src" / "nle_optimizer").glob("*/")
    assert len(named) > 30
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_extending_can_be_followed_to_the_letter(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    touched, run = set(), 0
    for _, how, name, text in FENCE.findall(page.read_text(encoding="utf-8")):
        file = tmp_path / name
        if how == "new":
            assert not file.exists(), name
            file.write_text(text, encoding="utf-8")
        elif how == "after":
            line, rest = text.split("\n", 1)
            before = file.read_text(encoding="utf-8")
            assert before.count(f"\n{line}\n") == 1, line
            file.write_text(before.replace(f"\n{line}\n", f"\n{line}\n{rest}"), encoding="utf-8")
        touched |= {name} if how else set()
    assert 0 < len(touched) <= MOST_FILES
    for language, _, _, text in FENCE.findall(page.read_text(encoding="utf-8")):
        for line in text.splitlines() if language == "sh" else ():
            program, *words = shlex.split(line)
            assert program == "nle-optimizer"
            done = subprocess.run(
                [sys.executable, "-m", "nle_optimizer", *words],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            run += 1
    assert run
