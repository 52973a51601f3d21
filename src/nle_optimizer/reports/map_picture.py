"""The map of a run as a picture for slides: land, pairs, schools and NLEs, with a key and no name of anybody."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from nle_optimizer.errors import visible
from nle_optimizer.reports.page.run_map import SQUARE, map_of
from nle_optimizer.reports.view.view import View

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
    parts = [*_ground(drawn, west, north, scale), *_pairs(view, schools, nles), *_key(view, right + 2 * MARGIN)]
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


def _pairs(view: View, schools: Points, nles: Points) -> Iterator[str]:
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
