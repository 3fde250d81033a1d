"""Questions about events that were refused, which are sealed: each is opened to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
from django.db import connection
from django.db.models import Count, QuerySet

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.ids import keyed_digester
from yinuo.kit.moments import day_of, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.record.models import RefusedEvent
from yinuo.record.rules import Wanted, decode_refused, place_of_refused, speaks_of, surely_of
from yinuo.vault.queries import opened_of_days

OPENED_AT_ONCE = 500


class RefusedWaiting(msgspec.Struct, frozen=True):
    """A refused event that waits, opened: its number, source, when it came, its id, where the fault lies, what it is."""

    pk: int
    source: str
    received: datetime
    event_id: str
    path: str
    sentence: str
    raw: bytes

    @property
    def raw_text(self) -> str:
        """The event as it came, as text; what is no UTF-8 in it is replaced."""
        return self.raw.decode(errors="replace")


def refused_waiting(
    *, viewer: Actor, realm: Realm, source: str | None = None, before: datetime | None = None, after: int = 0,
    limit: int | None = None
) -> list[RefusedWaiting]:
    """The refused events that wait for correction, oldest first: of a source, come before a moment, behind a number."""
    allow(viewer, "record.see_refused")
    waiting = _waiting(source, before).filter(pk__gt=after)
    return list(opened(waiting.order_by("pk")[:limit], realm=realm))


def refused_events(*, viewer: Actor, realm: Realm, numbers: Sequence[int]) -> list[RefusedWaiting]:
    """Those of these refused events that still wait, oldest first."""
    allow(viewer, "record.see_refused")
    return list(opened(RefusedEvent.objects.filter(pk__in=numbers, replayed=None).order_by("pk"), realm=realm))


def refused_event(*, viewer: Actor, realm: Realm, number: int) -> RefusedWaiting:
    """The refused event of that number, while it waits."""
    allow(viewer, "record.see_refused")
    found = next(opened(RefusedEvent.objects.filter(pk=number, replayed=None), realm=realm), None)
    if found is None:
        raise NotFound(f"There is no refused event {number} waiting.")
    return found


def refused_count(*, viewer: Actor, source: str | None = None, before: datetime | None = None) -> int:
    """How many refused events wait for correction, of a source or of all."""
    allow(viewer, "record.see_refused")
    return _waiting(source, before).count()


def _waiting(source: str | None, before: datetime | None) -> QuerySet[RefusedEvent]:
    waiting = RefusedEvent.objects.filter(replayed=None)
    if source:
        waiting = waiting.filter(source=source)
    return waiting.filter(received__lt=before) if before is not None else waiting


def refused_totals(*, viewer: Actor) -> list[tuple[str, int]]:
    """How many refused events of each source wait, by source."""
    allow(viewer, "record.see_refused")
    waiting = RefusedEvent.objects.filter(replayed=None).values_list("source").annotate(count=Count("pk"))
    return [(str(source), int(count)) for source, count in waiting.order_by("source")]


class AboutThem(msgspec.Struct, frozen=True):
    """A refused event that speaks of a person, and whether it surely does: an id that is short may be met by chance."""

    event: RefusedWaiting
    surely: bool


def refused_about(*, viewer: Actor, source: str, wanted: Wanted, realm: Realm) -> list[AboutThem]:
    """The refused events of a source that speak of somebody, wherever in them they do."""
    allow(viewer, "record.forget")
    return [AboutThem(event, surely_of(event.raw, wanted)) for event in speaking_of(source=source, wanted=wanted, realm=realm)]


def opened(kept: QuerySet[RefusedEvent], *, realm: Realm) -> Iterator[RefusedWaiting]:
    """Refused events, opened, a few at a time. None is told of whose day is over."""
    for chunk in rows.chunks(kept.iterator(OPENED_AT_ONCE), OPENED_AT_ONCE):
        sealed = [
            (day_of(to_micros(event.received)), place_of_refused(event.source, event.event_id), bytes(event.raw))
            for event in chunk
        ]
        for event, content in zip(chunk, opened_of_days(sealed, realm=realm), strict=True):
            if content is not None:
                said = decode_refused(content)
                yield RefusedWaiting(event.pk, event.source, event.received, said.id, said.path, said.sentence, said.raw)


def speaking_of(*, source: str, wanted: Wanted, realm: Realm) -> Iterator[RefusedWaiting]:
    """The waiting events of a source that speak of somebody, each opened; a few at a time are held."""
    waiting = RefusedEvent.objects.filter(source=source, replayed=None).order_by("pk")
    return (event for event in opened(waiting, realm=realm) if speaks_of(event.raw, wanted))


def wanted_of(*, person: str, person_id: str, things: frozenset[str], source: str, realm: Realm) -> Wanted:
    """Whom refused events of a source are searched for: a person, what their facts are about, those facts' events."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.key FROM record_personopening p JOIN record_entry e ON e.id = p.entry_id WHERE p.person = %s", [person]
        )
        keys = {bytes(key) for (key,) in cursor.fetchall()}
    key_of = keyed_digester(realm.key, "entry", source)
    return Wanted(person_id, things, (lambda event_id: key_of(event_id) in keys) if keys else lambda event_id: False)
