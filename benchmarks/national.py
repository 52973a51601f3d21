"""From loaded records to a verified allocation, against a bare min-cost flow of the same pairs.

24,000 schools, 2,000 NLEs, 3 to 4 million candidate pairs. Each measure runs in a process of its own: first ours,
then the memory is read, then the bare solver runs in the same process. Beside it stands the same instance as a
linear program (HiGHS) and as a CP-SAT model, with a time limit.

    python benchmarks/national.py [--quick]     (quick: without HiGHS and CP-SAT)
"""

import json
import sys
from itertools import pairwise
from time import perf_counter, process_time
from typing import Any

import numpy as np

from instances import instance, limit_for
from measuring import here, in_a_child, peak_mebibytes, print_table
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import Candidates, find_candidates

SCHOOLS, NLES, PAIRS = 24_000, 2_000, 3_500_000
SECONDS = 60
OBJECTIVES: dict[str, list[Any]] = {
    "fit": ["fit"],
    "fit, then distance": ["fit", "distance"],
    "blend of fit and distance": [{"blend": {"fit": 1, "distance_km": -0.002}}],
}
ALLOWED = {"need-met": 3, "weighted-expertise": 4}


def made(measure: str, objectives: str) -> Scenario:
    """The instance."""
    limit = limit_for(PAIRS, SCHOOLS, NLES)
    return instance(SCHOOLS, NLES, limit, measure=measure, objectives=OBJECTIVES[objectives])


def ours(scenario: Scenario) -> dict[str, Any]:
    """Time and memory from loaded records to a verified allocation, certificate and tie-break included."""
    from nle_optimizer import allocate
    from nle_optimizer.evidence.verification.checker import check_claim

    before = peak_mebibytes()
    marks: list[tuple[str, float]] = []
    start, worked = perf_counter(), process_time()
    result = allocate(scenario, progress=lambda step: marks.append((step, perf_counter())))
    marks.append(("verifying", perf_counter()))
    wrong = check_claim(scenario, result.claim)
    marks.append(("end", perf_counter()))
    worked = process_time() - worked
    assert not wrong, wrong[:3]
    assert result.status == "optimal"
    steps = {name: later - at for (name, at), (_, later) in pairwise(marks)}
    summary = result.claim.summary
    return {
        "seconds": marks[-1][1] - start,
        "worked": worked,
        "steps": steps,
        "mebibytes": peak_mebibytes(),
        "before": before,
        "pairs": summary["counts"]["pairs"],
        "supported": summary["counts"]["supported"],
        "value": summary["objectives"][0]["exact"]["value"],
    }


def pairs_of(scenario: Scenario) -> tuple[Candidates, Integers, Integers]:
    """The candidate pairs, their first objective, and the places of the NLEs."""
    found = find_candidates(
        scenario.schools, scenario.nles, scenario.schools, None, scenario.settings, distance_needed=False
    )
    blend = (scenario.settings.objectives or [])[0].name == "blend"
    worth = found.fit - 2 * found.distance if blend else found.fit
    return found, worth, np.asarray(scenario.nles.values("placements") // MILLION)


def bare(scenario: Scenario) -> dict[str, Any]:
    """Time of one min-cost flow over all pairs: filling the solver, solving, reading the flows."""
    from ortools.graph.python import min_cost_flow

    found, worth, places = pairs_of(scenario)
    sink = SCHOOLS + NLES
    school, nle = found.recipient.astype(np.int32), (SCHOOLS + found.nle).astype(np.int32)
    schools, nles = np.arange(SCHOOLS, dtype=np.int32), np.arange(SCHOOLS, sink, dtype=np.int32)
    ones, gain = np.ones(len(found), dtype=np.int64), -worth
    start, worked = perf_counter(), process_time()
    solver = min_cost_flow.SimpleMinCostFlow()
    pairs = solver.add_arcs_with_capacity_and_unit_cost(school, nle, ones, gain)
    solver.add_arcs_with_capacity_and_unit_cost(nles, np.full(NLES, sink, np.int32), places, np.zeros(NLES, np.int64))
    solver.add_arcs_with_capacity_and_unit_cost(
        schools, np.full(SCHOOLS, sink, np.int32), np.ones(SCHOOLS, np.int64), np.zeros(SCHOOLS, np.int64)
    )
    supplies = np.append(np.ones(SCHOOLS, np.int64), -SCHOOLS)
    solver.set_nodes_supplies(np.append(schools, np.int32(sink)), supplies)
    assert solver.solve() == solver.OPTIMAL
    flows = solver.flows(pairs)
    seconds, worked = perf_counter() - start, process_time() - worked
    return {"seconds": seconds, "worked": worked, "value": int(worth[flows > 0].sum())}


def linear_program(scenario: Scenario) -> dict[str, Any]:
    """The linear program, by HiGHS with its own choice of method."""
    import highspy

    found, worth, places = pairs_of(scenario)
    count = len(found)
    program = highspy.Highs()
    program.silent()
    program.setOptionValue("time_limit", float(SECONDS))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, SCHOOLS + NLES
    model.col_cost_, model.sense_ = -worth / MILLION, highspy.ObjSense.kMinimize
    model.col_lower_, model.col_upper_ = np.zeros(count), np.ones(count)
    model.row_lower_ = np.full(SCHOOLS + NLES, -highspy.kHighsInf)
    model.row_upper_ = np.concatenate([np.ones(SCHOOLS), places.astype(float)])
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = 2 * np.arange(count + 1)
    model.a_matrix_.index_ = np.stack([found.recipient, SCHOOLS + found.nle], axis=1).ravel()
    model.a_matrix_.value_ = np.ones(2 * count)
    program.passModel(model)
    start = perf_counter()
    program.run()
    seconds = perf_counter() - start
    status = program.modelStatusToString(program.getModelStatus())
    info = program.getInfo()
    has = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return {"seconds": seconds, "status": status, "value": -info.objective_function_value if has else None}


def constraint_model(scenario: Scenario) -> dict[str, Any]:
    """The CP-SAT model: at most one NLE a school, at most its places an NLE."""
    from ortools.sat.python import cp_model

    found, worth, places = pairs_of(scenario)
    model = cp_model.CpModel()
    start = perf_counter()
    chosen = [model.new_bool_var("") for _ in range(len(found))]
    order = np.argsort(found.recipient, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(found.recipient[order])) + 1):
        model.add_at_most_one(chosen[n] for n in rows.tolist())
    ends = np.searchsorted(found.nle, np.arange(NLES + 1)).tolist()
    for n, most in enumerate(places.tolist()):
        if ends[n + 1] > ends[n]:
            model.add(cp_model.LinearExpr.sum(chosen[ends[n] : ends[n + 1]]) <= most)
    model.maximize(cp_model.LinearExpr.weighted_sum(chosen, worth.tolist()))
    built = perf_counter() - start
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = SECONDS
    solver.parameters.num_workers = 2
    start = perf_counter()
    status = solver.solve(model)
    found_any = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "seconds": perf_counter() - start,
        "building": built,
        "status": solver.status_name(status),
        "value": solver.objective_value / MILLION if found_any else None,
    }


