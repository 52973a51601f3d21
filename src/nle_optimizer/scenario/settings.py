"""Every setting of a scenario file, with its meaning, its range and its default."""

from collections.abc import Mapping
from decimal import Decimal
from math import gcd
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, field_validator, model_validator

from nle_optimizer.catalogue.limits import MOST_DRAWS
from nle_optimizer.files import unusable_name
from nle_optimizer.scenario.quantities import (
    Amount,
    Day,
    Factor,
    Kilometres,
    Name,
    Positive,
    Quantity,
    Scalar,
    Seconds,
    Section,
    Seed,
    Share,
    When,
    Whole,
    with_levels_as_numbers,
)
from nle_optimizer.scenario.setting_sections import Constraint, Data, Objective, Sample, Sweep

MOST_ADDED = 100_000


class Rule(Section):
    """A rule that makes a school eligible."""

    name: Name
    """Name of the rule, told in the results."""
    when: When
    """The school is eligible by this rule where all of these hold."""
    priority: Whole | None = None
    """Priority of a school that this rule lets in and whose own cell is blank; 1 is first."""
    offer: dict[str, Amount] = {}
    """What such a school gets of each resource, where its own cell is blank."""


class Eligibility(Section):
    """Who may be supported."""

    policy: str | None = None
    """A named policy (`nle-optimizer policies` lists them) or `all`."""
    rules: list[Rule] | None = None
    """Rules of your own, instead of a policy."""
    recipients: Literal["school", "trust", "as-listed"] = "as-listed"
    """Who receives the support of a school in a trust."""
    governance_only: Literal["match", "signpost"] = "match"
    """A need in governance alone: matched, or signposted to an external review of governance."""

    @model_validator(mode="after")
    def _one_source(self) -> "Eligibility":
        if self.policy is not None and self.rules is not None:
            raise ValueError("give a policy or rules, not both")
        names = [rule.name for rule in self.rules or []]
        if len(names) != len(set(names)):
            raise ValueError("two rules have the same name")
        return self


class HighQuality(Section):
    """A declared proxy for trust quality; a yes or no in the trusts table beats it."""

    min_inspected: Whole = 5
    """Fewest inspected schools a trust must have to be judged by the proxy."""
    min_share_good: Share = Decimal("0.8")
    """Least share of them that must be Good or better."""


class Qualifies(Section):
    """Which eligible schools are to be matched with a trust first."""

    when: When
    """All of these must hold."""


class TrustFirst(Section):
    """Matching with high-quality trusts, before any NLE is considered."""

    mode: Literal["given", "optimise", "off"] | None = None
    """given: as the schools table says; optimise: matched here; default: given where the table says so."""
    qualifies: Qualifies | None = None
    """Which schools qualify; every eligible school if left out."""
    high_quality: HighQuality = HighQuality()
    already_in_trust: Literal["skip", "rebroker"] = "skip"
    """Whether a school that is in a trust already may be matched to another."""
    counts_as_matched: list[Literal["agreed", "proposed"]] = ["agreed", "proposed"]
    """Decisions in the schools table that count as matched."""
    capacity_default: Whole = 1
    """Schools a trust can take where the trusts table does not say."""
    max_distance_km: Kilometres | None = None
    """Farthest a school may lie from the trust's place."""


class Geography(Section):
    """How far an NLE may be from a school."""

    max_distance_km: dict[str, Kilometres] = {}
    """A number, or {default: 80, London: 25} by the school's region; none: no limit."""
    max_travel_minutes: Amount | None = None
    """Longest travel time; a pair without one is then no candidate."""
    min_distance_km: Kilometres = Decimal(0)
    """Shortest distance, to keep neighbours apart."""
    within: Literal["none", "region", "local_authority"] = "none"
    """Whether both must lie in the same region or local authority."""
    nle_limit: Literal["respect", "ignore"] | dict[Literal["multiply"], Factor] = "respect"
    """What to do with each NLE's own max_distance_km."""
    detour_factor: Positive = Decimal(1)
    """Straight-line distances are multiplied by this."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or isinstance(value.get("max_distance_km", {}), Mapping):
            return value
        limit = value["max_distance_km"]
        return {**value, "max_distance_km": {} if limit is None else {"default": limit}}


Importance = Literal["must", "prefer", "ignore"]


class Suitability(Section):
    """Whether phase, faith and diocese must agree."""

    phase: Importance = "must"
    """Whether the NLE must work in the school's phase, is preferred for it, or neither."""
    faith: Importance = "ignore"
    """The same for the school's religious character."""
    diocese: Importance = "ignore"
    """The same for the diocese."""
    prefer_bonus: Amount = Decimal("0.05")
    """Added to fit, once for each preferred property that agrees."""


