"""What the columns of published tables hold, whatever their cells are at the moment: a word of pandas for each."""

from collections.abc import Iterable, Mapping, Sequence

from nle_optimizer.scenario.columns import AREAS, SHARE_COLUMNS
from nle_optimizer.tables import NUMBER, TEXT, WHOLE, YES_NO, are

_SHARES = {**are(YES_NO, "in_plan"), **are(NUMBER, "share")}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "allocation": {
        **are(NUMBER, "fit", *(f"fit_{area}" for area in AREAS), "distance_km", "cost"),
        **are(YES_NO, "out_of_region"),
        **are(WHOLE, "priority"),
    },
    "unmatched": {
        **are(NUMBER, "cure_amount", "cure_price", "nearest_km", "reach_more_km", "reach_price"),
        **are(NUMBER, "minimum_fit_needed", "minimum_fit_price", "conflict_price"),
        **are(WHOLE, "priority", "days_waiting"),
    },
    "exclusions": {},
    "nles": are(NUMBER, "one_more", "one_fewer"),
    "breakdown": {
        **are(WHOLE, "eligible", "supported", "out_of_region"),
        **are(NUMBER, "coverage", "mean_fit", "mean_distance_km", "max_distance_km", "cost"),
    },
    "alternates": {
        **are(WHOLE, "rank"),
        **are(NUMBER, "fit", "distance_km", "change_in_objective"),
        **are(YES_NO, "has_spare"),
    },
    "this_plan": {
        **are(WHOLE, "pairs_left", "pairs_new", "pairs_in_common", "level"),
        **are(YES_NO, "within_limits"),
        **are(NUMBER, "this_plan", "new_plan", "needed"),
    },
    "uncertainty": {**are(NUMBER, "plan", "mean", "low", "high"), **are(WHOLE, "draws")},
    "pair_shares": _SHARES,
    "school_shares": _SHARES,
    "moves": {
        **are(NUMBER, "fit_before", "fit_after"),
        **are(YES_NO, "is_move"),
        **are(WHOLE, "priority", "lower_priority_kept"),
    },
    "moves_frontier": {**are(WHOLE, "moves", "supported"), **are(NUMBER, "total_fit"), **are(YES_NO, "proved")},
    "decisions": {**are(WHOLE, "number", "undoes", "undone_by"), **are(NUMBER, "amount")},
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
        known |= are(NUMBER, *resources) | (_DRAWN if drawn else {})
    if table == "nles":
        known |= {f"{prefix}_{name}": NUMBER for prefix in ("capacity", "used") for name in resources}
    other = NUMBER if table == "moves_frontier" else TEXT  # its column named after the first objective
    return {name: known.get(name, other) for name in columns}
