"""A witness (C2SP tlog-witness): it cosigns a log's head only if that continues the last one it cosigned, and never forgets it.

All it keeps is a folder: its key, and for each log the last checkpoint with the witness's own signature, so that a damaged
file is noticed. Nothing leaves before it is on the disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

from yinuo.kit.checkpoints import Checkpoint, parse_checkpoint
from yinuo.kit.lasting import write_lasting
from yinuo.kit.merkle import EMPTY_ROOT, Unproven, check_consistency
from yinuo.kit.note_keys import SEED_BYTES, Method, Signer, Verifier, check_key_name
from yinuo.kit.notes import Note, OpenedNote, Signature, open_note, parse_note
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.kit.witnessing import Submission, parse_submission

KEY = "witness-key.json"


class UnknownLog(Refusal):
    """The policy of this witness does not name the log."""

    status = 404
    code = "unknown-log"


class NotSigned(Refusal):
    """No key that the policy names for this log has signed."""

    status = 403
    code = "not-signed"


class BadSubmission(Refusal):
    """The call has not the form that it must have."""

    status = 400
    code = "bad-submission"


class OtherSize(Refusal):
    """The last cosigned head has another size than the call says, or the same size and another root."""

    status = 409
    code = "other-size"

    def __init__(self, sentence: str, size: int) -> None:
        super().__init__(sentence)
        self.size = size


class Damaged(Refusal):
    """What the witness kept cannot be trusted, so that it signs nothing for this log."""

    status = 500
    code = "damaged"


class Witness:
    """Cosigns the heads of the logs that a policy names; safe to call from many threads of one process."""

    def __init__(self, *, folder: Path, policy: Policy, signer: Signer) -> None:
        self.signer = signer
        self._folder = folder
        self._keys: dict[str, list[Verifier]] = {}
        for key in policy.logs:
            self._keys.setdefault(key.name, []).append(key)
        self._locks = {origin: threading.Lock() for origin in self._keys}

    @property
    def origins(self) -> list[str]:
        """The logs that are witnessed."""
        return sorted(self._keys)

    def add_checkpoint(self, body: bytes, *, at: int) -> str:
        """Cosign the checkpoint of a call at a POSIX second, and return the lines to answer; refuses as the protocol says."""
        try:
            submission = parse_submission(body)
            checkpoint = parse_checkpoint(parse_note(submission.note).text)
        except Refusal as refusal:
            raise BadSubmission(refusal.sentence) from None
        if checkpoint.origin not in self._keys:
            raise UnknownLog("This witness does not follow the log of that origin.")
        try:
            opened = open_note(submission.note, self._keys[checkpoint.origin])
        except Refusal as refusal:
            raise NotSigned(refusal.sentence) from None
        if submission.old > checkpoint.size:
            raise BadSubmission("The old size is larger than the checkpoint's.")
        with self._locks[checkpoint.origin]:
            self._check(submission, checkpoint)
            return self._cosign(opened, checkpoint, at)

    def last(self, origin: str) -> Checkpoint | None:
        """The head of a log that was cosigned last; refuses if what is kept of it was damaged."""
        try:
            kept = self._file(origin).read_bytes()
        except FileNotFoundError:
            return None
        try:
            found = parse_checkpoint(open_note(kept, [self.signer.verifier]).text)
        except Refusal as refusal:
            raise Damaged(f"The last checkpoint of {origin} as it was kept cannot be trusted: {refusal.sentence}") from None
        if found.origin != origin:
            raise Damaged(f"What was kept as the last checkpoint of {origin} is one of {found.origin}.")
        return found

    def _check(self, submission: Submission, new: Checkpoint) -> None:
        """Refuse unless the new head continues the last one by the proof given."""
        last = self.last(new.origin) or Checkpoint(new.origin, 0, EMPTY_ROOT)
        if submission.old != last.size:
            raise OtherSize(f"The head cosigned last has {last.size} entries.", last.size)
        if new.size == last.size and new.root != last.root:
            self._keep_contradiction(submission.note, new.origin)
            raise OtherSize("Another root was cosigned for the same size: the log shows two histories.", last.size)
        if last.size == 0:
            if submission.proof:
                raise Unproven("From an empty log there is nothing to prove, so that the proof must be empty.")
            return
        check_consistency(
            old=last.size, old_root=last.root, new=new.size, new_root=new.root, proof=submission.proof
        )

    def _cosign(self, opened: OpenedNote, checkpoint: Checkpoint, at: int) -> str:
        key = self.signer
        signature = Signature(key.name, key.verifier.key_id, key.sign(opened.text, at=at))
        write_lasting(self._file(checkpoint.origin), str(Note(opened.text, (signature,))).encode())
        return signature.line

    def _keep_contradiction(self, note: str, origin: str) -> None:
        """Keep the first head signed by the log that contradicts the cosigned one: together they prove what the log did."""
        file = self._file(origin).with_suffix(".contradiction")
        if not file.exists():
            write_lasting(file, note.encode())

    def _file(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"


def open_witness(*, folder: Path, policy: Policy, name: str, entropy: Callable[[int], bytes]) -> Witness:
    """The witness that lives in a folder, with a key made at its first start; no other process may use the folder meanwhile."""
    if not policy.logs:
        raise Malformed("The policy names no log, so that there is nothing to witness.")
    folder.mkdir(parents=True, exist_ok=True)
    held = _hold(folder)
    try:
        return Witness(folder=folder, policy=policy, signer=_read_key(folder, name, entropy))
    except BaseException:
        os.close(held)
        raise


def _hold(folder: Path) -> int:
    """Hold the folder until this process ends: two witnesses with one key could each cosign another history."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        reason = f"Another witness uses this folder, or it cannot be locked: {error.strerror}."
        raise Malformed(reason, path=str(folder)) from None
    return handle


def _read_key(folder: Path, name: str, entropy: Callable[[int], bytes]) -> Signer:
    file = folder / KEY
    if not file.exists():
        if any(folder.glob("*.checkpoint")):
            raise Malformed("The witness's key is gone, but it has cosigned before; restore it from a backup.", path=str(file))
        if not name:
            raise Malformed("A new witness needs a name for its key, such as witness.example.org/w1: give it with --name.")
        check_key_name(name)
        write_lasting(file, json.dumps({"name": name, "ed25519": entropy(SEED_BYTES).hex()}).encode(), mode=0o600)
    try:
        kept = json.loads(file.read_text())
        signer = Signer(str(kept["name"]), Method.ED25519_COSIGNATURE, bytes.fromhex(kept["ed25519"]))
    except (ValueError, KeyError, TypeError, Refusal):
        raise Malformed("The file does not hold a witness's key; restore it from a backup.", path=str(file)) from None
    if name and name != signer.name:
        raise Malformed(f"This witness is called {signer.name!r}; its name cannot change.", path=str(file))
    return signer
