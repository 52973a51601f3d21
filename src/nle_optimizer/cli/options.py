"""Options, progress and interruption that commands share.

A bar on stderr for whatever takes over a second, on a terminal only. Ctrl-C while an engine searches: once to stop
with the best allocation found, twice to leave at once.
"""

import re
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from nle_optimizer.catalogue.limits import MOST_SECONDS, MOST_WORKERS
from nle_optimizer.errors import UNSEEN, on_one_line, visible

if TYPE_CHECKING:
    from nle_optimizer.errors import Finding
    from nle_optimizer.studies.runs import Listener


Command = Callable[..., Any]


def scenario_options(command: Command) -> Command:
    """--scenario, --set and --allow-outside."""
    for option in (
        click.option("--allow-outside", is_flag=True, help="Let the scenario's paths leave the folder of its file."),
        click.option(
            "--set",
            "sets",
            multiple=True,
            metavar="KEY=VALUE",
            help="Set one dotted key; beats everything else.",
        ),
        click.option(
            "--scenario",
            "choose",
            multiple=True,
            metavar="NAME",
            help="Apply an override or named scenario of the file.",
        ),
    ):
        command = option(command)
    return command


def code_option(command: Command) -> Command:
    """--allow-code."""
    return click.option(
        "--allow-code",
        is_flag=True,
        help="Let code run that a file names as its rule; without, it is refused and told.",
    )(command)


def format_option(command: Command) -> Command:
    """--format text|json."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "json"]),
        default="text",
        help="What to print to stdout.",
    )(command)


def force_option(command: Command) -> Command:
    """--force."""
    return click.option("--force", is_flag=True, help="Replace a folder that exists.")(command)


def seconds(text: str) -> float:
    """The seconds of a limit of time.

    Raises:
        BadParameter: it is no number, or out of range.
    """
    try:
        given = float(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a valid float.") from None
    if not 0 < given <= MOST_SECONDS:
        raise click.BadParameter(f"it must be above 0 and at most {MOST_SECONDS:,} (thirty days); got {text}")
    return given


def workers_option(command: Command) -> Command:
    """--workers of draws."""
    return click.option(
        "--workers",
        type=click.IntRange(1, MOST_WORKERS),
        metavar="N",
        help="Processes for the draws; by default one a core where it is worth it.",
    )(command)


def boundaries_option(command: Command) -> Command:
    """--boundaries."""
    return click.option(
        "--boundaries",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="GeoJSON of regions, whose outlines the map shows.",
    )(command)


_OUR_STYLES = re.compile("(\x1b\\[[012]m)")


def say(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print text for people: nothing in it controls the terminal but our own bold and dim."""
    parts = _OUR_STYLES.split(text)
    click.echo("".join(part if n % 2 else visible(part) for n, part in enumerate(parts)), err=err, nl=nl)


def print_json(value: Any, indent: int = 1) -> None:
    """Print one JSON document."""
    import json
    import sys

    shows_everything = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    text = json.dumps(value, ensure_ascii=not shows_everything, indent=indent, allow_nan=False)
    click.echo(UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text))


SHOWN = 3
"""Findings of one code that are shown one by one; the rest are counted."""


def grouped(findings: "Iterable[Finding]") -> list[str]:
    """Findings as lines: those of one code together, the first few in full and the rest counted."""
    by_code: dict[str, list[str]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(str(finding))
    lines = []
    for code, told in by_code.items():
        lines += told[:SHOWN]
        lines += [f"{len(told) - SHOWN:,} more like these ({code})"] if len(told) > SHOWN else []
    return lines


def print_findings(findings: "Iterable[Finding]") -> None:
    """Print findings to stderr, grouped."""
    warn(grouped(findings))


def warn(sentences: "Iterable[str]") -> None:
    """Print warnings to stderr."""
    for sentence in sentences:
        say(f"warning: {sentence}", err=True)


DELAY = 1.0


@dataclass
class Steps:
    """Told each step as it begins, which a terminal shows."""

    bar: Any = None

    def __call__(self, step: str) -> None:
        """The named step begins."""
        if self.bar is not None:
            self.bar.set_description_str(on_one_line(step))
            self.bar.update()

    def detail(self, text: str) -> None:
        """What is being done within the step."""
        if self.bar is not None:
            self.bar.set_description_str(on_one_line(text))


@contextmanager
def steps(name: str, total: int) -> Iterator[Steps]:
    """Follow the steps of one task, of which there are `total` or more."""
    if not sys.stderr.isatty():
        yield Steps()
        return
    from tqdm import tqdm

    layout = "{desc:<24} {bar:24} {n_fmt}/{total_fmt} {elapsed}"
    with tqdm(total=total, delay=DELAY, leave=False, file=sys.stderr, bar_format=layout, desc=on_one_line(name)) as bar:
        yield Steps(bar)


def listener(step: Steps) -> "Listener":
    """Who is told how a run goes on: a bar; Ctrl-C stops its search."""
    from nle_optimizer.studies.runs import Listener

    return Listener(step, step.detail, stop_when_interrupted())


INTERRUPTED = 130
"""The exit code of what an interrupt ended."""
ON_A_SOLVERS_WORD = 4
"""The exit code of `verify --strict` where nothing is wrong, and that nothing is better was not worked out."""


@contextmanager
def stop_when_interrupted() -> Iterator[Callable[[], bool]]:
    """While this lasts, the first interrupt is only noted; gives a function that says whether there was one."""
    asked: list[bool] = []

    def note(_signal: int, _frame: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(True)
        say("stopping with the best allocation found; press Ctrl-C again to leave at once", err=True)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
