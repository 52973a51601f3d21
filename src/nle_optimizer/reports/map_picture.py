"""The map of a run: for its page, as GeoJSON, and as a picture.

The map of a run as a picture for slides: land, pairs, schools and NLEs, with a key and no name of anybody.
`map.geojson`: schools, NLEs and pairs in WGS84, for QGIS and other maps. What the map of a run is drawn from: places,
outlines, and where schools are at all. The map and every chart of a run as pictures of their own, for slides.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from nle_optimizer.errors import visible
from nle_optimizer.reports.boundaries import Outlines
from nle_optimizer.reports.charts import charts_of, png, svg
from nle_optimizer.reports.view import View, ViewRows
from nle_optimizer.reports.words import nle_names, school_names
from nle_optimizer.scenario.places import from_grid

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


def ground_of(schools: ViewRows, outlines: Outlines) -> dict[str, Any]:
    """What lies beneath the points: outlines of regions, squares where schools are, names of areas."""
    return {
        "outlines": [[number for point in ring for number in point] for ring in outlines],
        "ground": _map_ground(places_of(schools, "school_id").values()),
        "labels": [*_labels(schools, "region", 1), *_labels(schools, "local_authority", 2)],
    }


def places_of(table: ViewRows, key: str) -> dict[str, Place]:
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


def _map_ground(places: Iterable[Place]) -> list[int]:
    """South-western corners of the squares with schools, east and north in turn, in squares."""
    squares = sorted({(x // SQUARE, y // SQUARE) for x, y in places})
    return [number for square in squares for number in square]


def _labels(schools: ViewRows, column: str, rank: int) -> list[list[Any]]:
    """Name, easting, northing, rank and number of schools of each area, the largest first."""
    members = defaultdict(list)
    cells = zip(schools[column], schools["easting"], schools["northing"], strict=True)
    for area, east, north in cells:
        if area and east and north:
            members[area].append((round(float(east)), round(float(north))))
    large = {area: found for area, found in members.items() if len(found) >= LEAST_LABELLED}
    order = sorted(large, key=lambda area: (-len(large[area]), area))
    return [[area, *middle(large[area]), rank, len(large[area])] for area in order]


HEIGHT, MARGIN, KEY = 900, 20, 290
"""Pixels: of the picture, around the land, and of the key to the right of it."""
GROWN = 6000
"""Metres by which squares with schools are grown to look like land."""
STYLE = (
    "text{font:16px Arial,Helvetica,'Liberation Sans',sans-serif;fill:#1a1a1a}.title{font-weight:bold;font-size:18px}"
    ".land{fill:#fff}.outline{fill:#fff;stroke:#8a9096;stroke-width:1}.pair{stroke:#1d70b8;stroke-width:1;fill:none}"
    ".supported{fill:#1d70b8}.left{fill:#fff;stroke:#a33b00;stroke-width:1.4}.nle{fill:#1a1a1a;stroke:#fff;stroke-width:.6}"
)
Points = Mapping[str, tuple[float, float]]


def map_svg(view: View) -> str:
    """The map as SVG; nothing where no place is known."""
    drawn = map_of(view)
    land = [*_land(drawn)]
    if not land or not drawn["schools"]["id"]:
        return ""
    scale = (HEIGHT - 2 * MARGIN) / max(1, max(y for x, y in land) - min(y for x, y in land))
    west, north = min(x for x, _ in land), max(y for _, y in land)
    right = MARGIN + (max(x for x, _ in land) - west) * scale

    def pixels(points: Mapping[str, Sequence[Any]]) -> Points:
        places = zip(points["id"], points["x"], points["y"], strict=True)
        return {name: (MARGIN + (x - west) * scale, MARGIN + (north - y) * scale) for name, x, y in places}

    schools, nles = pixels(drawn["schools"]), pixels(drawn["nles"])
    parts = [*_ground(drawn, west, north, scale), *_drawn_pairs(view, schools, nles), *_key(view, right + 2 * MARGIN)]
    width = round(right + MARGIN + KEY)
    return visible(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">'
        f'<style>{STYLE}</style><rect width="{width}" height="{HEIGHT}" fill="#fff"/>'
        f'<rect width="{right + MARGIN:.0f}" height="{HEIGHT}" fill="#e4eaee"/>{"".join(parts)}</svg>\n'
    )


def _land(drawn: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    """Corners of the land in metres."""
    squares = drawn["ground"]
    for east, north in zip(squares[::2], squares[1::2], strict=True):
        yield east * SQUARE - GROWN, north * SQUARE - GROWN
        yield (east + 1) * SQUARE + GROWN, (north + 1) * SQUARE + GROWN


def _ground(drawn: Mapping[str, Any], west: float, north: float, scale: float) -> Iterator[str]:
    if drawn["outlines"]:
        for ring in drawn["outlines"]:
            places = zip(ring[::2], ring[1::2], strict=True)
            line = " ".join(f"{MARGIN + (x - west) * scale:.1f},{MARGIN + (north - y) * scale:.1f}" for x, y in places)
            yield f'<polygon class="outline" points="{line}"/>'
        return
    side, squares = (SQUARE + 2 * GROWN) * scale + 0.5, drawn["ground"]
    for east, up in zip(squares[::2], squares[1::2], strict=True):
        x, y = MARGIN + (east * SQUARE - GROWN - west) * scale, MARGIN + (north - (up + 1) * SQUARE - GROWN) * scale
        yield f'<rect class="land" x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}"/>'


def _drawn_pairs(view: View, schools: Points, nles: Points) -> Iterator[str]:
    """Lines beneath, then schools left out, schools supported and their NLEs."""
    rows = view.rows("allocation")
    pairs = [
        pair for pair in zip(rows["nle_id"], rows["school_id"], strict=True) if pair[0] in nles and pair[1] in schools
    ]
    line = "".join(f"M{nles[a][0]:.1f} {nles[a][1]:.1f}L{schools[b][0]:.1f} {schools[b][1]:.1f}" for a, b in pairs)
    yield f'<path class="pair" d="{line}"/>'
    supported = {*rows["school_id"]}
    for is_supported, kind in ((False, "left"), (True, "supported")):
        for name, (x, y) in schools.items():
            if (name in supported) is is_supported:
                yield _dot(kind, x, y)
    for name in dict.fromkeys(a for a, _ in pairs):
        yield _diamond(*nles[name])


def _dot(kind: str, x: float, y: float, radius: float = 2.6) -> str:
    return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def _diamond(x: float, y: float, size: float = 4) -> str:
    return f'<path class="nle" d="M{x:.1f} {y - size:.1f}l{size} {size}l{-size} {size}l{-size} {-size}z"/>'


def _key(view: View, left: float) -> Iterator[str]:
    counts = view.summary["counts"]
    title = escape(str(view.summary.get("title") or view.summary["scenario"]))
    words, line, y = title.split(), "", 40
    for word in (*words, ""):
        if word and len(f"{line} {word}") <= 26:
            line = f"{line} {word}".strip()
            continue
        yield f'<text class="title" x="{left:.0f}" y="{y}">{line}</text>'
        line, y = word, y + 24
    where = "NLEs, amid their authority" if view.is_shared else "NLEs who support them"
    entries = (
        (_dot("supported", left + 8, y + 13, 5), f"{counts.get('supported', 0):,} schools supported"),
        (_dot("left", left + 8, y + 41, 5), f"{counts.get('unmatched', 0):,} eligible, left out"),
        (_diamond(left + 8, y + 69, 7), where),
    )
    for n, (sign, text) in enumerate(entries):
        yield f'{sign}<text x="{left + 24:.0f}" y="{y + 19 + 28 * n}">{text}</text>'


DIGITS = 6
"""Decimal places of a degree: a tenth of a metre."""
Point = tuple[float, float]


def geojson(view: View) -> bytes:
    """The map as GeoJSON (RFC 7946): longitude and latitude; a point a school and NLE, a line a pair."""
    drawn = map_of(view)
    schools, nles = (_degrees(drawn[side]) for side in ("schools", "nles"))
    features = [*_schools(view, schools), *_nles(view, nles), *_pair_features(view, schools, nles)]
    document = {"type": "FeatureCollection", "features": features}
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _degrees(points: Mapping[str, Sequence[Any]]) -> dict[str, Point]:
    """Longitude and latitude by identifier, from eastings and northings of the National Grid."""
    if not points["id"]:
        return {}
    east, north = from_grid().transform(points["x"], points["y"])
    return {
        identifier: (round(x, DIGITS), round(y, DIGITS))
        for identifier, x, y in zip(points["id"], east, north, strict=True)
    }


def _feature(kind: str, coordinates: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": dict(told)}


def _schools(view: View, places: Mapping[str, Point]) -> Iterator[dict[str, Any]]:
    names, matched = school_names(view), set(view.rows("allocation")["school_id"])
    reasons = view.rows("unmatched").by("school_id", "reason")
    known = {name: view.read("schools").by("school_id", name) for name in ("region", "local_authority", "phase")}
    for identifier, place in places.items():
        outcome = "supported" if identifier in matched else "left out"
        told = {"kind": "school", "school_id": identifier, "name": names.get(identifier, ""), "outcome": outcome}
        told |= {"reason": reasons.get(identifier, "")}
        yield _feature("Point", place, told | {name: cells.get(identifier, "") for name, cells in known.items()})


def _nles(view: View, places: Mapping[str, Point]) -> Iterator[dict[str, Any]]:
    names, states = nle_names(view), view.rows("nles").by("nle_id", "state")
    for identifier, place in places.items():
        told = {"kind": "NLE", "nle_id": identifier, "name": names.get(identifier, ""), "state": states[identifier]}
        yield _feature("Point", place, {**told, **({"place": "middle of its authority"} if view.is_shared else {})})


def _pair_features(view: View, schools: Mapping[str, Point], nles: Mapping[str, Point]) -> Iterator[dict[str, Any]]:
    rows = view.rows("allocation")
    for school, nle, fit, far in zip(
        *(rows[key] for key in ("school_id", "nle_id", "fit", "distance_km")), strict=True
    ):
        if school in schools and nle in nles:
            told = {"kind": "pair", "school_id": school, "nle_id": nle, "fit": float(fit) if fit else None}
            told |= {"distance_km": far if view.is_shared or not far else float(far)}
            yield _feature("LineString", [nles[nle], schools[school]], told)


FOLDER = "images"
SCALE = 2
"""How much larger the map is as PNG."""


def images(view: View) -> dict[str, bytes]:
    """SVG and PNG of the map, where places are known, and of each chart, by their path in the run folder."""
    files: dict[str, bytes] = {}
    if drawn := map_svg(view):
        from vl_convert import svg_to_png

        files[f"{FOLDER}/map.svg"] = drawn.encode()
        files[f"{FOLDER}/map.png"] = bytes(svg_to_png(drawn, scale=SCALE))
    for chart in charts_of(view):
        files[f"{FOLDER}/{chart.name}.svg"] = svg(chart, titled=True).encode()
        files[f"{FOLDER}/{chart.name}.png"] = png(chart)
    return files
