"""Seeds of single asks, for teachers that draw for one ask at a time.

In: a group's seed and the ask's place in it. Out: a number that simple generators spread well: some
runtimes draw almost alike from seeds that are neighbours, and few take more than 31 bits.
"""

import hashlib

_LARGEST = 2**31 - 2


def ask_seed(seed: int, place: int) -> int:
    """Return the seed of the ask at `place`, from 1 to 2**31 - 2."""
    digest = hashlib.sha256(f"{seed}/{place}".encode()).digest()
    return 1 + int.from_bytes(digest[:8]) % _LARGEST
