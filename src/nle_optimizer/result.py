"""The result of an allocation: tables, objectives and metrics, for programs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nle_optimizer.evidence.claim import Claim
from nle_optimizer.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ResultTable:
    """A table of the result: columns of text, as in the run folder's files."""

    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def rows(self) -> list[dict[str, str]]:
        """One mapping a row."""
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True)]

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame; numbers are numbers, identifiers stay text.

        Raises:
            ImportError: pandas is not installed (`pip install nle-optimizer[pandas]`).
        """
        import pandas as pd

        frame = pd.DataFrame({name: list(column) for name, column in self.columns.items()})
        for name in frame.columns:
            if not name.endswith("_id") and name not in ("value", "school_name", "nle_name", "name"):
                numbers = pd.to_numeric(frame[name].replace("", None), errors="coerce")
                if len(frame) and numbers.notna().eq(frame[name].ne("")).all() and numbers.notna().any():
                    frame[name] = numbers
        return frame


@dataclass(frozen=True)
class ResultEntries:
    """A list of entries, such as the objectives."""

    entries: Sequence[Mapping[str, Any]]

    def __iter__(self) -> Any:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> Mapping[str, Any]:
        return self.entries[n]

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with a row an entry."""
        import pandas as pd

        return pd.DataFrame(list(self.entries))


class Metrics(dict[str, Any]):
    """Figures by name; see docs/reference/decisions.md."""

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with the columns metric and value."""
        import pandas as pd

        return pd.DataFrame({"metric": list(self), "value": list(self.values())})


@dataclass(frozen=True)
class Beside:
    """What a simple rule would give on the same case.

    Attributes:
        rule: the rule.
        supported: how many recipients have an NLE.
        total_fit: of its pairs.
        ahead: whether it is better in the first of the scenario's objectives in which it differs from the result.
        behind: the first objective in which it is worse, with its own value and that of the result; None where it is
            worse in none.
        missed: the limits that it does not keep to, in sentences.
    """

    rule: str
    supported: int
    total_fit: float
    ahead: bool
    behind: tuple[str, float, float] | None
    missed: Sequence[str]


def _nothing() -> Sequence[Beside]:
    return ()


@dataclass(frozen=True, eq=False)
class Result:
    """What `allocate` gives back.

    Attributes:
        scenario: what was asked.
        claim: every table, the summary and the certificate, as the files hold them.
        in_force: settings left open that the tables decided, by dotted key.
        seconds: what each level took to optimise, by name, in order.
        beside: works out, when asked, what simple rules would give.
    """

    scenario: Scenario
    claim: Claim
    in_force: Mapping[str, Any] = field(default_factory=dict)
    seconds: Sequence[tuple[str, float]] = ()
    beside: Callable[[], Sequence[Beside]] = _nothing

    @property
    def status(self) -> str:
        """`optimal`, `feasible`, `infeasible`, `unknown` or `completed`."""
        return str(self.claim.summary["status"])

    @property
    def allocation(self) -> ResultTable:
        """One row a matched pair."""
        return ResultTable(self.claim.tables["allocation"])

    @property
    def unmatched(self) -> ResultTable:
        """One row an eligible recipient without an NLE, with the reason."""
        return ResultTable(self.claim.tables["unmatched"])

    @property
    def exclusions(self) -> ResultTable:
        """One row a school that is out, with stage, reason and evidence."""
        return ResultTable(self.claim.tables["exclusions"])

    @property
    def objectives(self) -> ResultEntries:
        """One entry a level: value, bound, gap, and whether it is proved."""
        return ResultEntries(self.claim.summary["objectives"])

    @property
    def metrics(self) -> Metrics:
        """The figures of the summary."""
        return Metrics(self.claim.summary["metrics"])
