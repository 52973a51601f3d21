"""In-year balances of schools as shares of their income."""

from fractions import Fraction
from pathlib import Path

from nle_optimizer.sources.england.cells import number, parsed
from nle_optimizer.sources.england.extracts import Extract, read_extract, rows_by_key
from nle_optimizer.sources.england.notes import Notes

NAMES = {
    "urn": ("URN",),
    "income": ("Income", "Total income"),
    "balance": ("In-year balance",),
}
REQUIRED = ("income", "balance")


def read_finance(path: Path, notes: Notes) -> tuple[Extract, dict[str, Fraction]]:
    """Read a finance file; amounts are pounds.

    Returns:
        The file, and the balance over the income by URN (below 0: a deficit). A school whose income or
        balance is not given, or whose income is not above 0, is not among them.

    Raises:
        InputError: the file cannot be read; faults in its cells go to `notes`.
    """
    extract = read_extract(path, NAMES, "urn", notes, REQUIRED)
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
