"""Whom to recruit, and the answer in words.

Where so many more NLEs would add most to a scenario. Recruits and what they add, on a terminal.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.catalogue.limits import MOST_RECRUITS, MOST_SEARCHES
from nle_optimizer.delimited import csv_bytes
from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import Fault, Finding, InputError, Place, UnsupportedError, VerificationError, check_range
from nle_optimizer.evidence.alternates import written
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.folders import FolderKind, write_files
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.preparation import prepare
from nle_optimizer.records import MILLION, Records, as_text
from nle_optimizer.reports.terminal import one_line
from nle_optimizer.result import Result
from nle_optimizer.running import result_of
from nle_optimizer.scenario.columns import NLES
from nle_optimizer.scenario.given import held_table
from nle_optimizer.scenario.own_code import rule_name
from nle_optimizer.scenario.scenario import Given, Scenario, scenario_in
from nle_optimizer.scenario.setting_sections import DataFile
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.studies.comparison.tables_text import wrapped
from nle_optimizer.studies.recruitment_market import (
    BestChoice,
    Market,
    best_choice,
    centres,
    chosen_rows,
    filled,
    is_possible,
)
from nle_optimizer.tables import NUMBER, Answer, ResultTable, counted_in_words, of_records, typed, types_in

if TYPE_CHECKING:
    import pandas as pd

SEARCHES = 60
RECRUITMENT = FolderKind("recruitment")


@dataclass(frozen=True, eq=False)
class RecruitRequest:
    """What is asked for.

    Attributes:
        count: how many recruits.
        places: a table of possible ones, as a file or a data frame; None for the centre of each authority.
        like: the NLE whom they resemble where their cells are blank; None for nobody.
        most_searches: how many choices may be worked out beyond the greedy one.
    """

    count: int
    places: "Path | pd.DataFrame | None"
    like: str | None
    most_searches: int


@dataclass(frozen=True, eq=False, repr=False)
class Recruitment(Answer):
    """The recruits, and what they add.

    Attributes:
        recruits: the chosen, in the order in which they add most.
        possible: how many places there were to choose from.
        level: the first objective.
        values: of the first objective without recruits, and with the first 1, 2, ... of them, maximising orientation.
        found: the choice, and the bound on any other.
        is_submodular: whether the guarantee of the greedy choice holds.
        before, after: the scenario without and with them, verified.
        findings: those of the scenario.
    """

    recruits: Records
    possible: int
    level: AnyLevel
    values: tuple[int, ...]
    found: BestChoice
    is_submodular: bool
    before: Result
    after: Result
    findings: Sequence[Finding] = ()

    def __repr__(self) -> str:
        name, added = self.before.scenario.settings.name, written(self.amount(self.values[-1] - self.values[0]))
        recruits = counted_in_words(len(self.recruits), "recruit")
        return f"<Recruitment for {name}: {recruits}, {self.level.name} {added} more, {self._sure}>"

    @property
    def _sure(self) -> str:
        return "proved best" if self.is_exact else "not proved"

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """`recruits`, an NLE table in the order in which they add most, with what each adds; `nles`, all with them."""
        resources = self.before.scenario.resources
        types = {**types_in(NLES, resources), "adds": NUMBER}
        return {
            "recruits": typed("recruits", self.table(), types),
            "nles": of_records("nles", self.after.scenario.nles),
        }

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write `recruits.csv` and `nles.csv` into a folder, complete or not at all.

        `run --set data.nles=FOLDER/nles.csv` plans with both.

        Args:
            folder: where it is to lie.
            force: whether an earlier one is replaced.

        Returns:
            The folder.

        Raises:
            RunFolderError: it exists, or cannot be written.
        """
        files = {f"{name}.csv": csv_bytes(table.columns) for name, table in self.tables.items()}
        return write_files(Path(folder), RECRUITMENT, files, force=force)

    @property
    def is_exact(self) -> bool:
        """Whether it is proved that no other choice adds more."""
        return self.found.bound <= self.values[-1]

    def amount(self, value: int) -> Decimal:
        """A value of the first objective in its own sense and unit."""
        return Decimal(self.level.sense * value) / Decimal(self.level.scale)

    def table(self) -> TextTable:
        """The recruits as an NLE table, with what each adds to those before it."""
        own = {name: as_text(column) for name, column in self.recruits.columns.items()}
        gains = zip(self.values[1:], self.values, strict=False)
        return {**own, "adds": [written(self.amount(more - less)) for more, less in gains]}

    def document(self) -> dict[str, Any]:
        """The answer for programs."""
        table = self.table()
        return {
            "schema_version": 1,
            "scenario": self.before.scenario.settings.name,
            "objective": self.level.name,
            "without": float(self.amount(self.values[0])),
            "with": float(self.amount(self.values[-1])),
            "bound": float(self.amount(self.found.bound)),
            "exact": self.is_exact,
            "guarantee": "1 - 1/e" if self.is_submodular else None,
            "places": self.possible,
            "choices_worked_out": self.found.searches,
            "supported_without": self.before.claim.summary["counts"]["supported"],
            "supported_with": self.after.claim.summary["counts"]["supported"],
            "rows": [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)],
            "findings": [finding.entry() for finding in self.findings],
        }


