"""Agreed pairs that are beyond a limit of now: they stay, and each is told with the limit."""

from collections.abc import Iterator, Sequence

import numpy as np

from nle_optimizer.errors import Finding, Place
from nle_optimizer.model.constraints.requirement import Requirement
from nle_optimizer.records import Flags, Integers, shortest
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.stages.requirements import Required

CODE = "agreed-beyond-limit"
IN_WORDS = {
    "not-listed": "the pairs table does not list it, and only listed pairs count",
    "too-far": "it is farther apart than the limits on distance allow",
    "too-near": "it is nearer than geography.min_distance_km",
    "travel-time": "its travel time is over geography.max_travel_minutes, or not known",
    "other-area": "it crosses an area that may not be crossed",
    "phase": "their phases do not agree",
    "faith": "their faiths do not agree",
    "diocese": "their dioceses do not agree",
    "same-authority": "both lie in one authority (conflicts.same_authority)",
    "fit-below-minimum": "it fits worse than fit.minimum",
}
MOST = 5
"""Pairs that a finding on a limit over many names."""


def agreed_beyond(candidates: Candidates, requirements: Sequence[Requirement], over: Flags) -> list[Finding]:
    """A finding for each agreed pair beyond a limit on pairs, each limit over many that they exceed, and each capacity.

    Args:
        candidates: the pairs.
        requirements: the constraints.
        over: by available NLE, whether agreed pairs take more than settings leave of its capacity.
    """
    if candidates.exempt is None:
        return []
    said = _Told(candidates)
    return [*said.pairs(), *said.limits(requirements), *said.capacities(over)]


class _Told:
    def __init__(self, candidates: Candidates):
        self._found = candidates
        self._asked = Required(candidates.given, candidates.current, candidates.recipients, candidates.nles)

    def pairs(self) -> Iterator[Finding]:
        """Pairs that a filter would remove."""
        for nle, recipient, code in sorted(self._found.beyond):
            what = f"the pair is {self._asked.word(nle, recipient)} and stays, although {IN_WORDS[code]}"
            at = self._found.nle * len(self._found.recipients) + self._found.recipient
            (pair,) = np.flatnonzero(at == nle * len(self._found.recipients) + recipient)
            yield self._finding(nle, recipient, what, self._figures(int(pair), code))

    def _figures(self, pair: int, code: str) -> str:
        """The pair in words, with the figure that the limit is about."""
        figures = {
            "too-far": f", {self._found.distance[pair] / 1000:.1f} km",
            "too-near": f", {self._found.distance[pair] / 1000:.1f} km",
            "fit-below-minimum": f", fit {shortest(int(self._found.fit[pair]), 6)}",
        }
        return self._names(pair) + figures.get(code, "")

    def _names(self, pair: int) -> str:
        return f"{self._nle(int(self._found.nle[pair]))}, {self._found.recipients.ids[self._found.recipient[pair]]}"

    def _nle(self, nle: int) -> str:
        return str(self._found.nles.ids[nle])

    def _finding(self, nle: int, recipient: int, what: str, got: str) -> Finding:
        word = self._asked.word(nle, recipient)
        return Finding(
            self._asked.place(nle, recipient), "relation" if word == "required" else "state", what, got, code=CODE
        )

    def limits(self, requirements: Sequence[Requirement]) -> Iterator[Finding]:
        """Limits over many pairs that agreed pairs exceed by themselves."""
        for requirement in requirements:
            for label, pairs in requirement.exceeded():
                what = f"the agreed pairs alone are beyond {label}: they stay, and nothing beyond them is let in"
                yield Finding(Place(), f"constraints.{requirement.asked.name}", what, self._some(pairs), code=CODE)

    def capacities(self, over: Flags) -> Iterator[Finding]:
        """NLEs that agreed pairs keep busier than `capacity.multiply` and `capacity.reserve` would have them."""
        assert self._found.exempt is not None
        for nle in np.flatnonzero(over).tolist():
            pairs = np.flatnonzero(self._found.exempt & (self._found.nle == nle))
            what = f"the agreed pairs of {self._nle(nle)} take more than capacity.multiply and capacity.reserve leave"
            yield Finding(Place(), "capacity", f"{what}: they stay, and it gets no more", self._some(pairs), code=CODE)

    def _some(self, pairs: Integers) -> str:
        more = f" and {len(pairs) - MOST} more" if len(pairs) > MOST else ""
        return "; ".join(self._names(int(pair)) for pair in pairs[:MOST]) + more
