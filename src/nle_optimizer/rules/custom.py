"""A rule of one's own: a function in a Python file, run in a process of its own and checked like any other.

The process keeps faults, loops and crashes of the function away from the rest. It is no sandbox: the function may do
whatever the person who runs it may do.
"""

import ast
import json
import signal
import sys

import numpy as np

from nle_optimizer.errors import Fault, Place, UnsupportedError
from nle_optimizer.model.levels import AnyLevel, LeastFit, Level, Leximin
from nle_optimizer.model.limits_left import breaches
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.rules.own_process import ProcessLimits, Reply, ask
from nle_optimizer.rules.rule import Agenda, Matching, Promise
from nle_optimizer.rules.view import Aim, RuleView
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.own_code import Code

LIMITS = ProcessLimits(seconds=60.0, memory=4 * 1024**3)
"""What a function may take for one draw."""
DRAWS = "draws"
"""`function.draws = True` at the end of the file says that the function draws lots."""


class CustomRule:
    """A function that may run."""

    def __init__(self, code: Code, limits: ProcessLimits = LIMITS):
        self.name, self._code, self._limits = code.name, code, limits
        self.promise = Promise(
            summary="a rule of one's own",
            guarantees="capacities, upper limits and required pairs are checked",
            caveats="nothing else is known of it",
            misreports="not known",
            complexity=f"at most {limits.seconds:g} s",
            source=f"sha256 {code.sha256}",
            random=draws_lots(code),
        )

    def refuses(self, agenda: Agenda) -> str | None:  # noqa: ARG002
        """Never."""
        return None

    def match(self, agenda: Agenda, draw: int) -> Matching:
        """Call the function in a process of its own.

        Raises:
            UnsupportedError: it gave no allocation within the limits; says why.
            KeyboardInterrupt: it was interrupted.
        """
        left = agenda.stop.seconds_left
        seconds = self._limits.seconds if left is None else min(left, self._limits.seconds)
        code, limits = self._code, ProcessLimits(seconds, self._limits.memory)
        try:
            reply = ask((str(code.file), code.source, code.function), view_of(agenda, draw), limits)
        except TimeoutError:
            raise self._refused(f"it was not done after {seconds:g} s") from None
        pairs = self._pairs(reply, agenda.problem.size)
        broken = breaches(agenda.problem, pairs)
        if broken:
            raise self._refused(f"it breaks a limit: {'; '.join(broken[:3])}", reply)
        if reply.printed and draw == 0:
            sys.stderr.write(f"{self.name} prints: {escaped(reply.printed)}\n")
        return Matching(pairs, (f"a rule of one's own, {self.promise.source}",))

    def _pairs(self, reply: Reply, count: int) -> Integers:
        """The pairs of an answer; whatever wrote it, nothing but candidate pairs comes out of it."""
        if reply.answer is None:
            raise self._refused("it gave more than any answer can be", reply)
        if not reply.answer:
            raise self._refused(f"its process ended with {_ending(reply.code)} before it answered", reply)
        try:
            told = json.loads(reply.answer)
        except (ValueError, RecursionError):
            raise self._refused("something else than an answer came from its process", reply) from None
        fault = told.get("fault") if isinstance(told, dict) else None
        if isinstance(fault, str):
            raise self._refused(escaped(fault), reply)
        pairs = told.get("pairs") if isinstance(told, dict) else None
        if not isinstance(pairs, list) or not all(type(pair) is int and 0 <= pair < count for pair in pairs):
            raise self._refused("something else than candidate pairs came from its process", reply)
        return np.unique(np.array(pairs, dtype=np.int64))

    def _refused(self, why: str, reply: Reply | None = None) -> UnsupportedError:
        printed = f"; it printed: {escaped(reply.printed)}" if reply is not None and reply.printed else ""
        what = f"the rule {self.name} cannot be carried out: {why}{printed}"
        return UnsupportedError([Fault(Place(), "rule", what)])


def draws_lots(code: Code) -> bool:
    """Whether the file says that the function draws lots: `function.draws = True`, outside any function.

    The file is read for it, not run.
    """
    try:
        statements = ast.parse(code.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # told when it is run
        return False
    return any(
        isinstance(told, ast.Assign)
        and isinstance(told.value, ast.Constant)
        and told.value.value is True
        and any(ast.unparse(target) == f"{code.function}.{DRAWS}" for target in told.targets)
        for told in statements
    )


def escaped(text: str) -> str:
    """What code prints, on one line: nothing in it that controls a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text.strip()
    )


def view_of(agenda: Agenda, draw: int) -> RuleView:
    """What the function is given."""
    problem, found = agenda.problem, agenda.candidates
    return RuleView(
        recipient_ids=tuple(map(str, problem.recipient_ids)),
        nle_ids=tuple(map(str, problem.nle_ids)),
        recipient=problem.recipient,
        nle=problem.nle,
        fit=found.fit,
        distance=found.distance,
        school_rank=np.asarray(found.from_table("school_rank").or_else(0), dtype=np.int64),
        nle_rank=np.asarray(found.from_table("nle_rank").or_else(0), dtype=np.int64),
        needs=_by_area(found.needs.need, found.needs.need_known),
        expertise=_by_area(found.needs.expertise, found.needs.expertise_known),
        use={part.name: part.use for part in problem.resources},
        capacity={part.name: part.capacity for part in problem.resources},
        supporters=problem.supporters,
        priority=agenda.priority,
        waiting=agenda.waiting,
        recipient_region=_texts(found.recipients, "region"),
        recipient_local_authority=_texts(found.recipients, "local_authority"),
        recipient_phase=_texts(found.recipients, "phase"),
        nle_region=_texts(found.nles, "region"),
        nle_local_authority=_texts(found.nles, "local_authority"),
        required=problem.required_pairs(),
        objectives=tuple(map(_aim, problem.levels)),
        seed=agenda.settings.seed,
        draw=draw,
    )


def _by_area(values: Integers, known: Flags) -> dict[str, Integers]:
    return {area: np.where(known[n], values[n], -1) for n, area in enumerate(AREAS)}


def _texts(table: Records, name: str) -> tuple[str, ...]:
    return tuple(map(str, table.column(name).or_else("")))


def _aim(level: AnyLevel) -> Aim:
    sense = "maximise" if level.sense > 0 else "minimise"
    if isinstance(level, Level) and level.presence_amounts is None:
        return Aim(level.name, sense, "sum", level.sense * level.amounts, level.scale)
    if isinstance(level, LeastFit | Leximin):
        kind = "least" if isinstance(level, LeastFit) else "leximin"
        return Aim(level.name, sense, kind, np.where(level.counted, level.amounts, -1), level.scale)
    return Aim(level.name, sense, "other", None, level.scale)


def _ending(code: int | None) -> str:
    if code is None:
        return "no exit code"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
