"""How the text of a comparison is laid out: headings, clipped names, wrapped lines, and counts of what is not shown."""

from collections.abc import Iterable, Sequence
from textwrap import wrap

import click

from nle_optimizer.reports.terminal import WIDTH, one_line

LABEL = 28
"""Width of an identifier and a name, with the space after it."""
LONGEST = 60
"""Characters of a cell, or of one side of a setting, before it is clipped."""


def heading(title: str) -> list[str]:
    """A blank line and a bold title."""
    return ["", click.style(title, bold=True)]


def label(identifier: str, name: str) -> str:
    """An identifier and a name in `LABEL` columns."""
    return f"{one_line(f'{identifier} {name}', LABEL - 1):<{LABEL}}"


def safe(text: str) -> str:
    """Text on one line without anything that controls a terminal, however long."""
    return one_line(text, len(text))


def wrapped(text: str, indent: str = "  ", hanging: str = "    ") -> list[str]:
    """Text over as many lines as it needs, later ones further in; a whole word is never broken."""
    return wrap(
        safe(text),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )


def first_of(blocks: Sequence[Iterable[str]], most: int, indent: str = "  ") -> list[str]:
    """The lines of the first blocks, and how many blocks are not shown."""
    lines = [line for block in blocks[:most] for line in block]
    return [*lines, *([f"{indent}... and {len(blocks) - most:,} more"] if len(blocks) > most else [])]


def named(identifiers: Sequence[str], most: int) -> str:
    """Identifiers in a line: the first ones, and how many more."""
    shown = ", ".join(one_line(word, LABEL) for word in identifiers[:most])
    more = len(identifiers) - most
    return shown if more <= 0 else f"{shown} and {more:,} more" if shown else f"{more:,}"


def change(first: str, second: str) -> str:
    """What was and what is; a blank is shown as one."""
    sides = (one_line(text, LONGEST) or "(blank)" for text in (first, second))
    return " → ".join(sides)
