"""The program `nle-optimizer`: finds the command, and turns faults into words and exit codes."""

import sys
import warnings
from collections.abc import Callable, Sequence
from io import StringIO, TextIOWrapper
from typing import Any

import click

from nle_optimizer.cli.interruption import INTERRUPTED
from nle_optimizer.cli.lazy_group import LazyGroup
from nle_optimizer.cli.options import say
from nle_optimizer.errors import FilesKept, NleOptimizerError

HOME = "nle_optimizer.cli"
COMMANDS = {
    "run": f"{HOME}.run_command:run",
    "validate": f"{HOME}.validate_command:validate",
    "verify": f"{HOME}.verify_command:verify",
    "explain": f"{HOME}.explain_command:explain",
    "report": f"{HOME}.report_command:report",
    "compare": f"{HOME}.compare_command:compare",
    "marginal": f"{HOME}.marginal_command:marginal",
    "recruit": f"{HOME}.recruit_command:recruit",
    "replan": f"{HOME}.replan_command:replan",
    "decisions": f"{HOME}.decisions_command:decisions",
    "frontier": f"{HOME}.frontier_command:frontier",
    "robustness": f"{HOME}.robustness_command:robustness",
    "sweep": f"{HOME}.sweep_command:sweep",
    "benchmark": f"{HOME}.benchmark_command:benchmark",
    "import": f"{HOME}.import_command:import_",
    "generate": f"{HOME}.generate_command:generate_command",
    "init": f"{HOME}.init_command:init",
    "schema": f"{HOME}.catalogue_commands:schema",
    "policies": f"{HOME}.catalogue_commands:policies",
    "objectives": f"{HOME}.catalogue_commands:objectives",
    "constraints": f"{HOME}.catalogue_commands:constraints",
    "rules": f"{HOME}.catalogue_commands:rules",
    "metrics": f"{HOME}.catalogue_commands:metrics",
    "doctor": f"{HOME}.doctor_command:doctor",
}
OUR_FAULT = 3


@click.group(
    cls=LazyGroup,
    commands_at=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 needs attention; 2 wrong usage or input; 3 our fault; 130 interrupted.",
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
        warnings.simplefilter("always", FilesKept)
        warnings.showwarning = _show(warnings.showwarning)
        return _ended(words, debug=debug)


def _show(otherwise: Callable[..., None]) -> Callable[..., None]:
    """What shows warnings: those that are for people in words alone."""

    def show(message: Warning | str, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, FilesKept):
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
