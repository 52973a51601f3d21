"""Draws depend on identifiers and the seed alone and stay within rates; weights are moved to where plans change."""

import csv
import json
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate, load_run, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.reports.run_folder import DRAWN, read_run_folder
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.settings import Uncertainty
from nle_optimizer.studies.robustness.drawn import Drawn, DrawOutcome, Pair, PlanLeft, interval, pairs_of, word_of
from nle_optimizer.studies.robustness.robustness import Robustness, robustness, with_draws
from nle_optimizer.studies.robustness.trials import drawn
from nle_optimizer.studies.robustness.weights import random_weights
from support.scenarios import nle, read_table, school, write_scenario

AREAS = ("leadership", "governance", "finance")
RATES = {"draws": 12, "needs": 0.1, "expertise": 0.05, "nle_withdraws": 0.3, "school_refuses": 0.2}


def file_of(folder: Path, rng: Random, settings: dict[str, Any] | None = None, **tables: Any) -> Path:
    def cells(prefix: str) -> dict[str, Any]:
        return {f"{prefix}_{area}": rng.choice([0.05, 0.3, 0.6, 0.98]) for area in AREAS}

    schools = [school(n, **cells("need")) for n in range(8)]
    nles = [nle(n, **cells("expertise"), placements=2) for n in range(4)]
    return write_scenario(folder, {"objectives": ["fit"], **(settings or {})}, schools, nles, **tables)


def rates(**changed: Any) -> Uncertainty:
    told = {name: Decimal(str(value)) for name, value in {**RATES, **changed}.items()}
    return Uncertainty.model_validate({**told, "draws": RATES["draws"]})


def test_needs_and_expertise_stay_within_their_rates_and_within_0_and_1(tmp_path: Path) -> None:
    scenario = load_scenario(file_of(tmp_path, Random(1)))
    moved = 0
    for draw in range(20):
        after = drawn(scenario, rates(), draw)
        for table, prefix, most in (("schools", "need", 100_000), ("nles", "expertise", 50_000)):
            for area in AREAS:
                one, two = (getattr(each, table).values(f"{prefix}_{area}") for each in (scenario, after))
                assert (np.abs(one - two) <= most).all()
                assert ((two >= 0) & (two <= 1_000_000)).all()
                moved += int((one != two).sum())
    assert moved > 500


def test_about_as_many_withdraw_and_refuse_as_their_rates_say(tmp_path: Path) -> None:
    scenario = load_scenario(file_of(tmp_path, Random(2)))
    gone = [drawn(scenario, rates(), draw) for draw in range(200)]
    withdrawn = np.mean([each.nles.given("status").mean() for each in gone])
    refused = np.mean([each.schools.given("left_out").mean() for each in gone])
    assert withdrawn == pytest.approx(0.3, abs=0.07)  # over four standard deviations
    assert refused == pytest.approx(0.2, abs=0.05)


def test_pairs_that_are_agreed_neither_withdraw_nor_refuse(tmp_path: Path) -> None:
    current = [{"school_id": "S1", "nle_id": "N1", "state": "agreed"}]
    file = file_of(tmp_path, Random(3), {"data": {"current": "current.csv"}}, current=current)
    scenario = load_scenario(file)
    for draw in range(30):
        result = allocate(drawn(scenario, rates(nle_withdraws=0.9, school_refuses=0.9), draw))
        assert ("S1", "N1") in pairs_of(result.claim)
        assert verify(result) == []


def around(scenario: Scenario, **changed: Any) -> Robustness:
    """What draws around a scenario give, with some rates changed."""
    settings = {f"uncertainty.{name}": value for name, value in {**RATES, **changed}.items()}
    return with_draws(allocate(scenario.replace(settings)), 1, lambda _: None)[1]


def test_draws_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    scenarios: list[Scenario] = [load_scenario(file_of(tmp_path, Random(4)))]
    for name in ("schools", "nles"):
        path = tmp_path / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *reversed(rows)])
    scenarios.append(load_scenario(tmp_path / "scenario.yaml"))
    one, two = (around(scenario) for scenario in scenarios)
    assert one.estimates and two.estimates
    assert (one.table(), one.section()) == (two.table(), two.section())
    assert one.estimates.figures(one.plan) == two.estimates.figures(two.plan)
    assert one.estimates.shares(one.pairs) == two.estimates.shares(two.pairs)
    assert one.estimates.schools(one.pairs) == two.estimates.schools(two.pairs)
    first, second = one.under_error, two.under_error
    assert (first.table(), first.section()) == (second.table(), second.section())


