"""Signed notes (C2SP signed-note): a text, an empty line, and one line for each signature."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yinuo.kit.checkpoints import parse_base64
from yinuo.kit.note_keys import Signer, Verifier, check_key_name
from yinuo.kit.refusals import Malformed, Refusal, TooLarge

NOTE_BYTES_MAX = 1_000_000
SIGNATURES_MAX = 100
KEY_ID_BYTES = 4
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Unsigned(Refusal):
    """No trusted key signed it, or a trusted key's signature is wrong."""

    status = 422
    code = "unsigned"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature as a note carries it: by whom it says it is, and the bytes."""

    name: str
    key_id: bytes
    signed: bytes

    @property
    def line(self) -> str:
        """The signature in one line, with its newline."""
        return f"{_MARK}{self.name} {base64.b64encode(self.key_id + self.signed).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and what claims to be signatures of it; nothing is checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """A text, and the trusted keys that were found to have signed it, with the time that each stated (0 for none)."""

    text: str
    signed: Mapping[Verifier, int]


def parse_note(note: str | bytes) -> Note:
    """The text and the signatures of a note, unchecked; refuses what has not the form."""
    text, separator, signatures = decode_lines(note, NOTE_BYTES_MAX, "note").rpartition("\n\n")
    *lines, after = signatures.split("\n")
    if not separator or after or not lines:
        raise Malformed("A signed note is a text, an empty line and lines of signatures, the last one ended too.")
    if len(lines) > SIGNATURES_MAX:
        raise TooLarge(f"A note with more than {SIGNATURES_MAX} signatures is not read.")
    return Note(text + "\n", tuple(parse_signature(line) for line in lines))


def parse_signature(line: str) -> Signature:
    """The signature that one line of a note carries, given without its newline."""
    if not line.startswith(_MARK):
        raise Malformed("A line of signature begins with a dash (U+2014) and a space.")
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    check_key_name(name)
    raw = parse_base64(encoded, f"signature of {name[:80]}")
    if len(raw) <= KEY_ID_BYTES:
        raise Malformed(f"The signature of {name[:80]} is cut off.")
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> OpenedNote:
    """The text of a note that at least one of these keys has signed.

    Signatures of other keys are passed over; a wrong one of these keys refuses the whole note.
    """
    trusted = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    parsed = parse_note(note)
    signed: dict[Verifier, int] = {}
    for signature in parsed.signatures:
        verifier = trusted.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        stated = verifier.verify(parsed.text, signature.signed)
        if stated is None:
            raise Unsigned(f"The signature of {verifier.name} does not fit: text or signature was changed.")
        signed[verifier] = max(stated, signed.get(verifier, 0))
    if not signed:
        raise Unsigned("None of the keys that you trust has signed this.")
    return OpenedNote(parsed.text, signed)


def sign_note(text: str, signers: Iterable[Signer], *, at: int = 0) -> Note:
    """The text with a signature by each signer; `at` is the POSIX second that cosignatures state."""
    check_text(text)
    made = (Signature(key.name, key.verifier.key_id, key.sign(text, at=at)) for key in signers)
    return Note(text, tuple(made))


def check_text(text: str) -> None:
    """Refuse a text that cannot be signed as a note: without newline at its end, or with control characters."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise Malformed("The text of a note ends in a newline and holds no other control characters.")


def decode_lines(given: str | bytes, bytes_max: int, what: str) -> str:
    """The text of a file of lines; refuses what is too large, not UTF-8, or holds control characters other than newline."""
    if len(given) > bytes_max:
        raise TooLarge(f"This {what} is larger than the {bytes_max:,} bytes that are read.")
    try:
        text = given.decode() if isinstance(given, bytes) else given
        text.encode()
    except UnicodeError:
        raise Malformed(f"This {what} is not UTF-8 text.") from None
    if _CONTROL.search(text):
        raise Malformed(f"This {what} holds control characters.")
    return text
