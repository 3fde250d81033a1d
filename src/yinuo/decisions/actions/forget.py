"""Forget a person: what was decided about them stays, without whom."""

from __future__ import annotations

from yinuo.decisions.models import Decision
from yinuo.kit.actors import Actor, allow
from yinuo.record.rules import WITHHELD


def forget_person(*, actor: Actor, person: str) -> None:
    """Take an erased buyer out of the decisions about them. The words went with their keys."""
    allow(actor, "people.erase")
    Decision.objects.filter(buyer=person).update(buyer=WITHHELD)
