"""Every matching rule by name; none is imported before it is asked."""

from importlib import import_module

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.rules.rule import Procedure, Promise
from nle_optimizer.scenario.own_code import is_own
from nle_optimizer.scenario.rule_objectives import RULE_OBJECTIVES
from nle_optimizer.scenario.scenario import Scenario

OPTIMAL = "optimal"
PROCEDURES = {
    "greedy": "nle_optimizer.rules.greedy:GREEDY",
    "by-need": "nle_optimizer.rules.serial:BY_NEED",
    "by-priority": "nle_optimizer.rules.serial:BY_PRIORITY",
    "nearest": "nle_optimizer.rules.serial:NEAREST",
    "first-come": "nle_optimizer.rules.serial:FIRST_COME",
    "regional": "nle_optimizer.rules.optimised.regional:REGIONAL",
    "lottery": "nle_optimizer.rules.serial:LOTTERY",
    "deferred-acceptance": "nle_optimizer.rules.stable.recipients:DEFERRED_ACCEPTANCE",
    "deferred-acceptance-nles": "nle_optimizer.rules.stable.nles:DEFERRED_ACCEPTANCE_NLES",
    "immediate-acceptance": "nle_optimizer.rules.school_choice.immediate_acceptance:IMMEDIATE_ACCEPTANCE",
    "top-trading-cycles": "nle_optimizer.rules.school_choice.top_trading_cycles:TOP_TRADING_CYCLES",
    "probabilistic-serial": "nle_optimizer.rules.eating.probabilistic_serial:PROBABILISTIC_SERIAL",
    "nash": "nle_optimizer.rules.optimised.nash:NASH",
    "rank-minimal": "nle_optimizer.rules.optimised.rank_minimal:RANK_MINIMAL",
    "dual-price": "nle_optimizer.rules.dual_price:DUAL_PRICE",
    "status-quo": "nle_optimizer.rules.status_quo:STATUS_QUO",
}
"""Where each rule stands that matches step by step."""

RULES = (OPTIMAL, *PROCEDURES, *RULE_OBJECTIVES)
"""The names of all rules."""


def check_rule(name: str, place: Place) -> None:
    """Refuse a rule that does not exist.

    Raises:
        InputError: no such rule.
    """
    if name not in RULES and not is_own(name):
        hint = did_you_mean(name, RULES) or f"one of {', '.join(RULES)}, or PATH.py:FUNCTION"
        raise InputError([Problem(place, "rule", "unknown rule", name, hint)])


def procedure_of(scenario: Scenario) -> Procedure | None:
    """The rule of a scenario, where it matches step by step; None where it is the optimum of objectives.

    Raises:
        InputError: it is code that nobody has allowed to run, or that cannot be read.
    """
    code = scenario.permitted_rule()
    if code is None:
        return procedure_named(scenario.settings.rule)
    from nle_optimizer.rules.custom import CustomRule

    return CustomRule(code)


def procedure_named(name: str) -> Procedure | None:
    """The rule of ours that matches step by step; None where the rule is the optimum of objectives."""
    if name not in PROCEDURES:
        return None
    module, _, attribute = PROCEDURES[name].partition(":")
    procedure: Procedure = getattr(import_module(module), attribute)
    return procedure


def promise_of(name: str) -> Promise:
    """What is known of a rule."""
    from nle_optimizer.rules.objective_lists import LISTS, OPTIMUM

    procedure = procedure_named(name)
    if procedure is not None:
        return procedure.promise
    return OPTIMUM if name == OPTIMAL else LISTS[name]
