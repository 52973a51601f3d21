"""The README's picture: the shipped national scenario, matched."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from nle_optimizer import allocate, load_scenario
from nle_optimizer.delimited import read_rows

METRES_A_UNIT = 1000
WEST, NORTH = 80_000, 665_000
WIDTH, HEIGHT = 590, 690
STYLE = """
  text { font: 15px sans-serif; fill: #222 }
  .small { font-size: 12px; fill: #555 }
  .out { stroke: #b9bec4; stroke-width: 2.4; stroke-linecap: round }
  .served { stroke: #1d70b8; stroke-width: 3.4; stroke-linecap: round }
  .leader { stroke: #d4351c; stroke-width: 4.6; stroke-linecap: round }
  .pair { stroke: #1d70b8; stroke-width: 0.9; fill: none }
"""

Place = tuple[int, int]


def england_map(root: Path) -> str:
    """An SVG of who supports whom in scenarios/england."""
    result = allocate(load_scenario(root / "scenarios" / "england" / "scenario.yaml"))
    data = root / "scenarios" / "england"
    schools, nles = _places(data / "schools.csv", "school_id"), _places(data / "nles.csv", "nle_id")
    pairs = [(nles[row["nle_id"]], schools[row["school_id"]]) for row in result.allocation.rows()]
    left_out = [schools[row["school_id"]] for row in result.unmatched.rows()]
    counts = result.claim.summary["counts"]
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">',
            f"<title>{counts['supported']:,} of {counts['eligible']:,} eligible schools, and who supports them</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<path class="out" d="{_dots(left_out)}"/>',
            f'<path class="pair" d="{_lines(pairs)}"/>',
            f'<path class="served" d="{_dots(school for _, school in pairs)}"/>',
            f'<path class="leader" d="{_dots(sorted({nle for nle, _ in pairs}))}"/>',
            *_key(counts),
            "</svg>\n",
        )
    )


def _places(file: Path, key: str) -> dict[str, Place]:
    header, *rows = read_rows(file)
    at = [header.index(name) for name in (key, "easting", "northing")]
    return {row[at[0]]: _unit(int(row[at[1]]), int(row[at[2]])) for row in rows if row[at[1]]}


def _unit(easting: int, northing: int) -> Place:
    return round((easting - WEST) / METRES_A_UNIT), round((NORTH - northing) / METRES_A_UNIT) + 10


def _dots(places: Iterable[Place]) -> str:
    return "".join(f"M{x} {y}h0" for x, y in places)


def _lines(pairs: Iterable[tuple[Place, Place]]) -> str:
    return "".join(f"M{a} {b}L{c} {d}" for (a, b), (c, d) in pairs)


def _key(counts: Mapping[str, int]) -> list[str]:
    rows = (
        ("leader", "NLEs, at their home schools"),
        ("served", f"{counts['supported']:,} schools supported"),
        ("out", f"{counts['unmatched']:,} eligible, left out"),
    )
    lines = ['<text x="20" y="40">Synthetic England, matched</text>']
    for n, (kind, text) in enumerate(rows):
        y = 64 + 20 * n
        lines.append(f'<path class="{kind}" d="M26 {y - 4}h0"/><text class="small" x="38" y="{y}">{text}</text>')
    return lines
