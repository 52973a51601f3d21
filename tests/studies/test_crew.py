"""Tasks carried out by processes: the same answers however processes begin, and faults told in their own words."""

from functools import partial
from operator import mul

import pytest

from nle_optimizer.studies import crew
from nle_optimizer.studies.crew import carried_out, make_ready

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
