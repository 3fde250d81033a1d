"""Take refused events in again, as they came or corrected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from yinuo.kit.actors import SYSTEM, Actor, allow, read_anew
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.record import rules
from yinuo.record.actions.take import take
from yinuo.record.models import RefusedEvent
from yinuo.record.queries import refused as queries

_ANOTHER = _(
    "Correct this event, of its own kind and under its own id or as one that supersedes it. What else there is to state, its "
    "source states."
)


@transaction.atomic
def replay_refused(
    *, actor: Actor, refused_id: int, realm: Realm, at: datetime, corrected: bytes | None = None
) -> None:
    """Take a refused event in again, as it came or corrected; refuses with the reason if it is still wrong.

    What is taken in is this event, or one that supersedes it: nobody states something else in its source's name.
    """
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
