"""The run folder: written, replaced, and read again.

The run folder: written whole, read back as a scenario and a claim. Files of a folder made again: nothing that people
wrote is lost, and one that is locked keeps no other back.
"""

import json
import platform
import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click

from nle_optimizer.catalogue.summary import Summary
from nle_optimizer.delimited import csv_bytes, read_rows, restore
from nle_optimizer.errors import FilesKept, InputError, RunFolderError
from nle_optimizer.evidence.claim import Claim, TextTable
from nle_optimizer.files import is_as_written, read_file, replace_file, sha256
from nle_optimizer.folders import MANIFEST, FolderKind, installed, put_aside, write_files
from nle_optimizer.records import Records, as_text
from nle_optimizer.reports.resolved_scenario import GIAS, RULE, inputs_of, resolved_text
from nle_optimizer.result import Result
from nle_optimizer.scenario.columns import TABLES
from nle_optimizer.scenario.scenario import Scenario, load_scenario

CLAIMED = ("allocation", "unmatched", "exclusions", "nles", "breakdown", "alternates")
DRAWN = ("this_plan", "uncertainty", "pair_shares", "school_shares")
"""Tables of a run whose scenario asks for draws; all but the first need draws around its estimates."""
MOVES = ("moves", "moves_frontier")
"""What a plan that was made again tells of the one before; the run does not claim it."""
DECISIONS = "decisions"
"""The journal of a run that was planned again: who decided what, when and why."""
SCENARIO = "scenario.resolved.yaml"
GIVEN = "scenario.given.yaml"
"""Settings and tables of a replanned run as they were given, before any decision."""
PEOPLE_WRITE_IN = ("workbook.xlsx", "record/")
"""Files that are there to be filled in, by how their path begins."""
PACKAGES = ("numpy", "ortools", "pydantic", "scipy")


RUN_FOLDER = FolderKind("run", older=frozenset({"scenario", "seed", "command", "inputs"}))


def command_line() -> list[str]:
    """What a manifest says that a folder was made by: our command with its words, or the name of another program."""
    own = click.get_current_context(silent=True) is not None
    return ["nle-optimizer", *sys.argv[1:]] if own else [Path(sys.argv[0]).name]


@dataclass(frozen=True)
class Circumstances:
    """What only the manifest tells: how a run came about, and how long its steps took.

    Attributes:
        command: the words of the command line.
        started: when.
        seconds: what each step took.
        earlier: of a plan that was made again, the run before and how it was asked.
    """

    command: Sequence[str]
    started: datetime
    seconds: Mapping[str, float]
    earlier: Mapping[str, Any] | None = None


def write_run_folder(
    result: Result,
    target: Path,
    circumstances: Circumstances,
    *,
    force: bool,
    keep_inputs: bool,
    more: Mapping[str, bytes] | None = None,
) -> None:
    """Write a run folder, complete or not at all; `more` are files for people, by their path in it.

    Raises:
        RunFolderError: the folder exists, or cannot be written.
    """
    files = {**_contents(result, keep_inputs=keep_inputs), **(more or {})}
    manifest = _json(_manifest(result, circumstances))
    write_files(target, RUN_FOLDER, {**files, MANIFEST: manifest}, force=force)


def _contents(result: Result, *, keep_inputs: bool) -> dict[str, bytes]:
    """Every file but the manifest, by its path in the folder."""
    claim, scenario = result.claim, result.scenario
    inputs = inputs_of(scenario)
    names = (*CLAIMED, *(name for name in (*DRAWN, DECISIONS) if name in claim.tables))
    files = {f"{name}.csv": csv_bytes(claim.tables[name]) for name in names}
    files["summary.json"] = _json(claim.summary)
    files["certificate.json"] = _json(claim.certificate, indent=None)
    files[SCENARIO] = resolved_text(scenario, inputs, result.in_force).encode()
    if keep_inputs:
        tables = {name: getattr(scenario, name) for name in inputs if name in TABLES}
        files |= {inputs[name]: csv_bytes(_columns(table)) for name, table in tables.items()}
        files |= {} if scenario.gias is None else {inputs[GIAS]: csv_bytes(scenario.gias.columns())}
        files |= {inputs[RULE]: code.source} if (code := scenario.own_rule) else {}
    return files


def _columns(table: Records) -> TextTable:
    return {name: as_text(column) for name, column in table.columns.items()}


def _json(value: Any, indent: int | None = 1) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False) + "\n").encode()


