"""Which rows of the schools table leave before any matching, and by which rule the others are in."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.stages.conditions import TRUE, UNDECIDED, decide
from nle_optimizer.evidence.verification.stages.current import done_with
from nle_optimizer.evidence.verification.stages.facts import as_it_stood
from nle_optimizer.records import Flags, Integers, Records, Texts
from nle_optimizer.scenario.columns import STATUSES
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario

NO_RULE = -1


class Exits:
    """Where each row of the schools table left: stage and reason, both empty while it is in."""

    def __init__(self, rows: int):
        self.stage: Texts = np.full(rows, "", dtype=object)
        self.reason: Texts = np.full(rows, "", dtype=object)

    @property
    def inside(self) -> Flags:
        """The rows that are still in."""
        return np.asarray(self.stage == "", dtype=bool)

    def leave(self, rows: Flags, stage: str, reason: Any) -> None:
        """Take out the given rows, those of them that are still in; `reason` is one or one a row."""
        going = rows & self.inside
        self.stage[going] = stage
        self.reason[going] = reason if isinstance(reason, str) else reason[going]


@dataclass(frozen=True, eq=False)
class Entry:
    """The schools after listing and eligibility.

    Attributes:
        stood: the table as it stood, with derived columns.
        exits: who left, and why.
        rule: the index of the rule that let each row in, or NO_RULE.
    """

    stood: Records
    exits: Exits
    rule: Integers


def enter(scenario: Scenario) -> Entry:
    """Listing and eligibility, from the tables."""
    schools, settings = scenario.schools, scenario.settings
    exits = Exits(len(schools))
    left_out = schools.column("left_out")
    exits.leave(left_out.given, "listing", left_out.values)
    by_status = np.array([_left_by(status) for status in schools.values("establishment_status").tolist()], dtype=object)
    exits.leave(np.asarray(by_status != "", dtype=bool), "listing", by_status)
    stood = as_it_stood(schools, settings.as_of, ~exits.inside)
    exits.leave(done_with(scenario.current, schools.ids), "listing", "support-finished")
    if settings.eligibility.recipients == "school":
        is_trust = np.asarray(schools.values("kind") == "trust", dtype=bool)
        exits.leave(is_trust, "eligibility", "trust-not-a-recipient")
    if settings.as_of is not None:
        later = schools.given("arrived") & (schools.values("arrived") > settings.as_of.toordinal())
        exits.leave(later, "eligibility", "not-yet-arrived")
    rule, undecided = _rules(scenario, stood)
    if eligibility_rules(settings):
        exits.leave((rule == NO_RULE) & undecided, "eligibility", "cannot-tell")
        exits.leave(rule == NO_RULE, "eligibility", "not-eligible")
    return Entry(stood, exits, rule)


def _left_by(status: str) -> str:
    """Why a school of this establishment status leaves; a status that GIAS does not have is that of an open school."""
    word = status.casefold()
    return "closed" if word.startswith("closed") else STATUSES.get(word, "")


def _rules(scenario: Scenario, stood: Records) -> tuple[Integers, Flags]:
    """The first rule that is true for each row, and whether any is undecided."""
    rule = np.full(len(stood), NO_RULE, dtype=np.int64)
    undecided = np.zeros(len(stood), dtype=bool)
    for n, candidate in enumerate(eligibility_rules(scenario.settings)):
        truth = decide(candidate.when, stood)
        rule[(rule == NO_RULE) & (truth == TRUE)] = n
        undecided |= truth == UNDECIDED
    return rule, undecided
