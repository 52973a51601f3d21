"""Levels as parts of a programme: sums, spreads and thresholds, and how levels before are held.

A level that is a sum over pairs and presences: one whole-number program, and its relaxation's own proof. A level that
is the distance between the greatest share and the least: two variables stand for the two. Levels about the worst-off,
by thresholds: which least fit can be had, and how many can reach each fit. What was optimised before a general engine
takes over, held as if it had been optimised here.
"""

from collections.abc import Sequence

import numpy as np

from nle_optimizer.engines.general.program_from_problem import Draft
from nle_optimizer.engines.general.relaxation import relaxed_leaf
from nle_optimizer.engines.general.solving import LevelRun
from nle_optimizer.model.levels import LeastFit, Level, Leximin, Share, Spread
from nle_optimizer.model.problem import Leaf, LevelOutcome, Problem
from nle_optimizer.records import MILLION, Flags, Integers


def optimise_sum(run: LevelRun, level: Level, known: int | None = None) -> tuple[LevelOutcome, Leaf | None]:
    """Optimise a level and hold it; its outcome, and the multipliers that prove a bound where there are any.

    Args:
        run: where the engine stands.
        level: what is optimised.
        known: the most that a solver has shown the level to be; None where it was not asked.
    """
    amounts = amounts_of(level)
    leaf = None
    if level.presence_amounts is None and run.problem.resources:
        leaf = relaxed_leaf(run.problem, level.amounts, run.held, run.stop)
    trivial = most_of_sum(run.problem, level)
    ceiling = min(trivial, trivial if leaf is None else leaf.bound, trivial if known is None else known)
    value = level.value(run.problem, run.matched)
    bound = ceiling
    if not run.stop.good_enough(value, ceiling):
        bound = _search(run, amounts, ceiling)
        value = level.value(run.problem, run.matched)
    if bound > value:
        run.leave()
    run.hold(level, amounts, value, proved=bound == value)
    return LevelOutcome(value, bound, _proof(bound, leaf, trivial)), leaf


def amounts_of(level: Level) -> Integers:
    """What each pair and each presence is worth."""
    return level.amounts if level.presence_amounts is None else np.concatenate([level.amounts, level.presence_amounts])


def most_of_sum(problem: Problem, level: Level) -> int:
    """The most a level can have whatever the capacities: each recipient its best pairs, each presence that helps."""
    gains = np.flatnonzero(level.amounts > 0)
    order = gains[np.lexsort((-level.amounts[gains], problem.recipient[gains]))]
    recipients = problem.recipient[order]
    rank = np.arange(len(order)) - np.searchsorted(recipients, recipients)
    best = int(level.amounts[order[rank < problem.supporters[recipients]]].sum())
    if level.presence_amounts is None:
        return best
    return best + int(level.presence_amounts[level.presence_amounts > 0].sum())


def _search(run: LevelRun, amounts: Integers, ceiling: int) -> int:
    """Look for a better allocation until it is proved that there is none; the bound."""
    draft = run.draft.copy()
    draft.add_row(amounts, None, ceiling)
    answer = run.solve(draft, amounts, gap=float(run.stop.gap))
    if answer.values is not None:
        run.adopt_better(answer.values, amounts)
    return ceiling if answer.bound is None else min(ceiling, answer.bound)


def _proof(bound: int, leaf: Leaf | None, trivial: int) -> str:
    if leaf is not None and leaf.bound == bound:
        return "multipliers"
    return "trivial" if bound == trivial else "solver"


def optimise_spread(run: LevelRun, level: Spread) -> LevelOutcome:
    """Optimise a level and hold it."""
    amounts = _added(run, level)
    value, bound = level.value(run.problem, run.matched), 0
    if not run.stop.good_enough(value, bound):
        answer = run.solve(run.draft, amounts, gap=float(run.stop.gap))
        if answer.values is not None:
            run.adopt_better(answer.values, amounts)
        value, bound = level.value(run.problem, run.matched), min(0, 0 if answer.bound is None else answer.bound)
    if bound > value:
        run.leave()
    _keep(run, amounts, value)
    return LevelOutcome(value, bound, "trivial" if bound == 0 else "solver")


