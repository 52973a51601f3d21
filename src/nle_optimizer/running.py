"""The one door: a scenario goes in, a result comes out."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.engines.engine import Engine, FromPrices, KnownPrices, Stopping, engines_for
from nle_optimizer.errors import Fault, Finding, InfeasibleError, InputError, UnsupportedError
from nle_optimizer.evidence.outcome import Case, Outcome
from nle_optimizer.evidence.published_tables import publish, publish_briefly
from nle_optimizer.memory import Memory
from nle_optimizer.model.build import overfull
from nle_optimizer.model.constraints.rows import violations
from nle_optimizer.model.levels import AnyLevel
from nle_optimizer.model.limits_left import breaches
from nle_optimizer.model.problem import Clash, Problem
from nle_optimizer.preparation import Progress, prepare
from nle_optimizer.records import MILLION, Integers
from nle_optimizer.result import Beside, Result
from nle_optimizer.rules.registry import check_rule, procedure_named, procedure_of
from nle_optimizer.rules.rule import Agenda, Procedure, carried_out
from nle_optimizer.rules.serial import by_hand
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.geography import settings_problem
from nle_optimizer.stages.requirements import Required
from nle_optimizer.stages.trust_first import mode_of

Interrupts = AbstractContextManager[Callable[[], bool]]


def allocate(scenario: Scenario, *, progress: Callable[[str], None] | None = None, allow_code: bool = False) -> Result:
    """Match NLEs with the schools and trusts of a scenario.

    Args:
        scenario: settings and tables, as `load_scenario` reads them.
        progress: told the name of each step as it begins.
        allow_code: whether code of one's own may run that the scenario names as its rule.

    Returns:
        The result, not verified yet; its status is `infeasible` where required pairs clash.
        `nle_optimizer.verify` reads it a second time, with code of its own. Distances in it are in kilometres, costs
        in pounds.

    Raises:
        InputError: something in the scenario that only shows when it is carried out.
        UnsupportedError: the scenario asks for what no engine or rule can do.
        EngineError: a solver failed, or contradicted itself.
        TypeError: it is given no scenario.
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"allocate takes a Scenario, not {_instead_of_a_scenario(scenario)}")
    if progress is not None and not callable(progress):
        raise TypeError(f"progress is a function that takes the name of a step, such as print; got {progress!r}")
    return result_of(scenario.allowing_code() if allow_code else scenario, progress)


def _instead_of_a_scenario(given: Any) -> str:
    if isinstance(given, str | Path):
        return f"a path: write allocate(load_scenario({str(given)!r}))"
    if isinstance(given, Mapping):
        return "settings: write allocate(load_scenario({...}))"
    if isinstance(given, Result):
        return "a Result: write allocate(result.scenario)"
    return f"{type(given).__name__}: load_scenario reads one"


def result_of(
    scenario: Scenario,
    progress: Progress | None = None,
    detail: Progress | None = None,
    interrupts: Interrupts | None = None,
    memory: Memory | None = None,
    known: KnownPrices | None = None,
    *,
    brief: bool = False,
) -> Result:
    """What `allocate` gives, with what only commands, sweeps and studies ask for.

    Args:
        scenario: settings and tables.
        progress: told the name of each step as it begins.
        detail: told what an engine is doing meanwhile.
        interrupts: entered while an engine searches; gives a function that says whether to stop with the best found.
        memory: what stages gave before, as a sweep keeps it.
        known: prices of similar cases, which save time and change nothing; those of this one are kept there.
        brief: leave out the tables that only people read; such a result cannot be written as a run folder.

    Raises:
        InputError, UnsupportedError, EngineError: as `allocate`.
    """
    tell = progress or (lambda _: None)
    check_request(scenario)
    with scenario.locating():
        outcome = solve(scenario, tell, detail or (lambda _: None), interrupts or nullcontext(_never), memory, known)
    tell("explaining")
    claim = publish_briefly(outcome) if brief else publish(outcome)
    beside = partial(_beside, None if brief else outcome)
    return Result(outcome.scenario, claim, _decided_by_the_tables(outcome), _seconds(outcome), beside)


def _beside(outcome: Outcome | None) -> Sequence[Beside]:
    """What simple rules give on the case of an outcome: those whose order says something there."""
    if outcome is None or outcome.status in ("infeasible", "unknown"):
        return []
    agenda = Agenda(outcome.problem, outcome.candidates, outcome.scenario.settings)
    rules = [rule for rule in by_hand(agenda) if rule != outcome.scenario.settings.rule]
    procedures = [procedure for rule in rules if (procedure := procedure_named(rule)) is not None]
    found = []
    for procedure in procedures:
        with suppress(UnsupportedError):
            found.append(_compared(outcome, procedure.name, carried_out(procedure, agenda).matched))
    return found


def _compared(outcome: Outcome, rule: str, pairs: Integers) -> Beside:
    """The pairs that a rule gives, beside the pairs of an outcome."""
    problem, plan = outcome.problem, outcome.solution.matched
    both = [(level, level.value(problem, pairs), level.value(problem, plan)) for level in problem.levels]
    behind = ((level, own, ours) for level, own, ours in both if own < ours)
    return Beside(
        rule,
        len(np.unique(problem.recipient[pairs])),
        int(outcome.candidates.fit[pairs].sum()) / MILLION,
        next((own > ours for _, own, ours in both if own != ours), False),
        next((_told(*each) for each in behind), None),
        [told for asked in outcome.requirements for told in violations(asked, pairs)],
    )


def _told(level: AnyLevel, own: int, ours: int) -> tuple[str, float, float]:
    return level.name, level.sense * own / level.scale, level.sense * ours / level.scale


def _never() -> bool:
    return False


