"""A copy to share: what is left out, and pseudonyms.

Pseudonyms of NLEs: the same as long as the secret is, and without it not to be worked out from an identifier.

What may leave the house: a view in which no NLE can be told by name, by place, or by distances.

A dot on a school is a name, for 97 of 100 schools stand alone. So is the place where circles around several schools
meet, and so are the schools for which one NLE is the nearest: exact distances, and nearest NLEs, are left out too.
"""

import hashlib
import hmac
import os
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import cos, sin, sqrt
from pathlib import Path
from typing import Any, cast

from nle_optimizer.catalogue.findings import FINDINGS
from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.errors import RunFolderError
from nle_optimizer.evidence.claim import TextTable
from nle_optimizer.files import read_file
from nle_optimizer.reports.resolved_scenario import Setting
from nle_optimizer.reports.view import View

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Thirty-two signs that are not taken for one another."""
SHORTEST = 5
SECRET_BYTES = 32
OF_A_TRUST = r"\[trust_id=[^\]]*\]"
"""What follows the name of a limit that there is for each trust."""


def secret_in(file: Path) -> bytes:
    """The secret that a file holds; where there is no such file, a new one is drawn and kept there.

    Raises:
        RunFolderError: the file cannot be read or written, or holds no secret.
    """
    try:
        if not file.exists():
            drawn = secrets.token_hex(SECRET_BYTES)
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as kept:
                kept.write(drawn + "\n")
        text = read_file(file, 10_000).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{file}: the secret of the pseudonyms cannot be kept or read: {error}") from error
    if not re.fullmatch(f"[0-9a-f]{{{2 * SECRET_BYTES}}}", text):
        raise RunFolderError(f"{file}: it holds no secret of pseudonyms (64 hexadecimal digits); name another --key")
    return bytes.fromhex(text)


def pseudonyms(ids: Iterable[str], secret: bytes) -> dict[str, str]:
    """A pseudonym for each identifier: a keyed hash of it, as long as it takes to tell them apart."""
    digests = {identifier: _signs(hmac.digest(secret, identifier.encode(), hashlib.sha256)) for identifier in ids}
    length = SHORTEST
    while len({signs[:length] for signs in digests.values()}) < len(digests):
        length += 1
    return {identifier: f"NLE-{signs[:length]}" for identifier, signs in digests.items()}


def _signs(digest: bytes) -> str:
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest)


class Scrubber:
    """Puts pseudonyms in the place of identifiers and names wherever a text has them, and names no trust of a limit."""

    def __init__(self, pseudonym: Mapping[str, str], names: Mapping[str, str]):
        known = dict(pseudonym) | {
            name: pseudonym[identifier] for identifier, name in names.items() if name and identifier in pseudonym
        }
        self._known = sorted(known.items(), key=lambda entry: (-len(entry[0]), entry[0]))

    def text(self, text: str) -> str:
        """The text without them; a numeral is an identifier only after `NLE` or an equals sign."""
        for secret, instead in self._known:
            if secret in text:
                where = (
                    rf"(?<=NLE ){re.escape(secret)}|(?<==){re.escape(secret)}"
                    if secret.isdigit()
                    else re.escape(secret)
                )
                text = re.sub(rf"(?<!\w)(?:{where})(?!\w)", instead, text)
        return re.sub(OF_A_TRUST, "", text)

    def value(self, value: object) -> object:
        """A value as JSON has it, with every text in it scrubbed."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(entry) for key, entry in value.items()}
        return [self.value(entry) for entry in value] if isinstance(value, list | tuple) else value


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


def _summary(view: View, scrub: Scrubber) -> Summary:
    """The summary with bands in the place of distances, and without what draws told."""
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
    findings = [_without_cells(found) for found in view.summary.get("findings", ())]
    shown = {**summary, "metrics": metrics, "constraints": scrub.value(limits), "findings": findings}
    return cast(Summary, shown)


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
