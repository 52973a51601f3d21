"""Who, of those left, has a need that an NLE can meet."""

import numpy as np

from nle_optimizer.records import MILLION, Flags, Integers, Records, as_text
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.ledger import Ledger


def area_weights(settings: Settings) -> tuple[int, ...]:
    """The weight of each area as whole numbers without a common divisor, in the order of AREAS."""
    scaled = [int(settings.fit.weights.get(area, 0) * MILLION) for area in AREAS]  # type: ignore[call-overload]
    return tuple(weight // int(np.gcd.reduce(scaled)) for weight in scaled)


def with_stand_in(table: Records, prefix: str, settings: Settings) -> tuple[Integers, Flags]:
    """Needs or expertise, shape (3, rows), in millionths, and which are known.

    A number under `fit.unknown` stands in for a blank in an area with a weight, which then counts as known.
    """
    columns = [table.column(f"{prefix}_{area}") for area in AREAS]
    unknown = settings.fit.unknown
    stand_in = 0 if isinstance(unknown, str) else int(unknown * MILLION)
    stands = np.array(area_weights(settings)) > 0 if not isinstance(unknown, str) else np.zeros(len(AREAS), bool)
    values = [np.where(column.given, column.values, stand_in * stands[n]) for n, column in enumerate(columns)]
    known = [column.given | stands[n] for n, column in enumerate(columns)]
    return np.array(values, dtype=np.int64), np.array(known, dtype=bool)


def with_needs(recipients: Records, pairs: Records | None, settings: Settings, ledger: Ledger) -> Flags:
    """The recipients that stay candidates, shape (recipients,); the ledger takes those with nothing to match."""
    weighted = np.array(area_weights(settings)) > 0
    values, known = with_stand_in(recipients, "need", settings)
    assessed = np.array([recipients.given(f"need_{area}") for area in AREAS])
    fit_given = _has_given_fit(recipients, pairs)
    nothing = ((values == 0) & assessed)[weighted].all(axis=0) & ~fit_given
    only_governance = assessed.all(axis=0) & (values[0] == 0) & (values[1] > 0) & (values[2] == 0)
    signposted = only_governance & ~nothing & (settings.eligibility.governance_only == "signpost")
    unknown = ~known[weighted].all(axis=0) & ~fit_given & (settings.fit.unknown == "exclude")
    unknown &= ~nothing & ~signposted
    for rows, reason in ((nothing, "no-need"), (signposted, "governance-only"), (unknown, "unknown-need")):
        leaving = recipients.take(rows)
        ledger.take_out(leaving.ids.tolist(), "need", reason, _needs_in_words(leaving))
    return np.asarray(~(nothing | signposted | unknown))


def _has_given_fit(recipients: Records, pairs: Records | None) -> Flags:
    if pairs is None or "fit" not in pairs:
        return np.zeros(len(recipients), bool)
    with_fit = set(pairs.values("school_id")[pairs.given("fit")].tolist())
    return np.fromiter((school in with_fit for school in recipients.ids), bool, len(recipients))


def _needs_in_words(table: Records) -> list[str]:
    cells = [as_text(table.column(f"need_{area}")) for area in AREAS]
    return [
        ", ".join(f"{area} {cells[n][row] or 'blank'}" for n, area in enumerate(AREAS)) for row in range(len(table))
    ]
