"""Receipts: a log's signed promise, at intake, of what it will hold and by when.

A receipt binds the inner hashes of the facts taken (`kit.opening.inner_of`, main and person's part one after the other), in the
order of the answer, by a Merkle root. Who holds one, and finds no such entry under a checkpoint after the deadline, can show
that the log broke its word. It is signed by a key of its own, so that it can never pass for a checkpoint.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from yinuo.kit.checkpoints import parse_decimal, parse_hash
from yinuo.kit.note_keys import Signer, Verifier
from yinuo.kit.notes import open_note, sign_note
from yinuo.kit.refusals import Malformed

FORM = "yinuo.receipt/v1"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FIELDS = ("origin", "received", "sealed-by", "count", "root")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Whose promise it is, when the facts came, by when they will be sealed, how many they are, and the root over them."""

    origin: str
    received: datetime
    sealed_by: datetime
    count: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed; moments to the second, in UTC."""
        values = (
            self.origin, _written(self.received), _written(self.sealed_by), str(self.count),
            base64.b64encode(self.root).decode(),
        )
        return "\n".join([FORM, *(f"{name} {value}" for name, value in zip(_FIELDS, values, strict=True)), ""])

    def sign(self, signer: Signer) -> str:
        """The receipt as a signed note."""
        return str(sign_note(self.text, [signer]))


def parse_receipt(note: str | bytes, verifier: Verifier) -> Receipt:
    """The receipt in a note that this key has signed; refuses any other."""
    form, *lines, after = open_note(note, [verifier]).text.split("\n")
    names = tuple(line.partition(" ")[0] for line in lines)
    if form != FORM or after or names != _FIELDS:
        raise Malformed("This note is no receipt.")
    origin, received, sealed_by, count, root = (line.partition(" ")[2] for line in lines)
    return Receipt(origin, _read(received), _read(sealed_by), parse_decimal(count, "count"), parse_hash(root, "root"))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _read(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed(f"{text[:40]!r} is no moment of a receipt.") from None
