"""What settings and tables must agree on: names that exist, identifiers that lead somewhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nle_optimizer.errors import Fault, Finding, Place, did_you_mean
from nle_optimizer.scenario.columns import KNOWN_RESOURCES, PINNED, RESULT_COLUMNS, TABLES
from nle_optimizer.scenario.condition_checks import UNFILLED, Tables, asked_columns, check_columns, check_preferences
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.plausibility import check_plausible
from nle_optimizer.scenario.policies import DERIVED_COLUMNS, NEEDS_AS_OF, POLICIES, eligibility_rules
from nle_optimizer.scenario.quantities import Range
from nle_optimizer.scenario.references import check_references
from nle_optimizer.scenario.setting_sections import BLEND_PARTS, COST, MINIMISED
from nle_optimizer.scenario.settings import Settings
from nle_optimizer.scenario.tables import Reading
from nle_optimizer.scenario.validation import check_word
from nle_optimizer.scenario.yaml_text import Path as Steps

AGAINST = {"forbid": "forbidden", "conflict": "in conflict", "objects": "objected to"}
"""Relations that rule a pair out, in words."""

WORKED_OUT_FROM = {"days_since_inspection": "latest_inspected", "days_waiting": "arrived"}


def check(document: Document, settings: Settings, tables: Tables, resources: Sequence[str], reading: Reading) -> None:
    """Add to `reading` every disagreement between settings and tables."""
    checks = _Checks(document, settings, tables, resources, reading)
    checks.policy()
    checks.resources_exist()
    checks.limited_resources_exist()
    checks.somebody_is_wanted()
    checks.kept_pairs_exist()
    checks.travel_times_exist()
    checks.costs_can_be_counted()
    checks.blends_weigh_the_right_way()
    check_columns(document, settings, tables, reading)
    check_preferences(document, settings, tables, reading)
    check_references(settings, tables, reading)
    check_plausible(document, settings, tables, reading)
    checks.relations_agree()
    checks.computed_names_are_free()
    checks.regions_stand_somewhere()
    checks.offers_are_used()
    checks.sample_has_the_eligible()
    if not reading.problems:
        checks.columns_are_used()


@dataclass(frozen=True)
class _Checks:
    document: Document
    settings: Settings
    tables: Tables
    resources: Sequence[str]
    reading: Reading

    def _problem(self, steps: Steps, what: str, got: str | None = None, hint: str | None = None) -> None:
        path = ".".join(str(step) for step in steps)
        self.reading.problems.append(Fault(self.document.place(steps), path, what, got, hint))

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
        self._rules_can_be_judged()

    def _rules_can_be_judged(self) -> None:
        schools = self.tables["schools"]
        if schools is None or self.settings.eligibility.rules is not None:
            return
        absent = [
            WORKED_OUT_FROM.get(column, column)
            for rule in eligibility_rules(self.settings)
            for column, condition in rule.when.items()
            if not (isinstance(condition, Range) and condition.missing is not None)
        ]
        for column in dict.fromkeys(absent):
            if not schools.given(column).any() and column not in DERIVED_COLUMNS:
                what = f"{UNFILLED.format('schools')}, so eligibility cannot be told for anybody by it"
                place = self.document.place(("eligibility",))
                hint = did_you_mean(column, schools.extra)
                self.reading.findings.append(
                    Finding(place, "eligibility", what, column, hint, code="eligibility-cannot-be-told")
                )

    def resources_exist(self) -> None:
        nles = self.tables["nles"]
        if nles is not None and "placements" in self.resources and "placements" not in nles:
            what = "there is no such column, so every NLE takes one school"
            place = Place(nles.source, 1)
            self.reading.findings.append(Finding(place, "placements", what, code="one-place-each"))
        for n, name in enumerate(self.settings.capacity.resources or ()):
            if name in RESULT_COLUMNS or any(name in spec.columns for spec in TABLES.values()):
                self._problem(("capacity", "resources", n), "a column with a meaning of its own is no resource", name)
            elif nles is not None and name not in nles and name != "placements":
                hint = did_you_mean(name, nles.extra)
                self._problem(("capacity", "resources", n), "the nles table has no such column", name, hint)
        groups: list[tuple[Steps, Iterable[str]]] = [
            (("capacity", "multiply"), self.settings.capacity.multiply),
            (("capacity", "reserve"), self.settings.capacity.reserve),
        ]
        for steps, names in groups:
            for name in names:
                if name not in self.resources:
                    hint = did_you_mean(name, self.resources)
                    self._problem((*steps, name), "this is no resource of the scenario", name, hint)

    def limited_resources_exist(self) -> None:
        for n, constraint in enumerate(self.settings.constraints):
            known = [*self.resources, *([COST] if constraint.type == "budget" else [])]
            if constraint.type in ("budget", "minimum_use") and constraint.of not in (None, *known):
                hint = did_you_mean(str(constraint.of), known) or f"one of {', '.join(known)}"
                self._problem(("constraints", n, "of"), "this is no resource of the scenario", constraint.of, hint)

    def somebody_is_wanted(self) -> None:
        """The first objective must not be best where nobody is matched, unless somebody has to be."""
        first = next(iter(self.settings.objectives or ()), None)
        if first is None or not first.is_best_of_nobody or self._somebody_must_be_matched():
            return
        best = "only the best pair" if first.name == "min_fit" else "nobody"
        what = f"{first.name} cannot come first: supporting {best} would be best"
        remedy = "put fit before it, or require somebody by a constraint's minimum"
        self._problem(("objectives", 0), what, None, remedy)

    def _somebody_must_be_matched(self) -> bool:
        if any(constraint.needs_somebody for constraint in self.settings.constraints):
            return True
        pairs, current = self.tables["pairs"], self.tables["current"]
        required = pairs is not None and any("require" in words for words in pairs.values("relation"))
        return required or (current is not None and bool(set(PINNED) & set(current.values("state").tolist())))

    def kept_pairs_exist(self) -> None:
        for n, objective in enumerate(self.settings.objectives or ()):
            if "kept_pairs" in (objective.name, *objective.parts) and self.settings.data.current is None:
                what = "kept_pairs counts pairs that stand today, and there are none"
                self._problem(("objectives", n), what, None, "name their table under data.current")

    def travel_times_exist(self) -> None:
        pairs = self.tables["pairs"]
        for n, objective in enumerate(self.settings.objectives or ()):
            asked = "travel_minutes" in (objective.name, *objective.parts)
            if asked and (pairs is None or not pairs.given("travel_minutes").any()):
                what = "travel times stand in the column travel_minutes of the pairs table, and there are none"
                self._problem(("objectives", n), what, None, "fill it, or minimise distance")

    def costs_can_be_counted(self) -> None:
        costs = self.settings.costs
        if costs.per_day and "days" not in self.resources:
            what = "a cost by the day needs the resource days, and the scenario has none"
            hint = "name days under capacity.resources, or use costs.per_match"
            self._problem(("costs", "per_day"), what, str(costs.per_day), hint)
        if costs.per_day or costs.per_match:
            return
        asked: list[Steps] = [
            ("constraints", n, "of")
            for n, constraint in enumerate(self.settings.constraints)
            if (constraint.type, constraint.of) == ("budget", COST)
        ]
        objectives = enumerate(self.settings.objectives or ())
        asked += [("objectives", n) for n, found in objectives if "cost" in (found.name, *found.parts)]
        for steps in asked:
            what = "no costs are given, so every pair costs 0"
            path = ".".join(str(step) for step in steps)
            hint = "set costs.per_day or costs.per_match"
            place = self.document.place(steps)
            self.reading.findings.append(Finding(place, path, what, hint=hint, code="costs-not-given"))

    def blends_weigh_the_right_way(self) -> None:
        """A blend that rewards what is better small, or charges for what is better great, is a finding."""
        for n, objective in enumerate(self.settings.objectives or ()):
            for part, weight in objective.parts.items():
                is_charge = BLEND_PARTS[part] in MINIMISED
                if weight and is_charge == (weight > 0):
                    steps = ("objectives", n, objective.name, part)
                    what = f"more {part} makes this blend {'better' if is_charge else 'worse'}"
                    hint = f"write {part}: {-weight} if less of it is wanted" if is_charge else None
                    place, path = self.document.place(steps), ".".join(map(str, steps))
                    found = Finding(place, path, what, str(weight), hint, code="blend-wrong-sign")
                    self.reading.findings.append(found)

    def columns_are_used(self) -> None:
        """A column that no setting uses and that is nearly a known one is a finding."""
        named = self.settings.capacity.resources
        resources = KNOWN_RESOURCES if named is None else named
        used = {asked.column for asked in asked_columns(self.settings, self.tables["pairs"])}
        used |= {column for rule in eligibility_rules(self.settings) for column in rule.when}
        for table in filter(None, self.tables.values()):
            missing = [name for name in (*table.spec.columns, *resources) if name not in table]
            for name in table.extra:
                hint = did_you_mean(name, missing) if name not in used and name not in resources else None
                if hint:
                    what = "this column is carried but not used"
                    place = Place(table.source, 1)
                    self.reading.findings.append(Finding(place, name, what, hint=hint, code="column-not-used"))

    def computed_names_are_free(self) -> None:
        schools = self.tables["schools"]
        for name in schools.extra if schools is not None else ():
            if name in DERIVED_COLUMNS and schools is not None:
                what = "a column of this name is computed here; rename yours"
                self.reading.problems.append(Fault(Place(schools.source, 1), name, what))

    def regions_stand_somewhere(self) -> None:
        schools = self.tables["schools"]
        asked = [name for name in self.settings.geography.max_distance_km if name.casefold() != "default"]
        if schools is None or not asked:
            return
        standing = {str(name).casefold() for name in schools.values("region")}
        for region in asked:
            if region.casefold() not in standing:
                steps = ("geography", "max_distance_km", region)
                what, hint = "no school lies in this region", did_you_mean(region, standing)
                place = self.document.place(steps)
                found = Finding(place, ".".join(steps), what, region, hint, code="limit-of-no-region")
                self.reading.findings.append(found)

    def offers_are_used(self) -> None:
        offers: list[Steps] = [("offer", name) for name in self.settings.offer if name != "override"]
        for n, rule in enumerate(self.settings.eligibility.rules or ()):
            offers += [("eligibility", "rules", n, "offer", name) for name in rule.offer]
        for steps in offers:
            if steps[-1] not in self.resources:
                what = "this is no resource of the scenario, so the offer is not used"
                hint = did_you_mean(str(steps[-1]), self.resources)
                path = ".".join(str(step) for step in steps)
                place = self.document.place(steps)
                found = Finding(place, path, what, hint=hint, code="offer-of-no-resource")
                self.reading.findings.append(found)

    def sample_has_the_eligible(self) -> None:
        """A sample that was drawn for one policy and is judged by another lacks some who would be eligible."""
        sample, judged = self.settings.sample, self.settings.eligibility
        policy = "rules of your own" if judged.rules is not None else judged.policy or "all"
        if sample is None or sample.kept == 1 or policy in sample.policies:
            return
        drawn_for = " or ".join(sample.policies)
        what = f"the schools are a sample drawn for {drawn_for}; of all others only {sample.kept:%} were kept"
        hint = "counts of schools under another policy are too small; generate the scenario without --keep-others"
        place = self.document.place(("eligibility",))
        found = Finding(place, "eligibility.policy", what, policy, hint, code="sample-of-another-policy")
        self.reading.findings.append(found)

    def relations_agree(self) -> None:
        pairs = self.tables["pairs"]
        if pairs is None:
            return
        for n, words in enumerate(pairs.values("relation")):
            clash = AGAINST.keys() & set(words)
            if "require" in words and clash:
                place = Place(pairs.source, row=int(pairs.rows[n]))
                what = f"a pair cannot be required and also {AGAINST[sorted(clash)[0]]}"
                self.reading.problems.append(Fault(place, "relation", what, "|".join(words)))
