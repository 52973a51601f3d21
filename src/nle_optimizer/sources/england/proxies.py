"""Needs where nobody assessed them: declared proxies from grades and balances, each with its formula.

No official figure of need in leadership, governance or finance exists. These are simple and monotone: a
worse grade or a worse balance never lowers a need. All arithmetic is exact.

- leadership = LEADERSHIP[grade] + 0.1 if the previous overall grade was 3 or 4; the grade is the one for
  leadership and management, or the latest overall grade where there is none.
- governance = GOVERNANCE[latest grade] + 0.3 if the previous was 3, + 0.4 if it was 4: a governing body
  under which two inspections in a row fell short needs most.
- finance = 0.2 - 8 x (in-year balance / income), held to 0..1: a balanced year 0.2, a deficit of 10 % of
  income 1, a surplus of 2.5 % 0. Where no balance is known: FINANCE[latest grade], the mean of that formula
  over the maintained schools of that grade in 2017-18, to the nearest 0.05.
"""

from collections.abc import Mapping
from fractions import Fraction

from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.sources.england.amounts import six_decimals
from nle_optimizer.sources.england.inspections import Inspection

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
