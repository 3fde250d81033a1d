"""The facts that concern a person: those that name them, and those about orders they placed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yinuo.kit.facts import Recorded, kinds
from yinuo.kit.moments import day_of, from_day
from yinuo.kit.realm import Realm
from yinuo.record import queries
from yinuo.vault.queries import source_ids_of


def orders_of(facts: Iterable[Recorded]) -> list[str]:
    """The orders that a person placed, by the facts about an order that name them. A review may name anybody's order."""
    about_orders = {kind.cls: kind.about for kind in kinds().values() if kind.subjects[kind.about] == "order"}
    found = {getattr(told.fact, about_orders[type(told.fact)]) for told in facts if type(told.fact) in about_orders}
    return sorted(found)


def naming(person: str) -> list[Recorded]:
    """Every fact that names a person, sealed or not."""
    return [about.recorded for about in queries.facts_of_person(person=person)]


def things_of(person: str, realm: Realm) -> frozenset[str]:
    """The ids at the source of what the facts that name a person are about: their orders, reviews, complaints."""
    field = {kind.cls: kind.about for kind in kinds().values()}
    about = {getattr(told.fact, field[type(told.fact)]) for told in naming(person)} - {person}
    return frozenset(known[1] for known in source_ids_of(surrogates=about, realm=realm).values() if known is not None)


def numbers_concerning(person: str) -> list[int]:
    """The numbers of the sealed facts that concern a person."""
    return queries.mentions_of_every(subjects=[person, *orders_of(naming(person))], size=queries.size())


def last_transaction(person: str) -> date | None:
    """The day of the last fact about any order of a person; None who never ordered. From it on a law counts."""
    named = naming(person)
    orders = orders_of(named)
    if not orders:
        return None
    sealed = queries.mentions_of_every(subjects=orders, size=queries.size())
    moments = [told.at for told in queries.facts_numbered(numbers=sealed)]
    moments += [told.at for told in named if orders_of([told])]
    return from_day(day_of(max(moments)))
