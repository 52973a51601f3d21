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
from datetime import date
from pathlib import Path
from typing import Any, assert_type

import pandas as pd  # type: ignore[import-untyped]

from nle_optimizer import Result, Scenario, __version__, allocate, load_run, load_scenario, verify
from nle_optimizer import benchmark, compare, explain, frontier, generate, import_england, marginal, recruit, replan
from nle_optimizer import report, run, sweep
from nle_optimizer.errors import InputError
from nle_optimizer.tables import ResultTable


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


def questions(file: Path, scenario: Scenario, frame: pd.DataFrame) -> None:
    made = run(file, choose=["near"], sets=["seed=1"], rule="optimal", time_limit=2.5, workers=1, progress=print)
    plan: Result = made
    folder: Path = made.write("runs/a", report=False, boundaries=Path("b.geojson"), inputs=True, force=True)
    told = explain(plan, "S1", "N1", time_limit=1)
    assert_type(told.text, str)
    rows: list[dict[str, str]] = explain(folder, left_out=True).tables["left_out"].rows()
    values = marginal(made, by="region", time_limit=1, progress=print)
    assert_type(values.to_pandas(), pd.DataFrame)
    written: Path = values.write("marginal.csv", force=True)
    swept = sweep(file, grid={"seed": [1, 2]}, zipped={}, table=frame, seeds=2, workers=0, out="s", report=False)
    statuses: dict[str, int] = swept.statuses
    curve = frontier({"base": str(file)}, between=("fit", "distance"), points=9)
    curve.write("curve", force=True)
    recruits = recruit(scenario, count=2, places=frame, like="N1", searches=9)
    assert_type(recruits.is_exact, bool)
    again = replan(folder, changes=frame, scenario=scenario, sets=["seed=2"], by="us", max_moves=1, fill_from="g.csv")
    assert_type(again.moves, ResultTable)
    again.write(folder / "again")
    changed: dict[str, Any] = compare(made, "runs/b").document()
    rules = benchmark([file, scenario], rules=["greedy"], draws=2, properties=True, time_limit=1)
    assert_type(rules.tables["benchmark"], ResultTable)
    files = report(folder, share="copy", names=True, images=True, record=True).files
    england = import_england("gias.csv", ofsted=Path("o.csv"), regions=["London"], as_of=date(2022, 9, 1))
    place: Path = england.write("england")
    synthetic = generate(300, nles=20, seed=1, keep_others=0.5)
    load_scenario(synthetic.write("synthetic"), schools=england.tables["schools"].to_pandas())
    print(rows, written, statuses, changed, files, place)


try:
    shares(Path("england.yaml"))
except InputError as error:
    print(error.problems[0].place)
allocate("england.yaml")
allocate(load_scenario("england.yaml"), brief=True)
marginal("runs/a", by="phase")
run("england.yaml", listener=print)
"""
WRONG = [
    'Argument 1 to "allocate" has incompatible type "str"; expected "Scenario"',
    'Unexpected keyword argument "brief" for "allocate"',
    'Argument "by" to "marginal" has incompatible type "Literal[\'phase\']"; expected '
    "\"Literal['nle', 'region', 'local_authority', 'school', 'budget']\"",
    'Unexpected keyword argument "listener" for "run"',
]
"""What is wrong in it, in its last lines."""


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
