"""What a rule is: a published procedure that says who is matched with whom, and what it promises."""

from dataclasses import dataclass
from typing import Protocol

from nle_optimizer.records import Integers
from nle_optimizer.rules.agenda import Agenda


@dataclass(frozen=True)
class Promise:
    """What is known of a rule.

    Attributes:
        summary: the procedure in a line.
        guarantees: what holds for every outcome, and under which conditions.
        caveats: where that ends, and what the rule cannot promise.
        misreports: whether a recipient or an NLE can gain by stating other preferences than its own.
        complexity: time, in n recipients, m NLEs and p pairs.
        source: the paper, with its DOI, or who does so today.
        ordinal: whether each draw goes by the orders that the sides state, so that misreports can be tried one by one.
        by_ranks: whether it goes by the ranks of the pairs table: who gave any accepts no pair without one.
        random: whether it draws lots beyond breaking ties, so that draws differ.
        may_break_limits: whether it gives what is there, within the limits or not.
    """

    summary: str
    guarantees: str
    caveats: str
    misreports: str
    complexity: str
    source: str
    ordinal: bool = False
    by_ranks: bool = False
    random: bool = False
    may_break_limits: bool = False

    @property
    def ranks(self) -> str:
        """What the ranks of the pairs table do, in words."""
        if not self.by_ranks:
            return "school_rank and nle_rank do not count"
        return (
            "a school that has school_rank in any of its candidate pairs accepts no candidate without one, and so does "
            "an NLE that has nle_rank in any; who has none goes by `preferences`"
        )


@dataclass(frozen=True, eq=False)
class Matching:
    """What a procedure gives.

    Attributes:
        pairs: indices of the matched pairs, ascending.
        remarks: what to know of this outcome, in sentences.
        missed: what it could not keep to besides capacities and the limits of rows, in sentences.
    """

    pairs: Integers
    remarks: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


class Procedure(Protocol):
    """A rule that matches step by step. One file each; register it in `registry.py`."""

    name: str
    promise: Promise

    def refuses(self, agenda: Agenda) -> str | None:
        """Why it cannot be carried out here, in words; None if it can."""

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Who is matched; a random rule gives another outcome for another draw."""
