"""The same sweep on a Dask cluster of two processes, one of which is ended on the way."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from nle_optimizer.errors import InputError
from nle_optimizer.studies.sweep import Wanted, sweep
from nle_optimizer.studies.sweep.conduct import carry_out, crew_of
from nle_optimizer.studies.sweep.plan import plan_sweep
from nle_optimizer.studies.sweep.workers import LocalCrew
from support.scenarios import nle, school, write_scenario

SEEDS = Wanted(seeds=40)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write_scenario(tmp_path / "in", {}, [school(n) for n in range(1, 9)], [nle(n) for n in (1, 4)])


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_of_which_one_worker_is_ended_gives_the_bytes_of_one_process(scenario: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    plan = plan_sweep(scenario, SEEDS)
    carry_out(plan, tmp_path / "alone", LocalCrew(0))
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        first, _ = cluster.workers.values()
        ended = []

        def end_one(done: int, _of: int, _failed: int) -> None:
            if done == 5:
                os.kill(first.pid, signal.SIGKILL)
                ended.append(first.pid)

        crew = crew_of(None, cluster.scheduler_address)
        swept = carry_out(plan, tmp_path / "out", crew, watch=end_one)
    assert ended
    assert swept.statuses == {"optimal": 40}
    assert (tmp_path / "out" / "sweep.csv").read_bytes() == (tmp_path / "alone" / "sweep.csv").read_bytes()


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_is_not_there_is_told(scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nle_optimizer.studies.sweep import cluster

    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.3)
    with pytest.raises(InputError, match=r"--scheduler: no scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(scenario, seeds=40, out=tmp_path / "out", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_told_with_its_name(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "nle_optimizer.studies.sweep.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'nle-optimizer\[cluster\]'"):
        crew_of(None, "tcp://127.0.0.1:9")


def test_a_worker_of_another_version_refuses_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from nle_optimizer.studies.sweep import cluster

    class Worker:
        address = "tcp://elsewhere:1"

    plugin: Any = cluster.ContextPlugin([], None)
    monkeypatch.setattr(cluster, "version", lambda _: "0.0.0")
    with pytest.raises(ValueError, match=r"tcp://elsewhere:1 has nle-optimizer 0\.0\.0"):
        plugin.setup(Worker())
