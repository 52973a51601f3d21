"""What deserves a look in an import that succeeded, in sentences."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import chain

from nle_optimizer.sources.england.cases import Cells
from nle_optimizer.sources.england.gias import NOT_YET_OPEN
from nle_optimizer.sources.england.notes import Notes
from nle_optimizer.sources.england.reading import EnglandFiles
from nle_optimizer.sources.england.scope import NOT_STATE_FUNDED
from nle_optimizer.sources.england.summary import BELOW_GOOD
from nle_optimizer.sources.england.trusts import Member

YEAR = timedelta(days=365)
STATE_NAMES = re.compile(r"pupil referral|\bpru\b|alternative provision|short stay|special school", re.IGNORECASE)


def note_findings(
    rows: Sequence[Cells],
    trusts: Mapping[str, Sequence[Member]],
    files: EnglandFiles,
    as_of: date | None,
    notes: Notes,
) -> None:
    """Tell `notes` what the tables cannot answer and what looks odd in them."""
    _missing_files(files, notes)
    _schools(rows, notes)
    if as_of is not None:
        _dates(rows, as_of, notes)
    _trusts(trusts, notes)


def _missing_files(files: EnglandFiles, notes: Notes) -> None:
    if files.ofsted is None:
        notes.find(
            1,
            "No --ofsted file: grades are GIAS's own ratings; nobody can be told to be twice below Good.",
        )
    if files.trust_links is None:
        notes.find(
            1,
            "No --trust-links file: multi-academy trusts are told by GIAS alone, joining dates are unknown.",
        )
    if files.finance is None:
        notes.find(1, "No --finance file: every finance proxy comes from grades.")
    if files.nles is None:
        notes.find(1, "No --nles list: put nles.csv into the folder before you run the scenario.")


def _schools(rows: Sequence[Cells], notes: Notes) -> None:
    kept = [row for row in rows if not row["left_out"]]
    notes.find(
        sum(row["need_source"] == "unknown" for row in kept),
        "Schools in scope with a need that is unknown (blank), as they have no grade: {n}.",
    )
    overseas = sum("overseas" in row["local_authority"].casefold() for row in kept)
    notes.find(
        overseas,
        "Schools in scope that lie overseas by their local authority, though GIAS gives a region: {n}.",
    )
    waiting = [row for row in rows if row["left_out"] == NOT_YET_OPEN and row["latest_grade"] in BELOW_GOOD]
    notes.find(
        len(waiting),
        "Schools left out as not-yet-open that carry a predecessor's grade below Good: {n}. "
        "An establishment_status in --cases brings one in.",
    )
    untyped = [row for row in rows if row["left_out"] == NOT_STATE_FUNDED and not row["establishment_type"]]
    named = sum(bool(STATE_NAMES.search(row["name"])) for row in untyped)
    notes.find(
        len(untyped),
        "Schools left out as not-state-funded because GIAS gives no type, trust or school phase: {n}, "
        f"{named:,} of them special schools or referral units by name. "
        "An establishment_type in --cases brings one in.",
    )
    dates = ((row["latest_inspected"], row["previous_inspected"]) for row in rows)
    swapped = sum(bool(latest) and previous > latest for latest, previous in dates)
    notes.find(swapped, "Schools whose previous inspection is later than the latest one: {n}.")


def _dates(rows: Sequence[Cells], as_of: date, notes: Notes) -> None:
    dates = [row["latest_inspected"] for row in rows if row["latest_inspected"]]
    notes.find(sum(day > str(as_of) for day in dates), f"Schools inspected after as_of ({as_of}): {{n}}.")
    joined = (row["trust_joined"] for row in rows)
    notes.find(
        sum(day > str(as_of) for day in joined),
        f"Schools that joined their trust after as_of ({as_of}): {{n}}.",
    )
    if dates and date.fromisoformat(max(dates)) < as_of - YEAR:
        text = f"The latest inspection is of {max(dates)}, more than a year before as_of ({as_of}): "
        notes.find(1, text + "policies that ask for a new grade will find none.")


def _trusts(trusts: Mapping[str, Sequence[Member]], notes: Notes) -> None:
    members = list(chain.from_iterable(trusts.values()))
    below = [member for member in members if str(member.inspection.latest_grade) in BELOW_GOOD]
    before = sum(member.counts is False for member in below)
    notes.find(
        before,
        f"Of {len(below):,} schools below Good in multi-academy trusts so many were inspected before they "
        "joined, and do not count in share_good: {n}.",
    )
    placeless = sum(not any(member.school.is_open for member in group) for group in trusts.values())
    notes.find(placeless, "Trusts that run no open school, so have no place: {n}.")
