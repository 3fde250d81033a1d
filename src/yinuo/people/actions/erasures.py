"""Forget what this domain keeps of a person, and tell each day of its erasures."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.ids import keyed_digest
from yinuo.kit.moments import MICROS_PER_DAY, from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import index_key
from yinuo.people.events import PeopleErased
from yinuo.people.models import Access, CaseRoomCase, Consent, Restriction
from yinuo.people.rules import commitment
from yinuo.record import actions as record
from yinuo.timers import actions as timers
from yinuo.vault.queries import erasures_between


@transaction.atomic
def forget_person(*, actor: Actor, person: str) -> None:
    """Delete a person's consents, restrictions, noted looks, timers and marks in case rooms, once nothing else is kept."""
    allow(actor, "people.erase")
    CaseRoomCase.objects.filter(buyer=person).update(buyer=None)
    for kept in (Consent, Restriction, Access):
        kept.objects.filter(person=person).delete()
    timers.drop_timers(subject=person)


@transaction.atomic
def tell_erasures(*, actor: Actor, day: int, realm: Realm, at: datetime) -> int:
    """State how many people were erased on a day, and what binds the list; once. Returns how many they were."""
    allow(actor, "people.tell_erasures")
    start = from_micros(day * MICROS_PER_DAY)
    erased = erasures_between(start=start, stop=start + timedelta(days=1))
    if not erased:
        return 0
    name = f"erased/{day}"
    salt = keyed_digest(index_key(realm.key, "erasures of a day"), str(day))
    fact = PeopleErased(run=f"n{day}", people=len(erased), commitment=commitment(salt, erased))
    last = to_micros(start) + MICROS_PER_DAY - 1
    record.append(actor=SYSTEM, statements=[record.Statement(name, last, fact)], realm=realm, at=at)
    return len(erased)
