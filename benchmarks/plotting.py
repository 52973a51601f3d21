"""A small line chart as SVG, time across and a logarithmic scale up, with nothing but text."""

import math
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, EDGE = 640, 400, 50
COLOURS = ("#1b6ca8", "#c8553d", "#588157", "#7b2d8b")
LEAST, GREATEST = 0.01, 100.0
"""What the scale spans; values outside are drawn at its ends."""


def svg(title: str, curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The chart of named curves of (seconds, per cent)."""
    last = max((point[0] for curve in curves.values() for point in curve), default=1.0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{EDGE}" y="24" font-size="15">{title}</text>',
    ]
    for power in range(int(math.log10(LEAST)), int(math.log10(GREATEST)) + 1):
        y = _up(10.0**power)
        lines.append(f'<line x1="{EDGE}" x2="{WIDTH - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        lines.append(f'<text x="6" y="{y + 4:.1f}" font-size="11">{10.0**power:g}</text>')
    for part in range(5):
        second = last * part / 4
        lines.append(f'<text x="{_across(second, last):.1f}" y="{HEIGHT - 16}" font-size="11">{second:.0f}</text>')
    for (name, curve), colour, number in zip(curves.items(), COLOURS, range(len(curves)), strict=False):
        points = " ".join(f"{_across(x, last):.1f},{_up(y):.1f}" for x, y in _stairs(curve))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines.append(f'<text x="{WIDTH - 130}" y="{50 + 18 * number}" font-size="13" fill="{colour}">{name}</text>')
    return "\n".join([*lines, "</svg>\n"])


def _stairs(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The curve as it stood at every moment: level until the next point."""
    steps: list[tuple[float, float]] = []
    for x, y in curve:
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    return steps


def _across(x: float, last: float) -> float:
    return EDGE + (WIDTH - EDGE - 20) * x / last


def _up(y: float) -> float:
    share = math.log(min(max(y, LEAST), GREATEST) / LEAST) / math.log(GREATEST / LEAST)
    return HEIGHT - 40 - (HEIGHT - 80) * share
