"""Take a decision with its statement of reasons, or reverse one; a fact tells of it in the same transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.decisions.models import Decision
from yinuo.decisions.rules import APPEAL_MONTHS_DAYS, Statement, check_statement, letters_of
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact
from yinuo.kit.ids import keyed_digest, new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.vault import actions as vault
from yinuo.vault.queries import known_among


@transaction.atomic
def decide(*, actor: Actor, statement: Statement, realm: Realm, at: datetime) -> Decision:
    """Decide for or against somebody, for the reasons stated; what follows from it, upper domains bring about.

    A machine may decide alone only as the system, and says so; whoever it is about may then ask for a person by an appeal.
    """
    allow(actor, "decisions.decide_by_machine" if statement.automated == "wholly" else "decisions.decide")
    if statement.automated != "wholly" and not actor.is_human:
        raise NotAllowed("Only a signed-in person decides otherwise than wholly by machine.")
    check_stranger(actor, statement.merchant, statement.buyer)
    return take_decision(actor=actor, statement=statement, realm=realm, at=at)


def take_decision(*, actor: Actor, statement: Statement, realm: Realm, at: datetime) -> Decision:
    """Write a decision and state its fact, within an action that has allowed it."""
    check_statement(statement, at=at)
    _check_about(statement)
    (decision_id,) = new_surrogates(realm.entropy, "j", 1)
    owner = statement.buyer or decision_id
    keep_words(subject=decision_id, name="reasons", owner=owner, words=statement.words, realm=realm, at=at)
    return write(decision_id, statement, by=actor.name, realm=realm, at=at)


def write(decision_id: str, statement: Statement, *, by: str, realm: Realm, at: datetime) -> Decision:
    """Write the row of a decision whose reasons are kept, and state its fact."""
    decision = Decision.objects.create(
        id=decision_id, act=statement.act, ground=statement.ground, automated=statement.automated,
        merchant=statement.merchant, buyer=statement.buyer, review=statement.review, listing=statement.listing,
        contest=statement.contest, facts=" ".join(statement.facts), decided_by=by, decided_at=at, since=statement.since,
        until=statement.until, appeal_until=at + timedelta(days=APPEAL_MONTHS_DAYS), words=digest_of(statement.words, realm),
    )
    state(
        f"decision/{decision_id}",
        DecisionTaken(
            decision=decision_id, act=statement.act, ground=statement.ground, automated=statement.automated,
            facts=len(statement.facts), since=to_micros(statement.since),
            until=None if statement.until is None else to_micros(statement.until), merchant=statement.merchant,
            buyer=statement.buyer, review=statement.review, listing=statement.listing, contest=statement.contest,
        ),
        realm=realm, at=at,
    )
    return decision


def reverse(*, decision: Decision, appeal: str | None, realm: Realm, at: datetime, since: datetime | None = None) -> None:
    """Take a decision back, once, from now or from an earlier moment on.

    The domains that acted on it undo what they did when they read the fact.
    """
    if not Decision.objects.filter(pk=decision.pk, reversed_at=None).update(reversed_at=at):
        raise Conflict("This decision was reversed already.")
    state(
        f"decision/{decision.pk}/reversed",
        DecisionReversed(
            decision=decision.pk, act=decision.act, ground=decision.ground, appeal=appeal, merchant=decision.merchant,
            buyer=decision.buyer, review=decision.review, listing=decision.listing,
        ),
        realm=realm, at=at, since=since,
    )


def keep_words(*, subject: str, name: str, owner: str, words: str, realm: Realm, at: datetime) -> str:
    """Keep what somebody wrote, sealed by its owner's key; returns the keyed hash that stands for it in a table."""
    text = vault.Words(subject, name, owner, "transaction", words)
    vault.keep_words(texts=[text], realm=realm, recorded=to_micros(at))
    return digest_of(words, realm)


def digest_of(words: str, realm: Realm) -> str:
    """The keyed hash of words, 32 letters: equal for equal letters, and nothing to guess them from without the realm's key."""
    return keyed_digest(realm.key, "decisions", letters_of(words)).hex()


def state(event_id: str, fact: Fact, *, realm: Realm, at: datetime, since: datetime | None = None) -> None:
    """State a fact of this domain, of now or an earlier moment; one that nobody could read again is refused before it is in
    the record for good.
    """
    msgspec.convert(msgspec.to_builtins(fact), type(fact))
    record.append(actor=SYSTEM, statements=[record.Statement(event_id, to_micros(since or at), fact)], realm=realm, at=at)


def check_stranger(actor: Actor, *subjects: str | None) -> None:
    """Refuse whoever acts for the merchant, or is the buyer, whose matter it is."""
    if any(subject in actor.own for subject in subjects):
        raise NotAllowed("You act for whom this is about: another person must decide.")


def _check_about(statement: Statement) -> None:
    """Refuse to decide about nobody, or to rely on what is not in the record or is not about the matter."""
    who = statement.merchant or statement.buyer or ""
    kind = "merchant" if statement.merchant else "buyer"
    if not who.startswith(SUBJECT_PREFIXES[kind]) or not known_among([who]):
        raise Malformed(f"Nobody is known as {who[:20]!r} who is a {kind}.", path=kind)
    if len(set(statement.facts)) < len(statement.facts):
        raise Malformed("Name each fact once.", path="facts")
    if statement.contest is None:
        telling = facts.keys_mentioning(keys=statement.facts, subject=statement.review or who)
    else:
        telling = facts.keys_known(keys=statement.facts)
    for key in statement.facts:
        if key not in telling:
            raise Malformed(f"The record has no sealed fact {key[:32]!r} about this.", path="facts")
