"""Schools and NLEs that are added: filled by their number from the tables at hand, or refused with what is missing."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from nle_optimizer.errors import InputError, did_you_mean
from nle_optimizer.model.build import distance_asked
from nle_optimizer.records import Records, as_text
from nle_optimizer.scenario.changes import Change
from nle_optimizer.scenario.columns import AREAS, SCHOOLS
from nle_optimizer.scenario.data_setting import DataFile
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.tables import Reading, read_table
from nle_optimizer.studies.replanning.amendments import Amendments, RefusedError

Register = Callable[[str], Mapping[str, str] | None]
"""The filled cells of a school by its number, under our names; None where it is not known."""
PLACES = (("easting", "northing"), ("latitude", "longitude"))
NEEDED = {"schools": "need", "nles": "expertise"}
REMEDY = "fill them, or name a GIAS extract or a schools table that has them with --fill-from"


def register_in(file: Path) -> Register:
    """The schools of a file: a GIAS extract, or the schools table of a scenario.

    Raises:
        InputError: the file cannot be read.
    """
    from nle_optimizer.delimited import read_rows

    header = next(iter(read_rows(file)), [])
    return _ours(file) if SCHOOLS.key[0] in header else _official(file)


def _ours(file: Path) -> Register:
    reading = Reading()
    table = read_table(SCHOOLS, DataFile(file=str(file)), (), {}, reading)
    if table is None or reading.problems:
        raise InputError(reading.problems)
    columns = {name: as_text(column) for name, column in table.columns.items()}
    rows = {identifier: n for n, identifier in enumerate(table.ids.tolist())}

    def look_up(identifier: str) -> Mapping[str, str] | None:
        n = rows.get(identifier)
        return None if n is None else {name: cells[n] for name, cells in columns.items() if cells[n]}

    return look_up


def _official(file: Path) -> Register:
    from nle_optimizer.sources.england.notes import Notes
    from nle_optimizer.sources.england.reading import EnglandFiles, read_material
    from nle_optimizer.sources.england.schools import school_row

    facts = read_material(EnglandFiles(file), None, Notes()).facts

    @cache
    def look_up(identifier: str) -> Mapping[str, str] | None:
        if identifier not in facts.establishments:
            return None
        return {name: text for name, text in school_row(identifier, facts, None).items() if text}

    return look_up


def filled(tables: Amendments, change: Change, table: str) -> dict[str, str]:
    """The filled cells of an added row, but for its identifier: its own, then those of the tables at hand.

    Raises:
        RefusedError: a column that the table does not have, a school that is closed, or cells that are still needed.
    """
    cells = dict(change.further or {})
    if tables.recalls:
        return cells
    records: Records = getattr(tables.scenario, table)
    known = [*records.spec.columns, *records.extra, *tables.scenario.resources]
    for name in cells:
        if name not in known:
            raise RefusedError(name, f"the {table} table has no such column", name, did_you_mean(name, known))
    if table == "schools":
        found = tables.register(change.school_id) or {}
        cells = {**{name: text for name, text in found.items() if name in known}, **cells}
        if cells.get("left_out"):
            what = f"{cells['left_out']}: {cells.get('left_out_evidence', 'it is left out there')}"
            raise RefusedError("school_id", f"it cannot be supported, {what}", change.school_id)
    else:
        _fill_from_home(tables, cells)
    own = {*records.spec.key, *(["trust_id"] if change.trust_id else [])}
    cells = {name: text for name, text in cells.items() if text and name not in own}
    missing = list(_missing(tables.scenario, records, change, cells))
    if missing:
        what = f"these cells are needed: {', '.join(missing)}"
        raise RefusedError(records.spec.key[0], what, change.school_id or change.nle_id, REMEDY)
    return cells


def _fill_from_home(tables: Amendments, cells: dict[str, str]) -> None:
    from nle_optimizer.sources.england.people import fill_from_home

    home = cells.get("home_school_id", "")
    if not home:
        return
    names = (*PLACES[0], "region", "local_authority", "trust_id", "phase", "latest_grade")
    is_listed = home in tables.ids["schools"]
    found = {name: tables.cell("schools", name, home) for name in names} if is_listed else tables.register(home)
    if found is not None:
        fill_from_home(cells, {name: found.get(name, "") for name in names})


def _missing(scenario: Scenario, records: Records, change: Change, cells: Mapping[str, str]) -> Iterator[str]:
    """The columns without which the row could not be planned with."""
    settings, name = scenario.settings, records.spec.name
    key = records.spec.key[0]
    listed = _listed(scenario, key, change.school_id if name == "schools" else change.nle_id)
    geography = settings.geography
    asks = distance_asked(settings) or geography.min_distance_km or geography.max_distance_km
    has_place = any(all(cells.get(part) for part in place) for place in PLACES)
    if asks and not has_place and "distance_km" not in listed:
        yield from PLACES[0]
    if settings.fit.unknown == "error" and "fit" not in listed:
        columns = [f"{NEEDED[name]}_{area}" for area in AREAS if settings.fit.weights.get(area)]  # type: ignore[call-overload]
        yield from (column for column in columns if not cells.get(column))
    offered = {*settings.offer, *(resource for rule in eligibility_rules(settings) for resource in rule.offer)}
    for resource in scenario.resources:
        is_one = resource == "placements" and (name == "schools" or resource not in records)
        if not cells.get(resource) and not is_one and not (name == "schools" and resource in offered):
            yield resource


def _listed(scenario: Scenario, key: str, identifier: str) -> set[str]:
    """The columns that the pairs table fills for an identifier."""
    pairs = scenario.pairs
    if pairs is None:
        return set()
    mine = pairs.take(pairs.values(key) == identifier)
    return {name for name in mine if mine.given(name).any()}
