"""What settings and tables must agree on: names that exist, identifiers that lead somewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nle_optimizer.errors import Place, Problem, did_you_mean
from nle_optimizer.records import Records
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.policies import DERIVED_COLUMNS, NEEDS_AS_OF, POLICIES, eligibility_rules
from nle_optimizer.scenario.quantities import Range, When
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import MOST_SHOWN, Reading
from nle_optimizer.scenario.validation import check_word
from nle_optimizer.scenario.yaml_text import Path as Steps

Tables = Mapping[str, Records | None]


def check(document: Document, settings: Settings, tables: Tables, resources: Sequence[str], reading: Reading) -> None:
    """Add to `reading` every disagreement between settings and tables."""
    checks = _Checks(document, settings, tables, resources, reading)
    checks.policy()
    checks.resources_exist()
    checks.conditions()
    checks.pairs_lead_somewhere()
    checks.relations_agree()
    checks.homes_exist()


@dataclass(frozen=True)
class _Checks:
    document: Document
    settings: Settings
    tables: Tables
    resources: Sequence[str]
    reading: Reading

    def _problem(self, steps: Steps, what: str, got: str | None = None, hint: str | None = None) -> None:
        path = ".".join(str(step) for step in steps)
        self.reading.problems.append(Problem(self.document.place(steps), path, what, got, hint))

    def policy(self) -> None:
        chosen = self.settings.eligibility
        if chosen.policy is not None and chosen.policy not in POLICIES:
            steps = ("eligibility", "policy")
            self.reading.problems += check_word(
                self.document.place(steps), "eligibility.policy", chosen.policy, POLICIES
            )
            return
        used = {column for rule in eligibility_rules(self.settings) for column in rule.when}
        undated = sorted(used & NEEDS_AS_OF)
        if undated and self.settings.as_of is None:
            self._problem(("eligibility",), f"{undated[0]} is counted up to as_of, which is not given")

    def resources_exist(self) -> None:
        nles = self.tables["nles"]
        for n, name in enumerate(self.settings.capacity.resources or ()):
            everyone_has_one = name == "placements" and nles is not None and name not in nles
            if nles is not None and not nles.given(name).any() and not everyone_has_one:
                hint = did_you_mean(name, nles.columns)
                self._problem(("capacity", "resources", n), "no NLE has any of this resource", name, hint)
        groups: list[tuple[Steps, Iterable[str]]] = [
            (("capacity", "multiply"), self.settings.capacity.multiply),
            (("capacity", "reserve"), self.settings.capacity.reserve),
        ]
        for steps, names in groups:
            for name in names:
                if name not in self.resources:
                    hint = did_you_mean(name, self.resources)
                    self._problem((*steps, name), "this is no resource of the scenario", name, hint)

    def conditions(self) -> None:
        settings, schools = self.settings, self.tables["schools"]
        if schools is None:
            return
        conditions: list[tuple[Steps, When]] = [
            (("eligibility", "rules", n, "when"), rule.when) for n, rule in enumerate(settings.eligibility.rules or ())
        ]
        if settings.trust_first.qualifies is not None:
            conditions.append((("trust_first", "qualifies", "when"), settings.trust_first.qualifies.when))
        conditions += [
            (("objectives", n, objective.name, "where"), objective.where)
            for n, objective in enumerate(settings.objectives or ())
        ]
        for steps, when in conditions:
            self._columns_exist(steps, when, schools)

    def _columns_exist(self, steps: Steps, when: When, schools: Records) -> None:
        known = [*schools.spec.columns, *schools.extra, *DERIVED_COLUMNS]
        for column, condition in when.items():
            if column not in known:
                hint = did_you_mean(column, known)
                self._problem((*steps, column), "the schools table has no such column", column, hint)
            elif column in NEEDS_AS_OF and self.settings.as_of is None:
                self._problem((*steps, column), "this is counted up to as_of, which is not given")
            elif column in schools.columns and not isinstance(condition, Range):
                self._values_stand_somewhere((*steps, column), condition, schools, column)

    def _values_stand_somewhere(self, steps: Steps, condition: object, schools: Records, column: str) -> None:
        cells = schools.column(column)
        standing = {str(value).casefold() for value in cells.values[cells.given]}
        if cells.values.dtype != object:
            return
        for value in condition if isinstance(condition, list) else [condition]:
            if str(value).casefold() not in standing:
                path = ".".join(str(step) for step in steps)
                hint = did_you_mean(str(value), standing)
                what = "this value stands in no row of the schools table"
                self.reading.findings.append(Problem(self.document.place(steps), path, what, str(value), hint))

    def pairs_lead_somewhere(self) -> None:
        for table in ("pairs", "current"):
            pairs = self.tables[table]
            if pairs is None:
                continue
            for column, other in (("nle_id", "nles"), ("school_id", "schools")):
                self._dangling(pairs, column, self.tables[other])

    def _dangling(self, pairs: Records, column: str, other: Records | None) -> None:
        if other is None:
            return
        known = set(other.ids.tolist()) | self._formed(column)
        cells = pairs.column(column)
        wrong = [n for n in np.flatnonzero(cells.given) if cells.values[n] not in known]
        for n in wrong[:MOST_SHOWN]:
            what = f"the {other.spec.name} table has no such identifier"
            hint = did_you_mean(cells.values[n], known) if len(known) < 5000 else None
            place = Place(pairs.source, row=int(pairs.rows[n]))
            self.reading.problems.append(Problem(place, column, what, cells.values[n], hint))
        if len(wrong) > MOST_SHOWN:
            what = f"{len(wrong) - MOST_SHOWN} more rows lead nowhere"
            self.reading.problems.append(Problem(Place(pairs.source), column, what))

    def _formed(self, column: str) -> set[str]:
        """Identifiers of recipients that are formed from a trust's schools."""
        schools = self.tables["schools"]
        if column != "school_id" or schools is None or self.settings.eligibility.recipients != "trust":
            return set()
        return set(schools.values("trust_id").tolist()) - {""}

    def relations_agree(self) -> None:
        pairs = self.tables["pairs"]
        if pairs is None:
            return
        for n, words in enumerate(pairs.values("relation")):
            clash = {"forbid", "conflict", "objects"} & set(words)
            if "require" in words and clash:
                place = Place(pairs.source, row=int(pairs.rows[n]))
                what = f"a pair cannot be required and also {sorted(clash)[0]}"
                self.reading.problems.append(Problem(place, "relation", what, "|".join(words)))

    def homes_exist(self) -> None:
        nles, schools = self.tables["nles"], self.tables["schools"]
        if nles is None or schools is None or "home_school_id" not in nles:
            return
        homes = nles.column("home_school_id")
        known = set(schools.ids.tolist())
        gone = [homes.values[n] for n in np.flatnonzero(homes.given) if homes.values[n] not in known]
        if gone:
            what = "home schools that the schools table does not have; only the NLEs' own cells count"
            shown = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
            self.reading.findings.append(Problem(Place(nles.source), "home_school_id", what, shown))
