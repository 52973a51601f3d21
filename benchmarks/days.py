"""Days of different lengths: the gap over time, against HiGHS and CP-SAT on the same instances.

    python benchmarks/days.py [--quick] [--seconds 120] [--only national]     (quick: ours alone)

Writes the curves to `days.csv` and `days.svg` in the folder given by `--out` (default: build/benchmarks).
Each solver runs in a process of its own; all of a row run one after another on the same machine.
"""

import csv
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import numpy as np

from day_instances import INSTANCES, made, published
from measuring import here, in_a_child, print_table
from nle_optimizer.model.problem import Problem
from plotting import svg

Curve = list[tuple[float, int, int]]
"""Seconds, value, bound."""

OURS_SECONDS = {name: 40 if name.startswith("sparse") else 60 for name in INSTANCES}
"""Sparse ones are to be proved within 15 s; what takes longer is shown with its time."""


def ours(problem: Problem, seconds: float) -> dict[str, Any]:
    """The decomposition engine; the last level counts."""
    from nle_optimizer.engines.decomposition.engine import DecompositionEngine
    from nle_optimizer.engines.engine import Stopping

    curve: Curve = []
    start = time.monotonic()
    engine = DecompositionEngine(watch=lambda at, value, bound: curve.append((at, value, bound)))
    solution = engine.solve(problem, 1, Stopping(deadline=start + seconds))
    last = solution.levels[-1]
    curve.append((time.monotonic() - start, last.value, last.bound))
    return {"curve": curve, "status": "proved" if last.proved else solution.stopped, "proof": last.proof}


def highs(problem: Problem, seconds: float) -> dict[str, Any]:
    """HiGHS' integer programme by pairs, two threads."""
    import highspy

    pairs, recipients, nles = problem.size, len(problem.recipient_ids), len(problem.nle_ids)
    program = highspy.Highs()
    program.silent()
    program.setOptionValue("time_limit", seconds)
    program.setOptionValue("threads", 2)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = pairs, recipients + nles
    model.col_cost_ = -problem.levels[-1].amounts.astype(float)
    model.col_lower_, model.col_upper_ = np.zeros(pairs), np.ones(pairs)
    model.row_lower_ = np.full(recipients + nles, -highspy.kHighsInf)
    model.row_upper_ = np.concatenate([problem.supporters, problem.resources[0].capacity / 1e6])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = 2 * np.arange(pairs + 1)
    model.a_matrix_.index_ = np.stack([problem.recipient, recipients + problem.nle], axis=1).ravel()
    model.a_matrix_.value_ = np.stack([np.ones(pairs), problem.resources[0].use / 1e6], axis=1).ravel()
    model.integrality_ = [highspy.HighsVarType.kInteger] * pairs
    program.passModel(model)
    curve: Curve = []
    start = time.monotonic()

    def better(event: Any) -> None:
        found = event.data_out
        curve.append((time.monotonic() - start, int(-found.objective_function_value), _whole(-found.mip_dual_bound)))

    program.cbMipImprovingSolution.subscribe(better)
    program.run()
    info = program.getInfo()
    curve.append((time.monotonic() - start, int(-info.objective_function_value), _whole(-info.mip_dual_bound)))
    return {"curve": curve, "status": program.modelStatusToString(program.getModelStatus())}


