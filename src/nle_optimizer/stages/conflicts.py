"""Pairs that may not be matched because of an interest: home school, own trust, same authority."""

import numpy as np

from nle_optimizer.records import Flags, Integers, Records, Texts

NOBODY = -1


class Conflicts:
    """Codes that two sides share where there is a conflict between them.

    Args:
        recipients, nles: the two sides.
        schools: the whole schools table, in which an NLE's home school is looked up.
    """

    def __init__(self, recipients: Records, nles: Records, schools: Records):
        self._index = {identifier: n for n, identifier in enumerate(recipients.ids)}
        trust_of = dict(zip(schools.ids, schools.values("trust_id"), strict=True))
        is_trust = recipients.column("kind").or_else("school") == "trust"
        homes = nles.values("home_school_id")
        self._home = self._indices(homes)
        home_trusts = np.array([trust_of.get(home, "") for home in homes], dtype=object)
        self._home_trust = self._only(self._indices(home_trusts), is_trust)
        own = np.where(is_trust, recipients.ids, recipients.values("trust_id"))
        self._trust, self._nle_trust = shared_codes(own, nles.values("trust_id"))
        self._area, self._nle_area = shared_codes(
            folded(recipients.values("local_authority")), folded(nles.values("local_authority"))
        )

    def _indices(self, ids: Texts) -> Integers:
        return np.array([self._index.get(identifier, NOBODY) for identifier in ids], dtype=np.int64)

    @staticmethod
    def _only(indices: Integers, rows: Flags) -> Integers:
        return np.where((indices != NOBODY) & rows[indices], indices, NOBODY) if len(rows) else indices

    def home_school(self, nle: Integers, recipient: Integers) -> Flags:
        """The recipient is the NLE's home school, or the trust that runs it."""
        return (self._home[nle] == recipient) | (self._home_trust[nle] == recipient)

    def own_trust(self, nle: Integers, recipient: Integers) -> Flags:
        """Both belong to the same trust, or the recipient is the NLE's trust."""
        return self._trust[recipient] == self._nle_trust[nle]

    def same_authority(self, nle: Integers, recipient: Integers) -> Flags:
        """Both lie in the same local authority."""
        return self._area[recipient] == self._nle_area[nle]


def folded(texts: Texts) -> Texts:
    """Texts without case."""
    folds = {text: text.casefold() for text in set(texts.tolist())}
    return np.array([folds[text] for text in texts], dtype=object)


def shared_codes(left: Texts, right: Texts) -> tuple[Integers, Integers]:
    """One code for each text on both sides; blanks get codes that equal nothing on the other side."""
    code = {text: n for n, text in enumerate(sorted({*left.tolist(), *right.tolist()} - {""}))}
    return (
        np.array([code.get(text, -1) for text in left], dtype=np.int64),
        np.array([code.get(text, -2) for text in right], dtype=np.int64),
    )
