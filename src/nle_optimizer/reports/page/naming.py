"""Names of schools and NLEs for their identifiers."""

from collections.abc import Mapping, Sequence

from nle_optimizer.reports.view.view import View


def named(ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """The name of each, or its identifier where no name is known."""
    return [names.get(identifier) or identifier for identifier in ids]


def nle_names(view: View) -> dict[str, str]:
    """Names of the NLEs by identifier."""
    pairs = view.rows("allocation")
    return {**view.read("nles").by("nle_id", "name"), **pairs.by("nle_id", "nle_name")}


def school_names(view: View) -> dict[str, str]:
    """Names of the schools by identifier."""
    known = view.read("schools").by("school_id", "name")
    left, pairs = view.rows("unmatched"), view.rows("allocation")
    return {**known, **left.by("school_id", "name"), **pairs.by("school_id", "school_name")}
