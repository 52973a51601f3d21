"""A new plan that disturbs an earlier one least."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.delimited import read_rows
from nle_optimizer.errors import Fault, Finding, InputError, Place
from nle_optimizer.evidence.outcome import Case
from nle_optimizer.model.problem import counted
from nle_optimizer.preparation import prepare, trusts_first
from nle_optimizer.result import Result
from nle_optimizer.scenario.changes import Change, held_changes, read_changes
from nle_optimizer.scenario.columns import PINNED
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.journal import Decision, Journal, is_journal, read_journal
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.yaml_text import parse_value
from nle_optimizer.stages.current import locate
from nle_optimizer.stages.trust_first import mode_of
from nle_optimizer.studies.earlier_run import EarlierRun, Pair, earlier_run, given_files
from nle_optimizer.studies.replanning.actions import carry_out, recall
from nle_optimizer.studies.replanning.amendments import Amendments, amendments_of, looked_up_in
from nle_optimizer.studies.replanning.rebuilding import rebuilt

if TYPE_CHECKING:
    import pandas as pd

KEPT = "kept_pairs"
MATCH = "proposed"
ORIGIN = Place("replan")
NOT_SET = ("schema", "data", "rule", "base", "overrides", "scenarios")
"""Settings that no decision sets: a replan has tables by --scenario, and the rule optimal."""


@dataclass(frozen=True)
class ReplanRequest:
    """What is asked of a replan.

    Attributes:
        changes: what was decided since.
        journal: a journal that continues that of the run; None where `changes` do.
        newer: newer settings and tables; None for those of the run.
        max_moves: how many pairs that stand may be given up beyond those that have to be, from 0 up.
        register: a GIAS extract or schools table by which additions are filled.
        findings: what was noticed in the table of changes.
        keep_and_add: whether every pair that stands and is a candidate must stay, and others are only added.
    """

    changes: Sequence[Change] = ()
    journal: Journal | None = None
    newer: Scenario | None = None
    max_moves: int = 0
    register: Path | None = None
    findings: Sequence[Finding] = ()
    keep_and_add: bool = False


@dataclass(frozen=True, eq=False)
class Amended:
    """What is to be planned, and from where.

    Attributes:
        before: the earlier run.
        asked: what was asked.
        journal: every decision, those of now included.
        tables: what the decisions make of the tables.
        scenario: settings and tables as they are now; the current table holds what stands.
        movable: the same where pairs may be given up that need not stay, of which more moves make more.
        case: the same, prepared, but for the objective that keeps pairs.
        able: pairs that stand and are candidates still.
        given: files that tell settings and tables as they were given.
    """

    before: EarlierRun
    asked: ReplanRequest
    journal: Journal
    tables: Amendments
    scenario: Scenario
    movable: Scenario
    case: Case
    able: frozenset[Pair]
    given: Mapping[str, bytes]


@dataclass(frozen=True)
class Decided:
    """What a file of changes holds: changes, or a journal that is to be carried out whole."""

    changes: Sequence[Change] = ()
    journal: Journal | None = None
    findings: Sequence[Finding] = ()


def changes_in(given: "str | Path | pd.DataFrame | None") -> Decided:
    """The decisions in a file or data frame: a table of changes, or the journal of a later run.

    Raises:
        InputError: everything that is wrong with a table, at once.
        RunFolderError: a journal that was changed.
        TypeError: it is neither a path nor a data frame.
    """
    if given is None:
        return Decided()
    if isinstance(given, str | Path):
        file = Path(given)
        if file.suffix.lower() == ".csv" and is_journal(next(iter(read_rows(file)), [])):
            return Decided(journal=read_journal(file))
        read = read_changes(file)
    else:
        read = held_changes(given)
    return Decided(read.listed, None, read.findings)


def setting_decided(word: str, by: str) -> Change:
    """The decision that `KEY=VALUE` stands for.

    Raises:
        InputError: it is not so written.
    """
    key, equals, value = word.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError([Fault(Place("--set"), word, "write KEY=VALUE, such as geography.max_distance_km=40")])
    return Change(Place("--set"), "set", key=key.strip(), value=value.strip(), by=by)


def with_journal(result: Result, journal: Journal) -> Result:
    """The result with the journal among its tables, where there is a decision."""
    if not len(journal):
        return result
    tables = {**result.claim.tables, "decisions": journal.table()}
    summary: Summary = {**result.claim.summary, "decisions": journal.told}
    return replace(result, claim=replace(result.claim, tables=tables, summary=summary))


def amended(path: Path, asked: ReplanRequest) -> Amended:
    """The scenario of an earlier run as it is now: decisions carried out, what stands kept as far as can be.

    Every decision that stands in the journal of the run is carried out on the tables as they were given, then those
    that are new.

    Args:
        path: the run folder.
        asked: what was decided since, and what else is asked.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation; or its journal was changed.
        InputError: a decision that cannot be carried out, or tables that no longer fit together.
    """
    before = earlier_run(path)
    journal = _journal(before, asked)
    given = asked.newer or before.given
    tables, findings = _tables(before, asked, journal, _with_settings(given, journal.standing))
    tables.scenario = replace(tables.scenario, of_tables=(*tables.scenario.of_tables, *asked.findings, *findings))
    journal = journal.completed(tables.completed)
    document = tables.scenario.document.copy()
    document.set("data.current", str((path / "allocation.csv").absolute()), ORIGIN)
    document.set("rule", "optimal", ORIGIN)
    scenario = rebuilt(tables, document, str(path / "allocation.csv"))
    standing = {school for school, nle in tables.states if tables.stands((school, nle))}
    scenario = kept_from_trusts(scenario, standing | {school for school, _ in tables.required()})
    case = prepare(scenario, lambda _: None)
    kept = _keeping(scenario, case, asked.max_moves)
    movable, able = kept, _able(case, tables)
    if asked.keep_and_add:
        for pair in able:
            tables.relations[pair] = tables.relation(pair) | {"require"}
        kept = rebuilt(tables, kept.document, str(path / "allocation.csv"))
    return Amended(before, asked, journal, tables, kept, movable, case, able, given_files(given, kept))


def _journal(before: EarlierRun, asked: ReplanRequest) -> Journal:
    """The journal of the run, continued."""
    if asked.journal is None:
        return before.journal.continued(asked.changes, before.plan)
    if not before.journal.begins(asked.journal):
        what = "the journal does not continue that of the run, whose decisions have to come first"
        raise InputError([Fault(Place("decisions.csv"), "number", what)])
    return asked.journal.continued(asked.changes, before.plan)


def _with_settings(given: Scenario, standing: Iterable[Decision]) -> Scenario:
    """The scenario under every setting that was decided."""
    document, problems = given.document.copy(), list[Fault]()
    places: dict[str, Place] = {}
    for decision in standing:
        change = decision.change
        if change.action != "set" or not (change.key and change.value):
            continue
        places[decision.where] = change.place
        if change.key.split(".")[0] in NOT_SET:
            what = "this is not set by a decision; newer tables come with --scenario, and the rule is optimal"
            problems.append(Fault(change.place, "key", what, change.key))
            continue
        try:
            document.set(change.key, parse_value(change.value, decision.where), Place(decision.where))
        except InputError as error:
            problems += [_in_its_row(fault, places) for fault in error.problems]
    if not problems and places:
        try:
            return given.under(document)
        except InputError as error:
            problems += [_in_its_row(fault, places) for fault in error.problems]
    if problems:
        raise InputError(problems)
    return given


def _in_its_row(fault: Fault, places: Mapping[str, Place]) -> Fault:
    """A fault of a setting in the row of the decision that sets it."""
    return Fault(places.get(fault.place.file, fault.place), fault.path, fault.what, fault.got, fault.hint)


def _tables(
    before: EarlierRun, asked: ReplanRequest, journal: Journal, scenario: Scenario
) -> tuple[Amendments, list[Finding]]:
    """The tables with every decision that stands carried out, in order; what of that deserves a warning."""
    tables, newer = amendments_of(scenario, before), asked.newer is not None
    earlier = [decision for decision in journal.standing if decision.number <= len(before.journal)]
    since = [decision for decision in journal.standing if decision.number > len(before.journal)]
    findings = recall(tables, earlier)
    tables.stand_as_planned(before, newer_tables=newer)
    findings += tables.contradicted(before.given) if newer else []
    keep_trust_matches(tables, before)
    tables.register = looked_up_in(asked.register, scenario.gias)
    if asked.journal is None:
        carry_out(tables, since)
    else:
        findings += recall(tables, since)
    _refuse_crowded(tables, journal)
    return tables, findings


def _refuse_crowded(tables: Amendments, journal: Journal) -> None:
    """Refuse decisions that leave a school with more NLEs than it may have, once some are taken back.

    Raises:
        InputError: every such school, with the decisions by which it has them.
    """
    held: dict[str, list[str]] = {}
    for (school, nle), decision in sorted(tables.made.items()):
        if tables.states.get((school, nle)) in PINNED or "require" in tables.relation((school, nle)):
            held.setdefault(school, []).append(f"{nle} ({decision.where})")
    problems = []
    for school, nles in held.items():
        most = int(tables.cell("schools", "supporters", school) or 1)
        if len(nles) > most:
            what = f"{school} may have {counted(str(most), 'nles')}, and by what counts now it has {', '.join(nles)}"
            hint = "take back what is no longer so, or end a pair"
            problems.append(Fault(journal.decisions[-1].change.place, "action", what, hint=hint))
    if problems:
        raise InputError(problems)


def _able(case: Case, tables: Amendments) -> frozenset[Pair]:
    """The pairs that stand and are candidates."""
    current = case.candidates.current
    if current is None:
        return frozenset()
    found = locate(current.keys, case.candidates.keys)[1]
    columns = (current.table.values(name)[found].tolist() for name in ("school_id", "nle_id"))
    return frozenset(pair for pair in zip(*columns, strict=True) if tables.stands(pair))


def _keeping(scenario: Scenario, case: Case, max_moves: int) -> Scenario:
    """The scenario that keeps as many pairs as it can before anything else, but for so many moves."""
    objectives = [level.model_dump() for level in case.objectives if level.name != KEPT]
    document = scenario.document.copy()
    if scenario.current is not None and len(scenario.current):
        objectives.insert(0, {KEPT: {"within": max_moves} if max_moves else {}})
    document.set("objectives", objectives, ORIGIN)
    return scenario.under(document)


def keep_trust_matches(tables: Amendments, before: EarlierRun) -> None:
    """Put the trusts that an earlier run matched schools with into the schools table, as proposed.

    Only under `trust_first.mode: optimise`, where proposed matches count, and where the school has none of its own.
    """
    settings = tables.scenario.settings
    optimises = mode_of(settings, tables.scenario.schools) == "optimise"
    if not optimises or MATCH not in settings.trust_first.counts_as_matched:
        return
    for school, trust in before.trusts.items():
        is_known = school in tables.ids["schools"] and trust in tables.ids["trusts"]
        if is_known and not tables.cell("schools", "matched_trust_id", school):
            tables.set_cell("schools", "matched_trust_id", school, trust)
            tables.set_cell("schools", "trust_decision", school, MATCH)


def kept_from_trusts(scenario: Scenario, schools: Set[str]) -> Scenario:
    """The scenario in which no trust takes one of these schools.

    Those that one would take do not qualify for a trust: as few as may be, as each that is barred may let a trust take
    another.
    """
    while taken := _taken_by_trusts(scenario) & schools:
        document = scenario.document.copy()
        without_trusts(document, scenario.settings, taken)
        scenario = scenario.under(document)
    return scenario


def _taken_by_trusts(scenario: Scenario) -> set[str]:
    found = trusts_first(scenario)
    if found is None:
        return set()
    return set(found.problem.recipient_ids[found.problem.recipient[found.solution.matched]].tolist())


def without_trusts(document: Document, settings: Settings, schools: Iterable[str]) -> None:
    """Let some schools not qualify for a trust: a condition on `school_id` in `trust_first.qualifies`."""
    qualifies = settings.trust_first.qualifies
    when: Mapping[str, Any] = {} if qualifies is None else qualifies.model_dump()["when"]
    asked = None if qualifies is None else qualifies.when.get("school_id")
    document.set("trust_first.qualifies", {"when": {**when, "school_id": _narrowed(asked, set(schools))}}, ORIGIN)


def _narrowed(asked: Any, without: set[str]) -> Any:
    """A condition on an identifier that some do not meet."""
    if asked is None:
        return {"not": sorted(without)}
    if not isinstance(asked, Range):
        named = asked if isinstance(asked, list) else [asked]
        return [name for name in named if str(name).casefold() not in {word.casefold() for word in without}]
    barred = asked.not_ if isinstance(asked.not_, list) else [] if asked.not_ is None else [asked.not_]
    told = asked.model_dump()
    return {**told, "not": sorted({*(str(name) for name in barred), *without})}
