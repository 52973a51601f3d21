"""Deferred acceptance beside the package `matching` and beside the network; every rule and many draws on England.

    python benchmarks/rules.py [--no-peer]

The peer takes about a minute on 4,000 recipients with 35 NLEs.
"""

import json
import os
import sys
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import numpy as np

from measuring import here, in_a_child, print_table
from nle_optimizer.cli.main import run_program
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.network.engine import NetworkEngine
from nle_optimizer.model.preferences import Order, PreferenceOrders, order_of
from nle_optimizer.model.problem import Problem, Resource
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.rules.registry import RULES, procedure_named
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.scenario.scenario import load_scenario
from nle_optimizer.studies.benchmark.trial import Bench

SCENARIO = Path(__file__).resolve().parents[1] / "scenarios/england/scenario.yaml"
RECIPIENTS, NLES, PLACES = 4_000, 35, 100
RULE = "deferred-acceptance"
DRAWS = 1_000


def market() -> tuple[Problem, PreferenceOrders, Integers, Integers]:
    """A market of complete random lists; the ranks on both sides, shape (NLEs, recipients)."""
    rng = np.random.default_rng(1)
    likes = np.argsort(np.argsort(rng.random((RECIPIENTS, NLES)), axis=1), axis=1).T
    ranks = np.argsort(np.argsort(rng.random((NLES, RECIPIENTS)), axis=1), axis=1)
    nle, recipient = np.repeat(np.arange(NLES), RECIPIENTS), np.tile(np.arange(RECIPIENTS), NLES)
    ones = np.full(len(nle), MILLION)
    places = Resource("placements", ones, np.full(NLES, PLACES * MILLION))
    ids = [
        np.array([f"{letter}{n:05d}" for n in range(size)], object) for letter, size in (("R", RECIPIENTS), ("N", NLES))
    ]
    problem = Problem(ids[0], ids[1], recipient, nle, np.ones(RECIPIENTS, np.int64), (places,), None, ())
    orders = (_order(RECIPIENTS, recipient, likes.reshape(-1)), _order(NLES, nle, ranks.reshape(-1)))
    return problem, PreferenceOrders(*orders), likes, ranks


def _order(agents: int, agent: Integers, *keys: Integers) -> Order:
    everybody = np.ones(len(agent), dtype=bool)
    return order_of(agents, agent, keys, np.zeros(len(agent), np.uint64), everybody)


def matched(problem: Problem, preferences: PreferenceOrders) -> Integers:
    """What recipients get by proposing."""
    procedure = procedure_named(RULE)
    assert procedure is not None
    return procedure.match(Agenda(problem, None, None, stated=preferences), 0).pairs  # type: ignore[arg-type]


def beside_the_peer() -> dict[str, Any]:
    """The same instance by the package `matching`, once; ours is the median of five."""
    from matching.games import HospitalResident

    times = []
    for _ in range(5):
        problem, preferences, likes, ranks = market()
        start = perf_counter()
        pairs = matched(problem, preferences)
        times.append(perf_counter() - start)
    ours = median(times)
    residents = {f"r{n}": [f"h{m}" for m in np.argsort(likes[:, n])] for n in range(RECIPIENTS)}
    hospitals = {f"h{m}": [f"r{n}" for n in np.argsort(ranks[m])] for m in range(NLES)}
    start = perf_counter()
    game = HospitalResident.create_from_dictionaries(residents, hospitals, dict.fromkeys(hospitals, PLACES))
    found = game.solve(optimal="resident")
    theirs = perf_counter() - start
    mine = {(f"r{problem.recipient[pair]}", f"h{problem.nle[pair]}") for pair in pairs}
    others = {(str(own), str(hospital)) for hospital, taken in found.items() for own in taken}
    return {"ours": ours, "theirs": theirs, "same": mine == others}


