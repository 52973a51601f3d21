"""What one change is worth, read off a network or found by solving again.

What one change is worth: read off the exchanges of a network, or found by solving again, from the plan or not. What
is asked: one unit more and one fewer of something, answered at once or by solving when it comes to that. The problem
of a case with one thing changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nle_optimizer.engines.engine import FromAStart, Stopping, engines_for
from nle_optimizer.engines.exchanges.changes import Exchanged
from nle_optimizer.engines.exchanges.exchanges import Exchanges
from nle_optimizer.errors import InfeasibleError
from nle_optimizer.evidence.outcome import Case, Outcome
from nle_optimizer.model.build import build_problem, overfull
from nle_optimizer.model.constraints.ground import Ground
from nle_optimizer.model.constraints.requirement import requirement
from nle_optimizer.model.levels import Level
from nle_optimizer.model.problem import Problem, Row, Solution
from nle_optimizer.records import Column, Flags, Integers, Kind

NETWORK, FROM_THE_PLAN, SOLVED, UNCHANGED = "network", "solving again from the plan", "solving again", "no change"
NO_SUM = "not told: fits do not add up"
ONE_EACH = "not told: the least fit is that of schools of one supporter"


@dataclass(frozen=True)
class ChangeAnswer:
    """What a change does.

    Attributes:
        method: `network` (residual network), `solving again from the plan`, `solving again` from nothing, where the
            engine would gain nothing from the plan, `no change` where it is plain that nothing changes, or
            `not told: fits do not add up` of a further supporter whose fit would be added to a share of the same need,
            `not told: the least fit is ...` of one under `min_fit` or `leximin_fit`.
        is_possible: whether any allocation has the change.
        least, most: how much each level changes at least and at most, in its maximising orientation, as far as is
            known: levels after the first whose two values differ are left out. Both are empty where nothing is known.
        gained, lost: schools that are supported after the change and were not, and the other way round.
    """

    method: str
    is_possible: bool = True
    least: tuple[int, ...] = ()
    most: tuple[int, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether the change of the first level is known exactly."""
        return not self.is_possible or (bool(self.least) and self.least[0] == self.most[0])


def impossible(method: str = UNCHANGED) -> ChangeAnswer:
    """The answer where no allocation has the change."""
    return ChangeAnswer(method, is_possible=False)


def unchanged(levels: int, method: str = UNCHANGED) -> ChangeAnswer:
    """The answer where nothing changes on so many levels."""
    return ChangeAnswer(method, least=(0,) * levels, most=(0,) * levels)


def from_exchanges(changes: Exchanged, outcome: Outcome) -> list[ChangeAnswer]:
    """Each change as an answer."""
    values = changes.values[:, : len(outcome.problem.levels)]
    columns = changes.possible.tolist(), map(tuple, values.tolist()), *_gained_and_lost(changes, outcome)
    return [
        ChangeAnswer(NETWORK, True, own, own, tuple(gained), tuple(lost)) if possible else impossible(NETWORK)
        for possible, own, gained, lost in zip(*columns, strict=True)
    ]


def _gained_and_lost(changes: Exchanged, outcome: Outcome) -> tuple[list[list[str]], list[list[str]]]:
    """The schools that each change makes supported, and those that it leaves without an NLE."""
    count = len(outcome.recipients)
    joining, leaving = (
        turns.change * count + outcome.problem.recipient[turns.pair] for turns in (changes.added, changes.removed)
    )
    touched, place = np.unique(np.concatenate([joining, leaving]), return_inverse=True)
    more, fewer = (np.bincount(own, minlength=len(touched)) for own in np.split(place, [len(joining)]))
    change, recipient = np.divmod(touched, count)
    before = outcome.found[recipient]
    after = before + more - fewer
    schools: tuple[list[list[str]], list[list[str]]] = (
        [[] for _ in range(len(changes))],
        [[] for _ in range(len(changes))],
    )
    for told, turned in zip(schools, ((before == 0) & (after > 0), (before > 0) & (after == 0)), strict=True):
        for n, school in zip(change[turned].tolist(), outcome.recipients.ids[recipient[turned]].tolist(), strict=True):
            told[n].append(school)
    return schools


def gained_and_lost(outcome: Outcome, supported: Flags) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The schools gained and lost where these are supported."""
    ids, before = outcome.recipients.ids, outcome.supported
    return tuple(ids[supported & ~before].tolist()), tuple(ids[before & ~supported].tolist())


def by_solving(outcome: Outcome, problem: Problem, stop: Stopping, *, relaxed: bool) -> ChangeAnswer:
    """The answer from solving another problem of the same recipients and pairs; as `solved_again`."""
    return solved_again(outcome, problem, stop, relaxed=relaxed)[0]


def solved_again(
    outcome: Outcome, problem: Problem, stop: Stopping, *, relaxed: bool | None
) -> tuple[ChangeAnswer, Solution | None]:
    """The same, and the solution; None where there is none.

    Args:
        outcome: as it stands.
        problem: with the change.
        stop: when each search stops.
        relaxed: whether everything that was allowed still is; otherwise nothing is allowed that was not. None where
            neither holds.
    """
    settings = outcome.scenario.settings
    if overfull(problem):
        return impossible(), None
    engine = next(engines_for(problem, "auto"))
    method = FROM_THE_PLAN if isinstance(engine, FromAStart) else SOLVED
    try:
        if isinstance(engine, FromAStart):
            found = engine.solve_from(problem, settings.seed, stop, outcome.solution.matched)
        else:
            found = engine.solve(problem, settings.seed, stop)
    except InfeasibleError:
        return impossible(method), None
    if problem.levels and not found.levels:
        return ChangeAnswer(method), None
    least, most = _between(outcome.solution, found, relaxed=relaxed)
    count = np.bincount(problem.recipient[found.matched], minlength=len(problem.recipient_ids))
    return ChangeAnswer(method, True, least, most, *gained_and_lost(outcome, count > 0)), found


def _between(before: Solution, after: Solution, *, relaxed: bool | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The least and the most that each level changes, up to the first that is not known exactly."""
    least: list[int] = []
    most: list[int] = []
    for n, (old, new) in enumerate(zip(before.levels, after.levels, strict=True)):
        low, high = new.value - old.bound, new.bound - old.value
        if old.proved and new.proved:  # what a `within` gives up lies between value and bound
            low = high = new.value - old.value
        elif n == 0 and relaxed is not None:
            low, high = (max(low, 0), high) if relaxed else (low, min(high, 0))
        least.append(low)
        most.append(high)
        if low != high:
            break
    return tuple(least), tuple(most)


