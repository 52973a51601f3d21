"""Values, bounds and the claim that nothing better exists."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.levels import Level
from nle_optimizer.evidence.verification.prices import FILE as CERTIFICATE
from nle_optimizer.evidence.verification.prices import Prices, check_signs, is_whole
from nle_optimizer.evidence.verification.sweep import UNLIMITED, Sweep
from nle_optimizer.records import Integers

SUMMARY = "summary.json"
TOLERANCE = 1e-9


def near(ours: float, theirs: Any) -> bool:
    """Whether a number of a document is ours, but for the last digits of a float."""
    if isinstance(theirs, bool) or not isinstance(theirs, int | float):
        return False
    return abs(theirs - ours) <= TOLERANCE * max(abs(ours), abs(theirs))


def claims_proof(summary: Mapping[str, Any]) -> bool:
    """Whether a summary says that anything is proved."""
    objectives = summary.get("objectives")
    entries = objectives if isinstance(objectives, list) else []
    return summary.get("status") == "optimal" or any(
        isinstance(entry, dict) and entry.get("proved") is True for entry in entries
    )


def level_values(sweep: Sweep, levels: Sequence[Level]) -> list[int]:
    """The value of each level over the matched pairs that are candidates, in its own sense."""
    pairs = sweep.matching.pairs.with_fit(sweep.fit).keep(sweep.fit >= 0)
    return [sum(int(amount) for amount in level.amounts(pairs, sweep.measures).tolist()) for level in levels]


def check_objectives(
    summary: Mapping[str, Any], levels: Sequence[Level], values: Sequence[int], findings: Findings
) -> None:
    """Check `objectives` of the summary: names, senses, values, and bounds where they are proved."""
    entries = summary.get("objectives")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        findings.differs(SUMMARY, "", "objectives", "a list", entries)
        return
    if len(entries) != len(levels):
        findings.differs(SUMMARY, "", "objectives", f"{len(levels)} levels", f"{len(entries)} levels")
        return
    optimal = summary.get("status") == "optimal"
    for n, (entry, level, value) in enumerate(zip(entries, levels, values, strict=True), start=1):
        where = f"objectives: level {n}"
        _check_level(SUMMARY, where, entry, level, findings)
        exact = entry.get("exact")
        exact = exact if isinstance(exact, dict) else {}
        _same(findings, where, "exact value", value, exact.get("value"))
        _same(findings, where, "exact scale", level.scale, exact.get("scale"))
        _float(findings, where, "value", value / level.scale, entry.get("value"))
        if not optimal and entry.get("proved") is not True:
            continue
        _same(findings, where, "exact bound", value, exact.get("bound"))
        _float(findings, where, "bound", value / level.scale, entry.get("bound"))
        _float(findings, where, "gap", 0.0, entry.get("gap"))
        if entry.get("proved") is not True:
            findings.differs(SUMMARY, where, "proved", "true, as the status is optimal", entry.get("proved"))


def _check_level(file: str, where: str, entry: Mapping[str, Any], level: Level, findings: Findings) -> None:
    name = str(entry.get("name", ""))
    if name != level.name and not name.startswith(f"{level.name}["):
        findings.differs(file, where, "name", level.name, entry.get("name"))
    if entry.get("sense") != level.sense:
        findings.differs(file, where, "sense", level.sense, entry.get("sense"))


def _same(findings: Findings, where: str, what: str, ours: int, theirs: Any) -> None:
    if not is_whole(theirs) or theirs != ours:
        findings.differs(SUMMARY, where, what, ours, theirs)


def _float(findings: Findings, where: str, what: str, ours: float, theirs: Any) -> None:
    if not near(ours, theirs):
        findings.differs(SUMMARY, where, what, ours, theirs)


def check_totals(
    prices: Prices,
    levels: Sequence[Level],
    values: Sequence[int],
    sweep: Sweep,
    supporters: Integers,
    findings: Findings,
) -> None:
    """Check each level of the certificate: room and signs of the prices, and that value equals bound."""
    pairs = sweep.matching.pairs
    degree = np.bincount(pairs.rows, minlength=len(supporters))
    load = np.bincount(pairs.nle, minlength=len(sweep.places))
    check_signs(prices.takers, degree < supporters, sweep.ids.tolist(), "school", findings)
    check_signs(prices.givers, load < sweep.places, sweep.nle_ids.tolist(), "NLE", findings)
    places = np.where(sweep.places == UNLIMITED, 0, sweep.places)
    for n, level in enumerate(levels):
        claimed = prices.levels[n]
        where = f"level {n + 1}"
        _check_level(CERTIFICATE, where, claimed, level, findings)
        bound = dot(supporters, prices.takers[n]) + dot(places, prices.givers[n])
        bound += _surplus(n, level, prices, sweep, supporters)
        bound = -bound if level.minimised else bound
        ours = {"scale": level.scale, "value": values[n], "bound": values[n]}
        for word, number in ours.items():
            if not is_whole(claimed.get(word)) or claimed[word] != number:
                findings.differs(CERTIFICATE, where, word, number, claimed.get(word))
        if bound != values[n]:
            findings.add(
                f"{CERTIFICATE}: bound",
                f"{CERTIFICATE}: {where}: the prices prove a bound of {bound}, and the value is {values[n]}",
            )


def dot(numbers: Integers, prices: Integers) -> int:
    """The sum of products, in integers of any size."""
    some = np.flatnonzero(prices)
    return sum(a * b for a, b in zip(numbers[some].tolist(), prices[some].tolist(), strict=True))


def _surplus(n: int, level: Level, prices: Prices, sweep: Sweep, supporters: Integers) -> int:
    """What required pairs, and those of recipients of several NLEs, add beyond their prices."""
    every = sweep.matching.pairs.with_fit(sweep.fit)
    assert not isinstance(every.nle, int)
    required = np.array(
        [row in sweep.required.get(nle, ()) for nle, row in zip(every.nle.tolist(), every.rows.tolist(), strict=True)],
        dtype=bool,
    )
    pairs = every.keep((required | (supporters[every.rows] > 1)) & (sweep.fit >= 0))
    amounts = level.to_maximise(pairs, sweep.measures)
    surplus = amounts - prices.takers[n][pairs.rows] - prices.givers[n][pairs.nle]
    return sum(int(amount) for amount in surplus.tolist())