def cp_sat(problem: Problem, seconds: float) -> dict[str, Any]:
    """The CP-SAT model by pairs, two workers."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in range(problem.size)]
    for pairs in _grouped(problem.recipient, len(problem.recipient_ids)):
        model.add_at_most_one(chosen[n] for n in pairs)
    for nle, pairs in enumerate(_grouped(problem.nle, len(problem.nle_ids))):
        days = problem.resources[0].use[pairs].tolist()
        model.add(
            cp_model.LinearExpr.weighted_sum([chosen[n] for n in pairs], days)
            <= int(problem.resources[0].capacity[nle])
        )
    model.maximize(cp_model.LinearExpr.weighted_sum(chosen, problem.levels[-1].amounts.tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = seconds, 2
    curve: Curve = []
    start = time.monotonic()

    class Watcher(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            curve.append((time.monotonic() - start, int(self.objective_value), _whole(self.best_objective_bound)))

    status = solver.solve(model, Watcher())
    curve.append((time.monotonic() - start, int(solver.objective_value), _whole(solver.best_objective_bound)))
    return {"curve": curve, "status": solver.status_name(status)}


def _whole(bound: float) -> int:
    return int(min(bound, 2**60))


def _grouped(of: np.ndarray, count: int) -> list[list[int]]:
    order = np.argsort(of, kind="stable")
    return [group.tolist() for group in np.split(order, np.searchsorted(of[order], np.arange(1, count)))]


SOLVERS = {"decomposition": ours, "HiGHS": highs, "CP-SAT": cp_sat}


def gap(point: tuple[float, int, int]) -> float:
    """The gap in per cent of the bound."""
    return 100 * (point[2] - point[1]) / max(1, abs(point[2]))


def measure(words: Namespace) -> list[dict[str, Any]]:
    """Every instance by every solver, each in a process of its own."""
    results = []
    for name in INSTANCES:
        if words.only and not name.startswith(words.only):
            continue
        for solver in ["decomposition"] if words.quick else SOLVERS:
            seconds = OURS_SECONDS[name] if solver == "decomposition" else words.seconds
            done = in_a_child(here("days.py"), "--solve", solver, name, str(seconds))
            results.append({"instance": name, "solver": solver, **done})
    return results


def show(results: list[dict[str, Any]]) -> None:
    """A table of the gaps at 10 s, 30 s, 60 s and at the end."""
    rows = []
    for result in results:
        if "curve" not in result:
            rows.append([result["instance"], result["solver"], "", "", "", "", "", result["failed"]])
            continue
        curve = result["curve"]
        at = [min((gap(point) for point in curve if point[0] <= second + 1), default=None) for second in (10, 30, 60)]
        shown = ["" if value is None else f"{value:.3f}" for value in (*at, gap(curve[-1]))]
        status = " ".join(filter(None, (result["status"], result.get("proof"))))
        rows.append([result["instance"], result["solver"], result["pairs"], *shown, f"{curve[-1][0]:.1f}", status])
    heads = ["instance", "solver", "pairs", "gap % at 10 s", "30 s", "60 s", "at the end", "seconds", "ended"]
    print_table(heads, rows)


def save(results: list[dict[str, Any]], folder: Path) -> None:
    """The curves as a table and as a picture for each instance."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "days.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["instance", "solver", "seconds", "value", "bound", "gap_percent"])
        for result in results:
            for point in result.get("curve", []):
                writer.writerow(
                    [result["instance"], result["solver"], f"{point[0]:.2f}", *point[1:], f"{gap(point):.4f}"]
                )
    for name in dict.fromkeys(result["instance"] for result in results):
        curves = {
            result["solver"]: [(point[0], gap(point)) for point in result["curve"]]
            for result in results
            if result["instance"] == name and "curve" in result
        }
        (folder / f"days-{name}.svg").write_text(svg(f"{name}: gap in % over seconds", curves))


def known_answers() -> None:
    """The published instances: value, bound and whose word it is."""
    from nle_optimizer.engines.decomposition.engine import DecompositionEngine
    from nle_optimizer.engines.engine import Stopping

    rows = []
    for name, sense, optimum, problem, restored in published():
        start = time.monotonic()
        last = DecompositionEngine().solve(problem, 1, Stopping()).levels[-1]
        seconds = time.monotonic() - start
        rows.append([name, sense, optimum, restored(last.value), restored(last.bound), last.proof, f"{seconds:.2f}"])
    print_table(["instance", "sense", "published", "value", "bound", "proof", "seconds"], rows)


def main(words: Namespace) -> None:
    """Measure, print and save."""
    results = measure(words)
    show(results)
    save(results, words.out)
    if not words.only:
        known_answers()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--solve"]:
        problem = made(sys.argv[3])
        print(json.dumps({"pairs": problem.size, **SOLVERS[sys.argv[2]](problem, float(sys.argv[4]))}))
    else:
        parser = ArgumentParser()
        parser.add_argument("--quick", action="store_true")
        parser.add_argument("--seconds", type=float, default=120)
        parser.add_argument("--only", default="")
        parser.add_argument("--out", type=Path, default=Path("build/benchmarks"))
        main(parser.parse_args())
