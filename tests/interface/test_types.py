"""Somebody else's code that uses the package is checked by mypy against its types."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import nle_optimizer

SOURCE = Path(nle_optimizer.__file__).resolve().parents[1]
PROGRAM = """
from pathlib import Path
from typing import assert_type

from nle_optimizer import Result, Scenario, __version__, allocate, load_run, load_scenario, verify
from nle_optimizer.errors import InputError
from nle_optimizer.result import ResultTable


def shares(file: Path) -> dict[str, float]:
    scenario: Scenario = load_scenario({"base": str(file), "seed": 1}).replace({"geography.max_distance_km": 40})
    result: Result = allocate(scenario, progress=print)
    wrong: list[str] = verify(result)
    for row in result.allocation:
        wrong.append(row["school_id"])
    for level in result.objectives:
        wrong.append(str(level["value"]))
    assert_type(result.tables["allocation"], ResultTable)
    assert_type(load_run("runs/england").alternates.rows(), list[dict[str, str]])
    assert_type(__version__, str)
    return {name: float(value) for name, value in result.metrics.items()}


try:
    shares(Path("england.yaml"))
except InputError as error:
    print(error.problems[0].place)
allocate("england.yaml")
allocate(load_scenario("england.yaml"), brief=True)
"""
WRONG = [
    'Argument 1 to "allocate" has incompatible type "str"; expected "Scenario"',
    'Unexpected keyword argument "brief" for "allocate"',
]
"""What is wrong in it, in its last two lines."""


def test_code_from_outside_is_checked_strictly(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    if find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    assert (SOURCE / "nle_optimizer" / "py.typed").is_file()
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    cache = str(pytestconfig.cache.mkdir("mypy")) if pytestconfig.cache else os.devnull
    words = ["--strict", "--follow-imports=silent", "--config-file=", "--cache-dir", cache, "program.py"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *words],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = [
        line.partition(" error: ")[2].partition("  [")[0] for line in done.stdout.splitlines() if " error: " in line
    ]
    assert told == WRONG, done.stdout + done.stderr
