"""Commitments that bind a log to a content without showing it, and leaves made of two of them.

A content has two parts, each under a salt of its own: the main part, and the person's, so that a person's can be forgotten
while the other is still proven. What binds a part at its appending (`inner_of`) is bound again at its sealing, together with
the numbers that its subjects count it by.
"""

from __future__ import annotations

from hashlib import sha256

INNER_TAG = b"yinuo/inner/v1"
NONE_TAG = b"yinuo/none/v1"
PART_TAG = b"yinuo/part/v1"
LEAF_VERSION = b"\x01"
NO_NUMBERS = b"{}"


def inner_of(salt: bytes, part: bytes) -> bytes:
    """What binds a part from its appending on: SHA-256 over its 32-byte salt and its canonical bytes."""
    return sha256(INNER_TAG + salt + part).digest()


def no_person(salt_main: bytes) -> bytes:
    """What stands for the part of a person where there is none; only who knows the main part's salt can tell."""
    return sha256(NONE_TAG + salt_main).digest()


def part_commitment(numbers: bytes, inner: bytes) -> bytes:
    """What the log shows of a part: SHA-256 over the numbers given at sealing (canonical JSON) and the inner hash."""
    return sha256(PART_TAG + numbers + inner).digest()


def leaf_of(main: bytes, person: bytes) -> bytes:
    """The log's entry, 65 bytes: a version and the commitments of both parts."""
    return LEAF_VERSION + main + person
