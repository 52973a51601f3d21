"""Places in clusters, as towns and parts of cities hold schools: k-means in whole metres.

Lloyd's algorithm (Lloyd 1982, "Least squares quantization in PCM") from the leaves of a k-d tree. Centres
are rounded to whole metres and distances are integers, so that every machine finds the same clusters.
"""

import numpy as np

from nle_optimizer.records import Integers

ROUNDS = 20


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