def test_where_nothing_is_off_nothing_is_drawn_around_the_estimates(tmp_path: Path) -> None:
    found = around(load_scenario(file_of(tmp_path, Random(5))), needs=0, expertise=0, nle_withdraws=0, school_refuses=0)
    assert found.estimates is None and found.section()["metrics"] is None
    assert set(found.columns()["share_estimates"]) == {""}
    assert found.columns()["share_weights"] == [found.weights.share(pair) for pair in found.pairs]


def test_an_only_pair_stands_in_every_draw_that_moves_its_fit(tmp_path: Path) -> None:
    tables = {"schools": [school(1, need_leadership=0)], "nles": [nle(1, expertise_leadership=0)]}
    scenario = load_scenario(write_scenario(tmp_path, {"objectives": ["fit"]}, **tables))  # type: ignore[arg-type]
    found = around(scenario, needs=0.5, expertise=0, nle_withdraws=0, school_refuses=0)
    assert found.estimates is not None
    table = found.estimates.figures(found.plan)
    assert set(found.estimates.shares(found.pairs)["share"]) == {"1.0000"}
    assert [row for row in zip(*table.values(), strict=True) if row[0] == "supported"] == [
        ("supported", *["1.000000"] * 4, "12")
    ]


def _found(*pairs: Pair) -> DrawOutcome:
    return DrawOutcome(pairs, {}, "optimal", PlanLeft(0, True, ()))


def test_an_interval_leaves_out_the_tails_and_words_follow_the_share() -> None:
    assert interval([float(n) for n in range(1, 101)]) == (3.0, 98.0)
    assert interval([1.0, 2.0]) == (1.0, 2.0)
    assert [interval(range(count)) for count in (39, 40, 79, 80)] == [(0, 38), (1, 38), (1, 77), (2, 77)]
    assert [word_of(share) for share in (1.0, 0.9, 0.89, 0.6, 0.3, 0.29, 0.0)] == [
        "firm", "firm", "likely", "likely", "open", "toss-up", "toss-up",
    ]  # fmt: skip
    thirty_two = Drawn([_found(("S1", "N1"))] + [_found()] * 31, [])
    assert thirty_two.share(("S1", "N1")) == "0.0313"  # 0.03125: halves up


def test_a_run_with_draws_tells_them_and_stays_verified(tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(6), {"uncertainty": RATES})
    for name, workers in (("one", "1"), ("two", "2")):
        words = ["run", str(file), "--out", str(tmp_path / name), "--no-report", "--workers", workers]
        assert run_program(words) == 0
    assert verify(tmp_path / "one") == []
    for table in ("allocation.csv", "summary.json", *(f"{name}.csv" for name in DRAWN)):
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()
    rows = {row["metric"]: row for row in read_table(tmp_path / "one" / "uncertainty.csv")}
    assert rows["supported"]["draws"] == "12"
    assert float(rows["supported"]["low"]) <= float(rows["supported"]["mean"]) <= float(rows["supported"]["high"])
    header = list(read_table(tmp_path / "one" / "allocation.csv")[0])
    assert header[-3:] == ["share_weights", "share_estimates", "stands"]


def test_a_run_without_draws_tells_nothing_of_them(tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(6), {"uncertainty": {**RATES, "draws": 0}})
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    assert "stands" not in read_table(tmp_path / "run" / "allocation.csv")[0]
    assert "robustness" not in json.loads((tmp_path / "run" / "summary.json").read_text())
    assert not (tmp_path / "run" / "pair_shares.csv").exists()


def test_whoever_reads_a_run_folder_takes_one_with_draws(tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(6), {"uncertainty": {**RATES, "draws": 3}})
    run, plain = str(tmp_path / "run"), str(tmp_path / "plain")
    assert run_program(["run", str(file), "--out", run]) == 0
    assert run_program(["run", str(file), "--out", plain, "--no-report", "--set", "uncertainty.draws=0"]) == 0
    for words in (
        ["verify", run],
        ["compare", plain, run],
        ["explain", run, "S1"],
        ["marginal", run],
        ["replan", run, "--out", str(tmp_path / "replanned"), "--no-report"],
        ["report", run, "--share", str(tmp_path / "shared")],
        [
            "run",
            str(file),
            "--set",
            f"data.current={run}/allocation.csv",
            "--out",
            str(tmp_path / "next"),
            "--no-report",
        ],
    ):
        assert run_program([*words, "--allow-outside"] if words[0] == "run" else words) == 0, words
    frame = load_run(tmp_path / "run").allocation.to_pandas()
    assert frame["share_estimates"].between(0, 1).all()


