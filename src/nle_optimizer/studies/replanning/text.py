"""A new plan beside the earlier one, on a terminal."""

from collections.abc import Iterator

import click

from nle_optimizer.reports.terminal import one_line
from nle_optimizer.studies.comparison.layout import heading, wrapped
from nle_optimizer.studies.replanning.moves import WHAT, Moves


def moves_text(moves: Moves, most: int) -> str:
    """How many pairs stay, and who moves; at most so many rows, the rest counted."""
    lines = [*heading("What moves"), *wrapped(_counted(moves), "  ", "  ")]
    rows = list(zip(*moves.table.values(), strict=True))
    for what, meaning in WHAT.items():
        own = [dict(zip(moves.table, row, strict=True)) for row in rows if row[2] == what]
        if own:
            lines.append(f"  {len(own):,} {meaning}")
            lines += [line for row in own[:most] for line in _row(row)]
            lines += (
                [click.style(f"    and {len(own) - most:,} more, in moves.csv", dim=True)] if len(own) > most else []
            )
    return "\n".join(lines)


def _counted(moves: Moves) -> str:
    stay = f"Of {moves.standing:,} pairs that stand, {moves.kept:,} stay"
    if not moves.given_up:
        return f"{stay}: nobody who can stay has to move."
    had = "how many had to move is not proved" if moves.forced is None else f"{moves.forced:,} could not"
    return f"{stay} and {moves.given_up:,} move; {had}."


def _row(row: dict[str, str]) -> Iterator[str]:
    ends = " to ".join(end for end in (row["from_nle_id"], row["to_nle_id"]) if end)
    name = f" {one_line(row['school_name'], 30)}" if row["school_name"] else ""
    yield from wrapped(f"{row['school_id']}{name}: {ends}: {row['reason']}", "    - ", "      ")