class Conflicts(Section):
    """Pairs that may not be matched because of an interest."""

    home_school: bool = True
    """Whether an NLE is kept from the school they lead."""
    own_trust: bool = True
    """Whether an NLE is kept from schools of their own trust."""
    declared: bool = True
    """`conflict` and `objects` in the pairs table."""
    same_authority: bool = False
    """Whether an NLE is kept from schools of their own local authority."""


FitMeasure = Literal[
    "need-met",
    "need-covered",
    "weighted-expertise",
    "weakest-area",
]
FIT_MEASURES: tuple[FitMeasure, ...] = get_args(FitMeasure)


class Fit(Section):
    """How well an NLE's expertise meets a school's needs."""

    weights: dict[Literal["leadership", "governance", "finance"], Amount] = {
        "leadership": Decimal(1),
        "governance": Decimal(1),
        "finance": Decimal(1),
    }
    """Weight of each area; an area left out has weight 0."""
    measure: FitMeasure = "need-met"
    """How needs and expertise make a fit; see [the mathematics](../explanation/mathematics.md)."""
    minimum: Amount = Decimal(0)
    """A pair that fits worse is no candidate."""
    unknown: Literal["error", "exclude"] | Share = "error"
    """What a need or expertise that is not known does: stop, leave the pair out, or count as this value."""
    levels: dict[str, Share] = {
        "none": Decimal(0),
        "low": Decimal("0.33"),
        "medium": Decimal("0.67"),
        "high": Decimal(1),
    }
    """Words the tables may use for needs and expertise."""

    @model_validator(mode="after")
    def _some_weight(self) -> "Fit":
        whole = [int(weight * 1_000_000) for weight in self.weights.values()]
        if not any(whole):
            raise ValueError("at least one weight must be above 0")
        if max(whole) // gcd(*whole) > 1_000_000:
            raise ValueError("the weights differ by too many digits; use rounder ones, such as 1 and 2.5")
        return self

    @model_validator(mode="after")
    def _words(self) -> "Fit":
        folded = [word.casefold() for word in self.levels]
        if len(folded) != len(set(folded)):
            raise ValueError("two levels have the same name but for capital letters")
        if any(word[:1].isdecimal() or word[:1] in "+-." for word in folded):
            raise ValueError("a level needs a name that is no number")
        return self


class Capacity(Section):
    """What NLEs have to give."""

    resources: list[Name] | None = Field(default=None, min_length=1)
    """Columns that limit an NLE; by default `placements` and `days`, where the NLE table fills them."""
    multiply: dict[str, Factor] = {}
    """Every NLE's amount of a resource times this."""
    reserve: dict[str, Quantity] = {}
    """Kept back from every NLE: an amount or a percentage."""
    round: Literal["spread", "down"] = "spread"
    """How a multiplied capacity becomes whole again: largest remainder over all NLEs, or each rounded down."""

    @model_validator(mode="after")
    def _once(self) -> "Capacity":
        if len(set(self.resources or [])) != len(self.resources or []):
            raise ValueError("a resource stands twice in resources")
        return self


class Addition(Section):
    """NLEs that do not exist yet: synthetic copies of existing ones, `added-1-001` and so on, to ask what they would
    bring."""

    count: Annotated[Whole, Field(le=MOST_ADDED)]
    """How many."""
    where: dict[str, Scalar] = {}
    """They are drawn from available NLEs with these cells; where there is none, from all, and get these cells."""
    like: str = "existing"
    """Whom they resemble: `existing`, or the identifier of one NLE."""
    seed: Seed = 0
    """Seed of the draw."""


class Supply(Section):
    """NLEs beyond those in the table."""

    add: list[Addition] = []
    """NLEs to add; each as under *An addition*."""

    @model_validator(mode="after")
    def _not_without_end(self) -> "Supply":
        if (count := sum(addition.count for addition in self.add)) > MOST_ADDED:
            raise ValueError(f"all entries together must add at most {MOST_ADDED:,} NLEs, and add {count:,}")
        return self