def _manifest(result: Result, circumstances: Circumstances) -> dict[str, Any]:
    """What complete_folder does not know itself."""
    scenario = result.scenario
    return {
        "schema_version": 1,
        "kind": RUN_FOLDER.name,
        "scenario": scenario.settings.name,
        "seed": scenario.settings.seed,
        "command": list(circumstances.command),
        "started": circumstances.started.astimezone(UTC).isoformat(timespec="seconds"),
        "seconds": dict(circumstances.seconds),
        **({} if circumstances.earlier is None else {"earlier": dict(circumstances.earlier)}),
        "levels": [{"name": name, "seconds": round(seconds, 3)} for name, seconds in result.seconds],
        "versions": {
            "nle-optimizer": installed("nle-optimizer"),
            "python": platform.python_version(),
            "platform": f"{sys.platform} {platform.machine()}",
            **{name: installed(name) for name in PACKAGES},
        },
        "findings": dict(sorted(Counter(finding.code for finding in scenario.findings).items())),
        "inputs": source_hashes(scenario),
    }


def source_hashes(scenario: Scenario) -> dict[str, dict[str, str]]:
    """The files that the run was made from, with the hash of what was read of them."""
    read = {name: path for name, path in scenario.sources.items() if str(path) in scenario.reads}
    found = {name: {"file": path.name, "sha256": scenario.reads[str(path)]} for name, path in read.items()}
    code = scenario.own_rule
    return found if code is None else {**found, RULE: {"file": code.file.name, "sha256": code.sha256}}


@dataclass(frozen=True, eq=False)
class RunFolder:
    """A run folder as read: the scenario from its own inputs, and what it claims."""

    path: Path
    scenario: Scenario
    claim: Claim
    manifest: Mapping[str, Any]

    def changed_files(self) -> list[str]:
        """Sentences naming the files that are not what the manifest says."""
        return changed_files(self.path, self.manifest)


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Sentences naming the files of a run folder that are not what its manifest says.

    Files that people write in, and take with them, are not among them: see `left_to_people`.
    """
    if not isinstance(manifest.get("outputs"), Mapping):
        return [f"{MANIFEST}: it lists no outputs"]
    states = {
        "missing": "the file is missing",
        "changed": "the file was changed since the run (its hash differs)",
    }
    return [
        f"{name}: {states[state]}" for name, state in _unlike(folder, manifest) if not name.startswith(PEOPLE_WRITE_IN)
    ]


def left_to_people(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Sentences on the files that people write in and that are no longer as the run made them."""
    told = {
        "missing": "it is no longer there; `nle-optimizer report` makes it again",
        "changed": "somebody has written in it since it was made, so it is not checked",
    }
    return [f"{name}: {told[state]}" for name, state in _of_people(folder, manifest)]


def _of_people(folder: Path, manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, state) for name, state in _unlike(folder, manifest) if name.startswith(PEOPLE_WRITE_IN)]


