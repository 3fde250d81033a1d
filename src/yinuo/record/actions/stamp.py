"""Stamp: have authorities of time sign that the newest head existed, so that nobody can say later that it was made up since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.notes import parse_note
from yinuo.kit.outbound import Send, Visit
from yinuo.kit.refusals import Refusal
from yinuo.kit.time_stamps import ANSWER_BYTES_MAX, QUERY_TYPE, REPLY_TYPE, Authority, NotStamped, ask_for, check_stamp
from yinuo.record import queries
from yinuo.record.actions.witness import CLOCKS_APART_MAX, pin
from yinuo.record.models import Checkpoint, TimeStamp


def stamp(
    *, actor: Actor, authorities: Sequence[Authority], send: Send, at: datetime, every: timedelta = timedelta(0)
) -> list[Visit]:
    """Have each authority stamp the newest head, unless it did so already, or stamped another one less than `every` ago.

    A stamp is checked before it is kept. Tells how it went with each; one that fails is asked again next time.
    """
    allow(actor, "record.seal")
    newest = Checkpoint.objects.order_by("-size").values_list("size", "note").first()
    if newest is None:
        return []
    size, note = newest
    visits = []
    for authority in authorities:
        last = queries.last_stamp(authority=authority.url)
        if last is not None and (last[0] == size or at - last[1] < every):
            continue
        try:
            stated = _visit(authority, size, note, send, at)
            visits.append(Visit(authority.url, True, f"stamped the head of {size:,} facts at {stated:%Y-%m-%d %H:%M:%S} UTC."))
        except Refusal as refusal:
            visits.append(Visit(authority.url, False, refusal.sentence))
    return visits


def _visit(authority: Authority, size: int, note: str, send: Send, at: datetime) -> datetime:
    """What is stamped is the checkpoint's text, without signatures, so that those that come later change nothing."""
    text = parse_note(note).text
    asked = ask_for(text)
    reply = send(authority.url, body=asked.as_bytes(), media_type=QUERY_TYPE, bytes_max=ANSWER_BYTES_MAX)
    if reply.status != 200 or reply.media_type != REPLY_TYPE:
        raise NotStamped(f"The authority answered {reply.status} with {reply.media_type[:80]}, which is no time stamp.")
    stated = check_stamp(reply.body, text, authority.certificates, asked=asked)
    if abs(stated - at) > CLOCKS_APART_MAX:
        raise NotStamped(f"The authority states {stated:%Y-%m-%d %H:%M:%S} UTC, which is not now: one of the clocks is wrong.")
    _keep(authority.url, size, note, reply.body, stated, at)
    return stated


@transaction.atomic
def _keep(authority: str, size: int, note: str, answer: bytes, stated: datetime, at: datetime) -> None:
    pin(size=size, note=note, at=at)
    TimeStamp.objects.get_or_create(size=size, authority=authority, defaults={"answer": answer, "at": stated})
