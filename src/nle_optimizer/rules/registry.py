"""Every matching rule by name."""

from nle_optimizer.errors import InputError, Place, Problem, UnsupportedError, did_you_mean

RULES = {
    "optimal": "the ordered objectives, exactly",
}

PLANNED = (
    "greedy",
    "by-need",
    "nearest",
    "first-come",
    "regional",
    "lottery",
    "deferred-acceptance",
    "deferred-acceptance-nles",
    "max-min",
    "leximin",
    "status-quo",
    "probabilistic-serial",
    "immediate-acceptance",
    "top-trading-cycles",
    "nash",
    "rank-minimal",
    "dual-price",
)


def check_rule(name: str) -> None:
    """Refuse a rule that does not exist, or not yet.

    Raises:
        InputError: no such rule. UnsupportedError: a rule that is not available yet.
    """
    if name in RULES:
        return
    if name in PLANNED:
        raise UnsupportedError([Problem(Place(), "rule", "this rule is not available yet", name, "use optimal")])
    raise InputError([Problem(Place(), "rule", "unknown rule", name, did_you_mean(name, [*RULES, *PLANNED]))])
