"""Levels about the worst-off, by thresholds: which least fit can be had, and how many can reach each fit."""

import numpy as np

from nle_optimizer.engines.general.draft import Draft
from nle_optimizer.engines.general.run import Run
from nle_optimizer.model.levels import LeastFit, Leximin
from nle_optimizer.model.solution import LevelOutcome
from nle_optimizer.records import Flags, Integers

_NO_OBJECTIVE = np.zeros(0, dtype=np.int64)


def most_of(level: LeastFit | Leximin) -> int:
    """The greatest fit that counts; of nobody, 0."""
    return int(level.amounts[level.counted].max(initial=0))


def optimise_least(run: Run, level: LeastFit) -> LevelOutcome:
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


def optimise_leximin(run: Run, level: Leximin) -> LevelOutcome:
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
        return LevelOutcome(value, most_of(level) + 1, "trivial")
    return LevelOutcome(value, value, "solver")


def hold_least(run: Run, level: LeastFit, value: int) -> None:
    """Keep a level at its value while others are optimised."""
    run.draft = _least_at(run.draft, level, value)
    run.held.append((None, value))


def hold_leximin(run: Run, level: Leximin) -> None:
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


def _most_that_reach(run: Run, level: Leximin, fit: int) -> int | None:
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


def _farthest(run: Run, level: Leximin, fits: Integers, at: int, number: int) -> int:
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


def _reached_by_all(run: Run, level: Leximin, fits: Integers, at: int) -> int:
    """The last of the fits that every matched pair reaches which reaches the present one."""
    own = level.amounts[run.matched[level.counted[run.matched]]]
    return int(np.searchsorted(fits, own[own >= fits[at]].min()))
