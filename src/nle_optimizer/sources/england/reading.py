"""All files of an import, read once, with every fault of all of them told together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from nle_optimizer.errors import InputError
from nle_optimizer.files import noted_reads
from nle_optimizer.sources.england.cases import Cells, known_cases, read_cases
from nle_optimizer.sources.england.extracts import Extract
from nle_optimizer.sources.england.finance import read_finance
from nle_optimizer.sources.england.gias import Establishment, read_gias
from nle_optimizer.sources.england.inspections import Inspection, read_inspections
from nle_optimizer.sources.england.memberships import (
    NO_LINKS,
    TrustLinks,
    disagreeing,
    memberships,
    read_trust_links,
)
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.people import read_people
from nle_optimizer.sources.england.predecessors import UrnLinks, no_links, read_urn_links, with_history
from nle_optimizer.sources.england.schools import Facts, rating_inspections
from nle_optimizer.sources.england.summary import SourceFile
from nle_optimizer.sources.england.user_tables import UserTable

T = TypeVar("T")


@dataclass(frozen=True)
class EnglandFiles:
    """The files of an import; only GIAS is required.

    Attributes:
        gias: establishments, at any width.
        ofsted: grades and dates of full inspections.
        trust_links: GIAS groups, which school belongs to which trust.
        finance: income and in-year balance in pounds.
        cases: school ids, and whatever else is known of them.
        nles: the list of NLEs.
        urn_links: GIAS links, predecessors and successors.
    """

    gias: Path
    ofsted: Path | None = None
    trust_links: Path | None = None
    finance: Path | None = None
    cases: Path | None = None
    nles: Path | None = None
    urn_links: Path | None = None


@dataclass(frozen=True)
class Material:
    """What the files hold."""

    facts: Facts
    links: UrnLinks
    cases: dict[str, Cells] | None
    case_columns: list[str]
    nles: UserTable | None
    sources: dict[str, SourceFile]


class _Reader:
    """Reads one file after the other; a file that cannot be read does not hide the faults of the next."""

    def __init__(self, notes: Notes):
        self.notes = notes
        self.sources: dict[str, SourceFile] = {}

    def official(self, role: str, path: Path | None, read: Callable[[Path, Notes], tuple[Extract, T]], nothing: T) -> T:
        if path is None:
            return nothing
        try:
            with noted_reads() as reads:
                extract, content = read(path, self.notes)
        except InputError as error:
            self.notes.refuse(error)
            return nothing
        self.sources[role] = SourceFile(path.name, reads[str(path)], len(extract))
        return content

    def own(self, role: str, path: Path | None, read: Callable[[Path, Notes], UserTable]) -> UserTable | None:
        if path is None:
            return None
        try:
            with noted_reads() as reads:
                table = read(path, self.notes)
        except InputError as error:
            self.notes.refuse(error)
            return None
        self.sources[role] = SourceFile(path.name, reads[str(path)], len(table))
        return table


def read_material(files: EnglandFiles, as_of: date | None, notes: Notes) -> Material:
    """Read everything; `as_of` is the day up to which trust records and proxies count.

    Raises:
        InputError: every fault of every file.
    """
    reader = _Reader(notes)
    establishments: dict[str, Establishment] = reader.official("gias", files.gias, read_gias, {})
    no_inspections: dict[str, Inspection] = {}
    known = reader.official("ofsted", files.ofsted, read_inspections, no_inspections)
    trust_links: TrustLinks = reader.official("trust_links", files.trust_links, read_trust_links, NO_LINKS)
    no_balances: dict[str, Fraction] = {}
    balances = reader.official("finance", files.finance, read_finance, no_balances)
    links = reader.official("urn_links", files.urn_links, read_urn_links, no_links())
    cases = reader.own("cases", files.cases, read_cases)
    nles = reader.own("nles", files.nles, read_people)
    if notes.refused:
        notes.stop_if_wrong()
    case_cells = None if cases is None else known_cases(cases, establishments, links, notes)
    notes.stop_if_wrong()
    if files.ofsted is None:
        known = rating_inspections(establishments)
    inspections, inspected_as = with_history(list(establishments), known, links)
    members = memberships(establishments, trust_links)
    facts = Facts(establishments, inspections, inspected_as, members, balances, as_of)
    _note_strangers(facts, known, trust_links, notes)
    return Material(facts, links, case_cells, list(cases.columns) if cases else [], nles, reader.sources)


def _note_strangers(facts: Facts, known: dict[str, Inspection], trust_links: TrustLinks, notes: Notes) -> None:
    schools = facts.establishments.keys()
    notes.find(len(known.keys() - schools), "Schools of the inspections file that GIAS does not have: {n}.")
    notes.find(len(facts.balances.keys() - schools), "Schools of the finance file that GIAS does not have: {n}.")
    text = "Schools of the trust links (open trusts) that GIAS does not have: {n} (closed or renumbered)."
    notes.find(len(trust_links.members.keys() - schools), text)
    differing = disagreeing(facts.establishments, facts.memberships)
    notes.find(len(list(differing)), "Schools with another trust in GIAS than in the trust links, which decide: {n}.")
