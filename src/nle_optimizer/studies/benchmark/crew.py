"""Trials carried out by one process or several; what was tried is kept, so that an interrupted benchmark goes on."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from nle_optimizer.rules.registry import OPTIMAL, procedure_of
from nle_optimizer.scenario.own_code import from_here
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.studies.benchmark.kept import Kept
from nle_optimizer.studies.benchmark.trial import Bench, Trial, Trials
from nle_optimizer.studies.crew import carried_out
from nle_optimizer.studies.sweep.keys import content_of, key_of

DRAWS_A_TASK = 25
"""Draws that are handed out together; the first of them is read a second time."""
LOST = "the process that tried it ended before it answered"


@dataclass(frozen=True)
class Task:
    """Some draws of a rule on a scenario, known by a key: settings, tables, rule and its file, and version."""

    scenario: int
    rule: str
    draws: range
    key: str


def tasks_of(scenarios: Sequence[Scenario], rules: Sequence[str], draws: int) -> list[Task]:
    """What is to be tried; the optimal rule always is, since the others are compared with it."""
    tasks = []
    for number, scenario in enumerate(scenarios):
        case = key_of(scenario.replace({"rule": OPTIMAL}).settings, content_of(scenario))
        for rule in dict.fromkeys((OPTIMAL, *rules)):
            tried_on = scenario.replace({"rule": from_here(rule)})
            procedure, code = procedure_of(tried_on), tried_on.own_rule
            mark = rule if code is None else f"{rule} {code.sha256}"
            count = draws if procedure is not None and procedure.promise.random else 1
            for first in range(0, count, DRAWS_A_TASK):
                part = range(first, min(first + DRAWS_A_TASK, count))
                tasks.append(Task(number, rule, part, f"{case} {mark} {part.start} {part.stop}"))
    return tasks


def tried(
    scenarios: Sequence[Scenario],
    tasks: Sequence[Task],
    workers: int,
    kept: Kept | None,
    tell: Callable[[Task], None] = lambda _: None,
) -> list[Trials]:
    """Every trial, in the order of the tasks whoever carried them out.

    Args:
        scenarios: what is tried on.
        tasks: as `tasks_of` gives them.
        workers: processes; 1 for this one alone.
        kept: what was tried before, and takes what is tried now; None for nothing.
        tell: told of each task that is done.
    """
    found = {task: trials for task in tasks if kept is not None and (trials := kept.get(task.key)) is not None}
    open_tasks = [task for task in tasks if task not in found]
    crew = 0 if len(open_tasks) < 2 or workers == 1 else workers
    with closing(carried_out(partial(_Benches, scenarios), open_tasks, crew)) as answers:
        for task, answer in answers:
            trials = [Trial(task.rule, task.draws.start, {}, reason=LOST)] if answer is None else answer
            found[task] = trials
            if kept is not None and not any(trial.reason for trial in trials):  # what failed may go well next time
                kept.put(task.key, trials)
            tell(task)
    return [_of_scenario(number, scenario, tasks, found) for number, scenario in enumerate(scenarios)]


def _of_scenario(
    number: int, scenario: Scenario, tasks: Sequence[Task], found: Mapping[Task, Sequence[Trial]]
) -> Trials:
    trials = [trial for task in tasks if task.scenario == number for trial in found[task]]
    failed: set[str] = set()
    told = []
    for trial in trials:  # a rule that failed is told once
        if trial.rule not in failed:
            told.append(trial)
        if trial.reason:
            failed.add(trial.rule)
    return Trials(scenario.settings.name, Bench(scenario).candidates, told)


class _Benches:
    """The scenarios in one process, and whatever their stages gave so far."""

    def __init__(self, scenarios: Sequence[Scenario]):
        self._scenarios, self._benches = scenarios, dict[int, Bench]()

    def __call__(self, task: Task) -> list[Trial]:
        """What came of the draws of a task."""
        if task.scenario not in self._benches:
            self._benches[task.scenario] = Bench(self._scenarios[task.scenario])
        return list(self._benches[task.scenario].tried(task.rule, task.draws))
