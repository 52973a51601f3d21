"""The tables of a run's page: pairs, schools left out, NLEs, excluded schools, and what else the run holds."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from nle_optimizer.reports.page.further_tables import further_tables
from nle_optimizer.reports.page.naming import named, nle_names, school_names
from nle_optimizer.reports.page.table import Column, change_column, distance_column, packed_table
from nle_optimizer.reports.view.cures import cures_in_words
from nle_optimizer.reports.view.view import Rows, View
from nle_optimizer.reports.words import REASONS, STAGES, STATES, first_aim, worded
from nle_optimizer.scenario.columns import AREAS


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
        Column("school", "School", named(rows["school_id"], school_names(view)), "school"),
        Column("nle", "NLE", named(rows["nle_id"], names), "nle"),
        Column("fit", "Fit", rows["fit"], "number", 3),
        distance_column(view.is_shared, rows["distance_km"], "distance", "Distance, km"),
        Column("local_authority", "Authority", rows["local_authority"]),
        Column("priority", "Priority", rows["priority"], "number"),
        Column("why", "Why", rows["why"]),
        *_further_columns(
            Column("region", "Region", rows["region"]),
            Column("phase", "Phase", rows["phase"]),
            Column("out_of_region", "Out of region", rows["out_of_region"]),
            *(Column(f"fit_{area}", f"Fit in {area}", rows[f"fit_{area}"], "number", 3) for area in AREAS),
            *(_amount(name, rows) for name in _resources(view) if name in rows.columns),
            Column("cost", "Cost, £", _unless_all_zero(rows["cost"]), "number"),
            Column("state", "State", [worded(state, STATES) for state in rows["state"]]),
            Column("firmness", "In every best allocation", [_firmness(word) for word in rows["firmness"]]),
            *_draws(view, rows),
            Column("next_best", "Next best NLE", named(rows["next_best_nle_id"], {**names, "": ""})),
            Column("school_id", "School id", rows["school_id"]),
            Column("nle_id", "NLE id", rows["nle_id"]),
        ),
    ]
    return packed_table("pairs", "Pairs", columns, "Nobody is matched.")


def _draws(view: View, rows: Rows) -> Iterator[Column]:
    """How a pair stands in draws, where there were any."""
    if "robustness" in view.summary:
        yield Column("stands", "How it stands in draws", [worded(word, {}) for word in rows["stands"]])
        yield Column("share_weights", "Share of draws of weights", rows["share_weights"], "number", 2)
        yield Column("share_estimates", "Share of draws of estimates", rows["share_estimates"], "number", 2)


def _further_columns(*columns: Column) -> list[Column]:
    """Columns that are there for those who ask for all of them."""
    return [replace(column, is_further=True) for column in columns]


def _resources(view: View) -> list[str]:
    return [name.removeprefix("capacity_") for name in view.rows("nles").columns if name.startswith("capacity_")]


def _amount(name: str, rows: Rows) -> Column:
    return Column(f"amount_{name}", name.replace("_", " ").capitalize(), rows[name], "number")


def _unless_all_zero(cells: Sequence[str]) -> Sequence[str]:
    return cells if any(cell and float(cell) for cell in cells) else [""] * len(cells)


def _firmness(word: str) -> str:
    return {"all": "yes", "some": "no, others are as good"}.get(word, word)


def _left_out(view: View) -> dict[str, Any]:
    rows, schools, names = view.rows("unmatched"), view.read("schools"), nle_names(view)
    ids, aim = rows["school_id"], first_aim(view.summary)
    columns = [
        Column("school", "School", named(ids, school_names(view)), "school"),
        Column("reason", "Reason", [worded(code) for code in rows["reason"]]),
        Column("explanation", "Explanation", rows["explanation"]),
        Column("cure", "What would cure it", cures_in_words(rows, names)),
        change_column("cure_price", f"Change of the first aim ({aim})", _unless_all_zero(rows["cure_price"])),
        Column("local_authority", "Authority", rows["local_authority"]),
        Column("priority", "Priority", rows["priority"], "number"),
        Column("days_waiting", "Days waiting", rows["days_waiting"], "number"),
        *_further_columns(
            Column("nearest", "Nearest NLE", named(rows["nearest_nle_id"], {**names, "": ""}), "nle"),
            distance_column(view.is_shared, rows["nearest_km"], "nearest_km", "Km to nearest"),
            *(Column(key, key.capitalize(), _looked_up(schools, key, ids)) for key in ("region", "phase")),
            Column("school_id", "School id", ids),
        ),
        Column("nle_id", "NLE id", rows["nearest_nle_id"], is_hidden=True),
    ]
    return packed_table("left-out", "Schools left out", columns, "No eligible school is left out.")


def _looked_up(table: Rows, name: str, ids: Sequence[str]) -> list[str]:
    cells = table.by(f"{'nle' if 'nle_id' in table.columns else 'school'}_id", name)
    return [cells.get(identifier, "") for identifier in ids]


def _nles(view: View) -> dict[str, Any]:
    rows, read, names = view.rows("nles"), view.read("nles"), nle_names(view)
    ids, pairs, aim = rows["nle_id"], Counter(view.rows("allocation")["nle_id"]), first_aim(view.summary)
    columns = [
        Column("nle", "NLE", named(ids, names), "nle"),
        Column("state", "State", [worded(state, STATES) for state in rows["state"]]),
        Column("reason", "Why out", [reason and worded(reason) for reason in rows["reason"]]),
        Column("supports", "Schools supported", [str(pairs[identifier]) for identifier in ids], "number"),
        *_capacities(view, rows),
        change_column("one_more", f"Change of {aim} with one more place", rows["one_more"]),
        change_column("one_fewer", f"Change of {aim} with one fewer", rows["one_fewer"]),
        Column("local_authority", "Authority", _looked_up(read, "local_authority", ids)),
        *_further_columns(
            Column("region", "Region", _looked_up(read, "region", ids)),
            Column("phases", "Phases", [cell.replace("|", ", ") for cell in _looked_up(read, "phases", ids)]),
            Column("nle_id", "NLE id", ids),
        ),
    ]
    return packed_table("nles", "NLEs", columns, "There is no NLE.")


def _capacities(view: View, rows: Rows) -> Iterator[Column]:
    for name in _resources(view):
        label = name.replace("_", " ").capitalize()
        yield Column(f"used_{name}", f"{label} used", rows[f"used_{name}"], "number")
        yield Column(f"capacity_{name}", f"{label} in all", rows[f"capacity_{name}"], "number")


def _excluded(view: View) -> dict[str, Any]:
    rows, schools = view.rows("exclusions"), view.read("schools")
    ids = rows["school_id"]
    columns = [
        Column("school", "School", named(ids, schools.by("school_id", "name")), "school"),
        Column("stage", "Left at", [worded(stage, STAGES) for stage in rows["stage"]]),
        Column("reason", "Reason", [worded(code, REASONS) for code in rows["reason"]]),
        Column("evidence", "Evidence", rows["evidence"]),
        Column("local_authority", "Authority", _looked_up(schools, "local_authority", ids)),
        *_further_columns(
            *(Column(key, key.capitalize(), _looked_up(schools, key, ids)) for key in ("region", "phase")),
            Column("school_id", "School id", ids),
        ),
    ]
    return packed_table("excluded", "Excluded schools", columns, "No school was excluded.")
