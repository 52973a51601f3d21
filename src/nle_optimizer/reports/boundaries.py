"""Outlines of regions from a GeoJSON file, as lines on the British National Grid."""

import json
import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from nle_optimizer.errors import Caution, Fault, InputError, Place
from nle_optimizer.files import read_file
from nle_optimizer.scenario.places import to_grid

Ring = tuple[tuple[int, int], ...]
Outlines = Sequence[Ring]
"""Closed lines of eastings and northings in metres, thinned to what a map of England shows."""

COARSE = 400
"""Metres between two points of a line that are both drawn."""
DEGREES = (-11.0, 49.0, 3.0, 62.0)
METRES = (-150_000.0, -150_000.0, 850_000.0, 1_350_000.0)
KNOWN = "longitude and latitude (WGS84) or the British National Grid (EPSG:27700)"


def read_outlines(file: Path) -> Outlines:
    """The outlines in a file of polygons, in degrees or in grid metres; which of the two the numbers tell.

    Raises:
        InputError: it cannot be read, holds no polygon, or its coordinates are of another projection.
    """
    rings = [ring for ring in _rings(_document(file)) if len(ring) >= 4]
    if not rings:
        _refuse(file, "it holds no polygon")
    points = [point for ring in rings for point in ring]
    if not all(isinstance(number, int | float) for point in points for number in point[:2]):
        _refuse(file, "a coordinate is no number")
    if _within(points, METRES) and not _within(points, (-180, -90, 180, 90)):
        grid = [[(round(x), round(y)) for x, y, *_ in ring] for ring in rings]
    elif _within(points, DEGREES):
        grid = _on_the_grid(rings)
    else:
        _refuse(file, f"its coordinates are not in {KNOWN}", _advice(points))
    return tuple(thin for ring in grid if len(thin := _thinned(ring)) >= 4)


def outlines_of(file: Path) -> Outlines:
    """The outlines in a file; none, with a warning (`Caution`), where it cannot be used."""
    try:
        return read_outlines(file)
    except InputError as error:
        warnings.warn(f"{error}; the map is drawn without outlines", Caution, stacklevel=3)
        return ()


def _document(file: Path) -> Any:
    try:
        return json.loads(read_file(file).decode("utf-8-sig"))
    except OSError as error:
        _refuse(file, f"the file cannot be read: {error.strerror}")
    except (ValueError, RecursionError):
        _refuse(file, "it is not GeoJSON")


def _refuse(file: Path, what: str, hint: str | None = None) -> Any:
    raise InputError([Fault(Place(str(file)), "", what, hint=hint or f"give a GeoJSON file of regions in {KNOWN}")])


def _rings(document: Any) -> Iterator[list[Any]]:
    """The rings of every polygon, however deep it stands in collections."""
    if not isinstance(document, dict):
        return
    kind = document.get("type")
    for part in [*(document.get("features") or ()), *(document.get("geometries") or ()), document.get("geometry")]:
        yield from _rings(part)
    if kind == "Polygon":
        yield from document.get("coordinates") or ()
    elif kind == "MultiPolygon":
        for polygon in document.get("coordinates") or ():
            yield from polygon


def _within(points: Sequence[Sequence[float]], box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = box
    return all(len(point) >= 2 and west <= point[0] <= east and south <= point[1] <= north for point in points)


def _advice(points: Sequence[Sequence[float]]) -> str:
    x, y = points[0][:2]
    if _within([(y, x) for x, y, *_ in points], DEGREES):
        return "latitude and longitude are swapped"
    if abs(x) > 180 or abs(y) > 90:
        return f"the first is {x:g}, {y:g}; save it again as EPSG:4326 or EPSG:27700"
    return f"the first is {x:g}, {y:g}, which is not in Great Britain"


def _on_the_grid(rings: Sequence[Sequence[Sequence[float]]]) -> list[list[tuple[int, int]]]:
    flat = [point for ring in rings for point in ring]
    east, north = to_grid().transform([point[0] for point in flat], [point[1] for point in flat])
    ends = [0]
    for ring in rings:
        ends.append(ends[-1] + len(ring))
    grid = [(round(x), round(y)) for x, y in zip(east, north, strict=True)]
    return [grid[start:end] for start, end in pairwise(ends)]


def _thinned(ring: Sequence[tuple[int, int]]) -> Ring:
    """A ring without the points that lie near the last one that is drawn."""
    drawn = [ring[0]]
    for x, y in ring[1:-1]:
        if max(abs(x - drawn[-1][0]), abs(y - drawn[-1][1])) >= COARSE:
            drawn.append((x, y))
    return tuple((round(x, -2), round(y, -2)) for x, y in (*drawn, ring[-1]))
