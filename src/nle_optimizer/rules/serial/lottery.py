"""Random serial dictatorship: lots decide who chooses first."""

from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.serial.dictatorship import EFFICIENT, SerialDictatorship

LOTTERY = SerialDictatorship(
    "lottery",
    Promise(
        summary="recipients in an order drawn by lot take the best NLE left",
        guarantees=f"equals have equal chances; each outcome is {EFFICIENT}",
        caveats="before the draw, chances may be Pareto dominated (Bogomolnaia and Moulin 2001)",
        misreports="no recipient gains by stating other preferences; an NLE may, by refusing some",
        complexity="O(p log p) a draw",
        source="Abdulkadiroglu and Sonmez (1998), doi:10.2307/2998580",
        ordinal=True,
        random=True,
    ),
    turns=lambda agenda, draw: agenda.by_lot(draw),
    wishes=lambda agenda: agenda.preferences.recipients.lists(),
)
