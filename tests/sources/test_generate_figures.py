"""The packaged figures are those of the extract, and what is drawn from them is like England."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from england_extract import Measured, read_extract
from measure_england import measure
from scipy.spatial import cKDTree

from nle_optimizer.sources.synthetic import SyntheticEngland, draw_england
from nle_optimizer.sources.synthetic.figures import figures

ROOT = Path(__file__).parents[2]
EXTRACT = ROOT.parent / "shared" / "data" / "england"
PACKAGED = ROOT / "src" / "nle_optimizer" / "sources" / "synthetic"

needs_extract = pytest.mark.skipif(not EXTRACT.exists(), reason="the extract stands outside the project")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def whole_england() -> SyntheticEngland:
    return draw_england(int(figures().schools.sum()), 1_000, 3)


@cache
def extract() -> list[Measured]:
    return read_extract(EXTRACT)


def neighbours(places: np.ndarray) -> tuple[float, float, float, float]:
    tree = cKDTree(places)
    nearest = tree.query(places, k=2)[0][:, 1]
    near, far = (tree.query_ball_point(places, km * 1_000, return_length=True) - 1 for km in (5, 20))
    return float(nearest.mean()), float(near.mean()), float(far.mean()), float(np.median(far))


@needs_extract
def test_schools_cluster_as_englands_do() -> None:
    real = neighbours(np.array([(school.easting, school.northing) for school in extract()]))
    places = whole_england().schools.places
    drawn = neighbours(np.stack([places.easting, places.northing], axis=1))
    assert drawn[0] == pytest.approx(real[0], rel=0.15)
    assert drawn[1:] == pytest.approx(real[1:], rel=0.05)


@needs_extract
def test_trusts_are_as_many_and_as_regional_as_real_ones() -> None:
    england = whole_england()
    trust, region = england.schools.membership.trust, england.schools.region
    spanning = sum(len(set(regions)) > 1 for regions in _by(trust, region).values())
    real_regions = _by([school.trust for school in extract()], [school.region for school in extract()])
    real_regions.pop("")
    assert len(england.trusts) == pytest.approx(len(real_regions), rel=0.05)
    real_spanning = sum(len(set(regions)) > 1 for regions in real_regions.values())
    assert spanning == pytest.approx(real_spanning, rel=0.35)


def _by(keys: object, values: object) -> dict[object, list[object]]:
    groups: dict[object, list[object]] = {}
    for key, value in zip(keys, values, strict=True):
        if key != 0:
            groups.setdefault(key, []).append(value)
    return groups


@needs_extract
def test_the_figures_are_those_of_the_extract() -> None:
    for name, columns in measure(EXTRACT).items():
        packaged = table(PACKAGED / name)
        assert [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] == packaged


def test_no_figure_is_a_single_schools_place() -> None:
    assert min(int(row["schools"]) for row in table(PACKAGED / "towns.csv")) >= 6
