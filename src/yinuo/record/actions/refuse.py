"""Keep refused events, close those that were corrected since, take them in again after correction, drop or forget them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM, Actor, allow, read_anew
from yinuo.kit.moments import MICROS_PER_DAY, day_of, from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound, TooMany
from yinuo.record import rules
from yinuo.record.models import RefusedEvent
from yinuo.record.queries import refused as queries
from yinuo.record.rules import Refused
from yinuo.timers import actions as timers
from yinuo.timers.queries import has_timer
from yinuo.vault import actions as vault

_ANOTHER = _(
    "Correct this event, of its own kind and under its own id or as one that supersedes it. What else there is to state, its "
    "source states."
)


def keep_refused(*, source: str, refused: Sequence[Refused], realm: Realm, at: datetime) -> None:
    """Keep refused events, sealed, until they are corrected or `drop_stale` finds them."""
    if not refused:
        return
    day = day_of(to_micros(at))
    digest = rules.id_digester(realm.key, source)
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
def replay_refused(
    *, actor: Actor, refused_id: int, realm: Realm, at: datetime, corrected: bytes | None = None
) -> None:
    """Take a refused event in again, as it came or corrected; refuses with the reason if it is still wrong.

    What is taken in is this event, or one that supersedes it: nobody states something else in its source's name.
    """
    from yinuo.record.actions.take import take  # noqa: PLC0415 - taking keeps the refused; replaying takes them

    allow(read_anew(actor), "record.replay_refused")
    waiting = RefusedEvent.objects.select_for_update().filter(pk=refused_id, replayed=None)
    kept = next(queries.opened(waiting, realm=realm), None)
    if kept is None:
        raise NotFound(f"There is no refused event {refused_id} waiting to be replayed.")
    raw = corrected if corrected is not None else kept.raw
    good, refused = rules.read_events([raw], source=kept.source, now=at)
    if corrected is not None and good:
        _check_same(kept, good[0])
    taken = take(actor=SYSTEM, source=kept.source, events=good, realm=realm, at=at) if good else None    # for the source
    for still in [*refused, *(taken.refused if taken else [])]:
        raise Malformed(still.sentence, path=still.path)
    waiting.update(replayed=at, raw=b"")


def _check_same(kept: queries.RefusedWaiting, corrected: rules.Incoming) -> None:
    """Refuse a correction that is another event, or of another kind, as far as those could be read."""
    if kept.event_id and kept.event_id not in (corrected.id, corrected.supersedes):
        raise Malformed(_ANOTHER, path="id")
    if rules.type_in(kept.raw) not in (None, corrected.kind.name):
        raise Malformed(_ANOTHER, path="type")


def still_refused(*, actor: Actor, numbers: Sequence[int], realm: Realm, at: datetime) -> dict[int, str]:
    """Of these waiting events those that cannot be read as they came, each with the reason; changes nothing."""
    allow(read_anew(actor), "record.replay_refused")
    waiting = RefusedEvent.objects.filter(pk__in=numbers, replayed=None).order_by("pk")
    return _read_again(list(queries.opened(waiting, realm=realm)), at)[1]


@transaction.atomic
def replay_each(*, actor: Actor, numbers: Sequence[int], realm: Realm, at: datetime) -> dict[int, str]:
    """Take refused events in again as they came, those of a source at once; returns why each of the others still is refused.

    One that nobody waits for any more is among these. It takes as many queries for many as for one, for each source.
    """
    allow(read_anew(actor), "record.replay_refused")
    waiting = RefusedEvent.objects.select_for_update().filter(pk__in=numbers, replayed=None).order_by("pk")
    kept = list(queries.opened(waiting, realm=realm))
    good, refused = _read_again(kept, at)
    known = {event.pk for event in kept}
    refused |= {number: f"There is no refused event {number} waiting." for number in numbers if number not in known}
    for source in sorted({event.source for event in kept}):
        own = {event.pk: good[event.pk] for event in kept if event.source == source and event.pk in good}
        refused |= _take_again(source, own, realm, at)
    RefusedEvent.objects.filter(pk__in=good.keys() - refused.keys()).update(replayed=at, raw=b"")
    return refused


def _read_again(kept: Sequence[queries.RefusedWaiting], at: datetime) -> tuple[dict[int, rules.Incoming], dict[int, str]]:
    good: dict[int, rules.Incoming] = {}
    refused: dict[int, str] = {}
    for event in kept:
        read, wrong = rules.read_events([event.raw], source=event.source, now=at)
        if read:
            good[event.pk] = read[0]
        if wrong:
            refused[event.pk] = wrong[0].sentence
    return good, refused


class _StillRefused(Exception):
    """Some of a batch were not taken: nothing of it may stay, or they would be kept as refused a second time."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__()
        self.refused = refused


def _take_again(source: str, events: dict[int, rules.Incoming], realm: Realm, at: datetime) -> dict[int, str]:
    """Take in what can be; returns what cannot, by number."""
    from yinuo.record.actions.take import take  # noqa: PLC0415 - taking keeps the refused; replaying takes them

    refused: dict[int, str] = {}
    while left := {number: event for number, event in events.items() if number not in refused}:
        try:
            with transaction.atomic():
                taken = take(actor=SYSTEM, source=source, events=list(left.values()), realm=realm, at=at)     # for the source
                told = {id(each.raw): each.sentence for each in taken.refused}
                if told:
                    raise _StillRefused({pk: told[id(event.raw)] for pk, event in left.items() if id(event.raw) in told})
        except _StillRefused as still:
            refused |= still.refused
        else:
            break
    return refused


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
