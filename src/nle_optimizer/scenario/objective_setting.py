"""One level of the ordered objectives, as a scenario writes it."""

from collections.abc import Mapping
from typing import Any

from pydantic import model_serializer, model_validator

from nle_optimizer.scenario.quantities import Number, Positive, Quantity, Section, When

OBJECTIVE_NAMES = (
    "schools_supported",
    "fit",
    "fit_leadership",
    "fit_governance",
    "fit_finance",
    "min_fit",
    "leximin_fit",
    "distance",
    "travel_minutes",
    "kept_pairs",
    "load_balance",
    "region_gap",
    "cost",
    "blend",
)
NO_SUMS: Mapping[str, tuple[str, ...]] = {
    "min_fit": ("where", "by"),
    "leximin_fit": ("where", "by"),
    "load_balance": (),
    "region_gap": ("where",),
}
"""Objectives that are no sums over pairs, so that no blend weighs them, and the options that each takes."""
BLEND_PARTS = {
    **{name: name for name in OBJECTIVE_NAMES if name != "blend" and name not in NO_SUMS},
    "distance_km": "distance",
}
"""What a blend may weigh, and the objective each word stands for; `distance_km` is weighed by the kilometre."""
MINIMISED = ("distance", "travel_minutes", "cost")


class Objective(Section):
    """One level of the ordered objectives."""

    name: str
    where: When = {}
    """Count only these schools."""
    by: str | None = None
    """One level for each value of this column, least first."""
    weight: str | None = None
    """Column of the schools table to weigh each school by."""
    step: Positive | None = None
    """Round each pair's amount down to a multiple of this."""
    within: Quantity | None = None
    """How much of this level later ones may give up."""
    engine: str | None = None
    """Who solves this level instead of the scenario's `engine`; `cp-sat` and `highs` can take over from others."""
    parts: dict[str, Number] = {}
    """Of a blend: the weight of each part."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value}
        if isinstance(value, Mapping) and len(value) == 1:
            ((name, options),) = value.items()
            if isinstance(options, Mapping) and {"name", "parts"} & set(options):
                raise ValueError("an objective has no settings `name` or `parts`; write {fit: {where: {...}}}")
            if name == "blend" and isinstance(options, Mapping):
                return _blend(options)
            if options is None or isinstance(options, Mapping):
                return {"name": name, **(options or {})}
        raise ValueError("an objective is a name, or {name: {option: value}}")

    @model_validator(mode="after")
    def _complete(self) -> "Objective":
        if self.name == "blend" and not self.parts:
            raise ValueError("a blend needs parts: {blend: {fit: 1, distance_km: -0.002}}")
        return self

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        options = {key: getattr(self, key) for key in type(self).model_fields if key not in ("name", "parts")}
        chosen = {key: value for key, value in options.items() if value not in (None, {})}
        return {self.name: {**self.parts, **chosen}}

    @property
    def is_best_of_nobody(self) -> bool:
        """Whether supporting nobody, or only the best pair, would do best."""
        if self.name == "blend":
            return all(weight <= 0 for weight in self.parts.values())
        return self.name in (*MINIMISED, "min_fit", "load_balance", "region_gap")


def _blend(options: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in options.items() if key in Objective.model_fields}
    parts = {key: value for key, value in options.items() if key not in own}
    return {"name": "blend", "parts": parts, **own}
