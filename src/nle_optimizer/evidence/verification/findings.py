"""What is wrong with a claim, in sentences, and its tables as columns that can be trusted to be there."""

from collections.abc import Iterable, Sequence

from nle_optimizer.evidence.claim import Claim

MOST_SHOWN = 10
"""Sentences of one kind that are given in full; the rest are counted."""


class RefusedError(Exception):
    """The inputs are of a sort that a run must refuse, so no claim about them can stand."""


class Findings:
    """Sentences, each under a topic (a file and a column), in the order in which the topics came up."""

    def __init__(self) -> None:
        self._topics: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def add(self, topic: str, sentence: str) -> None:
        """Note that something is wrong."""
        self._counts[topic] = self._counts.get(topic, 0) + 1
        shown = self._topics.setdefault(topic, [])
        if len(shown) < MOST_SHOWN:
            shown.append(sentence)

    def take(self, others: "Findings") -> None:
        """Note everything that others hold."""
        for topic, shown in others._topics.items():
            for sentence in shown:
                self.add(topic, sentence)
            self._counts[topic] += others._counts[topic] - len(shown)

    def differs(self, file: str, row: str, column: str, given: object, said: object) -> None:
        """Note that the claim says one thing where the inputs give another."""
        where = ": ".join(part for part in (file, row, column) if part)
        self.add(f"{file}: {column}", f"{where}: the inputs give {_shown(given)}, the claim says {_shown(said)}")

    def compare(self, file: str, column: str, rows: Sequence[str], given: Sequence[str], said: Sequence[str]) -> None:
        """Compare a column with what the inputs give, row by row."""
        if list(given) == list(said):
            return
        for row, theirs, ours in zip(rows, said, given, strict=True):
            if theirs != ours:
                self.differs(file, row, column, ours, theirs)

    def sentences(self) -> list[str]:
        """Everything found."""
        result = []
        for topic, shown in self._topics.items():
            result += shown
            more = self._counts[topic] - len(shown)
            if more:
                result.append(f"{topic}: {more} more of the kind")
        return result


def _shown(value: object) -> str:
    return "a blank" if value is None or value == "" else str(value)


def claimed_table(claim: Claim, name: str, columns: Iterable[str], findings: Findings) -> dict[str, Sequence[str]]:
    """The named columns of a table of the claim; those that are missing are noted, and blank."""
    table = claim.tables.get(name)
    if table is None:
        findings.add(f"{name}.csv", f"{name}.csv: the table is missing")
        return {column: [] for column in columns}
    lengths = {len(cells) for cells in table.values()}
    length = min(lengths, default=0)
    if len(lengths) > 1:
        findings.add(f"{name}.csv", f"{name}.csv: the columns are not equally long")
    result: dict[str, Sequence[str]] = {}
    for column in columns:
        if column not in table:
            findings.add(f"{name}.csv", f"{name}.csv: the column {column} is missing")
        result[column] = list(table[column][:length]) if column in table else [""] * length
    return result


def check_sorted(file: str, keys: Sequence[object], findings: Findings) -> None:
    """Note where the rows of a table are not in ascending order."""
    for n in range(1, len(keys)):
        if keys[n] < keys[n - 1]:  # type: ignore[operator]
            findings.add(f"{file}: order", f"{file}: row {n + 2} is out of order: {keys[n]} after {keys[n - 1]}")
            return
