"""What one more and one fewer of everything in a run is worth, and to whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.exchanging import exchanges_of
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.records import MILLION, as_text
from nle_optimizer.studies.marginal.groups import by_column
from nle_optimizer.studies.marginal.limits import limit_subjects
from nle_optimizer.studies.marginal.places import place_subjects
from nle_optimizer.studies.marginal.questions import Study, Subject
from nle_optimizer.studies.marginal.rows import Cell, Row, as_csv, as_json
from nle_optimizer.studies.marginal.scarcity import Region, regions_of
from nle_optimizer.studies.marginal.schools import school_subjects
from nle_optimizer.studies.reopening import reopen

BY = ("nle", "region", "local_authority", "school", "budget")


@dataclass(frozen=True, eq=False)
class Marginal:
    """The answer to `marginal`.

    Attributes:
        by: of what there is one more: one of `BY`.
        rows: by identifier.
        regions: where capacity is scarce; empty unless the rows are of NLEs.
        why: why the values were found by solving again; blank where they come from the network.
    """

    run: str
    by: str
    outcome: Outcome
    rows: list[Row]
    regions: list[Region]
    why: str

    @property
    def levels(self) -> Sequence[AnyLevel]:
        """The objectives in order."""
        return self.outcome.problem.levels

    @property
    def objective(self) -> str:
        """The objective that `one_more` and `one_fewer` change."""
        return self.levels[0].name

    def document(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "schema_version": 1,
            "run": self.run,
            "by": self.by,
            "objective": self.objective,
            "sense": "maximise" if self.levels[0].sense > 0 else "minimise",
            "solved_again_because": self.why or None,
            "rows": [{name: as_json(cell) for name, cell in row.cells(self.levels).items()} for row in self.rows],
            "regions": [{name: as_json(cell) for name, cell in _columns(region).items()} for region in self.regions],
        }

    def table(self) -> dict[str, list[str]]:
        """The rows as columns of text, for a file."""
        cells = [row.cells(self.levels) for row in self.rows]
        return {name: [as_csv(row[name]) for row in cells] for name in (cells[0] if cells else {})}


def _columns(region: Region) -> dict[str, Any]:
    return {**vars(region), "state": region.word}


@dataclass(eq=False)
class Told:
    """Told how many answers need solving again, and each as it begins."""

    begin: Callable[[int], None] = field(default=lambda _: None)
    step: Callable[[str], None] = field(default=lambda _: None)


def marginal(path: Path, by: str, seconds: float | None = None, told: Told | None = None) -> Marginal:
    """What one more and one fewer is worth in a run.

    Args:
        path: the run folder.
        by: one of `BY`.
        seconds: after how many each search stops, where values are found by solving again; None for when it is done.
        told: told of the progress.

    Raises:
        RunFolderError: the folder cannot be read, or there is no allocation to ask about.
    """
    reopened = reopen(path)
    return marginal_of(reopened.outcome, str(path), by, seconds, told)


def marginal_of(
    outcome: Outcome, run: str, by: str, seconds: float | None = None, told: Told | None = None
) -> Marginal:
    """The same of an outcome."""
    if outcome.solution.completed or not outcome.problem.levels:
        rule = outcome.scenario.settings.rule
        raise RunFolderError(f"{run}: the rule {rule} matches without an objective that one more unit could better")
    exchanges = exchanges_of(outcome)
    study = Study(outcome, exchanges, seconds)
    subjects = _subjects(study, by)
    rows = _rows(study, subjects, by, told or Told())
    regions = regions_of(outcome, rows) if by in ("nle", "region", "local_authority") else []
    if by in ("region", "local_authority"):
        rows = by_column(study, rows, by)
    return Marginal(run, by, outcome, rows, regions, "" if isinstance(exchanges, Exchanges) else exchanges)


def _subjects(study: Study, by: str) -> list[Subject]:
    if by == "school":
        return school_subjects(study)
    return limit_subjects(study) if by == "budget" else place_subjects(study)


def _rows(study: Study, subjects: Sequence[Subject], by: str, told: Told) -> list[Row]:
    told.begin(sum(question.answer is None for each in subjects for question in (each.more, each.fewer)))
    rows = []
    for subject in subjects:
        if None in (subject.more.answer, subject.fewer.answer):
            told.step(subject.id)
        answers = (subject.more.answered(study), subject.fewer.answered(study))
        rows.append(Row(subject.id, subject.resource, *answers, _particulars(study.outcome, subject, by)))
    return rows


def _particulars(outcome: Outcome, subject: Subject, by: str) -> dict[str, Cell]:
    """What a row shows beside the values."""
    if by == "budget":
        return {}
    if by == "school":
        name = as_text(outcome.recipients.column("name").take([subject.index]))[0]  # type: ignore[arg-type]
        return {"name": name, "supported": "yes" if outcome.supported[subject.index] else "no"}
    number = [resource.name for resource in outcome.problem.resources].index(subject.resource)
    name = as_text(outcome.candidates.nles.column("name").take([subject.index]))[0]  # type: ignore[arg-type]
    capacity = int(outcome.problem.resources[number].capacity[subject.index])
    used = int(outcome.used[number][subject.index])
    return {"name": name, "capacity": Decimal(capacity) / MILLION, "used": Decimal(used) / MILLION}
