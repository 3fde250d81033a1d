"""Take a decision with its statement of reasons, or reverse one; a fact tells of it in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from yinuo.decisions.events import DecisionReversed, DecisionTaken
from yinuo.decisions.models import Decision
from yinuo.decisions.rules import APPEAL_MONTHS_DAYS, Statement, check_statement, letters_of
from yinuo.kit.actors import SYSTEM, Actor, allow, read_anew
from yinuo.kit.facts import SUBJECT_PREFIXES, Fact
from yinuo.kit.ids import keyed_digest, new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, Refusal
from yinuo.people.queries import tied_to
from yinuo.people.rules import TIES_LAST
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.record.rules import WITHHELD
from yinuo.vault import actions as vault
from yinuo.vault.queries import known_among


@transaction.atomic
def decide(*, actor: Actor, statement: Statement, realm: Realm, at: datetime) -> Decision:
    """Decide for or against somebody, for the reasons stated; what follows from it, upper domains bring about.

    A machine may decide alone only as the system, and says so; whoever it is about may then ask for a person by an appeal.
    """
    actor = read_anew(actor)
    allow(actor, "decisions.decide_by_machine" if statement.automated == "wholly" else "decisions.decide")
    if statement.automated != "wholly" and not actor.is_human:
        raise NotAllowed("Only a signed-in person decides otherwise than wholly by machine.")
    check_stranger(ties_of(actor, at), statement.merchant, statement.buyer)
    return take_decision(actor=actor, statement=statement, realm=realm, at=at)


def take_decision(*, actor: Actor, statement: Statement, realm: Realm, at: datetime) -> Decision:
    """Write a decision and state its fact, within an action that has allowed it."""
    for refusal in refusals_of([statement], at=at):
        if refusal is not None:
            raise refusal
    return write_decisions(actor=actor, statements=[statement], realm=realm, at=at)[0]


def refusals_of(statements: Sequence[Statement], *, at: datetime) -> list[Refusal | None]:
    """Why each statement cannot be decided as it stands; None where it can. Those that settle contests take two queries."""
    known = known_among({_who(each) for each in statements})
    telling = facts.keys_known(keys={key for each in statements if each.contest is not None for key in each.facts})
    return [_refusal_of(each, known, telling, at) for each in statements]


def write_decisions(*, actor: Actor, statements: Sequence[Statement], realm: Realm, at: datetime) -> list[Decision]:
    """Write decisions of which none is refused, their reasons, and a fact of each; a few queries, however many they are."""
    ids = new_surrogates(realm.entropy, "j", len(statements))
    texts = [
        (decision_id, each.buyer or decision_id, each.words) for decision_id, each in zip(ids, statements, strict=True)
    ]
    keep_every_words(name="reasons", texts=texts, realm=realm, at=at)
    return write_rows(dict(zip(ids, statements, strict=True)), by=actor.name, realm=realm, at=at)


def write_rows(statements: Mapping[str, Statement], *, by: str, realm: Realm, at: datetime) -> list[Decision]:
    """Write the rows of decisions whose reasons are kept already, by their ids, and state a fact of each."""
    decisions = [
        Decision(
            id=decision_id, act=each.act, ground=each.ground, automated=each.automated, merchant=each.merchant,
            buyer=each.buyer, review=each.review, listing=each.listing, contest=each.contest, facts=" ".join(each.facts),
            decided_by=by, decided_at=at, since=each.since, until=each.until,
            appeal_until=at + timedelta(days=APPEAL_MONTHS_DAYS), words=digest_of(each.words, realm),
        )
        for decision_id, each in statements.items()
    ]
    Decision.objects.bulk_create(decisions)
    told = [
        (
            f"decision/{decision_id}",
            DecisionTaken(
                decision=decision_id, act=each.act, ground=each.ground, automated=each.automated, facts=len(each.facts),
                since=to_micros(each.since), until=None if each.until is None else to_micros(each.until),
                merchant=each.merchant, buyer=each.buyer, review=each.review, listing=each.listing, contest=each.contest,
            ),
        )
        for decision_id, each in statements.items()
    ]
    state_each(told, realm=realm, at=at)
    return decisions


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
            buyer=None if decision.buyer == WITHHELD else decision.buyer, review=decision.review, listing=decision.listing,
        ),
        realm=realm, at=at, since=since,
    )


def keep_words(*, subject: str, name: str, owner: str, words: str, realm: Realm, at: datetime) -> str:
    """Keep what somebody wrote, sealed by its owner's key; returns the keyed hash that stands for it in a table."""
    return keep_every_words(name=name, texts=[(subject, owner, words)], realm=realm, at=at)[0]


