"""Worths of one more and one fewer of everything, and in words.

What one more and one fewer of everything in a run is worth, and to whom. The answer to `marginal` on a terminal.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import click

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.errors import Fault, InputError, Place, RunFolderError
from nle_optimizer.evidence.alternates import exchanges_of, written
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.files import replace_file
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.records import MILLION, as_text
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.result import Result
from nle_optimizer.studies.comparison.tables_text import heading, label, wrapped
from nle_optimizer.studies.earlier_run import reopen
from nle_optimizer.studies.marginal.answers import FROM_THE_PLAN, NO_SUM, ONE_EACH, SOLVED, Study, Subject
from nle_optimizer.studies.marginal.groups import Cell, MarginalRow, Region, as_csv, as_json, by_column, regions_of
from nle_optimizer.studies.marginal.places import limit_subjects, place_subjects, school_subjects
from nle_optimizer.tables import (
    NUMBER,
    TEXT,
    WHOLE,
    YES_NO,
    Answer,
    ResultTable,
    are,
    counted_in_words,
    of_rows,
    typed,
)

FILE = "marginal.csv"
_REGION = {
    "name": TEXT,
    **are(WHOLE, "nles"),
    **are(NUMBER, "capacity", "used"),
    **are(WHOLE, "full", "left_out"),
    "best": NUMBER,
    "state": TEXT,
}
By = Literal["nle", "region", "local_authority", "school", "budget"]
BY = get_args(By)


@dataclass(frozen=True, eq=False, repr=False)
class Marginal(Answer):
    """What one more and one fewer of everything is worth; changes of the objectives, in their units.

    Attributes:
        by: of what there is one more: one of `BY`.
        rows: by identifier.
        regions: where capacity is scarce; empty unless the rows are of NLEs.
        why: why the values were found by solving again; blank where they come from the network.
    """

    run: str
    by: str
    outcome: Outcome
    rows: list[MarginalRow]
    regions: list[Region]
    why: str

    def __repr__(self) -> str:
        return f"<Marginal by {self.by} of {self.run}: {counted_in_words(len(self.rows), 'row')} of {self.objective}>"

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

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`marginal`, the rows, and `regions`, where capacity is scarce."""
        table = self.table()
        rows = [{name: as_csv(cell) for name, cell in _columns(region).items()} for region in self.regions]
        return {
            "marginal": typed("marginal", table, {name: _type_of(name) for name in table}),
            "regions": of_rows("regions", rows, _REGION),
        }

    def write(self, out: str | Path, *, force: bool = False) -> Path:
        """Write every row to a CSV file, at once or not at all.

        Args:
            out: the file, or a folder for `marginal.csv`.
            force: whether a file that exists is replaced.

        Returns:
            The file.

        Raises:
            RunFolderError: it exists, or cannot be written.
        """
        target = file_for(Path(out), force=force)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, csv_bytes(self.table()))
        except OSError as error:
            raise RunFolderError(f"{target}: the file cannot be written: {error.strerror or error}") from error
        return target


def file_for(out: Path, *, force: bool) -> Path:
    """The file that rows go to.

    Raises:
        RunFolderError: it exists, and is not to be replaced.
    """
    target = out if out.suffix == ".csv" else out / FILE
    if target.exists() and not force:
        raise RunFolderError(f"{target}: it exists already; choose another --out, or give --force to replace it")
    return target


def _type_of(column: str) -> str:
    """What a column holds; changes of objectives have their names in it."""
    if column in ("id", "resource", "method", "name") or column.endswith(("_gained", "_lost", "_nle_id", "_nle_ids")):
        return TEXT
    if column in ("exact", "supported") or column.endswith("_possible"):
        return YES_NO
    return WHOLE if column == "nles" else NUMBER


def _columns(region: Region) -> dict[str, Any]:
    return {**vars(region), "state": region.word}


