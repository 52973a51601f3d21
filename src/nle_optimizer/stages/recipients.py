"""Who receives the support: schools and trusts as listed, or one recipient for each trust's eligible schools."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nle_optimizer.errors import Fault, InputError, Place
from nle_optimizer.memory import stage
from nle_optimizer.records import Column, Integers, Kind, Records, Texts, text_column
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.stages.eligibility import RULE, leave_as_finished
from nle_optimizer.stages.ledger import Exclusions, Ledger

COMMONEST = ("region", "local_authority")
COMMON = ("phase", "faith", "diocese")


@stage("eligibility")
def form_recipients(
    schools: Records, everyone: Texts, trusts: Records | None, settings: Settings, current: Records | None = None
) -> tuple[Records, int, Exclusions]:
    """The recipients, how many trusts were formed from their schools, and who leaves.

    Schools leave for their trust, and a trust that was formed leaves where its support has finished.

    Args:
        schools: the rows that are left.
        everyone: the identifiers of the whole schools table.
        trusts: the trusts table, or None.
        settings: the scenario's settings.
        current: what stands today, or None.

    Raises:
        InputError: a trust and a school of it would both be supported.
    """
    if settings.eligibility.recipients != "trust":
        _refuse_both(schools)
        return schools, 0, {}
    is_member = (schools.column("kind").or_else("school") == "school") & schools.given("trust_id")
    members, rest = schools.take(is_member), schools.take(~is_member)
    if not len(members):
        return schools, 0, {}
    ledger = Ledger()
    evidence = [f"trust {trust}" for trust in members.values("trust_id")]
    ledger.take_out(members.ids.tolist(), "recipient", "served-through-trust", evidence)
    formed = _form(members, trusts, [rule.name for rule in eligibility_rules(settings)])
    twice = sorted(set(formed.ids.tolist()) & set(everyone.tolist()))
    if twice:
        what = "the trust stands as a row of its own and through its schools"
        raise InputError([Fault(Place(schools.source), "school_id", what, trust) for trust in twice])
    return rest.joined(leave_as_finished(formed, current, ledger)), len(formed), ledger.entries


def _refuse_both(schools: Records) -> None:
    kinds = schools.column("kind").or_else("school")
    live = set(schools.ids[kinds == "trust"].tolist())
    both = [n for n, trust in enumerate(schools.values("trust_id")) if trust in live and kinds[n] == "school"]
    if both:
        what = "the school and its trust would both be supported; leave one of them out"
        raise InputError(
            [Fault(Place(schools.source, row=int(schools.rows[n])), "trust_id", what, schools.ids[n]) for n in both]
        )


def _form(members: Records, trusts: Records | None, rules: Sequence[str]) -> Records:
    ids, trust_of = np.unique(members.values("trust_id").astype(str), return_inverse=True)
    names = dict(zip(trusts.ids, trusts.values("name"), strict=True)) if trusts is not None else {}
    texts = ids.astype(object)
    columns: dict[str, Column] = {
        "school_id": text_column(texts.tolist(), Kind.IDENTIFIER),
        "trust_id": text_column(texts.tolist(), Kind.IDENTIFIER),
        "name": text_column([names.get(trust) or trust for trust in texts]),
        "kind": text_column(["trust"] * len(ids), Kind.CHOICE),
        RULE: text_column(_first_rule(members, trust_of, len(ids), rules)),
        "need_source": text_column(_sources(members, trust_of, len(ids)), Kind.CHOICE),
    }
    groups = _Groups(members, trust_of, len(ids))
    for area in AREAS:
        columns[f"need_{area}"] = groups.mean(f"need_{area}", groups.pupil_weights())
    placed = members.given("easting") & members.given("northing")
    for name in ("easting", "northing"):
        columns[name] = groups.mean(name, placed.astype(np.int64))
    columns |= {name: groups.commonest(name) for name in COMMONEST}
    columns |= {name: groups.common(name) for name in COMMON}
    columns["pupils"] = groups.total("pupils")
    columns["supporters"] = Column(Kind.COUNT, np.ones(len(ids), np.int64), np.ones(len(ids), dtype=bool))
    columns |= {name: groups.least(name) for name in ("priority", "arrived") if name in members}
    if "days_waiting" in members:
        columns["days_waiting"] = groups.greatest("days_waiting")
    return Records(members.spec, members.source, np.zeros(len(ids), np.int64), columns)


def _first_rule(members: Records, trust_of: Integers, count: int, rules: Sequence[str]) -> list[str]:
    order = {name: n for n, name in enumerate(rules)}
    ranks = np.array([order.get(name, 0) for name in members.values(RULE)], dtype=np.int64)
    first = np.full(count, len(rules), dtype=np.int64)
    np.minimum.at(first, trust_of, ranks)
    return [rules[n] if n < len(rules) else "" for n in first.tolist()]


def _sources(members: Records, trust_of: Integers, count: int) -> list[str]:
    said = need_sources(members)
    kinds: list[set[str]] = [set() for _ in range(count)]
    for trust, source in zip(trust_of, said, strict=True):
        kinds[trust].add(source)
    return [next(iter(found)) if len(found) == 1 else "proxy" for found in kinds]


def need_sources(table: Records) -> list[str]:
    """Where each row's needs come from; blank counts as assessed where a need is given, else unknown."""
    source = table.column("need_source")
    any_given = np.any([table.given(f"need_{area}") for area in AREAS], axis=0)
    assumed = np.where(any_given, "assessed", "unknown")
    return np.where(source.given, source.values, assumed).tolist()


