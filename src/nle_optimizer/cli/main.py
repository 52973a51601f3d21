"""The program `nle-optimizer`: finds the command, and turns faults into words and exit codes.

A group of commands, each imported only when it is asked for.
"""

import sys
import warnings
from collections.abc import Callable, Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper
from typing import Any

import click

from nle_optimizer.cli.options import INTERRUPTED, say
from nle_optimizer.errors import Caution, NleOptimizerError


class LazyGroup(click.Group):
    """A click group whose commands are named as `module:attribute`."""

    def __init__(self, *args: Any, commands_at: dict[str, str] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at or {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every command, in the order in which people meet them."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        place = self._commands_at.get(cmd_name)
        if place is None:
            return None
        module, _, attribute = place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is refused with the nearest name."""
        from nle_optimizer.errors import did_you_mean

        if args and args[0] not in self._commands_at and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self._commands_at) or "see nle-optimizer --help"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)


HOME = "nle_optimizer.cli"
COMMANDS = {
    "run": f"{HOME}.run_command:run",
    "validate": f"{HOME}.run_command:validate",
    "verify": f"{HOME}.run_command:verify",
    "explain": f"{HOME}.question_commands:explain",
    "report": f"{HOME}.question_commands:report",
    "compare": f"{HOME}.question_commands:compare",
    "marginal": f"{HOME}.question_commands:marginal",
    "recruit": f"{HOME}.frontier_command:recruit",
    "replan": f"{HOME}.replan_command:replan",
    "decisions": f"{HOME}.replan_command:decisions",
    "frontier": f"{HOME}.frontier_command:frontier",
    "robustness": f"{HOME}.question_commands:robustness",
    "sweep": f"{HOME}.frontier_command:sweep",
    "benchmark": f"{HOME}.run_command:benchmark",
    "import": f"{HOME}.source_commands:import_",
    "generate": f"{HOME}.source_commands:generate_command",
    "init": f"{HOME}.source_commands:init",
    "schema": f"{HOME}.source_commands:schema",
    "policies": f"{HOME}.source_commands:policies",
    "objectives": f"{HOME}.source_commands:objectives",
    "constraints": f"{HOME}.source_commands:constraints",
    "rules": f"{HOME}.source_commands:rules",
    "metrics": f"{HOME}.source_commands:metrics",
    "doctor": f"{HOME}.source_commands:doctor",
}
OUR_FAULT = 3


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 needs attention; 2 wrong usage or input; 3 our fault; 4 a solver's word "
    "(verify --strict); 130 interrupted.",
)
@click.version_option(package_name="nle-optimizer")
@click.option("--debug", is_flag=True, help="Show where in the code a fault arose.")
def program(debug: bool) -> None:
    """Match schools and trusts with National Leaders of Education: exact, proved and explained.

    Start with `nle-optimizer init my-scenario`, then `nle-optimizer run my-scenario/scenario.yaml`.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a character that a terminal cannot show is no reason to stop
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    sys.exit(run_program([word for word in words if word != "--debug"], debug=debug))


def run_program(words: list[str], *, debug: bool = False) -> int:
    """Run the program on the given words; its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", Caution)
        warnings.showwarning = _show(warnings.showwarning)
        return _ended(words, debug=debug)


def _show(otherwise: Callable[..., None]) -> Callable[..., None]:
    """What shows warnings: those that are for people in words alone."""

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, Caution):
            say(f"warning: {message}", err=True)
        else:
            otherwise(message, category, *rest, **named)

    return show


def _ended(words: list[str], *, debug: bool) -> int:
    try:
        code = program.main(args=words, prog_name="nle-optimizer", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as fault:
        shown = StringIO()
        fault.show(shown)
        say(shown.getvalue(), err=True, nl=False)
        return fault.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("interrupted: no half-written folder is left", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except NleOptimizerError as fault:
        return _told(fault, fault.exit_code, str(fault), debug=debug)
    except OSError as fault:
        what = f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)
        return _told(fault, 2, what, debug=debug)
    except Exception as fault:
        what = f"this is a fault of nle-optimizer, not yours: {type(fault).__name__}: {fault}"
        return _told(fault, OUR_FAULT, f"{what}\nRun it again with --debug, and report what it says.", debug=debug)
    return code if isinstance(code, int) else 0


def _told(fault: BaseException, code: int, what: str, *, debug: bool) -> int:
    if debug:
        import traceback

        say("".join(traceback.format_exception(fault)), err=True, nl=False)
    several = "\n" in what and code != OUR_FAULT
    say(f"errors:\n{what}" if several else f"error: {what}", err=True)
    return code
