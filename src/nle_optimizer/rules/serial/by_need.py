"""By need: schools of the first priority choose first."""

from nle_optimizer.rules.rule import Promise
from nle_optimizer.rules.serial.dictatorship import EFFICIENT, SerialDictatorship

BY_NEED = SerialDictatorship(
    "by-need",
    Promise(
        summary="recipients in order of priority take the best NLE left",
        guarantees=EFFICIENT,
        caveats="total fit may be far from the best; equals in priority and arrival are ordered by lot",
        misreports="no recipient gains by stating other preferences; an NLE may, by refusing some",
        complexity="O(p log p)",
        source="Svensson (1999), doi:10.1007/s003550050160",
        ordinal=True,
    ),
    turns=lambda agenda, _: agenda.by_priority,
    wishes=lambda agenda: agenda.preferences.recipients.lists(),
)
