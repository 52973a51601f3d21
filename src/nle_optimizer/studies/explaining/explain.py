"""What is asked about a school, an NLE or a pair, and the answer.

Whom a question is about: an identifier, or a name that only one has. Why a school is out, and what would bring it
back.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nle_optimizer.catalogue.reasons import EXCLUDED
from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Records, as_text
from nle_optimizer.result import Result
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.settings import Rule
from nle_optimizer.stages.conditions import evaluate
from nle_optimizer.stages.eligibility import as_it_stood
from nle_optimizer.stages.ledger import Exclusion
from nle_optimizer.studies.earlier_run import Reopened, reopen
from nle_optimizer.studies.explaining.prices import ChangePrices
from nle_optimizer.studies.explaining.school import nle, pair, school, schools
from nle_optimizer.studies.explaining.text import explanation_text
from nle_optimizer.tables import NUMBER, TEXT, WHOLE, YES_NO, Answer, ResultTable, are, counted_in_words, of_rows

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


_PAIR = {**are(TEXT, "nle_id", "nle_name"), **are(NUMBER, "fit", "distance_km")}
_SCHOOL = {**are(TEXT, "school_id", "school_name"), **are(NUMBER, "fit", "distance_km")}
_PRICE = {
    **are(YES_NO, "possible", "exact"),
    **are(NUMBER, "change", "total_fit", "total_distance_km"),
    "who_moves": TEXT,
}
_PARTS: Mapping[str, Mapping[str, str]] = {
    "candidates": {"rank": WHOLE, **_PAIR, **are(YES_NO, "is_its_own", "has_room", "is_too_small"), **_PRICE},
    "nles": _PAIR,
    "next_best": {**_SCHOOL, "has": TEXT, **_PRICE},
    "schools": _SCHOOL,
    "obstacles": are(TEXT, "code", "why"),
    "instead": _PAIR,
}
"""The columns of the lists in an answer."""
_CURES = {
    **are(TEXT, "kind", "nle_id", "resource", "conflict"),
    **are(NUMBER, "amount", "more_km", "limit_km", "minimum_now", "fit", "distance_km", "change", "value_of_one_more"),
}
_STANDS = {
    **are(TEXT, "school_id", "name", "phase", "region", "local_authority", "reason", "explanation"),
    "priority": WHOLE,
}


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Answer):
    """Why it is so, and what would change it.

    Attributes:
        document: the whole answer, as `explain --format json` prints it; numbers are exact, as text.
    """

    document: Mapping[str, Any]

    def __repr__(self) -> str:
        told = ", ".join(counted_in_words(len(table), name) for name, table in self.tables.items())
        about = " with ".join(self.document[key] for key in ("school_id", "nle_id") if key in self.document)
        return f"<Explanation of {about or 'schools left out'}{': ' if told else ''}{told}>"

    @property
    def text(self) -> str:
        """The answer in words."""
        return "\n\n".join(map(explanation_text, self._answers))

    @property
    def tables(self) -> Mapping[str, ResultTable]:
        """What the answer lists, by name.

        Of a school: `candidates` with the price of each in the first objective, `nles` that support it, and `cures`,
        what it would take. Of an NLE: `next_best` and `schools`. Of a pair: `obstacles` and `instead`. Of all that are
        left out: `left_out`, `candidates` and `cures`. Distances are in kilometres.
        """
        answers = self._answers
        found = {"left_out": of_rows("left_out", answers, _STANDS)} if "rows" in self.document else {}
        several = {"school_id": TEXT} if "rows" in self.document else {}
        for name, types in _PARTS.items():
            if rows := [row for told in answers for row in _listed(told, name)]:
                found[name] = of_rows(name, rows, {**several, **types})
        cures = [row for told in answers for row in _cures(told)]
        return {**found, "cures": of_rows("cures", cures, {**several, **_CURES})} if cures else found

    @property
    def _answers(self) -> Sequence[Mapping[str, Any]]:
        return self.document.get("rows", [self.document])


def _listed(told: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    rows = told.get(name)
    for row in rows if isinstance(rows, list) else ():
        yield {"school_id": told.get("school_id"), **row, **(row.get("forced") or {})}


def _cures(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, cures in (told.get("cures") or {}).items():
        for cure in cures:
            yield {"school_id": told["school_id"], "kind": kind, **cure}


def explain(
    run: Result | str | Path, *ids: str, left_out: bool = False, time_limit: float | None = None
) -> Explanation:
    """Tell why a school has the NLE it has or none, who else could, and what that would cost.

    Args:
        run: a run folder or a result.
        ids: a school or an NLE, or one of each for everything about that pair: identifiers, or names that only one has.
        left_out: explain every school that is left out, instead of `ids`.
        time_limit: seconds for a search, above 0, where a price needs solving again; None: until it is done.

    Raises:
        RunFolderError: the folder cannot be read, or holds no allocation.
        InputError: nobody is meant, several are, or two of one side.
        TypeError: the run is neither a path nor a result.
    """
    if left_out == bool(ids) or len(ids) > 2:
        what = "give one or two: a school, an NLE, or one of each; or --left-out alone"
        raise InputError([Fault(Place(), "ID", what, " ".join(ids) or None)])
    opened = reopen(run)
    told = {"schema_version": 1, "run": str(opened.folder.path)}
    if left_out:
        return Explanation({**told, "rows": every_left_out(opened)})
    return Explanation({**told, **explained(opened, [whom(opened.outcome, word) for word in ids], time_limit)})


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


def every_left_out(run: Reopened) -> list[dict[str, Any]]:
    """The answers about every school of a run that is left out, by identifier."""
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
