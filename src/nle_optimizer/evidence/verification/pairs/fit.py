"""How well an NLE fits a school, in whole millionths."""

from fractions import Fraction
from math import lcm

import numpy as np

from nle_optimizer.evidence.verification.findings import RefusedError, half_up, millionths
from nle_optimizer.evidence.verification.pairs.character import Traits
from nle_optimizer.evidence.verification.pairs.geography import Filter
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import MILLION, Flags, Integers, Records
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

OF_ONE_NEED = ("need-met", "weakest-area")
"""Measures that are a share of a school's need, so that those of two supporters are not to be added up."""


def weighted_areas(settings: Settings) -> Integers:
    """The weights of the three areas as the smallest whole numbers in the same proportion."""
    weights = [Fraction(settings.fit.weights.get(area, 0)) for area in AREAS]  # type: ignore[call-overload]
    scale = lcm(*(weight.denominator for weight in weights))
    whole = np.array([int(weight * scale) for weight in weights], dtype=np.int64)
    return np.asarray(whole // np.gcd.reduce(whole))


def _levels(table: Records, kind: str) -> tuple[Integers, Flags]:
    columns = [table.column(f"{kind}_{area}") for area in AREAS]
    return np.stack([column.values for column in columns]), np.stack([column.given for column in columns])


class Fitness:
    """Fit of pairs, in total and by area."""

    def __init__(self, scenario: Scenario, recipients: Recipients, traits: Traits, listed: Listed):
        fit = scenario.settings.fit
        self._measure, self._traits, self._listed = fit.measure, traits, listed
        self._bonus = millionths(scenario.settings.suitability.prefer_bonus)
        self._minimum = Fraction(fit.minimum) * MILLION
        self._unknown_is_error = fit.unknown == "error"
        self._weights = weighted_areas(scenario.settings)
        self._need, self._need_given = _levels(recipients.table, "need")
        self._skill, self._skill_given = _levels(scenario.nles, "expertise")
        if not isinstance(fit.unknown, str):
            self._stand_in(millionths(fit.unknown))
        blank = (self._weights > 0)[:, None]
        self._need_unknown: Flags = np.asarray((~self._need_given & blank).any(axis=0))
        self._skill_unknown: Flags = np.asarray((~self._skill_given & blank).any(axis=0))
        self._need = np.where(self._need_given, self._need, 0)
        self._skill = np.where(self._skill_given, self._skill, 0)
        self._total_need = self._weights @ self._need
        self._no_need: Flags = np.asarray(self._total_need == 0, dtype=bool)
        self._must_be_told: Flags = np.asarray(recipients.supporters > 1) & (fit.measure in OF_ONE_NEED)
        self._doubts = bool(self._need_unknown.any() or self._skill_unknown.any())

    def _stand_in(self, value: int) -> None:
        counts = (self._weights > 0)[:, None]
        for cells, given in ((self._need, self._need_given), (self._skill, self._skill_given)):
            cells[counts & ~given] = value
            np.logical_or(given, counts, out=given)

    def filters(self) -> list[tuple[str, Filter]]:
        """The filters on needs; the one on the least fit comes after `fits`."""
        result: list[tuple[str, Filter]] = []
        if self._doubts:
            result.append(("unknown-fit", self._unknown))
        if self._no_need.any():
            result.append(("no-need-met", lambda pairs: self._not_told(pairs, self._no_need[pairs.rows])))
        return result

    def too_low(self, pairs: Pairs) -> Flags | None:
        """Which pairs, with their fit, are below the minimum."""
        if self._minimum == 0 or pairs.fit is None:
            return None
        return pairs.fit < -int(-self._minimum // 1)

    def _not_told(self, pairs: Pairs, flags: Flags) -> Flags:
        told = self._listed.cells(pairs, "fit")
        return flags if told is None else flags & ~told[1]

    def _unknown(self, pairs: Pairs) -> Flags:
        unknown = self._not_told(pairs, self._need_unknown[pairs.rows] | self._skill_unknown[pairs.nle])
        if self._unknown_is_error and unknown.any():
            raise RefusedError("a need or expertise is blank for a possible pair, and fit.unknown is error")
        return unknown

    def refuse_sums(self, pairs: Pairs) -> None:
        """Refuse pairs whose fits would be added up though each is a share of one need.

        Raises:
            RefusedError: there are such pairs.
        """
        if self._must_be_told.any() and self._not_told(pairs, self._must_be_told[pairs.rows]).any():
            raise RefusedError(f"a school has several supporters, whose fits do not add up under {self._measure}")

    def fits(self, pairs: Pairs) -> Integers:
        """The fit of pairs that the filters on needs let through."""
        fit = self._measured(pairs)
        preferred = self._traits.preferred(pairs)
        if preferred is not None:
            fit += preferred * self._bonus
        told = self._listed.cells(pairs, "fit")
        return fit if told is None else np.where(told[1], told[0], fit)

    def _measured(self, pairs: Pairs) -> Integers:
        measures = {
            "need-met": self._need_met,
            "need-covered": self._need_covered,
            "weighted-expertise": self._weighted_expertise,
            "weakest-area": self._weakest_area,
        }
        return np.asarray(measures[self._measure](pairs))

    def _need_met(self, pairs: Pairs) -> Integers:
        return half_up(MILLION * self._covered(pairs), np.maximum(self._total_need[pairs.rows], 1))

    def _need_covered(self, pairs: Pairs) -> Integers:
        return half_up(self._covered(pairs), int(self._weights.sum()))

    def _weighted_expertise(self, pairs: Pairs) -> Integers:
        need, skill = self._both(pairs)
        return half_up(self._weights @ (need * skill), np.maximum(self._total_need[pairs.rows], 1))

    def _weakest_area(self, pairs: Pairs) -> Integers:
        need, skill = self._both(pairs)
        counted = (self._weights > 0)[:, None] & (need > 0)
        shares = half_up(MILLION * np.minimum(need, skill), np.maximum(need, 1))
        return np.where(counted, shares, MILLION).min(axis=0)

    def _both(self, pairs: Pairs) -> tuple[Integers, Integers]:
        """Need and expertise of each pair by area, shapes (areas, pairs)."""
        return self._need[:, pairs.rows], self._skill[:, pairs.nle].reshape(len(AREAS), -1)

    def _covered(self, pairs: Pairs) -> Integers:
        result = np.zeros(len(pairs), dtype=np.int64)
        for area, weight in enumerate(self._weights.tolist()):
            if weight:
                met = np.minimum(self._need[area][pairs.rows], self._skill[area][pairs.nle])
                result += met if weight == 1 else weight * met
        return result

    def whole_needs(self) -> tuple[Integers, Flags]:
        """What each recipient needs in all areas together, and whether it is known in any."""
        return self._need.sum(axis=0), np.asarray(self._need_given.any(axis=0))

    def area(self, pairs: Pairs, area: str) -> Integers:
        """The share of one area's need that is met; -1 where there is no need, or a blank."""
        n = AREAS.index(area)
        need, skill = self._need[n][pairs.rows], self._skill[n][pairs.nle]
        known = self._need_given[n][pairs.rows] & self._skill_given[n][pairs.nle] & (need > 0)
        return np.where(known, half_up(MILLION * np.minimum(need, skill), np.maximum(need, 1)), -1)
