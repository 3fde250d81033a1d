"""Keep refused events, and take them in again after correction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.record import rules
from yinuo.record.models import RefusedEvent
from yinuo.record.rules import Refused


def keep_refused(*, source: str, refused: Sequence[Refused], at: datetime) -> None:
    """Keep refused events as they came."""
    RefusedEvent.objects.bulk_create(
        RefusedEvent(
            source=source,
            received=at,
            event_id=event.id,
            path=event.path[:200].replace("\0", "\ufffd"),
            sentence=event.sentence.replace("\0", "\ufffd"),
            raw=event.raw,
        )
        for event in refused
    )


@transaction.atomic
def replay_refused(
    *, actor: Actor, refused_id: int, realm: Realm, at: datetime, corrected: bytes | None = None
) -> None:
    """Take a refused event in again, as it came or corrected; refuses with the reason if it is still wrong."""
    from yinuo.record.actions.take import take  # noqa: PLC0415 - taking keeps the refused; replaying takes them

    allow(actor, "record.replay_refused")
    kept = RefusedEvent.objects.select_for_update().filter(pk=refused_id, replayed=None).first()
    if kept is None:
        raise NotFound(f"There is no refused event {refused_id} waiting to be replayed.")
    raw = corrected if corrected is not None else bytes(kept.raw)
    good, refused = rules.read_events([raw], source=kept.source, now=at)
    taken = take(actor=actor, source=kept.source, events=good, realm=realm, at=at) if good else None
    for still in [*refused, *(taken.refused if taken else [])]:
        raise Malformed(still.sentence, path=still.path)
    kept.replayed = at
    kept.save(update_fields=["replayed"])
