"""What may leave the house: a view in which no NLE can be told by name, by place, or by distances.

A dot on a school is a name, for 97 of 100 schools stand alone. So is the place where circles around several schools
meet, and so are the schools for which one NLE is the nearest: exact distances, and nearest NLEs, are left out too.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import cos, sin, sqrt
from typing import Any

from nle_optimizer.catalogue.findings import FINDINGS
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.reports.settings import Setting
from nle_optimizer.reports.view.pseudonyms import OF_A_TRUST, Scrubber, pseudonyms
from nle_optimizer.reports.view.view import View

BAND = 20
"""Kilometres of a band of distances: with it, several schools say no more of where an NLE is than its authority."""
FEWEST = 10
"""Schools that an authority needs, so that its middle is nobody's."""
FEWEST_PAIRS = 5
SPACING = 1500
"""Metres between dots that would lie on one another."""
GOLDEN_ANGLE = 2.399963
REMARK = (
    "This copy may be passed on. NLEs have pseudonyms and stand at the middle of their authority, not where they are; "
    f"distances are given in bands of {BAND} km, and home schools, trusts and nearest NLEs are left out."
)
ALLOCATION = ("school_id", "school_name", "kind", "priority", "region", "local_authority", "phase", "out_of_region")
SCHOOLS = ("school_id", "name", "easting", "northing", "region", "local_authority", "phase", "priority")
UNMATCHED = ("school_id", "reason", "name", "local_authority", "priority", "days_waiting", "cure_kind")
WITHOUT_EVIDENCE = ("trust-first", "recipient")
DATES = ("latest_inspected", "arrived")


def veiled(view: View, secret: bytes) -> View:
    """The view as it may be shared.

    Args:
        view: the run.
        secret: what the pseudonyms are made with.
    """
    nles = view.read("nles")
    ids = {*view.rows("nles")["nle_id"], *view.rows("allocation")["nle_id"], *nles["nle_id"]}
    instead = pseudonyms(sorted(ids), secret)
    names = {**nles.by("nle_id", "name"), **view.rows("allocation").by("nle_id", "nle_name")}
    scrub = Scrubber(instead, names)
    return replace(
        view,
        summary=_summary(view, scrub),
        tables=_tables(view, instead, scrub),
        inputs={"schools": _kept(view.read("schools").columns, (*SCHOOLS, *DATES)), "nles": _places(view, instead)}
        if view.inputs
        else {},
        settings={
            scrub.text(key): Setting(scrub.value(setting.value), setting.origin)
            for key, setting in view.settings.items()
        },
        remarks=(*view.remarks, REMARK),
        is_shared=True,
    )