def marginal(
    run: Result | str | Path,
    *,
    by: By = "nle",
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Marginal:
    """Tell what one more and one fewer of everything in a run is worth, and who would be served.

    Values are changes of the first objective if everybody else moves as is best. Where the run is a network they are
    exact and read off its one solution; elsewhere the problem is solved again for each.

    Args:
        run: a run folder or a result.
        by: of what there is one more: a place (or day) at an NLE, or several in a group of NLEs; a supporter of a
            school; a unit of a constraint's limit (`budget`).
        time_limit: seconds for each search, above 0, where a value needs solving again; None: until it is done.
        progress: told of each answer that needs solving again.

    Raises:
        RunFolderError: the folder cannot be read, or there is no allocation to ask about.
        InputError: `by` or `time_limit` is none of these.
        TypeError: the run is neither a path nor a result.
    """
    if by not in BY:
        raise InputError([Fault(Place(), "--by", f"must be one of {', '.join(BY)}", str(by))])
    Stopping.within(time_limit)
    opened = reopen(run)
    return marginal_of(opened.outcome, str(opened.folder.path), by, time_limit, progress or (lambda _: None))


def marginal_of(
    outcome: Outcome, run: str, by: str, seconds: float | None = None, tell: Callable[[str], None] = lambda _: None
) -> Marginal:
    """The same of an outcome."""
    if outcome.solution.completed or not outcome.problem.levels:
        rule = outcome.scenario.settings.rule
        raise RunFolderError(f"{run}: the rule {rule} matches without an objective that one more unit could better")
    exchanges = exchanges_of(outcome)
    study = Study(outcome, exchanges, seconds)
    subjects = _subjects(study, by)
    rows = _rows(study, subjects, by, tell)
    regions = regions_of(outcome, rows) if by in ("nle", "region", "local_authority") else []
    if by in ("region", "local_authority"):
        rows = by_column(study, rows, by)
    return Marginal(run, by, outcome, rows, regions, "" if isinstance(exchanges, Exchanges) else exchanges)


def _subjects(study: Study, by: str) -> list[Subject]:
    if by == "school":
        return school_subjects(study)
    return limit_subjects(study) if by == "budget" else place_subjects(study)


def _rows(study: Study, subjects: Sequence[Subject], by: str, tell: Callable[[str], None]) -> list[MarginalRow]:
    is_open = [None in (subject.more.answer, subject.fewer.answer) for subject in subjects]
    rows = []
    for n, subject in enumerate(subjects):
        if is_open[n]:
            tell(f"{subject.id} ({sum(is_open[: n + 1]):,} of {sum(is_open):,})")
        answers = (subject.more.answered(study), subject.fewer.answered(study))
        rows.append(MarginalRow(subject.id, subject.resource, *answers, _particulars(study.outcome, subject, by)))
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


RESOURCE, WHO = 11, 10
FURTHER = (
    "What a further supporter would add to a school that has one is not known: under this fit.measure a fit is a share "
    "of the school's need, and shares do not add up."
)
TITLES = {
    "nle": "One more and one fewer at each NLE",
    "region": "More and fewer in each region, where it does best",
    "local_authority": "More and fewer in each local authority, where it does best",
    "school": "One more supporter for each school, and its withdrawal",
    "budget": "One more and one fewer of each limit",
}


def marginal_text(found: Marginal, most: int) -> str:
    """The rows that matter most first, and where capacity is scarce.

    Args:
        found: the answer.
        most: how many rows are shown; the rest is counted.
    """
    sense = "more" if found.levels[0].sense > 0 else "less"
    lines = [click.style(_title(found), bold=True)]
    lines += wrapped(f"Change of the first objective, {found.objective} ({sense} is better). {_method(found)}", "", "")
    if any(row.more.method == NO_SUM for row in found.rows):
        lines += wrapped(FURTHER, "", "")
    if any(row.more.method == ONE_EACH for row in found.rows):
        lines += wrapped(
            "A further supporter is not told, as the least fit is that of schools of one supporter.", "", ""
        )
    lines += ["", *_table(found, most), *_regions(found.regions)]
    return "\n".join(lines)


def _title(found: Marginal) -> str:
    """The title, with the resource where it is the same for all."""
    resources = {row.resource for row in found.rows}
    return TITLES[found.by] + (f" ({', '.join(resources)})" if len(resources) == 1 and found.by != "school" else "")


def _method(found: Marginal) -> str:
    counts = Counter(row.method for row in found.rows)
    again = counts[SOLVED] + counts[FROM_THE_PLAN]
    if not again:
        return "Exact, from the network of the one solution." if not found.why else ""
    exact = sum(row.is_exact for row in found.rows)
    why = f" ({found.why})" if found.why else ""
    start = " from the plan" if not counts[SOLVED] else ""
    return f"Found by solving again{start} for {again:,} of {len(found.rows):,} rows{why}; {exact:,} are exact."


def _table(found: Marginal, most: int) -> list[str]:
    if not found.rows:
        return ["  There is nothing of which there could be more."]
    resources = list(dict.fromkeys(row.resource for row in found.rows))
    if found.by in ("region", "local_authority"):
        return [line for name in resources for line in _groups(name, found, most, several=len(resources) > 1)]
    lines = [_line("", "resource" if len(resources) > 1 else "", "one more", "serves", "one fewer", "leaves out")]
    rows = sorted(found.rows, key=_weight, reverse=True)
    lines += [_row(row, found, several=len(resources) > 1) for row in rows[:most]]
    return [*lines, *_rest(len(rows) - most)]


def _rest(count: int) -> list[str]:
    return [f"  ... and {count:,} more; --show N shows more, --format json and --out have all"] if count > 0 else []


def _groups(resource: str, found: Marginal, most: int, *, several: bool) -> list[str]:
    """The groups of NLEs with one resource."""
    rows = sorted((row for row in found.rows if row.resource == resource), key=_weight, reverse=True)
    lines = [click.style(resource, bold=True)] if several else []
    lines.append(_of_group("", "best", "at", "mean", ["two more", "five more", "ten more", "one fewer"]))
    for row in rows[:most]:
        cells = row.cells(found.levels)
        mean = cells["mean"]
        shown = [_shown(cells, side) for side in ("two_more", "five_more", "ten_more", "one_fewer")]
        best = _shown(cells, "one_more"), str(cells["one_more_nle_id"])
        lines.append(_of_group(row.id, *best, _signed(mean) if isinstance(mean, Decimal) else "", shown))
    return [*lines, *_rest(len(rows) - most)]


def _of_group(name: str, best: str, at: str, mean: str, further: Sequence[str]) -> str:
    cells = "".join(f"{cell:>{width}}" for cell, width in zip(further, (9, 10, 10, 11), strict=True))
    return f"{one_line(name, 16):<17}{best:>8} {one_line(at, 7):<7}{mean:>8}{cells}".rstrip()


def _weight(row: MarginalRow) -> tuple[int, int]:
    """What one more adds, then what one fewer takes, in the maximising orientation."""
    return (row.more.least or (0,))[0], -(row.fewer.most or (0,))[0]


def _row(row: MarginalRow, found: Marginal, *, several: bool) -> str:
    cells = row.cells(found.levels)
    more, fewer = (_shown(cells, side) for side in ("one_more", "one_fewer"))
    ends = [_who(row.more.gained), _who(row.fewer.lost)]
    name = label(row.id, str(row.particulars.get("name", "")))
    return _line(name, row.resource if several else "", more, ends[0], fewer, ends[1])


def _line(name: str, resource: str, more: str, gained: str, fewer: str, lost: str) -> str:
    between = f"{one_line(resource, RESOURCE - 1):<{RESOURCE}}" if resource else ""
    who = one_line(gained, WHO)
    return f"{name:<28}{between}{more:>10} {who:<{WHO}}{fewer:>10} {one_line(lost, WHO)}".rstrip()


def _who(schools: tuple[str, ...]) -> str:
    return f"{len(schools):,} schools" if len(schools) > 1 else "".join(schools)


def _shown(cells: Mapping[str, object], side: str) -> str:
    if not cells[f"{side}_possible"]:
        return "impossible"
    value, low, high = (cells[name] for name in (side, f"{side}_least", f"{side}_most"))
    if isinstance(value, Decimal):
        return _signed(value)
    return "not known" if low is None else f"{_signed(low)}..{_signed(high)}"  # type: ignore[arg-type]


def _signed(value: Decimal) -> str:
    text = written(round(value, 4))
    return f"+{text}" if value > 0 else text


def _regions(regions: list[Region]) -> list[str]:
    if not regions:
        return []
    head = f"  {'region':<26}{'NLEs':>6}{'has':>8}{'used':>8}{'full':>6}{'left out':>10}  best"
    return [*heading("Where capacity is scarce, and where it idles"), head, *(_region(region) for region in regions)]


def _region(region: Region) -> str:
    best = "" if region.best is None else _signed(region.best)
    figures = f"{region.nles:>6,}{written(region.capacity):>8}{written(region.used):>8}{region.full:>6,}"
    return f"  {one_line(region.name, 25):<26}{figures}{region.left_out:>10,}  {best:<9}{region.word}".rstrip()
