"""What the columns of published tables hold, whatever their cells are at the moment: a word of pandas for each."""

from collections.abc import Iterable, Mapping, Sequence

from nle_optimizer.scenario.columns import AREAS, SHARE_COLUMNS

WHOLE, NUMBER, YES_NO, TEXT = "Int64", "Float64", "boolean", "string"
"""Whole numbers, other numbers, yes or no, and text: identifiers, words, sentences and dates in ISO form."""


def _are(word: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, word)


_SHARES = {**_are(YES_NO, "in_plan"), **_are(NUMBER, "share")}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "allocation": {
        **_are(NUMBER, "fit", *(f"fit_{area}" for area in AREAS), "distance_km", "cost"),
        **_are(YES_NO, "out_of_region"),
        **_are(WHOLE, "priority"),
    },
    "unmatched": {
        **_are(NUMBER, "cure_amount", "cure_price", "nearest_km", "reach_more_km", "reach_price"),
        **_are(NUMBER, "minimum_fit_needed", "minimum_fit_price", "conflict_price"),
        **_are(WHOLE, "priority", "days_waiting"),
    },
    "exclusions": {},
    "nles": _are(NUMBER, "one_more", "one_fewer"),
    "breakdown": {
        **_are(WHOLE, "eligible", "supported", "out_of_region"),
        **_are(NUMBER, "coverage", "mean_fit", "mean_distance_km", "max_distance_km", "cost"),
    },
    "alternates": {
        **_are(WHOLE, "rank"),
        **_are(NUMBER, "fit", "distance_km", "change_in_objective"),
        **_are(YES_NO, "has_spare"),
    },
    "this_plan": {
        **_are(WHOLE, "pairs_left", "pairs_new", "pairs_in_common", "level"),
        **_are(YES_NO, "within_limits"),
        **_are(NUMBER, "this_plan", "new_plan", "needed"),
    },
    "uncertainty": {**_are(NUMBER, "plan", "mean", "low", "high"), **_are(WHOLE, "draws")},
    "pair_shares": _SHARES,
    "school_shares": _SHARES,
    "moves": {
        **_are(NUMBER, "fit_before", "fit_after"),
        **_are(YES_NO, "is_move"),
        **_are(WHOLE, "priority", "lower_priority_kept"),
    },
    "moves_frontier": {**_are(WHOLE, "moves", "supported"), **_are(NUMBER, "total_fit"), **_are(YES_NO, "proved")},
    "decisions": {**_are(WHOLE, "number", "undoes", "undone_by"), **_are(NUMBER, "amount")},
}
"""The columns of each table that are no text."""
_DRAWN = {name: NUMBER for name in SHARE_COLUMNS if name != "stands"}


def types_of(table: str, columns: Iterable[str], resources: Sequence[str], *, drawn: bool) -> dict[str, str]:
    """What each column of a table holds.

    A column of one's own that the schools table carried is text, whatever stands in it.

    Args:
        table: the name of the table.
        columns: its columns.
        resources: the scenario's resources; a column of the allocation, and two of the NLEs, is named after each.
        drawn: whether draws were made, after which an allocation says in which share of them each pair stands.
    """
    known = dict(COLUMNS[table])
    if table == "allocation":
        known |= _are(NUMBER, *resources) | (_DRAWN if drawn else {})
    if table == "nles":
        known |= {f"{prefix}_{name}": NUMBER for prefix in ("capacity", "used") for name in resources}
    other = NUMBER if table == "moves_frontier" else TEXT  # its column named after the first objective
    return {name: known.get(name, other) for name in columns}
