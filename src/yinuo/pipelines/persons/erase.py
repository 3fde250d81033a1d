"""Erase a person: what may go goes now, from every table; what a law keeps is told, restricted, and goes when it may."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db import connection, transaction

from yinuo.kit import mirrors
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY, day_of, from_micros, to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.people import actions as people
from yinuo.people.rules import ERASE, SWEEP, Kept, Plan, check_person, plan_erasure
from yinuo.pipelines.persons.facts import last_transaction, orders_of
from yinuo.pipelines.react import CURSOR, modules
from yinuo.record import actions as record
from yinuo.timers import actions as timers
from yinuo.vault import actions as vault
from yinuo.vault.queries import erased_at, gone_since, known_among, source_ids_of
from yinuo.vault.rules import PROFILE, TRANSACTION


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the classes that went, those that a law keeps, and when what may go went, if that was before."""

    person: str
    gone: tuple[str, ...]
    kept: tuple[Kept, ...]
    before: datetime | None = None


def planned(*, actor: Actor, person: str, at: datetime, jurisdiction: str) -> Plan:
    """What an erasure would take now, and what a law keeps until when; nothing is changed."""
    allow(actor, "people.see", about=person)
    check_person(person)
    return _plan(person, jurisdiction, at)


@transaction.atomic
def erase(
    *, actor: Actor, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str]
) -> Erased:
    """Erase what the law lets go of a person, in one transaction; the rest is restricted and has its day.

    Again it takes what came since. Of whom nothing came since is told so; who was never heard of is refused.
    """
    allow(actor, "people.erase", about=person)
    check_person(person)
    _hold()
    if not known_among([person]):
        before = erased_at(holder=person, retention=TRANSACTION, realm=realm)
        if before is None:
            raise NotFound(f"Nobody was ever known as {person}; nothing was erased.")
        return Erased(person, (), (), before)
    plan = _plan(person, jurisdiction, at)
    if plan.kept:
        people.restrict(actor=SYSTEM, person=person, ground="erasure", at=at)
        _erase_later(person, plan)
    orders = _erase_beyond(person, plan.gone, realm, domains)
    if (before := gone_since(holder=person, classes=plan.gone, realm=realm)) is not None:
        return Erased(person, (), plan.kept, before)
    vault.erase(holder=person, classes=plan.gone, realm=realm, at=at, orders=orders)
    _set_sweep(at)
    return Erased(person, plan.gone, plan.kept)


@transaction.atomic
def erase_due(*, person: str, realm: Realm, at: datetime, jurisdiction: str, domains: Sequence[str]) -> None:
    """What the timer does: erase all that is left of a person, unless they ordered since and the law keeps it longer."""
    _hold()
    if not known_among([person]):
        return
    plan = _plan(person, jurisdiction, at)
    if plan.kept:
        _erase_later(person, plan)
    else:
        erase(actor=SYSTEM, person=person, realm=realm, at=at, jurisdiction=jurisdiction, domains=domains)


def erase_restored(*, realm: Realm, at: datetime, domains: Sequence[str]) -> list[vault.ErasedAgain]:
    """Erase again, from every table, whom a restored backup had brought back; the day of what a law keeps is set again."""

    def beyond(holder: str, classes: Collection[str]) -> Sequence[str]:
        _hold()
        orders = _erase_beyond(holder, classes, realm, domains)
        if TRANSACTION not in classes and known_among([holder]):
            people.restrict(actor=SYSTEM, person=holder, ground="erasure", at=at)
            timers.set_timer(kind=ERASE, subject=holder, due=at)        # finds out by itself when it may
        _set_sweep(at)
        return orders

    return vault.replay_erasures(realm=realm, beyond=beyond)


def _hold() -> None:
    """Let nobody write by a surrogate, or follow the record, until this transaction ends; whoever did so has committed."""
    vault.begin_epoch()
    record.hold_cursor(name=CURSOR)


def _plan(person: str, jurisdiction: str, at: datetime) -> Plan:
    return plan_erasure(
        jurisdiction=jurisdiction, last_transaction=last_transaction(person), today=at.astimezone(UTC).date()
    )


def _erase_beyond(person: str, classes: Collection[str], realm: Realm, domains: Sequence[str]) -> Sequence[str]:
    """Erase from the record, the mirrors and the domains' own tables; returns the orders whose fingerprints go too."""
    known_as = source_ids_of(surrogates=[person], realm=realm).get(person)
    if known_as is not None:
        record.forget_refused(actor=SYSTEM, source=known_as[0], source_id=known_as[1])
    if PROFILE in classes:
        people.close_account(actor=SYSTEM, person=person)
    gone = record.forget(actor=SYSTEM, person=person, classes=classes)
    for mirror in modules(domains, "mirror"):
        mirrors.leave_out(connection, mirror.MIRROR, gone, person)
    if TRANSACTION not in classes:
        return ()
    for actions in modules(domains, "actions"):
        if forget_person := getattr(actions, "forget_person", None):
            forget_person(actor=SYSTEM, person=person)
    return orders_of(gone)


def _erase_later(person: str, plan: Plan) -> None:
    due = max(datetime.combine(kept.until, time(), UTC) for kept in plan.kept)
    timers.set_timer(kind=ERASE, subject=person, due=due)


def _set_sweep(at: datetime) -> None:
    """Once the day is over, it is told and the copies are cleaned."""
    day = day_of(to_micros(at))
    timers.set_timer(kind=SWEEP, subject=str(day), due=from_micros((day + 1) * MICROS_PER_DAY))
