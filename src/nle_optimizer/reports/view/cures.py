"""What would serve each school that is left out, in words."""

from collections.abc import Iterator, Mapping

from nle_optimizer.model.wording import counted
from nle_optimizer.reports.view.view import Rows

CONFLICTS: Mapping[str, str] = {
    "home-school": "that it leads the school",
    "own-trust": "that both are of one trust",
    "same-authority": "that both are of one authority",
    "declared": "the conflict declared",
    "forbidden": "that the pair is forbidden",
}
BRIEFLY: Mapping[str, str] = {
    "reach": "A longer reach",
    "minimum_fit": "A lower minimum fit",
    "conflict": "A conflict set aside",
}
"""The kinds of cures where more of them may not be told."""


COLUMNS = (
    "cure_kind",
    "cure_id",
    "cure_amount",
    "reach_nle_id",
    "reach_more_km",
    "minimum_fit_nle_id",
    "minimum_fit_needed",
    "conflict_nle_id",
    "conflict",
)


def cures_in_words(rows: Rows, names: Mapping[str, str]) -> list[str]:
    """For each row of `unmatched.csv` its cures, one after the other; blank where there is none.

    Args:
        rows: the table; without the NLEs where it is to be shared.
        names: of the NLEs, by identifier.
    """
    cells = zip(*(rows[name] for name in COLUMNS), strict=True)
    return [_sentence("; ".join(_cures(dict(zip(COLUMNS, row, strict=True)), names))) for row in cells]


def _cures(row: Mapping[str, str], names: Mapping[str, str]) -> Iterator[str]:
    kind = row["cure_kind"]
    if kind and not row["cure_id"]:
        yield BRIEFLY.get(kind) or f"More {kind}"
        return

    def nle(name: str) -> str:
        return names.get(row[name]) or row[name]

    if kind and kind not in BRIEFLY:
        yield f"{counted(row['cure_amount'], f'more {kind}')} at {nle('cure_id')}"
    if row["reach_nle_id"]:
        yield f"a limit {float(row['reach_more_km']):.1f} km longer, to reach {nle('reach_nle_id')}"
    if row["minimum_fit_nle_id"]:
        yield f"a minimum fit of {row['minimum_fit_needed']}, for {nle('minimum_fit_nle_id')}"
    if row["conflict_nle_id"]:
        yield f"{nle('conflict_nle_id')}, setting aside {CONFLICTS.get(row['conflict'], row['conflict'])}"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
