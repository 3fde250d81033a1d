"""Note who looked at what is kept about somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import NotFound
from yinuo.people.models import Access
from yinuo.people.rules import BUYER, THEMSELVES, LookReason, check_person
from yinuo.vault.queries import known_among


@transaction.atomic
def note_look(*, actor: Actor, person: str, what: Literal["seen", "taken"], at: datetime) -> None:
    """Note that somebody, or the person, sees or takes along what is kept about them; refuses where nobody is known."""
    allow(actor, "people.see", about=person)
    check_known(person)
    by = THEMSELVES if BUYER in actor.own.get(person, ()) else actor.name[:80]
    Access.objects.create(person=person, at=at, actor=by, what=what)


@transaction.atomic
def note_staff_look(*, actor: Actor, person: str, why: LookReason, page: str, thing: str = "", at: datetime) -> None:
    """Note that one of the staff sees something about a person at work: why, on which page, which thing.

    `person` is empty where the page may show anybody's data, such as an event that was refused.
    """
    allow(actor, "people.note_staff_look")
    Access.objects.create(person=person, at=at, actor=actor.name[:80], what="seen", why=why, page=page, thing=thing)


def check_known(person: str) -> None:
    """Refuse who is no person, was never heard of, or was erased; otherwise they are not erased until the transaction ends."""
    check_person(person)
    if not known_among([person]):
        raise NotFound(f"Nobody is known as {person}: they were never heard of, or were erased.")
