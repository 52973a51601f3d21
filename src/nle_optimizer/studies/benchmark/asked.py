"""Which rules a benchmark tries."""

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.rules.registry import RULES, check_rule

UNUSUAL = ("probabilistic-serial", "immediate-acceptance", "top-trading-cycles", "nash", "rank-minimal", "dual-price")
"""Rules that are tried only by name, or with `all`."""


def rules_asked(words: str | None) -> list[str]:
    """The rules that `--rules` names: the usual ones without it, every one for `all`.

    Raises:
        InputError: rules that do not exist, all at once.
    """
    if words is None:
        return [name for name in RULES if name not in UNUSUAL]
    names = [word.strip() for word in words.split(",") if word.strip()]
    if names == ["all"]:
        return list(RULES)
    problems: list[Problem] = []
    for name in names:
        try:
            check_rule(name, Place("--rules"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return names
