"""`benchmark`: rules tried by several processes, and kept as they go.

The one door to a benchmark: scenarios go in, tables come out. Trials carried out by one process or several; what was
tried is kept, so that an interrupted benchmark goes on. Which rules a benchmark tries. Trials kept in an SQLite file
of the benchmark's folder.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, cast

import numpy as np

from nle_optimizer.catalogue.limits import MOST_DRAWS, MOST_WORKERS
from nle_optimizer.errors import Fault, InputError, Place, RunFolderError, check_range
from nle_optimizer.folders import is_ours, recover, refuse_existing, write_files
from nle_optimizer.rules.registry import OPTIMAL, RULES, check_rule, procedure_of
from nle_optimizer.scenario.own_code import from_here, is_own
from nle_optimizer.scenario.scenario import Given, Scenario, scenario_in
from nle_optimizer.studies.benchmark.measures import Figure
from nle_optimizer.studies.benchmark.tables import BENCHMARK, Benchmark
from nle_optimizer.studies.benchmark.trial import Bench, Trial, Trials
from nle_optimizer.studies.properties import properties_of
from nle_optimizer.studies.sweep.plan import content_of, key_of
from nle_optimizer.studies.worker_processes import carried_out

FORMAT = 3
FILE = "trials.sqlite"
ARRAYS = ("fit", "matched")


class KeptTasks:
    """The open file; every task is committed when it is done.

    Raises:
        RunFolderError: it is no file of ours, or the disk refuses.
    """

    def __init__(self, folder: Path):
        self._file = folder / FILE
        try:
            self._connection = sqlite3.connect(self._file, timeout=0.5)
            (found,) = self._connection.execute("PRAGMA user_version").fetchone()
            foreign = self._connection.execute("SELECT 1 FROM sqlite_master").fetchone() if found == 0 else None
            if found not in (0, FORMAT) or foreign:
                raise RunFolderError(
                    f"{self._file}: it was written by another program or version; choose another --out"
                )
            self._connection.execute("CREATE TABLE IF NOT EXISTS tasks (key TEXT PRIMARY KEY, trials TEXT NOT NULL)")
            self._connection.execute(f"PRAGMA user_version = {FORMAT}")
            self._connection.commit()
        except sqlite3.Error as fault:
            raise RunFolderError(f"{self._file}: {fault}") from fault

    def get(self, key: str) -> list[Trial] | None:
        """The trials of a task; None where it was not done yet."""
        row = self._connection.execute("SELECT trials FROM tasks WHERE key = ?", [key]).fetchone()
        return None if row is None else [_trial(told) for told in json.loads(row[0])]

    def put(self, key: str, trials: list[Trial]) -> None:
        """Keep the trials of a task."""
        told = json.dumps([_plain(trial) for trial in trials])
        try:
            self._connection.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?)", [key, told])
            self._connection.commit()
        except sqlite3.Error as fault:
            raise RunFolderError(f"{self._file}: {fault}; what was tried before is kept") from fault

    def __enter__(self) -> "KeptTasks":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def _arrays(trial: Trial) -> dict[str, Any]:
    return {name: getattr(trial, name) for name in ARRAYS}


def _plain(trial: Trial) -> dict[str, Any]:
    arrays = {name: None if value is None else value.tolist() for name, value in _arrays(trial).items()}
    figures = {name: _told(figure) for name, figure in trial.figures.items()}
    return {**vars(trial), "figures": figures, **arrays, "missed": list(trial.missed), "remarks": list(trial.remarks)}


def _told(figure: Figure) -> Any:
    """A figure so that it is the same when it is read back: a ratio as two whole numbers."""
    return [str(figure.numerator), str(figure.denominator)] if isinstance(figure, Fraction) else figure


def _trial(told: dict[str, Any]) -> Trial:
    figures = {
        name: Fraction(int(figure[0]), int(figure[1])) if isinstance(figure, list) else figure
        for name, figure in told["figures"].items()
    }
    arrays = {name: None if told[name] is None else np.array(told[name], dtype=np.int64) for name in ARRAYS}
    said = {name: tuple(told[name]) for name in ("missed", "remarks")}
    return Trial(**{**told, "figures": figures, **arrays, **said})


DRAWS_A_TASK = 25
"""Draws that are handed out together; the first of them is read a second time."""
LOST = "the process that tried it ended before it answered"


@dataclass(frozen=True)
class RuleTask:
    """Some draws of a rule on a scenario, known by a key: settings, tables, rule and its file, and version."""

    scenario: int
    rule: str
    draws: range
    key: str


def tasks_of(scenarios: Sequence[Scenario], rules: Sequence[str], draws: int) -> list[RuleTask]:
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
                tasks.append(RuleTask(number, rule, part, f"{case} {mark} {part.start} {part.stop}"))
    return tasks


def tried(
    scenarios: Sequence[Scenario],
    tasks: Sequence[RuleTask],
    workers: int,
    kept: KeptTasks | None,
    tell: Callable[[RuleTask], None] = lambda _: None,
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
    number: int, scenario: Scenario, tasks: Sequence[RuleTask], found: Mapping[RuleTask, Sequence[Trial]]
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

    def __call__(self, task: RuleTask) -> list[Trial]:
        """What came of the draws of a task."""
        if task.scenario not in self._benches:
            self._benches[task.scenario] = Bench(self._scenarios[task.scenario])
        return list(self._benches[task.scenario].tried(task.rule, task.draws))


UNUSUAL = ("probabilistic-serial", "immediate-acceptance", "top-trading-cycles", "nash", "rank-minimal", "dual-price")
"""Rules that are tried only by name, or with `all`."""


def rules_asked(rules: str | Sequence[str] | None) -> list[str]:
    """The rules that `--rules` names: the usual ones without it, every one for `all`.

    Raises:
        InputError: rules that do not exist, all at once.
    """
    if rules is None:
        return [name for name in RULES if name not in UNUSUAL]
    words = rules.split(",") if isinstance(rules, str) else rules
    names = [word.strip() for word in words if word.strip()]
    if names == ["all"]:
        return list(RULES)
    problems: list[Fault] = []
    for name in names:
        try:
            check_rule(name, Place("--rules"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return names


def permitting(scenario: Scenario, rules: Sequence[str]) -> Scenario:
    """The scenario, where the code may run that the given rules name.

    Raises:
        InputError: a file that cannot be read.
    """
    document = scenario.document.copy()
    for rule in filter(is_own, rules):
        document.own_code = document.own_code.allowing(from_here(rule), Place("--rules"))
    return replace(scenario, document=document)


FEW_TASKS = 8
"""Tasks up to which this process is quicker alone."""


def benchmark(
    scenarios: Given | Sequence[Given],
    *,
    rules: str | Sequence[str] | None = None,
    draws: int = 1,
    workers: int | None = None,
    time_limit: float | None = None,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    properties: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    report: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Benchmark:
    """Try matching rules on the same cases, and compare them by every metric.

    A rule that cannot be carried out is told with the reason, and the others finish. Distances are in kilometres.

    Args:
        scenarios: one or several, each a file, settings as a mapping, or what `load_scenario` gave.
        rules: names, or `"all"`; None: the usual ones.
        draws: draws of each random rule, from 1 to 100,000.
        workers: processes, from 1 to 1,000; None: one a core where it is worth it.
        time_limit: seconds after which a rule that searches takes its best, above 0; None: the scenario's own limit.
        choose, sets, allow_outside: as for `load_scenario`.
        properties: on small cases, search for blocking pairs, Pareto improvements and the best misreport of everybody.
        out: a new folder for the tables and the page, which keeps every trial as it is done; None: none is written,
            and `write` may do so later.
        resume: go on in `out`: what was tried there is not tried again.
        report: whether the page is wanted in `out`.
        progress: told the rule of each piece of work that is done.

    Raises:
        InputError: what is wrong with a scenario; rules that do not exist; `resume` without `out`.
        RunFolderError: `out` exists already, or cannot be written.
        TypeError: something of another kind than the above is given.
    """
    check_range("--draws", draws, 1, MOST_DRAWS)
    check_range("--workers", workers, 1, MOST_WORKERS)
    names, folder = rules_asked(rules), None if out is None else Path(out)
    _refuse(folder, resume)
    several = list(scenarios) if isinstance(scenarios, list | tuple) else [cast(Given, scenarios)]
    how: dict[str, Any] = {"allow_outside": allow_outside, "also": {"stop.seconds": time_limit}}
    loaded = [permitting(scenario_in(given, choose, sets, **how), names) for given in several]
    made = _tried_out(loaded, names, draws, workers, folder, properties, progress or (lambda _: None))
    if folder is not None:
        made.write(folder, report=report, force=True)
    return made


def _tried_out(
    loaded: Sequence[Scenario],
    names: Sequence[str],
    draws: int,
    workers: int | None,
    folder: Path | None,
    properties: bool,
    tell: Callable[[str], None],
) -> Benchmark:
    tasks = tasks_of(loaded, names, draws)
    crew = workers or ((os.cpu_count() or 1) if draws > 1 and len(tasks) > FEW_TASKS else 1)
    with nullcontext() if folder is None else _kept_in(folder) as kept:
        found = tried(loaded, tasks, crew, kept, lambda task: tell(task.rule))
    searched = [(scenario, each) for scenario in loaded if properties for each in properties_of(scenario, names)]
    return Benchmark(loaded, found, [each.row(scenario.settings.name) for scenario, each in searched])


def _refuse(out: Path | None, resume: bool) -> None:
    if resume and out is None:
        raise InputError("--resume goes on in a folder; name it by --out")
    if out is None:
        return
    recover(out, BENCHMARK)
    if is_ours(out, BENCHMARK) and not resume:
        raise InputError(f"{out}: it exists already; give --resume to go on in it, or choose another --out")
    refuse_existing(out, BENCHMARK, force=resume)


def _kept_in(folder: Path) -> KeptTasks:
    """Where trials are kept as they are done; the folder is made where there is none."""
    if not is_ours(folder, BENCHMARK):
        write_files(folder, BENCHMARK, {}, force=False)
    return KeptTasks(folder)
