"""A log as its operator runs it: under which name and keys its heads are signed, and the file that remembers the last one.

The file lies outside the database. A backup of the database that is put back then cannot make the log forget what it has
signed: it finds itself behind the file, and stops. If the file was put back too, the witnesses still remember.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.lasting import write_lasting
from yinuo.kit.note_keys import Method, Signer, Verifier
from yinuo.kit.notes import Unsigned, open_note, sign_note
from yinuo.kit.policies import Policy
from yinuo.kit.receipts import receipts_name
from yinuo.kit.refusals import Malformed, Refusal

KEYS = "log-keys.json"
LAST = "log-last-checkpoint"
ENDED = "ended-log"


class LogStopped(Refusal):
    """The log would contradict what it signed before, and signs nothing until somebody has looked."""

    status = 503
    code = "log-stopped"


@dataclass(frozen=True, slots=True)
class Log:
    """The origin of a log, what signs its heads, the file with the last one signed, and the policy that names its witnesses."""

    origin: str
    signers: tuple[Signer, ...]
    last: Path
    witnessed: Policy | None = None

    @property
    def receipts(self) -> Signer:
        """The key that signs receipts, and nothing else: they must never pass for checkpoints."""
        return Signer(receipts_name(self.origin), Method.ED25519, sha256(b"yinuo/receipts/v1" + self.signers[0].seed).digest())

    @property
    def verifiers(self) -> list[Verifier]:
        """The public keys of the signers."""
        return [signer.verifier for signer in self.signers]

    @property
    def policy(self) -> Policy:
        """The policy by which this log's heads are good: that with its witnesses, or else that of who trusts the log alone.

        It names the key of the receipts too.
        """
        return replace(self.witnessed or Policy(dict.fromkeys(self.verifiers, "")), receipts=(self.receipts.verifier,))

    def sign(self, *, size: int, root: bytes) -> str:
        """The checkpoint of a head, signed by every key."""
        return str(sign_note(Checkpoint(self.origin, size, root).text, self.signers))

    def last_signed(self) -> tuple[Checkpoint, str] | None:
        """The last head that was signed, and its note; refuses a file that is not what was written, by every key of the log."""
        try:
            kept = self.last.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return parse_checkpoint(self.opened(kept)), kept.decode()
        except Refusal as refusal:
            raise LogStopped(
                f"The file of the last signed checkpoint cannot be trusted: {refusal.sentence} Restore it from a mirror or a "
                "witness; without it nobody can tell whether the record was put back.",
                path=str(self.last),
            ) from None

    def opened(self, note: str | bytes) -> str:
        """The text of a note that every key of this log has signed; refuses one that lacks a signature, or has a wrong one."""
        opened = open_note(note, self.verifiers)
        for key in self.verifiers:
            if key not in opened.signed:
                raise Unsigned(f"It lacks the signature of the log's {key.method.name} key.")
        return opened.text

    def remember(self, note: str) -> None:
        """Write the last signed checkpoint, so that it lasts, before anybody sees it."""
        write_lasting(self.last, note.encode())

    @property
    def stopped(self) -> Path:
        """The file that stops the log for as long as it is there."""
        return self.last.with_name("log-stopped")

    def stop(self, sentence: str) -> LogStopped:
        """Stop the log until somebody has looked and removed the file that says why; returns the refusal to raise."""
        write_lasting(self.stopped, f"{sentence}\n".encode())
        return LogStopped(sentence, path=str(self.stopped))

    def check_running(self) -> None:
        """Refuse where the log was stopped."""
        try:
            why = self.stopped.read_bytes().decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return
        raise LogStopped(f"The log was stopped: {why} When that is cleared up, remove the file.", path=str(self.stopped))

    def check_not_behind(self, size: int) -> None:
        """Refuse a record that is shorter than the last head signed, or whose witnesses remember another one."""
        self.check_running()
        self.check_reaches(size, self.last_signed())

    def check_reaches(self, size: int, last: tuple[Checkpoint, str] | None) -> None:
        """Refuse a record that is shorter than this head, the last one signed."""
        if last is not None and size < last[0].size:
            raise LogStopped(
                f"The record has {size:,} facts, but a head of {last[0].size:,} was signed before: an older backup was put "
                "back, or facts were lost. Nothing is sealed or signed; docs/guide/record.md says how to recover, under "
                "“When a backup was put back”."
            )


def log_of(*, origin: str, ed25519: bytes, ml_dsa: bytes, last: Path) -> Log:
    """A log whose heads are signed with Ed25519 and ML-DSA-44, both under its origin."""
    return Log(origin, (Signer(origin, Method.ED25519, ed25519), Signer(origin, Method.ML_DSA_44, ml_dsa)), last)


def put_away(folder: Path, *, following: str) -> list[str]:
    """Move what is left of a log's keys and memory into a folder of its own, so that another log can be begun; what moved.

    Refuses to have the ended log's own name follow it: two histories under one name are what the keys are there to prevent.
    """
    found = [name for name in (LAST, KEYS) if (folder / name).exists()]
    if following and following.encode() in [_name_in(folder / name) for name in found]:
        raise Malformed(f"The log that ends is called {following!r}; give the new one another name.", path="YINUO_ORIGIN")
    ended = folder / ENDED
    ended.mkdir(mode=0o700, exist_ok=True)
    for name in found:
        (folder / name).rename(ended / name)
    return found


def _name_in(file: Path) -> bytes:
    """The origin in a file of a log's keys or in its last checkpoint, as far as it can be read still."""
    content = file.read_bytes()
    if file.name == LAST:
        return content.partition(b"\n")[0]
    try:
        return str(json.loads(content)["origin"]).encode()
    except (ValueError, KeyError, TypeError):
        return b""


def with_witnesses(log: Log, policy: Policy) -> Log:
    """The log with a policy that names its witnesses; the log's keys are added to one that names no log at all."""
    if not policy.logs:
        policy = replace(policy, logs=dict.fromkeys(log.verifiers, ""))
    if not set(log.verifiers) & set(policy.logs):
        raise Malformed(f"The policy names other logs, and no key of {log.origin}; leave its log lines out to have them added.")
    return replace(log, witnessed=policy)
