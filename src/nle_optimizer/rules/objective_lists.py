"""What is known of the rules that are the optimum of objectives of their own (`scenario.rule_objectives`)."""

from nle_optimizer.rules.rule import Promise

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
