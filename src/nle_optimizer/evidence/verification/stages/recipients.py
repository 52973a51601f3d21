"""Who may be matched with an NLE: the rows that are still in, or the trusts formed from them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.evidence.verification.findings import RefusedError
from nle_optimizer.evidence.verification.stages.current import done_with
from nle_optimizer.evidence.verification.stages.eligibility import NO_RULE, Entry, Exits
from nle_optimizer.evidence.verification.stages.formed import form_trusts
from nle_optimizer.records import Column, Flags, Integers, Kind, Records, Texts
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.policies import eligibility_rules
from nle_optimizer.scenario.scenario import Scenario


@dataclass(frozen=True, eq=False)
class Recipients:
    """Recipients as rows.

    Attributes:
        table: the schools table as it stood, but in the trust that it names whenever it was joined; priority as it came
            out of the rules.
        rule: the rule that let each one in, or NO_RULE.
        formed: whether it is a trust formed from its schools.
    """

    table: Records
    rule: Integers
    formed: Flags

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> Texts:
        """Identifiers."""
        return self.table.ids

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each identifier stands."""
        return {identifier: row for row, identifier in enumerate(self.ids.tolist())}

    @cached_property
    def supporters(self) -> Integers:
        """How many NLEs each may have."""
        return np.asarray(self.table.column("supporters").or_else(1).astype(np.int64))

    def take(self, rows: NDArray[np.int64] | Flags) -> "Recipients":
        """The recipients at the given indices (or mask)."""
        return Recipients(self.table.take(rows), self.rule[rows], self.formed[rows])


def gather(scenario: Scenario, entry: Entry) -> Recipients:
    """The recipients before the need stage; schools served through their trust leave `entry`."""
    everyone = _listed(scenario, entry)
    served = np.zeros(len(everyone), dtype=bool)
    if scenario.settings.eligibility.recipients == "trust":
        table = everyone.table
        served = entry.exits.inside & (table.values("kind") != "trust") & table.given("trust_id")
    if not served.any():
        listed = everyone.take(entry.exits.inside)
        _refuse_doubles(listed.table)
        return listed
    trusts = form_trusts(scenario, everyone.table.take(served), everyone.rule[served])
    _refuse_same_identifier(trusts.table.ids, scenario.schools.ids)
    entry.exits.leave(served, "recipient", "served-through-trust")
    listed = everyone.take(entry.exits.inside)
    _refuse_doubles(listed.table)
    return _joined(listed, Recipients(trusts.table, trusts.rule, np.ones(len(trusts.rule), bool)))


def _listed(scenario: Scenario, entry: Entry) -> Recipients:
    """All rows of the schools table, as recipients would be."""
    priority = scenario.schools.column("priority")
    values, given = priority.values.copy(), priority.given.copy()
    for n, rule in enumerate(eligibility_rules(scenario.settings)):
        if rule.priority is not None:
            here = (entry.rule == n) & ~priority.given
            values[here], given[here] = rule.priority, True
    own = {"priority": Column(Kind.COUNT, values, given), "trust_id": scenario.schools.column("trust_id")}
    table = entry.stood.with_columns(own)
    return Recipients(table, entry.rule, np.zeros(len(table), dtype=bool))


def _joined(listed: Recipients, trusts: Recipients) -> Recipients:
    table = _stacked(listed.table, trusts.table)
    both = Recipients(
        table,
        np.concatenate([listed.rule, trusts.rule]),
        np.concatenate([listed.formed, trusts.formed]),
    )
    ids = table.ids.tolist()
    return both.take(np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int64))


def _stacked(first: Records, second: Records) -> Records:
    columns = {}
    for name in dict.fromkeys([*first, *second]):
        kind = (first if name in first else second).column(name).kind
        columns[name] = first.column(name, kind).above(second.column(name, kind))
    return Records(first.spec, first.source, np.concatenate([first.rows, second.rows]), columns)


def _refuse_same_identifier(trusts: Texts, schools: Texts) -> None:
    both = sorted(set(trusts.tolist()) & set(schools.tolist()))
    if both:
        raise RefusedError(f"trust {both[0]} is formed from its schools, and a row has the same identifier")


def _refuse_doubles(table: Records) -> None:
    is_trust = np.asarray(table.values("kind") == "trust", dtype=bool)
    trusts = set(table.ids[is_trust].tolist())
    both = sorted(trusts & set(table.values("trust_id")[~is_trust & table.given("trust_id")].tolist()))
    if both:
        raise RefusedError(f"trust {both[0]} and a school of it are both recipients")


def after_needs(scenario: Scenario, recipients: Recipients) -> tuple[Recipients, Exits]:
    """The recipients whose needs let them be matched, and where the others left."""
    settings, table = scenario.settings, recipients.table
    exits = Exits(len(table))
    exits.leave(done_with(scenario.current, table.ids), "listing", "support-finished")
    listed = _ids_with_fit(scenario.pairs)
    without_fit = np.array([school not in listed for school in table.ids], dtype=bool)
    weighted = [area for area in AREAS if settings.fit.weights.get(area, 0)]  # type: ignore[call-overload]
    nothing = np.logical_and.reduce([_is_zero(table, area) for area in weighted])
    exits.leave(nothing & without_fit, "need", "no-need")
    if settings.eligibility.governance_only == "signpost":
        need = table.column("need_governance")
        alone = need.given & (need.values > 0) & _is_zero(table, "leadership") & _is_zero(table, "finance")
        exits.leave(alone, "need", "governance-only")
    if settings.fit.unknown == "exclude":
        blank = np.logical_or.reduce([~table.given(f"need_{area}") for area in weighted])
        exits.leave(blank & without_fit, "need", "unknown-need")
    return recipients.take(exits.inside), exits


def _is_zero(table: Records, area: str) -> Flags:
    need = table.column(f"need_{area}")
    return np.asarray(need.given & (need.values == 0), dtype=bool)


def _ids_with_fit(pairs: Records | None) -> set[str]:
    return set() if pairs is None else set(pairs.values("school_id")[pairs.given("fit")].tolist())


def need_sources(table: Records) -> list[str]:
    """For each row: assessed, proxy or unknown."""
    some = np.logical_or.reduce([table.given(f"need_{area}") for area in AREAS])
    default = np.where(some, "assessed", "unknown")
    sources = zip(table.values("need_source").tolist(), default.tolist(), strict=True)
    return [source or otherwise for source, otherwise in sources]


def rule_names(scenario: Scenario, rules: Integers) -> list[str]:
    """The name of the rule that let each recipient in; blank where there is none."""
    names = [rule.name for rule in eligibility_rules(scenario.settings)]
    return ["" if rule == NO_RULE else names[rule] for rule in rules.tolist()]
