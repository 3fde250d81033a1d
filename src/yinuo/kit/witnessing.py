"""What a log and a witness say to each other (C2SP tlog-witness): a checkpoint, and what shows that it continues the last."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from yinuo.kit.checkpoints import parse_decimal, parse_hash
from yinuo.kit.note_keys import Verifier
from yinuo.kit.notes import Signature, Unsigned, decode_lines, parse_note
from yinuo.kit.refusals import Malformed

SUBMISSION_BYTES_MAX = 131_072
REPLY_BYTES_MAX = 65_536
HASHES_MAX = 63
SIZE_TYPE = "text/x.tlog.size"
_OLD = "old "


@dataclass(frozen=True, slots=True)
class Submission:
    """The body of a call of `add-checkpoint`: the size the witness saw last, the proof from it, and the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        lines = [f"{_OLD}{self.old}", *(base64.b64encode(each).decode() for each in self.proof), "", self.note]
        return "\n".join(lines)


def parse_submission(body: bytes) -> Submission:
    """What a body says, unchecked; refuses what has not the form."""
    head, separator, note = decode_lines(body, SUBMISSION_BYTES_MAX, "submission").partition("\n\n")
    first, *lines = head.split("\n")
    if not separator or not first.startswith(_OLD):
        raise Malformed("A submission is a line 'old N', lines of the proof, an empty line and a checkpoint.")
    old = parse_decimal(first.removeprefix(_OLD), "old size")
    if len(lines) > HASHES_MAX:
        raise Malformed(f"No proof has more than {HASHES_MAX} hashes; this one has {len(lines)}.")
    return Submission(old, tuple(parse_hash(line, "proof's hash") for line in lines), note)


def parse_size(body: bytes) -> int:
    """The size that a witness names when it saw another one last."""
    text = decode_lines(body, REPLY_BYTES_MAX, "size")
    if not text.endswith("\n"):
        raise Malformed("A size ends in a newline.")
    return parse_decimal(text.removesuffix("\n"), "witness's size")


def find_cosignature(text: str, lines: bytes, key: Verifier) -> tuple[Signature, int]:
    """The witness's signature of the checkpoint among the lines it answered, and the second it states.

    Lines of other keys are passed over; where none of this key is right, it refuses.
    """
    given = parse_note(text + "\n" + decode_lines(lines, REPLY_BYTES_MAX, "cosignature"))
    if given.text != text:
        raise Malformed("The answer holds more than lines of signatures.")
    own = [each for each in given.signatures if (each.name, each.key_id) == (key.name, key.key_id)]
    if not own:
        raise Unsigned(f"The answer holds no signature of {key.name}.")
    stated = key.verify(text, own[-1].signed)
    if not stated:
        raise Unsigned(f"The signature of {key.name} does not fit the checkpoint, or states no time.")
    return own[-1], stated
