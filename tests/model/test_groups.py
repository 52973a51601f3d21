"""The least rows of each group against sorting, and rows that lie beside each other against counting."""

import numpy as np
import pytest

from nle_optimizer.records import least_of_each, stretches


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("spread", [4, 1_000_000])
def test_the_least_rows_of_each_group_are_those_that_sorting_puts_first(seed: int, spread: int) -> None:
    rng = np.random.default_rng(seed)
    rows, most = int(rng.integers(0, 40)), int(rng.integers(1, 4))
    groups = rng.integers(0, spread, rows)
    keys = [rng.integers(-2, 3, rows) for _ in range(int(rng.integers(0, 4)))]
    order = sorted(range(rows), key=lambda n: (groups[n], *(key[n] for key in keys), n))
    own: dict[int, list[int]] = {}
    for n in order:
        own.setdefault(int(groups[n]), []).append(n)
    assert least_of_each(groups, keys, most).tolist() == [n for each in own.values() for n in each[:most]]


@pytest.mark.parametrize("seed", range(20))
def test_stretches_are_the_rows_from_each_first_up_to_its_end(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 20, int(rng.integers(0, 6)))
    end = first + rng.integers(0, 4, len(first))
    owner, row = stretches(first, end)
    both = zip(first.tolist(), end.tolist(), strict=True)
    meant = [(n, at) for n, (start, stop) in enumerate(both) for at in range(start, stop)]
    assert list(zip(owner.tolist(), row.tolist(), strict=True)) == meant
