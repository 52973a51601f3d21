"""Lots: whole numbers that depend on identifiers, a seed and the number of a draw alone, never on the order of rows."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from nle_optimizer.records import Texts

Lots = NDArray[np.uint64]


def mixed(keys: Lots) -> Lots:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def identities(ids: Texts, side: str, seed: int) -> Lots:
    """A number for each identifier of a side (`recipient`, `nle`), under a seed."""
    salt = f"{side}:{seed}:".encode()
    digests = b"".join(hashlib.blake2b(salt + str(name).encode(), digest_size=8).digest() for name in ids)
    return np.frombuffer(digests, dtype="<u8")


def lots(identities: Lots, draw: int) -> Lots:
    """What each of some identities draws; draw 0, 1, ... are independent."""
    return mixed(identities ^ mixed(np.array([draw + 1], dtype=np.uint64)))