def hold_spread(run: LevelRun, level: Spread, value: int) -> None:
    """Keep a level at its value while others are optimised."""
    _keep(run, _added(run, level), value)


def _added(run: LevelRun, level: Spread) -> Integers:
    """Add the variables of a level; what each variable is worth for it."""
    columns = _add_ends(run.problem, run.draft, level)
    run.spreads.append((level, columns))
    amounts = np.zeros(len(run.draft.lower), dtype=np.int64)
    amounts[columns] = -1, 1
    return amounts


def _keep(run: LevelRun, amounts: Integers, value: int) -> None:
    run.draft.add_row(amounts, value, None)
    run.held.append((None, value))


def _add_ends(problem: Problem, draft: Draft, level: Spread) -> Integers:
    """Variables for the greatest and the least share in millionths, which every share lies between."""
    terms = [_terms(problem, share) for share in level.shares]
    reach = [_reach(coefficients, share.whole) for (_, coefficients), share in zip(terms, level.shares, strict=True)]
    low, high = (np.array(ends, np.int64) for ends in zip(*reach, strict=True))
    columns = draft.add_variables(np.array([low.max(), low.min()]), np.array([high.max(), high.min()]))
    for (own, coefficients), share in zip(terms, level.shares, strict=True):
        for column, least, most in ((columns[0], 0, None), (columns[1], None, 0)):
            draft.rows.add(np.append(own, column), np.append(-MILLION * coefficients, share.whole), least, most)
    return columns


def _terms(problem: Problem, share: Share) -> tuple[Integers, Integers]:
    columns = np.concatenate([share.pairs, problem.size + share.presences])
    return columns, np.concatenate([share.amounts, share.presence_amounts])


def _reach(coefficients: Integers, whole: int) -> tuple[int, int]:
    """The least share in millionths, rounded down, and the greatest, rounded up, whatever is matched."""
    least, most = int(coefficients[coefficients < 0].sum()), int(coefficients[coefficients > 0].sum())
    return least * MILLION // whole, -(-most * MILLION // whole)


_NO_OBJECTIVE = np.zeros(0, dtype=np.int64)


def most_of_threshold(level: LeastFit | Leximin) -> int:
    """The greatest fit that counts; of nobody, 0."""
    return int(level.amounts[level.counted].max(initial=0))


def optimise_least(run: LevelRun, level: LeastFit) -> LevelOutcome:
    """Find the greatest least fit by halving the fits there are, and hold it."""
    fits = np.unique(np.append(level.amounts[level.counted], 0))
    value = level.value(run.problem, run.matched)
    low, high = int(np.searchsorted(fits, value)), len(fits)
    while high - low > 1 and not run.over:
        middle = (low + high) // 2
        answer = run.solve(_least_at(run.draft, level, int(fits[middle])), _NO_OBJECTIVE)
        if answer.values is not None:
            run.adopt(answer.values)
            low = int(np.searchsorted(fits, level.value(run.problem, run.matched)))
        elif answer.status == "infeasible":
            high = middle
        else:
            run.leave(exact=True)
    value = int(fits[low])
    hold_least(run, level, value)
    return LevelOutcome(value, int(fits[high - 1]), "trivial" if high == len(fits) else "solver")


def optimise_leximin(run: LevelRun, level: Leximin) -> LevelOutcome:
    """Fix, from the least fit up, how many pairs reach each fit."""
    fits = np.unique(level.amounts[level.counted & (level.amounts > 0)])
    at = 0
    while at < len(fits) and not run.over:
        number = _most_that_reach(run, level, int(fits[at]))
        if number is None or number == 0:
            break
        at = _farthest(run, level, fits, at, number) + 1
    value = level.value(run.problem, run.matched)
    run.held.append((None, value))
    if run.over:
        return LevelOutcome(value, most_of_threshold(level) + 1, "trivial")
    return LevelOutcome(value, value, "solver")


