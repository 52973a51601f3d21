"""First come, first served: cases are placed one by one as they arrive."""

from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.serial.dictatorship import EFFICIENT, SerialDictatorship

FIRST_COME = SerialDictatorship(
    "first-come",
    Promise(
        summary="recipients in order of arrival take the best NLE left: how cases are placed one by one today",
        guarantees=EFFICIENT,
        caveats="blind to priority; those of one day are ordered by lot, unknown days come last",
        misreports="no recipient gains by stating other preferences, though one that arrives earlier does; an NLE may, "
        "by refusing some",
        complexity="O(p log p)",
        source="common practice; Svensson (1999), doi:10.1007/s003550050160",
        ordinal=True,
    ),
    turns=lambda agenda, _: agenda.by_arrival,
    wishes=lambda agenda: agenda.preferences.recipients.lists(),
)