class Costs(Section):
    """What support costs, in pounds."""

    per_day: Amount = Decimal(0)
    """Pounds a day of support."""
    per_match: Amount = Decimal(0)
    """Pounds a pair."""


class Stop(Section):
    """When to stop before everything is proved."""

    gap: Share = Decimal(0)
    """A gap that is good enough, as a share."""
    work: Whole | None = None
    """So many units of work for each engine."""
    seconds: Seconds | None = None
    """So many seconds; `--time-limit` sets it."""


class Uncertainty(Section):
    """Seeded draws around what is only estimated; every rate is the user's."""

    draws: Annotated[Whole, Field(le=MOST_DRAWS)] = 0
    """How many draws."""
    needs: Share = Decimal(0)
    """How far a need may be off."""
    expertise: Share = Decimal(0)
    """How far an expertise may be off."""
    nle_withdraws: Share = Decimal(0)
    """Chance that an NLE withdraws."""
    school_refuses: Share = Decimal(0)
    """Chance that a school refuses."""

    @property
    def has_rates(self) -> bool:
        """Whether any estimate may be off, or anybody withdraw or refuse."""
        return any((self.needs, self.expertise, self.nle_withdraws, self.school_refuses))


class Preferences(Section):
    """Who prefers whom, for the rules that ask: columns of the pair, least first; greatest first after a minus."""

    recipients: list[str] = ["-fit"]
    """How schools and trusts order NLEs; `school_rank` in the pairs table beats it."""
    nles: list[str] = ["priority", "distance_km"]
    """How NLEs order schools and trusts; `nle_rank` in the pairs table beats it."""


class Settings(Section):
    """A scenario file."""

    version: Literal[1] = Field(alias="schema")
    """Version of this format."""
    name: Name
    """Short name of the scenario: letters, digits, dots, hyphens and underscores. Names the run folder."""
    title: str = ""
    """Title for people; printed above the summary."""
    as_of: Day | None = None
    """Policies count inspections, joins and waiting up to this day."""
    sample: Sample | None = None
    """Says that the schools are a sample, and of what; `nle-optimizer generate --keep-others` writes it."""
    data: Data
    """The tables, each a path from this file's folder, or a mapping as under *A table's file*."""
    eligibility: Eligibility = Eligibility()
    offer: dict[str, Amount | bool] = {}
    """What a school gets of each resource where its cell is blank; `override: true` replaces filled cells."""
    trust_first: TrustFirst = TrustFirst()
    geography: Geography = Geography()
    suitability: Suitability = Suitability()
    conflicts: Conflicts = Conflicts()
    fit: Fit = Fit()
    capacity: Capacity = Capacity()
    supply: Supply = Supply()
    costs: Costs = Costs()
    constraints: list[Constraint] = []
    """Requirements over many pairs; each as under *A constraint*."""
    objectives: list[Objective] | None = Field(default=None, min_length=1)
    """In order; each is held while the next is optimised."""
    engine: str = "auto"
    """Who solves it; `auto` takes the first that can. A level may ask for another."""
    stop: Stop = Stop()
    rule: str = "optimal"
    """The matching rule, as `nle-optimizer rules` lists them; `mine.py:f` is your own code, for `--allow-code`."""
    preferences: Preferences = Preferences()
    tie_break: list[Literal["arrived", "lottery"]] = ["arrived", "lottery"]
    """What decides between optimal allocations, in order; a lottery always comes last."""
    seed: Seed = 0
    """Of the lottery that settles what is left of ties."""
    uncertainty: Uncertainty = Uncertainty()
    sweep: Sweep = Sweep()
    """What `nle-optimizer sweep` tries out."""

    @model_validator(mode="before")
    @classmethod
    def _levels_are_numbers(cls, value: Any) -> Any:
        """Conditions on needs and expertise may name levels."""
        fit = value.get("fit") if isinstance(value, Mapping) else None
        levels = fit.get("levels") if isinstance(fit, Mapping) else None
        return with_levels_as_numbers(value, Fit.model_fields["levels"].default if levels is None else levels)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        if why := unusable_name(name):
            raise ValueError(f"{why}; choose another name")
        return name

    @model_validator(mode="after")
    def _amounts_offered(self) -> "Settings":
        for name, amount in self.offer.items():
            if isinstance(amount, bool) != (name == "override"):
                raise ValueError(f"offer.{name} must be {'true or false' if name == 'override' else 'a number'}")
        return self
