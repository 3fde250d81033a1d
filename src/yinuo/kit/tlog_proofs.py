"""Proof files (C2SP tlog-proof): an entry's place, the hashes that lead to the root, and the signed checkpoint, in one text."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from yinuo.kit.checkpoints import parse_base64, parse_decimal, parse_hash
from yinuo.kit.merkle import check_inclusion
from yinuo.kit.notes import decode_lines
from yinuo.kit.policies import Accepted, Policy
from yinuo.kit.refusals import Malformed, TooLarge

PROOF_BYTES_MAX = 4_000_000
HASHES_MAX = 63
_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """What a proof file holds; `extra` is what the application needs beside it, and proves nothing by itself."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def __str__(self) -> str:
        lines = [_HEADER]
        if self.extra:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines += [f"index {self.index}", *(base64.b64encode(each).decode() for each in self.hashes)]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    def check(self, leaf: bytes, policy: Policy) -> Accepted:
        """Refuse unless the leaf's hash stands at this place of a log whose checkpoint the policy accepts."""
        accepted = policy.accept(self.checkpoint)
        checkpoint = accepted.checkpoint
        check_inclusion(leaf=leaf, index=self.index, size=checkpoint.size, proof=self.hashes, root=checkpoint.root)
        return accepted


def parse_tlog_proof(proof: str | bytes) -> TlogProof:
    """What a proof file says, unchecked; refuses what has not the form."""
    head, separator, checkpoint = decode_lines(proof, PROOF_BYTES_MAX, "proof").partition("\n\n")
    header, *lines = head.split("\n")
    if header != _HEADER:
        raise Malformed(f"A proof file begins with the line {_HEADER}.")
    if not separator or not checkpoint:
        raise Malformed("The proof file ends before its checkpoint: it is cut off.")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = parse_base64(lines.pop(0).removeprefix("extra "), "extra data")
        if not extra:
            raise Malformed("A line for extra data that holds none does not belong in a proof file.")
    if not lines or not lines[0].startswith("index "):
        raise Malformed("The proof file does not say at which index the entry stands.")
    index, hashes = parse_decimal(lines[0].removeprefix("index "), "proof's index"), lines[1:]
    if len(hashes) > HASHES_MAX:
        raise TooLarge(f"No proof has more than {HASHES_MAX} hashes; this one has {len(hashes)}.")
    return TlogProof(index, tuple(parse_hash(line, "proof's hash") for line in hashes), checkpoint, extra)
