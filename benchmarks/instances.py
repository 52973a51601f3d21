"""Instances of any size, made in memory: 60 towns, schools and NLEs around them, needs and expertise.

As in the design: towns are uniform over 300 x 550 km, schools and NLEs normally spread around them (15 km),
expertise is uniform and needs follow Dirichlet(1, 1, 1).
"""

from pathlib import Path
from typing import Any

import numpy as np

from nle_optimizer.records import MILLION, Column, Integers, Kind, Records, TableSpec, text_column
from nle_optimizer.scenario.columns import AREAS, NLES, SCHOOLS
from nle_optimizer.scenario.document import Document
from nle_optimizer.scenario.scenario import Scenario
from nle_optimizer.scenario.settings import Settings

TOWNS = 60
WIDTH, HEIGHT = 300_000, 550_000
SPREAD = 15_000


def instance(
    schools: int, nles: int, limit_km: float, *, measure: str = "need-met", seed: int = 1, **settings: Any
) -> Scenario:
    """A scenario in memory, as the reader would give it.

    Args:
        schools, nles: how many of each.
        limit_km: distance limit, which decides the number of pairs.
        measure: the fit measure.
        seed: seed of everything drawn.
        settings: further settings, over the ones here.
    """
    rng = np.random.default_rng(seed)
    towns = rng.uniform((0, 0), (WIDTH, HEIGHT), size=(TOWNS, 2))
    needs = np.floor(rng.dirichlet((1, 1, 1), size=schools) * MILLION).astype(np.int64)
    expertise = rng.integers(0, MILLION + 1, size=(nles, 3))
    school_columns = {
        **_places(rng, towns, schools),
        **{f"need_{area}": _given(Kind.LEVEL, needs[:, n]) for n, area in enumerate(AREAS)},
    }
    nle_columns = {
        **_places(rng, towns, nles),
        **{f"expertise_{area}": _given(Kind.LEVEL, expertise[:, n]) for n, area in enumerate(AREAS)},
        "placements": _given(Kind.AMOUNT, rng.integers(1, 10, size=nles) * MILLION),
    }
    return _scenario(
        _table(SCHOOLS, "S", schools, school_columns),
        _table(NLES, "N", nles, nle_columns),
        {
            "geography": {"max_distance_km": limit_km},
            "fit": {"measure": measure},
            "objectives": ["fit"],
            **settings,
        },
    )


def limit_for(pairs: int, schools: int, nles: int, *, seed: int = 1) -> float:
    """The distance limit in whole kilometres that gives about so many pairs."""
    scenario = instance(schools, nles, 1, seed=seed)
    sample = np.random.default_rng(0).choice(nles, min(nles, 200), replace=False)
    squares = [_squares(scenario, n) for n in sample]
    share = pairs / (schools * nles)
    return max(1.0, float(np.rint(np.sqrt(np.quantile(np.concatenate(squares), min(share, 1.0))) / 1000)))


def _squares(scenario: Scenario, n: int) -> Integers:
    across = scenario.schools.values("easting") - scenario.nles.values("easting")[n]
    up = scenario.schools.values("northing") - scenario.nles.values("northing")[n]
    return np.asarray(across * across + up * up)


def _places(rng: np.random.Generator, towns: np.ndarray, count: int) -> dict[str, Column]:
    points = towns[rng.integers(0, len(towns), size=count)] + rng.normal(0, SPREAD, size=(count, 2))
    metres = np.rint(points).astype(np.int64)
    return {"easting": _given(Kind.METRES, metres[:, 0]), "northing": _given(Kind.METRES, metres[:, 1])}


def _given(kind: Kind, values: Integers) -> Column:
    return Column(kind, np.ascontiguousarray(values, dtype=np.int64), np.ones(len(values), dtype=bool))


def _table(spec: TableSpec, letter: str, count: int, columns: dict[str, Column]) -> Records:
    (key,) = spec.key
    ids = text_column([f"{letter}{n:07d}" for n in range(count)], Kind.IDENTIFIER)
    return Records(spec, f"{spec.name}.csv", np.arange(2, count + 2), {key: ids, **columns})


def _scenario(schools: Records, nles: Records, settings: dict[str, Any]) -> Scenario:
    values = {
        "schema": 1,
        "name": "benchmark",
        "data": {"schools": "schools.csv", "nles": "nles.csv"},
        **settings,
    }
    file = Path("benchmark.yaml")
    return Scenario(
        file,
        Settings.model_validate(values),
        schools,
        nles,
        None,
        None,
        None,
        ("placements",),
        (),
        Document(file, values),
    )