def _unlike(folder: Path, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    outputs = manifest.get("outputs")
    for name, digest in outputs.items() if isinstance(outputs, Mapping) else ():
        path = folder / name
        if not path.is_file():
            yield name, "missing"
        elif not is_as_written(path, digest):
            yield name, "changed"


def read_run_folder(path: Path, *, allow_code: bool = False) -> RunFolder:
    """A run folder, its tables read again from its own inputs; code that it names may run only where that is allowed.

    Raises:
        RunFolderError: it is no run folder, lacks a file, or holds one that cannot be read.
    """
    if path.is_file():
        raise RunFolderError(f"{path}: this is a file, and the folder of a run is needed, as `run` writes it")
    if not path.is_dir():
        raise RunFolderError(f"{path}: there is no such run folder")
    if not (path / MANIFEST).is_file():
        raise RunFolderError(f"{path}: this is no run folder (it has no {MANIFEST})")
    manifest = read_json(path / MANIFEST)
    if not (path / "inputs").is_dir():
        raise RunFolderError(f"{path}: its inputs were not kept (--no-inputs), so it cannot stand alone")
    try:
        scenario = load_scenario(path / SCENARIO, allow_code=allow_code)
        names = (*CLAIMED, *(name for name in (*DRAWN, DECISIONS) if (path / f"{name}.csv").is_file()))
        tables = {name: read_table(path / f"{name}.csv") for name in names}
    except InputError as error:
        raise RunFolderError(f"{path}: the run folder cannot be read:\n{error}") from error
    claim = Claim(tables, read_summary(path / "summary.json"), read_json(path / "certificate.json"))
    return RunFolder(path, scenario, claim, manifest)


def read_summary(path: Path) -> Summary:
    """The summary of a run folder as it stands there, whatever it holds; errors as for `read_json`."""
    return cast(Summary, read_json(path))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of a run folder.

    Raises:
        RunFolderError: it cannot be read, or holds no object.
    """
    try:
        value = json.loads(read_file(path).decode())
    except (OSError, ValueError, RecursionError) as error:
        raise RunFolderError(f"{path}: it cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise RunFolderError(f"{path}: it must hold a JSON object")
    return value


def read_table(path: Path) -> TextTable:
    """A table of a run folder, every cell as the run had it.

    Raises:
        InputError: it cannot be read.
        RunFolderError: a row does not fit the header.
    """
    rows = read_rows(path)
    header = [restore(name) for name in rows[0]] if rows else []
    wrong = [n for n, row in enumerate(rows, start=1) if len(row) != len(header)]
    if wrong or len(set(header)) != len(header):
        raise RunFolderError(f"{path}: row {wrong[0] if wrong else 1} does not fit the header")
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else [()] * len(header)
    return {name: [restore(cell) for cell in column] for name, column in zip(header, columns, strict=True)}


def replace_files(
    folder: Path, files: Mapping[str, bytes], *, force: bool = False, told: Mapping[str, Any] | None = None
) -> list[Path]:
    """Put files into a folder in place of earlier ones, and tell its manifest.

    A file that is not as we wrote it stays where people are meant to write in it, else it lies beside the new one; a
    warning says so (`FilesKept`).

    Args:
        folder: a folder with a manifest.
        files: their content by path.
        force: whether the workbook and the record are replaced where people have written in them.
        told: what else the manifest says from now on.

    Returns:
        Where they lie, without those that were not replaced.

    Raises:
        RunFolderError: some of them cannot be written, as one that is open in Excel; the others are.
    """
    manifest = {**(read_json(folder / MANIFEST) if (folder / MANIFEST).exists() else {}), **(told or {})}
    outputs = dict(manifest.get("outputs", {}))
    written, failed = [], []
    for name, content in files.items():
        path, digest = folder / name, sha256(content)
        try:
            there = (path.exists() or path.is_symlink()) and not path.is_dir()
            foreign = there and not any(is_as_written(path, known) for known in (outputs.get(name), digest))
            if foreign and name.startswith(PEOPLE_WRITE_IN) and not force:
                why = "somebody has written in it, so it was kept as it is; move it away, or give --force to replace it"
                warnings.warn(f"{path}: {why}", FilesKept, stacklevel=2)
                continue
            path.parent.mkdir(exist_ok=True)
            _put(path, content, foreign=foreign)
        except OSError as error:
            failed.append(f"{path}: the file cannot be written: {error.strerror or error}")
            continue
        written.append(path)
        outputs[name] = digest
    manifest["outputs"] = dict(sorted(outputs.items()))
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    try:
        replace_file(folder / MANIFEST, text.encode())
    except OSError as error:
        failed.append(f"{folder / MANIFEST}: the file cannot be written: {error.strerror or error}")
    if failed:
        raise RunFolderError("\n".join([*failed, "close it where it is open, and try again; the rest was written"]))
    return written


def _put(path: Path, content: bytes, *, foreign: bool) -> None:
    if not foreign:
        replace_file(path, content)
        return
    aside = put_aside(path)
    try:
        replace_file(path, content)
    except BaseException:
        aside.rename(path)
        raise
    warnings.warn(f"{path}: it is not as we wrote it, so it was kept as {aside.name}", FilesKept, stacklevel=3)


def load_run(folder: str | Path, *, allow_code: bool = False) -> Result:
    """The result that a run folder holds, tables of draws and the journal of decisions among them.

    It is not checked; `verify` does that.

    Args:
        folder: the run folder.
        allow_code: whether code may run that its scenario names as its rule.

    Raises:
        RunFolderError: it is no run folder, lacks a file, or holds one that cannot be read.
        TypeError: it is given no path.
    """
    if not isinstance(folder, str | Path):
        raise TypeError(f"load_run takes the path of a run folder, not {type(folder).__name__}")
    run = read_run_folder(Path(folder), allow_code=allow_code)
    levels = run.manifest.get("levels")
    seconds = [(str(each["name"]), float(each["seconds"])) for each in levels] if isinstance(levels, list) else []
    further = {name: read_table(file) for name in MOVES if (file := run.path / f"{name}.csv").is_file()}
    return Result(run.scenario, run.claim, seconds=seconds, further=further)
