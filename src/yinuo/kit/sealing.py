"""Sealing: AES-256-GCM in which everything that says where a value belongs is authenticated with it.

A sealed value is `0x01 | key version (2 bytes) | nonce (12) | ciphertext and tag`. Moved to another row, field or person it
does not open. Data keys are themselves sealed ("wrapped") by a wrapping key, bound to their holder, class and version.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from yinuo.kit.refusals import Refusal

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES
VERSION_MAX = 2**16 - 1
_FORM = b"\x01"
_HEAD_BYTES = 3

KeyName = tuple[str, str, int]
"""A data key's holder, retention class and version."""


class NotOpened(Refusal):
    """What is sealed does not open: it was changed or moved, or its key is another."""

    status = 500
    code = "not-opened"


class DataKey:
    """One holder's key of one retention class in one version, ready to seal and to open."""

    __slots__ = ("_cipher", "_head", "_tail", "name")

    def __init__(self, name: KeyName, key: bytes) -> None:
        holder, retention, version = self.name = name
        self._cipher = AESGCM(key)
        self._head = _FORM + version.to_bytes(2, "big")
        self._tail = f"|{holder}|{retention}|{version}".encode()

    def seal(self, place: str, text: str, nonce: bytes) -> bytes:
        """Seal a text for a place (see `place_of`), with a nonce of 12 random bytes that is never used again."""
        return self.seal_bytes(place, text.encode(), nonce)

    def seal_bytes(self, place: str, content: bytes, nonce: bytes) -> bytes:
        """What `seal` does, for bytes that need not be text."""
        return self._head + nonce + self._cipher.encrypt(nonce, content, place.encode() + self._tail)

    def open(self, place: str, sealed: bytes) -> str:
        """The text that was sealed for this place with this key; refuses anything else."""
        return self.open_bytes(place, sealed).decode()

    def open_bytes(self, place: str, sealed: bytes) -> bytes:
        """The bytes that were sealed for this place with this key; refuses anything else."""
        if version_of(sealed) != self.name[2]:
            raise NotOpened(f"{place} is sealed with version {version_of(sealed)} of a key, not {self.name[2]}.")
        nonce = sealed[_HEAD_BYTES : _HEAD_BYTES + NONCE_BYTES]
        try:
            return self._cipher.decrypt(nonce, sealed[_HEAD_BYTES + NONCE_BYTES :], place.encode() + self._tail)
        except InvalidTag:
            raise NotOpened(f"{place} does not open: it was changed, moved here, or sealed with another key.") from None


class WrappingKey:
    """A key that wraps data keys; its id follows from it, so that a file with another key's bytes is noticed."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise NotOpened(f"A wrapping key has {KEY_BYTES} bytes, not {len(key)}.")
        self._cipher = AESGCM(key)
        self.id = hashlib.blake2b(key, digest_size=8, person=b"yinuo/wrapping").hexdigest()

    def wrap(self, key: bytes, name: KeyName, nonce: bytes) -> bytes:
        """The data key of this name, sealed; always of the same length."""
        return nonce + self._cipher.encrypt(nonce, key, _bound(name))

    def unwrap(self, wrapped: bytes, name: KeyName) -> bytes:
        """The data key; refuses one that was wrapped under another name or by another wrapping key."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(name))
        except (InvalidTag, ValueError):
            raise NotOpened(f"The data key {'/'.join(map(str, name))} does not open with wrapping key {self.id}.") from None


def place_of(table: str, field: str, row: str) -> str:
    """Where a sealed value belongs, as the text that is authenticated with it."""
    return f"{table}|{field}|{row}"


def version_of(sealed: bytes) -> int:
    """The version of the key that sealed this; refuses what cannot be a sealed value."""
    if len(sealed) < _HEAD_BYTES + NONCE_BYTES + TAG_BYTES or sealed[:1] != _FORM:
        raise NotOpened(f"These {len(sealed)} bytes are not a sealed value, or it was cut.")
    return int.from_bytes(sealed[1:_HEAD_BYTES], "big")


@lru_cache(maxsize=64)
def index_key(secret: bytes, field: str) -> bytes:
    """The key of one field's keyed hashes, derived from the realm's secret (HKDF-SHA-256): one tells nothing of another."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"yinuo/index/v1/{field}".encode()).derive(secret)


def _bound(name: KeyName) -> bytes:
    holder, retention, version = name
    return f"yinuo/data-key/v1|{holder}|{retention}|{version}".encode()
