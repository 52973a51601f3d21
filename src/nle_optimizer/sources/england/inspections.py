"""Inspections, finance and the needs that stand in for an assessment.

Grades and dates of full inspections, from Ofsted's management information of any width. In-year balances of schools
as shares of their income.

Needs where nobody assessed them: declared proxies from grades and balances, each with its formula.

No official figure of need in leadership, governance or finance exists. These are simple and monotone: a
worse grade or a worse balance never lowers a need. All arithmetic is exact.

- leadership = LEADERSHIP[grade] + 0.1 if the previous overall grade was 3 or 4; the grade is the one for
  leadership and management, or the latest overall grade where there is none.
- governance = GOVERNANCE[latest grade] + 0.3 if the previous was 3, + 0.4 if it was 4: a governing body
  under which two inspections in a row fell short needs most.
- finance = 0.2 - 8 x (in-year balance / income), held to 0..1: a balanced year 0.2, a deficit of 10 % of
  income 1, a surplus of 2.5 % 0. Where no balance is known: FINANCE[latest grade], the mean of that formula
  over the maintained schools of that grade in 2017-18, to the nearest 0.05.

Schools that took over from others (URN links), and the history they carry on.

A conversion to an academy gives a school a new URN, and its inspections stay with the old one. History is
followed through single predecessors only: never through a merger, an amalgamation or a split, where
nobody can say whose grade it is.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.extracts import Extract, Notes, read_extract, rows_by_key
from nle_optimizer.scenario.official_cells import day, grades, number, parsed, six_decimals, whole

NAMES = {
    "urn": ("URN", "Provider URN"),
    "latest": ("Overall effectiveness",),
    "latest_on": ("Inspection start date", "First day of inspection"),
    "previous": ("Previous full inspection overall effectiveness", "Previous overall effectiveness"),
    "previous_on": ("Previous inspection start date", "Previous last day of inspection"),
    "count": ("Number of full inspections",),
    "leadership": ("Effectiveness of leadership and management",),
    "education": ("Quality of education",),
}
REQUIRED = ("latest", "latest_on")


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of a school's full inspections; None where it is not."""

    latest_grade: int | None = None
    latest_inspected: date | None = None
    previous_grade: int | None = None
    previous_inspected: date | None = None
    inspections: int | None = None
    leadership_grade: int | None = None
    education_grade: int | None = None

    @property
    def is_graded(self) -> bool:
        """Whether it holds any grade at all."""
        held = (self.latest_grade, self.previous_grade, self.leadership_grade, self.education_grade)
        return any(grade is not None for grade in held)

    def as_it_stood(self, day: date | None) -> "Inspection":
        """The same without what was inspected after a day: then the inspection before is the latest."""
        if day is None or self.latest_inspected is None or self.latest_inspected <= day:
            return self
        if self.previous_inspected is not None and self.previous_inspected > day:
            return NONE
        return Inspection(self.previous_grade, self.previous_inspected)

    def cells(self) -> dict[str, str]:
        """The same as cells of a schools table."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: "" if value is None else str(value) for name, value in values.items()}


NONE = Inspection()


def inspection_of(cells: Mapping[str, str]) -> Inspection:
    """What a row of the schools table says of its inspections."""
    days = (cells.get("latest_inspected"), cells.get("previous_inspected"))
    grades_ = ("latest_grade", "previous_grade", "inspections", "leadership_grade", "education_grade")
    latest, previous, count, leadership, education = (int(cells.get(name) or 0) or None for name in grades_)
    latest_on, previous_on = (date.fromisoformat(text) if text else None for text in days)
    return Inspection(latest, latest_on, previous, previous_on, count, leadership, education)


def read_inspections(path: Path, notes: Notes) -> tuple[Extract, dict[str, Inspection]]:
    """Read Ofsted's file: the shared extract, or the official layout with lines before its header.

    Returns:
        The file, and the inspections by URN.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
    by_urn = rows_by_key(extract, "urn", notes)
    columns = (
        grades(extract, "latest", notes),
        parsed(extract, "latest_on", day, notes),
        grades(extract, "previous", notes),
        parsed(extract, "previous_on", day, notes),
        parsed(extract, "count", whole, notes),
        grades(extract, "leadership", notes),
        grades(extract, "education", notes),
    )
    rows = [Inspection(*values) for values in zip(*columns, strict=True)]
    return extract, {urn: rows[row] for urn, row in by_urn.items()}


