"""Shares and ranges under draws, derived anew.

In what share of the draws each pair stands: a share is a number of draws, and its word follows. How far the weight of
each area is said to move: around the weight, in thousandths of it, up to the first change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nle_optimizer.evidence.verification.findings import Findings, fixed
from nle_optimizer.evidence.verification.levels import SUMMARY, near
from nle_optimizer.evidence.verification.pairs.usage import ALLOCATION
from nle_optimizer.scenario.columns import AREAS
from nle_optimizer.scenario.scenario import Scenario

SHARES = "pair_shares.csv"
OF_SCHOOLS = "school_shares.csv"
COLUMNS = ("school_id", "nle_id", "in_plan", "share", "stands")
SCHOOL_COLUMNS = ("school_id", "in_plan", "share", "stands")
PLACES = 4
Pair = tuple[str, str]
WORDS = ((9000, "firm"), (6000, "likely"), (3000, "open"), (0, "toss-up"))
"""What a share is called, from so many ten-thousandths on."""


@dataclass(frozen=True)
class DrawKind:
    """Draws of one kind.

    Attributes:
        column: of the allocation that holds their shares.
        draws: how many there are.
        with_allocation: how many of them have an allocation.
    """

    column: str
    draws: int
    with_allocation: int

    @property
    def words(self) -> str:
        """What a cell of these draws holds."""
        return f"a share of {self.draws} draws, of which {self.with_allocation} have an allocation"

    @property
    def is_countable(self) -> bool:
        """Whether a share tells the number of draws."""
        return self.draws < 10**PLACES

    def count(self, cell: str) -> int | None:
        """In how many draws a pair stands; None where the cell is no share of them."""
        whole, _, part = cell.partition(".")
        if whole not in ("0", "1") or len(part) != PLACES or not part.isdecimal():
            return None
        near = int(whole + part) * self.draws // 10**PLACES
        counts = (count for count in (near, near + 1) if fixed(count, self.draws, PLACES) == cell)
        return next((count for count in counts if count <= self.with_allocation), None)


def word_of(cell: str) -> str:
    """The word of a share as it is written."""
    return next(word for least, word in WORDS if int(cell.replace(".", "")) >= least)


def check_shares(
    table: Mapping[str, Sequence[str]],
    weights: DrawKind,
    estimates: DrawKind | None,
    required: set[Pair],
    findings: Findings,
) -> list[str]:
    """Check the columns of the allocation that draws give; gives the words by pair.

    Args:
        table: the allocation.
        weights, estimates: the draws of each kind; None where there are none.
        required: school and NLE of the pairs that stand in every allocation there is.
        findings: what is wrong.
    """
    pairs = list(zip(table["school_id"], table["nle_id"], strict=True))
    shares: list[list[str]] = [[] for _ in pairs]
    for name, kind in (("share_weights", weights), ("share_estimates", estimates)):
        for pair, cell, found in zip(pairs, table[name], shares, strict=True):
            wrong = _wrong(cell, kind, pair in required)
            if wrong:
                findings.differs(ALLOCATION, f"school {pair[0]}, NLE {pair[1]}", name, wrong, cell)
            elif cell:
                found.append(cell)
    words = [word_of(min(found)) if found else "" for found in shares]
    rows = [f"school {school}, NLE {nle}" for school, nle in pairs]
    findings.compare(ALLOCATION, "stands", rows, words, table["stands"])
    return words


def _wrong(cell: str, kind: DrawKind | None, is_required: bool) -> str:
    """What should stand in a cell that is wrong; nothing where it is not."""
    if kind is None:
        return "a blank, as the scenario has no rates" if cell else ""
    count = kind.count(cell)
    if count is None:
        return kind.words
    is_short = is_required and count < kind.with_allocation
    return f"{kind.with_allocation} of {kind.draws} draws, as the pair is required" if is_short else ""


def check_pair_shares(
    scenario: Scenario,
    table: Mapping[str, Sequence[str]],
    planned: Mapping[Pair, str],
    kind: DrawKind,
    findings: Findings,
) -> dict[Pair, int]:
    """Check `pair_shares.csv`: the pairs of the plan, and others that draws gave; gives in how many draws each stands.

    Args:
        scenario: what was asked.
        table: the file.
        planned: the share of each pair of the plan, as the allocation has it.
        kind: the draws.
        findings: what is wrong.
    """
    pairs = list(zip(table["school_id"], table["nle_id"], strict=True))
    if any(one >= two for one, two in pairwise(pairs)):
        findings.add(SHARES, f"{SHARES}: the pairs are not in ascending order, each once")
    _check_known(scenario, pairs, findings)
    for school, nle in sorted(planned.keys() - set(pairs)):
        findings.add(SHARES, f"{SHARES}: school {school}, NLE {nle}: the pair of the plan is missing")
    rows = [f"school {school}, NLE {nle}" for school, nle in pairs]
    own = ["yes" if pair in planned else "no" for pair in pairs]
    findings.compare(SHARES, "in_plan", rows, own, table["in_plan"])
    counts = [kind.count(cell) for cell in table["share"]]
    for pair, row, cell, count in zip(pairs, rows, table["share"], counts, strict=True):
        if count is None or cell != planned.get(pair, cell) or (pair not in planned and not count):
            findings.differs(SHARES, row, "share", planned.get(pair, kind.words), cell)
    _check_words(SHARES, rows, counts, table, findings)
    return {pair: count or 0 for pair, count in zip(pairs, counts, strict=True)}


def check_school_shares(
    table: Mapping[str, Sequence[str]],
    planned: set[str],
    by_pair: Mapping[Pair, int],
    one_each: bool,
    kind: DrawKind,
    findings: Findings,
) -> None:
    """Check `school_shares.csv`: every school of `pair_shares.csv`, served as often as its pairs can make it be.

    Args:
        table: the file.
        planned: the schools of the plan.
        by_pair: in how many draws each pair stands.
        one_each: whether every school has one NLE at most, so that no two of its pairs stand in the same draw.
        kind: the draws.
        findings: what is wrong.
    """
    of_school: dict[str, list[int]] = {}
    for (school, _), count in by_pair.items():
        of_school.setdefault(school, []).append(count)
    ids, rows = sorted(of_school), [f"school {school}" for school in table["school_id"]]
    if list(table["school_id"]) != ids:
        findings.differs(OF_SCHOOLS, "", "school_id", ", ".join(ids), ", ".join(table["school_id"]))
        return
    own = ["yes" if school in planned else "no" for school in ids]
    findings.compare(OF_SCHOOLS, "in_plan", rows, own, table["in_plan"])
    counts = [kind.count(cell) for cell in table["share"]]
    for school, row, cell, said in zip(ids, rows, table["share"], counts, strict=True):
        least, most = max(of_school[school]), min(sum(of_school[school]), kind.with_allocation)
        least = most if one_each else least
        if said is None or (kind.is_countable and not least <= said <= most):
            findings.differs(OF_SCHOOLS, row, "share", f"{least} to {most} of {kind.draws} draws", cell)
    _check_words(OF_SCHOOLS, rows, counts, table, findings)


def _check_words(
    file: str,
    rows: Sequence[str],
    counts: Sequence[int | None],
    table: Mapping[str, Sequence[str]],
    findings: Findings,
) -> None:
    """Check that each word is that of its share, where that is one."""
    words = [
        word if count is None else word_of(cell)
        for word, cell, count in zip(table["stands"], table["share"], counts, strict=True)
    ]
    findings.compare(file, "stands", rows, words, table["stands"])


def _check_known(scenario: Scenario, pairs: Sequence[Pair], findings: Findings) -> None:
    trusts = scenario.schools.values("trust_id").tolist() if scenario.settings.eligibility.recipients == "trust" else []
    schools, nles = {*scenario.schools.ids.tolist(), *trusts}, {*scenario.nles.ids.tolist()}
    for school, nle in pairs:
        if school not in schools or nle not in nles:
            findings.add(SHARES, f"{SHARES}: school {school}, NLE {nle}: one of them stands in no input")


STEPS, FARTHEST = 1000, 8000
"""Thousandths of a weight: as it is, and the most that is tried."""
LEAST_ALONE = 125
"""The least that is tried of the only weight there is."""


def check_ranges(scenario: Scenario, said: Any, is_optimal: bool, findings: Findings) -> None:
    """Check the ranges of a plan that is proved optimal; of any other there are none.

    Args:
        scenario: what was asked.
        said: `weights` of the summary's `robustness`.
        is_optimal: whether the plan is proved optimal.
        findings: what is wrong.
    """
    told = {area: float(weight) for area, weight in scenario.settings.fit.weights.items() if weight}
    known = [area for area in AREAS if area in told] if is_optimal else []
    entries = said if isinstance(said, list) and all(isinstance(entry, dict) for entry in said) else [{}]
    areas = [entry.get("area") for entry in entries]
    if areas != [area for area in known if area in areas]:
        findings.differs(SUMMARY, "robustness", "weights", f"some of {', '.join(known) or 'none'}, in order", said)
        return
    for area, entry in zip(areas, entries, strict=True):
        if not _can_be(entry, told[area], 0 if len(known) > 1 else LEAST_ALONE):
            findings.add("weights", f"{SUMMARY}: robustness: weights: no range of {area} can be so: {entry}")


def _can_be(entry: Mapping[str, Any], weight: float, least: int) -> bool:
    """Whether a weight is as the scenario has it, and both ends of its range are as they can be found."""
    ends = _ends(entry, weight, ("low", "below"), least), _ends(entry, weight, ("high", "above"), FARTHEST)
    return near(weight, entry.get("weight")) and all(ends)


def _ends(entry: Mapping[str, Any], weight: float, names: tuple[str, str], last: int) -> bool:
    """Whether an end lies on its side, and the next thousandth is named as the first change unless it is the last."""
    end, beyond = (entry.get(name) for name in names)
    if isinstance(end, bool) or not isinstance(end, int | float):
        return False
    side, count = (1 if last > STEPS else -1), round(end / weight * STEPS)
    if not near(weight * count / STEPS, end) or not 0 <= side * (count - STEPS) <= side * (last - STEPS):
        return False
    return beyond is None if count == last else near(weight * (count + side) / STEPS, beyond)
