"""A child process does its work, and neither its death nor its slowness is the program's."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from nle_optimizer.engines.child_process import Child, run_in_child
from nle_optimizer.errors import EngineError


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_returns_what_the_function_returns() -> None:
    assert run_in_child(np.cumsum, np.arange(4)).tolist() == [0, 1, 3, 6]


def test_what_the_function_prints_does_not_disturb_the_answer() -> None:
    assert run_in_child(os.system, "echo noise") == 0


def test_one_child_runs_one_call_after_another() -> None:
    with Child() as child:
        first, second = child.submit(os.getpid).result(), child.submit(os.getpid).result()
    assert first == second != os.getpid()


def test_a_child_has_imported_its_modules_before_the_first_call() -> None:
    with Child("wave") as child:
        assert child.submit(eval, "'wave' in __import__('sys').modules").result()


def test_an_abort_of_the_child_is_an_engine_error_here() -> None:
    with pytest.raises(EngineError, match="SIGABRT"):
        run_in_child(os.abort)


def test_a_fault_in_the_child_is_an_engine_error_here() -> None:
    with pytest.raises(EngineError, match="ZeroDivisionError"):
        run_in_child(divmod, 1, 0)


def test_a_child_is_ended_at_its_deadline() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        run_in_child(time.sleep, 30, seconds=0.5)
    assert time.monotonic() - started < 10


def test_a_child_is_ended_when_the_planner_interrupts() -> None:
    with pytest.raises(TimeoutError):
        run_in_child(time.sleep, 30, interrupted=lambda: True)


def test_no_child_outlives_its_parent_s_interest() -> None:
    with Child() as child:
        pid = child.submit(os.getpid).result()
    assert gone(pid)


def test_a_child_whose_parent_dies_ends_by_itself(tmp_path: Path) -> None:
    program = (
        "import os, sys\nfrom nle_optimizer.engines.child_process import Child\nchild = Child()\n"
        "print(child.submit(os.getpid).result(), flush=True)\nos._exit(0)"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    for _ in range(100):
        if gone(pid):
            return
        time.sleep(0.05)
    raise AssertionError("the child lives on")
