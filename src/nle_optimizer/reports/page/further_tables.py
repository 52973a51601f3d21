"""Tables of a page that only some runs have: alternates, moves since an earlier run, and what draws gave."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nle_optimizer.reports.page.naming import named, nle_names, school_names
from nle_optimizer.reports.page.table import Column, change_column, distance_column, packed_table
from nle_optimizer.reports.view.under_error import Columns, part, this_plan_columns, weights_columns
from nle_optimizer.reports.view.view import FURTHER, Rows, View
from nle_optimizer.reports.words import FIGURES, STATES, figure_words, first_aim, worded

THIS_PLAN, WEIGHTS = "this_plan", "weights"
MOVES = {"moved": "Another NLE", "left-out": "Left without an NLE", "out": "No longer eligible", "taken-on": "Taken on"}


def further_tables(view: View) -> Iterator[dict[str, Any]]:
    """Those that the run has, as JSON."""
    drawn = [WEIGHTS] if part(view, "weights") else []
    for name in (*FURTHER, *drawn):
        if name in drawn or (name in view.tables and (name != THIS_PLAN or part(view, THIS_PLAN))):
            yield MAKERS[name](view)


def _alternates(view: View) -> dict[str, Any]:
    rows = view.rows("alternates")
    columns = [
        Column("school", "School", named(rows["school_id"], school_names(view)), "school"),
        Column("rank", "Rank", rows["rank"], "number"),
        Column("nle", "NLE instead", named(rows["nle_id"], nle_names(view)), "nle"),
        Column("fit", "Fit", rows["fit"], "number", 3),
        distance_column(view.is_shared, rows["distance_km"], "distance", "Distance, km"),
        Column("has_spare", "Has room", rows["has_spare"]),
        change_column("change", f"Change of the first aim ({first_aim(view.summary)})", rows["change_in_objective"]),
        Column("who_moves", "Who else moves", rows["who_moves"], "ids"),
        Column("school_id", "School id", rows["school_id"], is_further=True),
        Column("nle_id", "NLE id", rows["nle_id"], is_further=True),
    ]
    return packed_table("alternates", "Alternates", columns, "No school could have another NLE.")


def _moves(view: View) -> dict[str, Any]:
    rows, names = view.rows("moves"), {**nle_names(view), "": ""}
    columns = [
        Column("school", "School", named(rows["school_id"], school_names(view)), "school"),
        Column("what", "What becomes of it", [MOVES.get(what, worded(what)) for what in rows["what"]]),
        Column("over", "Schools of lower priority that keep theirs", rows["lower_priority_kept"], "number"),
        Column("from", "From NLE", named(rows["from_nle_id"], names)),
        Column("to", "To NLE", named(rows["to_nle_id"], names)),
        Column("fit_before", "Fit before", rows["fit_before"], "number", 3),
        Column("fit_after", "Fit now", rows["fit_after"], "number", 3),
        Column("reason", "Why", rows["reason"], "ids"),
        Column("priority", "Its priority", rows["priority"], "number", is_further=True),
        Column("could", "Of whom the NLE could support it", rows["whose_nle_could"], is_further=True),
        Column("state", "State before", [worded(state, STATES) for state in rows["state_before"]], is_further=True),
        Column("school_id", "School id", rows["school_id"], is_further=True),
    ]
    return packed_table("moves", "Moves since the earlier plan", columns, "Nobody moves.")


def _decisions(view: View) -> dict[str, Any]:
    rows = view.rows("decisions")
    of_whom = ("school_id", "nle_id", "trust_id", "resource", "amount", "key", "value")
    told = [" ".join(filter(None, cells)) for cells in zip(*(rows[name] for name in of_whom), strict=True)]
    columns = [
        Column("number", "Number", rows["number"], "number"),
        Column("date", "Day", rows["date"]),
        Column("action", "Decision", [worded(action, {}) for action in rows["action"]]),
        Column("whom", "Of whom or what", told, "ids"),
        Column("by", "By", rows["by"]),
        Column("note", "Why", rows["note"], "ids"),
        Column("undoes", "Takes back", rows["undoes"], "number"),
        Column("undone", "Taken back by", rows["undone_by"], "number"),
    ]
    return packed_table("decisions", "Decisions", columns, "Nothing was decided.")


def _this_plan(view: View) -> dict[str, Any]:
    caption = "This plan, kept as it is, in the draws"
    return packed_table(THIS_PLAN, caption, _columns(this_plan_columns(view), "aim"), "No draw could be compared.")


def _weights(view: View) -> dict[str, Any]:
    caption = "What hangs on the weights of the areas"
    return packed_table(WEIGHTS, caption, _columns(weights_columns(view), "area"), "No area has a weight.")


def _columns(told: Columns, first: str) -> list[Column]:
    """Columns of numbers, but for the first."""
    return [Column(key, heading, cells, "text" if key == first else "number") for key, (heading, cells) in told.items()]


def _figures(view: View) -> dict[str, Any]:
    rows = view.rows("uncertainty")
    names = rows["metric"]
    labels = {"plan": "In this plan", "mean": "Mean of the new plans", "low": "From", "high": "To"}
    columns = [
        Column("figure", "Figure", [figure_words(name) for name in names]),
        *(
            Column(key, label, [_rounded(*cell) for cell in zip(names, rows[key], strict=True)], "number")
            for key, label in labels.items()
        ),
        Column("draws", "Draws", rows["draws"], "number", is_further=True),
    ]
    return packed_table("uncertainty", "Figures of plans made anew for the draws", columns, "Nothing was drawn.")


def _rounded(name: str, cell: str) -> str:
    """A figure with the decimal places that it is read by."""
    return cell and f"{float(cell):.{FIGURES[name][1] if name in FIGURES else 3}f}"


def _shares(view: View) -> dict[str, Any]:
    rows = view.rows("pair_shares")
    columns = [
        Column("school", "School", named(rows["school_id"], school_names(view)), "school"),
        Column("nle", "NLE", named(rows["nle_id"], nle_names(view)), "nle"),
        Column("in_plan", "In this plan", rows["in_plan"]),
        *_of_share(rows),
        Column("school_id", "School id", rows["school_id"], is_further=True),
        Column("nle_id", "NLE id", rows["nle_id"], is_further=True),
    ]
    return packed_table("pair_shares", "How many new plans have each pair", columns, "Nothing was drawn.")


def _school_shares(view: View) -> dict[str, Any]:
    rows = view.rows("school_shares")
    columns = [
        Column("school", "School", named(rows["school_id"], school_names(view)), "school"),
        Column("in_plan", "Supported in this plan", rows["in_plan"]),
        *_of_share(rows),
        Column("school_id", "School id", rows["school_id"], is_further=True),
    ]
    return packed_table("school_shares", "How many new plans support each school", columns, "Nothing was drawn.")


def _of_share(rows: Rows) -> Iterator[Column]:
    yield Column("share", "Share of the draws", rows["share"], "number", 2)
    yield Column("stands", "How firm", [worded(word, {}) for word in rows["stands"]])


MAKERS: Mapping[str, Callable[[View], dict[str, Any]]] = {
    "alternates": _alternates,
    "moves": _moves,
    "decisions": _decisions,
    THIS_PLAN: _this_plan,
    "uncertainty": _figures,
    "pair_shares": _shares,
    "school_shares": _school_shares,
    WEIGHTS: _weights,
}
