"""What a pair uses of each resource, and what it costs."""

from decimal import Decimal
from fractions import Fraction

import numpy as np

from nle_optimizer.evidence.verification.exact import half_up, millionths
from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.stages.eligibility import NO_RULE
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import MILLION, Flags, Integers
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario


class Usage:
    """Amounts of the scenario's resources, in millionths, by resource and pair."""

    def __init__(self, scenario: Scenario, recipients: Recipients, listed: Listed):
        self.resources, self._listed = scenario.resources, listed
        amounts = [_of_recipients(scenario, recipients, resource) for resource in scenario.resources]
        self._amount = np.stack([amount for amount, _ in amounts])
        self._known = np.stack([known for _, known in amounts])
        self._all_known = bool(self._known.all())
        self._told = any(listed.has(resource) for resource in self.resources)
        self.uniform = not self._told and bool((self._amount == self._amount[:, :1]).all())
        costs = scenario.settings.costs
        self._match, self._day = millionths(costs.per_match), Fraction(costs.per_day)
        if self._day and "days" not in self.resources:
            raise RefusedError("costs.per_day is given, and days is no resource of the scenario")

    def of(self, pairs: Pairs) -> Integers:
        """What the pairs use, shape (resources, pairs).

        Raises:
            RefusedError: nothing says what one of them uses.
        """
        amount = self._amount[:, pairs.rows]
        known = None if self._all_known else self._known[:, pairs.rows]
        for n, resource in enumerate(self.resources if self._told else ()):
            told = self._listed.cells(pairs, resource)
            if told is not None:
                amount[n] = np.where(told[1], told[0], amount[n])
                if known is not None:
                    known[n] |= told[1]
        if known is not None and not known.all():
            resource = self.resources[int(np.flatnonzero(~known.all(axis=1))[0])]
            raise RefusedError(f"nothing says how much of {resource} a possible pair uses")
        return amount

    def cost(self, pairs: Pairs) -> Integers:
        """The cost of each pair, in millionths of a pound."""
        result = np.full(len(pairs), self._match, dtype=np.int64)
        if self._day:
            days = self.of(pairs)[self.resources.index("days")]
            result += half_up(days * self._day.numerator, self._day.denominator)
        return result


def _of_recipients(scenario: Scenario, recipients: Recipients, resource: str) -> tuple[Integers, Flags]:
    """What a recipient's own cell, its rule, the offer or the default say, the first that speaks."""
    offer = scenario.settings.offer
    cell = recipients.table.column(resource)
    given, own = cell.given & ~recipients.formed, np.zeros(len(recipients), dtype=np.int64)
    own[given] = cell.values[given].astype(np.int64)
    offered, by_offer = _offered(scenario, recipients, resource)
    default = MILLION if resource == "placements" else 0
    otherwise = np.where(by_offer, offered, default)
    known = given | by_offer | (resource == "placements")
    first = by_offer | ~given if offer.get("override") is True else ~given
    return np.where(first, otherwise, own), known


def _offered(scenario: Scenario, recipients: Recipients, resource: str) -> tuple[Integers, Flags]:
    offer = scenario.settings.offer.get(resource)
    amount = np.full(len(recipients), 0 if offer is None else millionths(Decimal(offer)), dtype=np.int64)
    known = np.full(len(recipients), offer is not None, dtype=bool)
    for n, rule in enumerate(eligibility_rules(scenario.settings)):
        if resource in rule.offer:
            here = (recipients.rule == n) & (recipients.rule != NO_RULE)
            amount[here], known[here] = millionths(rule.offer[resource]), True
    return amount, known
