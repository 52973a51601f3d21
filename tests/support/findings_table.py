"""Prints every finding code with the tests that look for it: python tests/support/findings_table.py"""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


def looked_for() -> dict[str, list[str]]:
    """The tests that look for each finding code, as `folder/file.py::test`; those of a table of cases by its tests."""
    from nle_optimizer.catalogue.findings import FINDINGS

    found: dict[str, list[str]] = {code: [] for code in FINDINGS}
    for file in sorted(TESTS.rglob("test_*.py")):
        for code, test in _named(file, FINDINGS):
            if test not in found[code]:
                found[code].append(test)
    return found


def _named(file: Path, codes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    where = file.relative_to(TESTS).as_posix()
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    for node in tree.body:
        named = [code for code in codes if _has(node, code)]
        for test in _users(node, tests) if named else ():
            yield from ((code, f"{where}::{test.name}") for code in named)


def _has(node: ast.AST, code: str) -> bool:
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))
    return any(text.strip('"') == code for text in texts)


def _users(node: ast.stmt, tests: list[ast.FunctionDef]) -> list[ast.FunctionDef]:
    """The test itself; of a name that a file gives to cases or to a helper, the tests that use it."""
    if node in tests:
        return [test for test in tests if test is node]
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    named = {target.id for target in targets if isinstance(target, ast.Name)}
    names = {node.name} if isinstance(node, ast.FunctionDef) else named
    return [test for test in tests if names & {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}]


def table() -> str:
    """The table in Markdown."""
    rows = [f"| `{code}` | {', '.join(f'`{test}`' for test in tests)} |" for code, tests in looked_for().items()]
    return "\n".join(["| code | looked for by |", "|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
