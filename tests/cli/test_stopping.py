"""A search that is stopped gives the best allocation found with its bound, and says that it was stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer import verify
from nle_optimizer.cli.main import run_program

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = ROOT / "scenarios" / "region-days.yaml"
REGION = ROOT / "scenarios" / "region" / "scenario.yaml"
NATIONAL = ROOT / "scenarios" / "england" / "scenario.yaml"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="an interrupt is another thing on Windows")

INTERRUPTED = """
import os, signal, sys
from nle_optimizer.cli.main import main
from nle_optimizer.engines.decomposition.one_level import LevelSearch

search = LevelSearch._search

def interrupted_search(*words):
    os.kill(os.getpid(), signal.SIGINT)
    search(*words)

LevelSearch._search = interrupted_search
main(sys.argv[1:])
"""
"""The program, interrupted as its search begins, however long the reading takes."""


INTERRUPTED_DRAWS = """
import multiprocessing, os, signal, sys, threading, time
from nle_optimizer.cli.main import main

def interrupt():
    while len(multiprocessing.active_children()) < 2:
        time.sleep(0.05)
    time.sleep(2)
    os.killpg(os.getpgrp(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
main(sys.argv[1:])
"""
"""The program, it and its processes interrupted as on a terminal, two seconds after two of these have begun."""


def summary_of(folder: Path) -> dict[str, Any]:
    assert verify(folder) == []
    summary: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return summary


def assert_stopped(summary: dict[str, Any], reason: str) -> None:
    assert (summary["status"], summary["stopped"]) == ("feasible", reason)
    (level,) = summary["objectives"]
    assert level["value"] < level["bound"]
    assert summary["counts"]["supported"] > 0


def test_the_time_limit_ends_with_0_and_the_best_allocation_with_its_gap(tmp_path: Path) -> None:
    assert run_program(["run", str(SCENARIO), "--time-limit", "3", "--out", str(tmp_path / "run")]) == 0
    assert_stopped(summary_of(tmp_path / "run"), "time")


def test_one_interrupt_ends_with_0_and_the_best_allocation_with_its_gap(tmp_path: Path) -> None:
    days = "capacity.resources=[placements, days]"
    words = ["run", str(NATIONAL), "--no-report", "--set", days, "--out", str(tmp_path / "run")]
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, *words], stderr=subprocess.PIPE, text=True) as run:
        _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told
    assert "stopping with the best allocation found" in told
    assert_stopped(summary_of(tmp_path / "run"), "interrupt")


def test_an_interrupt_during_draws_ends_with_130_and_leaves_no_folder_and_no_process(tmp_path: Path) -> None:
    rates = "uncertainty={draws: 5000, needs: 0.1}"
    words = ["run", str(REGION), "--set", rates, "--workers", "2", "--out", str(tmp_path / "run")]
    command = [sys.executable, "-c", INTERRUPTED_DRAWS, *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        _, told = run.communicate(timeout=120)  # ends when nobody is left that might write to it
    assert run.returncode == 130, told
    assert list(tmp_path.iterdir()) == []
