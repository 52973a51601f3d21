"""Probabilistic serial as a rule: everybody's shares by eating, and one matching drawn from them."""

from fractions import Fraction
from random import Random

import numpy as np

from nle_optimizer.model.places import places
from nle_optimizer.model.preferences import Preferences
from nle_optimizer.model.room import in_places
from nle_optimizer.rules.agenda import Agenda
from nle_optimizer.rules.eating.eating import Shares, eaten
from nle_optimizer.rules.eating.rounding import rounded
from nle_optimizer.rules.rule import Matching, Promise


class ProbabilisticSerial:
    """Recipients eat of their best NLE's places until these are gone, then of the next; lots decide by the shares."""

    name = "probabilistic-serial"
    promise = Promise(
        summary="recipients eat places at equal speed, the best first; a lottery gives each NLE with the share eaten",
        guarantees="ordinally efficient, and no recipient prefers another's shares, for the order that lots make "
        "strict; every pair has exactly its share as probability",
        caveats="for places alone: different amounts and limits over many pairs are refused, and so are schools that "
        "may have several NLEs; priorities do not count",
        misreports="a recipient may gain, the less the more places there are",
        complexity="O(m (m + n)) steps in exact fractions",
        source="Bogomolnaia and Moulin (2001), doi:10.1006/jeth.2000.2710; Budish, Che, Kojima and Milgrom (2013), "
        "doi:10.1257/aer.103.2.585",
        by_ranks=True,
        random=True,
    )

    def __init__(self) -> None:
        self._known: tuple[Preferences, Shares] | None = None

    def refuses(self, agenda: Agenda) -> str | None:
        """Where pairs take different amounts, limits count many pairs, or a school may have several NLEs."""
        if not in_places(agenda.problem):
            return "it needs cases that take one place each, and no limit over many pairs"
        if (agenda.problem.supporters > 1).any():
            return "it needs schools that have one NLE each"
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Draw one matching."""
        problem = agenda.problem
        required = problem.required_pairs().tolist()
        lot = Random(f"probabilistic-serial {agenda.settings.seed} {draw}")
        drawn = rounded(self.shares(agenda), problem.recipient.tolist(), problem.nle.tolist(), lot)
        return Matching(np.sort(np.array([*required, *drawn], dtype=np.int64)))

    def shares(self, agenda: Agenda) -> dict[int, Fraction]:
        """The share of every pair; required pairs stand outside. Kept for further draws."""
        if self._known is None or self._known[0] is not agenda.preferences:
            self._known = (agenda.preferences, self._eaten(agenda))
        return self._known[1]

    def _eaten(self, agenda: Agenda) -> Shares:
        problem = agenda.problem
        required = problem.required_pairs()
        held = set(problem.recipient[required].tolist())
        barred = held | set(np.flatnonzero(problem.supporters < 1).tolist())
        left = places(problem) - np.bincount(problem.nle[required], minlength=len(problem.nle_ids))
        lists = [[] if whose in barred else own for whose, own in enumerate(agenda.preferences.recipients.lists())]
        return eaten(lists, problem.nle.tolist(), left.tolist())


PROBABILISTIC_SERIAL = ProbabilisticSerial()
