"""The frontier between two objectives: its points, as rows and in words.

The exact trade-off between two objectives of a scenario. A trade-off curve on a terminal. A trade-off curve as a
table: what each point is worth, and the settings that give it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import numpy as np

from nle_optimizer.catalogue.limits import MOST_POINTS
from nle_optimizer.delimited import csv_bytes
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import Fault, Finding, InputError, Place, check_range, did_you_mean
from nle_optimizer.evidence.alternates import written
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.folders import FolderKind, write_files
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level
from nle_optimizer.model.objectives import parts_of
from nle_optimizer.preparation import prepare
from nle_optimizer.records import MILLION
from nle_optimizer.reports.page.benchmark_page import frontier_page
from nle_optimizer.scenario.scenario import Given, Scenario, scenario_in
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, MINIMISED, Objective
from nle_optimizer.scenario.yaml_text import value_text
from nle_optimizer.studies.comparison.tables_text import wrapped
from nle_optimizer.studies.frontier_points import (
    LEAST,
    SCHOOLS,
    FrontierPoint,
    Searches,
    settings_of_points,
    stepped_points,
    supported_points,
)
from nle_optimizer.tables import NUMBER, WHOLE, YES_NO, Answer, ResultTable, are, counted_in_words, typed

POINTS = 25
FILE, PAGE = "frontier.csv", "report.html"
FRONTIER = FolderKind("frontier")
OBJECTIVES = (*dict.fromkeys(BLEND_PARTS.values()), LEAST)
"""Objectives between which there is a trade-off curve."""


@dataclass(frozen=True, eq=False, repr=False)
class Frontier(Answer):
    """A trade-off curve.

    Attributes:
        between: the names of the two objectives.
        case: the scenario, prepared.
        levels: the two as levels.
        held: the objectives that come before, at their best.
        points: the best on the first objective first.
        settings: for each point, settings under which `run` gives it; none where nobody is supported.
        complete: whether there is no further point of this kind.
        kind: `supported` (all extreme points that a blend can give), or `stepped` (every point).
        searches: how many searches it took.
        own: the point at which the scenario as it is stands; None where that is not known.
        findings: those of the scenario.
    """

    between: tuple[str, str]
    case: Case
    levels: tuple[AnyLevel, Level]
    held: tuple[Objective, ...]
    points: Sequence[FrontierPoint]
    settings: Sequence[dict[str, Any]]
    complete: bool
    kind: str
    searches: int
    own: FrontierPoint | None
    findings: Sequence[Finding] = ()

    def __repr__(self) -> str:
        name, points = self.case.scenario.settings.name, counted_in_words(len(self.points), "point")
        return f"<Frontier of {name} between {' and '.join(self.between)}: {points}>"

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`frontier`, a row a point: both objectives in their units, how many are supported how well, how to run it."""
        numbers = are(NUMBER, *self.between, "mean_fit", "mean_distance_km")
        types = {**numbers, **are(WHOLE, "point", "supported"), "proved": YES_NO}
        return {"frontier": typed("frontier", table_of(self), types)}

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write `frontier.csv` and `report.html` into a folder, complete or not at all.

        Args:
            folder: where it is to lie.
            force: whether an earlier one is replaced.

        Returns:
            The folder.

        Raises:
            RunFolderError: it exists, or cannot be written.
        """
        files = {FILE: csv_bytes(table_of(self)), PAGE: frontier_page(document_of(self))}
        return write_files(Path(folder), FRONTIER, files, force=force)

    def value(self, point: FrontierPoint, which: int) -> Decimal:
        """What a point is worth on one of the two, in its own sense and unit."""
        level = self.levels[which]
        return Decimal(level.sense * point.values[which]) / Decimal(level.scale)


def frontier(
    scenario: Given,
    *,
    between: Sequence[str],
    points: int = POINTS,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Frontier:
    """Tell what more of one objective costs of another, exactly.

    Sums are blended: every extreme point that some blend gives, with a round blend that gives it. Schools supported go
    by counts and the least fit by thresholds: every undominated point. Objectives that the scenario puts before the
    two are kept at their best.

    Args:
        scenario: a scenario file, settings as a mapping, or what `load_scenario` gave.
        between: the names of two objectives, such as `["fit", "distance"]`.
        points: points at most, from 2 to 10,000; where there are more, those that stand out most.
        choose: names of overrides or scenarios in the file, applied in order.
        sets: `KEY=VALUE` settings, which beat everything else.
        allow_outside: whether paths may leave the folder of the file that names them.
        time_limit: seconds for each search, above 0; None: until it is done.
        progress: told of each search.

    Raises:
        InputError: there is no curve between the two, or something in the scenario is wrong.
        UnsupportedError: no engine can do what is asked.
        TypeError: something of another kind than the above is given.
    """
    if isinstance(between, str):
        raise TypeError(f"between is two names: between={[name.strip() for name in between.split(',')]!r}")
    check_range("--points", points, 2, MOST_POINTS)
    Stopping.within(time_limit)
    asked = scenario_in(scenario, choose, sets, allow_outside=allow_outside)
    tell = progress or (lambda _: None)
    with asked.locating():
        found = frontier_of(asked, between, points, lambda: Stopping.within(time_limit), tell)
    return replace(found, findings=asked.findings)


def frontier_of(
    scenario: Scenario,
    between: Sequence[str],
    most: int,
    stopping: Callable[[], Stopping] = Stopping,
    tell: Callable[[str], None] = lambda _: None,
) -> Frontier:
    """The trade-off curve between two objectives of a scenario that was read.

    Args:
        scenario: settings and tables.
        between: the names of two objectives.
        most: points at most, at least 2.
        stopping: gives when each search stops.
        tell: told of each search.

    Raises:
        InputError: there is no curve between the two, or something in the scenario is wrong.
    """
    first, second = names = _two(between)
    plain = prepare(scenario, lambda _: None)
    held = _held(plain.objectives, names)
    if first == LEAST and second in MINIMISED and not held:
        what, hint = f"supporting nobody is best on {second}", "let objectives that ask for somebody come before it"
        raise InputError([Fault(Place(), "--between", what, ",".join(between), hint)])
    order = (second, first) if first == LEAST else names
    asked = scenario.replace({"objectives": [*(level.model_dump() for level in held), *order], "rule": "optimal"})
    case = prepare(asked, lambda _: None)
    *before, one, other = case.problem.levels
    one, other = (other, one) if first == LEAST else (one, other)
    assert isinstance(other, Level)
    search = Searches(
        case.problem, tuple(before), one, other, (), scenario.settings.engine, scenario.settings.seed, stopping
    )
    tell("the two ends")
    curve = _Curve(*_points(search, first, most, tell))
    limits = [found.model_dump(exclude_none=True, exclude_defaults=True) for found in scenario.settings.constraints]
    tell("round weights")
    settings = settings_of_points(
        search, limits, [each.model_dump() for each in held], names, curve.points, complete=curve.complete
    )
    kind = "stepped" if first in (LEAST, SCHOOLS) else "supported"
    is_same = scenario.settings.rule == "optimal" and plain.problem.size == case.problem.size
    own = search.own(plain.problem) if is_same else None
    return Frontier(names, case, (one, other), held, curve.points, settings, curve.complete, kind, search.count, own)


def _two(between: Sequence[str]) -> tuple[str, str]:
    """The names of the two: the least fit before all others, then schools supported; minimised ones last."""
    path = "--between"
    if len(between) != 2 or between[0] == between[1]:
        what, hint = "two different objectives are needed", "such as fit,distance"
        raise InputError([Fault(Place(), path, what, ",".join(between), hint)])
    names = [BLEND_PARTS.get(name, name) for name in between]
    wrong = [name for name in names if name not in OBJECTIVES]
    if wrong:
        hint = did_you_mean(wrong[0], OBJECTIVES) or f"one of {', '.join(OBJECTIVES)}"
        raise InputError([Fault(Place(), path, "there is no trade-off curve of this objective", wrong[0], hint)])
    names.sort(key=lambda name: (name != LEAST, name != SCHOOLS, name in MINIMISED))
    return names[0], names[1]


def _held(objectives: tuple[Objective, ...], names: Sequence[str]) -> tuple[Objective, ...]:
    """The objectives before the first that concerns either of the two; none where no objective does."""
    for n, objective in enumerate(objectives):
        if objective.name in names or (objective.parts and set(parts_of(objective)) & set(names)):
            return objectives[:n]
    return ()


def _points(search: Searches, first: str, most: int, tell: Callable[[str], None]) -> tuple[list[FrontierPoint], bool]:
    ends = search.best_first(), search.best_second()
    if ends[0].values == ends[1].values:
        return [ends[0]], True
    if first == LEAST:
        assert isinstance(search.first, LeastFit)
        amounts = search.first.amounts[search.first.counted].tolist()
        held = search.value_of_held(ends[1].matched)
        best = _told(tell, lambda limit: search.with_least_fit(limit, held))
        return stepped_points(ends[1], ends[0], amounts, best, most)
    if first == SCHOOLS:
        counts = range(ends[1].first + 1, ends[0].first)
        return stepped_points(ends[1], ends[0], counts, _told(tell, search.with_schools), most)

    def weighted(one: int, other: int) -> FrontierPoint:
        tell(f"point {search.count + 1}")
        return search.weighted(one, other)

    return supported_points(*ends, weighted, most)


def _told(
    tell: Callable[[str], None], best: Callable[[int], FrontierPoint | None]
) -> Callable[[int], FrontierPoint | None]:
    def search(limit: int) -> FrontierPoint | None:
        tell(f"at least {limit}")
        return best(limit)

    return search


@dataclass(frozen=True, eq=False)
class _Curve:
    points: Sequence[FrontierPoint]
    complete: bool


Row = dict[str, Any]


def rows_of(found: Frontier) -> list[Row]:
    """One mapping a point, the best on the first objective first; `run` is the command that gives it."""
    return [
        {"point": n, **figures_of(found, point), "proved": point.proved, "run": command_of(settings)}
        for n, (point, settings) in enumerate(zip(found.points, found.settings, strict=True), start=1)
    ]


def figures_of(found: Frontier, point: FrontierPoint) -> Row:
    """What a point is worth on the two objectives, and how many schools it supports, how well and how far."""
    candidates, pairs = found.case.candidates, point.matched
    count = len(np.unique(candidates.recipient[pairs]))
    far = candidates.distance[pairs]
    return {
        **{name: found.value(point, n) for n, name in enumerate(found.between)},
        "supported": count,
        "mean_fit": _mean(int(candidates.fit[pairs].sum()), len(pairs), MILLION),
        "mean_distance_km": _mean(int(far[far >= 0].sum()), int((far >= 0).sum()), 1000),
    }


def _mean(total: int, count: int, scale: int) -> Decimal | None:
    return round(Decimal(total) / count / scale, 6) if count else None


def table_of(found: Frontier) -> dict[str, list[str]]:
    """The rows as columns of text, for a file."""
    rows = rows_of(found)
    return {name: [_cell(row[name]) for row in rows] for name in rows[0]}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return written(value)
    return "" if value is None else str(value)


def document_of(found: Frontier) -> dict[str, Any]:
    """The curve for programs."""
    return {
        "schema_version": 1,
        "scenario": found.case.scenario.settings.name,
        "between": list(found.between),
        "held": [value_text(level.model_dump()) for level in found.held],
        "kind": found.kind,
        "complete": found.complete,
        "searches": found.searches,
        "own": None if found.own is None else _plain(figures_of(found, found.own)),
        "rows": [_plain(row) for row in rows_of(found)],
        "findings": [finding.entry() for finding in found.findings],
    }


def _plain(row: Mapping[str, Any]) -> Row:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def command_of(settings: Mapping[str, Any]) -> str:
    """The command that gives a point, for a shell; blank where there are no settings."""
    words = ["--set '{}={}'".format(key, value_text(value).replace("'", "'\\''")) for key, value in settings.items()]
    return " ".join(["nle-optimizer run SCENARIO", *words]) if words else ""


WIDTHS = {"supported": 10, "mean_fit": 10, "mean_distance_km": 9}
HEADINGS = {"supported": "supported", "mean_fit": "mean fit", "mean_distance_km": "mean km"}
PLACES = {"supported": 0, "mean_fit": 3, "mean_distance_km": 1}


def frontier_text(found: Frontier) -> str:
    """Every point in a line, where the scenario stands, and how to run a point."""
    one, other = found.between
    lines = [click.style(f"Trade-off between {one} and {other}", bold=True), *wrapped(_kind(found), "", ""), ""]
    lines.append(_line("", one, other, [HEADINGS[name] for name in WIDTHS]))
    lines += [_figures(str(row["point"]), row, found) for row in rows_of(found)]
    if found.own is not None:
        lines.append(_figures("now", figures_of(found, found.own), found))
    n = len(found.points) // 2
    if command_of(found.settings[n]):
        lines += ["", f"To run point {n + 1}:", f"  {command_of(found.settings[n])}"]
    return "\n".join(lines)


def _kind(found: Frontier) -> str:
    held = (
        f" while {', '.join(value_text(level.model_dump()) for level in found.held)} is at its best"
        if found.held
        else ""
    )
    what = "extreme point that a blend of the two can give" if found.kind == "supported" else "undominated point"
    count = f"{len(found.points):,}"
    known = f"Every {what}{held}." if found.complete else f"{count} points of more{held}; --points asks for more."
    proved = sum(point.proved for point in found.points)
    doubt = "" if proved == len(found.points) else f" {len(found.points) - proved:,} of them are not proved."
    return known + doubt


def _line(number: str, one: str, other: str, rest: list[str]) -> str:
    return f"{number:>5} {one[:18]:>18} {other[:18]:>18}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(rest, WIDTHS.values(), strict=True)
    )


def _figures(number: str, row: dict[str, Any], found: Frontier) -> str:
    one, other = (_shown(row[name], 3) for name in found.between)
    return _line(number, one, other, [_shown(row[name], PLACES[name]) for name in WIDTHS])


def _shown(value: Decimal | int | None, places: int) -> str:
    if value is None:
        return "-"
    return f"{value:,.{0 if value == int(value) and places == 3 else places}f}"
