"""The Merkle root of a list (RFC 6962): one hash that commits to every item and its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def leaf_hash(item: bytes) -> bytes:
    """SHA-256 over 0x00 and the item."""
    return hashlib.sha256(b"\x00" + item).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(items: Iterable[bytes]) -> bytes:
    """The root over the items in their order; SHA-256 of nothing where there are none."""
    level = [leaf_hash(item) for item in items]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]     # an odd one out moves up as it is
    return level[0]
