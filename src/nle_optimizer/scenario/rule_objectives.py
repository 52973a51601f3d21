"""Rules that are nothing but objectives of their own: what each optimises instead of the scenario's list."""

from collections.abc import Mapping

from nle_optimizer.scenario.objective_setting import Objective
from nle_optimizer.scenario.settings import Settings

RULE_OBJECTIVES: Mapping[str, tuple[str, ...]] = {
    "max-min": ("schools_supported", "min_fit"),
    "leximin": ("leximin_fit",),
}


def objectives_asked(settings: Settings) -> list[Objective] | None:
    """The objectives of the scenario's rule, else of the scenario; None where it leaves them to the tables."""
    own = RULE_OBJECTIVES.get(settings.rule)
    return settings.objectives if own is None else [Objective.model_validate(name) for name in own]
