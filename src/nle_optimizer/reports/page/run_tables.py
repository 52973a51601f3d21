"""The tables of a run's page.

The tables of a run's page: pairs, schools left out, NLEs, excluded schools, and what else the run holds. Tables of a
page that only some runs have: alternates, moves since an earlier run, and what draws gave.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nle_optimizer.catalogue.reasons import STAGES
from nle_optimizer.reports.page.render import PageColumn, change_column, distance_column, packed_table
from nle_optimizer.reports.view import FURTHER, View, ViewRows, cures_in_words
from nle_optimizer.reports.words import (
    FIGURES,
    STATES,
    Columns,
    figure_words,
    first_aim,
    named,
    nle_names,
    school_names,
    this_plan_columns,
    weights_columns,
    worded,
)
from nle_optimizer.scenario.columns import AREAS

THIS_PLAN, WEIGHTS = "this_plan", "weights"
MOVES = {"moved": "Another NLE", "left-out": "Left without an NLE", "out": "No longer eligible", "taken-on": "Taken on"}


def further_tables(view: View) -> Iterator[dict[str, Any]]:
    """Those that the run has, as JSON."""
    drawn = [WEIGHTS] if view.under_error.get("weights") else []
    for name in (*FURTHER, *drawn):
        if name in drawn or (name in view.tables and (name != THIS_PLAN or view.under_error.get(THIS_PLAN))):
            yield MAKERS[name](view)


def _alternates(view: View) -> dict[str, Any]:
    rows = view.rows("alternates")
    columns = [
        PageColumn("school", "School", named(rows["school_id"], school_names(view)), "school"),
        PageColumn("rank", "Rank", rows["rank"], "number"),
        PageColumn("nle", "NLE instead", named(rows["nle_id"], nle_names(view)), "nle"),
        PageColumn("fit", "Fit", rows["fit"], "number", 3),
        distance_column(view.is_shared, rows["distance_km"], "distance", "Distance, km"),
        PageColumn("has_spare", "Has room", rows["has_spare"]),
        change_column("change", f"Change of the first aim ({first_aim(view.summary)})", rows["change_in_objective"]),
        PageColumn("who_moves", "Who else moves", rows["who_moves"], "ids"),
        PageColumn("school_id", "School id", rows["school_id"], is_further=True),
        PageColumn("nle_id", "NLE id", rows["nle_id"], is_further=True),
    ]
    return packed_table("alternates", "Alternates", columns, "No school could have another NLE.")


def _moves(view: View) -> dict[str, Any]:
    rows, names = view.rows("moves"), {**nle_names(view), "": ""}
    columns = [
        PageColumn("school", "School", named(rows["school_id"], school_names(view)), "school"),
        PageColumn("what", "What becomes of it", [MOVES.get(what, worded(what)) for what in rows["what"]]),
        PageColumn("over", "Schools of lower priority that keep theirs", rows["lower_priority_kept"], "number"),
        PageColumn("from", "From NLE", named(rows["from_nle_id"], names)),
        PageColumn("to", "To NLE", named(rows["to_nle_id"], names)),
        PageColumn("fit_before", "Fit before", rows["fit_before"], "number", 3),
        PageColumn("fit_after", "Fit now", rows["fit_after"], "number", 3),
        PageColumn("reason", "Why", rows["reason"], "ids"),
        PageColumn("priority", "Its priority", rows["priority"], "number", is_further=True),
        PageColumn("could", "Of whom the NLE could support it", rows["whose_nle_could"], is_further=True),
        PageColumn("state", "State before", [worded(state, STATES) for state in rows["state_before"]], is_further=True),
        PageColumn("school_id", "School id", rows["school_id"], is_further=True),
    ]
    return packed_table("moves", "Moves since the earlier plan", columns, "Nobody moves.")


def _decisions(view: View) -> dict[str, Any]:
    rows = view.rows("decisions")
    of_whom = ("school_id", "nle_id", "trust_id", "resource", "amount", "key", "value")
    told = [" ".join(filter(None, cells)) for cells in zip(*(rows[name] for name in of_whom), strict=True)]
    columns = [
        PageColumn("number", "Number", rows["number"], "number"),
        PageColumn("date", "Day", rows["date"]),
        PageColumn("action", "Decision", [worded(action, {}) for action in rows["action"]]),
        PageColumn("whom", "Of whom or what", told, "ids"),
        PageColumn("by", "By", rows["by"]),
        PageColumn("note", "Why", rows["note"], "ids"),
        PageColumn("undoes", "Takes back", rows["undoes"], "number"),
        PageColumn("undone", "Taken back by", rows["undone_by"], "number"),
    ]
    return packed_table("decisions", "Decisions", columns, "Nothing was decided.")


def _this_plan(view: View) -> dict[str, Any]:
    caption = "This plan, kept as it is, in the draws"
    return packed_table(THIS_PLAN, caption, _columns(this_plan_columns(view), "aim"), "No draw could be compared.")


def _weights(view: View) -> dict[str, Any]:
    caption = "What hangs on the weights of the areas"
    return packed_table(WEIGHTS, caption, _columns(weights_columns(view), "area"), "No area has a weight.")


def _columns(told: Columns, first: str) -> list[PageColumn]:
    """Columns of numbers, but for the first."""
    return [
        PageColumn(key, heading, cells, "text" if key == first else "number") for key, (heading, cells) in told.items()
    ]


def _figures(view: View) -> dict[str, Any]:
    rows = view.rows("uncertainty")
    names = rows["metric"]
    labels = {"plan": "In this plan", "mean": "Mean of the new plans", "low": "From", "high": "To"}
    columns = [
        PageColumn("figure", "Figure", [figure_words(name) for name in names]),
        *(
            PageColumn(key, label, [_rounded(*cell) for cell in zip(names, rows[key], strict=True)], "number")
            for key, label in labels.items()
        ),
        PageColumn("draws", "Draws", rows["draws"], "number", is_further=True),
    ]
    return packed_table("uncertainty", "Figures of plans made anew for the draws", columns, "Nothing was drawn.")


def _rounded(name: str, cell: str) -> str:
    """A figure with the decimal places that it is read by."""
    return cell and f"{float(cell):.{FIGURES[name][1] if name in FIGURES else 3}f}"


def _shares(view: View) -> dict[str, Any]:
    rows = view.rows("pair_shares")
    columns = [
        PageColumn("school", "School", named(rows["school_id"], school_names(view)), "school"),
        PageColumn("nle", "NLE", named(rows["nle_id"], nle_names(view)), "nle"),
        PageColumn("in_plan", "In this plan", rows["in_plan"]),
        *_of_share(rows),
        PageColumn("school_id", "School id", rows["school_id"], is_further=True),
        PageColumn("nle_id", "NLE id", rows["nle_id"], is_further=True),
    ]
    return packed_table("pair_shares", "How many new plans have each pair", columns, "Nothing was drawn.")


def _school_shares(view: View) -> dict[str, Any]:
    rows = view.rows("school_shares")
    columns = [
        PageColumn("school", "School", named(rows["school_id"], school_names(view)), "school"),
        PageColumn("in_plan", "Supported in this plan", rows["in_plan"]),
        *_of_share(rows),
        PageColumn("school_id", "School id", rows["school_id"], is_further=True),
    ]
    return packed_table("school_shares", "How many new plans support each school", columns, "Nothing was drawn.")


def _of_share(rows: ViewRows) -> Iterator[PageColumn]:
    yield PageColumn("share", "Share of the draws", rows["share"], "number", 2)
    yield PageColumn("stands", "How firm", [worded(word, {}) for word in rows["stands"]])


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


def tables_of(view: View) -> list[dict[str, Any]]:
    """Every table of the page, as JSON."""
    return [
        _pairs(view),
        _left_out(view),
        _nles(view),
        _excluded(view),
        *further_tables(view),
    ]


def _pairs(view: View) -> dict[str, Any]:
    rows, names = view.rows("allocation"), nle_names(view)
    columns = [
        PageColumn("school", "School", named(rows["school_id"], school_names(view)), "school"),
        PageColumn("nle", "NLE", named(rows["nle_id"], names), "nle"),
        PageColumn("fit", "Fit", rows["fit"], "number", 3),
        distance_column(view.is_shared, rows["distance_km"], "distance", "Distance, km"),
        PageColumn("local_authority", "Authority", rows["local_authority"]),
        PageColumn("priority", "Priority", rows["priority"], "number"),
        PageColumn("why", "Why", rows["why"]),
        *_further_columns(
            PageColumn("region", "Region", rows["region"]),
            PageColumn("phase", "Phase", rows["phase"]),
            PageColumn("out_of_region", "Out of region", rows["out_of_region"]),
            *(PageColumn(f"fit_{area}", f"Fit in {area}", rows[f"fit_{area}"], "number", 3) for area in AREAS),
            *(_amount(name, rows) for name in _resources(view) if name in rows.columns),
            PageColumn("cost", "Cost, £", _unless_all_zero(rows["cost"]), "number"),
            PageColumn("state", "State", [worded(state, STATES) for state in rows["state"]]),
            PageColumn("firmness", "In every best allocation", [_firmness(word) for word in rows["firmness"]]),
            *_draws(view, rows),
            PageColumn("next_best", "Next best NLE", named(rows["next_best_nle_id"], {**names, "": ""})),
            PageColumn("school_id", "School id", rows["school_id"]),
            PageColumn("nle_id", "NLE id", rows["nle_id"]),
        ),
    ]
    return packed_table("pairs", "Pairs", columns, "Nobody is matched.")


def _draws(view: View, rows: ViewRows) -> Iterator[PageColumn]:
    """How a pair stands in draws, where there were any."""
    if "robustness" in view.summary:
        yield PageColumn("stands", "How it stands in draws", [worded(word, {}) for word in rows["stands"]])
        yield PageColumn("share_weights", "Share of draws of weights", rows["share_weights"], "number", 2)
        yield PageColumn("share_estimates", "Share of draws of estimates", rows["share_estimates"], "number", 2)


def _further_columns(*columns: PageColumn) -> list[PageColumn]:
    """Columns that are there for those who ask for all of them."""
    return [replace(column, is_further=True) for column in columns]


def _resources(view: View) -> list[str]:
    return [name.removeprefix("capacity_") for name in view.rows("nles").columns if name.startswith("capacity_")]


def _amount(name: str, rows: ViewRows) -> PageColumn:
    return PageColumn(f"amount_{name}", name.replace("_", " ").capitalize(), rows[name], "number")


def _unless_all_zero(cells: Sequence[str]) -> Sequence[str]:
    return cells if any(cell and float(cell) for cell in cells) else [""] * len(cells)


def _firmness(word: str) -> str:
    return {"all": "yes", "some": "no, others are as good"}.get(word, word)


def _left_out(view: View) -> dict[str, Any]:
    rows, schools, names = view.rows("unmatched"), view.read("schools"), nle_names(view)
    ids, aim = rows["school_id"], first_aim(view.summary)
    columns = [
        PageColumn("school", "School", named(ids, school_names(view)), "school"),
        PageColumn("reason", "Reason", [worded(code) for code in rows["reason"]]),
        PageColumn("explanation", "Explanation", rows["explanation"]),
        PageColumn("cure", "What would cure it", cures_in_words(rows, names)),
        change_column("cure_price", f"Change of the first aim ({aim})", _unless_all_zero(rows["cure_price"])),
        PageColumn("local_authority", "Authority", rows["local_authority"]),
        PageColumn("priority", "Priority", rows["priority"], "number"),
        PageColumn("days_waiting", "Days waiting", rows["days_waiting"], "number"),
        *_further_columns(
            PageColumn("nearest", "Nearest NLE", named(rows["nearest_nle_id"], {**names, "": ""}), "nle"),
            distance_column(view.is_shared, rows["nearest_km"], "nearest_km", "Km to nearest"),
            *(PageColumn(key, key.capitalize(), _looked_up(schools, key, ids)) for key in ("region", "phase")),
            PageColumn("school_id", "School id", ids),
        ),
        PageColumn("nle_id", "NLE id", rows["nearest_nle_id"], is_hidden=True),
    ]
    return packed_table("left-out", "Schools left out", columns, "No eligible school is left out.")


def _looked_up(table: ViewRows, name: str, ids: Sequence[str]) -> list[str]:
    cells = table.by(f"{'nle' if 'nle_id' in table.columns else 'school'}_id", name)
    return [cells.get(identifier, "") for identifier in ids]


def _nles(view: View) -> dict[str, Any]:
    rows, read, names = view.rows("nles"), view.read("nles"), nle_names(view)
    ids, pairs, aim = rows["nle_id"], Counter(view.rows("allocation")["nle_id"]), first_aim(view.summary)
    columns = [
        PageColumn("nle", "NLE", named(ids, names), "nle"),
        PageColumn("state", "State", [worded(state, STATES) for state in rows["state"]]),
        PageColumn("reason", "Why out", [reason and worded(reason) for reason in rows["reason"]]),
        PageColumn("supports", "Schools supported", [str(pairs[identifier]) for identifier in ids], "number"),
        *_capacities(view, rows),
        change_column("one_more", f"Change of {aim} with one more place", rows["one_more"]),
        change_column("one_fewer", f"Change of {aim} with one fewer", rows["one_fewer"]),
        PageColumn("local_authority", "Authority", _looked_up(read, "local_authority", ids)),
        *_further_columns(
            PageColumn("region", "Region", _looked_up(read, "region", ids)),
            PageColumn("phases", "Phases", [cell.replace("|", ", ") for cell in _looked_up(read, "phases", ids)]),
            PageColumn("nle_id", "NLE id", ids),
        ),
    ]
    return packed_table("nles", "NLEs", columns, "There is no NLE.")


def _capacities(view: View, rows: ViewRows) -> Iterator[PageColumn]:
    for name in _resources(view):
        label = name.replace("_", " ").capitalize()
        yield PageColumn(f"used_{name}", f"{label} used", rows[f"used_{name}"], "number")
        yield PageColumn(f"capacity_{name}", f"{label} in all", rows[f"capacity_{name}"], "number")


def _excluded(view: View) -> dict[str, Any]:
    rows, schools = view.rows("exclusions"), view.read("schools")
    ids = rows["school_id"]
    columns = [
        PageColumn("school", "School", named(ids, schools.by("school_id", "name")), "school"),
        PageColumn("stage", "Left at", [worded(stage, STAGES) for stage in rows["stage"]]),
        PageColumn("reason", "Reason", [worded(code) for code in rows["reason"]]),
        PageColumn("evidence", "Evidence", rows["evidence"]),
        PageColumn("local_authority", "Authority", _looked_up(schools, "local_authority", ids)),
        *_further_columns(
            *(PageColumn(key, key.capitalize(), _looked_up(schools, key, ids)) for key in ("region", "phase")),
            PageColumn("school_id", "School id", ids),
        ),
    ]
    return packed_table("excluded", "Excluded schools", columns, "No school was excluded.")
