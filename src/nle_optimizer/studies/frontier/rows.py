"""A trade-off curve as a table: what each point is worth, and the settings that give it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

from nle_optimizer.evidence.exchanging import written
from nle_optimizer.records import MILLION
from nle_optimizer.scenario.yaml_text import value_text
from nle_optimizer.studies.frontier.frontier import Frontier
from nle_optimizer.studies.frontier.point import Point

Row = dict[str, Any]


def rows_of(found: Frontier) -> list[Row]:
    """One mapping a point, the best on the first objective first; `run` is the command that gives it."""
    return [
        {"point": n, **figures_of(found, point), "proved": point.proved, "run": command_of(settings)}
        for n, (point, settings) in enumerate(zip(found.points, found.settings, strict=True), start=1)
    ]


def figures_of(found: Frontier, point: Point) -> Row:
    """What a point is worth on the two objectives, and how many schools it supports, how well and how far."""
    candidates, pairs = found.case.candidates, point.matched
    count = len(np.unique(candidates.recipient[pairs]))
    far = candidates.distance[pairs]
    return {
        **{name: found.value(point, n) for n, name in enumerate(found.between)},
        "supported": count,
        "mean_fit": _mean(int(candidates.fit[pairs].sum()), len(pairs), MILLION),
        "mean_distance_km": _mean(int(far[far >= 0].sum()), int((far >= 0).sum()), 1000),
    }


def _mean(total: int, count: int, scale: int) -> Decimal | None:
    return round(Decimal(total) / count / scale, 6) if count else None


def table_of(found: Frontier) -> dict[str, list[str]]:
    """The rows as columns of text, for a file."""
    rows = rows_of(found)
    return {name: [_cell(row[name]) for row in rows] for name in rows[0]}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return written(value)
    return "" if value is None else str(value)


def document_of(found: Frontier) -> dict[str, Any]:
    """The curve for programs."""
    return {
        "schema_version": 1,
        "scenario": found.case.scenario.settings.name,
        "between": list(found.between),
        "held": [value_text(level.model_dump()) for level in found.held],
        "kind": found.kind,
        "complete": found.complete,
        "searches": found.searches,
        "own": None if found.own is None else _plain(figures_of(found, found.own)),
        "rows": [_plain(row) for row in rows_of(found)],
    }


def _plain(row: Mapping[str, Any]) -> Row:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}


def command_of(settings: Mapping[str, Any]) -> str:
    """The command that gives a point, for a shell; blank where there are no settings."""
    words = ["--set '{}={}'".format(key, value_text(value).replace("'", "'\\''")) for key, value in settings.items()]
    return " ".join(["nle-optimizer run SCENARIO", *words]) if words else ""
