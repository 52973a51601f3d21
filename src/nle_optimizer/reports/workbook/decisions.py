"""The sheet on which a planner writes what was decided; `replan --changes workbook.xlsx` reads it."""

from collections.abc import Mapping

from nle_optimizer.reports.view.view import View

SHEET = "Decisions"
COLUMNS = ("action", "school_id", "nle_id", "date", "by", "note", "school", "nle", "fit", "state")
"""Columns: those that are read, then those that are there to be looked at."""
ACTIONS = {
    "agree": "agreed by both sides",
    "start": "support has begun",
    "finish": "support ended well",
    "pin": "must be matched",
    "forbid": "must not be matched",
    "school-objects": "the school objects",
    "nle-declines": "the NLE declines",
}
"""What can be decided of a pair, and what it means."""


def decision_rows(view: View) -> Mapping[str, list[str]]:
    """A row for every pair, with its action left blank."""
    rows = view.rows("allocation")
    blank = [""] * len(rows)
    return {
        "action": blank,
        "school_id": list(rows["school_id"]),
        "nle_id": list(rows["nle_id"]),
        "date": blank,
        "by": blank,
        "note": blank,
        "school": list(rows["school_name"]),
        "nle": list(rows["nle_name"]),
        "fit": list(rows["fit"]),
        "state": list(rows["state"]),
    }
