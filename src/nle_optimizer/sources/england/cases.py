"""The cases somebody refers: school ids, and whatever else is known, which beats the official files."""

from collections.abc import Mapping
from pathlib import Path

from nle_optimizer.scenario.columns import AREAS, SCHOOLS
from nle_optimizer.sources.england.gias import region_name
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.predecessors import UrnLinks
from nle_optimizer.sources.england.scope import REASONS
from nle_optimizer.sources.england.user_tables import UserTable, check_cells, read_user_table

ALIASES = {"school_id": ("URN", "school urn")}
Cells = dict[str, str]


def read_cases(path: Path, notes: Notes) -> UserTable:
    """Read the list of cases; only `school_id` (or `URN`) must be there.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    table = read_user_table(path, SCHOOLS, ALIASES, notes)
    check_cells(table, SCHOOLS, notes)
    return table


def known_cases(
    table: UserTable, establishments: Mapping[str, object], links: UrnLinks, notes: Notes
) -> dict[str, Cells]:
    """The filled cells of each case by school id; an id that GIAS does not have is a fault."""
    cases: dict[str, Cells] = {}
    for number, row in zip(table.numbers, table.rows(), strict=True):
        urn = row["school_id"]
        if urn not in establishments:
            successor = links.current(urn, establishments)
            hint = f"its successor is {successor}" if successor else "check the URN"
            notes.wrong(table.path, number, "school_id", "GIAS has no such school", urn, hint)
        cases[urn] = {name: text for name, text in row.items() if text}
    return cases


def overlay(cells: Cells, case: Cells) -> None:
    """Put what a case gives over the official cells of its school."""
    given = dict(case)
    if given.get("left_out") in REASONS:
        del given["left_out"]
        given.pop("left_out_evidence", None)
    if "region" in given:
        given["region"] = region_name(given["region"])
    if "latitude" in given and "longitude" in given and not {"easting", "northing"} & set(given):
        cells.update(easting="", northing="")
    if given.get("trust_id", cells["trust_id"]) != cells["trust_id"]:
        cells.update(trust_joined="", single_academy_trust="")
    cells.update(given)


def assessed_areas(case: Cells) -> set[str]:
    """The areas whose need the case gives as assessed.

    A row that calls its own needs `proxy` (a table of an earlier import) keeps them under that name.
    """
    given = {area for area in AREAS if f"need_{area}" in case}
    if case.get("need_source", "assessed") == "assessed":
        return given
    return given & set(case.get("need_assessed_areas", "").split("|"))