def beside_the_network() -> dict[str, Any]:
    """24,000 recipients, 2,000 NLEs and over three million pairs: orders and proposals, against one network solve."""
    from quotas import NATIONAL, made

    problem, _, _ = made(NATIONAL, "weighted-expertise")
    problem = replace(problem, levels=problem.levels[:1])
    start = perf_counter()
    NetworkEngine().solve(problem, 0, Stopping())
    network = perf_counter() - start
    fit, rng = problem.levels[0].amounts, np.random.default_rng(2)  # type: ignore[union-attr]
    priority = rng.integers(1, 4, len(problem.recipient_ids))[problem.recipient]
    start = perf_counter()
    preferences = PreferenceOrders(
        _order(len(problem.recipient_ids), problem.recipient, -fit),
        _order(len(problem.nle_ids), problem.nle, priority, -fit),
    )
    pairs = matched(problem, preferences)
    return {"pairs": problem.size, "network": network, "ours": perf_counter() - start, "matched": len(pairs)}


def every_rule() -> dict[str, Any]:
    """One draw of every rule on the national scenario, with its metrics and the second reading, once it is prepared."""
    scenario = load_scenario(SCENARIO)
    bench, seconds = Bench(scenario), {}
    for name in RULES:
        start, cpu = perf_counter(), process_time()
        (trial,) = bench.tried(name, range(1))
        if not trial.reason:
            seconds[name] = (trial.seconds, perf_counter() - start, process_time() - cpu)
    return {"seconds": seconds}


def draws() -> dict[str, Any]:
    """The whole command: many lottery draws of the national scenario on two processes, tables and page written."""
    with TemporaryDirectory() as folder:
        words = ["benchmark", str(SCENARIO), "--rules", "lottery", "--draws", str(DRAWS), "--workers", "2"]
        start, before = perf_counter(), sum(os.times()[:4])
        code = run_program([*words, "--out", f"{folder}/out", "--format", "json"])
        return {"code": code, "seconds": perf_counter() - start, "cpu": sum(os.times()[:4]) - before}


PARTS = {"peer": beside_the_peer, "network": beside_the_network, "rules": every_rule, "draws": draws}


def child(part: str) -> Any:
    """What a part gives in a process of its own."""
    return in_a_child(here("rules.py"), "--child", part)


def main(peer: bool) -> None:
    """Run each part and print its table."""
    if peer:
        found = child("peer")
        times = f"**{found['theirs'] / found['ours']:,.0f}**"
        row = [
            f"{RECIPIENTS:,} x {NLES}",
            f"{found['theirs']:.1f}",
            f"{found['ours']:.4f}",
            times,
            "1,000",
            found["same"],
        ]
        print_table(["instance", "matching, s", "ours, s", "times as fast", "wanted", "same matching"], [row])
    found = child("network")
    ratio = f"**{found['ours'] / found['network']:.2f}**"
    row = [f"{found['pairs']:,}", f"{found['network']:.1f}", f"{found['ours']:.1f}", ratio, 2, f"{found['matched']:,}"]
    print_table(["pairs", "network, s", "deferred acceptance, s", "ratio", "allowed", "matched"], [row])
    seconds = child("rules")["seconds"]
    rows = [[name, *(f"{taken:.2f}" for taken in each)] for name, each in seconds.items()]
    own, whole, cpu = (f"{sum(part):.1f}" for part in zip(*seconds.values(), strict=True))
    columns = ["rule", "s", "measured and read again, s", "of CPU time, s"]
    print_table(columns, [*rows, ["all, 20 allowed", own, f"**{whole}**", f"**{cpu}**"]])
    found = child("draws")
    assert found["code"] == 0
    row = [f"{DRAWS:,}", f"**{found['seconds']:.1f}**", f"{found['cpu']:.1f}", 30]
    print_table(["draws", "s, two processes", "CPU s of both", "allowed, s"], [row])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(PARTS[sys.argv[2]]()))
    else:
        parser = ArgumentParser(description=__doc__)
        parser.add_argument("--no-peer", action="store_true")
        main(not parser.parse_args().no_peer)
