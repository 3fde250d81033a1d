"""Witness: show the newest head to others who remember it, so that nobody can be shown another history, not even by us."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.log import Log
from yinuo.kit.merkle import consistency_proof
from yinuo.kit.note_keys import Verifier
from yinuo.kit.notes import Signature, parse_note
from yinuo.kit.outbound import Reply, Send, Unreachable, Visit
from yinuo.kit.policies import Witness
from yinuo.kit.refusals import Malformed, Refusal
from yinuo.kit.witnessing import REPLY_BYTES_MAX, SIZE_TYPE, Submission, find_cosignature, parse_size
from yinuo.record import queries
from yinuo.record.models import Checkpoint, Cosignature

TRIES_MAX = 3           # a witness that moves on between two calls was shown a head by another process of ours
CLOCKS_APART_MAX = timedelta(minutes=10)


class _Contradicted(Refusal):
    """A witness remembers another history than the record's."""


def witness(*, actor: Actor, log: Log, send: Send, at: datetime) -> list[Visit]:
    """Have the witnesses of the log's policy sign the newest head, and keep what they signed; tells how it went with each.

    One that does not answer is asked again next time. One that remembers more than the record has, or other facts, stops
    the log: then the record was put back, and the file of the last signed head with it.
    """
    allow(actor, "record.seal")
    newest = queries.checkpoint()
    if newest is None:
        return []
    _check_not_put_back(log)
    visits = []
    for name, each in log.policy.witnesses.items():
        if not each.url:
            continue
        try:
            visits.append(_visit(name, each, send, at))
        except _Contradicted as found:
            raise log.stop(
                f"The witness {name} contradicts the record: {found.sentence} An older backup was put back, or the record was "
                "altered, or the witness is at fault. Nothing is sealed or signed; the guide to the record says what to do."
            ) from None
    return visits


def _check_not_put_back(log: Log) -> None:
    """Refuse a record that is behind its own file. The file is read first: while we look, both may grow, and it never leads."""
    log.check_running()
    last = log.last_signed()
    if last is not None and queries.size() < last[0].size:
        log.check_not_behind(queries.size())


def _visit(name: str, each: Witness, send: Send, at: datetime) -> Visit:
    """Show one witness the newest head, from the size that it saw last."""
    old = queries.cosigned_size(key=each.key)
    for _ in range(TRIES_MAX):
        size, note = _newest()
        if old > size:
            raise _Contradicted(f"it has signed a head of {old:,} facts, and the record's newest has {size:,}.")
        try:
            reply = _call(each, size, note, old, send)
            if reply.status == 200:
                _keep(size, note, each.key, reply.body, at)
                return Visit(name, True, f"signed the head of {size:,} facts.")
            if reply.status != 409:
                return Visit(name, False, _told(reply, size))
            old = _moved(reply, old, size)
        except (Unreachable, Malformed) as refusal:
            return Visit(name, False, refusal.sentence)
        except _Contradicted:
            raise
        except Refusal as refusal:
            return Visit(name, False, f"answered what cannot be kept: {refusal.sentence}")
    return Visit(name, False, "names another size each time it is asked.")


def _newest() -> tuple[int, str]:
    """The newest checkpoint as it was published, without cosignatures."""
    found = Checkpoint.objects.order_by("-size").values_list("size", "note").first()
    assert found is not None, "a published checkpoint is replaced, never just removed"
    return found


def _call(each: Witness, size: int, note: str, old: int, send: Send) -> Reply:
    proof = consistency_proof(old, size, queries.reader_at(size))
    body = str(Submission(old, tuple(proof), note)).encode()
    url = each.url.rstrip("/") + "/add-checkpoint"
    reply = send(url, body=body, media_type="text/plain; charset=utf-8", bytes_max=REPLY_BYTES_MAX)
    if reply.status == 422 and old:     # the proof is right for our own tree; from nothing, there is none to refuse
        raise _Contradicted(f"its head of {old:,} facts has another root than the record had at that size.")
    return reply


def _moved(reply: Reply, old: int, size: int) -> int:
    """The size that the witness says it saw last, where it is not the one that was sent."""
    if reply.media_type != SIZE_TYPE:
        raise Malformed(f"answered 409 with {reply.media_type[:80]} instead of a size.")
    known = parse_size(reply.body)
    if known == old == size:
        raise _Contradicted(f"it has signed another root for the head of {size:,} facts.")
    if known == old:
        raise Malformed(f"says that it saw {old:,} facts last, and refuses a proof from there.")
    return known


def _told(reply: Reply, size: int) -> str:
    meanings = {
        403: "does not know the keys of this log: tell whoever runs it.", 404: "does not follow this log: ask whoever runs it.",
        429: "asks to be called less often.",
    }
    return meanings.get(reply.status, f"answered {reply.status} to the head of {size:,} facts.")


def _keep(size: int, note: str, key: Verifier, lines: bytes, at: datetime) -> None:
    """Check the witness's signature, and keep it with the checkpoint, which from now on stays."""
    signature, stated = find_cosignature(parse_note(note).text, lines, key)
    if stated > (at + CLOCKS_APART_MAX).timestamp():
        raise Malformed("signed at a time that has not come yet.")
    _write(size, note, signature, datetime.fromtimestamp(stated, UTC), at)


@transaction.atomic
def _write(size: int, note: str, signature: Signature, stated: datetime, at: datetime) -> None:
    pin(size=size, note=note, at=at)
    Cosignature.objects.update_or_create(
        size=size, name=signature.name, key_id=signature.key_id, defaults={"line": signature.line, "at": stated}
    )


def pin(*, size: int, note: str, at: datetime) -> None:
    """Keep a checkpoint for good; it is put back if a newer one took its place meanwhile."""
    Checkpoint.objects.get_or_create(pk=size, defaults={"at": at, "note": note})
    Checkpoint.objects.filter(pk=size).update(pinned=True)
