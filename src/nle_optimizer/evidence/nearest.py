"""The nearest available NLE of each recipient that is left out."""

from decimal import Decimal

import numpy as np

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import Integers, Records
from nle_optimizer.stages.geography import NO_LIMIT, metres
from nle_optimizer.stages.given_pairs import GivenPairs, given_pairs

NOWHERE = -1

SMALL = 1_000_000
"""Distances that are reckoned one by one rather than by a search tree."""


def nearest_nles(outcome: Outcome, rows: Integers) -> tuple[Integers, Integers]:
    """For each given recipient, the index of the nearest available NLE and its distance in metres.

    Distances of the pairs table count in place of computed ones; ties go to the lower identifier; -1 where
    no distance is known.
    """
    recipients, nles = outcome.recipients.take(rows), outcome.candidates.nles
    nle, square = _by_place(recipients, nles)
    detour = outcome.scenario.settings.geography.detour_factor
    distance = np.where(nle >= 0, metres(np.maximum(square, 0), detour), NOWHERE)
    table = given_pairs(outcome.scenario.pairs, recipients, nles)
    if table is not None and table.given("distance_km").any():
        _patch(recipients, nles, (nle, distance), table, detour)
    return nle, distance


def _by_place(recipients: Records, nles: Records) -> tuple[Integers, Integers]:
    nle = np.full(len(recipients), NOWHERE, dtype=np.int64)
    square = np.full(len(recipients), NOWHERE, dtype=np.int64)
    placed = np.flatnonzero(nles.given("easting") & nles.given("northing"))
    here = np.flatnonzero(recipients.given("easting") & recipients.given("northing"))
    if not len(placed) or not len(here):
        return nle, square
    points, places = _points(nles)[placed], _points(recipients)[here]
    if len(points) * len(places) <= SMALL:
        nearest = _squares(places, points).argmin(axis=1)
    else:
        nearest = _by_tree(points, places)
    nle[here] = placed[nearest]
    apart = points[nearest] - places
    square[here] = (apart * apart).sum(axis=1)
    return nle, square


def _by_tree(points: Integers, places: Integers) -> Integers:
    """The nearest point of each place; where several are equally near, the first."""
    from scipy.spatial import cKDTree

    distance, nearest = cKDTree(points).query(places, k=2)
    tied = np.flatnonzero(distance[:, 1] - distance[:, 0] < 0.5)
    first = nearest[:, 0].astype(np.int64)
    for row in tied:
        first[row] = _squares(places[row : row + 1], points).argmin()
    return first


def _squares(places: Integers, points: Integers) -> Integers:
    across = places[:, :1] - points[:, 0]
    up = places[:, 1:] - points[:, 1]
    return across * across + up * up


def _points(table: Records) -> Integers:
    return np.stack([table.values("easting"), table.values("northing")], axis=1)


def _row(recipients: Records, nles: Records, row: int, detour: Decimal) -> Integers:
    """The distance of one recipient from every NLE; NO_LIMIT where not known."""
    placed = nles.given("easting") & nles.given("northing")
    here = recipients.given("easting")[row] and recipients.given("northing")[row]
    if not here:
        return np.full(len(nles), NO_LIMIT, dtype=np.int64)
    squares = _squares(_points(recipients)[row : row + 1], _points(nles))[0]
    return np.where(placed, metres(squares, detour), NO_LIMIT)


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
