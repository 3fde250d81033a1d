"""Receipts: a log's signed promise, at intake, of what it will hold and by when.

A receipt binds the inner hashes of the facts taken (`kit.opening.inner_of`, main and person's part one after the other), in the
order of the events' ids, by a Merkle root. Who holds one, and is shown no such entry under a checkpoint after the deadline,
has a promise that the log broke. It is signed by a key of its own, so that it can never pass for a checkpoint.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from yinuo.kit.checkpoints import parse_base64, parse_decimal, parse_hash
from yinuo.kit.merkle import HASH_BYTES, Unproven, root
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


def receipts_name(origin: str) -> str:
    """The name of the key that signs the receipts of a log."""
    return f"{origin}/receipts"


def root_over(bound: Mapping[str, bytes]) -> bytes:
    """The root over what binds each event, in the order of their ids (by their letters' numbers, as UTF-8 sorts them)."""
    return root([bound[event_id] for event_id in sorted(bound)])


def parse_receipt(note: str | bytes, verifiers: Iterable[Verifier]) -> Receipt:
    """The receipt in a note that one of these keys has signed; refuses any other."""
    opened = open_note(note, verifiers)
    form, *lines, after = opened.text.split("\n")
    names = tuple(line.partition(" ")[0] for line in lines)
    if form != FORM or after or names != _FIELDS:
        raise Malformed("This note is no receipt.")
    origin, received, sealed_by, count, over = (line.partition(" ")[2] for line in lines)
    if receipts_name(origin) not in {key.name for key in opened.signed}:
        raise Malformed("The receipt is signed in the name of another log than it names.")
    return Receipt(
        origin, _read(received), _read(sealed_by), parse_decimal(count, "receipt's count"), parse_hash(over, "receipt's root")
    )


def check_receipt(given: Any, verifiers: Iterable[Verifier]) -> tuple[Receipt, dict[str, bytes]]:
    """The receipt that an answer gave, and what it binds by the events' ids; refuses what was not promised so."""
    if not is_receipt(given):
        raise Malformed("A receipt is a JSON object with exactly 'bound' and 'note', as the answer to the events gave it.")
    keys = list(verifiers)
    if not keys:
        raise Malformed("The policy names no key of receipts; print it anew with `yinuo record policy`.", path="policy")
    receipt, bound = parse_receipt(given["note"], keys), {}
    for event_id, encoded in given["bound"].items():
        bound[event_id] = parse_base64(encoded if isinstance(encoded, str) else "-", "hashes of an event")
        if len(bound[event_id]) != 2 * HASH_BYTES:
            raise Malformed("What binds an event is two hashes, one after the other.", path=f"bound[{event_id[:80]!r}]")
    if (receipt.count, receipt.root) != (len(bound), root_over(bound)):
        raise Unproven("What is 'bound' is not what the receipt was signed for: an event was added, left out or changed.")
    return receipt, bound


def is_receipt(given: Any) -> bool:
    """Whether a JSON value has the form of a receipt."""
    return (
        isinstance(given, dict) and given.keys() == {"note", "bound"}
        and isinstance(given["note"], str) and isinstance(given["bound"], dict)
    )


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_TIME)


def _read(text: str) -> datetime:
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Malformed(f"{text[:40]!r} is no moment of a receipt.") from None
