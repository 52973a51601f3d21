"""`this_plan.csv`: the plan kept as it is beside the one made anew, in every draw and with every weight changed.

What the plan kept comes to is worked out again from the inputs. What a plan made anew comes to would need a search,
which nothing here can do: it is believed, within what the plan kept, limits and a claimed proof allow.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby

from nle_optimizer.evidence.verification.findings import Findings, number_in
from nle_optimizer.evidence.verification.levels import LEXIMIN, AnyLevel, DerivedLevel
from nle_optimizer.evidence.verification.random_draws import Left

FILE = "this_plan.csv"
OF_CASE = ("kind", "case", "status", "pairs_left", "within_limits", "pairs_new", "pairs_in_common")
OF_LEVEL = ("level", "objective", "this_plan", "new_plan", "needed", "against")
THIS_PLAN_COLUMNS = (*OF_CASE, *OF_LEVEL)
OPTIMAL, FEASIBLE, COMPLETED = "optimal", "feasible", "completed"
Row = Mapping[str, str]


@dataclass(frozen=True)
class At:
    """The plans at one objective of a case, as the table has them, in what people read."""

    objective: str
    minimised: bool
    this_plan: Fraction
    new_plan: Fraction
    against: str

    @property
    def decides(self) -> bool:
        """Whether this objective says which plan is better."""
        return self.against in ("behind", "ahead")

    @property
    def loss(self) -> Fraction:
        """What the plan kept loses where this objective decides; else 0."""
        more = self.new_plan - self.this_plan
        return Fraction(0) if not self.decides else -more if self.minimised else more

    @property
    def is_amount(self) -> bool:
        """Whether the difference of the figures is what is lost."""
        return not self.objective.startswith(LEXIMIN)


@dataclass(frozen=True)
class ClaimedCase:
    """A case as the table has it: the plans at each objective, none where they are not compared.

    Attributes:
        status: of the plan made anew.
        has_plan: whether there is one.
        is_compared: whether what is left of the plan keeps to every limit, so that the two are compared.
        new, in_common: how many pairs it has, and how many of them are the plan's.
        levels: objective by objective.
    """

    status: str
    has_plan: bool
    is_compared: bool
    new: int
    in_common: int
    levels: Sequence[At]


@dataclass(frozen=True)
class ComparedCase:
    """A case to be told of.

    Attributes:
        kind: `estimates` or `weights`.
        name: the draw, or the area and what became of its weight.
        left: works out what is left of the plan; None where that needs a search.
    """

    kind: str
    name: str
    left: Callable[[], Left | None] | None


def read_cases(
    table: Mapping[str, Sequence[str]],
    cases: Sequence[ComparedCase],
    names: Sequence[str],
    pairs: int,
    proves: bool,
    findings: Findings,
) -> list[ClaimedCase] | None:
    """Check every case that the table has to have; None where it has others.

    Args:
        table: the file.
        cases: them, in order.
        names: of the plan's objectives.
        pairs: how many the plan has.
        proves: whether the rule gives an optimum, or a bound.
        findings: what is wrong.
    """
    rows = [
        dict(zip(THIS_PLAN_COLUMNS, cells, strict=True))
        for cells in zip(*(table[name] for name in THIS_PLAN_COLUMNS), strict=True)
    ]
    groups = [(key, list(own)) for key, own in groupby(rows, lambda row: (row["kind"], row["case"]))]
    given, said = ([f"{kind} {name}" for kind, name in keys] for keys in (_keys(cases), [key for key, _ in groups]))
    if given != said:
        findings.differs(FILE, "", "case", ", ".join(given), ", ".join(said))
        return None
    readers = (_Reader(case, own, names, pairs, findings) for case, (_, own) in zip(cases, groups, strict=True))
    return [reader.read(proves) for reader in readers]


def _keys(cases: Sequence[ComparedCase]) -> list[tuple[str, str]]:
    return [(case.kind, case.name) for case in cases]


@dataclass(frozen=True)
class _Reader:
    case: ComparedCase
    rows: Sequence[Row]
    names: Sequence[str]
    pairs: int
    findings: Findings

    def read(self, proves: bool) -> ClaimedCase:
        """The case, after checking what the table says of it."""
        first = self.rows[0]
        status = first["status"]
        has_plan = status in ((OPTIMAL, FEASIBLE) if proves else (COMPLETED,))
        left = self.case.left() if self.case.left is not None else None
        if not has_plan:
            self._check_without(status, left)
            return ClaimedCase(status, has_plan, False, 0, 0, ())
        if left is None and self.case.left is not None:
            self._add("a run must refuse these inputs, so there can be no plan made anew")
        for name in OF_CASE:
            if any(row[name] != first[name] for row in self.rows):
                self._add(f"{name} is not the same in every row")
        if left is not None:
            self._same("pairs_left", str(left.pairs))
            self._same("within_limits", "yes" if left.within_limits else "no")
        numbers = {name: self._count(name) for name in ("pairs_left", "pairs_new", "pairs_in_common")}
        most = {"pairs_left": self.pairs, "pairs_in_common": min(self.pairs, numbers["pairs_new"])}
        for name, limit in most.items():
            if numbers[name] > limit:
                self._add(f"{name} cannot be above {limit}, the claim says {first[name]}")
        compared = first["within_limits"] == "yes"
        levels = list(self._levels(left, status)) if self._has_levels(left, compared=compared) else []
        return ClaimedCase(status, has_plan, compared, numbers["pairs_new"], numbers["pairs_in_common"], levels)

    def _check_without(self, status: str, left: Left | None) -> None:
        if len(self.rows) > 1 or any(
            self.rows[0][name] for name in THIS_PLAN_COLUMNS[THIS_PLAN_COLUMNS.index("status") + 1 :]
        ):
            self._add("there is no plan made anew, and it tells of one")
        if not status or status in (OPTIMAL, FEASIBLE, COMPLETED):
            self._add(f"no plan of this rule can be {status or 'blank'}")
        if status == "infeasible" and left is not None and left.within_limits:
            self._add("what is left of the plan keeps to every limit, so it cannot be infeasible")

    def _has_levels(self, left: Left | None, *, compared: bool) -> bool:
        """Whether the plans are told of objective by objective, as they must be just where they are compared."""
        told = len(self.rows) > 1 or any(self.rows[0][name] for name in OF_LEVEL)
        asked = compared and (told if left is None else bool(left.levels))
        if told and not asked:
            self._add("the plans are compared, and cannot be")
        return asked

    def _levels(self, left: Left | None, status: str) -> Iterator[At]:
        levels = None if left is None else left.levels
        if levels is not None and len(levels) != len(self.rows):
            self._add(f"the inputs give {len(levels)} objectives, the claim {len(self.rows)}")
            levels = None
        names = self.names if len(self.rows) == len(self.names) else [""] * len(self.rows)
        is_open = True
        for n, (row, name) in enumerate(zip(self.rows, names, strict=True)):
            level = None if levels is None else levels[n]
            where = f"{self._where}: objective {n + 1}"
            if row["level"] != str(n + 1):
                self.findings.differs(FILE, where, "level", n + 1, row["level"])
            if not _is_named(row["objective"], name, level):
                given = name or (level.name if level else "another")
                self.findings.differs(FILE, where, "objective", given, row["objective"])
            this, new, needed = (self._amount(where, word, row[word]) for word in ("this_plan", "new_plan", "needed"))
            if left is not None and level is not None:
                value = Fraction(left.values[n], level.scale)
                if this != value or row["this_plan"] != plain(value):
                    self.findings.differs(FILE, where, "this_plan", plain(value), row["this_plan"])
                self._check_needed(where, level, new, needed, row["needed"])
                self._check_against(where, level, (this, needed), row["against"], status, is_open)
            yield At(row["objective"], level is not None and level.minimised, this, new, row["against"])
            is_open = is_open and row["against"] == "equal"

    def _check_needed(self, where: str, level: AnyLevel, new: Fraction, needed: Fraction, said: str) -> None:
        """Check what is as good as the plan made anew: its own figure, or what later objectives may leave of it."""
        sign = -1 if level.minimised else 1
        least = sign * new - _given_up(level, new)
        if not least <= sign * needed <= sign * new:
            self.findings.differs(FILE, where, "needed", f"from {plain(sign * least)} to {plain(new)}", said)

    def _check_against(
        self, where: str, level: AnyLevel, both: tuple[Fraction, Fraction], said: str, status: str, is_open: bool
    ) -> None:
        this, needed = both
        more = needed - this if level.minimised else this - needed
        gives_up = isinstance(level, DerivedLevel) and level.within is not None
        if not is_open:
            able = [""]
        elif level.name == LEXIMIN:
            able = ["equal", "behind", *(["ahead"] if status != OPTIMAL else [])]
        elif more < 0:
            able = ["behind"]
        elif more == 0 or (status == OPTIMAL and gives_up):
            able = ["equal"]
        else:
            able = [*(["ahead"] if status != OPTIMAL else []), *(["equal"] if gives_up else [])]
        if said not in able:
            given = " or ".join(able) if able else "less than a plan that is proved best"
            self.findings.differs(FILE, where, "against", given, said)

    @property
    def _where(self) -> str:
        return f"{self.case.kind} {self.case.name}"

    def _add(self, what: str) -> None:
        self.findings.add(FILE, f"{FILE}: {self._where}: {what}")

    def _same(self, column: str, ours: str) -> None:
        if self.rows[0][column] != ours:
            self.findings.differs(FILE, self._where, column, ours, self.rows[0][column])

    def _count(self, column: str) -> int:
        cell = self.rows[0][column]
        if not cell.isdecimal() or str(int(cell)) != cell:
            self.findings.differs(FILE, self._where, column, "a whole number", cell)
            return 0
        return int(cell)

    def _amount(self, where: str, column: str, cell: str) -> Fraction:
        number = number_in(cell)
        if number is None or not number.is_finite() or plain(Fraction(number)) != cell:
            self.findings.differs(FILE, where, column, "a decimal without needless places", cell)
            return Fraction(0)
        return Fraction(number)


def _given_up(level: AnyLevel, value: Fraction) -> Fraction:
    """The most that later objectives may give up of a value."""
    within = level.within if isinstance(level, DerivedLevel) else None
    return abs(value) * Fraction(within.rstrip("%")) / 100 if isinstance(within, str) else Fraction(within or 0)


def _is_named(said: str, name: str, level: AnyLevel | None) -> bool:
    if name:
        return said == name
    return level is None or said == level.name or said.startswith(f"{level.name}[")


def plain(number: Fraction) -> str:
    """An exact decimal without needless places."""
    places = next((n for n in range(60) if not 10**n % number.denominator), 60)
    whole = int(number * 10**places)
    return format(Decimal(whole).scaleb(-places), "f")
