"""`compare`: everything that differs between two runs, in one document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nle_optimizer.studies.comparison.figures import Figures, compare_figures
from nle_optimizer.studies.comparison.inputs import Inputs, compare_inputs
from nle_optimizer.studies.comparison.schools import Pairs, Schools, compare_pairs, compare_schools
from nle_optimizer.studies.comparison.settings import SettingChange, settings_that_differ
from nle_optimizer.studies.comparison.side import SCHEMA_VERSION, Side, read_side
from nle_optimizer.studies.comparison.tables import TableDifference, table_difference

NOT_PROVED = ("feasible", "completed")
WITHOUT_ALLOCATION = ("infeasible", "unknown")
MEASURES_FIT = ("fit.measure", "fit.weights.", "fit.levels.", "suitability.prefer_bonus")
"""Settings after which a fit is no longer the same figure."""


@dataclass(frozen=True)
class Run:
    """One of the two runs, in a few words; `clashes` says why there is no allocation, where there is none."""

    run_folder: str
    scenario: str
    title: str
    rule: str
    engine: str
    status: str
    version: str
    clashes: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What changed from the first run to the second.

    Attributes:
        first, second: the runs.
        cautions: sentences on what the figures cannot bear.
        warnings: files that are not what the runs wrote.
        settings: settings that differ.
        inputs: the tables both read.
        figures: every figure of the summaries, side by side.
        schools, pairs: where every school stands, and with whom.
        nles: NLEs added, removed, or with another state, capacity or use.
        nle_names: names of the NLEs that are known, by identifier.
    """

    first: Run
    second: Run
    cautions: tuple[str, ...]
    warnings: tuple[str, ...]
    settings: tuple[SettingChange, ...]
    inputs: Inputs
    figures: Figures
    schools: Schools
    pairs: Pairs
    nles: TableDifference
    nle_names: Mapping[str, str]

    @property
    def same(self) -> bool:
        """Whether the runs read the same, were set the same and came to the same."""
        result = (self.schools.changes, self.schools.reasons, self.pairs.gained, self.pairs.lost, self.pairs.altered)
        figures = self.figures
        numbers = (*figures.counts, *figures.metrics, *figures.needs, *figures.capacity)
        equal = all(figure.first == figure.second for figure in numbers) and all(
            entry.first == entry.second for entry in (*figures.objectives, *figures.constraints)
        )
        inputs = all(table.same for table in self.inputs.tables)
        ended = (self.first.status, self.first.clashes) == (self.second.status, self.second.clashes)
        return ended and not any(result) and not self.settings and equal and inputs and self.nles.same

    def document(self) -> dict[str, Any]:
        """The whole as one JSON document."""
        whole = asdict(self)
        figures = whole.pop("figures")
        return {"schema_version": SCHEMA_VERSION, "same": self.same, **whole, **figures}


def compare(first: Path, second: Path) -> Comparison:
    """What changed from the first run folder to the second.

    The folders are taken as they are, and files that were changed since are named in `warnings`: whether a run
    stands is what `verify` tells. Names of schools are those of the second run where it knows them.

    Raises:
        RunFolderError: either is no run folder, was written by another version, or cannot be read.
    """
    one, other = read_side(first), read_side(second)
    settings = settings_that_differ(one.settings, other.settings)
    pairs = compare_pairs(one, other)
    return Comparison(
        _run(one),
        _run(other),
        tuple(_cautions(one, other, settings, pairs)),
        tuple(dict.fromkeys((*one.warnings, *other.warnings))),
        settings,
        compare_inputs(one, other),
        compare_figures(one, other),
        compare_schools(one, other),
        pairs,
        _nles(one, other),
        {**one.nle_names, **other.nle_names},
    )


def _run(side: Side) -> Run:
    told = {name: str(side.summary.get(name, "")) for name in ("scenario", "title", "rule", "engine", "status")}
    version = str(side.manifest.get("versions", {}).get("nle-optimizer", ""))
    return Run(str(side.path), **told, version=version, clashes=tuple(side.summary.get("clashes", ())))


def _nles(first: Side, second: Side) -> TableDifference:
    """NLEs by state, reason, capacity and use; of a resource that only one run knows, the columns are named."""
    tables = first.tables["nles"], second.tables["nles"]
    columns = [name for table in tables for name in table if name.startswith(("state", "reason", "capacity_", "used_"))]
    return table_difference(*tables, ("nle_id",), columns)


def _cautions(first: Side, second: Side, settings: Sequence[SettingChange], pairs: Pairs) -> Iterator[str]:
    for which, side in (("first", first), ("second", second)):
        status = side.summary["status"]
        if status in WITHOUT_ALLOCATION:
            yield f"The {which} run has no allocation ({status}): nobody is matched in it."
        elif status in NOT_PROVED:
            yield f"The {which} run is not proved optimal ({status}): what it missed is part of the difference."
    if measures := [change.key for change in settings if change.key.startswith(MEASURES_FIT)]:
        yield f"Fit is measured differently ({', '.join(measures)}): the two fits are not on one scale."
    if any(change.key == "objectives" for change in settings):
        yield "The runs pursue different objectives: compare the metrics, not the values of the objectives."
    ties = sum(pair.firmness == "some" for pair in pairs.lost)
    if ties:
        yield (
            f"{ties:,} of the {len(pairs.lost):,} pairs lost were ties: another optimal allocation "
            "of the first run did without them."
        )
    versions = [side.manifest.get("versions", {}).get("nle-optimizer", "") for side in (first, second)]
    if versions[0] != versions[1]:
        yield f"The runs were made by different versions of the program ({versions[0]} and {versions[1]})."
