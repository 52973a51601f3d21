"""Matches with trusts that outlast the week: those of the earlier run stand, and none takes a school from its NLE."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

from nle_optimizer.errors import Place
from nle_optimizer.preparation import trusts_first
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.trust_first import mode_of
from nle_optimizer.studies.replanning.amendments import Amendments
from nle_optimizer.studies.replanning.last_week import LastWeek

ORIGIN = Place("replan")
MATCH = "proposed"


def keep_trust_matches(desk: Amendments, before: LastWeek) -> None:
    """Put the trusts that an earlier run matched schools with into the schools table, as proposed.

    Only under `trust_first.mode: optimise`, where proposed matches count, and where the school has none of its own.
    """
    settings = desk.scenario.settings
    optimises = mode_of(settings, desk.scenario.schools) == "optimise"
    if not optimises or MATCH not in settings.trust_first.counts_as_matched:
        return
    for school, trust in before.trusts.items():
        is_known = school in desk.ids["schools"] and trust in desk.ids["trusts"]
        if is_known and not desk.cell("schools", "matched_trust_id", school):
            desk.set_cell("schools", "matched_trust_id", school, trust)
            desk.set_cell("schools", "trust_decision", school, MATCH)


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
