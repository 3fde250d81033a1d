"""Restrict the use of a person's data: it is kept, and pages and levels go without it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.kit.refusals import Malformed
from yinuo.people.actions.looks import check_known
from yinuo.people.models import Restriction
from yinuo.people.rules import RESTRICTION_GROUNDS


@transaction.atomic
def restrict(*, actor: Actor, person: str, ground: str, at: datetime) -> Restriction:
    """Have a person's data kept and not used, on a ground; restricting again on the same ground changes nothing.

    The ground "erasure" nobody lifts, and so nobody chooses it for themselves: it comes of an erasure.
    """
    allow(actor, "people.restrict", about=None if ground == "erasure" else person)
    check_known(person)
    if ground not in RESTRICTION_GROUNDS:
        asked = [each for each in RESTRICTION_GROUNDS if each != "erasure"]      # that one comes with an erasure, by itself
        raise Malformed(f"{ground!r} is no ground; there are {', '.join(asked)}.", path="ground")
    restriction, _ = Restriction.objects.get_or_create(person=person, ground=ground, lifted=None, defaults={"since": at})
    return restriction


@transaction.atomic
def lift_restriction(*, actor: Actor, person: str, at: datetime) -> int:
    """End every restriction of a person but the one that comes of an erasure; returns how many there were."""
    allow(actor, "people.restrict", about=person)
    check_known(person)
    return Restriction.objects.filter(person=person, lifted=None).exclude(ground="erasure").update(lifted=at)
