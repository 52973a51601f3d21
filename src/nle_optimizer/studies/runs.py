"""A scenario carried out: solved, completed with draws, read a second time, and written as a run folder."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from nle_optimizer.catalogue.limits import MOST_WORKERS
from nle_optimizer.errors import VerificationError, check_range
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.files import read_file
from nle_optimizer.reports.boundaries import outlines_of
from nle_optimizer.reports.files_for_people import files_for_people
from nle_optimizer.reports.run_folder import Circumstances, command_line, write_run_folder
from nle_optimizer.reports.view import OUTLINES, view_of
from nle_optimizer.result import Result
from nle_optimizer.running import Interrupts, result_of
from nle_optimizer.scenario.scenario import Given, Scenario, scenario_in
from nle_optimizer.studies.robustness.robustness import Robustness, with_draws

MOST_WRONG = 20
"""Sentences on a result that does not stand which are told."""


@dataclass(frozen=True)
class Listener:
    """Who is told how a run goes on, and may end it.

    Attributes:
        step: told the name of each step as it begins.
        detail: told what is being done within a step.
        interrupts: entered while an engine searches; gives a function that says whether to stop with the best found.
    """

    step: Callable[[str], None] = field(default=lambda _: None)
    detail: Callable[[str], None] = field(default=lambda _: None)
    interrupts: Interrupts | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Run(Result):
    """A result that stood up to a second reading of its inputs, and can be written as a run folder.

    Attributes:
        draws: what draws found, where the scenario asks for them (`uncertainty.draws`).
        started: when it was begun.
        steps: what each step took in seconds, by name.
    """

    draws: Robustness | None = None
    started: datetime = field(default_factory=lambda: datetime.now().astimezone())
    steps: Mapping[str, float] = field(default_factory=dict)

    def write(
        self,
        folder: str | Path,
        *,
        report: bool = True,
        boundaries: str | Path | None = None,
        inputs: bool = True,
        force: bool = False,
    ) -> Path:
        """Write the run folder, complete or not at all: what `nle-optimizer run` writes.

        Args:
            folder: where it is to lie.
            report: whether the files made for people to look at are wanted: page, workbook and map.
            boundaries: GeoJSON of regions, whose outlines the map shows; one that cannot be used is warned of.
            inputs: whether the tables are kept, without which the folder can be neither verified nor asked about.
            force: whether an earlier run folder is replaced; what others put into it is kept.

        Returns:
            The folder.

        Raises:
            RunFolderError: the folder exists, or cannot be written.
        """
        target = Path(folder)
        file = self._boundaries() if boundaries is None else Path(boundaries)
        more = self._further_files()
        outlines = () if file is None else outlines_of(file)
        kept = file if outlines and inputs else None
        if report:
            more = {**files_for_people(view_of(self, self.further).with_outlines(outlines), kept), **more}
        elif kept is not None:  # later plans draw them again
            more = {OUTLINES: read_file(kept), **more}
        told = Circumstances(command_line(), self.started, self.steps, self._earlier(target))
        write_run_folder(self, target, told, force=force, keep_inputs=inputs, more=more)
        return target

    def _boundaries(self) -> Path | None:
        """The outlines that are drawn where no others are given."""
        return None

    def _further_files(self) -> Mapping[str, bytes]:
        """What lies in the folder besides, by its path."""
        return {}

    def _earlier(self, _target: Path) -> Mapping[str, Any] | None:
        """What the manifest tells of the run before."""
        return None


def run(
    scenario: Given,
    *,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    allow_code: bool = False,
    rule: str | None = None,
    time_limit: float | None = None,
    workers: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Run:
    """Solve a scenario, and verify the result from its inputs.

    Where `allocate` only matches, this makes the draws that the scenario asks for, reads the result a second time, and
    gives what can be written as a run folder. Distances are in kilometres, costs in pounds.

    Args:
        scenario: a scenario file, settings as a mapping, or what `load_scenario` gave.
        choose: names of overrides or scenarios in the file, applied in order.
        sets: `KEY=VALUE` settings, which beat everything else.
        allow_outside: whether paths may leave the folder of the file that names them.
        allow_code: whether code that a file names as its rule may run.
        rule: the matching rule; the same as `sets=["rule=NAME"]`.
        time_limit: seconds after which the best found is taken, above 0; None: the scenario's own limit.
        workers: processes for the draws, from 1 to 1,000; None: one a core where it is worth it.
        progress: told the name of each step as it begins.

    Returns:
        The run; its status is `infeasible` where no allocation meets every requirement.

    Raises:
        InputError: everything that is wrong with the scenario, at once.
        UnsupportedError: the scenario asks for what no engine or rule can do.
        VerificationError: the result does not stand up to its own inputs.
        EngineError: a solver failed, or contradicted itself.
        TypeError: something of another kind than the above is given.
    """
    check_range("--workers", workers, 1, MOST_WORKERS)
    asked = scenario_in(
        scenario,
        choose,
        sets,
        allow_outside=allow_outside,
        allow_code=allow_code,
        also={"rule": rule, "stop.seconds": time_limit},
    )
    return run_of(asked, Listener(progress) if progress else Listener(), workers)


def run_of(
    scenario: Scenario,
    listener: Listener,
    workers: int | None = None,
    complete: Callable[[Result], Result] = lambda result: result,
) -> Run:
    """What `run` gives of a scenario that was read.

    Args:
        scenario: settings and tables.
        listener: who is told how it goes on.
        workers: processes for the draws; None: one a core where it is worth it.
        complete: adds to the result what belongs to it and is verified with it.

    Raises:
        UnsupportedError, VerificationError, EngineError: as `run`.
    """
    started, clock = datetime.now().astimezone(), _Clock(listener.step)
    result = complete(result_of(scenario, clock, listener.detail, listener.interrupts))
    draws = None
    if scenario.settings.uncertainty.draws and result.status not in ("infeasible", "unknown"):
        result, draws = with_draws(result, workers, listener.step)
    clock("verifying")
    if wrong := check_claim(result.scenario, result.claim):
        raise VerificationError(
            ["the result does not stand up to its own inputs; nothing was written", *wrong[:MOST_WRONG]]
        )
    clock.stop()
    return Run(**vars(result), draws=draws, started=started, steps=clock.seconds)


class _Clock:
    """Passes on the name of each step, and remembers how long each took, in seconds."""

    def __init__(self, tell: Callable[[str], None]):
        self._tell, self._step, self._began = tell, "", 0.0
        self.seconds: dict[str, float] = {}

    def __call__(self, step: str) -> None:
        self.stop()
        self._step, self._began = step, time.perf_counter()
        self._tell(step)

    def stop(self) -> None:
        """The step has ended."""
        if self._step:
            self.seconds[self._step] = round(time.perf_counter() - self._began, 4)
