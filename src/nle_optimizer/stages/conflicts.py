"""Pairs that may not be matched because of an interest: home school, own trust, same authority."""

from collections.abc import Sequence

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
        index = {identifier: n for n, identifier in enumerate(recipients.ids)}
        homes = nles.values("home_school_id")
        self._home = np.array([index.get(home, NOBODY) for home in homes], dtype=np.int64)
        trust_of = dict(zip(schools.ids, schools.values("trust_id"), strict=True))
        home_trust = np.array([trust_of.get(home, "") for home in homes], dtype=object)
        is_trust = recipients.column("kind").or_else("school") == "trust"
        itself = np.where(is_trust, recipients.ids, "")
        member_of = recipients.values("trust_id")
        self._runs_home = (
            shared_codes(itself, home_trust),
            shared_codes(np.where(is_trust, member_of, ""), home_trust),
        )
        self._own = (shared_codes(member_of, nles.values("trust_id")), shared_codes(itself, nles.values("trust_id")))
        self._area = shared_codes(folded(recipients.values("local_authority")), folded(nles.values("local_authority")))

    def home_school(self, nle: Integers, recipient: Integers) -> Flags:
        """The recipient is the NLE's home school, or the trust that runs it."""
        return (self._home[nle] == recipient) | _any_same(self._runs_home, nle, recipient)

    def own_trust(self, nle: Integers, recipient: Integers) -> Flags:
        """Both belong to the same trust, or the recipient is the NLE's trust."""
        return _any_same(self._own, nle, recipient)

    def same_authority(self, nle: Integers, recipient: Integers) -> Flags:
        """Both lie in the same local authority."""
        return _any_same((self._area,), nle, recipient)


def _any_same(codes: Sequence[tuple[Integers, Integers]], nle: Integers, recipient: Integers) -> Flags:
    """Pairs whose two sides share a code in any of the lists."""
    same = np.zeros(np.broadcast(nle, recipient).shape, dtype=bool)
    for of_recipient, of_nle in codes:
        same |= of_recipient[recipient] == of_nle[nle]
    return same


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