def _seconds(outcome: Outcome) -> list[tuple[str, float]]:
    levels = outcome.solution.levels
    return [(level.name, found.seconds) for level, found in zip(outcome.problem.levels, levels, strict=bool(levels))]


def _decided_by_the_tables(outcome: Outcome) -> dict[str, Any]:
    """The settings that the scenario left open, as they were taken."""
    settings = outcome.scenario.settings
    open_settings = {
        "objectives": None if settings.objectives else [level.model_dump() for level in outcome.objectives],
        "trust_first.mode": None if settings.trust_first.mode else mode_of(settings, outcome.scenario.schools),
        "eligibility.policy": None if settings.eligibility.policy or settings.eligibility.rules else "all",
    }
    return {key: value for key, value in open_settings.items() if value is not None}


def check_request(scenario: Scenario) -> None:
    """Refuse what nothing here can carry out, before anything is computed.

    Raises:
        InputError: an unknown rule, code that nobody has allowed to run, or a value out of range.
    """
    settings = scenario.settings
    check_rule(settings.rule, scenario.document.place(("rule",)))
    scenario.permitted_rule()
    detour = settings_problem(settings.geography)
    if detour is not None:
        place = scenario.document.place(("geography", "detour_factor"))
        got = str(settings.geography.detour_factor)
        raise InputError([Fault(place, "geography.detour_factor", detour, got)])


def check(scenario: Scenario) -> Sequence[Finding]:
    """Carry a scenario through everything but the matching itself; its findings, those that show only then too.

    Raises:
        InputError, UnsupportedError: as `allocate`.
        InfeasibleError: requirements that cannot all be met.
    """
    check_request(scenario)
    with scenario.locating():
        case = prepare(scenario, lambda _: None)
        procedure = procedure_named(scenario.settings.rule)
        if procedure is None:
            next(engines_for(case.problem, scenario.settings.engine))
        else:
            agenda = Agenda(case.problem, case.candidates, scenario.settings)
            _refuse(case, procedure, agenda)
    clashes = _overfull(case)
    if clashes:
        raise InfeasibleError(clashes)
    if procedure is not None and breaches(case.problem, case.problem.required_pairs()):
        with scenario.locating():
            carried_out(procedure, agenda)  # whether it makes up for that shows only in what it matches
    return case.scenario.findings


def solve(
    scenario: Scenario,
    tell: Progress,
    detail: Progress,
    interrupts: Interrupts,
    memory: Memory | None = None,
    known: KnownPrices | None = None,
) -> Outcome:
    """Carry a scenario through every stage, and solve it."""
    stop = scenario.settings.stop
    deadline = None if stop.seconds is None else time.monotonic() + float(stop.seconds)
    case = prepare(scenario, tell, memory)
    settings = scenario.settings
    tell("matching")
    procedure = procedure_of(scenario)
    if procedure is not None:
        with interrupts if scenario.own_rule is None else nullcontext(_never) as interrupted:
            return _by_rule(case, procedure, Stopping(Fraction(stop.gap), stop.work, deadline, interrupted, detail))
    engines = engines_for(case.problem, settings.engine)
    engine = next(engines)
    clashes = _overfull(case)
    if clashes:
        return case.without_solution(engine.name, clashes)
    with interrupts as interrupted:
        stopping = Stopping(Fraction(stop.gap), stop.work, deadline, interrupted, detail)
        return _searched(case, engine, engines, stopping, known or KnownPrices())


def _overfull(case: Case) -> list[str]:
    """What required pairs clash with alone."""
    found = case.candidates
    asked = Required(found.given, found.current, found.recipients, found.nles)
    pairs = case.problem.required_pairs().tolist()
    return overfull(
        case.problem, {pair: asked.word(int(found.nle[pair]), int(found.recipient[pair])) for pair in pairs}
    )


def _by_rule(case: Case, procedure: Procedure, stop: Stopping) -> Outcome:
    """What a rule gives that matches step by step.

    Raises:
        UnsupportedError: it cannot be carried out on this case; it says why.
    """
    agenda = Agenda(case.problem, case.candidates, case.scenario.settings, stop)
    _refuse(case, procedure, agenda)
    clashes = _overfull(case)
    if clashes:
        return case.without_solution("none", clashes)
    try:
        return case.solved_by(carried_out(procedure, agenda))
    except InfeasibleError as error:
        clash = error.clash or _named(case.problem, stop)
        return case.without_solution("none", clash.sentences, clash)


def _refuse(case: Case, procedure: Procedure, agenda: Agenda) -> None:
    """Refuse a rule that cannot be carried out on a case.

    Raises:
        UnsupportedError: it says why.
    """
    why = procedure.refuses(agenda)
    if why is not None:
        place = case.scenario.document.place(("rule",))
        raise UnsupportedError([Fault(place, "rule", f"the rule {procedure.name} cannot be carried out: {why}")])


def _searched(case: Case, engine: Engine, others: Iterator[Engine], stop: Stopping, known: KnownPrices) -> Outcome:
    """What the engine finds, or the next where it turns out on the way that it cannot solve the problem."""
    problem, seed = case.problem, case.scenario.settings.seed
    try:
        if isinstance(engine, FromPrices):
            return case.solved_by(engine.solve_near(problem, seed, stop, known))
        return case.solved_by(engine.solve(problem, seed, stop))
    except InfeasibleError as error:
        clash = error.clash or _named(case.problem, stop)
        return case.without_solution(engine.name, clash.sentences, clash)
    except UnsupportedError:
        following = next(others, None)
        if following is None:
            raise
        return _searched(case, following, others, stop, known)


def _named(problem: Problem, stop: Stopping) -> Clash:
    """What clashes, where the engine only found that something does."""
    from nle_optimizer.engines.general.clash import clash_of

    return clash_of(problem, stop)
