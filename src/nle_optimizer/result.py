"""The result of an allocation: tables, objectives and metrics, for programs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.evidence.published_columns import types_of
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.tables import NUMBER, TEXT, YES_NO, ResultTable, counted_in_words, pandas_or_why

if TYPE_CHECKING:
    import pandas as pd

_OBJECTIVES = {
    **dict.fromkeys(("name", "sense"), TEXT),
    **dict.fromkeys(("value", "bound", "gap"), NUMBER),
    "proved": YES_NO,
    **dict.fromkeys(("proof", "engine"), TEXT),
}
_ON_REQUEST = {
    **dict.fromkeys(("this_plan", "uncertainty", "pair_shares", "school_shares"), "a run with `uncertainty.draws`"),
    **dict.fromkeys(("decisions", "moves", "moves_frontier"), "the run folder of a plan that `replan` made again"),
}


@dataclass(frozen=True, repr=False)
class ResultEntries:
    """The objectives in order: one mapping each, with name, sense, value, bound, gap and whether it is proved."""

    entries: Sequence[Mapping[str, Any]]

    def __repr__(self) -> str:
        return f"<objectives: {counted_in_words(len(self), 'level')}>"

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, n: int) -> Mapping[str, Any]:
        return self.entries[n]

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with a row an objective; what only some have (`parts`) is as in `summary.json`.

        Raises:
            ImportError: pandas is not installed (`pip install nle-optimizer[pandas]`).
        """
        pd = pandas_or_why()
        names = dict.fromkeys([*_OBJECTIVES, *(name for entry in self.entries for name in entry)])
        cells = {name: [entry.get(name) for entry in self.entries] for name in names}
        return pd.DataFrame({name: pd.Series(cells[name], dtype=_OBJECTIVES.get(name, "object")) for name in names})


class Metrics(dict[str, Any]):
    """Figures by name; see docs/reference/decisions.md. Distances are in kilometres, costs in pounds."""

    def to_pandas(self) -> "pd.DataFrame":
        """A data frame with the columns metric and value.

        Raises:
            ImportError: pandas is not installed (`pip install nle-optimizer[pandas]`).
        """
        pd = pandas_or_why()
        return pd.DataFrame(
            {"metric": pd.array(list(self), dtype=TEXT), "value": pd.array(list(self.values()), dtype=NUMBER)}
        )


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
    """No rule is tried."""
    return ()


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """What `allocate` gives back, and what `load_run` reads.

    Every table of a run folder is an attribute of the name of its file. Those that are only there on request, as
    `decisions`, raise an `AttributeError` where they are not; `tables` has those that are.

    Attributes:
        scenario: what was asked.
        claim: every table, the summary and the certificate, as the files hold them.
        in_force: settings left open that the tables decided, by dotted key.
        seconds: what each level took to optimise, by name, in order.
        beside: works out, when asked, what simple rules would give.
        further: tables of its run folder that it does not claim: `moves` and `moves_frontier`.
    """

    scenario: Scenario
    claim: Claim
    in_force: Mapping[str, Any] = field(default_factory=dict)
    seconds: Sequence[tuple[str, float]] = ()
    beside: Callable[[], Sequence[Beside]] = _nothing
    further: Mapping[str, TextTable] = field(default_factory=dict)

    def __repr__(self) -> str:
        counts = self.claim.summary["counts"]
        told = ", ".join(f"{counts[name]:,} {name}" for name in ("supported", "unmatched", "excluded"))
        return f"<Result of {self.scenario.settings.name}: {self.status}, {told}>"

    @property
    def status(self) -> str:
        """`optimal` (proved), `feasible`, `infeasible`, `unknown` (stopped, nothing found) or `completed`."""
        return str(self.claim.summary["status"])

    @property
    def is_plan(self) -> bool:
        """Whether there is an allocation, be it of nobody: not where none is possible, or none was found in time."""
        return self.status not in ("infeasible", "unknown")

    @property
    def tables(self) -> dict[str, ResultTable]:
        """Every table that the result has, by name."""
        return {name: self._table(name) for name in (*self.claim.tables, *self.further)}

    def _table(self, name: str) -> ResultTable:
        held = {**self.claim.tables, **self.further}
        if name not in held:
            where = _ON_REQUEST.get(name, "a result that is not brief")
            raise AttributeError(f"this result has no table {name}: only {where} has one")
        types = types_of(name, held[name], self.scenario.resources, drawn="this_plan" in held)
        return ResultTable(name, held[name], types)

    @property
    def allocation(self) -> ResultTable:
        """One row a matched pair: fit, distance in kilometres, use of each resource, cost in pounds, and why."""
        return self._table("allocation")

    @property
    def unmatched(self) -> ResultTable:
        """One row an eligible recipient without an NLE: the reason, and what would cure it."""
        return self._table("unmatched")

    @property
    def exclusions(self) -> ResultTable:
        """One row a school that is out, with stage, reason and evidence."""
        return self._table("exclusions")

    @property
    def nles(self) -> ResultTable:
        """One row an NLE: state, capacity and use of each resource, and what one place more or fewer is worth."""
        return self._table("nles")

    @property
    def breakdown(self) -> ResultTable:
        """The figures by region, local authority, phase, priority and policy rule."""
        return self._table("breakdown")

    @property
    def alternates(self) -> ResultTable:
        """Up to three other NLEs for each matched recipient, what the first objective changes by, and who moves."""
        return self._table("alternates")

    @property
    def this_plan(self) -> ResultTable:
        """The plan kept as it is in each draw and under each change of a weight; where draws were made."""
        return self._table("this_plan")

    @property
    def uncertainty(self) -> ResultTable:
        """Each figure of the plan, its mean over the draws and what 95 % of them lie within; where there were any."""
        return self._table("uncertainty")

    @property
    def pair_shares(self) -> ResultTable:
        """The share of the draws, from 0 to 1, in which each pair stands; where there were any."""
        return self._table("pair_shares")

    @property
    def school_shares(self) -> ResultTable:
        """The share of the draws, from 0 to 1, in which each school is served; where there were any."""
        return self._table("school_shares")

    @property
    def decisions(self) -> ResultTable:
        """Who decided what, when and why, in order; where a plan was made again."""
        return self._table("decisions")

    @property
    def moves(self) -> ResultTable:
        """What differs from the run before, one row a change, and why; where a plan was made again."""
        return self._table("moves")

    @property
    def moves_frontier(self) -> ResultTable:
        """What more moves would buy: the first objective, and how many are supported how well, by number of moves."""
        return self._table("moves_frontier")

    @property
    def objectives(self) -> ResultEntries:
        """One entry a level: value, bound, gap, and whether it is proved."""
        return ResultEntries(self.claim.summary["objectives"])

    @property
    def metrics(self) -> Metrics:
        """The figures of the summary."""
        return Metrics(self.claim.summary["metrics"])
