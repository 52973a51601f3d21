"""Every matching rule by name; none is imported before it is asked.

What is known of the rules that are the optimum of objectives of their own (`scenario.rule_objectives`).
"""

from importlib import import_module

from nle_optimizer.errors import Fault, InputError, Place, did_you_mean
from nle_optimizer.rules.rule import Procedure, Promise
from nle_optimizer.scenario.own_code import is_own
from nle_optimizer.scenario.policies import RULE_OBJECTIVES
from nle_optimizer.scenario.scenario import Scenario

OPTIMAL = "optimal"
PROCEDURES = {
    "greedy": "nle_optimizer.rules.serial:GREEDY",
    "by-need": "nle_optimizer.rules.serial:BY_NEED",
    "by-priority": "nle_optimizer.rules.serial:BY_PRIORITY",
    "nearest": "nle_optimizer.rules.serial:NEAREST",
    "first-come": "nle_optimizer.rules.serial:FIRST_COME",
    "regional": "nle_optimizer.rules.searching:REGIONAL",
    "lottery": "nle_optimizer.rules.serial:LOTTERY",
    "deferred-acceptance": "nle_optimizer.rules.deferred_acceptance:DEFERRED_ACCEPTANCE",
    "deferred-acceptance-nles": "nle_optimizer.rules.deferred_acceptance:DEFERRED_ACCEPTANCE_NLES",
    "immediate-acceptance": "nle_optimizer.rules.school_choice:IMMEDIATE_ACCEPTANCE",
    "top-trading-cycles": "nle_optimizer.rules.school_choice:TOP_TRADING_CYCLES",
    "probabilistic-serial": "nle_optimizer.rules.probabilistic_serial:PROBABILISTIC_SERIAL",
    "nash": "nle_optimizer.rules.searching:NASH",
    "rank-minimal": "nle_optimizer.rules.searching:RANK_MINIMAL",
    "dual-price": "nle_optimizer.rules.dual_price:DUAL_PRICE",
    "status-quo": "nle_optimizer.rules.serial:STATUS_QUO",
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
        raise InputError([Fault(place, "rule", "unknown rule", name, hint)])


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
    procedure = procedure_named(name)
    if procedure is not None:
        return procedure.promise
    return OPTIMUM if name == OPTIMAL else LISTS[name]


OPTIMUM = Promise(
    summary="the scenario's objectives in order, exactly",
    guarantees="nothing is better in the first objective, and so on down the list; proved, or with a bound",
    caveats="what is optimal depends on the objectives and their order, which the planner answers for",
    misreports="yes: a recipient that states a greater need, or needs that few NLEs meet, may be served instead of "
    "another",
    complexity="as its engine",
    source="Ahuja, Magnanti and Orlin (1993), Network Flows; docs/explanation/mathematics.md",
)

MAX_MIN = Promise(
    summary="first as many recipients as possible, then the greatest least fit among them",
    guarantees="no allocation of as many recipients has a greater least fit",
    caveats="blind to everybody but the worst-off; total fit may be far from the best",
    misreports="yes",
    complexity="a min-cost flow a threshold",
    source="Gross (1959), The bottleneck assignment problem, RAND P-1630",
)

LEXIMIN = Promise(
    summary="the worst-off recipient first, unmatched as 0, then the next, and so on",
    guarantees="of two allocations none is better for the first recipient, from the worst-off up, where they differ",
    caveats="the number served at each fit is unique, who is served is not; total fit may be far from the best",
    misreports="yes",
    complexity="a min-cost flow for each distinct fit that matters",
    source="Burkard and Rendl (1991), doi:10.1016/0167-6377(91)90018-K",
)

LISTS = {"max-min": MAX_MIN, "leximin": LEXIMIN}
