"""A log as its operator runs it: under which name and keys its heads are signed, and the file that remembers the last one.

The file lies outside the database. A backup of the database that is put back then cannot make the log forget what it has
signed: it finds itself behind the file, and stops.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.note_keys import Method, Signer, Verifier
from yinuo.kit.notes import open_note, sign_note
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import Refusal


class LogStopped(Refusal):
    """The log would contradict what it signed before, and signs nothing until somebody has looked."""

    status = 503
    code = "log-stopped"


@dataclass(frozen=True, slots=True)
class Log:
    """The origin of a log, what signs its heads, and the file with the last one signed."""

    origin: str
    signers: tuple[Signer, ...]
    last: Path

    @property
    def receipts(self) -> Signer:
        """The key that signs receipts, and nothing else: they must never pass for checkpoints."""
        return Signer(f"{self.origin}/receipts", Method.ED25519, sha256(b"yinuo/receipts/v1" + self.signers[0].seed).digest())

    @property
    def verifiers(self) -> list[Verifier]:
        """The public keys of the signers."""
        return [signer.verifier for signer in self.signers]

    @property
    def policy(self) -> Policy:
        """The policy of who trusts this log alone."""
        return Policy(dict.fromkeys(self.verifiers, ""))

    def sign(self, *, size: int, root: bytes) -> str:
        """The checkpoint of a head, signed by every key."""
        return str(sign_note(Checkpoint(self.origin, size, root).text, self.signers))

    def last_signed(self) -> tuple[Checkpoint, str] | None:
        """The last head that was signed, and its note; refuses a file that is not what was written."""
        try:
            note = self.last.read_text()
        except FileNotFoundError:
            return None
        try:
            return parse_checkpoint(open_note(note, self.verifiers).text), note
        except Refusal as refusal:
            raise LogStopped(
                f"The file of the last signed checkpoint cannot be trusted: {refusal.sentence} Restore it from a mirror or a "
                "witness; without it nobody can tell whether the record was put back.",
                path=str(self.last),
            ) from None

    def remember(self, note: str) -> None:
        """Write the last signed checkpoint, so that it lasts, before anybody sees it."""
        self.last.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.last.with_name(f"{self.last.name}.{os.getpid()}")
        with temporary.open("w") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.last)
        folder = os.open(self.last.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def check_not_behind(self, size: int) -> None:
        """Refuse a record that is shorter than the last head signed."""
        if (last := self.last_signed()) is not None and size < last[0].size:
            raise LogStopped(
                f"The record has {size:,} facts, but a head of {last[0].size:,} was signed before: an older backup was put "
                "back, or facts were lost. Nothing is sealed or signed; the guide to the record says how to recover."
            )


def log_of(*, origin: str, ed25519: bytes, ml_dsa: bytes, last: Path) -> Log:
    """A log whose heads are signed with Ed25519 and ML-DSA-44, both under its origin."""
    return Log(origin, (Signer(origin, Method.ED25519, ed25519), Signer(origin, Method.ML_DSA_44, ml_dsa)), last)
