"""Rules tried on one scenario, which is prepared once for all of them."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic, perf_counter

from nle_optimizer.engines.engine import Stopping
from nle_optimizer.errors import NleOptimizerError
from nle_optimizer.evidence.outcome import Case, Outcome
from nle_optimizer.evidence.published_tables import publish_briefly
from nle_optimizer.evidence.verification import check_claim
from nle_optimizer.memory import Memory
from nle_optimizer.model.build import overfull
from nle_optimizer.model.constraints.rows import violations
from nle_optimizer.model.limits_left import overuse
from nle_optimizer.model.problem import Solution
from nle_optimizer.preparation import prepare
from nle_optimizer.records import Integers
from nle_optimizer.rules.registry import OPTIMAL, procedure_of
from nle_optimizer.rules.rule import Agenda, Procedure, carried_out
from nle_optimizer.running import check_request, solve
from nle_optimizer.scenario.own_code import from_here
from nle_optimizer.scenario.policies import STATUS_QUO
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.stages.candidates import Candidates
from nle_optimizer.studies.benchmark.measures import Figure, Measured, preferences_in
from nle_optimizer.studies.benchmark.metrics import figures_of


@dataclass(frozen=True, eq=False)
class Trial:
    """What one rule gave in one draw, or why it gave nothing.

    Attributes:
        rule, draw: which.
        figures: every metric by name; empty where it could not be carried out.
        fit: shape (recipients,): of each recipient in millionths, 0 where unmatched; of the first draw alone.
        matched: the matched pairs, as places among the case's candidate pairs, ascending; None where there are none.
        is_random: whether the rule draws lots.
        missed: what it did not keep to, in sentences.
        remarks: what else to know of it, such as how far it may be from its own optimum, in sentences.
        reason: why there is no allocation; blank where there is one.
        seconds: that the rule took, besides preparing the case and measuring.
    """

    rule: str
    draw: int
    figures: dict[str, Figure]
    fit: Integers | None = None
    matched: Integers | None = None
    is_random: bool = False
    missed: Sequence[str] = ()
    remarks: Sequence[str] = ()
    reason: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Trials:
    """Everything tried on one scenario; the optimal rule comes first.

    Attributes:
        scenario: its name.
        candidates: the pairs that every rule chose from.
        trials: a trial a rule, or a draw of one.
    """

    scenario: str
    candidates: Candidates
    trials: Sequence[Trial]

    @property
    def optimum(self) -> Trial:
        """What the optimal rule gave."""
        return self.trials[0]


def trials_of(scenario: Scenario, rules: Sequence[str], draws: int) -> Trials:
    """Try rules on a scenario in this process; the optimal one is always among them.

    Raises:
        InputError: the scenario itself cannot be carried out.
    """
    bench = Bench(scenario)
    asked = dict.fromkeys((OPTIMAL, *rules))
    trials = [trial for rule in asked for trial in bench.tried(rule, range(draws))]
    return Trials(scenario.settings.name, bench.candidates, trials)


class Bench:
    """A scenario prepared once, on which rules are tried.

    Raises:
        InputError: the scenario itself cannot be carried out.
    """

    def __init__(self, scenario: Scenario):
        self._memory = Memory()
        self._scenario = scenario.replace({"rule": OPTIMAL})
        check_request(self._scenario)
        self._case = prepare(self._scenario, lambda _: None, self._memory)
        self._preferences = preferences_in(self._case)
        self._agenda = Agenda(self._case.problem, self._case.candidates, scenario.settings, stated=self._preferences)
        self.candidates = self._case.candidates

    def tried(self, rule: str, draws: range) -> Iterator[Trial]:
        """One trial, or one a draw of a random rule.

        The first is read a second time from the inputs, as a run is; every one is held against capacities, upper
        limits and required pairs. Of the first draw of all the fits of each recipient are told.
        """
        scenario = self._scenario.replace({"rule": from_here(rule)})
        procedure = procedure_of(scenario)
        case, agenda = self._case_under(scenario)
        is_random = procedure is not None and procedure.promise.random
        for n, draw in enumerate(draws if is_random else range(1)):
            start = perf_counter()
            try:
                outcome = self._searched(scenario) if procedure is None else _matched(case, procedure, agenda, draw)
                seconds = perf_counter() - start
                if n == 0:
                    self._read_again(scenario, outcome)
            except NleOptimizerError as fault:
                yield Trial(rule, draw, {}, reason=" | ".join(str(fault).splitlines()))
                return
            except Exception as fault:  # a fault of ours in one rule is no reason to lose the others
                yield Trial(rule, draw, {}, reason=f"a fault of nle-optimizer: {type(fault).__name__}: {fault}")
                return
            yield replace(self._measured(rule, draw, outcome, seconds), is_random=is_random)

    def _searched(self, scenario: Scenario) -> Outcome:
        outcome = solve(scenario, lambda _: None, lambda _: None, nullcontext(lambda: False), self._memory)
        if outcome.status in ("infeasible", "unknown"):
            raise NleOptimizerError(f"{outcome.status}: {'; '.join(outcome.clashes[:3]) or 'nothing was found'}")
        return outcome

    def _case_under(self, scenario: Scenario) -> tuple[Case, Agenda]:
        """The case and what a rule goes by; what stands today counts otherwise where the rule keeps it."""
        case, agenda = self._case, replace(self._agenda, stop=self._stopping())
        if scenario.settings.rule == STATUS_QUO:
            case = prepare(scenario, lambda _: None, self._memory)
            agenda = replace(agenda, problem=case.problem, candidates=case.candidates)
        return case, agenda

    def _stopping(self) -> Stopping:
        """What the scenario says of when to stop, from now on."""
        stop = self._scenario.settings.stop
        deadline = None if stop.seconds is None else monotonic() + float(stop.seconds)
        return Stopping(Fraction(stop.gap), stop.work, deadline)

    def _read_again(self, scenario: Scenario, outcome: Outcome) -> None:
        wrong = check_claim(scenario, publish_briefly(replace(outcome, scenario=scenario)), self._memory)
        if wrong:
            raise NleOptimizerError(f"it does not stand up to a second reading: {'; '.join(wrong[:3])}")

    def _measured(self, rule: str, draw: int, outcome: Outcome, seconds: float) -> Trial:
        solution = outcome.solution
        measured = Measured(self._case, solution.matched, self._preferences)
        fit, missed = measured.fit if draw == 0 else None, (*_missed(solution, self._case), *solution.missed)
        remarks = (*solution.remarks, *_left_open(outcome))
        return Trial(
            rule, draw, figures_of(measured), fit, solution.matched, missed=missed, remarks=remarks, seconds=seconds
        )


def _missed(solution: Solution, case: Case) -> list[str]:
    broken = [told for asked in case.requirements for told in violations(asked, solution.matched)]
    return [*overuse(case.problem, solution.matched), *broken]


def _left_open(outcome: Outcome) -> Iterator[str]:
    """By how much a rule that searches may be below its own optimum."""
    for level, found in zip(outcome.problem.levels, outcome.solution.levels, strict=False):
        if not found.proved:
            gap = abs(found.bound - found.value) / max(1, abs(found.bound))
            yield f"{level.name} is not proved: its bound is {gap:.2%} away"
            return


def _matched(case: Case, procedure: Procedure, agenda: Agenda, draw: int) -> Outcome:
    clashes = [] if procedure.promise.may_break_limits else overfull(case.problem)
    why = "; ".join(clashes[:3]) if clashes else procedure.refuses(agenda)
    if why:
        raise NleOptimizerError(f"it cannot be carried out: {why}")
    return case.solved_by(carried_out(procedure, agenda, draw))
