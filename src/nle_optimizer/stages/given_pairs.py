"""The pairs table, seen from the recipients and NLEs that are still in."""

from dataclasses import dataclass

import numpy as np

from nle_optimizer.records import Column, Flags, Integers, Records, blank_column


@dataclass(frozen=True, eq=False)
class GivenPairs:
    """Rows of the pairs table whose two sides are live, sorted by NLE, then recipient.

    Attributes:
        table: those rows.
        nle, recipient: shapes (rows,): indices of the two sides.
        recipients: how many recipients there are; a pair's key is nle * recipients + recipient.
    """

    table: Records
    nle: Integers
    recipient: Integers
    recipients: int

    @property
    def keys(self) -> Integers:
        """One number a row, ascending."""
        return self.nle * self.recipients + self.recipient

    def given(self, name: str) -> Flags:
        """Rows that fill the named column."""
        return self.table.given(name)

    def with_relation(self, *words: str) -> Flags:
        """Rows whose relation names any of the words."""
        wanted = set(words)
        return np.fromiter((bool(wanted & set(names)) for names in self.table.values("relation")), bool)

    def spread(self, name: str, keys: Integers) -> Column:
        """The named column for candidate pairs with these keys (ascending); blank where no row gives it."""
        column = self.table.column(name)
        spread = blank_column(column.kind, len(keys))
        rows = np.flatnonzero(column.given)
        at, found = locate(self.keys[rows], keys)
        spread.values[at[found]] = column.values[rows[found]]
        spread.given[at[found]] = True
        return spread


def locate(wanted: Integers, keys: Integers) -> tuple[Integers, Flags]:
    """Where each wanted key stands among ascending keys, and whether it stands there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return at, keys[at] == wanted


def given_pairs(pairs: Records | None, recipients: Records, nles: Records) -> GivenPairs | None:
    """The rows of the pairs table between live recipients and available NLEs; None without a table."""
    if pairs is None:
        return None
    nle_at, nle_found = _index_of(pairs.values("nle_id").tolist(), nles)
    recipient_at, recipient_found = _index_of(pairs.values("school_id").tolist(), recipients)
    live = np.flatnonzero(nle_found & recipient_found)
    order = live[np.lexsort((recipient_at[live], nle_at[live]))]
    return GivenPairs(pairs.take(order), nle_at[order], recipient_at[order], len(recipients))


def _index_of(ids: list[str], table: Records) -> tuple[Integers, Flags]:
    index = {identifier: n for n, identifier in enumerate(table.ids)}
    at = np.array([index.get(identifier, -1) for identifier in ids], dtype=np.int64)
    return at, at >= 0
