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
    return keyed_digester(key, *parts[:-1])(parts[-1])


def keyed_digester(key: bytes, *first: str) -> Callable[[str], bytes]:
    """A function of the last part that gives what `keyed_digest` gives, with the first parts encoded only once."""
    begun = hashlib.blake2b(b"".join(_prefixed(part) for part in first), key=key, digest_size=16).copy

    def digest(last: str) -> bytes:
        part = last.encode()
        hashing = begun()
        hashing.update(len(part).to_bytes(4, "big") + part)
        return hashing.digest()

    return digest


def _prefixed(part: str) -> bytes:
    encoded = part.encode()
    return len(encoded).to_bytes(4, "big") + encoded
