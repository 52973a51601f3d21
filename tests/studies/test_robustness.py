"""Draws depend on identifiers and the seed alone and stay within rates; weights are moved to where plans change."""

import csv
import json
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from nle_optimizer import allocate, verify
from nle_optimizer.cli.main import run_program
from nle_optimizer.scenario.scenario import Scenario, load_scenario
from nle_optimizer.scenario.settings import Uncertainty
from nle_optimizer.studies.robustness.draws import draw_all, interval, pairs_of, word_of
from nle_optimizer.studies.robustness.perturbing import drawn
from nle_optimizer.studies.robustness.robustness import robustness
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
        assert ("S1", "N1") in pairs_of(result)
        assert verify(result) == []


def test_draws_do_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    scenarios: list[Scenario] = [load_scenario(file_of(tmp_path, Random(4)))]
    for name in ("schools", "nles"):
        path = tmp_path / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *reversed(rows)])
    scenarios.append(load_scenario(tmp_path / "scenario.yaml"))
    found = [draw_all(allocate(scenario), rates()) for scenario in scenarios]
    assert found[0].figures() == found[1].figures()
    assert found[0].shares() == found[1].shares()


def test_without_rates_every_draw_is_the_plan(tmp_path: Path) -> None:
    result = allocate(load_scenario(file_of(tmp_path, Random(5))))
    found = draw_all(result, rates(needs=0, expertise=0, nle_withdraws=0, school_refuses=0))
    assert set(found.shares()["share"]) == {"1.0000"}
    table = found.figures()
    assert table["plan"] == table["low"] == table["high"]


def test_an_interval_leaves_out_the_tails_and_words_follow_the_share() -> None:
    assert interval([float(n) for n in range(1, 101)]) == (3.0, 98.0)
    assert interval([1.0, 2.0]) == (1.0, 2.0)
    assert [word_of(share) for share in (1.0, 0.9, 0.89, 0.6, 0.3, 0.29, 0.0)] == [
        "firm", "firm", "likely", "likely", "open", "toss-up", "toss-up",
    ]  # fmt: skip


def test_a_run_with_draws_writes_their_tables_and_stays_verified(tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(6), {"uncertainty": RATES})
    for name in ("one", "two"):
        assert run_program(["run", str(file), "--out", str(tmp_path / name), "--no-report"]) == 0
    assert verify(tmp_path / "one") == []
    for table in ("uncertainty.csv", "pair_shares.csv"):
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()
    rows = {row["metric"]: row for row in read_table(tmp_path / "one" / "uncertainty.csv")}
    assert rows["supported"]["draws"] == "12"
    assert float(rows["supported"]["low"]) <= float(rows["supported"]["mean"]) <= float(rows["supported"]["high"])


@pytest.mark.parametrize("seed", range(4))
def test_within_its_range_a_weight_keeps_the_plan_a_best_one_and_beyond_it_does_not(seed: int, tmp_path: Path) -> None:
    file = file_of(tmp_path, Random(seed), {"fit": {"measure": "weighted-expertise"}})
    assert run_program(["run", str(file), "--out", str(tmp_path / "run"), "--no-report"]) == 0
    found = robustness(tmp_path / "run", 3)
    scenario = load_scenario(file)
    planned = pairs_of(allocate(scenario))
    for each in found.ranges:
        for tried, keeps in ((each.low, True), (each.high, True), (each.below, False), (each.above, False)):
            if tried is None:
                continue
            changed = scenario.replace({"fit.weights": {**dict.fromkeys(AREAS, 1), each.area: tried}})
            best = allocate(changed).claim.summary["metrics"]["total_fit"]
            pairs = tmp_path / "pairs.csv"
            lines = [f"{own},{whose},require" for whose, own in planned]
            pairs.write_text("\n".join(["nle_id,school_id,relation", *lines]) + "\n", encoding="utf-8")
            held = allocate(changed.replace({"data.pairs": str(pairs)})).claim.summary["metrics"]["total_fit"]
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
