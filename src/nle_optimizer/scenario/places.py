"""Coordinates: degrees to grid metres, and pairs of numbers that look swapped."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nle_optimizer.errors import Fault, Finding, Place
from nle_optimizer.records import Column, Flags, Integers, Kind, Records

if TYPE_CHECKING:
    from pyproj import Transformer

COORDINATES = ("easting", "northing", "latitude", "longitude")
GRID = (700_000, 1_300_000)
"""Greatest easting and northing of the British National Grid, in metres."""

REGION_BOXES = {
    "north east": (363_000, 509_000, 472_000, 655_000),
    "north west": (296_000, 344_000, 401_000, 578_000),
    "yorkshire and the humber": (364_000, 379_000, 541_000, 519_000),
    "east midlands": (398_000, 233_000, 557_000, 411_000),
    "west midlands": (324_000, 217_000, 456_000, 368_000),
    "east of england": (489_000, 176_000, 656_000, 344_000),
    "london": (504_000, 157_000, 558_000, 201_000),
    "south east": (411_000, 76_000, 640_000, 254_000),
    "south west": (90_000, 10_000, 433_000, 244_000),
}
"""Least and greatest easting and northing of schools by region, measured from the GIAS extract of 2026
(Open Government Licence v3.0), rounded outwards to the kilometre."""

MARGIN = 20_000
TINY = 1000
"""Coordinates under this are kilometres or degrees rather than metres, where several rows have them."""
MOST_NAMED = 3


def without_noughts(table: Records) -> tuple[Records, list[Finding]]:
    """The same table with blanks for places at 0, 0, which spreadsheets and extracts write where none is known."""
    findings, columns = [], dict(table.columns)
    for across, up in (("easting", "northing"), ("latitude", "longitude")):
        if across not in table.spec.columns or across not in table or up not in table:
            continue
        one, two = table.column(across), table.column(up)
        nought = one.given & two.given & (one.values == 0) & (two.values == 0)
        if nought.any():
            count = "1 place" if nought.sum() == 1 else f"{nought.sum():,} places"
            what = f"{count} at 0, 0: read as blank"
            findings.append(_first(table, nought, across, what, "place-at-nought"))
            columns[across], columns[up] = (
                Column(cells.kind, cells.values, cells.given & ~nought) for cells in (one, two)
            )
    return table.with_columns(columns), findings


def place_records(table: Records) -> tuple[Records, list[Fault]]:
    """The same table with `easting` and `northing` wherever latitude and longitude gave them instead.

    A row with one coordinate of two, off the grid, or evidently swapped is a problem. A table of nothing that has a
    place stays as it is.
    """
    if "easting" not in table.spec.columns:
        return table, []
    if "latitude" in table or "longitude" in table:
        table, problems = _from_degrees(table)
    else:
        problems = []
    if "easting" in table or "northing" in table:
        problems += _check_grid(table)
    return table, problems


def _from_degrees(table: Records) -> tuple[Records, list[Fault]]:
    latitude, longitude = table.column("latitude"), table.column("longitude")
    easting, northing = table.column("easting"), table.column("northing")
    both = latitude.given & longitude.given
    problems = _each(table, latitude.given != longitude.given, "latitude", "one of two coordinates is blank")
    swapped = both & (np.abs(latitude.values) < 15) & (longitude.values > 45)
    problems += _each(table, swapped, "latitude", "latitude and longitude look swapped")
    off = both & ~swapped & ~_in_britain(latitude, longitude)
    problems += _each(table, off, "latitude", "the place lies outside Great Britain")
    fill = both & ~easting.given & ~northing.given & ~swapped & ~off
    if not fill.any():
        return table, problems
    x, y = to_grid().transform(longitude.values[fill], latitude.values[fill])
    columns = {"easting": _filled(easting, fill, x), "northing": _filled(northing, fill, y)}
    return table.with_columns(columns), problems


@cache
def to_grid() -> "Transformer":
    """Turns longitude and latitude into easting and northing."""
    return _between("EPSG:4326", "EPSG:27700")


@cache
def from_grid() -> "Transformer":
    """Turns easting and northing into longitude and latitude."""
    return _between("EPSG:27700", "EPSG:4326")


def _between(source: str, target: str) -> "Transformer":
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def _in_britain(latitude: Column, longitude: Column) -> np.ndarray:
    inside = (latitude.values > 49) & (latitude.values < 61.5)
    return inside & (longitude.values > -9) & (longitude.values < 3)


def _filled(column: Column, rows: np.ndarray, metres: np.ndarray) -> Column:
    values = column.values.copy()
    values[rows] = np.rint(metres).astype(np.int64)
    return Column(Kind.METRES, values, column.given | rows)


def _check_grid(table: Records) -> list[Fault]:
    easting, northing = table.column("easting"), table.column("northing")
    both = easting.given & northing.given
    problems = _each(table, easting.given != northing.given, "easting", "one of two coordinates is blank")
    off = both & ~_on_grid(easting.values, northing.values)
    problems += _each(table, off, "easting", "the place is off the British National Grid")
    if table.spec.name == "trusts":  # the middle of a trust may lie outside its region
        return problems
    return problems + _swapped(table, easting.values, northing.values, both & ~off)


def _on_grid(easting: Integers, northing: Integers) -> np.ndarray:
    return (easting >= 0) & (northing >= 0) & (easting <= GRID[0]) & (northing <= GRID[1])


def _swapped(table: Records, easting: Integers, northing: Integers, rows: np.ndarray) -> list[Fault]:
    regions = np.array([str(name).casefold() for name in table.values("region")], dtype=object)
    wrong = np.zeros(len(table), dtype=bool)
    for region, box in REGION_BOXES.items():
        here = rows & (regions == region)
        wrong |= here & ~_in_box(easting, northing, box) & _in_box(northing, easting, box)
    return _each(table, wrong, "easting", "easting and northing look swapped for this region")


def doubtful_places(table: Records) -> list[Finding]:
    """Findings about places that are on the grid and yet hardly where they should be."""
    if "easting" not in table.spec.columns or "easting" not in table or "northing" not in table:
        return []
    easting, northing = table.column("easting"), table.column("northing")
    both = easting.given & northing.given
    tiny = both & (np.abs(easting.values) < TINY) & (np.abs(northing.values) < TINY)
    findings = []
    if tiny.sum() > 1:
        what = f"{tiny.sum()} places have both coordinates under {TINY:,}; metres are needed"
        findings.append(_first(table, tiny, "easting", what, "place-in-kilometres"))
    far = both & ~tiny & _outside_region(table, easting.values, northing.values)
    if far.any() and table.spec.name != "trusts":
        count = "1 place lies" if far.sum() == 1 else f"{far.sum()} places lie"
        what = f"{count} far outside the region given"
        findings.append(_first(table, far, "region", what, "place-far-from-region"))
    return findings


def _outside_region(table: Records, easting: Integers, northing: Integers) -> Flags:
    regions = np.array([str(name).casefold() for name in table.values("region")], dtype=object)
    outside = np.zeros(len(table), dtype=bool)
    for region, box in REGION_BOXES.items():
        outside |= (regions == region) & ~_in_box(easting, northing, box) & ~_in_box(northing, easting, box)
    return outside


def _first(table: Records, rows: Flags, column: str, what: str, code: str) -> Finding:
    ids = table.ids[rows].tolist()
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return Finding(Place(table.source), column, what, ", ".join(ids[:MOST_NAMED]) + more, code=code)


def _in_box(easting: Integers, northing: Integers, box: tuple[int, int, int, int]) -> np.ndarray:
    west, south, east, north = box
    across = (easting >= west - MARGIN) & (easting <= east + MARGIN)
    return across & (northing >= south - MARGIN) & (northing <= north + MARGIN)


def _each(table: Records, rows: np.ndarray, column: str, what: str) -> list[Fault]:
    return [
        Fault(Place(table.source, row=int(table.rows[n])), column, what, _shown(table.columns, n))
        for n in np.flatnonzero(rows).tolist()
    ]


def _shown(columns: Mapping[str, Column], n: int) -> str:
    names = [name for name in ("easting", "northing", "latitude", "longitude") if name in columns]
    return ", ".join(f"{name} {columns[name].values[n] if columns[name].given[n] else 'blank'}" for name in names)
