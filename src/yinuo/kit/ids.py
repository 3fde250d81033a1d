"""Identifiers: surrogates that mean nothing, and keyed digests that find a thing without showing it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

Entropy = Callable[[int], bytes]
"""Gives that many random bytes. Entrances pass `os.urandom`; a seeded one makes tests and the simulator repeatable."""

SURROGATE_BYTES = 10


def new_surrogates(entropy: Entropy, prefix: str, count: int) -> list[str]:
    """`count` fresh surrogate ids: a letter for the type and 80 random bits in base 32, 17 characters."""
    bits = entropy(SURROGATE_BYTES * count)
    text = base64.b32encode(bits).decode().lower()
    return [prefix + text[i * 16 : i * 16 + 16] for i in range(count)]


def keyed_digest(key: bytes, *parts: str) -> bytes:
    """16 bytes that only a holder of `key` can make again from the same parts (BLAKE2b, keyed).

    Parts are length-prefixed, so that ("ab", "c") and ("a", "bc") differ.
    """
    message = b"".join(len(part).to_bytes(4, "big") + part for part in (p.encode() for p in parts))
    return hashlib.blake2b(message, key=key, digest_size=16).digest()
