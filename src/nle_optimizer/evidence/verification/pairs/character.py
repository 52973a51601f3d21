"""Area, phase, faith, diocese and conflicts of interest.

Filters on what the two sides are: area, phase, faith and diocese, and conflicts of interest. Whether one side's phase
or faith meets the other's: plain rules on words.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from nle_optimizer.evidence.verification.pairs.geography import Filter
from nle_optimizer.evidence.verification.pairs.listed import Listed, Pairs
from nle_optimizer.evidence.verification.stages.recipients import Recipients
from nle_optimizer.records import Flags, Integers, Records
from nle_optimizer.scenario.scenario import Scenario

BLANK = 0
"""Code of a blank among `coded` words."""
ABSENT = -1
"""Code of a word that no cell has."""


class Words:
    """The words of a column as small codes, compared without case."""

    def __init__(self, cells: Sequence[str]):
        folded = {cell: cell.casefold() for cell in set(cells)}
        words = sorted(set(folded.values()) - {""})
        self._code = {"": BLANK, **{word: n for n, word in enumerate(words, start=1)}}
        self.words = ["", *words]
        self.codes: Integers = np.array([self._code[folded[cell]] for cell in cells], dtype=np.int64)

    def code(self, word: str) -> int:
        """The code of a word; `ABSENT` where no cell has it."""
        return self._code.get(word.casefold(), ABSENT)


def phase_is_met(wanted: str, offered: Iterable[str]) -> bool:
    """Whether a school's phase is met; a blank on either side asks for nothing."""
    offered = set(offered)
    if not wanted or not offered:
        return True
    if wanted == "all-through":
        return bool(offered & {"all-through", "primary", "secondary"})
    return wanted in offered or (wanted in ("primary", "secondary") and "all-through" in offered)


def word_is_met(wanted: str, offered: Iterable[str]) -> bool:
    """Whether a school's faith or diocese is among those offered; a blank asks for nothing."""
    offered = {word.casefold() for word in offered if word}
    return not wanted or not offered or wanted in offered


class Trait:
    """One property (phase, faith or diocese) of all schools, to be met by one supporter at a time."""

    def __init__(self, name: str, schools: Sequence[str]):
        self.words = Words(schools)
        self._meets = phase_is_met if name == "phase" else word_is_met
        self._tables: dict[tuple[str, ...], Flags] = {}
        self.filled = np.array([bool(word) for word in self.words.words], dtype=bool)

    def met(self, rows: Integers, offered: Iterable[str]) -> Flags:
        """Whether the supporter meets each of the schools in `rows`, blanks asking for nothing."""
        return self.table(tuple(offered))[self.words.codes[rows]]

    def table(self, offered: tuple[str, ...]) -> Flags:
        """Whether each word of the schools is met by what is offered."""
        if offered not in self._tables:
            self._tables[offered] = np.array([self._meets(word, offered) for word in self.words.words], bool)
        return self._tables[offered]


class Offers:
    """One property of all schools, and what each of many supporters offers in it."""

    def __init__(self, name: str, schools: Sequence[str], offered: Sequence[tuple[str, ...]]):
        trait = Trait(name, schools)
        kinds = {words: n for n, words in enumerate(dict.fromkeys(offered))}
        self._kind = np.array([kinds[words] for words in offered], dtype=np.int64)
        self._codes = trait.words.codes
        self._meets = np.array([trait.table(words) for words in kinds], dtype=bool).reshape(len(kinds), -1)
        is_filled = np.array([bool(words) for words in kinds], dtype=bool)
        self._both = self._meets & is_filled[:, None] & trait.filled

    def met(self, nle: int | Integers, rows: Integers) -> Flags:
        """Whether each supporter meets the school beside it, blanks asking for nothing."""
        return np.asarray(self._meets[self._kind[nle], self._codes[rows]])

    def filled_and_met(self, nle: int | Integers, rows: Integers) -> Flags:
        """Whether both sides are filled and the school's is met."""
        return np.asarray(self._both[self._kind[nle], self._codes[rows]])


TRAITS = ("phase", "faith", "diocese")


def offered(table: Records, trait: str) -> list[tuple[str, ...]]:
    """What each NLE or trust offers in a property; nothing where the cell is blank."""
    if trait == "diocese":
        return [(word,) if word else () for word in table.values("diocese").tolist()]
    return [tuple(words) for words in table.values(f"{trait}s").tolist()]


