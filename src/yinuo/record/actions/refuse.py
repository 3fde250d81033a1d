"""Keep refused events, close those that were corrected since, drop or forget them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow, read_anew
from yinuo.kit.moments import MICROS_PER_DAY, day_of, from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound, TooMany
from yinuo.record import rules
from yinuo.record.models import RefusedEvent
from yinuo.record.queries import refused as queries
from yinuo.record.rules import Refused
from yinuo.timers import actions as timers
from yinuo.timers.queries import has_timer
from yinuo.vault import actions as vault

LOOKED_AT_ONCE = 500       # waiting events that are opened, to see whether the same is among them


def keep_refused(*, source: str, refused: Sequence[Refused], realm: Realm, at: datetime) -> None:
    """Keep refused events, sealed, until they are corrected or `drop_stale` finds them; what waits already is kept once."""
    digest = rules.id_digester(realm.key, source)
    refused = _fresh(source, refused, digest, realm)
    if not refused:
        return
    day = day_of(to_micros(at))
    ids = [digest(event.id) for event in refused]
    contents = [
        (rules.place_of_refused(source, event_id), rules.encode_refused(event))
        for event_id, event in zip(ids, refused, strict=True)
    ]
    sealed = vault.seal_for_day(day=day, contents=contents, realm=realm, at=at)
    RefusedEvent.objects.bulk_create(
        RefusedEvent(source=source, received=at, event_id=event_id, raw=raw)
        for event_id, raw in zip(ids, sealed, strict=True)
    )
    if not has_timer(kind=rules.DROP_REFUSED, subject=str(day)):
        timers.set_timer(kind=rules.DROP_REFUSED, subject=str(day), due=_next_midnight(at))


def _fresh(
    source: str, refused: Sequence[Refused], digest: Callable[[str], str], realm: Realm
) -> list[Refused]:
    """Those of the refused that do not wait yet: whoever sends the same again and again fills no list with it.

    What has no id, by which it is found, is kept each time.
    """
    seen: set[bytes] = set()
    for chunk in rows.chunks({digest(event.id) for event in refused if event.id}, LOOKED_AT_ONCE):
        waiting = RefusedEvent.objects.filter(source=source, replayed=None, event_id__in=chunk).order_by("-pk")
        seen |= {kept.raw for kept in queries.opened(waiting[:LOOKED_AT_ONCE], realm=realm)}
    fresh = []
    for event in refused:
        if not event.id or event.raw not in seen:
            seen.add(event.raw)
            fresh.append(event)
    return fresh


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


def close_corrected(*, source: str, ids: Sequence[str], realm: Realm, at: datetime) -> None:
    """Close the refused events of these ids, which were now taken in, superseded or withdrawn: they are no longer wrong.

    What they said is deleted. One whose id could not be read stays.
    """
    waiting = RefusedEvent.objects.filter(source=source, replayed=None)
    if not waiting.exists():
        return
    digest = rules.id_digester(realm.key, source)
    for chunk in rows.chunks({digest(event_id) for event_id in ids}, rows.SQLITE_KEYS_MAX):
        waiting.filter(event_id__in=chunk).update(replayed=at, raw=b"")


@transaction.atomic
def drop_refused(*, actor: Actor, numbers: Sequence[int] = (), source: str | None = None) -> int:
    """Delete refused events that wait, for good: those of the numbers, or all of a source. Returns how many."""
    allow(read_anew(actor), "record.drop_refused")
    waiting = RefusedEvent.objects.filter(replayed=None)
    if source is not None:
        return waiting.filter(source=source).delete()[0]
    found = set(waiting.filter(pk__in=numbers).values_list("pk", flat=True))
    for number in numbers:
        if number not in found:
            raise NotFound(f"There is no refused event {number} waiting; none was dropped.")
    return waiting.filter(pk__in=found).delete()[0]


@transaction.atomic
def drop_stale(*, actor: Actor, day: int, days: int, at: datetime) -> int:
    """Delete what was refused until a day, with that day's key, once it is `days` days ago; before that, look again tomorrow.

    Returns how many events went.
    """
    allow(read_anew(actor), "record.drop_refused")
    if day_of(to_micros(at)) < day + min(days, rules.DAYS_MAX):
        timers.set_timer(kind=rules.DROP_REFUSED, subject=str(day), due=_next_midnight(at))
        return 0
    vault.end_day(day=day, at=at)
    return RefusedEvent.objects.filter(received__lt=_midnight(day + 1)).delete()[0]


@transaction.atomic
def forget_refused(
    *, actor: Actor, source: str, person: str, person_id: str, things: frozenset[str], realm: Realm, at: datetime
) -> None:
    """Delete the refused events of a source that speak of a person anywhere: by their id, by that of a thing that their
    facts are about, or as an event of theirs. The others of those days get a new key, so that no copy can be opened.
    """
    allow(actor, "record.forget")
    wanted = queries.wanted_of(person=person, person_id=person_id, things=things, source=source, realm=realm)
    found = {event.pk: day_of(to_micros(event.received)) for event in
             queries.speaking_of(source=source, wanted=wanted, realm=realm)}
    rows.delete_in(connection, "record_refusedevent", "id", list(found))
    for day in sorted(set(found.values())):
        _seal_anew(day, realm, at)


def _seal_anew(day: int, realm: Realm, at: datetime) -> None:
    again = vault.exchange_day_key(day=day, realm=realm, at=at)
    left = RefusedEvent.objects.filter(replayed=None, received__gte=_midnight(day), received__lt=_midnight(day + 1))
    for chunk in rows.chunks(left.order_by("pk").iterator(queries.OPENED_AT_ONCE), queries.OPENED_AT_ONCE):
        for event in chunk:
            event.raw = again(rules.place_of_refused(event.source, event.event_id), bytes(event.raw))
        RefusedEvent.objects.bulk_update(chunk, ["raw"], batch_size=100)


def _midnight(day: int) -> datetime:
    return from_micros(day * MICROS_PER_DAY)


def _next_midnight(at: datetime) -> datetime:
    return _midnight(day_of(to_micros(at)) + 1)