FINANCE_NAMES = {
    "urn": ("URN",),
    "income": ("Income", "Total income"),
    "balance": ("In-year balance",),
}
FINANCE_REQUIRED = ("income", "balance")


def read_finance(path: Path, notes: Notes) -> tuple[Extract, dict[str, Fraction]]:
    """Read a finance file; amounts are pounds.

    Returns:
        The file, and the balance over the income by URN (below 0: a deficit). A school whose income or
        balance is not given, or whose income is not above 0, is not among them.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, FINANCE_NAMES, "urn", notes, FINANCE_REQUIRED)
    rows_by_key(extract, "urn", notes)
    incomes = parsed(extract, "income", number, notes)
    balances = parsed(extract, "balance", number, notes)
    shares: dict[str, Fraction] = {}
    without_income = 0
    for urn, income, balance in zip(extract.cells("urn"), incomes, balances, strict=True):
        if income is None or balance is None:
            continue
        if income <= 0:
            without_income += 1
            continue
        shares[urn] = Fraction(balance) / Fraction(income)
    notes.find(
        without_income,
        "Schools of the finance file without an income above 0, so without a balance share: {n}.",
    )
    return extract, shares


LEADERSHIP = {1: Fraction(0), 2: Fraction("0.2"), 3: Fraction("0.6"), 4: Fraction("0.9")}
GOVERNANCE = {1: Fraction(0), 2: Fraction("0.1"), 3: Fraction("0.4"), 4: Fraction("0.6")}
FINANCE = {1: Fraction("0.2"), 2: Fraction("0.2"), 3: Fraction("0.25"), 4: Fraction("0.45")}
BELOW_GOOD_AGAIN = Fraction("0.1")
PERSISTENCE = {3: Fraction("0.3"), 4: Fraction("0.4")}
BALANCED = Fraction("0.2")
PER_SHARE = 8
BELOW_GOOD = 3


def leadership_need(leadership_grade: int | None, latest: int | None, previous: int | None) -> Fraction | None:
    """Need in leadership, 0 to 1; None where there is no grade to tell it from."""
    grade = latest if leadership_grade is None else leadership_grade
    if grade is None:
        return None
    again = BELOW_GOOD_AGAIN if previous is not None and previous >= BELOW_GOOD else 0
    return min(Fraction(1), LEADERSHIP[grade] + again)


def governance_need(latest: int | None, previous: int | None) -> Fraction | None:
    """Need in governance, 0 to 1; None where there is no overall grade."""
    if latest is None:
        return None
    return min(Fraction(1), GOVERNANCE[latest] + PERSISTENCE.get(previous or 0, Fraction(0)))


def finance_need(balance: Fraction | None, latest: int | None) -> tuple[Fraction | None, str]:
    """Need in finance, 0 to 1, and its basis: `balance` or `grades`.

    Args:
        balance: in-year balance as a share of income, below 0 for a deficit; None where not known.
        latest: latest overall grade; None where there is none, which leaves the need unknown.
    """
    if latest is None:
        return None, ""
    if balance is None:
        return FINANCE[latest], "grades"
    return max(Fraction(0), min(Fraction(1), BALANCED - PER_SHARE * balance)), "balance"


def fill_needs(cells: dict[str, str], inspection: Inspection, balance: Fraction | None, assessed: set[str]) -> None:
    """Fill the blank needs of a row of the schools table, and mark where all of them come from.

    Args:
        cells: the row, with the needs that are given.
        inspection: the grades the proxies are read from.
        balance: in-year balance as a share of income.
        assessed: areas whose need somebody assessed.
    """
    proxies, basis = _proxies(inspection, balance)
    if cells.get("need_finance"):
        basis = "" if "finance" in assessed else cells.get("need_finance_basis", "")
    for area in AREAS:
        given = cells.get(f"need_{area}", "")
        proxy = proxies[area]
        cells[f"need_{area}"] = given or ("" if proxy is None else six_decimals(proxy))
    cells["need_source"] = _source(cells, assessed)
    cells["need_finance_basis"] = basis
    cells["need_assessed_areas"] = "|".join(area for area in AREAS if area in assessed)


def _proxies(inspection: Inspection, balance: Fraction | None) -> tuple[dict[str, Fraction | None], str]:
    latest, previous = inspection.latest_grade, inspection.previous_grade
    finance, basis = finance_need(balance, latest)
    leadership = leadership_need(inspection.leadership_grade, latest, previous)
    needs = (leadership, governance_need(latest, previous), finance)
    return dict(zip(AREAS, needs, strict=True)), basis


def _source(cells: Mapping[str, str], assessed: set[str]) -> str:
    if any(not cells[f"need_{area}"] for area in AREAS):
        return "unknown"
    return "assessed" if len(assessed) == len(AREAS) else "proxy"


LINK_NAMES = {"urn": ("URN",), "other": ("LinkURN", "Link URN"), "kind": ("LinkType", "Link type")}
LINK_REQUIRED = ("other", "kind")
PLAIN = frozenset({"predecessor", "successor"})

Kinds = dict[str, dict[str, set[str]]]


class UrnLinks:
    """Who came before whom, each link read from either side."""

    def __init__(self, before: Kinds, after: Kinds):
        self._before = before
        self._after = after

    def single_predecessor(self, urn: str) -> str | None:
        """The one school this one plainly took over from, or None."""
        return _only(self._before.get(urn, {}))

    def single_successor(self, urn: str) -> str | None:
        """The one school that plainly took over from this one, or None."""
        return _only(self._after.get(urn, {}))

    def inherited(self, urn: str, known: Mapping[str, Inspection]) -> str | None:
        """The nearest predecessor with a grade, along a chain of single predecessors; None without one."""
        seen = {urn}
        step = self.single_predecessor(urn)
        while step is not None and step not in seen:
            if step in known and known[step].is_graded:
                return step
            seen.add(step)
            step = self.single_predecessor(step)
        return None

    def current(self, urn: str, known: Container[str]) -> str | None:
        """The school of `known` that this one became, along a chain of single successors; None without."""
        return next((step for step in self._chain(urn) if step in known), None)

    def several(self, urn: str) -> list[str]:
        """The schools that this one was split into, or that took over from it otherwise than plainly; or none."""
        last = [urn, *self._chain(urn)][-1]
        after = self._after.get(last, {})
        return [] if _only(after) else sorted(after)

    def _chain(self, urn: str) -> Iterator[str]:
        """Single successors, one after the other."""
        seen = {urn}
        step = self.single_successor(urn)
        while step is not None and step not in seen:
            yield step
            seen.add(step)
            step = self.single_successor(step)


def _only(linked: Mapping[str, set[str]]) -> str | None:
    """The only school linked, where nothing but a plain link joins the two."""
    if len(linked) != 1:
        return None
    ((urn, kinds),) = linked.items()
    return urn if kinds <= PLAIN else None


def no_links() -> UrnLinks:
    """Links where no file of them is given."""
    return UrnLinks({}, {})


def read_urn_links(path: Path, notes: Notes) -> tuple[Extract, UrnLinks]:
    """Read GIAS's links file.

    Raises:
        InputError: the file cannot be read.
    """
    extract = read_extract(path, LINK_NAMES, "urn", notes, LINK_REQUIRED)
    before: Kinds = {}
    after: Kinds = {}
    columns = (extract.cells("urn"), extract.identifiers("other", notes), extract.cells("kind"))
    for urn, other, kind in zip(*columns, strict=True):
        for old, new in _directions(urn, other, kind.casefold()):
            before.setdefault(new, {}).setdefault(old, set()).add(kind.casefold())
            after.setdefault(old, {}).setdefault(new, set()).add(kind.casefold())
    return extract, UrnLinks(before, after)


def _directions(urn: str, other: str, kind: str) -> list[tuple[str, str]]:
    """Which of the two came before which; after a merger both directions, so that nothing is followed."""
    if urn == other or not other:
        return []
    if kind.startswith("predecessor"):
        return [(other, urn)]
    if kind.startswith("successor"):
        return [(urn, other)]
    return [(other, urn), (urn, other)] if kind.startswith(("merged", "result of")) else []


def with_history(
    urns: list[str], known: Mapping[str, Inspection], links: UrnLinks
) -> tuple[dict[str, Inspection], dict[str, str]]:
    """Inspections of every school, a predecessor's where it has none of its own.

    Returns:
        Inspections by URN, and for those that follow a predecessor its URN. A school with any grade of its
        own keeps exactly what it has.
    """
    inspections: dict[str, Inspection] = {}
    inspected_as: dict[str, str] = {}
    for urn in urns:
        own = known.get(urn)
        if own is None or not own.is_graded:
            old = links.inherited(urn, known)
            if old is not None:
                inspected_as[urn], own = old, known[old]
        if own is not None:
            inspections[urn] = own
    return inspections, inspected_as
