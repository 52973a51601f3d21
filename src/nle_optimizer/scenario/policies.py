"""Who was eligible in which year: named policies as data, each with its source.

Eligibility changed every year and no policy is "the" policy; a scenario names one, or states rules of its own.
Grades: 1 Outstanding, 2 Good, 3 Requires improvement (RI), 4 Inadequate. Rules that are nothing but objectives of
their own: what each optimises instead of the scenario's list.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from nle_optimizer.scenario.setting_sections import Objective
from nle_optimizer.scenario.settings import Rule, Settings

RI = 3
BELOW_GOOD = [3, 4]
WITHIN_A_YEAR = {"max": 365}
IN_A_TRUST = {"missing": False}
STAND_ALONE = {"missing": True}


@dataclass(frozen=True)
class Policy:
    """A named set of rules; a school is eligible if any of them holds.

    Attributes:
        name: the name a scenario uses.
        title: what it is, for people.
        source: the guidance it was read from.
        rules: in order; the first that holds gives the offer.
        note: what had to be interpreted.
    """

    name: str
    title: str
    source: str
    rules: tuple[Rule, ...]
    note: str = ""

    @property
    def columns(self) -> list[str]:
        """The columns the rules look at, in order."""
        return list(dict.fromkeys(column for rule in self.rules for column in rule.when))


def _rule(name: str, days: int | None = None, **when: Any) -> Rule:
    offer: Mapping[str, Decimal] = {} if days is None else {"days": Decimal(days)}
    return Rule.model_validate({"name": name, "when": when, "offer": offer})


_ALL = Policy("all", "Everybody listed is eligible", "no policy", ())

_2018 = Policy(
    "sio-2018",
    "2018-19: below the floor standard or coasting, or Requires improvement",
    "Department for Education, Emergency strategic school improvement support offer, 2018-19 (copies: "
    "tscouncil.org.uk, schoolsweek.co.uk)",
    (
        _rule("ri-twice", 3, latest_grade=RI, previous_grade=RI),
        _rule("ri", 3, latest_grade=RI),
        _rule("below-floor", 3, below_floor="yes"),
        _rule("coasting", 3, coasting="yes"),
    ),
    "Needs the columns below_floor and coasting (yes or no). After two RI in a row £16,000 more was available.",
)

_2019 = Policy(
    "sio-2019",
    "2019-20: three tiers of Requires improvement",
    "Department for Education, School improvement offer 2019 to 2020 (copies: fenews.co.uk, tscouncil.org.uk)",
    (
        _rule("tier-3", latest_grade=RI, best_grade_since_2005={"min": RI}, inspections={"min": 4}),
        _rule("tier-2", 3, latest_grade=RI, previous_grade=RI),
        _rule("tier-2-first", 3, latest_grade=RI, inspections=1),
        _rule("tier-1", 3, latest_grade=RI),
    ),
    "Tier 2 had up to £16,000 more; what tier 3 got was not published as a number of days.",
)

_2021 = Policy(
    "tsio-2021",
    "2021-22: Requires improvement in the year, or again",
    "Department for Education, Trust and school improvement offer 2021 to 2022 (copies: headsup.warwickshire.gov.uk)",
    (
        _rule("new-ri-in-trust", 5, latest_grade=RI, days_since_inspection=WITHIN_A_YEAR, trust_id=IN_A_TRUST),
        _rule("again-in-trust", 5, latest_grade=RI, previous_grade=BELOW_GOOD, trust_id=IN_A_TRUST),
        _rule("new-ri", 3, latest_grade=RI, days_since_inspection=WITHIN_A_YEAR, trust_id=STAND_ALONE),
        _rule("again", 3, latest_grade=RI, previous_grade=BELOW_GOOD, trust_id=STAND_ALONE),
    ),
    "In the year: within 365 days before as_of. A school in a trust is supported through it: set recipients: trust.",
)

_2022 = Policy(
    "tsio-2022",
    "2022-23: stand-alone schools with a new Requires improvement; trusts with half their schools below Good",
    "Department for Education, Trust and school improvement offer 2022 to 2023 (gov.uk, September 2022)",
    (
        _rule("new-ri", 10, trust_id=STAND_ALONE, latest_grade=RI, days_since_inspection=WITHIN_A_YEAR),
        _rule(
            "trust-below-good",
            10,
            trust_id=IN_A_TRUST,
            trust_long_held={"min": 2},
            trust_share_below_good={"min": Decimal("0.5")},
            latest_grade=BELOW_GOOD,
        ),
        _rule(
            "trust-declining",
            10,
            trust_id=IN_A_TRUST,
            trust_long_held={"min": 2},
            trust_declining="yes",
            latest_grade=BELOW_GOOD,
        ),
    ),
    "New: within 365 days before as_of. Declining: more of the trust's long-held schools fell than rose.",
)

_TWICE = Policy(
    "two-below-good-2022",
    "2022-: two or more grades below Good in a row",
    "Department for Education, Regulations for schools that are 'coasting', September 2022 (gov.uk)",
    (_rule("two-below-good", latest_grade=BELOW_GOOD, previous_grade=BELOW_GOOD),),
)

_2024 = Policy(
    "subgrade-2024",
    "2024-25: Requires improvement in leadership and management or in quality of education",
    "Department for Education, School improvement offer after the end of single overall grades (gov.uk, 2024)",
    (
        _rule("leadership", 10, leadership_grade=RI),
        _rule("education", 10, education_grade=RI),
    ),
)

_2025 = Policy(
    "rise-2025",
    "2025-: stuck schools, latest and previous grade below Good under the same structure",
    "Department for Education, Regional improvement for standards and excellence (RISE) teams (gov.uk, 2025)",
    (_rule("stuck", latest_grade=BELOW_GOOD, previous_grade=BELOW_GOOD, same_structure="yes"),),
    "Same structure: it was not in a trust, or joined it before the previous inspection. Up to £100,000 a school.",
)

POLICIES: dict[str, Policy] = {
    policy.name: policy for policy in (_ALL, _2018, _2019, _2021, _2022, _TWICE, _2024, _2025)
}

DERIVED_COLUMNS = {
    "days_since_inspection": "days from the latest inspection to as_of",
    "days_waiting": "days from arrived to as_of",
    "same_structure": "yes where it is in no trust, or joined before its previous inspection",
    "trust_long_held": "schools of its trust held three years or more by as_of and inspected since they joined",
    "trust_share_below_good": "share of those graded 3 or 4",
    "trust_declining": "yes where more of those fell than rose between their last two inspections",
}
"""Columns that every scenario may use in `when` and `where`, computed from the schools table and as_of."""

DERIVED_FROM: dict[str, tuple[str, ...]] = {
    "days_since_inspection": ("latest_inspected",),
    "days_waiting": ("arrived",),
    "same_structure": ("trust_joined", "previous_inspected"),
    "trust_share_below_good": ("record of its trust",),
    "trust_declining": ("record of its trust",),
}
"""What to fill where a derived column is blank."""

NEEDS_AS_OF = frozenset(DERIVED_COLUMNS) - {"same_structure"}


def eligibility_rules(settings: Settings) -> tuple[Rule, ...]:
    """The rules in force: those of the file, or of the named policy; none means everybody is eligible."""
    if settings.eligibility.rules is not None:
        return tuple(settings.eligibility.rules)
    return POLICIES[settings.eligibility.policy or "all"].rules


STATUS_QUO = "status-quo"
"""The rule that keeps what stands today, and so may break every limit."""
RULE_OBJECTIVES: Mapping[str, tuple[str, ...]] = {
    "max-min": ("schools_supported", "min_fit"),
    "leximin": ("leximin_fit",),
}


def objectives_asked(settings: Settings) -> list[Objective] | None:
    """The objectives of the scenario's rule, else of the scenario; None where it leaves them to the tables."""
    own = RULE_OBJECTIVES.get(settings.rule)
    return settings.objectives if own is None else [Objective.model_validate(name) for name in own]
