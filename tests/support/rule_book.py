"""The rule book's filters, one pair at a time, in plain Python and fractions: slow, and shares no code."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

from nle_optimizer.records import Records
from nle_optimizer.scenario.scenario import Scenario
from support.memory import rows_of

Row = dict[str, Any]
AREAS = ("leadership", "governance", "finance")
ORDER = (
    "not-listed",
    "no-place",
    "too-far",
    "too-near",
    "travel-time",
    "other-area",
    "phase",
    "faith",
    "diocese",
    "home-school",
    "own-trust",
    "same-authority",
    "declared",
    "forbidden",
    "unknown-fit",
    "no-need-met",
    "fit-below-minimum",
)


def half_up(value: Fraction) -> int:
    """A fraction as the nearest whole number, halves upwards."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def half_up_root(square: Fraction) -> int:
    """The square root of a fraction as the nearest whole number."""
    found = isqrt(square.numerator // square.denominator)
    while Fraction(2 * found + 1, 2) ** 2 <= square:
        found += 1
    return found


def fit_of(need: list[int], expertise: list[int], weights: list[Fraction], measure: str) -> int:
    """The fit of a pair in millionths, by the formulas of the rule book."""
    n, e = ([Fraction(value, 1_000_000) for value in side] for side in (need, expertise))
    whole = sum(w * a for w, a in zip(weights, n, strict=True))
    met = sum((w * min(a, b) for w, a, b in zip(weights, n, e, strict=True)), Fraction(0))
    if whole == 0:
        return 0
    if measure == "need-met":
        return half_up(met / whole * 1_000_000)
    if measure == "need-covered":
        return half_up(met / sum(weights) * 1_000_000)
    if measure == "weighted-expertise":
        return half_up(sum((w * a * b for w, a, b in zip(weights, n, e, strict=True)), Fraction(0)) / whole * 1_000_000)
    shares = [min(Fraction(1), b / a) for w, a, b in zip(weights, n, e, strict=True) if w > 0 and a > 0]
    return half_up(min(shares) * 1_000_000)


@dataclass
class RuleBook:
    """The filters of a scenario for its recipients and available NLEs."""

    scenario: Scenario
    recipients: Records
    nles: Records

    def __post_init__(self) -> None:
        self.settings = self.scenario.settings
        self.schools = {row["school_id"]: row for row in rows_of(self.scenario.schools)}
        given = [] if self.scenario.pairs is None else rows_of(self.scenario.pairs)
        self.pairs = {(row["nle_id"], row["school_id"]): row for row in given}

    def sift(self) -> tuple[dict[tuple[str, str], tuple[int, int]], dict[str, str]]:
        """Distance (-1: not known) and fit of every candidate pair; the last filter of every recipient."""
        kept: dict[tuple[str, str], tuple[int, int]] = {}
        last: dict[str, str] = {}
        for school in rows_of(self.recipients):
            codes = []
            for nle in rows_of(self.nles):
                pair = Pair(self, nle, school)
                codes.append(pair.removed_by())
                if codes[-1] is None:
                    kept[nle["nle_id"], school["school_id"]] = (pair.metres(), pair.fit())
            removed = [ORDER.index(code) for code in codes if code is not None]
            survived = len(removed) < len(codes)
            last[school["school_id"]] = "" if survived else ORDER[max(removed)] if removed else "no-nle"
        return kept, last


@dataclass
class Pair:
    """One pair under the rule book."""

    book: RuleBook
    nle: Row
    school: Row

    def __post_init__(self) -> None:
        self.settings = self.book.settings
        key = (self.nle["nle_id"], self.school["school_id"])
        self.told: Row = self.book.pairs.get(key, {})
        self.listed = key in self.book.pairs

    def removed_by(self) -> str | None:
        """The first filter that removes the pair, in the rule book's order."""
        filters: dict[str, Callable[[], bool]] = {
            "not-listed": self._not_listed,
            "no-place": self._no_place,
            "too-far": self._too_far,
            "too-near": self._too_near,
            "travel-time": self._travel_time,
            "other-area": self._other_area,
            **{
                name: lambda name=name: getattr(self.settings.suitability, name) == "must" and self._unmet(name)
                for name in ("phase", "faith", "diocese")
            },
            "home-school": self._home_school,
            "own-trust": self._own_trust,
            "same-authority": self._same_authority,
            "declared": lambda: self.settings.conflicts.declared and self._related("conflict", "objects"),
            "forbidden": lambda: self._related("forbid"),
            "unknown-fit": self._unknown_fit,
            "no-need-met": lambda: self.told.get("fit") is None and not any(self._needs()),
            "fit-below-minimum": lambda: self.fit() < self.settings.fit.minimum * 1_000_000,
        }
        return next((code for code in ORDER if filters[code]()), None)

    def _not_listed(self) -> bool:
        data = self.settings.data.pairs
        return data is not None and data.only and not self.listed

    def limits(self) -> list[Fraction]:
        """The distance limits that apply, in metres."""
        geography = self.settings.geography
        by_region = {name.casefold(): km for name, km in geography.max_distance_km.items()}
        limit = by_region.get((self.school.get("region") or "").casefold(), by_region.get("default"))
        found = [] if limit is None else [Fraction(limit) * 1000]
        own = self.nle.get("max_distance_km")
        if own is not None and geography.nle_limit != "ignore":
            factor = geography.nle_limit["multiply"] if isinstance(geography.nle_limit, dict) else Decimal(1)
            found.append(Fraction(own * Fraction(factor) // 1))
        return found

    def _needs_distance(self) -> bool:
        asked = any(
            "distance" in {objective.name, *objective.parts} or "distance_km" in objective.parts
            for objective in self.settings.objectives or []
        )
        return bool(self.limits()) or self.settings.geography.min_distance_km > 0 or asked

    def _square(self) -> Fraction | None:
        """The squared distance in square metres, detour included; None where it is not known."""
        if self.told.get("distance_km") is not None:
            return Fraction(self.told["distance_km"]) ** 2
        places = [side.get(name) for side in (self.nle, self.school) for name in ("easting", "northing")]
        if None in places:
            return None
        straight = (places[0] - places[2]) ** 2 + (places[1] - places[3]) ** 2
        return straight * Fraction(self.settings.geography.detour_factor) ** 2

    def metres(self) -> int:
        """The distance rounded half up; -1 where it is not known."""
        square = self._square()
        return -1 if square is None else half_up_root(square)

    def _no_place(self) -> bool:
        return self._needs_distance() and self._square() is None

    def _too_far(self) -> bool:
        square = self._square()
        return square is not None and any(square > limit**2 for limit in self.limits())

    def _too_near(self) -> bool:
        square, least = self._square(), Fraction(self.settings.geography.min_distance_km) * 1000
        return square is not None and square < least**2

    def _travel_time(self) -> bool:
        limit, minutes = self.settings.geography.max_travel_minutes, self.told.get("travel_minutes")
        return limit is not None and (minutes is None or minutes > limit * 1_000_000)

    def _other_area(self) -> bool:
        column = self.settings.geography.within
        ours, theirs = ((side.get(column) or "").casefold() for side in (self.nle, self.school))
        region = (self.school.get("region") or "").casefold()
        works = [name.casefold() for name in self.nle.get("regions") or ()]
        return (column != "none" and (ours != theirs or not ours)) or (bool(works) and region not in works)

    def _both(self, name: str) -> tuple[set[str], str]:
        ours = self.nle.get({"phase": "phases", "faith": "faiths"}.get(name, name)) or ()
        words = {ours} if isinstance(ours, str) else set(ours)
        return {word.casefold() for word in words}, (self.school.get(name) or "").casefold()

    def _met(self, name: str) -> bool:
        """Both are filled, and the school's is met."""
        ours, theirs = self._both(name)
        if not ours or not theirs:
            return False
        if name == "phase" and theirs == "all-through":
            return bool(ours & {"primary", "secondary", "all-through"})
        if name == "phase" and theirs in ("primary", "secondary"):
            return bool(ours & {theirs, "all-through"})
        return theirs in ours

    def _unmet(self, name: str) -> bool:
        return all(self._both(name)) and not self._met(name)

    def _home_school(self) -> bool:
        home = self.nle.get("home_school_id")
        if not self.settings.conflicts.home_school or home is None:
            return False
        trust = (self.book.schools.get(home) or {}).get("trust_id")
        itself = (self.school["school_id"], self.school.get("trust_id"))
        receives = self.school.get("kind") == "trust" and trust is not None and trust in itself
        return home == self.school["school_id"] or receives

    def _own_trust(self) -> bool:
        ours = self.nle.get("trust_id")
        if not self.settings.conflicts.own_trust or ours is None:
            return False
        also = self.school["school_id"] if self.school.get("kind") == "trust" else None
        return ours in (self.school.get("trust_id"), also)

    def _same_authority(self) -> bool:
        ours, theirs = ((side.get("local_authority") or "").casefold() for side in (self.nle, self.school))
        return self.settings.conflicts.same_authority and bool(ours) and ours == theirs

    def _related(self, *words: str) -> bool:
        return bool(set(words) & set(self.told.get("relation") or ()))

    def weights(self) -> list[Fraction]:
        """The weight of each area."""
        return [Fraction(self.settings.fit.weights.get(area, 0)) for area in AREAS]

    def _levels(self, side: Row, prefix: str) -> list[int | None]:
        unknown = self.settings.fit.unknown
        stand_in = None if isinstance(unknown, str) else int(unknown * 1_000_000)
        cells = [side.get(f"{prefix}_{area}") for area in AREAS]
        return [stand_in if cell is None else cell for cell in cells]

    def _needs(self) -> list[int]:
        needs = self._levels(self.school, "need")
        return [need or 0 for need, weight in zip(needs, self.weights(), strict=True) if weight]

    def _unknown_fit(self) -> bool:
        cells = zip(self._levels(self.school, "need"), self._levels(self.nle, "expertise"), self.weights(), strict=True)
        blank = any(weight and (need is None or skill is None) for need, skill, weight in cells)
        return self.told.get("fit") is None and blank

    def fit(self) -> int:
        """The fit in millionths, with what is preferred."""
        if self.told.get("fit") is not None:
            return int(self.told["fit"])
        need, expertise = (
            [value or 0 for value in self._levels(side, prefix)]
            for side, prefix in (
                (self.school, "need"),
                (self.nle, "expertise"),
            )
        )
        preferred = [
            name for name in ("phase", "faith", "diocese") if getattr(self.settings.suitability, name) == "prefer"
        ]
        bonus = sum(self._met(name) for name in preferred) * int(self.settings.suitability.prefer_bonus * 1_000_000)
        return fit_of(need, expertise, self.weights(), self.settings.fit.measure) + bonus