briefly = partial(result_of, brief=True)


def counted(scenario: Scenario, draws: int) -> tuple[dict[Pair, int], dict[Pair, int]]:
    """By pair of the plan, how many draws of weights and around the estimates have it, each carried out by itself."""
    plan, weights = pairs_of(briefly(scenario).claim), random_weights(scenario, draws)
    moved = [briefly(scenario.replace({"fit.weights": each})) for each in weights]
    estimates = [briefly(drawn(scenario, scenario.settings.uncertainty, n)) for n in range(draws)]

    def among(results: list[Result]) -> dict[Pair, int]:
        return {pair: sum(pair in pairs_of(each.claim) for each in results) for pair in plan}

    return among(moved), among(estimates)


@pytest.mark.parametrize("seed", range(6))
def test_shares_are_those_of_draws_carried_out_one_by_one_in_the_run_and_of_its_folder(
    seed: int, tmp_path: Path
) -> None:
    measure = ["need-met", "weighted-expertise", "weakest-area"][seed % 3]
    file = file_of(tmp_path, Random(seed), {"uncertainty": RATES, "fit": {"measure": measure}})
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    rows = read_table(tmp_path / "run" / "allocation.csv")
    weights, estimates = counted(load_scenario(file), 12)
    for row in rows:
        pair = row["school_id"], row["nle_id"]
        assert float(row["share_weights"]) == pytest.approx(weights[pair] / 12, abs=5e-5)
        assert float(row["share_estimates"]) == pytest.approx(estimates[pair] / 12, abs=5e-5)
    folder = read_run_folder(tmp_path / "run")
    again = robustness(folder.scenario, folder.claim, 12)
    assert again.section() == folder.claim.summary["robustness"]
    assert again.columns() == {name: [row[name] for row in rows] for name in again.columns()}


@pytest.mark.parametrize("seed", range(4))
def test_within_its_range_a_weight_keeps_the_plan_a_best_one_and_beyond_it_does_not(seed: int, tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(seed), {"fit": {"measure": "weighted-expertise"}})
    scenario = load_scenario(file)
    plan = allocate(scenario)
    found = robustness(scenario, plan.claim, 3)
    planned = pairs_of(plan.claim)
    for each in found.ranges:
        for tried, keeps in ((each.low, True), (each.high, True), (each.below, False), (each.above, False)):
            if tried is None:
                continue
            changed = scenario.replace({"fit.weights": {**dict.fromkeys(AREAS, 1), each.area: tried}})
            best = briefly(changed).claim.summary["metrics"]["total_fit"]
            pairs = tmp_path / "pairs.csv"
            lines = [f"{own},{whose},require" for whose, own in planned]
            pairs.write_text("\n".join(["nle_id,school_id,relation", *lines]) + "\n", encoding="utf-8")
            held = briefly(changed.replace({"data.pairs": str(pairs)})).claim.summary["metrics"]["total_fit"]
            assert (held == pytest.approx(best, abs=1e-9)) is keeps


def test_random_weights_sum_to_one_and_depend_on_the_seed_alone(tmp_path: Path) -> None:
    scenario = load_scenario(file_of(tmp_path, Random(7)))
    one, two = (list(random_weights(scenario, 30)) for _ in range(2))
    assert one == two
    assert all(Decimal("0.999") <= sum(weights.values()) <= Decimal("1.003") for weights in one)
    assert len({tuple(weights.values()) for weights in one}) > 25


def test_the_command_tells_every_pair_of_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = file_of(tmp_path, Random(8), {"uncertainty": {"needs": 0.1}})
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    capsys.readouterr()
    words = ["robustness", str(tmp_path / "run"), "--draws", "4", "--out", str(tmp_path / "out")]
    assert run_program([*words, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = read_table(tmp_path / "out" / "robustness.csv")
    assert len(rows) == len(document["rows"]) == len(read_table(tmp_path / "run" / "allocation.csv"))
    assert all(row["share_estimates"] for row in rows)
