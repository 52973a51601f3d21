"""What is asked about a school, an NLE or a pair, and the answer.

Whom a question is about: an identifier, or a name that only one has. Why a school is out, and what would bring it
back.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nle_optimizer.catalogue.reasons import EXCLUDED
from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Records, as_text
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.settings import Rule
from nle_optimizer.stages.conditions import evaluate
from nle_optimizer.stages.eligibility import as_it_stood
from nle_optimizer.stages.ledger import Exclusion
from nle_optimizer.studies.earlier_run import Reopened, reopen
from nle_optimizer.studies.explaining.prices import ChangePrices
from nle_optimizer.studies.explaining.school import nle, pair, school, schools

MOST_NAMED = 5


@dataclass(frozen=True)
class Whom:
    """A school or trust, or an NLE.

    Attributes:
        side: `school` or `nle`.
        id: the identifier.
        index: its row among the eligible recipients or the available NLEs; None where it is not among them.
    """

    side: Literal["school", "nle"]
    id: str
    index: int | None


def whom(outcome: Outcome, word: str) -> Whom:
    """Whom an identifier or a name means.

    Raises:
        InputError: nobody, or several.
    """
    scenario = outcome.scenario
    sides: tuple[tuple[Literal["school", "nle"], Records, Records], ...] = (
        ("school", scenario.schools, outcome.recipients),
        ("nle", scenario.nles, outcome.candidates.nles),
    )
    found = [Whom(side, word, _row(live, word)) for side, every, live in sides if _has(every, word) or _has(live, word)]
    found = found or [
        Whom(side, name, _row(live, name)) for side, every, live in sides for name in _named(every, live, word)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(each.id for each in found[:MOST_NAMED]) + (" ..." if len(found) > MOST_NAMED else "")
        raise InputError([Fault(Place(), "ID", f"several have this name; give one of {several}", word)])
    ids = [*scenario.schools.ids.tolist(), *outcome.recipients.ids.tolist(), *scenario.nles.ids.tolist()]
    raise InputError(
        [Fault(Place(), "ID", "the run has no such school and no such NLE", word, did_you_mean(word, ids))]
    )


def _has(table: Records, word: str) -> bool:
    return bool((table.ids == word).any())


def _row(table: Records, word: str) -> int | None:
    rows = np.flatnonzero(table.ids == word)
    return int(rows[0]) if len(rows) else None


def _named(every: Records, live: Records, word: str) -> list[str]:
    """Identifiers of those whose name it is."""
    wanted = word.casefold()
    return sorted(
        {
            str(identifier)
            for table in (every, live)
            for identifier, name in zip(table.ids, table.values("name"), strict=True)
            if str(name).casefold() == wanted
        }
    )


def excluded(outcome: Outcome, school: str) -> dict[str, Any] | None:
    """Stage, reason, evidence and remedy of a school that is out; None of one that is not."""
    entry = next((each for each in outcome.exclusions if each.school_id == school), None)
    if entry is None:
        return None
    rules = _rules(outcome, entry) if entry.stage == "eligibility" else []
    return {
        "stage": entry.stage,
        "reason": entry.reason,
        "evidence": entry.evidence,
        "back_if": _back(entry, rules),
        **({"rules": rules} if rules else {}),
    }


def _back(entry: Exclusion, rules: list[dict[str, Any]]) -> str:
    if rules:
        return "it meets every condition of one of the rules below"
    known = EXCLUDED.get(entry.reason)
    return (known and known.back_if) or f"the reason `{entry.reason}` no longer holds"


def _rules(outcome: Outcome, entry: Exclusion) -> list[dict[str, Any]]:
    """Each rule of the policy with the conditions that the school does not meet, or that cannot be told."""
    if entry.reason not in ("not-eligible", "cannot-tell"):
        return []
    scenario = outcome.scenario
    own = scenario.schools.take(np.flatnonzero(scenario.schools.ids == entry.school_id))
    facts = as_it_stood(own, scenario.settings.as_of)
    return [{"rule": rule.name, "unmet": _unmet(rule, facts)} for rule in eligibility_rules(scenario.settings)]


def _unmet(rule: Rule, facts: Records) -> list[dict[str, str]]:
    unmet = []
    for column, condition in rule.when.items():
        verdict = evaluate({column: condition}, facts)
        if not verdict.true[0]:
            cell = as_text(facts.column(column))[0]
            unmet.append({"column": column, "is": cell or "blank", "must_be": _in_words(condition)})
    return unmet


def _in_words(condition: Any) -> str:
    if isinstance(condition, list):
        return " or ".join(str(value) for value in condition)
    if not isinstance(condition, Range):
        return str(condition)
    told = condition.model_dump()
    words = {"min": "at least {}", "max": "at most {}", "before": "before {}", "not": "not {}"}
    parts = [words[key].format(_in_words(value)) for key, value in told.items() if key in words]
    if "missing" in told:
        parts.append("blank" if told["missing"] else "filled")
    return " and ".join(parts)


SHOWN = ("name", "phase", "region", "local_authority", "trust_id", "priority")


def explain(path: Path, words: tuple[str, ...], seconds: float | None = None) -> dict[str, Any]:
    """The answer about one or two of a run, as a document for programs.

    Args:
        path: the run folder.
        words: identifiers, or names that only one has: a school, an NLE, or one of each.
        seconds: how long a search may take where prices need solving again.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
        InputError: nobody is meant, several are, or two of one side.
    """
    run = reopen(path)
    found = [whom(run.outcome, word) for word in words]
    return {"schema_version": 1, "run": str(path), **explained(run, found, seconds)}


def explained(run: Reopened, found: list[Whom], seconds: float | None = None) -> dict[str, Any]:
    """The answer about some of a reopened run."""
    outcome, prices = run.outcome, ChangePrices(run.outcome)
    if len(found) == 1:
        return {"about": found[0].side, **_one(run, prices, found[0])}
    sides = {each.side: each for each in found}
    if len(found) != 2 or len(sides) != 2:
        what = "name a school, an NLE, or one of each"
        raise InputError([Fault(Place(), "ID", what, ", ".join(each.id for each in found))])
    theirs, ours = sides["school"], sides["nle"]
    told: dict[str, Any] = {"about": "pair", "school_id": theirs.id, "nle_id": ours.id, **_objective(outcome)}
    if theirs.index is None or ours.index is None:
        out = [_one(run, prices, each) for each in (theirs, ours) if each.index is None]
        return {**told, "is_candidate": False, "is_matched": False, "out": out}
    return {**told, **pair(outcome, prices, theirs.index, ours.index, seconds)}


def left_out(path: Path) -> list[dict[str, Any]]:
    """The answers about every school that is left out, by identifier.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
    """
    return every_left_out(reopen(path))


def every_left_out(run: Reopened) -> list[dict[str, Any]]:
    """The same of a reopened run."""
    outcome, prices = run.outcome, ChangePrices(run.outcome)
    rows = np.flatnonzero(~outcome.supported)
    ids = outcome.recipients.ids[rows].tolist()
    columns = {
        name: as_text(outcome.recipients.column(name).take(rows)) for name in SHOWN if name in outcome.recipients
    }
    told = []
    for n, (identifier, facts) in enumerate(zip(ids, schools(run, prices, rows), strict=True)):
        own = {name: cells[n] for name, cells in columns.items() if cells[n]}
        told.append({"about": "school", "school_id": str(identifier), **own, **_objective(outcome), **facts})
    return told


def _one(run: Reopened, prices: ChangePrices, one: Whom) -> dict[str, Any]:
    outcome = run.outcome
    key = f"{one.side}_id"
    if one.side == "nle":
        return {key: one.id, **_facts(outcome, one), **_objective(outcome), **nle(run, prices, one.id, one.index)}
    told = {key: one.id, **_facts(outcome, one), **_objective(outcome)}
    if one.index is not None:
        return {**told, **school(run, prices, one.index)}
    return {**told, "state": "excluded", **(excluded(outcome, one.id) or {})}


def _facts(outcome: Outcome, one: Whom) -> dict[str, Any]:
    """The filled cells that tell who it is."""
    scenario = outcome.scenario
    live = outcome.recipients if one.side == "school" else outcome.candidates.nles
    table = scenario.schools if one.side == "school" else scenario.nles
    own = live.take(live.ids == one.id) if one.index is not None else table.take(table.ids == one.id)
    return {name: cell for name in SHOWN if name in own.spec.columns and (cell := as_text(own.column(name))[0])}


def _objective(outcome: Outcome) -> dict[str, Any]:
    level = outcome.problem.levels[0] if outcome.problem.levels else None
    return {} if level is None else {"objective": level.name, "sense": "maximise" if level.sense > 0 else "minimise"}
