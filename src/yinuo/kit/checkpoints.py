"""Checkpoints (C2SP tlog-checkpoint): what a log's head says, in three lines: whose it is, how many entries, which root."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from yinuo.kit.merkle import EMPTY_ROOT, HASH_BYTES, SIZE_MAX
from yinuo.kit.refusals import Malformed

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")
_CONTROL = re.compile(r"[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's head: its origin, how many entries it has, and the root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note text to sign; without extension lines, which not every signature covers."""
        if not self.origin or _CONTROL.search(self.origin):
            raise Malformed("A log's origin is one line and not empty.")
        if not 0 <= self.size <= SIZE_MAX or len(self.root) != HASH_BYTES:
            raise Malformed("A checkpoint needs a size from 0 and a root of 32 bytes.")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are refused, since signatures by ML-DSA do not cover them."""
    *lines, after = text.split("\n")
    if after or len(lines) != 3 or "" in lines:
        raise Malformed(
            "A checkpoint is three lines, none of them empty: origin, size and root; extension lines are not taken."
        )
    if any(_CONTROL.search(line) for line in lines):
        raise Malformed("A checkpoint holds no control characters.")
    size, root = parse_decimal(lines[1], "checkpoint's size"), parse_hash(lines[2], "checkpoint's root")
    if size == 0 and root != EMPTY_ROOT:
        raise Malformed("The checkpoint names a root over no entries that is not the root over nothing.")
    return Checkpoint(origin=lines[0], size=size, root=root)


def parse_decimal(text: str, what: str) -> int:
    """The number from 0 to 2^63 - 1 that the text writes with digits only, without leading zeros."""
    if not _DECIMAL.match(text) or int(text) > SIZE_MAX:
        raise Malformed(f"The {what} is not a plain number without leading zeros.")
    return int(text)


def parse_base64(text: str, what: str) -> bytes:
    """The bytes that the text writes in standard base64; the one way to write them, so that a changed letter shows."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"The {what} is not base64.") from None
    if base64.b64encode(raw).decode() != text:
        raise Malformed(f"The {what} is not base64 in its one right form.")
    return raw


def parse_hash(text: str, what: str) -> bytes:
    """The 32 bytes that the text writes in base64."""
    raw = parse_base64(text, what)
    if len(raw) != HASH_BYTES:
        raise Malformed(f"The {what} has {len(raw)} bytes, not {HASH_BYTES}.")
    return raw
