"""How many NLEs each filter keeps from a school."""

from nle_optimizer.evidence.around import around, in_portions
from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers


def removed_by_filter(outcome: Outcome, recipients: Integers) -> list[dict[str, int]]:
    """For each of some recipients how many NLEs every filter removes, in the order of the filters."""
    told: list[dict[str, int]] = []
    for rows in in_portions(recipients, len(outcome.candidates.nles)):
        codes = around(outcome, rows).codes
        counts = {code: removed.reshape(-1, len(rows)).sum(axis=0).tolist() for code, removed in codes.items()}
        told += [{code: own[n] for code, own in counts.items() if own[n]} for n in range(len(rows))]
    return told
