"""What the map of a run is drawn from: places, outlines, and where schools are at all."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.view.boundaries import Outlines
from nle_optimizer.reports.view.view import Rows, View

SQUARE = 5000
"""Metres of a square of the ground: shaded where a school that was read lies in it."""
LEAST_LABELLED = 3
Place = tuple[int, int]


def map_of(view: View) -> dict[str, Any]:
    """The map as JSON; eastings and northings in metres."""
    schools, nles = view.read("schools"), view.read("nles")
    places = {**_recipient_places(view), **places_of(schools, "school_id")}
    eligible = [*dict.fromkeys([*view.rows("allocation")["school_id"], *view.rows("unmatched")["school_id"]])]
    return {
        "schools": points_of(eligible, places),
        "excluded": _in_order(view.rows("exclusions")["school_id"], places),
        "nles": {**points_of(view.rows("nles")["nle_id"], places_of(nles, "nle_id")), "approximate": view.is_shared},
        **ground_of(schools, view.outlines),
    }


def ground_of(schools: Rows, outlines: Outlines) -> dict[str, Any]:
    """What lies beneath the points: outlines of regions, squares where schools are, names of areas."""
    return {
        "outlines": [[number for point in ring for number in point] for ring in outlines],
        "ground": _ground(places_of(schools, "school_id").values()),
        "labels": [*_labels(schools, "region", 1), *_labels(schools, "local_authority", 2)],
    }


def places_of(table: Rows, key: str) -> dict[str, Place]:
    """Easting and northing by identifier; of those whose place is known."""
    cells = zip(table[key], table["easting"], table["northing"], strict=True)
    return {
        identifier: (round(float(east)), round(float(north))) for identifier, east, north in cells if east and north
    }


def _recipient_places(view: View) -> dict[str, Place]:
    """Where trusts that are recipients are drawn: amid their schools, or where the trusts table has them."""
    schools = view.read("schools")
    places = places_of(schools, "school_id")
    members = defaultdict(list)
    for school, trust in zip(schools["school_id"], schools["trust_id"], strict=True):
        if trust and school in places:
            members[trust].append(places[school])
    return {**{trust: middle(found) for trust, found in members.items()}, **places_of(view.read("trusts"), "trust_id")}


def middle(places: Sequence[Place]) -> Place:
    """The mean of some places."""
    return round(sum(x for x, _ in places) / len(places)), round(sum(y for _, y in places) / len(places))


def points_of(ids: Sequence[str], places: Mapping[str, Place]) -> dict[str, Any]:
    """Those of some identifiers whose place is known."""
    known = [identifier for identifier in ids if identifier in places]
    return {
        "id": known,
        "x": [places[identifier][0] for identifier in known],
        "y": [places[identifier][1] for identifier in known],
    }


def _in_order(ids: Sequence[str], places: Mapping[str, Place]) -> dict[str, Any]:
    """Where each of some identifiers is, in their order; nothing where that is not known."""
    known = [places.get(identifier, (None, None)) for identifier in ids]
    return {"x": [east for east, _ in known], "y": [north for _, north in known]}


def _ground(places: Iterable[Place]) -> list[int]:
    """South-western corners of the squares with schools, east and north in turn, in squares."""
    squares = sorted({(x // SQUARE, y // SQUARE) for x, y in places})
    return [number for square in squares for number in square]


def _labels(schools: Rows, column: str, rank: int) -> list[list[Any]]:
    """Name, easting, northing, rank and number of schools of each area, the largest first."""
    members = defaultdict(list)
    cells = zip(schools[column], schools["easting"], schools["northing"], strict=True)
    for area, east, north in cells:
        if area and east and north:
            members[area].append((round(float(east)), round(float(north))))
    large = {area: found for area, found in members.items() if len(found) >= LEAST_LABELLED}
    order = sorted(large, key=lambda area: (-len(large[area]), area))
    return [[area, *middle(large[area]), rank, len(large[area])] for area in order]
