"""What each synthetic school is: phase, faith, Ofsted record, whether in a trust, type, status, size."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np

from nle_optimizer.records import Flags, Integers, Texts
from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.sources.synthetic.figures import Figures, national
from nle_optimizer.sources.synthetic.randomness import Floats, Stream
from nle_optimizer.sources.synthetic.vocabulary import FAITHS, RECORDS, TWICE_BELOW_GOOD

STATUSES = np.array(["Open", "Closed", "Open, but proposed to close"], dtype=object)
STATUS_WEIGHTS = np.array([[9_960.0, 36.0, 4.0]])
"""Assumed: closed schools as planners' lists still carry them; the rest as in GIAS."""
PUPILS = np.array(
    [
        [30, 45, 60, 75, 90, 110, 150],
        [20, 85, 140, 205, 300, 415, 800],
        [250, 600, 800, 980, 1150, 1350, 2000],
        [300, 700, 950, 1150, 1350, 1550, 2200],
        [25, 65, 95, 125, 160, 205, 380],
        [10, 25, 40, 55, 75, 100, 180],
        [150, 500, 1000, 1600, 2100, 2700, 4500],
    ],
    dtype=np.float64,
)
"""Assumed quantiles (every sixth) of the number of pupils by phase: the extract has no pupil numbers."""
_SMOOTHING = 0.01
NURSERY_TYPE = "Local authority nursery school"
"""The extract names no type for nurseries; this is GIAS's."""
MOST_IN_TRUSTS = 0.97
MOST_TWICE = 0.98
"""No chance is made greater than these, so that every kind of school stays possible."""
CORRECTIONS = 10
"""How often chances that were cut so are scaled again towards the total aimed at."""


@dataclass(frozen=True, eq=False)
class Kinds:
    """Shape (schools,) each; codes count in the order of `PHASES`, `FAITHS`, `RECORDS` and `STATUSES`."""

    phase: Integers
    faith: Integers
    record: Integers
    in_trust: Flags
    establishment_type: Texts
    status: Integers
    pupils: Integers


def draw_kinds(authority: Integers, figures: Figures, stream: Stream, twice_below_good: float | None = None) -> Kinds:
    """What each school is, given its authority (row of `figures`).

    Args:
        authority: shape (schools,).
        figures: the authorities drawn from.
        stream: the draws.
        twice_below_good: share of schools with both grades below Good, instead of the measured one.
    """
    phase = stream.pick(figures.phases.astype(np.float64), authority)
    row = authority * len(PHASES) + phase
    faith = stream.pick(_by_phase(figures.faiths, "faith", FAITHS), row)
    records = _by_phase(figures.records, "record", RECORDS)
    if twice_below_good is not None:
        records = _with_share(records, figures.phases.ravel(), twice_below_good)
    record = stream.pick(records, row)
    in_trust = stream.uniform(len(row)) < _trust_share(figures, records)[row, record]
    return Kinds(
        phase,
        faith,
        record,
        in_trust,
        _types(phase, faith, in_trust, stream),
        stream.pick(STATUS_WEIGHTS, np.zeros(len(row), dtype=np.int64)),
        stream.quantile(PUPILS, phase),
    )


def _by_phase(counts: Integers, figure: str, values: Sequence[str]) -> Floats:
    """Weights of values for each authority and phase: the authority's counts as the phase tilts them."""
    phases = national().counts(figure, PHASES, values)
    mix = np.array([[fsum(column) for column in phases.T]])
    tilt = phases / mix / np.array([[fsum(row)] for row in phases])
    weights = (counts + _SMOOTHING * mix / fsum(mix[0]))[:, None, :] * tilt[None, :, :]
    rows: Floats = weights.reshape(-1, len(values))
    return rows


def _with_share(weights: Floats, schools: Integers, share: float) -> Floats:
    """The same weights, tilted until `share` of schools so many a row is expected to be twice below Good."""
    twice = np.isin(np.arange(weights.shape[1]), TWICE_BELOW_GOOD)
    total = _totals(weights)
    chance = _totals(weights[:, twice]) / total
    aimed = chance
    for _ in range(CORRECTIONS):
        expected = fsum((aimed * schools).tolist()) / int(schools.sum())
        aimed = np.minimum(aimed * (share / expected if expected else 0.0), MOST_TWICE)
    others = (1.0 - aimed) / np.maximum(1.0 - chance, 1e-9)
    ratio = aimed / np.where(chance > 0, chance, 1.0)
    return weights / total[:, None] * np.where(twice[None, :], ratio[:, None], others[:, None])


def _trust_share(figures: Figures, records: Floats) -> Floats:
    """Chance of being in a multi-academy trust, a row for each authority and phase, a column for each record.

    An authority's share as phase and record tilt it, scaled until as many are expected as were measured.
    """
    by_phase, by_record = (national().counts("in_trust", names, ("yes", "no")) for names in (PHASES, RECORDS))
    phase_tilt, record_tilt = (table[:, 0] / (table[:, 0] + table[:, 1]) for table in (by_phase, by_record))
    tilt = phase_tilt[:, None] * record_tilt[None, :]
    expected = figures.phases.reshape(-1, 1) * records / _totals(records)[:, None]
    expected = expected.reshape(len(figures.schools), -1)
    chance = np.minimum(np.tile(tilt.reshape(1, -1), (len(expected), 1)), MOST_IN_TRUSTS)
    for _ in range(CORRECTIONS):
        scale = figures.in_trust / np.maximum(_totals(expected * chance), 1e-9)
        chance = np.minimum(chance * scale[:, None], MOST_IN_TRUSTS)
    return chance.reshape(records.shape)


def _totals(rows: Floats) -> Floats:
    """The sum of each row, added from left to right on every machine."""
    totals: Floats = np.cumsum(rows, axis=1)[:, -1]
    return totals


def _types(phase: Integers, faith: Integers, in_trust: Flags, stream: Stream) -> Texts:
    """A type of establishment as schools of that phase, standing and character have."""
    kinds = [*national().values("type"), NURSERY_TYPE]
    given = [f"{name}|{trust}|{which}" for name in PHASES for trust in ("alone", "trust") for which in ("", "faith")]
    weights = national().counts("type", given, kinds)
    weights[: len(given) // len(PHASES), -1] = 1.0
    for row in np.flatnonzero(weights.max(axis=1) == 0):
        weights[row] = weights[row - 1]
    rows = 4 * phase + 2 * in_trust + (faith > 0)
    names: Texts = np.array(kinds, dtype=object)[stream.pick(weights, rows)]
    return names
