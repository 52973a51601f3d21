"""A synthetic England as a folder: a scenario file and its tables, complete or not at all."""

from collections.abc import Callable
from pathlib import Path

from nle_optimizer.delimited import write_columns
from nle_optimizer.folders import FolderKind, complete_folder, refuse_existing
from nle_optimizer.sources.synthetic.document import scenario_text
from nle_optimizer.sources.synthetic.generator import SyntheticEngland
from nle_optimizer.sources.synthetic.tables import leader_columns, school_columns, trust_columns

SCENARIO = "scenario.yaml"
FILES = (SCENARIO, "schools.csv", "nles.csv", "trusts.csv")
GENERATED = FolderKind("synthetic England", edited_stay=frozenset({SCENARIO}))


def write_scenario(
    england: SyntheticEngland, folder: Path, *, force: bool = False, tell: Callable[[str], None] = lambda _: None
) -> Path:
    """Write `scenario.yaml`, `schools.csv`, `nles.csv` and `trusts.csv` into a new folder.

    Args:
        england: what to write.
        folder: must not exist, or be empty; its name becomes the scenario's.
        force: replace what an earlier `generate` wrote; all else is kept.
        tell: told the name of each of the three tables before it is written.

    Returns:
        The scenario file.

    Raises:
        RunFolderError: the folder is filled already, or cannot be written.
    """
    refuse_existing(folder, GENERATED, force=force)
    with complete_folder(folder, GENERATED, force=force) as partial:
        text = scenario_text(england, folder.absolute().name)
        (partial / SCENARIO).write_text(text, encoding="utf-8", newline="\n")
        for name, columns in (("schools", school_columns), ("nles", leader_columns), ("trusts", trust_columns)):
            tell(f"writing {name}.csv")
            write_columns(partial / f"{name}.csv", columns(england))
    return folder / SCENARIO
