"""What a run says of itself: the content of its files, before they are written or after they are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nle_optimizer.catalogue.summary import Summary

TextTable = Mapping[str, Sequence[str]]
"""A table as it stands in a file: columns of text by name, all equally long."""


@dataclass(frozen=True, repr=False)
class Claim:
    """A result as published, to be checked against the scenario it came from.

    Attributes:
        tables: `allocation`, `unmatched`, `exclusions`, `nles`, `breakdown` and `alternates`, as in the files;
            `this_plan` where draws were made, and `uncertainty`, `pair_shares` and `school_shares` where some were
            around the estimates; `decisions` where there is a journal of them.
        summary: the content of `summary.json`.
        certificate: the content of `certificate.json`.
        is_brief: whether it holds only what the figures and the proof rest on: who is matched with whom, who is left
            and who is out. That is what a sweep keeps of a case.
    """

    tables: Mapping[str, TextTable]
    summary: Summary
    certificate: Mapping[str, Any]
    is_brief: bool = False

    def __repr__(self) -> str:
        return f"<Claim: {self.summary['status']}, tables {', '.join(self.tables)}>"
