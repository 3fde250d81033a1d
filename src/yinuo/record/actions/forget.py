"""Forget a person: what the record knows of them goes, and everybody else's facts go on being proven."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Recorded
from yinuo.record import queries, rules
from yinuo.record.actions.archive import SEGMENT_FACTS
from yinuo.record.models import Head, Mention, Pending
from yinuo.vault.rules import TRANSACTION


@transaction.atomic
def forget(*, actor: Actor, person: str, classes: Collection[str]) -> list[Recorded]:
    """Delete what opens a person's part of facts: of those that bind their words of these classes, or of all of them.

    With the transaction class their numbers go too. Returns the facts that now are about nobody.
    """
    allow(actor, "record.forget")
    Head.objects.select_for_update().filter(pk=1).first()      # nothing is sealed meanwhile
    gone = [
        about for about in queries.facts_of_person(person=person) if TRANSACTION in classes or about.classes & set(classes)
    ]
    rows.delete_in(connection, "record_personopening", "entry_id", [about.entry for about in gone])
    if TRANSACTION in classes:
        Mention.objects.filter(subject=person).delete()
        _forget_waiting(person)
    _thin({about.recorded.seq // SEGMENT_FACTS for about in gone if about.recorded.seq >= 0})
    return [about.recorded for about in gone]


def _forget_waiting(person: str) -> None:
    """What waits to be sealed is no longer counted by this person."""
    for first, subjects in Pending.objects.values_list("first", "subjects"):
        if (others := rules.without_person(bytes(subjects), person)) is not None:
            Pending.objects.filter(first=first).update(subjects=others)


def _thin(segments: Iterable[int]) -> None:
    with connection.cursor() as cursor:
        for segment in sorted(segments):
            cursor.execute(
                "INSERT INTO record_thinned (segment, times) VALUES (%s, 1) "
                "ON CONFLICT (segment) DO UPDATE SET times = record_thinned.times + 1",
                [segment],
            )