def child(what: str, measure: str, objectives: str) -> None:
    """One part, in this process; prints a JSON document."""
    scenario = made(measure, objectives)
    if what == "both":
        first = ours(scenario)
        again = bare(scenario)
        assert first["value"] == again["value"] or "distance" in objectives
        print(json.dumps({"ours": first, "bare": again}))
    else:
        print(json.dumps({"highs": linear_program, "cp-sat": constraint_model}[what](scenario)))


def main(quick: bool) -> None:
    """Run every part and print the tables."""
    cases = [(measure, objectives) for measure in ALLOWED for objectives in OBJECTIVES]
    rows, steps, value = [], [], None
    for measure, objectives in cases:
        found = in_a_child(here("national.py"), "--child", "both", measure, objectives)
        if "failed" in found:
            rows.append([measure, objectives, found["failed"], *[""] * 7])
            continue
        first, again = found["ours"], found["bare"]
        value = first["value"] / MILLION if value is None else value
        ratio = first["seconds"] / again["seconds"]
        rows.append(
            [
                measure,
                objectives,
                f"**{ratio:.2f}**",
                f"{first['worked'] / again['worked']:.2f}",
                ALLOWED[measure],
                f"{first['seconds']:.2f}",
                f"{again['seconds']:.2f}",
                f"{first['mebibytes']:.0f}",
                f"{first['pairs']:,}",
                f"{first['supported']:,}",
            ]
        )
        steps.append([measure, objectives, *(f"{first['steps'].get(step, 0):.2f}" for step in STEPS)])
    columns = [
        "fit measure",
        "objectives",
        "ratio",
        "of CPU time",
        "allowed",
        "ours, s",
        "bare flow, s",
        "peak, MiB",
        "pairs",
        "supported",
    ]
    print_table(columns, rows)
    print_table(["fit measure", "objectives", *(f"{step}, s" for step in STEPS)], steps)
    if not quick:
        print_others(value)


STEPS = ("candidates", "matching", "explaining", "verifying")


def print_others(best: float | None) -> None:
    """The same instance (need met, fit) by HiGHS and CP-SAT."""
    rows = []
    for name, what in (("HiGHS, linear program", "highs"), ("CP-SAT, 2 workers", "cp-sat")):
        found = in_a_child(here("national.py"), "--child", what, "need-met", "fit")
        if "failed" in found:
            rows.append([name, found["failed"], "", "", ""])
            continue
        got = "nothing" if found["value"] is None else f"{found['value']:.2f}"
        rows.append([name, f"{found['seconds']:.1f}", found["status"], got, f"{best:.2f}" if best else ""])
    print_table([f"solver (limit {SECONDS} s)", "seconds", "status", "fit found", "optimum"], rows)


if __name__ == "__main__":
    if "--child" in sys.argv:
        child(*sys.argv[2:5])
    else:
        main("--quick" in sys.argv)
