"""The nearest available NLE of each recipient that is left out."""

from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers, Records
from nle_optimizer.stages.geography import NO_LIMIT, is_placed, metres
from nle_optimizer.stages.given_pairs import GivenPairs, given_pairs

NOWHERE = -1

SMALL = 1_000_000
"""Distances that are reckoned one by one rather than by a search tree."""

CLOSE = 2
"""Metres within which two distances may round to the same."""


def nearest_nles(outcome: Outcome, rows: Integers) -> tuple[Integers, Integers]:
    """For each given recipient, the index of the nearest available NLE and its distance in metres.

    Distances of the pairs table count in place of computed ones; ties go to the lower identifier; -1 where
    no distance is known.
    """
    recipients, nles = outcome.recipients.take(rows), outcome.candidates.nles
    detour = outcome.scenario.settings.geography.detour_factor
    nle, distance = _by_place(recipients, nles, detour)
    table = given_pairs(outcome.scenario.pairs, recipients, nles)
    if table is not None and table.given("distance_km").any():
        _patch(recipients, nles, (nle, distance), table, detour)
    return nle, distance


def _by_place(recipients: Records, nles: Records, detour: Decimal) -> tuple[Integers, Integers]:
    nle = np.full(len(recipients), NOWHERE, dtype=np.int64)
    distance = np.full(len(recipients), NOWHERE, dtype=np.int64)
    placed, here = np.flatnonzero(is_placed(nles)), np.flatnonzero(is_placed(recipients))
    if len(placed) and len(here):
        points, places = _points(nles)[placed], _points(recipients)[here]
        nearest = _nearest(places, points, detour)
        nle[here] = placed[nearest]
        apart = points[nearest] - places
        distance[here] = metres((apart * apart).sum(axis=1), detour)
    return nle, distance


def _nearest(places: Integers, points: Integers, detour: Decimal) -> Integers:
    """The nearest point of each place by whole metres; where several are equally near, the first."""
    if len(points) * len(places) <= SMALL:
        return np.asarray(metres(_squares(places, points), detour).argmin(axis=1))
    from scipy.spatial import cKDTree

    apart, nearest = cKDTree(points).query(places, k=2)
    first = nearest[:, 0].astype(np.int64)
    for row in np.flatnonzero(apart[:, 1] - apart[:, 0] < CLOSE):
        first[row] = metres(_squares(places[row : row + 1], points), detour).argmin()
    return first


def _squares(places: Integers, points: Integers) -> Integers:
    across = places[:, :1] - points[:, 0]
    up = places[:, 1:] - points[:, 1]
    return across * across + up * up


def _points(table: Records) -> Integers:
    return np.stack([table.values("easting"), table.values("northing")], axis=1)


def _row(recipients: Records, nles: Records, row: int, detour: Decimal) -> Integers:
    """The distance of one recipient from every NLE; NO_LIMIT where not known."""
    if not is_placed(recipients)[row]:
        return np.full(len(nles), NO_LIMIT, dtype=np.int64)
    squares = _squares(_points(recipients)[row : row + 1], _points(nles))[0]
    return np.where(is_placed(nles), metres(squares, detour), NO_LIMIT)


def _patch(
    recipients: Records, nles: Records, found: tuple[Integers, Integers], table: GivenPairs, detour: Decimal
) -> None:
    """Reckon the recipients anew that the pairs table gives a distance for."""
    told = np.flatnonzero(table.given("distance_km"))
    for row in np.unique(table.recipient[told]):
        distances = _row(recipients, nles, int(row), detour)
        of_row = told[table.recipient[told] == row]
        distances[table.nle[of_row]] = table.table.values("distance_km")[of_row]
        best = int(distances.argmin())
        if distances[best] < NO_LIMIT:
            found[0][row], found[1][row] = best, distances[best]
