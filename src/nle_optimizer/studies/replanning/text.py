"""A new plan beside the earlier one, and the journal of decisions, on a terminal."""

from collections.abc import Iterator
from pathlib import Path

import click

from nle_optimizer.reports.terminal import one_line
from nle_optimizer.scenario.journal import Decision, Journal
from nle_optimizer.studies.comparison.layout import heading, wrapped
from nle_optimizer.studies.replanning.moves import WHAT, Moves
from nle_optimizer.studies.replanning.moves_frontier import MovesFrontier

WIDTH = 18


def moves_text(moves: Moves, curve: MovesFrontier, most: int) -> str:
    """How many pairs stay, who moves, and what more moves would buy; at most so many rows, the rest counted."""
    lines = [*heading("What moves"), *wrapped(_counted(moves), "  ", "  ")]
    rows = [dict(zip(moves.table, row, strict=True)) for row in zip(*moves.table.values(), strict=True)]
    over, others = ([row for row in rows if _is_over(row) == first] for first in (True, False))
    lines += _group("lose their support while schools of lower priority keep theirs", over, most)
    for what, meaning in WHAT.items():
        lines += _group(meaning, [row for row in others if row["what"] == what], most)
    return "\n".join([*lines, *_curve(curve)])


def _is_over(row: dict[str, str]) -> bool:
    """Whether a school loses its support while one of lower priority keeps its own."""
    return row["lower_priority_kept"] not in ("", "0")


def _group(meaning: str, rows: list[dict[str, str]], most: int) -> list[str]:
    if not rows:
        return []
    lines = [f"  {len(rows):,} {meaning}", *(line for row in rows[:most] for line in _row(row))]
    more = f"    and {len(rows) - most:,} more, in moves.csv"
    return [*lines, click.style(more, dim=True)] if len(rows) > most else lines


def _curve(curve: MovesFrontier) -> list[str]:
    """What each number of moves would give."""
    lines = heading("What more moves would buy")
    if curve.why_not:
        return [*lines, *wrapped(f"Not worked out: {curve.why_not}.", "  ", "  ")]
    names = ["moves", curve.objective, "supported", "total fit"]
    lines.append("  " + "".join(f"{name[:WIDTH]:>{WIDTH}}" for name in names))
    rows = zip(*list(curve.table.values())[: len(names)], strict=True)
    lines += ["  " + "".join(f"{cell:>{WIDTH}}" for cell in row) for row in rows]
    rest = (
        "A number that is not shown gives what the one before it gives."
        if curve.complete
        else "There are further points between these: so many pairs take too long to tell them all."
    )
    more = rest if curve.steps > 1 or not curve.complete else ""
    return [*lines, *wrapped(f"--max-moves N plans with so many moves. {more}".rstrip(), "  ", "  ")]


def _counted(moves: Moves) -> str:
    stay = f"Of {moves.standing:,} pairs that stand, {moves.kept:,} stay"
    if not moves.given_up:
        return f"{stay}: nobody who can stay has to move."
    had = "how many had to move is not proved" if moves.forced is None else f"{moves.forced:,} could not"
    return f"{stay} and {moves.given_up:,} move; {had}."


def _row(row: dict[str, str]) -> Iterator[str]:
    ends = " to ".join(end for end in (row["from_nle_id"], row["to_nle_id"]) if end)
    name = f" {one_line(row['school_name'], 30)}" if row["school_name"] else ""
    over = ""
    if _is_over(row):
        could = f"; the NLE of {row['whose_nle_could']} could support it" if row["whose_nle_could"] else ""
        over = f" (priority {row['priority']}; {row['lower_priority_kept']} of lower priority keep theirs{could})"
    yield from wrapped(f"{row['school_id']}{name}: {ends}: {row['reason']}{over}", "    - ", "      ")


def decided_text(journal: Journal, since: int, folder: Path) -> str:
    """How many decisions the plan in a folder follows, and how many rows of the journal are new."""
    told = f"  Decisions that count: {len(journal.standing):,}. New rows of the journal: {since:,}."
    back = f" Taken back: {len(journal.undone_by):,}." if journal.undone_by else ""
    return "\n".join([*heading("Decisions"), f"{told}{back}", f"  See them: nle-optimizer decisions {folder}"])


def journal_text(journal: Journal) -> str:
    """Every decision in order: its number, what was decided, by whom and why, and whether it counts."""
    if not len(journal):
        return "Nothing was decided: this is a first plan, or one that was made again without a decision."
    lines = heading("Decisions")
    for decision in journal.decisions:
        lines += wrapped(f"{decision.number:>4}  {_decided(decision, journal)}", "", "      ")
    return "\n".join(lines).lstrip()


def _decided(decision: Decision, journal: Journal) -> str:
    note = f": {one_line(decision.change.note, 200)}" if decision.change.note else ""
    back = journal.undone_by.get(decision.number)
    return decision.change.sentence + note + (f" [taken back by decision {back}]" if back else "")
