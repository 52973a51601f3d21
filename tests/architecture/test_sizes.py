"""Files and functions stay short, public things are described, and nothing big or local slips in."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from support.trees import nodes_of, tree_of

ROOT = Path(__file__).resolve().parents[2]
CODE = [file for room in ("src", "tests", "benchmarks", "docs") for file in sorted((ROOT / room).rglob("*.py"))]
SOURCE = [file for file in CODE if file.is_relative_to(ROOT / "src")]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
BIGGEST_FILE = 1_000_000
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def place(file: Path, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno} {node.name}"


def test_no_file_is_long() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in CODE}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_long() -> None:
    long = [
        place(file, node)
        for file in CODE
        for node in nodes_of(file)
        if isinstance(node, FUNCTIONS) and node.end_lineno and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_most_functions_are_short() -> None:
    lengths = sorted(
        node.end_lineno - node.lineno + 1
        for file in SOURCE
        for node in nodes_of(file)
        if isinstance(node, FUNCTIONS) and node.end_lineno
    )
    assert lengths[len(lengths) * 9 // 10] <= 25


def test_every_public_thing_is_described() -> None:
    missing = []
    for file in SOURCE:
        tree = tree_of(file)
        if ast.get_docstring(tree) is None:
            missing.append(str(file.relative_to(ROOT)))
        for node in tree.body:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
                missing += [] if ast.get_docstring(node) else [place(file, node)]
    assert missing == []


def tracked() -> list[Path]:
    """Every file of the project, where it is a git work tree."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git work tree")
    return [path for name in listed.splitlines() if (path := ROOT / name).is_file()]


def test_no_file_is_big() -> None:
    assert [path for path in tracked() if path.stat().st_size > BIGGEST_FILE] == []


def test_lock_files_name_no_index_and_no_machine() -> None:
    for name in ("run.txt", "dev.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert not re.search(
            r"://|^\s*-|find-links|index-url|trusted-host", re.sub(r"(?m)^ {4}--hash=\S+.*$", "", text)
        )


def test_every_locked_package_has_a_hash_and_both_locks_agree() -> None:
    run, dev = (_pins((ROOT / "requirements" / name).read_text(encoding="utf-8")) for name in ("run.txt", "dev.txt"))
    assert run and all(hashes for _, hashes in (*run.values(), *dev.values()))
    assert run.items() <= dev.items()
    assert "setuptools" in run


def _pins(text: str) -> dict[str, tuple[str, frozenset[str]]]:
    pins: dict[str, tuple[str, frozenset[str]]] = {}
    for entry in re.split(r"(?m)^(?=[a-z0-9])", text):
        if found := re.match(r"([a-z0-9._-]+)==(\S+)", entry):
            pins[found[1]] = found[2], frozenset(re.findall(r"--hash=(sha256:[0-9a-f]{64})", entry))
    return pins
