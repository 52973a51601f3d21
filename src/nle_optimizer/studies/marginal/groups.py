"""NLEs by region or authority: one more goes to the best of them, one fewer to where it is missed least."""

from collections.abc import Sequence
from decimal import Decimal

from nle_optimizer.evidence.outcome import Outcome
from nle_optimizer.records import as_text
from nle_optimizer.studies.marginal.answers import Answer, best_of
from nle_optimizer.studies.marginal.rows import Cell, Row

BLANK = "(blank)"


def by_column(outcome: Outcome, rows: Sequence[Row], column: str) -> list[Row]:
    """A row for each value of a column of the NLEs and each resource, blanks last."""
    values = dict(
        zip(outcome.candidates.nles.ids.tolist(), as_text(outcome.candidates.nles.column(column)), strict=True)
    )
    groups: dict[tuple[bool, str, int], list[Row]] = {}
    resources = list(dict.fromkeys(row.resource for row in rows))
    for row in rows:
        value = values[row.id]
        groups.setdefault((not value, value, resources.index(row.resource)), []).append(row)
    return [_group(value or BLANK, own) for (_, value, _), own in sorted(groups.items(), key=lambda entry: entry[0])]


def _group(value: str, rows: Sequence[Row]) -> Row:
    more, best = _chosen(rows, [row.more for row in rows])
    fewer, least = _chosen(rows, [row.fewer for row in rows])
    nles: dict[str, Cell] = {"one_more_nle_id": best, "one_fewer_nle_id": least, "nles": Decimal(len(rows))}
    return Row(value, rows[0].resource, more, fewer, nles)


def _chosen(rows: Sequence[Row], answers: Sequence[Answer]) -> tuple[Answer, str]:
    which, answer = best_of(answers)
    return answer, "" if which is None else rows[which].id
