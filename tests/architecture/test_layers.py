"""Imports run downwards only, and verification stands on its own."""

import ast
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

from support.trees import nodes_of

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "nle_optimizer"
PACKAGE = "nle_optimizer"
VERIFICATION = f"{PACKAGE}.evidence.verification"
FORBIDDEN_TO_VERIFICATION = {
    f"{PACKAGE}.{room}"
    for room in ("cli", "studies", "reports", "allocate", "result", "rules", "engines", "model", "stages", "sources")
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(PACKAGE, include_external_packages=True, cache_dir=None)


def test_the_contracts_of_the_layers_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True)
    assert code == 0, capsys.readouterr().out


def test_only_engines_import_a_solver(graph: grimp.ImportGraph) -> None:
    importers = {name for solver in ("ortools",) for name in graph.find_modules_that_directly_import(solver)}
    assert importers
    assert {name for name in importers if not name.startswith(f"{PACKAGE}.engines.")} == set()


def test_verification_reaches_nothing_that_built_or_solved_the_model(graph: grimp.ImportGraph) -> None:
    reached = _reached(graph, VERIFICATION)
    forbidden = {name for name in reached for root in FORBIDDEN_TO_VERIFICATION if (name + ".").startswith(root + ".")}
    assert forbidden == set()


def test_verification_reaches_no_other_evidence_but_the_claim(graph: grimp.ImportGraph) -> None:
    evidence = {name for name in _reached(graph, VERIFICATION) if name.startswith(f"{PACKAGE}.evidence.")}
    others = {name for name in evidence if not (name + ".").startswith(VERIFICATION + ".")}
    assert others <= {f"{PACKAGE}.evidence.claim"}


def _reached(graph: grimp.ImportGraph, module: str) -> set[str]:
    return set(graph.find_upstream_modules(module, as_package=True))


def test_no_import_runs_in_a_circle(graph: grimp.ImportGraph) -> None:
    ours = {name for name in graph.modules if name.startswith(PACKAGE) and name != PACKAGE}
    circles = {name for name in ours if name in graph.find_upstream_modules(name)}
    assert circles == set()


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], ["import", "england", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\nfrom nle_optimizer.cli.main import run_program\n"
        f"code = run_program({words!r})\n"
        "heavy = {'numpy', 'ortools', 'pydantic', 'scipy', 'openpyxl', 'ruamel', 'pandas'} & set(sys.modules)\n"
        "sys.exit(code or ' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, nle_optimizer\nsys.exit(' '.join({'numpy', 'ortools', 'pydantic'} & set(sys.modules)) or 0)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.strip() == ""


def test_public_names_stay_what_they_are_whatever_was_imported_before() -> None:
    program = (
        "import nle_optimizer, nle_optimizer.running, nle_optimizer.reports.run_folder\n"
        "assert all(callable(getattr(nle_optimizer, name)) for name in nle_optimizer.__all__)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_no_module_named_after_nothing() -> None:
    assert [file for file in SOURCE.rglob("*.py") if file.stem in ("utils", "helpers", "common", "misc")] == []


def test_no_bare_except_and_no_print() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted(SOURCE.rglob("*.py"))
        for node in nodes_of(file)
        if (isinstance(node, ast.ExceptHandler) and node.type is None)
        or (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print")
    ]
    assert wrong == []
