"""Filters on what the two sides are: area, phase, faith and diocese, and conflicts of interest."""

from collections.abc import Callable, Sequence

import numpy as np

from nle_optimizer.evidence.verification.pairs.geography import Filter
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.pairs.suitability import BLANK, Trait, Words
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario

TRAITS = ("phase", "faith", "diocese")


def offered(table: Records, trait: str) -> list[tuple[str, ...]]:
    """What each NLE or trust offers in a property; nothing where the cell is blank."""
    if trait == "diocese":
        return [(word,) if word else () for word in table.values("diocese").tolist()]
    return [tuple(words) for words in table.values(f"{trait}s").tolist()]


class Areas:
    """`within`, and the regions an NLE works in."""

    def __init__(self, scenario: Scenario, recipients: Recipients):
        self._nles = scenario.nles
        self._within = scenario.settings.geography.within
        column = "region" if self._within == "none" else self._within
        self._words = Words(recipients.table.values(column).tolist())
        self._nle_area = [self._words.code(word) for word in self._nles.values(column).tolist()]
        self._regions = Words(recipients.table.values("region").tolist())
        works = self._nles.values("regions").tolist()
        self._works = [[self._regions.code(region) for region in regions] for regions in works]

    def filters(self) -> list[tuple[str, Filter]]:
        """The filter on areas, where one is asked for."""
        asked = self._within != "none" or any(self._works)
        return [("other-area", self._other_area)] if asked else []

    def _other_area(self, pairs: Pairs) -> Flags | None:
        nle = _single(pairs)
        other = np.zeros(len(pairs), dtype=bool)
        if self._within != "none":
            area = self._words.codes[pairs.rows]
            other |= (area != self._nle_area[nle]) | (area == BLANK)
        if self._works[nle]:
            region = self._regions.codes[pairs.rows]
            inside = np.logical_or.reduce([region == code for code in self._works[nle]])
            other |= ~inside | (region == BLANK)
        return other


class Traits:
    """Phase, faith and diocese: which forbid a pair, and which add a bonus."""

    def __init__(self, scenario: Scenario, recipients: Recipients):
        wanted = scenario.settings.suitability
        self._trait = {name: Trait(name, recipients.table.values(name).tolist()) for name in TRAITS}
        self._offered = {name: offered(scenario.nles, name) for name in TRAITS}
        self._must = [name for name in TRAITS if getattr(wanted, name) == "must"]
        self._prefer = [name for name in TRAITS if getattr(wanted, name) == "prefer"]

    def filters(self) -> list[tuple[str, Filter]]:
        """One filter for each property that must agree."""
        return [(name, self._filter(name)) for name in self._must]

    def _filter(self, name: str) -> Callable[[Pairs], Flags | None]:
        trait, offers = self._trait[name], self._offered[name]

        def removed(pairs: Pairs) -> Flags | None:
            words = offers[_single(pairs)]
            return ~trait.met(pairs.rows, words) if words else None

        return removed

    def preferred(self, pairs: Pairs) -> Integers | None:
        """How many preferred properties agree in each pair; None where none is preferred."""
        if not self._prefer:
            return None
        count = np.zeros(len(pairs), dtype=np.int64)
        for name in self._prefer:
            count += self._trait[name].filled_and_met(pairs.rows, self._offered[name][_single(pairs)])
        return count


class Interests:
    """Conflicts of interest, declared or evident, and forbidden pairs."""

    def __init__(self, scenario: Scenario, recipients: Recipients, listed: Listed):
        self._conflicts, self._listed = scenario.settings.conflicts, listed
        self._marks = np.zeros(len(recipients), dtype=bool)
        by_trust = _receiving(recipients)
        own = [by_trust.get(trust, []) if trust else [] for trust in scenario.nles.values("trust_id").tolist()]
        self._own_trust = [np.array(rows, dtype=np.int64) for rows in own]
        self._homes = _homes(scenario, recipients)
        authorities = Words(recipients.table.values("local_authority").tolist())
        self._authority = authorities.codes
        self._nle_authority = [
            authorities.code(word) if word else -1 for word in scenario.nles.values("local_authority").tolist()
        ]

    def filters(self) -> list[tuple[str, Filter]]:
        """The filters in force, by reason code, in order."""
        wanted: list[tuple[bool, str, Filter]] = [
            (self._conflicts.home_school, "home-school", lambda pairs: self._among(pairs, self._homes)),
            (self._conflicts.own_trust, "own-trust", lambda pairs: self._among(pairs, self._own_trust)),
            (self._conflicts.same_authority, "same-authority", self._same_authority),
            (self._conflicts.declared, "declared", self._declared),
            (True, "forbidden", lambda pairs: self._listed.related(pairs, "forbid")),
        ]
        return [(code, removed) for asked, code, removed in wanted if asked]

    def _among(self, pairs: Pairs, positions: Sequence[Integers]) -> Flags | None:
        rows = positions[_single(pairs)]
        if not len(rows):
            return None
        self._marks[rows] = True
        result = self._marks[pairs.rows]
        self._marks[rows] = False
        return result

    def _same_authority(self, pairs: Pairs) -> Flags:
        return np.asarray(self._authority[pairs.rows] == self._nle_authority[_single(pairs)])

    def _declared(self, pairs: Pairs) -> Flags | None:
        conflict, objects = (self._listed.related(pairs, word) for word in ("conflict", "objects"))
        if conflict is None or objects is None:
            return objects if conflict is None else conflict
        return conflict | objects


def _receiving(recipients: Recipients) -> dict[str, list[int]]:
    """Recipients by the trust they are in, or are."""
    table, result = recipients.table, dict[str, list[int]]()
    rows = zip(table.ids.tolist(), table.values("trust_id").tolist(), table.values("kind").tolist(), strict=True)
    for row, (identifier, trust, kind) in enumerate(rows):
        for name in {trust, identifier if kind == "trust" else ""} - {""}:
            result.setdefault(name, []).append(row)
    return result


def _homes(scenario: Scenario, recipients: Recipients) -> list[Integers]:
    """For each NLE, the recipients that are its home school or the trust of that school."""
    table, schools = recipients.table, scenario.schools
    position = {identifier: row for row, identifier in enumerate(table.ids.tolist())}
    is_trust = table.values("kind") == "trust"
    trusts = {name: [row for row in rows if is_trust[row]] for name, rows in _receiving(recipients).items()}
    trust_of = dict(zip(schools.ids.tolist(), schools.values("trust_id").tolist(), strict=True))
    result = []
    for home in scenario.nles.values("home_school_id").tolist():
        rows = set(trusts.get(trust_of.get(home) or "", []))
        if home in position:
            rows.add(position[home])
        result.append(np.array(sorted(rows), dtype=np.int64))
    return result


def _single(pairs: Pairs) -> int:
    assert isinstance(pairs.nle, int)
    return pairs.nle
