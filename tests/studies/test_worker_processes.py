"""Tasks carried out by processes: the same answers however processes begin, and faults told in their own words."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from operator import mul
from pathlib import Path

import pytest

from nle_optimizer.studies import worker_processes as crew
from nle_optimizer.studies.worker_processes import carried_out, make_ready

TASKS = list(range(7))
LARGE = "x" * 5_000_000
"""Far more than a pipe holds."""


def times(factor: int, ballast: str = "") -> partial[int]:
    """What multiplies a task."""
    assert not ballast or ballast == LARGE
    return partial(mul, factor)


def nothing_works() -> partial[int]:
    """A set-up that fails."""
    raise OSError("no room on the desk")


@pytest.mark.parametrize("forks", sorted({False, crew.FORKS}))
def test_processes_answer_as_one_process_does(forks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "FORKS", forks)
    alone = dict(carried_out(partial(times, 3, LARGE), TASKS, 0))
    assert dict(carried_out(partial(times, 3, LARGE), TASKS, 2)) == alone == {task: 3 * task for task in TASKS}


def test_crews_one_after_the_other_each_do_their_own_work() -> None:
    make_ready()
    for factor in (2, 5):
        assert dict(carried_out(partial(times, factor), TASKS, 2)) == {task: factor * task for task in TASKS}


def test_what_goes_wrong_in_setting_up_is_told_as_it_is() -> None:
    with pytest.raises(OSError, match="no room on the desk"):
        list(carried_out(nothing_works, TASKS, 2))


def tell_who(file: Path) -> partial[None]:
    """Writes down which process works, then takes long."""
    return partial(_note, file)


def _note(file: Path, seconds: int) -> None:
    with file.open("a") as notes:
        notes.write(f"{os.getpid()}\n")
    time.sleep(seconds)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("forks", sorted({False, crew.FORKS}))
def test_processes_do_not_outlive_the_one_that_started_them(forks: bool, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; from functools import partial; from pathlib import Path\n"
        f"sys.path[:0] = {[str(Path(__file__).parent)]!r}\n"
        "from nle_optimizer.studies import worker_processes as crew; from test_worker_processes import tell_who\n"
        f"crew.FORKS = {forks}\n"
        f"if __name__ == '__main__': list(crew.carried_out(partial(tell_who, Path({str(notes)!r})), [30, 30], 2))\n"
    )
    parent = subprocess.Popen([sys.executable, str(script)])
    try:
        assert _comes_true(lambda: notes.exists() and len(notes.read_text().split()) == 2)
    finally:
        parent.kill()
        parent.wait()
    assert _comes_true(lambda: not any(map(_lives, map(int, notes.read_text().split()))))


def _comes_true(what: Callable[[], bool]) -> bool:
    """Whether it does within 20 seconds."""
    end = time.monotonic() + 20
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True
