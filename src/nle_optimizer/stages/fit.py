"""Whether two sides suit (phase, faith, diocese, conflicts of interest), what is needed, and the fit of pairs.

Who, of those left, has a need that an NLE can meet. Whether phase, faith and diocese of a recipient are met by an NLE
or a trust. Pairs that may not be matched because of an interest: home school, own trust, same authority.

How well each NLE's expertise meets each recipient's needs: exact, in millionths.

Needs n, expertise e and area weights W are whole numbers, so every fit is a ratio of whole numbers, rounded
half up once. With weights of at most six digits nothing leaves 63 bits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nle_optimizer.memory import stage
from nle_optimizer.records import MILLION, Column, Flags, Integers, Kind, Records, Texts, as_text
from nle_optimizer.scenario.columns import ALL_THROUGH, AREAS
from nle_optimizer.scenario.settings import Settings, Suitability
from nle_optimizer.stages.ledger import Exclusions, Ledger


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


@stage("fit", "eligibility.governance_only")
def with_needs(recipients: Records, pairs: Records | None, settings: Settings) -> tuple[Flags, Exclusions]:
    """The recipients that stay candidates, shape (recipients,), and those with nothing to match, who leave."""
    ledger = Ledger()
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
    return np.asarray(~(nothing | signposted | unknown)), ledger.entries


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


@dataclass(frozen=True, eq=False)
class Needs:
    """Needs and expertise, shapes (3, recipients) and (3, nles), with what is known of them."""

    need: Integers
    need_known: Flags
    expertise: Integers
    expertise_known: Flags
    weights: tuple[int, ...]

    def known(self, nle: Integers, recipient: Integers) -> Flags:
        """Pairs in which every area with a weight is known on both sides."""
        weighted = np.array(self.weights) > 0
        recipients: Flags = np.asarray(self.need_known[weighted].all(axis=0))
        nles: Flags = np.asarray(self.expertise_known[weighted].all(axis=0))
        return recipients[recipient] & nles[nle]

    @cached_property
    def all_known(self) -> bool:
        """Whether `known` holds for every pair."""
        weighted = np.array(self.weights) > 0
        return bool(self.need_known[weighted].all() and self.expertise_known[weighted].all())

    def any_need(self) -> Flags:
        """Recipients with a need above 0 in an area with a weight."""
        return np.asarray((self.need[np.array(self.weights) > 0] > 0).any(axis=0))


def needs_of(recipients: Records, nles: Records, settings: Settings) -> Needs:
    """Needs and expertise of the two sides."""
    need, need_known = with_stand_in(recipients, "need", settings)
    expertise, expertise_known = with_stand_in(nles, "expertise", settings)
    return Needs(need, need_known, expertise, expertise_known, area_weights(settings))


def fit_of(needs: Needs, measure: str, nle: Integers, recipient: Integers) -> Integers:
    """The fit of each pair in millionths; 0 where the recipient has no need in an area with a weight.

    Args:
        needs: of the two sides.
        measure: a name in `MEASURES`.
        nle, recipient: indices, of any shapes that broadcast together.
    """
    return MEASURES[measure](needs, nle, recipient)


def half_up(numerator: Integers, denominator: Integers | int) -> Integers:
    """A ratio of whole numbers rounded half up; 0 where the denominator is 0."""
    positive = np.maximum(denominator, 1)
    return (2 * numerator + positive) // (2 * positive)


def _weighted_need(needs: Needs) -> Integers:
    return np.array(needs.weights, dtype=np.int64) @ needs.need


def _covered(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    total = np.zeros(np.broadcast(nle, recipient).shape, dtype=np.int64)
    for weight, need, expertise in zip(needs.weights, needs.need, needs.expertise, strict=True):
        if weight:
            total += np.minimum((weight * need)[recipient], (weight * expertise)[nle])
    return total


def _need_met(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    return half_up(_covered(needs, nle, recipient) * MILLION, _weighted_need(needs)[recipient])


def _need_covered(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    return half_up(_covered(needs, nle, recipient), sum(needs.weights))


def _weighted_expertise(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    total = np.zeros(np.broadcast(nle, recipient).shape, dtype=np.int64)
    for weight, need, expertise in zip(needs.weights, needs.need, needs.expertise, strict=True):
        if weight:
            total += (weight * need)[recipient] * expertise[nle]
    return half_up(total, _weighted_need(needs)[recipient])


def _weakest_area(needs: Needs, nle: Integers, recipient: Integers) -> Integers:
    weakest = np.full(np.broadcast(nle, recipient).shape, MILLION, dtype=np.int64)
    for area, weight in enumerate(needs.weights):
        if weight:
            met = area_fit(needs, area, nle, recipient)
            weakest = np.minimum(weakest, np.where(needs.need[area][recipient] > 0, met, MILLION))
    return np.where(needs.any_need()[recipient], weakest, 0)


def area_fit(needs: Needs, area: int, nle: Integers, recipient: Integers) -> Integers:
    """The share of one area's need that is met, in millionths; 0 where there is no need."""
    need = needs.need[area][recipient]
    return half_up(np.minimum(need, needs.expertise[area][nle]) * MILLION, need)


MEASURES: dict[str, Callable[[Needs, Integers, Integers], Integers]] = {
    "need-met": _need_met,
    "need-covered": _need_covered,
    "weighted-expertise": _weighted_expertise,
    "weakest-area": _weakest_area,
}
SHARES_OF_NEED = ("need-met", "weakest-area")
"""Measures that tell a share of one school's need: of two supporters they do not add up."""


SEVERAL_PHASES = {"all-through": ALL_THROUGH}
"""What a phase stands for that is several."""

