"""Run folders written by hand, for tests: what a test is about is given, the rest is as a run would have it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.scenarios import Row, write_table

SETTINGS = """\
# Every setting
schema: 1                      # s.yaml:1
name: hand                     # s.yaml:2
geography:
  within: none                 # default
objectives: [fit]              # default
"""
ALLOCATION = ("school_id", "nle_id", "fit", "distance_km", "school_name", "nle_name", "state", "firmness", "why")
UNMATCHED = ("school_id", "reason", "explanation", "name")
EXCLUSIONS = ("school_id", "stage", "reason", "evidence")
NLES = ("nle_id", "state", "reason", "capacity_placements", "used_placements")


def pair(school: str, nle: str, **cells: Any) -> dict[str, Any]:
    """A row of an allocation."""
    names = {"school_name": f"School {school}", "nle_name": f"NLE {nle}"}
    figures = {"fit": "0.500000", "distance_km": "10.000"}
    given = {"school_id": school, "nle_id": nle, **figures, **names, "state": "proposed", "firmness": "all"}
    return given | {"why": f"{nle} fits {school}."} | cells


def left(school: str, reason: str = "all-in-use") -> dict[str, Any]:
    """A row of those left out."""
    return {"school_id": school, "reason": reason, "explanation": f"Because {reason}.", "name": f"School {school}"}


def out(school: str, reason: str = "not-eligible", evidence: str = "latest_grade: 2") -> dict[str, Any]:
    """A row of the excluded."""
    return {"school_id": school, "stage": "eligibility", "reason": reason, "evidence": evidence}


def nle_row(nle: str, capacity: object = 1, used: object = 0, state: str = "available", reason: str = "") -> Row:
    """A row of NLEs as a run reports them."""
    return dict(zip(NLES, (nle, state, reason, capacity, used), strict=True))


def write_run(
    folder: Path,
    allocation: Sequence[Row] = (),
    unmatched: Sequence[Row] = (),
    exclusions: Sequence[Row] = (),
    nles: Sequence[Row] = (),
    *,
    settings: str = SETTINGS,
    inputs: Mapping[str, Sequence[Row]] | None = None,
    keep_inputs: bool = True,
    summary: Mapping[str, Any] | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> Path:
    """Write a run folder with these tables; hashes fit, and counts of the summary too."""
    folder.mkdir(parents=True)
    tables = {"allocation": (allocation, ALLOCATION), "unmatched": (unmatched, UNMATCHED)}
    for name, (rows, columns) in {**tables, "exclusions": (exclusions, EXCLUSIONS), "nles": (nles, NLES)}.items():
        write_table(folder / f"{name}.csv", rows, columns)
    (folder / "scenario.resolved.yaml").write_text(settings, encoding="utf-8")
    _write(folder / "summary.json", _summary(allocation, unmatched, exclusions) | dict(summary or {}))
    sources = {"schools": [{"school_id": "S1"}], "nles": [{"nle_id": "N1"}], **(inputs or {})}
    digests = {}
    for name, rows in sources.items():
        file = write_table(folder / "inputs" / f"{name}.csv", rows)
        digests[name] = {"file": f"{name}.csv", "sha256": _digest(file)}
        if not keep_inputs:
            file.unlink()
    outputs = {file.relative_to(folder).as_posix(): _digest(file) for file in folder.rglob("*.*")}
    told = {"schema_version": 1, "inputs": digests, "outputs": outputs, "versions": {"nle-optimizer": "1"}}
    _write(folder / "manifest.json", told | dict(manifest or {}))
    return folder


def _summary(allocation: Sequence[Row], unmatched: Sequence[Row], exclusions: Sequence[Row]) -> dict[str, Any]:
    supported = len({row["school_id"] for row in allocation})
    total = sum(round(float(row["fit"]) * 1_000_000) for row in allocation)
    exact = {"value": total, "bound": total, "scale": 1_000_000}
    fit = {"name": "fit", "sense": "maximise", "value": total / 1_000_000, "bound": total / 1_000_000}
    return {
        "schema_version": 1,
        "scenario": "hand",
        "title": "Made by hand",
        "rule": "optimal",
        "engine": "network",
        "status": "optimal",
        "objectives": [{**fit, "gap": 0.0, "proved": True, "exact": exact}],
        "counts": {
            "excluded": len(exclusions),
            "eligible": supported + len(unmatched),
            "supported": supported,
            "unmatched": len(unmatched),
            "matched_pairs": len(allocation),
        },
        "metrics": {"total_fit": total / 1_000_000, "mean_fit": total / 1_000_000 / supported if supported else None},
        "needs": {"assessed": supported},
        "capacity": {"placements": {"available": 5.0, "used": float(len(allocation))}},
    }


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(document), encoding="utf-8")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
