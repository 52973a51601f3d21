"""Every example in the README and the docs is run, and prints what the page says it prints.

A page is read from top to bottom in one empty folder. In it:

- ```console blocks hold `$ nle-optimizer ...`, `$ cat FILE`, `$ ls FOLDER` and `$ echo $?`, each followed by what it
  prints; a line of three dots stands for any lines, three dots within a line for anything there.
- ```yaml title=FILE and ```csv title=FILE blocks are written to that file first. A yaml block without a title is
  a part of a scenario and must be valid on top of the least one.
- ```python blocks are run, one after the other.
"""

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from nle_optimizer.cli.main import run_program
from nle_optimizer.scenario.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
EXTRACTS = ROOT.parent / "shared" / "data" / "england"
NAMES = {
    "gias.csv": "gias_extract.csv",
    "ofsted.csv": "ofsted_inspections_2020-02.csv",
    "trust_links.csv": "trust_links_2022-07.csv",
    "finance.csv": "finance_2017-18.csv",
    "urn_links.csv": "urn_links_2025-04.csv",
}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEAST = {"schema": 1, "name": "least", "data": {"schools": "schools.csv", "nles": "nles.csv"}}
SHELL = {"sh", "bat", "powershell"}
SHOWN = {"text", "json"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    line: int
    language: str
    title: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(text):
        yield Block(text.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_examples_of_a_page_do_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = list(blocks(page))
    if any("gias.csv" in block.text and block.language == "console" for block in examples):
        if not EXTRACTS.is_dir():
            pytest.skip("the official extracts are not beside the project")
        for name, source in NAMES.items():
            (tmp_path / name).symlink_to(EXTRACTS / source)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in examples:
        where = f"{name_of(page)}:{block.line}"
        if block.title:
            Path(block.title).parent.mkdir(parents=True, exist_ok=True)
            Path(block.title).write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            _run_console(block.text, where)
        elif block.language == "python":
            exec(compile(block.text, where, "exec"), names)
        elif block.language == "yaml":
            _check_part(block.text, where)
        else:
            assert block.language in SHELL | SHOWN, f"{where}: a block of {block.language}, which nothing checks"


def _run_console(text: str, where: str) -> None:
    code = 0
    for command, expected in _commands(text):
        if command == "echo $?":
            assert expected == [str(code)], f"{where}: the exit code is {code}"
            code = 0
            continue
        assert code == 0, f"{where}: a command failed with {code} and the page does not say so"
        printed, code = _run(command)
        assert _agrees(expected, printed), f"{where}: $ {command}\nprints:\n{printed}\nnot:\n" + "\n".join(expected)
    assert code == 0, f"{where}: the last command failed with {code}"


def _commands(text: str) -> list[tuple[str, list[str]]]:
    commands: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            commands.append((line[2:].strip(), []))
        else:
            commands[-1][1].append(line.rstrip())
    return commands


def _run(command: str) -> tuple[str, int]:
    program, *words = shlex.split(command)
    if program == "cat":
        return Path(words[0]).read_text(encoding="utf-8"), 0
    if program == "ls":
        return "\n".join(sorted(path.name for path in Path(words[0]).iterdir())), 0
    assert program == "nle-optimizer", f"the tests cannot run {program}"
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = run_program(words)
    return output.getvalue(), code


def _agrees(expected: list[str], printed: str) -> bool:
    if not expected:
        return True
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else _pattern(line) + r"[ ]*\n" for line in expected)
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


def _pattern(line: str) -> str:
    return ".*?".join(re.escape(part) for part in line.split("..."))


def _check_part(text: str, where: str) -> None:
    part = YAML(typ="safe").load(text)
    assert isinstance(part, dict), f"{where}: no mapping"
    for key in ("overrides", "scenarios", "base"):
        part.pop(key, None)
    Settings.model_validate({**LEAST, **part})


LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    links = [found[1] for found in LINK.finditer(text) if "://" not in found[1]]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_is_reachable_from_the_readme(page: Path) -> None:
    assert page in _reachable(ROOT / "README.md", set())


def _reachable(page: Path, seen: set[Path]) -> set[Path]:
    if page in seen:
        return seen
    seen.add(page)
    for found in LINK.finditer(page.read_text(encoding="utf-8")):
        target = (page.parent / found[1]).resolve()
        if "://" not in found[1] and target.suffix == ".md" and target.is_file():
            _reachable(target, seen)
    return seen
