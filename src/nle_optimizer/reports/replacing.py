"""Files of a run folder made again: nothing that people wrote is lost, and one that is locked keeps no other back."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nle_optimizer.errors import RunFolderError
from nle_optimizer.reports.run_folder import MANIFEST, hashes, read_json, written_in


def replace_files(folder: Path, files: Mapping[str, bytes], *, force: bool = False) -> tuple[list[Path], list[str]]:
    """Put files into a run folder in place of earlier ones, and tell its manifest.

    Args:
        folder: the run folder.
        files: their content by path.
        force: whether files are replaced in which people have written.

    Returns:
        Where they lie, and a sentence for each that was kept, because somebody has written in it.

    Raises:
        RunFolderError: some of them cannot be written, as one that is open in Excel; the others are.
    """
    manifest = read_json(folder / MANIFEST)
    kept = [] if force else [name for name in written_in(folder, manifest) if name in files]
    new = {name: content for name, content in files.items() if name not in kept}
    failed = {name: fault for name, content in new.items() if (fault := _replaced(folder / name, content))}
    written = {name: content for name, content in new.items() if name not in failed}
    manifest["outputs"] = dict(sorted({**manifest.get("outputs", {}), **hashes(written)}.items()))
    if fault := _replaced(folder / MANIFEST, (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()):
        failed[MANIFEST] = fault
    if failed:
        told = [f"{folder / name}: the file cannot be written: {fault}" for name, fault in failed.items()]
        raise RunFolderError("\n".join([*told, "close it where it is open, and try again; the rest was written"]))
    why = "somebody has written in it, so it was kept as it is; move it away, or give --force to replace it"
    return [folder / name for name in new], [f"{folder / name}: {why}" for name in kept]


def _replaced(path: Path, content: bytes) -> str:
    """Put a file in place of an earlier one; why that cannot be done, or nothing."""
    partial = path.with_name(f".{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        return error.strerror or str(error)
    return ""