def band(kilometres: str) -> str:
    """The band in which a distance lies."""
    if not kilometres:
        return ""
    start = int(float(kilometres) // BAND) * BAND
    return f"{start} to {start + BAND} km" if start else f"under {BAND} km"


def _kept(table: TextTable, columns: Sequence[str]) -> dict[str, Sequence[str]]:
    return {name: table[name] for name in columns if name in table}


def _summary(view: View, scrub: Scrubber) -> Mapping[str, Any]:
    summary: dict[str, Any] = scrub.value(view.summary)  # type: ignore[assignment]
    metrics = dict(summary["metrics"])
    farthest = metrics.get("max_distance_km")
    metrics["max_distance_km"] = band(str(farthest)) if farthest is not None else None
    few = summary["counts"].get("matched_pairs", 0) < FEWEST_PAIRS
    mean = metrics.get("mean_distance_km")
    metrics["mean_distance_km"] = None if few or mean is None else f"{mean:.0f}"
    metrics.pop("total_distance_km", None)
    limits = [limit for limit in view.summary.get("constraints", ()) if not re.search(OF_A_TRUST, limit["label"])]
    for of_draws in ("robustness", "under_error"):
        summary.pop(of_draws, None)
    return {
        **summary,
        "metrics": metrics,
        "constraints": scrub.value(limits),
        "findings": [_without_cells(found) for found in view.summary.get("findings", ())],
    }


def _without_cells(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """A finding without what was found in a cell, which may be a name: what its code means stands for it."""
    return {**found, "row": None, "text": FINDINGS.get(found["code"], "")}


def _tables(view: View, instead: Mapping[str, str], scrub: Scrubber) -> dict[str, TextTable]:
    out = view.rows("exclusions")
    evidence = [
        "" if stage in WITHOUT_EVIDENCE else scrub.text(text)
        for stage, text in zip(out["stage"], out["evidence"], strict=True)
    ]
    left = view.rows("unmatched")
    told = {text: scrub.text(text) for text in set(left["explanation"])}
    return {
        "allocation": _allocation(view, instead),
        "unmatched": {**_kept(left.columns, UNMATCHED), "explanation": [told[text] for text in left["explanation"]]},
        "exclusions": {**_kept(out.columns, ("school_id", "stage", "reason")), "evidence": evidence},
        "nles": _nles(view, instead),
        "breakdown": _kept(view.tables["breakdown"], ("group", "value", "eligible", "supported", "coverage")),
    }


def _allocation(view: View, instead: Mapping[str, str]) -> TextTable:
    rows = view.rows("allocation")
    shares = [name for name in rows.columns if name == "fit" or name.startswith("fit_")]
    resources = [name.removeprefix("capacity_") for name in view.rows("nles").columns if name.startswith("capacity_")]
    known = [instead[identifier] for identifier in rows["nle_id"]]
    return {
        **_kept(rows.columns, (*ALLOCATION, *resources, "cost", "state", "firmness")),
        **{name: [cell and f"{float(cell):.2f}" for cell in rows[name]] for name in shares},
        "distance_km": [band(cell) for cell in rows["distance_km"]],
        "nle_id": known,
        "nle_name": known,
    }


def _nles(view: View, instead: Mapping[str, str]) -> TextTable:
    """State, capacity and use, in the order of the pseudonyms: that of the identifiers would tell them.

    What one more or fewer is worth holds distances, where the objective does.
    """
    rows = view.rows("nles")
    columns = ["state", *(name for name in rows.columns if name.startswith(("capacity_", "used_")))]
    known = [instead[identifier] for identifier in rows["nle_id"]]
    order = sorted(range(len(known)), key=lambda row: known[row])
    return {"nle_id": [known[row] for row in order], **{name: [rows[name][row] for row in order] for name in columns}}


def _places(view: View, instead: Mapping[str, str]) -> TextTable:
    """Authority and region of each NLE, and the middle of the smallest of them that has schools enough."""
    nles, middles = view.read("nles"), {column: _middles(view, column) for column in ("local_authority", "region")}
    rows = sorted(
        (instead[identifier], authority if authority.casefold() in middles["local_authority"] else "", region)
        for identifier, authority, region in zip(nles["nle_id"], nles["local_authority"], nles["region"], strict=True)
    )
    taken: defaultdict[tuple[int, int], int] = defaultdict(int)
    places = []
    for _, authority, region in rows:
        middle = middles["local_authority"].get(authority.casefold()) or middles["region"].get(region.casefold())
        places.append(_beside(middle, taken) if middle else ("", ""))
    return {
        "nle_id": [name for name, _, _ in rows],
        "name": [name for name, _, _ in rows],
        "local_authority": [authority for _, authority, _ in rows],
        "region": [region for _, _, region in rows],
        "easting": [east for east, _ in places],
        "northing": [north for _, north in places],
    }


def _middles(view: View, column: str) -> dict[str, tuple[int, int]]:
    schools = view.read("schools")
    members = defaultdict(list)
    for area, east, north in zip(schools[column], schools["easting"], schools["northing"], strict=True):
        if area and east and north:
            members[area.casefold()].append((float(east), float(north)))
    return {
        area: (round(sum(x for x, _ in found) / len(found)), round(sum(y for _, y in found) / len(found)))
        for area, found in members.items()
        if len(found) >= FEWEST
    }


def _beside(middle: tuple[int, int], taken: defaultdict[tuple[int, int], int]) -> tuple[str, str]:
    """A place by the middle that no other dot has: dots wind outwards in the order of the pseudonyms."""
    n = taken[middle]
    taken[middle] += 1
    away, turn = SPACING * sqrt(n), n * GOLDEN_ANGLE
    return str(round(middle[0] + away * cos(turn))), str(round(middle[1] + away * sin(turn)))
