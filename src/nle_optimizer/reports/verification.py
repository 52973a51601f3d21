"""A second reading of a result, or of a run folder from its own inputs."""

from pathlib import Path

from nle_optimizer.evidence.verification.checker import check_claim
from nle_optimizer.recall import Recall, plainly
from nle_optimizer.reports.run_folder import read_run_folder
from nle_optimizer.result import Result


def verify(what: Result | str | Path, recall: Recall = plainly) -> list[str]:
    """What is wrong with a result or run folder, in sentences; empty where it stands.

    Everything is worked out again from the inputs, with code that shares nothing with what built or solved the
    problem. The reader of files is shared: a fault there would stay unseen here.

    Args:
        what: the result, or the path of a run folder.
        recall: calls the parts that many results have in common; a sweep's memory gives again what they gave.

    Raises:
        RunFolderError: the folder cannot be read.
    """
    if isinstance(what, Result):
        return check_claim(what.scenario, what.claim, recall)
    folder = read_run_folder(Path(what))
    return [*folder.changed_files(), *check_claim(folder.scenario, folder.claim, recall)]
