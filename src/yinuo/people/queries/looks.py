"""Who looked at what is kept about whom: for the data-protection officer, and for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from yinuo.kit.actors import HUMAN, Actor, allow
from yinuo.kit.realm import Realm
from yinuo.people.models import Access, Account
from yinuo.people.rules import THEMSELVES, normal_handle
from yinuo.vault.queries import surrogate_of

SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class LookFilter:
    """Which looks to show: whose (a sign-in name, or an actor's name), at whom or what (ids), on which day, in which room.

    Empty: any. `day` is the first moment of the day where the reader is.
    """

    account: str = ""
    subject: str = ""
    day: datetime | None = None
    room: str = ""


@dataclass(frozen=True, slots=True)
class LooksShown:
    """A page of looks, the newest first, each with the sign-in name behind it; and whether there are older ones."""

    looks: list[tuple[Access, str]]
    more: bool


def subject_meant(*, text: str, realm: Realm) -> str:
    """The id that somebody means: itself, or who is known at a source by "SOURCE ID"."""
    words = text.split(maxsplit=1)
    if len(words) < 2:
        return text
    for kind in ("buyer", "merchant", "order"):
        found = surrogate_of(kind=kind, source=words[0], source_id=words[1], key=realm.key)
        if found is not None:
            return found
    return text


def looks_told(person: str) -> Any:
    """The looks that a person is told of: all but those of a case room of which they are not to know yet."""
    return Access.objects.filter(person=person).filter(Q(room=None) | Q(room__told_at__isnull=False)).order_by("at", "pk")


def looks(*, viewer: Actor, wanted: LookFilter, page: int = 1) -> LooksShown:
    """What staff and authorities looked at, beside what people saw of themselves; for the officer."""
    allow(viewer, "people.see_looks")
    return _shown(_filtered(wanted), page)


def looks_in(*, viewer: Actor, room: str, page: int = 1) -> LooksShown:
    """What was looked at in a case room, for those who keep rooms; each look once, however many it concerned."""
    allow(viewer, "people.see_rooms")
    return _once(_shown(Access.objects.filter(room=room), page))


def own_looks_in(*, viewer: Actor, room: str) -> LooksShown:
    """What an authority itself looked at in a case room."""
    allow(viewer, "people.enter_room")
    return _once(_shown(Access.objects.filter(room=room, actor=viewer.name), 1))


def _once(shown: LooksShown) -> LooksShown:
    first = {(look.at, look.actor, look.what, look.page, look.thing): (look, who) for look, who in reversed(shown.looks)}
    return LooksShown(list(reversed(first.values())), shown.more)


def _filtered(wanted: LookFilter) -> Any:
    found = Access.objects.exclude(actor=THEMSELVES)
    if wanted.account:
        handle = normal_handle(wanted.account)
        number = Account.objects.filter(handle=handle).values_list("pk", flat=True).first()
        found = found.filter(actor=handle if number is None else f"{HUMAN}{number}")
    if wanted.subject:
        found = found.filter(Q(person=wanted.subject) | Q(thing=wanted.subject))
    if wanted.day is not None:
        found = found.filter(at__gte=wanted.day, at__lt=wanted.day + timedelta(days=1))
    return found.filter(room=wanted.room) if wanted.room else found


def _shown(found: Any, page: int) -> LooksShown:
    start = (max(page, 1) - 1) * SHOWN_MAX
    rows = list(found.order_by("-at", "-pk")[start : start + SHOWN_MAX + 1])
    numbers = {int(row.actor.removeprefix(HUMAN)) for row in rows if row.actor.startswith(HUMAN)}
    called = dict(Account.objects.filter(pk__in=numbers).values_list("pk", "handle"))
    handles = {f"{HUMAN}{number}": handle for number, handle in called.items()}
    return LooksShown([(row, handles.get(row.actor, row.actor)) for row in rows[:SHOWN_MAX]], len(rows) > SHOWN_MAX)
