"""Who could be recruited: a row of a table each, or one at the centre of every local authority."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from nle_optimizer.errors import InputError, Place, Problem, did_you_mean
from nle_optimizer.records import MILLION, Column, Integers, Kind, Records, blank_column
from nle_optimizer.scenario.columns import AREAS, NLES
from nle_optimizer.scenario.data_setting import DataFile
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.tables import Reading, read_table

PERSONAL = ("nle_id", "name", "status", "home_school_id", "home_grade", "trust_id", "regions")
"""Cells that are not copied from the NLE whom recruits are to resemble."""
WHERE = ("easting", "northing", "latitude", "longitude", "region", "local_authority")
EXPERTISE = tuple(f"expertise_{area}" for area in AREAS)


def listed(file: Path, scenario: Scenario) -> Records:
    """The rows of a table of places: an NLE table, of which all but the identifier may be blank.

    Raises:
        InputError: everything that is wrong with it; an identifier that an NLE has.
    """
    reading = Reading()
    levels = {word.casefold(): int(share * MILLION) for word, share in scenario.settings.fit.levels.items()}
    table = read_table(NLES, DataFile(file=str(file)), scenario.resources, levels, reading)
    taken = set() if table is None else set(table.ids.tolist()) & set(scenario.nles.ids.tolist())
    for name in sorted(taken):
        reading.problems.append(Problem(Place(file.name), "nle_id", "an NLE has this identifier; choose another", name))
    if reading.problems or table is None:
        raise InputError(reading.problems)
    return table


def centres(scenario: Scenario) -> Records:
    """A possible NLE at the centre of each local authority: the mean place of its schools.

    Raises:
        InputError: no school has both an authority and a place.
    """
    found = list(_centres(scenario.schools))
    if not found:
        what = "the schools table tells no authority with a place; name places by --places"
        raise InputError([Problem(Place(scenario.schools.source), "local_authority", what)])
    return Records(
        NLES,
        "recruits",
        np.zeros(len(found), np.int64),
        {
            "nle_id": _column(Kind.IDENTIFIER, [f"recruit-{authority}" for authority, *_ in found]),
            "name": _column(Kind.TEXT, [f"Recruit at {authority}" for authority, *_ in found]),
            "local_authority": _column(Kind.TEXT, [authority for authority, *_ in found]),
            "region": _column(Kind.TEXT, [region for _, region, *_ in found]),
            "easting": _metres(scenario.nles.column("easting"), [east for *_, east, _ in found]),
            "northing": _metres(scenario.nles.column("northing"), [north for *_, north in found]),
        },
    )


def _centres(schools: Records) -> Iterator[tuple[str, str, int, int]]:
    authorities, regions = schools.values("local_authority"), schools.values("region")
    easting, northing = schools.column("easting"), schools.column("northing")
    placed = easting.given & northing.given & (authorities != "")
    for authority in sorted(set(authorities[placed].tolist())):
        own = np.flatnonzero(placed & (authorities == authority))
        region = min(Counter(regions[own].tolist()).items(), key=lambda entry: (-entry[1], entry[0]))[0]
        yield authority, region, _mean(easting.values[own]), _mean(northing.values[own])


def _mean(values: Integers) -> int:
    return int(values.sum()) // len(values)


def _column(kind: Kind, cells: Sequence[str]) -> Column:
    return Column(kind, np.array(cells, dtype=object), np.array([bool(cell) for cell in cells]))


def _metres(like: Column, cells: Sequence[int]) -> Column:
    return Column(like.kind, np.array(cells, dtype=np.int64), np.ones(len(cells), dtype=bool))


def filled(recruits: Records, scenario: Scenario, like: str | None) -> Records:
    """The possible recruits with every blank cell as the NLE `like` has it, but for what is personal.

    Raises:
        InputError: there is no such NLE; or none is named, and expertise or capacity is missing.
    """
    nles = scenario.nles
    if like is None:
        _refuse_blanks(recruits, scenario)
        return recruits
    if like not in set(nles.ids.tolist()):
        what = "the nles table has no such identifier"
        raise InputError([Problem(Place(), "--like", what, like, did_you_mean(like, nles.ids.tolist()))])
    model = nles.take(np.flatnonzero(nles.ids == like))
    columns = {}
    for name in nles.columns:
        if name in (*PERSONAL, *WHERE) or not (name in NLES.columns or name in scenario.resources):
            continue
        given = model.column(name)
        own = recruits.column(name, given.kind) if name in recruits else blank_column(given.kind, len(recruits))
        values = own.values.copy()
        for row in np.flatnonzero(~own.given).tolist():
            values[row] = given.values[0]
        columns[name] = Column(given.kind, values, own.given | bool(given.given[0]))
    return recruits.with_columns(columns)


def _refuse_blanks(recruits: Records, scenario: Scenario) -> None:
    resources = [name for name in scenario.resources if name in scenario.nles]
    for name in (*EXPERTISE, *resources):
        if not (name in recruits and recruits.given(name).all()):
            what = f"recruits have no {name}; name an NLE whom they are to resemble"
            raise InputError(
                [Problem(Place(), "--like", what, None, "give --like NLE_ID, or fill the table of places")]
            )


def chosen_rows(recruits: Records, choice: Sequence[int]) -> Records:
    """The chosen recruits as NLEs; a place chosen again gets an identifier of its own: `...-2`, `...-3`."""
    table, seen = recruits.take(np.array(choice, dtype=np.int64)), Counter[int]()
    names = []
    for row, number in enumerate(choice):
        seen[number] += 1
        names.append(str(table.ids[row]) + (f"-{seen[number]}" if seen[number] > 1 else ""))
    return table.with_columns({"nle_id": _column(Kind.IDENTIFIER, names)})
