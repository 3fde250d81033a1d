"""Keep refused events, close those that were corrected since, take them in again after correction, or drop them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.facts import SOURCE_ID_LENGTH_MAX
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound, TooMany
from yinuo.record import rules
from yinuo.record.models import RefusedEvent
from yinuo.record.rules import Refused


def keep_refused(*, source: str, refused: Sequence[Refused], at: datetime) -> None:
    """Keep refused events as they came."""
    RefusedEvent.objects.bulk_create(
        RefusedEvent(
            source=source,
            received=at,
            event_id=event.id[:SOURCE_ID_LENGTH_MAX].replace("\0", "\ufffd"),
            path=event.path[:200].replace("\0", "\ufffd"),
            sentence=event.sentence.replace("\0", "\ufffd"),
            raw=event.raw,
        )
        for event in refused
    )


def check_room(*, source: str, more: int, waiting_max: int) -> None:
    """Refuse more refused events than may wait of one source: nobody fills the disk with what cannot be read."""
    if not more:
        return
    waiting = RefusedEvent.objects.filter(source=source, replayed=None).count()
    if waiting + more > waiting_max:
        raise TooMany(
            f"{waiting:,} refused events of {source!r} wait already, and this batch holds {more:,} more; at most "
            f"{waiting_max:,} may wait. Nothing of the batch was taken. Leave out or correct what is wrong and send the rest; "
            "the operator can replay or drop what waits (`yinuo refused list`)."
        )


def close_corrected(*, source: str, ids: Sequence[str], at: datetime) -> None:
    """Close the refused events of these ids, which were now taken in, superseded or withdrawn: they are no longer wrong.

    One whose id could not be read stays.
    """
    waiting = RefusedEvent.objects.filter(source=source, replayed=None)
    if not waiting.exists():
        return
    for chunk in rows.chunks(set(ids), rows.SQLITE_KEYS_MAX):
        waiting.filter(event_id__in=chunk).update(replayed=at)


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
    taken = take(actor=SYSTEM, source=kept.source, events=good, realm=realm, at=at) if good else None    # for the source
    for still in [*refused, *(taken.refused if taken else [])]:
        raise Malformed(still.sentence, path=still.path)
    kept.replayed = at
    kept.save(update_fields=["replayed"])


@transaction.atomic
def drop_refused(*, actor: Actor, numbers: Sequence[int] = (), source: str | None = None) -> int:
    """Delete refused events that wait, for good: those of the numbers, or all of a source. Returns how many."""
    allow(actor, "record.drop_refused")
    waiting = RefusedEvent.objects.filter(replayed=None)
    if source is not None:
        return waiting.filter(source=source).delete()[0]
    found = set(waiting.filter(pk__in=numbers).values_list("pk", flat=True))
    for number in numbers:
        if number not in found:
            raise NotFound(f"There is no refused event {number} waiting; none was dropped.")
    return waiting.filter(pk__in=found).delete()[0]
