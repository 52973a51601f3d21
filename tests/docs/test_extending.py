"""The page on the house names files that are there, and what the pages on extending say is carried out on a copy.

- A ```python new=FILE block becomes that file, which must not be there yet.
- A ```python after=FILE block begins with a line that the file has once; the rest is put in after it.
- A ```python replace=FILE block begins with such a line too; the rest stands in its place.
- Each line of a ```sh block is run with the copy, all in one process, and must succeed.
"""

import json
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
FENCE = re.compile(r"^```(\w+)(?: (new|after|replace)=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MOST_FILES = 3
"""Files that an addition may touch, besides its second statement."""
SECOND_READING = "src/nle_optimizer/evidence/verification/"
IN_TURN = """
import json, sys
from nle_optimizer.cli.main import run_program
print(json.dumps([run_program(words) for words in json.loads(sys.argv[1])]))
"""
HOUSE = ROOT / "docs" / "explanation" / "architecture.md"


def test_every_file_and_folder_that_the_page_on_the_house_names_is_there() -> None:
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|(?:[a-z_]+/)+)`", HOUSE.read_text(encoding="utf-8"))
    places = ROOT, ROOT / "src" / "nle_optimizer", *(ROOT / "src" / "nle_optimizer").glob("*/")
    assert len(named) > 30
    assert [name for name in named if not any((place / name).exists() for place in places)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_on_extending_can_be_followed_to_the_letter(page: Path, tmp_path: Path) -> None:
    touched = _carry_out(page, tmp_path)
    assert 0 < len([name for name in touched if not name.startswith(SECOND_READING)]) <= MOST_FILES
    lines = _lines(page)
    codes, told = _run(lines, tmp_path)
    assert lines and codes == [0] * len(lines), told


@pytest.mark.parametrize(
    "page", [page for page in PAGES if SECOND_READING in page.read_text()], ids=lambda page: page.stem
)
def test_an_addition_that_is_not_stated_a_second_time_is_not_confirmed(page: Path, tmp_path: Path) -> None:
    _carry_out(page, tmp_path, leave_out=SECOND_READING)
    assert any(_run(_lines(page), tmp_path)[0])


def test_every_page_on_extending_is_named_where_people_look_for_it() -> None:
    for place in (ROOT / "README.md", HOUSE):
        text = place.read_text(encoding="utf-8")
        assert [page.name for page in PAGES if f"extend/{page.name})" not in text] == []


def _carry_out(page: Path, folder: Path, leave_out: str = "nothing") -> set[str]:
    """Do to a copy of the package what the page says, but to files whose path begins with `leave_out`; the files."""
    written = shutil.ignore_patterns("*.pyc.*")  # bytecode that another process is about to put in its place
    shutil.copytree(ROOT / "src", folder / "src", ignore=written)
    blocks = [(how, name, text) for _, how, name, text in FENCE.findall(page.read_text(encoding="utf-8")) if how]
    blocks = [block for block in blocks if not block[1].startswith(leave_out)]
    for how, name, text in blocks:
        file = folder / name
        if how == "new":
            assert not file.exists(), name
            file.write_text(text, encoding="utf-8")
            continue
        line, rest = text.split("\n", 1)
        before = file.read_text(encoding="utf-8")
        assert before.count(f"\n{line}\n") == 1, line
        kept = f"{line}\n" if how == "after" else ""
        file.write_text(before.replace(f"\n{line}\n", f"\n{kept}{rest}"), encoding="utf-8")
    return {name for _, name, _ in blocks}


def _lines(page: Path) -> list[str]:
    blocks = FENCE.findall(page.read_text(encoding="utf-8"))
    return [line for language, _, _, text in blocks if language == "sh" for line in text.splitlines()]


def _run(lines: list[str], folder: Path) -> tuple[list[int], str]:
    """The exit codes of the lines, one after the other, and all that they print."""
    programs, words = zip(*((program, rest) for program, *rest in map(shlex.split, lines)), strict=True)
    assert set(programs) == {"nle-optimizer"}
    done = subprocess.run(
        [sys.executable, "-c", IN_TURN, json.dumps(words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    return json.loads(done.stdout.splitlines()[-1]), told
