"""Measures the figures that synthetic England is drawn from.

Run as `python scenarios/measure_england.py --data FOLDER`. It writes three tables beside the code that
draws from them, of counts and rounded means; no row, name, postcode or single place of the extract
goes into them. The source of each is Get Information about Schools (GIAS), GIAS groups and Ofsted's
management information, under the Open Government Licence v3.0.

Towns are clusters: k-means in whole metres, by Lloyd's algorithm (Lloyd 1982, "Least squares
quantization in PCM", doi:10.1109/TIT.1982.1056489) from the leaves of a k-d tree.
Centres are rounded to whole metres and distances are integers, so that every machine finds the same
clusters.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from england_extract import GRADES_KNOWN_TO, TRUSTS_KNOWN_TO, Measured, read_extract

from nle_optimizer.delimited import write_columns
from nle_optimizer.records import Integers
from nle_optimizer.scenario.columns import PHASES
from nle_optimizer.sources.synthetic.figures import FAITHS, RECORDS

TOWN = 16
"""About how many schools a town holds: small enough for the pattern, too many for any one school's place."""
LEAST = 6
STEPS = 20
"""Quantiles are kept at every twentieth."""

PACKAGED = Path(__file__).resolve().parents[1] / "src" / "nle_optimizer" / "sources" / "synthetic"
"""Where the tables stand."""
Table = dict[str, Sequence[str]]
ROUNDS = 20


def measure(folder: Path) -> dict[str, Table]:
    """The figure tables by file name, each as columns of text.

    Raises:
        InputError: a file of the extract cannot be read.
    """
    schools = read_extract(folder)
    groups = _by_authority(schools)
    return {
        "authorities.csv": _columns(_authority(members) for members in groups.values()),
        "towns.csv": _columns(row for members in groups.values() for row in _towns(members)),
        "england.csv": _columns(_england(schools)),
    }


def _columns(rows: Iterable[dict[str, object]]) -> Table:
    kept = list(rows)
    return {name: [str(row[name]) for row in kept] for name in kept[0]}


def _by_authority(schools: list[Measured]) -> dict[str, list[Measured]]:
    groups: dict[str, list[Measured]] = {}
    for school in schools:
        groups.setdefault(school.authority, []).append(school)
    return dict(sorted(groups.items(), key=lambda item: (_region(item[1]), item[0])))


def _region(members: list[Measured]) -> str:
    """The region that most schools of an authority name (single rows of the extract name another)."""
    return Counter(member.region for member in members).most_common(1)[0][0]


def _authority(members: list[Measured]) -> dict[str, object]:
    row: dict[str, object] = {
        "authority": members[0].authority,
        "region": _region(members),
        "schools": len(members),
    }
    row |= _counted((member.phase for member in members), PHASES)
    row |= {name or "no_faith": n for name, n in _counted((m.faith for m in members), FAITHS).items()}
    row |= _counted((member.record for member in members), RECORDS)
    row["in_trust"] = sum(bool(member.trust) for member in members)
    return row


def _counted(values: Iterable[str], names: Sequence[str]) -> dict[str, int]:
    count = Counter(values)
    return {name: count[name] for name in names}


def _towns(members: list[Measured]) -> list[dict[str, object]]:
    places = np.array([(member.easting, member.northing) for member in members], dtype=np.int64)
    return [{"authority": members[0].authority, **_town(group)} for group in clusters(places, TOWN, LEAST)]


def _town(places: Integers) -> dict[str, object]:
    """Number, centre, spread (standard deviations, rounded to 100 m) and correlation of a town's places."""
    n = len(places)
    sums = [int(total) for total in places.sum(axis=0)]
    shifted = n * places - np.array(sums)
    east, north = (int((shifted[:, axis] ** 2).sum()) for axis in (0, 1))
    both = int((shifted[:, 0] * shifted[:, 1]).sum())
    scale = sqrt(east) * sqrt(north)
    return {
        "schools": n,
        "easting": _hundreds(sums[0] / n),
        "northing": _hundreds(sums[1] / n),
        "spread_easting": _hundreds(sqrt(east / n) / n),
        "spread_northing": _hundreds(sqrt(north / n) / n),
        "correlation": f"{both / scale if scale else 0.0:.2f}",
    }


def _hundreds(metres: float) -> int:
    return 100 * round(metres / 100)


