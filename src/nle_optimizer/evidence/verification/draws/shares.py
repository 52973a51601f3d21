"""In what share of the draws each pair stands: a share is a number of draws, and its word follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nle_optimizer.evidence.verification.exact import fixed
from nle_optimizer.evidence.verification.findings import Findings
from nle_optimizer.evidence.verification.pairs.matching import FILE
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
class Kind:
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
    weights: Kind,
    estimates: Kind | None,
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
                findings.differs(FILE, f"school {pair[0]}, NLE {pair[1]}", name, wrong, cell)
            elif cell:
                found.append(cell)
    words = [word_of(min(found)) if found else "" for found in shares]
    rows = [f"school {school}, NLE {nle}" for school, nle in pairs]
    findings.compare(FILE, "stands", rows, words, table["stands"])
    return words


def _wrong(cell: str, kind: Kind | None, is_required: bool) -> str:
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
    kind: Kind,
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
    kind: Kind,
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