def best_of(answers: Sequence[ChangeAnswer]) -> tuple[int | None, ChangeAnswer]:
    """The best of several changes, which it is, and what is known of the best: an interval where some are not exact."""
    able = [n for n, answer in enumerate(answers) if answer.is_possible]
    if not able:
        return None, answers[0] if answers else impossible()
    if any(not answers[n].least for n in able):
        return None, next(answers[n] for n in able if not answers[n].least)
    best = max(able, key=lambda n: (answers[n].least, -n))
    if all(answers[n].is_exact for n in able):
        return best, answers[best]
    low, high = max(answers[n].least[0] for n in able), max(answers[n].most[0] for n in able)
    return best, replace(answers[best], least=(low,), most=(high,))


def between_plans(outcome: Outcome, after: Integers, method: str) -> ChangeAnswer:
    """What another plan, the matched pairs of which are given, has more or less than the one that stands."""
    problem, before = outcome.problem, outcome.solution.matched
    more = tuple(level.value(problem, after) - level.value(problem, before) for level in problem.levels)
    count = np.bincount(problem.recipient[after], minlength=len(problem.recipient_ids))
    return ChangeAnswer(method, True, more, more, *gained_and_lost(outcome, count > 0))


@dataclass(frozen=True, eq=False)
class Study:
    """A run to be asked.

    Attributes:
        exchanges: of its network; or, in words, why it has none, so that every answer needs solving again.
        seconds: after how many each of those searches stops; None for when it is done.
    """

    outcome: Outcome
    exchanges: Exchanges | str
    seconds: float | None = None

    @property
    def levels(self) -> int:
        """Levels on which the allocation is known to be the best, so that what changes nothing is known to."""
        if isinstance(self.exchanges, Exchanges):
            return self.exchanges.levels
        known = 0
        while known < len(self.outcome.solution.levels) and self.outcome.solution.levels[known].proved:
            known += 1
        return known

    @property
    def is_sum(self) -> bool:
        """Whether every level is a sum over pairs."""
        return all(isinstance(level, Level) for level in self.outcome.problem.levels)


@dataclass(frozen=True, eq=False)
class Question:
    """One change.

    Attributes:
        relaxed: whether it allows more than before; otherwise less.
        answer: what is known without solving again; None where nothing is.
        problem: makes the problem that has the change.
    """

    relaxed: bool
    answer: ChangeAnswer | None
    problem: Callable[[], Problem]

    def answered(self, study: Study) -> ChangeAnswer:
        """The answer, by solving again where it must be."""
        if self.answer is not None:
            return self.answer
        return by_solving(study.outcome, self.problem(), Stopping.within(study.seconds), relaxed=self.relaxed)


@dataclass(frozen=True, eq=False)
class Subject:
    """Something of which there could be one more or one fewer.

    Attributes:
        id: of an NLE or school, or the label of a row.
        resource: what there would be more of.
        more, fewer: the two changes.
        index: which NLE, recipient or row it is.
    """

    id: str
    resource: str
    more: Question
    fewer: Question
    index: int


def with_capacity(case: Case, resource: str, nle: int | Integers, more: int | Integers) -> Problem:
    """The problem where one NLE, or some, has more or less of a resource, in millionths; limits stay as they are."""
    capacity = _capacity(case)
    capacity[resource][nle] += more
    ground = Ground(case.candidates, case.use, case.cost, capacity)
    return build_problem(ground, case.requirements, list(case.objectives), case.scenario.settings)


def with_supporters(case: Case, recipient: int, supporters: int) -> Problem:
    """The problem where one recipient may have so many NLEs."""
    recipients = case.recipients
    allowed = case.problem.supporters.copy()
    allowed[recipient] = supporters
    return with_all_supporters(case, allowed, recipients.column("supporters").kind)


def with_all_supporters(case: Case, supporters: Integers, kind: Kind = Kind.COUNT) -> Problem:
    """The problem where every recipient may have so many NLEs, shape (recipients,)."""
    column = Column(kind, supporters, np.ones(len(supporters), dtype=bool))
    candidates = replace(case.candidates, recipients=case.recipients.with_columns({"supporters": column}))
    ground = Ground(candidates, case.use, case.cost, _capacity(case))
    settings = case.scenario.settings
    requirements = [requirement(asked, ground) for asked in settings.constraints]
    return build_problem(ground, requirements, list(case.objectives), settings)


def with_row(problem: Problem, number: int, **limits: int) -> Problem:
    """The problem with another limit on one of its rows."""
    rows: list[Row] = list(problem.rows)
    rows[number] = replace(rows[number], **limits)  # type: ignore[arg-type]
    return replace(problem, rows=tuple(rows))


def _capacity(case: Case) -> Mapping[str, Integers]:
    return {resource.name: resource.capacity.copy() for resource in case.problem.resources}
