"""A result or a run folder held against its own inputs: the second reading, and the files made for people.

The second reading says whether the tables are right. The files for people are then made again from those tables and
compared with what lies in the folder: by bytes, and a workbook that people have written in by the cells that are not
theirs.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nle_optimizer.delimited import csv_bytes
from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.evidence.verification.findings import MOST_SHOWN, RunVerdict
from nle_optimizer.evidence.verification.tables.figures import KEYS
from nle_optimizer.evidence.verification.tables.journal import check_settings
from nle_optimizer.files import files_in, is_as_written, sha256
from nle_optimizer.folders import MANIFEST, FolderKind, complete_folder, installed
from nle_optimizer.records import as_text
from nle_optimizer.reports.resolved_scenario import settings_of
from nle_optimizer.reports.run_folder import (
    DECISIONS,
    GIVEN,
    PEOPLE_WRITE_IN,
    RunFolder,
    read_json,
    read_run_folder,
)
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.document import read_document
from nle_optimizer.scenario.scenario import Scenario

if TYPE_CHECKING:
    from nle_optimizer.evidence.verification.sql.reading import SqlReading

WORKBOOK = "workbook.xlsx"
SQL_FOLDER = FolderKind("second reading in SQL")
PEOPLE_BRING = ("share.key", "record/", "images/")
"""What commands put into a folder beside what the run made, by how its path begins."""
NOT_INPUT = ("schema", "name", "title", "data")
"""Settings that change nothing in a plan, or that a run folder has of its own."""

OPEN = ("objectives", "trust_first.mode", "eligibility.policy")
"""Settings that a scenario may leave to its tables; a run has them as they were taken."""


def verify(
    what: Result | str | Path,
    *,
    reports: bool = True,
    against: Scenario | None = None,
    sql: str | Path | None = None,
) -> RunVerdict:
    """What is wrong with a result or run folder, in sentences; empty where it stands.

    Everything is worked out again from the inputs, with code that shares nothing with what built or solved the
    problem. The reader of files is shared: a fault there would stay unseen here. The page, the map and the workbook
    of a folder are made again from its tables, by the code that made them, and compared.

    Args:
        what: the result, or the path of a run folder.
        reports: whether the files made for people are compared.
        against: a scenario that the inputs of the folder are compared with.
        sql: a new folder for relations and statements, by which a run folder is read in SQL too.

    Returns:
        A list of sentences with the verdict in a `word`: `proved`, `correct, no claim`, `correct, best on a solver's
        word`, or `wrong`.

    Raises:
        RunFolderError: the folder cannot be read.
        TypeError: it is neither, or `sql` is given with a result that is in no folder.
    """
    if not isinstance(what, Result | str | Path):
        hint = ": write verify(allocate(scenario))" if isinstance(what, Scenario) else ""
        raise TypeError(f"verify takes a Result or the path of a run folder, not {type(what).__name__}{hint}")
    if isinstance(what, Result):
        if sql is not None:
            raise TypeError("a result in memory is not read in SQL: write its run folder, and verify that")
        verdict = check_claim(what.scenario, what.claim, search=True)
        return verdict if against is None else _beside_inputs(verdict, what.scenario, against)
    folder = read_run_folder(Path(what))
    verdict = check_claim(folder.scenario, folder.claim, search=True)
    wrong = [*folder.changed_files(), *_missing_keys(folder), *_settings_undecided(folder)]
    verdict = verdict.beside(wrong, list(_unknown_files(folder)))
    if against is not None:
        verdict = _beside_inputs(verdict, folder.scenario, against)
    if sql is not None:
        verdict = verdict.beside([f"in SQL: {found}" for found in verify_in_sql(folder, Path(sql)).findings])
    return _with_reports(folder, verdict) if reports and not verdict else verdict


def verify_in_sql(folder: Path | RunFolder, target: Path, *, force: bool = False) -> "SqlReading":
    """What is wrong with a run folder by statements in SQL, which are written into a folder of their own.

    Args:
        folder: the run folder, or its path.
        target: where relations, statements and a README go, so that the `duckdb` shell alone finds the same.
        force: whether such a folder may be replaced.

    Raises:
        RunFolderError: the one cannot be read, or the other not be written.
        VerificationError: a number is too long for the statements.
    """
    from nle_optimizer.evidence.verification.sql.reading import read_in_sql

    run = read_run_folder(folder) if isinstance(folder, Path) else folder
    with complete_folder(target, SQL_FOLDER, force=force) as made:
        return read_in_sql(run.scenario, run.claim, made)


def _beside_inputs(verdict: RunVerdict, scenario: Scenario, against: Scenario) -> RunVerdict:
    return verdict.beside(differences(scenario, against), _left_open(scenario, against))


def digest_of(folder: Path) -> str:
    """A hash of all that a run wrote, but for its manifest, which holds times, and what people write in."""
    outputs = read_json(folder / MANIFEST).get("outputs")
    lines = []
    for name, known in sorted(outputs.items()) if isinstance(outputs, Mapping) else ():
        if not name.startswith(PEOPLE_WRITE_IN):
            path = folder / name
            own = known if path.is_file() and is_as_written(path, known) else _hash_of(path)
            lines.append(f"{own}  {name}\n")
    return sha256("".join(lines).encode())


def _settings_undecided(folder: RunFolder) -> list[str]:
    """Sentences on settings that are not those given and decided."""
    if DECISIONS not in folder.claim.tables or not (folder.path / GIVEN).is_file():
        return []
    return check_settings(read_document(folder.path / GIVEN), folder.scenario.settings, folder.claim)


def _missing_keys(folder: RunFolder) -> Iterator[str]:
    """Sentences on what a summary of this version lacks."""
    if _version_of(folder) == installed("nle-optimizer"):
        for key in KEYS:
            if key not in folder.claim.summary:
                yield f"summary.json: {key} is missing"


def _version_of(folder: RunFolder) -> Any:
    versions = folder.manifest.get("versions")
    return versions.get("nle-optimizer") if isinstance(versions, Mapping) else None


def _hash_of(path: Path) -> str:
    return sha256(path.read_bytes()) if path.is_file() else "missing"


def _unknown_files(folder: RunFolder) -> Iterator[str]:
    """Sentences on files that the manifest does not list."""
    outputs = folder.manifest.get("outputs")
    known = {MANIFEST, *(outputs if isinstance(outputs, Mapping) else ())}
    for path in files_in(folder.path):
        name = path.relative_to(folder.path).as_posix()
        if name not in known and not name.startswith(PEOPLE_BRING):
            yield f"{name}: the run did not write it, and it is not checked"


def differences(scenario: Scenario, other: Scenario) -> list[str]:
    """Sentences on what the inputs of a run have otherwise than a scenario at hand: settings and tables."""
    theirs, ours = (_settings_of(each) for each in (scenario, other))
    found = [
        f"{key}: the run has {theirs.get(key, 'nothing')}, the scenario {ours.get(key, 'nothing')}"
        for key in dict.fromkeys((*theirs, *ours))
        if theirs.get(key) != ours.get(key) and not (key in OPEN and key not in ours)
    ]
    for name in TABLES:
        found += _unlike_table(name, getattr(scenario, name), getattr(other, name))
    if (scenario.own_rule is None) != (other.own_rule is None) or (
        scenario.own_rule is not None
        and other.own_rule is not None
        and scenario.own_rule.source != other.own_rule.source
    ):
        found.append("rule: the run has other code of its own than the scenario")
    return found


def _left_open(scenario: Scenario, other: Scenario) -> list[str]:
    """Sentences on settings that the scenario at hand leaves to its tables, and that the run has of its own."""
    theirs, ours = (_settings_of(each) for each in (scenario, other))
    return [
        f"{key}: the scenario leaves it open, the run has {theirs[key]}" for key in OPEN if key in theirs.keys() - ours
    ]


def _settings_of(scenario: Scenario) -> dict[str, str]:
    told = settings_of(scenario, {})
    return {key: str(each.value) for key, each in told.items() if key.split(".")[0] not in NOT_INPUT}


def _unlike_table(name: str, run: Any, at_hand: Any) -> Iterator[str]:
    if run is None or at_hand is None:
        if run is not at_hand:
            yield f"{name}: {'the scenario' if run is None else 'the run'} has this table, and the other has none"
        return
    key = TABLES[name].key
    theirs, ours = ({column: as_text(cells) for column, cells in table.columns.items()} for table in (run, at_hand))
    if csv_bytes(theirs) == csv_bytes(ours):
        return
    columns = list(dict.fromkeys((*theirs, *ours)))
    rows = [_by_key(table, key, columns) for table in (theirs, ours)]
    told = [
        f"{name}: {' '.join(row)}: {column}: the run has {a or 'a blank'}, the scenario {b or 'a blank'}"
        for row in rows[0].keys() & rows[1].keys()
        for column, a, b in zip(columns, rows[0][row], rows[1][row], strict=True)
        if a != b
    ]
    told += [f"{name}: {' '.join(row)}: the run has this row, the scenario has not" for row in rows[0].keys() - rows[1]]
    told += [f"{name}: {' '.join(row)}: the scenario has this row, the run has not" for row in rows[1].keys() - rows[0]]
    yield from sorted(told)[:MOST_SHOWN]
    if len(told) > MOST_SHOWN:
        yield f"{name}: {len(told) - MOST_SHOWN} more of the kind"


def _by_key(
    table: Mapping[str, Sequence[str]], key: Sequence[str], columns: Sequence[str]
) -> dict[tuple[str, ...], tuple[str, ...]]:
    count = len(next(iter(table.values()), ()))
    keys = zip(*(table[name] for name in key), strict=True)
    cells = zip(*(table.get(name, [""] * count) for name in columns), strict=True)
    return dict(zip(keys, cells, strict=True))


def _with_reports(folder: RunFolder, verdict: RunVerdict) -> RunVerdict:
    """The verdict with what the files for people have otherwise than the tables."""
    from nle_optimizer.reports.files_for_people import FILES
    from nle_optimizer.reports.view import read_view

    listed = [name for name in FILES if name in folder.manifest["outputs"] and (folder.path / name).is_file()]
    written, own = _version_of(folder), installed("nle-optimizer")
    if not listed:
        return verdict
    if written != own:
        return verdict.beside((), [f"{', '.join(listed)}: not compared, as version {written} wrote the folder"])
    view, _ = read_view(folder.path)
    wrong = []
    for name in listed:
        content, made = (folder.path / name).read_bytes(), FILES[name](view)
        if content != made:
            wrong += _unlike_book(content, made) if name == WORKBOOK else [f"{name}: it is not what the tables give"]
    return verdict.beside(wrong)


def _unlike_book(content: bytes, made: bytes) -> list[str]:
    """Sentences on the sheets of a workbook that lack cells which the tables give; rows may stand in any order."""
    from nle_optimizer.reports.workbook_front import COLUMNS, OPEN_TO_PEOPLE, SHEET

    try:
        theirs, ours = (_sheets(each) for each in (content, made))
    except Exception as fault:  # whatever somebody has put there
        return [f"{WORKBOOK}: it cannot be read: {fault}"]
    wrong = []
    kept, blank = [n for n, column in enumerate(COLUMNS) if column not in OPEN_TO_PEOPLE], ("",) * len(COLUMNS)
    for name in ours:
        if name not in theirs:
            wrong.append(f"{WORKBOOK}: the sheet {name} is missing")
            continue
        wanted, there = Counter(ours[name]), Counter(theirs[name])
        if name == SHEET:
            wanted, there = (
                Counter(tuple((*row, *blank)[n] for n in kept) for row in sheets[name]) for sheets in (ours, theirs)
            )
        missing, more = wanted - there, Counter[Any]() if name == SHEET else there - wanted
        count = max(missing.total(), more.total())
        if count:
            wrong.append(f"{WORKBOOK}: sheet {name}: {count} rows are not as the tables give them")
    return wrong


def _sheets(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    """The cells of each sheet, row by row, without blank ends and blank rows."""
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(content), read_only=True)
    return {sheet.title: [row for each in sheet.values if (row := _cut(each))] for sheet in book.worksheets}


def _cut(row: Sequence[Any]) -> tuple[Any, ...]:
    length = len(row)
    while length and row[length - 1] in (None, ""):
        length -= 1
    return tuple("" if cell is None else cell for cell in row[:length])
