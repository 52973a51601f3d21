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
NATIONAL = ROOT / "scenarios" / "england" / "scenario.yaml"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="an interrupt is another thing on Windows")

INTERRUPTED = """
import os, signal, sys, threading, time
from nle_optimizer.cli.main import main

def interrupt():
    while "nle_optimizer.engines.decomposition.search" not in sys.modules:
        time.sleep(0.05)
    time.sleep(2)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
main(sys.argv[1:])
"""
"""The program, interrupted two seconds after its search has begun, however long the reading takes."""


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
    words = ["run", str(NATIONAL), "--set", days, "--out", str(tmp_path / "run")]
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, *words], stderr=subprocess.PIPE, text=True) as run:
        _, told = run.communicate(timeout=120)
    assert run.returncode == 0, told
    assert "stopping with the best allocation found" in told
    assert_stopped(summary_of(tmp_path / "run"), "interrupt")
