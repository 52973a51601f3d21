"""Which rules a benchmark tries."""

from collections.abc import Sequence
from dataclasses import replace

from nle_optimizer.errors import InputError, Place, Problem
from nle_optimizer.rules.registry import RULES, check_rule
from nle_optimizer.scenario.own_code import from_here, is_own
from nle_optimizer.scenario.scenario import Scenario

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


def permitting(scenario: Scenario, rules: Sequence[str]) -> Scenario:
    """The scenario, where the code may run that the given rules name.

    Raises:
        InputError: a file that cannot be read.
    """
    document = scenario.document.copy()
    for rule in filter(is_own, rules):
        document.own_code = document.own_code.allowing(from_here(rule), Place("--rules"))
    return replace(scenario, document=document)
