"""Questions about a run of the shipped national scenario: why, what it would take, what if; against one solve.

Every school that is left out is explained: obstacles, candidates with their prices and who would move, cures of each
kind. Beside it whole commands, started, finished and written, against `run`; `--quick` leaves these out.

    python benchmarks/questions.py [--quick]
"""

import csv
import subprocess
import sys
from contextlib import redirect_stdout
from os import devnull
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from measuring import print_table
from nle_optimizer.cli.main import run_program
from nle_optimizer.engines.engine import Stopping, engine_named
from nle_optimizer.studies.earlier_run import reopen
from nle_optimizer.studies.explaining.explain import every_left_out

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios" / "england" / "scenario.yaml"
TIMES = 7


def explained(run: Path) -> None:
    """Print what it takes to explain every school that is left out: the median of several turns, in solves."""
    reopened = reopen(run)
    problem, seed = reopened.outcome.problem, reopened.outcome.scenario.settings.seed
    turns, schools = [], 0
    for _ in range(TIMES):
        start = process_time()
        engine_named("network").solve(problem, seed, Stopping())
        solved = process_time()
        schools = len(every_left_out(reopened))
        turns.append((solved - start, process_time() - solved))
    solve, answer = (sorted(each)[TIMES // 2] for each in zip(*turns, strict=True))
    ratio = sorted(each / one for one, each in turns)[TIMES // 2]
    print_table(
        ["schools explained", "one solve, s", "all explained, s", "ratio", "allowed"],
        [[f"{schools:,}", f"{solve:.3f}", f"{answer:.3f}", f"**{ratio:.1f}**", 10]],
    )


def commands(run: Path, folder: Path) -> None:
    """Print what whole commands take, each in a process of its own."""
    with (run / "allocation.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    changes = folder / "changes.csv"
    changes.write_text(f"action,school_id,nle_id\nnle-withdraws,,{first['nle_id']}\n", encoding="utf-8")
    out = ["--out", str(folder / "out")]
    replan = ["replan", str(run), "--changes", str(changes), "--no-report", *out]
    words = {
        "run --no-report": ["run", str(SCENARIO), "--no-report", *out],
        "explain one school": ["explain", str(run), first["school_id"]],
        "explain --left-out": ["explain", str(run), "--left-out"],
        "marginal": ["marginal", str(run)],
        "replan, an NLE withdraws": replan,
        "the same, --max-moves 5": [*replan, "--max-moves", "5"],
        "frontier --between fit,distance": ["frontier", str(SCENARIO), "--between", "fit,distance", *out],
        "recruit --count 1": ["recruit", str(SCENARIO), "--count", "1", "--like", first["nle_id"], *out],
        "robustness --draws 5": ["robustness", str(run), "--draws", "5", *out],
    }
    rows = []
    for name, each in words.items():
        rmtree(folder / "out", ignore_errors=True)
        start = perf_counter()
        done = subprocess.run([sys.executable, "-m", "nle_optimizer", *each], capture_output=True, check=False)
        rows.append([name, f"{perf_counter() - start:.1f}" if done.returncode == 0 else f"exit {done.returncode}"])
    print_table(["command", "seconds"], rows)


def main(quick: bool = False) -> None:
    """Measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with Path(devnull).open("w") as nowhere, redirect_stdout(nowhere):
            assert run_program(["run", str(SCENARIO), "--out", str(folder / "run"), "--no-report"]) == 0
        explained(folder / "run")
        if not quick:
            commands(folder / "run", folder)


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
