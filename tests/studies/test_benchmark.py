"""Benchmarks: nothing beats the optimum, the same bytes every time, and a rule that fails is named."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

from nle_optimizer import allocate, load_scenario
from nle_optimizer.cli.main import run_program
from nle_optimizer.preparation import prepare
from nle_optimizer.rules.rule import Agenda
from nle_optimizer.rules.serial import LOTTERY
from nle_optimizer.studies.benchmark.tables import half_width
from nle_optimizer.studies.benchmark.trial import trials_of
from support.scenarios import nle, school, write_scenario

ROOT = Path(__file__).resolve().parents[2]
REGION = ROOT / "scenarios" / "region" / "scenario.yaml"
RULES = "greedy,nearest,lottery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("benchmark") / "one"
    assert run_program(["benchmark", str(REGION), "--rules", RULES, "--draws", "4", "--out", str(out)]) == 0
    return out


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_benchmark_gives_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    assert run_program(["benchmark", str(REGION), "--rules", RULES, "--draws", "4", "--out", str(again)]) == 0
    for file in folder.iterdir():
        if file.name not in ("manifest.json", "trials.sqlite"):
            assert (again / file.name).read_bytes() == file.read_bytes()


def test_the_mean_of_a_random_rule_is_that_of_its_draws_within_its_interval(folder: Path) -> None:
    rows = [r for r in rows_of(folder / "benchmark.csv") if r["rule"] == "lottery" and r["metric"] == "total_fit"]
    draws = [float(row["value"]) for row in rows if row["draw"] != "mean"]
    (mean,) = [row for row in rows if row["draw"] == "mean"]
    assert len(draws) == 4
    assert len(set(draws)) > 1
    assert float(mean["value"]) == pytest.approx(fmean(draws), abs=1e-6)
    assert float(mean["low"]) < float(mean["value"]) < float(mean["high"])


def test_the_allocation_of_every_rule_is_kept_as_a_run_gives_it(folder: Path) -> None:
    rows = rows_of(folder / "allocations.csv")
    names = ("school_id", "nle_id", "fit", "distance_km")
    scenario = load_scenario(REGION)
    for rule in ("optimal", *RULES.split(",")):
        ours = allocate(scenario.replace({"rule": rule})).allocation.columns
        kept = [tuple(row[name] for name in names) for row in rows if row["rule"] == rule]
        assert kept == list(zip(*(ours[name] for name in names), strict=True))


def test_the_shares_of_a_random_rule_are_those_of_its_draws(folder: Path) -> None:
    rows = rows_of(folder / "shares.csv")
    case = prepare(load_scenario(REGION), lambda _: None)
    agenda = Agenda(case.problem, case.candidates, case.scenario.settings)
    times = Counter(pair for draw in range(4) for pair in LOTTERY.match(agenda, draw).pairs.tolist())
    found = case.candidates
    expected = {
        (found.recipients.ids[found.recipient[pair]], found.nles.ids[found.nle[pair]]): f"{count / 4:.6f}"
        for pair, count in times.items()
    }
    assert {(row["school_id"], row["nle_id"]): row["share"] for row in rows} == expected
    assert {(row["rule"], row["draws"]) for row in rows} == {("lottery", "4")}


def test_half_an_interval_is_the_normal_one() -> None:
    assert half_width([1.0, 3.0]) == pytest.approx(1.96)
    assert half_width([1.0]) is None


def test_differences_of_the_winners_and_losers_add_up_to_that_of_the_totals(folder: Path) -> None:
    totals = {
        (row["rule"], row["draw"]): float(row["value"])
        for row in rows_of(folder / "benchmark.csv")
        if row["metric"] == "total_fit"
    }
    moved = [float(row["difference"]) for row in rows_of(folder / "winners_losers.csv") if row["rule"] == "nearest"]
    assert sum(moved) == pytest.approx(totals["nearest", "0"] - totals["optimal", "0"], abs=1e-4)


def test_the_figures_of_a_rule_are_those_that_its_run_publishes() -> None:
    scenario = load_scenario(REGION)
    (trial,) = [trial for trial in trials_of(scenario, ["greedy"], 1).trials if trial.rule == "greedy"]
    published = allocate(scenario.replace({"rule": "greedy"})).metrics
    for name in ("coverage", "total_fit", "mean_fit", "min_fit", "mean_distance_km", "max_distance_km", "total_cost"):
        assert float(trial.figures[name] or 0) == pytest.approx(published[name]), name


def test_a_rule_that_cannot_be_carried_out_is_named_and_the_others_finish(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_program(["benchmark", str(REGION), "--rules", "status-quo,greedy"]) == 0
    printed = capsys.readouterr().out
    assert "status-quo is left out: it cannot be carried out: the scenario has no data.current" in printed
    assert "\n  greedy " in printed


def test_what_the_tables_say_that_is_hardly_meant_stands_in_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_scenario(tmp_path, {"name": "odd"}, [school(1, region="London")], [nle(1, regions="Londn")])
    assert run_program(["benchmark", str(file), "--rules", "greedy", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)["findings"]
    assert ("odd", "coverage-of-nobody", "regions") in [(one["scenario"], one["code"], one["column"]) for one in told]


def test_an_unknown_rule_is_refused_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["benchmark", str(REGION), "--rules", "gredy"]) == 2
    assert "did you mean greedy?" in capsys.readouterr().err


def test_two_workers_write_the_same_tables_as_one_and_a_resumed_benchmark_too(tmp_path: Path) -> None:
    words = ["benchmark", str(REGION), "--rules", "lottery,nearest", "--draws", "60"]
    for name, workers in (("one", "1"), ("two", "2")):
        assert run_program([*words, "--workers", workers, "--out", str(tmp_path / name)]) == 0
    kept = sqlite3.connect(tmp_path / "two" / "trials.sqlite")
    kept.execute("DELETE FROM tasks WHERE key LIKE '%lottery 25%'")
    kept.commit()
    kept.close()
    (tmp_path / "two" / "benchmark.csv").unlink()
    assert run_program([*words, "--resume", "--out", str(tmp_path / "two")]) == 0
    names = {file.name for file in (tmp_path / "one").iterdir()} - {"manifest.json", "trials.sqlite"}
    assert {"benchmark.csv", "benchmark.json", "benchmark.md", "differences.csv", "report.html"} <= names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_differences_are_those_of_the_means(folder: Path) -> None:
    rows = {
        (row["rule"], row["draw"]): float(row["value"])
        for row in rows_of(folder / "benchmark.csv")
        if row["metric"] == "total_fit"
    }
    told = {
        row["rule"]: row
        for row in rows_of(folder / "differences.csv")
        if (row["against"], row["metric"]) == ("optimal", "total_fit")
    }
    assert float(told["lottery"]["difference"]) == pytest.approx(
        rows["lottery", "mean"] - rows["optimal", "0"], abs=1e-5
    )
    assert told["lottery"]["draws"] == "4"
    assert float(told["nearest"]["difference"]) == pytest.approx(rows["nearest", "0"] - rows["optimal", "0"], abs=1e-5)


def test_a_folder_is_not_gone_on_with_unless_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["benchmark", str(REGION), "--rules", RULES, "--out", str(folder)]) == 2
    assert "give --resume to go on in it" in capsys.readouterr().err


def test_what_a_rule_gives_is_read_a_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text("def everybody(view):\n    return list(range(len(view.fit)))\n", encoding="utf-8")
    for place in ("custom", "rule"):
        monkeypatch.setattr(f"nle_optimizer.rules.{place}.breaches", lambda *_: [])
    name = f"{tmp_path / 'mine.py'}:everybody"
    optimal, own = trials_of(load_scenario(REGION, allow_code=True), [name], 1).trials
    assert optimal.reason == ""
    assert "it does not stand up to a second reading: " in own.reason


def test_pairs_of_the_status_quo_that_are_no_candidates_are_told_as_missed(tmp_path: Path) -> None:
    current = [{"school_id": "S1", "nle_id": "N1", "state": "proposed"}, {"school_id": "S2", "nle_id": "N1"}]
    pairs = [{"nle_id": "N1", "school_id": "S2", "relation": "forbid"}]
    settings = {"data": {"current": "current.csv"}}
    file = write_scenario(tmp_path, settings, [school(1), school(2)], [nle(1)], pairs=pairs, current=current)
    trial = trials_of(load_scenario(file), ["status-quo"], 1).trials[1]
    assert trial.reason == ""
    assert list(trial.missed) == ["S2 with N1 stands today, and is no candidate pair under this scenario"]


def test_a_search_that_is_stopped_says_how_far_it_may_be_from_its_optimum() -> None:
    scenario = load_scenario(REGION.parent.parent / "region-days.yaml", sets=["stop.seconds=1"])
    optimal, regional = trials_of(scenario, ["regional"], 1).trials
    assert "blend is not proved: its bound is " in optimal.remarks[0]
    assert regional.remarks == ("the search stopped (time) before it was proved",)


def test_a_benchmark_in_which_nothing_can_be_carried_out_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = [{"nle_id": "N1", "school_id": school_id, "relation": "require"} for school_id in ("S1", "S2")]
    file = write_scenario(tmp_path, {}, [school(1), school(2)], [nle(1)], pairs=pairs)
    assert run_program(["benchmark", str(file), "--rules", "greedy"]) == 1
    assert "greedy is left out: it cannot be carried out: NLE N1 has 1 placement" in capsys.readouterr().out


def test_what_failed_is_tried_again_where_a_benchmark_goes_on(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine.py", tmp_path / "out"
    mine.write_text(f"def nobody(view):\n    open({str(tmp_path / 'there')!r})\n    return []\n", encoding="utf-8")
    words = ["benchmark", str(REGION), "--rules", f"{mine}:nobody", "--resume", "--no-report", "--out", str(out)]
    assert run_program(words) == 0
    assert "FileNotFoundError" in (out / "benchmark.md").read_text(encoding="utf-8")
    (tmp_path / "there").touch()
    assert run_program(words) == 0
    assert "left out" not in (out / "benchmark.md").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="an interrupt is another thing on Windows")
def test_an_interrupt_keeps_what_was_tried_and_leaves_no_process_behind(tmp_path: Path) -> None:
    days, out = REGION.parent.parent / "region-days.yaml", tmp_path / "out"
    words = ["benchmark", str(days), "--rules", "greedy,lottery", "--draws", "600", "--workers", "2", "--out", str(out)]
    program = "import sys; from nle_optimizer.cli.main import main; main(sys.argv[1:])"
    with subprocess.Popen(
        [sys.executable, "-c", program, *words], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        for _ in range(300):  # greedy is done long before the optimum of a case in days
            time.sleep(0.2)
            if (out / "trials.sqlite").is_file() and _kept(out):
                break
        os.killpg(run.pid, signal.SIGINT)
        _, told = run.communicate(timeout=60)  # ends when nobody is left that might write to it
    assert run.returncode == 130, told
    assert "--resume goes on" in told


def _kept(out: Path) -> int:
    connection = sqlite3.connect(out / "trials.sqlite")
    try:
        return int(connection.execute("SELECT count(*) FROM tasks").fetchone()[0])
    except sqlite3.OperationalError:  # the table is not there yet
        return 0
    finally:
        connection.close()
