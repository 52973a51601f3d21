"""The page of a study of many runs: what was asked, what came of it in a few sentences, charts, tables, a map."""

from collections.abc import Mapping, Sequence
from typing import Any

from nle_optimizer.reports.charts.chart import Chart
from nle_optimizer.reports.charts.vega import drawings
from nle_optimizer.reports.page.render import render

SCRIPTS = ("read.js", "table.js", "study.js")
WITH_MAP = ("read.js", "table.js", "filters.js", "projection.js", "map.js", "key.js", "entry.js", "moves.js")


def study_page(
    title: str,
    kind: str,
    *,
    sentences: Sequence[str],
    charts: Sequence[Chart] = (),
    tables: Sequence[Mapping[str, Any]] = (),
    cautions: Sequence[str] = (),
    moves: Mapping[str, Any] | None = None,
) -> bytes:
    """The page of a study.

    Args:
        title: of what was studied.
        kind: of study, as it stands above the title.
        sentences: the answer in words, the most important first.
        charts: what answers the question, in order.
        tables: as `packed_table` makes them.
        cautions: what the figures cannot bear.
        moves: the map of moves, as `moves.js` reads it; None where there is none.
    """
    data = {"tables": {table["name"]: table for table in tables}, **({"map": moves} if moves else {})}
    return render(
        "study.html",
        WITH_MAP if moves else SCRIPTS,
        data,
        title=title,
        kind=kind,
        sentences=sentences,
        cautions=cautions,
        charts=charts,
        drawings=drawings(charts),
        tables=tables,
        has_map=moves is not None,
    )
