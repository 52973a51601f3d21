"""What `summary.json` holds: the figures of a run, key by key.

Distances are in kilometres, costs in pounds; fits and shares lie between 0 and 1. A figure that is not known is None.
"""

from typing import Any, Literal, NotRequired, TypedDict

Status = Literal["optimal", "feasible", "infeasible", "unknown", "completed"]
"""Proved best; with a bound; nothing meets every requirement; stopped, nothing found; a rule that proves nothing."""


class ExactLevel(TypedDict):
    """A level in whole numbers: `value / scale` is what people read."""

    value: int
    bound: int | None
    scale: int


class BlendParts(TypedDict, total=False):
    """The weights of a blend, by part."""

    parts: dict[str, float]


class LevelFigures(BlendParts):
    """One objective of those that are met in order."""

    name: str
    sense: Literal["maximise", "minimise"]
    value: float
    bound: float | None
    gap: float | None
    proved: bool
    proof: str | None
    engine: str | None
    exact: ExactLevel


class LimitFigures(TypedDict):
    """How one row of a constraint stands, in its unit."""

    name: str
    label: str
    type: str
    unit: str
    value: float | None
    minimum: float | None
    maximum: float | None
    binding: bool


class CapacityFigures(TypedDict):
    """Of one resource over all available NLEs; what `capacity.multiply` asks and gives, where it asks anything."""

    available: float
    used: float
    asked: NotRequired[float]
    given: NotRequired[float]


class Counts(TypedDict):
    """How many schools, NLEs and pairs there are at each step."""

    schools_read: int
    recipients_formed: int
    excluded: int
    matched_to_trust: int
    cannot_tell: int
    eligible: int
    supported: int
    part_supported: int
    unmatched: int
    nles: int
    nles_available: int
    nles_without_capacity: int
    pairs: int
    matched_pairs: int


class MetricFigures(TypedDict):
    """The figures that say how good an allocation is."""

    coverage: float | None
    total_fit: float
    mean_fit: float | None
    min_fit: float | None
    total_distance_km: float | None
    mean_distance_km: float | None
    max_distance_km: float | None
    out_of_region: int
    mean_need_supported: float | None
    mean_need_eligible: float | None
    total_cost: float


class NeedCounts(TypedDict):
    """How many recipients' needs are assessed, stand for something else, or are not known."""

    assessed: int
    proxy: int
    unknown: int


class JournalFigures(TypedDict):
    """How many decisions there are, and the hash of the last one."""

    count: int
    last_hash: str


class OnOccasion(TypedDict, total=False):
    """What only some summaries hold.

    `clashes` and `repairs` where nothing is feasible, `missed` and `remarks` of a rule that proves nothing, and
    `robustness` and `under_error` where draws were made; `decisions` of a plan that was made again.
    """

    clashes: list[str]
    repairs: list[str]
    missed: list[str]
    remarks: list[str]
    robustness: dict[str, Any]
    under_error: dict[str, Any]
    decisions: JournalFigures


class Summary(OnOccasion):
    """The content of `summary.json`."""

    schema_version: int
    scenario: str
    title: str
    rule: str
    engine: str
    status: Status
    stopped: str | None
    objectives: list[LevelFigures]
    constraints: list[LimitFigures]
    counts: Counts
    metrics: MetricFigures
    needs: NeedCounts
    firm_pairs: int | None
    capacity: dict[str, CapacityFigures]
    findings: list[dict[str, str | int | None]]