def keep_every_words(*, name: str, texts: Sequence[tuple[str, str, str]], realm: Realm, at: datetime) -> list[str]:
    """The same for several texts of one kind, each of (subject, owner, words)."""
    kept = [vault.Words(subject, name, owner, "transaction", words) for subject, owner, words in texts]
    vault.keep_words(texts=kept, realm=realm, recorded=to_micros(at))
    return [digest_of(words, realm) for _, _, words in texts]


def digest_of(words: str, realm: Realm) -> str:
    """The keyed hash of words, 32 letters: equal for equal letters, and nothing to guess them from without the realm's key."""
    return keyed_digest(realm.key, "decisions", letters_of(words)).hex()


def hold_vault() -> None:
    """Let nobody be erased until the transaction ends: the first thing that is locked, as an erasure itself does.

    Every action here locks in one order: the vault, timers, an appeal, its decision, contests by their ids.
    """
    known_among(())


def state(event_id: str, fact: Fact, *, realm: Realm, at: datetime, since: datetime | None = None) -> None:
    """State a fact of this domain, of now or an earlier moment; see `state_each`."""
    state_each([(event_id, fact)], realm=realm, at=at, since=since)


def state_each(told: Sequence[tuple[str, Fact]], *, realm: Realm, at: datetime, since: datetime | None = None) -> None:
    """State several at once; one that nobody could read again is refused before it is in the record for good."""
    for _, fact in told:
        msgspec.convert(msgspec.to_builtins(fact), type(fact))
    moment = to_micros(since or at)
    statements = [record.Statement(event_id, moment, fact) for event_id, fact in told]
    record.append(actor=SYSTEM, statements=statements, realm=realm, at=at)


def ties_of(actor: Actor, at: datetime) -> Collection[str]:
    """For whom somebody acts, or did in the last year."""
    return tied_to(actor, since=at - TIES_LAST)


def check_stranger(ties: Collection[str], *subjects: str | None) -> None:
    """Refuse whoever acts for the merchant, or is the buyer, whose matter it is; or was so until lately."""
    if any(subject in ties for subject in subjects):
        raise NotAllowed("You act for whom this is about: another person must decide.")


def _refusal_of(
    statement: Statement, known: Collection[str], telling: Collection[str], at: datetime
) -> Refusal | None:
    try:
        check_statement(statement, at=at)
        _check_about(statement, known, telling)
    except Refusal as refusal:
        return refusal
    return None


def _who(statement: Statement) -> str:
    return statement.merchant or statement.buyer or ""


def _check_about(statement: Statement, known: Collection[str], telling: Collection[str]) -> None:
    """Refuse to decide about nobody, or to rely on what is not in the record or is not about the matter."""
    who = _who(statement)
    kind = "merchant" if statement.merchant else "buyer"
    if not who.startswith(SUBJECT_PREFIXES[kind]) or who not in known:
        raise Malformed(f"Nobody is known as {who[:20]!r} who is a {kind}.", path=kind)
    if len(set(statement.facts)) < len(statement.facts):
        raise Malformed("Name each fact once.", path="facts")
    if statement.contest is None:
        telling = facts.keys_mentioning(keys=statement.facts, subject=statement.review or who)
    for key in statement.facts:
        if key not in telling:
            raise Malformed(f"The record has no sealed fact {key[:32]!r} about this.", path="facts")