def recruit(
    scenario: Given,
    *,
    count: int,
    places: "str | Path | pd.DataFrame | None" = None,
    like: str | None = None,
    searches: int = SEARCHES,
    choose: Sequence[str] = (),
    sets: Sequence[str] = (),
    allow_outside: bool = False,
    time_limit: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> Recruitment:
    """Find where so many more NLEs would add most to the first objective.

    Proved where that can be, else with an upper bound on any other choice.

    Args:
        scenario: a scenario file, settings as a mapping, or what `load_scenario` gave.
        count: how many recruits, from 1 to 10,000.
        places: possible recruits, each row once: a file or a data frame with the columns of the NLE table; None: the
            centre of every local authority, as often as it helps.
        like: the NLE whose expertise, capacity and reach recruits have where theirs are blank.
        searches: choices to work out at most beyond taking the best one after the other, from 0 to 100,000.
        choose: names of overrides or scenarios in the file, applied in order.
        sets: `KEY=VALUE` settings, which beat everything else.
        allow_outside: whether paths may leave the folder of the file that names them.
        time_limit: seconds for each search, above 0; None: until it is done.
        progress: told of each search.

    Raises:
        InputError: no such NLE to resemble, a table of places that is wrong, fewer places than recruits, or something
            in the scenario is wrong.
        UnsupportedError: the scenario's rule is not `optimal`, or it has no allocation without recruits.
        TypeError: something of another kind than the above is given.
    """
    check_range("--count", count, 1, MOST_RECRUITS)
    check_range("--searches", searches, 0, MOST_SEARCHES)
    Stopping.within(time_limit)
    asked = scenario_in(scenario, choose, sets, allow_outside=allow_outside)
    request = RecruitRequest(count, Path(places) if isinstance(places, str) else places, like, searches)
    tell = progress or (lambda _: None)
    with asked.locating():
        found = recruitment_of(asked, request, lambda: Stopping.within(time_limit), tell)
    return replace(found, findings=asked.findings)


def recruitment_of(
    scenario: Scenario,
    asked: RecruitRequest,
    stopping: Callable[[], Stopping] = Stopping,
    tell: Callable[[str], None] = lambda _: None,
) -> Recruitment:
    """What `recruit` finds for a request.

    Raises:
        InputError: no such NLE to resemble, a table of places that is wrong, or fewer places than recruits.
        UnsupportedError: the scenario's rule is not `optimal`, or it has no allocation without recruits.
    """
    if scenario.settings.rule != "optimal":
        what = f"the rule {rule_name(scenario.settings.rule)} has no objective that recruits could add to; use optimal"
        raise UnsupportedError([Fault(scenario.document.place(("rule",)), "rule", what)])
    possible = centres(scenario) if asked.places is None else listed(asked.places, scenario)
    possible = filled(possible, scenario, asked.like)
    tell("candidates")
    market = _market(scenario, possible, asked.count if asked.places is None else 1, stopping)
    if not market.problem.levels:
        what, hint = (
            "no objective counts anybody, so recruits would add nothing",
            "see why nobody is eligible: validate",
        )
        raise InputError([Fault(scenario.document.place(("objectives",)), "objectives", what, hint=hint)])
    _refuse_too_many(market, asked.count, len(possible))
    found = best_choice(market, asked.count, asked.most_searches, tell)
    values = tuple(market.worth(tuple(sorted(found.order[:n]))).values[0] for n in range(asked.count + 1))
    chosen = chosen_rows(possible, found.order)
    tell("verifying")
    before, after = _verified(scenario), _verified(_with_recruits(scenario, chosen))
    level, submodular = market.problem.levels[0], market.is_submodular
    return Recruitment(chosen, len(possible), level, values, found, submodular, before, after)


def listed(places: "Path | pd.DataFrame", scenario: Scenario) -> Records:
    """The rows of a table of places, in a file or a data frame: an NLE table, of which all but the identifier may be
    blank.

    Raises:
        InputError: everything that is wrong with it; an identifier that an NLE has.
        TypeError: it is neither.
    """
    reading = Reading()
    levels = {word.casefold(): int(share * MILLION) for word, share in scenario.settings.fit.levels.items()}
    held = None if isinstance(places, Path) else held_table(NLES, places)
    name, source = (places.name, str(places)) if held is None else (held.name, held.name)
    table = read_table(NLES, DataFile(file=source), scenario.resources, levels, reading, held)
    taken = set() if table is None else set(table.ids.tolist()) & set(scenario.nles.ids.tolist())
    for nle in sorted(taken):
        reading.problems.append(Fault(Place(name), "nle_id", "an NLE has this identifier; choose another", nle))
    if reading.problems or table is None:
        raise InputError(reading.problems)
    return table


def _with_recruits(scenario: Scenario, recruits: Records) -> Scenario:
    return scenario.with_tables({"nles": scenario.nles.joined(recruits)}, scenario.document.copy())


def _market(scenario: Scenario, possible: Records, repeats: int, stopping: Callable[[], Stopping]) -> Market:
    case = prepare(_with_recruits(scenario, possible), lambda _: None)
    wanted = set(possible.ids.tolist())
    numbers = {str(nle): n for n, nle in enumerate(case.problem.nle_ids)}
    out = sorted(wanted - numbers.keys())
    if out:
        reasons = dict(zip(case.supply.nles.ids.tolist(), case.supply.reason.tolist(), strict=True))
        what = f"this recruit would be out ({reasons[out[0]]}); fill its cells, or choose another --like"
        raise InputError([Fault(Place(), "--places", what, out[0])])
    recruits = [numbers[str(nle)] for nle in possible.ids]
    return Market(case.problem, recruits, repeats, scenario.settings.engine, scenario.settings.seed, stopping)


def _refuse_too_many(market: Market, count: int, places: int) -> None:
    if not is_possible(market):
        what = "without recruits no allocation meets every requirement; `run` tells what clashes"
        raise UnsupportedError([Fault(Place(), "constraints", what)])
    if count > places * market.repeats:
        what = f"there are {places * market.repeats} places to choose from"
        raise InputError([Fault(Place(), "--count", what, str(count), "give more --places")])


def _verified(scenario: Scenario) -> Result:
    result = result_of(scenario)
    if wrong := check_claim(result.scenario, result.claim):
        raise VerificationError(wrong)
    return result


WIDTH = 12


def recruitment_text(found: Recruitment) -> str:
    """Each recruit in a line with what it adds to those before, and how sure the choice is."""
    count = len(found.recruits)
    lines = [click.style(f"Where {count:,} more NLE{'s' if count > 1 else ''} would add most", bold=True)]
    sense = "more" if found.level.sense > 0 else "less"
    lines += wrapped(f"First objective: {found.level.name} ({sense} is better). {_how_sure(found)}", "", "")
    lines += ["", f"{'':4}{'recruit':<34}{'region':<26}{'adds':>{WIDTH}}"]
    adds = found.table()["adds"]
    regions = as_text(found.recruits.column("region"))
    for n, (name, region, gain) in enumerate(zip(found.recruits.ids.tolist(), regions, adds, strict=True), start=1):
        lines.append(f"{n:>3} {one_line(name, 33):<34}{one_line(region, 25):<26}{_short(gain):>{WIDTH}}")
    before, after = (result.claim.summary["counts"]["supported"] for result in (found.before, found.after))
    without, then = (written(found.amount(found.values[n])) for n in (0, -1))
    lines += ["", f"  {found.level.name}: {without} without, {then} with them"]
    return "\n".join([*lines, f"  Schools supported: {before:,} without, {after:,} with them"])


def _short(gain: str) -> str:
    return f"{float(gain):+,.4g}"


def _how_sure(found: Recruitment) -> str:
    if found.is_exact:
        return f"Proved: no other choice among {found.possible:,} places adds more."
    limit = written(abs(found.amount(found.found.bound) - found.amount(found.values[0])))
    known = f"Chosen one after the other; any other choice adds at most {limit}."
    if found.is_submodular:
        known += " This one is sure to add at least 63 % (1 - 1/e) of the most."
    return known