class Areas:
    """`within`, and the regions an NLE works in."""

    def __init__(self, scenario: Scenario, recipients: Recipients):
        nles, self._within = scenario.nles, scenario.settings.geography.within
        column = "region" if self._within == "none" else self._within
        words = Words(recipients.table.values(column).tolist())
        self._area = words.codes
        self._nle_area = np.array([words.code(word) for word in nles.values(column).tolist()], dtype=np.int64)
        regions = Words(recipients.table.values("region").tolist())
        self._region = regions.codes
        works = nles.values("regions").tolist()
        self._is_bound = any(works)
        self._works = np.ones((len(works), len(regions.words)), dtype=bool)
        for nle, own in enumerate(works):
            if own:
                codes = {regions.code(region) for region in own} - {ABSENT, BLANK}
                self._works[nle] = np.isin(np.arange(len(regions.words)), list(codes))

    def filters(self) -> list[tuple[str, Filter]]:
        """The filter on areas, where one is asked for."""
        asked = self._within != "none" or self._is_bound
        return [("other-area", self._other_area)] if asked else []

    def _other_area(self, pairs: Pairs) -> Flags:
        other = ~self._works[pairs.nle, self._region[pairs.rows]]
        if self._within != "none":
            area = self._area[pairs.rows]
            other |= (area != self._nle_area[pairs.nle]) | (area == BLANK)
        return np.asarray(other)


class Traits:
    """Phase, faith and diocese: which forbid a pair, and which add a bonus."""

    def __init__(self, scenario: Scenario, recipients: Recipients):
        wanted = scenario.settings.suitability
        self._must, self._prefer = (
            {
                name: Offers(name, recipients.table.values(name).tolist(), offered(scenario.nles, name))
                for name in TRAITS
                if getattr(wanted, name) == word
            }
            for word in ("must", "prefer")
        )

    def filters(self) -> list[tuple[str, Filter]]:
        """One filter for each property that must agree."""
        return [(name, _unmet(offers)) for name, offers in self._must.items()]

    def preferred(self, pairs: Pairs) -> Integers | None:
        """How many preferred properties agree in each pair; None where none is preferred."""
        if not self._prefer:
            return None
        count = np.zeros(len(pairs), dtype=np.int64)
        for offers in self._prefer.values():
            count += offers.filled_and_met(pairs.nle, pairs.rows)
        return count


def _unmet(offers: Offers) -> Filter:
    return lambda pairs: ~offers.met(pairs.nle, pairs.rows)


class Interests:
    """Conflicts of interest, declared or evident, and forbidden pairs."""

    def __init__(self, scenario: Scenario, recipients: Recipients, listed: Listed):
        conflicts = scenario.settings.conflicts
        wanted: list[tuple[bool, str, Filter]] = [
            (conflicts.home_school, "home-school", lambda pairs: self._among(pairs, self._homes)),
            (conflicts.own_trust, "own-trust", lambda pairs: self._among(pairs, self._own_trust)),
            (conflicts.same_authority, "same-authority", self._same_authority),
            (conflicts.declared, "declared", self._declared),
            (True, "forbidden", lambda pairs: listed.related(pairs, "forbid")),
        ]
        self._wanted = [(code, removed) for asked, code, removed in wanted if asked]
        self._rows, self._listed = len(recipients), listed
        by_trust = _receiving(recipients)
        own = [by_trust.get(trust, []) if trust else [] for trust in scenario.nles.values("trust_id").tolist()]
        self._own_trust = self._keys(own)
        self._homes = self._keys(_homes(scenario, recipients))
        authorities = Words(recipients.table.values("local_authority").tolist())
        self._authority = authorities.codes
        codes = [
            authorities.code(word) if word else ABSENT for word in scenario.nles.values("local_authority").tolist()
        ]
        self._nle_authority = np.array(codes, dtype=np.int64)

    def filters(self) -> list[tuple[str, Filter]]:
        """The filters in force, by reason code, in order."""
        return self._wanted

    def _keys(self, by_nle: Sequence[Sequence[int]]) -> Integers:
        """NLE and recipient as one number, ascending."""
        return np.array([nle * self._rows + row for nle, rows in enumerate(by_nle) for row in rows], dtype=np.int64)

    def _among(self, pairs: Pairs, keys: Integers) -> Flags:
        return np.isin(pairs.nle * self._rows + pairs.rows, keys)

    def _same_authority(self, pairs: Pairs) -> Flags:
        return np.asarray(self._authority[pairs.rows] == self._nle_authority[pairs.nle])

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


def _homes(scenario: Scenario, recipients: Recipients) -> list[list[int]]:
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
        result.append(sorted(rows))
    return result
