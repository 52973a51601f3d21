"""`map.geojson`: schools, NLEs and pairs in WGS84, for QGIS and other maps."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nle_optimizer.reports.page.naming import nle_names, school_names
from nle_optimizer.reports.page.run_map import map_of
from nle_optimizer.reports.view.view import View

DIGITS = 6
"""Decimal places of a degree: a tenth of a metre."""
Point = tuple[float, float]


def geojson(view: View) -> bytes:
    """The map as GeoJSON (RFC 7946): longitude and latitude; a point a school and NLE, a line a pair."""
    drawn = map_of(view)
    schools, nles = (_degrees(drawn[side]) for side in ("schools", "nles"))
    features = [*_schools(view, schools), *_nles(view, nles), *_pairs(view, schools, nles)]
    document = {"type": "FeatureCollection", "features": features}
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _degrees(points: Mapping[str, Sequence[Any]]) -> dict[str, Point]:
    """Longitude and latitude by identifier, from eastings and northings of the National Grid."""
    from pyproj import Transformer

    if not points["id"]:
        return {}
    east, north = Transformer.from_crs(27700, 4326, always_xy=True).transform(points["x"], points["y"])
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


def _pairs(view: View, schools: Mapping[str, Point], nles: Mapping[str, Point]) -> Iterator[dict[str, Any]]:
    rows = view.rows("allocation")
    for school, nle, fit, far in zip(
        *(rows[key] for key in ("school_id", "nle_id", "fit", "distance_km")), strict=True
    ):
        if school in schools and nle in nles:
            told = {"kind": "pair", "school_id": school, "nle_id": nle, "fit": float(fit) if fit else None}
            told |= {"distance_km": far if view.is_shared or not far else float(far)}
            yield _feature("LineString", [nles[nle], schools[school]], told)
