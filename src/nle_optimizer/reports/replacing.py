"""Files of a folder made again: nothing that people wrote is lost, and one that is locked keeps no other back."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nle_optimizer.errors import FilesKept, RunFolderError
from nle_optimizer.files import is_as_written, replace_file, sha256
from nle_optimizer.folders import MANIFEST, put_aside
from nle_optimizer.reports.run_folder import PEOPLE_WRITE_IN, read_json


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