def hold_least(run: LevelRun, level: LeastFit, value: int) -> None:
    """Keep a level at its value while others are optimised."""
    run.draft = _least_at(run.draft, level, value)
    run.held.append((None, value))


def hold_leximin(run: LevelRun, level: Leximin) -> None:
    """Let just as many pairs have each fit as do now while others are optimised: whatever is as good has as many."""
    counts = level.counted & (level.amounts > 0)
    own = run.matched[counts[run.matched]]
    fits, numbers = np.unique(level.amounts[own], return_counts=True)
    run.draft.upper[: len(counts)][counts & ~np.isin(level.amounts, fits)] = 0
    for fit, number in zip(fits.tolist(), numbers.tolist(), strict=True):
        run.draft.add_row((counts & (level.amounts == fit)).astype(np.int64), number, number)
    run.held.append((None, level.value(run.problem, run.matched)))


def _least_at(draft: Draft, level: LeastFit, fit: int) -> Draft:
    """The draft in which the level has at least this value."""
    result = draft.copy()
    result.upper[: len(level.counted)][level.counted & (level.amounts < fit)] = 0
    if fit > 0:
        result.add_row(level.counted.astype(np.int64), 1, None)
    return result


def _reaching(level: Leximin, fit: int) -> Integers:
    """1 for each pair that counts and reaches a fit."""
    flags: Flags = level.counted & (level.amounts >= fit)
    return flags.astype(np.int64)


def _most_that_reach(run: LevelRun, level: Leximin, fit: int) -> int | None:
    """Match as many pairs that reach a fit as can be, and hold the number; None where that is not proved."""
    reaching = _reaching(level, fit)
    answer = run.solve(run.draft, reaching)
    if answer.values is not None:
        run.adopt_better(answer.values, reaching)
    number = int(reaching[run.matched].sum())
    if answer.bound != number:
        run.leave(exact=True)
        return None
    run.draft.add_row(reaching, number, None)
    return number


def _farthest(run: LevelRun, level: Leximin, fits: Integers, at: int, number: int) -> int:
    """The last of the fits that as many pairs can reach as reach the present one; held."""
    low, high = _reached_by_all(run, level, fits, at), len(fits)
    while high - low > 1 and not run.over:
        middle = (low + high) // 2
        draft = run.draft.copy()
        draft.add_row(_reaching(level, int(fits[middle])), number, None)
        answer = run.solve(draft, _NO_OBJECTIVE)
        if answer.values is not None:
            run.adopt(answer.values)
            low = _reached_by_all(run, level, fits, middle)
        elif answer.status == "infeasible":
            high = middle
        else:
            run.leave(exact=True)
    run.draft.add_row(_reaching(level, int(fits[low])), number, None)
    return low


def _reached_by_all(run: LevelRun, level: Leximin, fits: Integers, at: int) -> int:
    """The last of the fits that every matched pair reaches which reaches the present one."""
    own = level.amounts[run.matched[level.counted[run.matched]]]
    return int(np.searchsorted(fits, own[own >= fits[at]].min()))


def hold_all(run: LevelRun, outcomes: Sequence[LevelOutcome]) -> None:
    """Hold the first levels, of which these are the outcomes."""
    for level, outcome in zip(run.problem.levels, outcomes, strict=False):
        if isinstance(level, Level):
            _hold_sum(run, level, outcome)
        elif isinstance(level, Spread):
            hold_spread(run, level, outcome.value)
        elif isinstance(level, LeastFit):
            hold_least(run, level, outcome.value)
        else:
            hold_leximin(run, level)


def _hold_sum(run: LevelRun, level: Level, outcome: LevelOutcome) -> None:
    """Hold a sum; one that is not proved gives nothing up, as proofs of levels before this may rest on its value."""
    best = outcome.bound if outcome.proved else outcome.value
    if outcome.proved or level.within is None:
        run.hold(level, amounts_of(level), best, proved=outcome.proved)
    else:
        run.draft.add_row(amounts_of(level), outcome.value, outcome.value)
        run.held.append((None, outcome.value))