def _england(schools: list[Measured]) -> list[dict[str, object]]:
    """National figures, long: what is measured, given what, its value, and how many (or the quantile)."""
    graded = [school for school in schools if school.inspected]
    with_previous = [school for school in graded if school.previous_inspected]
    members = [school for school in schools if school.trust]
    rows = [
        *_shares("faith", schools, lambda s: s.phase, lambda s: s.faith),
        *_shares("record", schools, lambda s: s.phase, lambda s: s.record),
        *_shares("in_trust", schools, lambda s: s.phase, _in_trust),
        *_shares("in_trust", schools, lambda s: s.record, _in_trust),
        *_shares("type", [s for s in schools if s.establishment_type], _type_given, lambda s: s.establishment_type),
        *_shares("previous_grade", graded, lambda s: s.record, lambda s: s.previous_grade or "none"),
        *_shares("inspections", with_previous, _all, lambda s: f"{s.inspections:02d}"),
        *_shares("joined_before_inspection", [s for s in members if s.inspected], lambda s: s.record, _since),
        *_quantiles("latest_age", graded, lambda s: GRADES_KNOWN_TO.toordinal() - (s.inspected or 0)),
        *_quantiles("gap", with_previous, lambda s: (s.inspected or 0) - (s.previous_inspected or 0)),
        *_quantiles("joined_age", members, lambda s: TRUSTS_KNOWN_TO.toordinal() - (s.joined or 0), False),
    ]
    sizes = Counter(Counter(school.trust for school in members).values())
    rows += [_figure("trust_size", "", f"{size:03d}", count) for size, count in sorted(sizes.items())]
    return rows


def _figure(figure: str, given: str, value: str, number: int) -> dict[str, object]:
    return {"figure": figure, "given": given, "value": value, "number": number}


def _all(_: Measured) -> str:
    return ""


def _in_trust(school: Measured) -> str:
    return "yes" if school.trust else "no"


def _since(school: Measured) -> str:
    return "yes" if (school.joined or 0) <= (school.inspected or 0) else "no"


def _type_given(school: Measured) -> str:
    return "|".join((school.phase, "trust" if school.trust else "alone", "faith" if school.faith else ""))


def _shares(
    figure: str,
    schools: list[Measured],
    given: Callable[[Measured], str],
    value: Callable[[Measured], str],
) -> list[dict[str, object]]:
    """How many schools have each value, by what is given."""
    counts = Counter((given(school), value(school)) for school in schools)
    return [_figure(figure, *key, count) for key, count in sorted(counts.items())]


def _quantiles(
    figure: str, schools: list[Measured], days: Callable[[Measured], int], by_record: bool = True
) -> list[dict[str, object]]:
    """Every twentieth of a number of days, by record or over all.

    The ends are the first and the last hundredth, so that no figure is a single school's.
    """
    groups: dict[str, list[int]] = {}
    for school in schools:
        groups.setdefault(school.record if by_record else "", []).append(days(school))
    rows = []
    for given, values in sorted(groups.items()):
        values.sort()
        for step in range(STEPS + 1):
            share = 100 * step // STEPS
            at = values[(len(values) - 1) * min(max(share, 1), 99) // 100]
            rows.append(_figure(figure, given, f"{share:03d}", at))
    return rows


def clusters(places: Integers, size: int, least: int) -> list[Integers]:
    """Places grouped by nearness.

    Args:
        places: easting and northing in metres, shape (places, 2).
        size: about how many places a cluster holds.
        least: no cluster holds fewer places than this, where there are so many.

    Returns:
        The places of each cluster, shape (its places, 2), from west to east.
    """
    centres = np.array([_centre(leaf) for leaf in _leaves(places, size)])
    for _ in range(ROUNDS):
        centres = _means(places, _nearest(places, centres), len(centres))
    labels = _nearest(places, centres)
    while len(centres) > 1 and np.bincount(labels, minlength=len(centres)).min() < least:
        smallest = int(np.argmin(np.bincount(labels, minlength=len(centres))))
        centres = np.delete(centres, smallest, axis=0)
        labels = _nearest(places, centres)
    groups = [places[labels == label] for label in range(len(centres))]
    return sorted(groups, key=lambda group: tuple(int(part) for part in _centre(group)))


def _leaves(places: Integers, size: int) -> list[Integers]:
    """Halves of halves, each cut across its longer side, of about `size` places."""
    if len(places) < 2 * size:
        return [places]
    widths = places.max(axis=0) - places.min(axis=0)
    axis = int(widths[1] > widths[0])
    order = np.lexsort((places[:, 1 - axis], places[:, axis]))
    half = len(places) // 2
    return [*_leaves(places[order[:half]], size), *_leaves(places[order[half:]], size)]


def _centre(places: Integers) -> Integers:
    rounded: Integers = (2 * places.sum(axis=0) + len(places)) // (2 * len(places))
    return rounded


def _nearest(places: Integers, centres: Integers) -> Integers:
    gaps = places[:, None, :] - centres[None, :, :]
    labels: Integers = (gaps * gaps).sum(axis=2).argmin(axis=1)
    return labels


def _means(places: Integers, labels: Integers, count: int) -> Integers:
    """The centre of each cluster that still has a place."""
    return np.array([_centre(places[labels == label]) for label in range(count) if (labels == label).any()])


def main() -> None:
    """Measure the extract in the folder named on the command line and write the tables."""
    parser = argparse.ArgumentParser(description="Measure the figures of synthetic England.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the extract")
    parser.add_argument("--out", type=Path, default=PACKAGED, help="where the tables go")
    arguments = parser.parse_args()
    for name, table in measure(arguments.data).items():
        write_columns(arguments.out / name, table)


if __name__ == "__main__":
    main()