class _Groups:
    """The members of each trust, summed up column by column."""

    def __init__(self, members: Records, trust_of: Integers, count: int):
        self.members, self.trust_of, self.count = members, trust_of, count

    def _sum(self, amounts: Integers) -> Integers:
        total = np.zeros(self.count, dtype=np.int64)
        np.add.at(total, self.trust_of, amounts)
        return total

    def pupil_weights(self) -> Integers:
        """Each member's pupils; 1 in a trust where any member's are blank, or all are 0."""
        pupils = self.members.column("pupils")
        blank = self._sum((~pupils.given).astype(np.int64)) > 0
        flat = blank | (self._sum(np.where(pupils.given, pupils.values, 0)) == 0)
        return np.where(flat[self.trust_of], 1, pupils.values)

    def mean(self, name: str, weights: Integers) -> Column:
        """Mean of the members whose cell is filled, rounded half up; unweighted where they weigh nothing."""
        column = self.members.column(name)
        weights = np.where(column.given, weights, 0)
        weightless = self._sum(weights) == 0
        weights = np.where(weightless[self.trust_of], column.given, weights)
        total, weight = self._sum(column.values * weights), self._sum(weights)
        mean = (2 * total + weight) // np.maximum(2 * weight, 1)
        return Column(column.kind, mean, weight > 0)

    def total(self, name: str) -> Column:
        """Sum where every member's cell is filled."""
        column = self.members.column(name)
        return Column(column.kind, self._sum(column.values), self._sum((~column.given).astype(np.int64)) == 0)

    def least(self, name: str) -> Column:
        """Least filled cell."""
        return self._extreme(name, np.minimum, np.iinfo(np.int64).max)

    def greatest(self, name: str) -> Column:
        """Greatest filled cell."""
        return self._extreme(name, np.maximum, np.iinfo(np.int64).min)

    def _extreme(self, name: str, pick: Any, start: int) -> Column:
        column = self.members.column(name)
        found = np.full(self.count, start, dtype=np.int64)
        pick.at(found, self.trust_of[column.given], column.values[column.given])
        given = found != start
        return Column(column.kind, np.where(given, found, 0), given)

    def _filled(self, name: str) -> list[list[str]]:
        column = self.members.column(name)
        texts: list[list[str]] = [[] for _ in range(self.count)]
        for trust, text in zip(self.trust_of, column.values, strict=True):
            texts[trust].append(text)
        return texts

    def commonest(self, name: str) -> Column:
        """The commonest filled cell, ties to the first in alphabetical order."""
        return text_column([_commonest(texts) for texts in self._filled(name)])

    def common(self, name: str) -> Column:
        """The one value that every member has, else blank."""
        values = [texts[0] if len(set(texts)) == 1 else "" for texts in self._filled(name)]
        return text_column(values, self.members.column(name).kind)


def _commonest(texts: Sequence[str]) -> str:
    filled = [text for text in texts if text]
    return min(set(filled), key=lambda text: (-filled.count(text), text)) if filled else ""
