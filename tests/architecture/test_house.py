"""The house stays small enough to carry: how many files there are, and how many a run enters; one name, one meaning."""

import ast
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from support.trees import tree_of

SOURCE = Path(__file__).resolve().parents[2] / "src" / "nle_optimizer"
MOST_FILES = 277
"""As many as there are; the aim is 260. The second reading in SQL stands beside the one that it is to replace."""
MOST_ENTERED = 121
"""As many as there are; the aim is 100."""
TRACED = """
import sys, threading
entered = set()
def note(frame, event, _):
    file = frame.f_code.co_filename
    if event != "call" or file in entered or not file.startswith(SOURCE):
        return
    outer = frame
    while outer is not None:  # what runs while a module is imported is no step of the run
        if outer.f_code.co_name == "<module>" and outer.f_code.co_filename.startswith(SOURCE):
            return
        outer = outer.f_back
    entered.add(file)
from nle_optimizer.cli.main import run_program
SOURCE = sys.argv[1]
assert run_program(["init", "example"]) == 0
sys.setprofile(note)
threading.setprofile(note)
assert run_program(["run", "example/scenario.yaml", "--out", "run"]) == 0
sys.setprofile(None)
print("entered", len(entered))
"""


def test_there_are_no_more_files_than_there_were() -> None:
    assert len(list(SOURCE.rglob("*.py"))) <= MOST_FILES


def test_a_run_enters_no_more_of_our_files_than_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TRACED, str(SOURCE)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("entered ")]
    assert 50 < int(told.split()[1]) <= MOST_ENTERED


def test_no_class_name_stands_in_two_files() -> None:
    files = defaultdict(set)
    for file in SOURCE.rglob("*.py"):
        for node in tree_of(file).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                files[node.name].add(file.relative_to(SOURCE).as_posix())
    assert {name: found for name, found in files.items() if len(found) > 1} == {}
