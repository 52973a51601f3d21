"""Whether phase, faith and diocese of a recipient are met by an NLE or a trust."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nle_optimizer.records import Column, Flags, Integers, Kind, Records
from nle_optimizer.scenario.settings import Suitability

PHASES_MET_BY = {"all-through": {"primary", "secondary", "all-through"}}
PHASES_OF = {"all-through": {"primary", "secondary", "all-through"}}

PROPERTIES = {"phase": "phases", "faith": "faiths", "diocese": "diocese"}
"""Column of the recipients: column of those who support them."""


@dataclass(frozen=True, eq=False)
class Match:
    """How one property of recipients agrees with one of supporters, as a small table of codes.

    Attributes:
        supporter, recipient: code of each row; 0 where the cell is blank.
        met: shape (supporter codes, recipient codes): whether the property is met.
    """

    supporter: Integers
    recipient: Integers
    met: Flags

    def unmet(self, supporter: Integers, recipient: Integers) -> Flags:
        """Pairs whose cells are both filled and do not agree."""
        return self._at(~(self.met | self._blank()), supporter, recipient)

    def agreed(self, supporter: Integers, recipient: Integers) -> Flags:
        """Pairs whose cells are both filled and agree."""
        return self._at(self.met & ~self._blank(), supporter, recipient)

    def _at(self, table: Flags, supporter: Integers, recipient: Integers) -> Flags:
        """Cells of a table as `met` is one; one place each is looked up faster than a row and a column."""
        row = self.supporter * table.shape[1]
        return table.ravel()[row[supporter] + self.recipient[recipient]]

    def _blank(self) -> Flags:
        blank = np.zeros_like(self.met)
        blank[0, :] = True
        blank[:, 0] = True
        return blank


def match(supporters: Records, recipients: Records, name: str) -> Match:
    """The agreement of the property `phase`, `faith` or `diocese`."""
    offered, offered_code = _codes(supporters.column(PROPERTIES[name]))
    wanted, wanted_code = _codes(recipients.column(name))
    met = np.zeros((len(offered), len(wanted)), dtype=bool)
    for i, offer in enumerate(offered):
        for j, want in enumerate(wanted):
            met[i, j] = bool(_spread(offer, PHASES_OF) & _spread(want, PHASES_MET_BY))
    return Match(offered_code, wanted_code, met)


def _spread(words: frozenset[str], wider: dict[str, set[str]]) -> set[str]:
    return {other for word in words for other in wider.get(word, {word})}


def _codes(cells: Column) -> tuple[list[frozenset[str]], Integers]:
    """The distinct sets of words, the empty one first, and the code of each row."""
    code: dict[frozenset[str], int] = {frozenset(): 0}
    values = cells.values.tolist()
    of_value = {value: code.setdefault(_words(cells.kind, value), len(code)) for value in dict.fromkeys(values)}
    return list(code), np.array([of_value[value] for value in values], dtype=np.int64)


def _words(kind: Kind, value: Any) -> frozenset[str]:
    if kind is Kind.NAMES:
        return frozenset(word.casefold() for word in value)
    return frozenset({value.casefold()}) if value else frozenset()


def properties_that(suitability: Suitability, importance: str) -> list[str]:
    """The properties that `must` agree, or that are merely preferred."""
    return [name for name in PROPERTIES if getattr(suitability, name) == importance]
