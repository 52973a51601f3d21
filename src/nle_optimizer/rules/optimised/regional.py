"""Regional: the optimal rule inside each region alone, so that the difference is what borders cost."""

import numpy as np

from nle_optimizer.model.restriction import restricted
from nle_optimizer.records import Flags
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.optimised.searching import optimum, unsolvable
from nle_optimizer.rules.rule import Matching, Promise
from nle_optimizer.stages.conflicts import folded


class Regional:
    """The scenario's objectives over the pairs whose two regions are known and the same."""

    name = "regional"
    promise = Promise(
        summary="the optimal rule inside each region alone",
        guarantees="the best of all allocations that cross no border of a region",
        caveats="where a floor cannot be kept inside regions, floors are left aside and told as missed; a side without "
        "a region is matched with nobody, unless the pair is required",
        misreports="as the optimal rule",
        complexity="as the optimal rule",
        source="what nine regional offices do on their own",
    )

    def refuses(self, agenda: Agenda) -> str | None:
        """Where no region is known there is no border."""
        found = agenda.candidates
        if found.recipients.given("region").any() and found.nles.given("region").any():
            return unsolvable(agenda, restricted(agenda.problem, self._inside(agenda)))
        return "no region is filled on one side, so nobody could be matched inside one"

    def match(self, agenda: Agenda, draw: int) -> Matching:  # noqa: ARG002
        """Solve what is left without the pairs that cross a border."""
        kept = self._inside(agenda)
        found = optimum(agenda, restricted(agenda.problem, kept))
        return Matching(np.flatnonzero(kept)[found.pairs], found.remarks)

    def _inside(self, agenda: Agenda) -> Flags:
        """The pairs that cross no border, and those that are required."""
        problem, found = agenda.problem, agenda.candidates
        theirs, ours = (folded(side.values("region")) for side in (found.recipients, found.nles))
        kept = (theirs[problem.recipient] == ours[problem.nle]) & (theirs != "")[problem.recipient]
        kept[problem.required_pairs()] = True
        return np.asarray(kept, dtype=bool)


REGIONAL = Regional()
