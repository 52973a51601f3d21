"""Why a school is out, and what would bring it back."""

from typing import Any

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Records, as_text
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.settings import Rule
from nle_optimizer.stages.conditions import evaluate
from nle_optimizer.stages.facts import as_it_stood
from nle_optimizer.stages.ledger import Exclusion

BACK = {
    "support-finished": "it is put back: the state `reopened` in the current table, or `replan` with `reopen`",
    "closed": "it is open again: `establishment_status` in the schools table",
    "trust-not-a-recipient": "`eligibility.recipients` lets trusts be supported",
    "not-yet-arrived": "`as_of` is its day of arrival or later",
    "cannot-tell": "the blank cells are filled",
    "matched-to-trust": "its trust declines: `trust_decision: declined` in the schools table, or `replan` with "
    "`trust-declines`; or `trust_first.mode: off`",
    "served-through-trust": "`eligibility.recipients: as-listed` supports schools rather than their trusts",
    "governance-only": "`eligibility.governance_only: match` lets NLEs support it",
    "no-need": "a need above 0 is assessed in an area that counts",
}
"""What would bring a school back, by the reason that it is out."""


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
    return BACK.get(entry.reason, f"the reason `{entry.reason}` no longer holds")


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
