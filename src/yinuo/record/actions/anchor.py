"""Anchor: have the newest head put into Bitcoin through OpenTimestamps, and collect the proofs when the blocks are there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.anchors import anchor_digest, block_of, upgrade
from yinuo.kit.notes import parse_note
from yinuo.kit.outbound import Send, Visit
from yinuo.record import queries
from yinuo.record.actions.witness import pin
from yinuo.record.models import Anchor, Checkpoint


def anchor(
    *, actor: Actor, calendars: Sequence[str], send: Send, at: datetime, every: timedelta = timedelta(0)
) -> list[Visit]:
    """Complete the proofs that calendars only promised, and have the newest head anchored if the last was `every` ago.

    Tells how it went with each calendar; one that fails is asked again next time.
    """
    allow(actor, "record.seal")
    visits = [visit for size in queries.anchors_pending() for visit in _complete(size, calendars, send)]
    newest = Checkpoint.objects.order_by("-size").values_list("size", "note").first()
    last = queries.last_anchor()
    if newest is None or (last is not None and (last[0] == newest[0] or at - last[1] < every)):
        return visits
    size, note = newest
    proof, asked = anchor_digest(hashlib.sha256(parse_note(note).text.encode()).digest(), calendars, send)
    if proof is not None:
        _keep(size, note, proof, at)
    return visits + asked


def _complete(size: int, calendars: Sequence[str], send: Send) -> list[Visit]:
    before = queries.anchor_of(size=size)
    assert before is not None, "a proof is never removed"
    proof, visits = upgrade(before, calendars, send)
    if proof != before:
        Anchor.objects.filter(pk=size).update(proof=proof, block=block_of(proof))
    return visits


@transaction.atomic
def _keep(size: int, note: str, proof: bytes, at: datetime) -> None:
    pin(size=size, note=note, at=at)
    Anchor.objects.get_or_create(pk=size, defaults={"proof": proof, "at": at, "block": block_of(proof)})