PROPERTIES = {"phase": "phases", "faith": "faiths", "diocese": "diocese"}
"""Column of the recipients: column of those who support them."""


@dataclass(frozen=True, eq=False)
class Match:
    """How one property of recipients agrees with one of supporters, as a small table of codes.

    Attributes:
        supporter, recipient: code of each row; 0 where the cell is blank.
        met: shape (supporter codes, recipient codes): whether the property is met.
    """

    supporter: Integers
    recipient: Integers
    met: Flags

    def unmet(self, supporter: Integers, recipient: Integers) -> Flags:
        """Pairs whose cells are both filled and do not agree."""
        return self._at(~(self.met | self._blank()), supporter, recipient)

    def agreed(self, supporter: Integers, recipient: Integers) -> Flags:
        """Pairs whose cells are both filled and agree."""
        return self._at(self.met & ~self._blank(), supporter, recipient)

    def _at(self, table: Flags, supporter: Integers, recipient: Integers) -> Flags:
        """Cells of a table as `met` is one; one place each is looked up faster than a row and a column."""
        row = self.supporter * table.shape[1]
        return table.ravel()[row[supporter] + self.recipient[recipient]]

    def _blank(self) -> Flags:
        blank = np.zeros_like(self.met)
        blank[0, :] = True
        blank[:, 0] = True
        return blank


def match(supporters: Records, recipients: Records, name: str) -> Match:
    """The agreement of the property `phase`, `faith` or `diocese`."""
    offered, offered_code = _codes(supporters.column(PROPERTIES[name]))
    wanted, wanted_code = _codes(recipients.column(name))
    met = np.zeros((len(offered), len(wanted)), dtype=bool)
    for i, offer in enumerate(offered):
        for j, want in enumerate(wanted):
            met[i, j] = bool(_spread(offer) & _spread(want))
    return Match(offered_code, wanted_code, met)


def _spread(words: frozenset[str]) -> set[str]:
    return {other for word in words for other in SEVERAL_PHASES.get(word, {word})}


def _codes(cells: Column) -> tuple[list[frozenset[str]], Integers]:
    """The distinct sets of words, the empty one first, and the code of each row."""
    code: dict[frozenset[str], int] = {frozenset(): 0}
    values = cells.values.tolist()
    of_value = {value: code.setdefault(_words(cells.kind, value), len(code)) for value in dict.fromkeys(values)}
    return list(code), np.array([of_value[value] for value in values], dtype=np.int64)


def _words(kind: Kind, value: Any) -> frozenset[str]:
    if kind is Kind.NAMES:
        return frozenset(word.casefold() for word in value)
    return frozenset({value.casefold()}) if value else frozenset()


def properties_that(suitability: Suitability, importance: str) -> list[str]:
    """The properties that `must` agree, or that are merely preferred."""
    return [name for name in PROPERTIES if getattr(suitability, name) == importance]


NOBODY = -1


class InterestConflicts:
    """Codes that two sides share where there is a conflict between them.

    Args:
        recipients, nles: the two sides.
        schools: the whole schools table, in which an NLE's home school is looked up.
    """

    def __init__(self, recipients: Records, nles: Records, schools: Records):
        index = {identifier: n for n, identifier in enumerate(recipients.ids)}
        homes = nles.values("home_school_id")
        self._home = np.array([index.get(home, NOBODY) for home in homes], dtype=np.int64)
        trust_of = dict(zip(schools.ids, schools.values("trust_id"), strict=True))
        home_trust = np.array([trust_of.get(home, "") for home in homes], dtype=object)
        is_trust = recipients.column("kind").or_else("school") == "trust"
        itself = np.where(is_trust, recipients.ids, "")
        member_of = recipients.values("trust_id")
        self._runs_home = (
            shared_codes(itself, home_trust),
            shared_codes(np.where(is_trust, member_of, ""), home_trust),
        )
        self._own = (shared_codes(member_of, nles.values("trust_id")), shared_codes(itself, nles.values("trust_id")))
        self._area = shared_codes(folded(recipients.values("local_authority")), folded(nles.values("local_authority")))

    def home_school(self, nle: Integers, recipient: Integers) -> Flags:
        """The recipient is the NLE's home school, or the trust that runs it."""
        return (self._home[nle] == recipient) | _any_same(self._runs_home, nle, recipient)

    def own_trust(self, nle: Integers, recipient: Integers) -> Flags:
        """Both belong to the same trust, or the recipient is the NLE's trust."""
        return _any_same(self._own, nle, recipient)

    def same_authority(self, nle: Integers, recipient: Integers) -> Flags:
        """Both lie in the same local authority."""
        return _any_same((self._area,), nle, recipient)


def _any_same(codes: Sequence[tuple[Integers, Integers]], nle: Integers, recipient: Integers) -> Flags:
    """Pairs whose two sides share a code in any of the lists."""
    same = np.zeros(np.broadcast(nle, recipient).shape, dtype=bool)
    for of_recipient, of_nle in codes:
        same |= of_recipient[recipient] == of_nle[nle]
    return same


def folded(texts: Texts) -> Texts:
    """Texts without case."""
    folds = {text: text.casefold() for text in set(texts.tolist())}
    return np.array([folds[text] for text in texts], dtype=object)


def shared_codes(left: Texts, right: Texts) -> tuple[Integers, Integers]:
    """One code for each text on both sides; blanks get codes that equal nothing on the other side."""
    code = {text: n for n, text in enumerate(sorted({*left.tolist(), *right.tolist()} - {""}))}
    return (
        np.array([code.get(text, -1) for text in left], dtype=np.int64),
        np.array([code.get(text, -2) for text in right], dtype=np.int64),
    )
