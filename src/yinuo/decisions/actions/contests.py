"""Contests: open (many at once), settle by another person, withdraw, and let the clock run out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from yinuo.decisions import queries
from yinuo.decisions.actions.decide import check_stranger, hold_vault, keep_words, state, take_decision
from yinuo.decisions.events import Aspect, ContestLapsed, ContestOpened, ContestSettled, SettledCause
from yinuo.decisions.models import Appeal, Contest
from yinuo.decisions.rules import (
    AT_ONCE_MAX,
    OPEN_CONTESTS_MAX,
    Objection,
    Statement,
    check_another,
    check_cause,
    check_open,
    check_words,
)
from yinuo.kit.actors import SYSTEM, Actor, allow, read_anew
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, TooMany
from yinuo.record import actions as record
from yinuo.record import queries as facts
from yinuo.record.events import FactWithdrawn
from yinuo.timers import actions as timers

CONTEST_DUE = "decisions.contest_due"
"""The timer that runs out when a contest was not settled in time. Its subject is the contest."""


class NoLongerStands(Conflict):
    """What is contested was corrected or withdrawn since; `number` is the fact that stands in its place, if there is one."""

    code = "no-longer-stands"

    def __init__(self, sentence: str, number: int | None = None) -> None:
        super().__init__(sentence)
        self.number = number


class TooManyOpen(TooMany):
    """One merchant's open contests are as many as people can be asked to look at."""

    code = "too-many-open"


@dataclass(frozen=True, slots=True)
class Contested:
    """What is contested: a fact by its key (hex), or the cause found for an order by the judgement of that key."""

    event: str
    aspect: Aspect
    order: str | None = None
    claimed: str = ""
    outcome: str = ""

    @property
    def matter(self) -> str:
        """What must not be contested twice: a fact, or the cause of one outcome of an order, judged again or not."""
        return self.event if self.aspect == "fact" else f"{self.aspect}/{self.order}/{self.outcome}"


@transaction.atomic
def open_contests(
    *, actor: Actor, merchant: str, contested: Sequence[Contested], objection: Objection, realm: Realm, at: datetime
) -> list[Contest]:
    """Contest facts or causes, all with the same objection: all or none. Each shows as disputed at once, and has its clock.

    Whether each is the merchant's own affair, the domain that judged it says before it calls this. A fact that was corrected
    or withdrawn since is not contested any more: what stands in its place is.
    """
    allow(read_anew(actor), "decisions.contest", about=merchant)
    check_words(objection.words, "words")
    if not 1 <= len(contested) <= AT_ONCE_MAX:
        raise Malformed(f"Contest 1 to {AT_ONCE_MAX} at once.", path="facts")
    hold_vault()
    _hold_merchant(merchant)
    _check_room(merchant, len(contested))
    _check_stands([each.event for each in contested if each.aspect == "fact"])
    _check_not_heard([each.matter for each in contested], merchant)
    ids = new_surrogates(realm.entropy, "t", len(contested))
    try:
        in_order = sorted(contested, key=lambda each: each.matter)      # or two could wait for each other's row
        made = {
            each.matter: _open(contest, each, actor, merchant, objection, realm, at)
            for contest, each in zip(ids, in_order, strict=True)
        }
    except IntegrityError:
        raise Conflict("One of these is contested already, or was settled in your favour. Nothing was changed.") from None
    return [made[each.matter] for each in contested]


def _hold_merchant(merchant: str) -> None:
    """Let nobody else open contests of this merchant meanwhile, so that they can be counted. SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"decisions/contests/{merchant}"])


def _check_room(merchant: str, wanted: int) -> None:
    """Refuse more open contests than people can be asked to look at: the others wait behind a flood of one's own."""
    if Contest.objects.filter(merchant=merchant, state="open").count() + wanted > OPEN_CONTESTS_MAX:
        raise TooManyOpen(
            f"At most {OPEN_CONTESTS_MAX:,} objections of one merchant may be open at once. Wait until some are answered, or "
            "take some back. Nothing was changed."
        )


def _check_stands(keys: Sequence[str]) -> None:
    """Refuse to contest a fact that does not stand: upheld, that would move nothing."""
    for replaced in facts.replaced_among(keys=keys).values():
        if replaced.number is None and not replaced.waits:
            raise NoLongerStands("This fact was withdrawn: it counts for nothing any more, and there is nothing to object to.")
        raise NoLongerStands(
            "This fact was corrected since and counts for nothing any more. Object to the one that stands in its place.",
            replaced.number,
        )


def _check_not_heard(matters: Sequence[str], merchant: str) -> None:
    """Refuse to contest again what an appeal is about, or has settled: from there another person's answer counts."""
    rejected = Contest.objects.filter(matter__in=matters, merchant=merchant, state="rejected")
    if Appeal.objects.filter(decision__in=rejected.values("decision")).exclude(state="withdrawn").exists():
        raise Conflict("One of these was rejected before and appealed: the appeal's answer counts. Nothing was changed.")


def _open(
    contest_id: str, contested: Contested, actor: Actor, merchant: str, objection: Objection, realm: Realm, at: datetime
) -> Contest:
    contest = Contest.objects.create(
        id=contest_id, merchant=merchant, event=contested.event, aspect=contested.aspect, order=contested.order,
        claimed=contested.claimed, outcome=contested.outcome, matter=contested.matter, opened_by=actor.name, opened_at=at,
        due=objection.due, state="open",
        words=keep_words(subject=contest_id, name="objection", owner=merchant, words=objection.words, realm=realm, at=at),
    )
    state(
        f"contest/{contest_id}",
        ContestOpened(
            contest=contest_id, merchant=merchant, event=contested.event, aspect=contested.aspect, due=to_micros(objection.due),
            order=contested.order,
        ),
        realm=realm, at=at,
    )
    timers.set_timer(kind=CONTEST_DUE, subject=contest_id, due=objection.due)
    return contest


@transaction.atomic
def settle_contests(
    *, actor: Actor, ids: Sequence[str], upheld: bool, ground: str, words: str, cause: SettledCause | None, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Uphold or reject contests for the same reasons, all or none, as a person who opened none of them.

    An upheld contest of a fact withdraws it; one of a cause gives the order this cause. A rejection is a decision against the
    merchant, with reasons, and can be appealed.
    """
    actor = read_anew(actor)
    allow(actor, "decisions.settle_contest")
    if not actor.is_human:
        raise NotAllowed("A person settles a contest, not a machine.")
    if not 1 <= len(ids) <= AT_ONCE_MAX:
        raise Malformed(f"Settle 1 to {AT_ONCE_MAX} at once.", path="ids")
    hold_vault()
    timers.cancel_timers(kind=CONTEST_DUE, subjects=ids)
    found = list(Contest.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    if len(found) < len(set(ids)):
        raise NotFound("Not all of these contests exist.")
    return [_settle(contest, actor, upheld, ground, words, cause, realm, at) for contest in found]


def _settle(
    contest: Contest, actor: Actor, upheld: bool, ground: str, words: str, cause: SettledCause | None, realm: Realm,
    at: datetime,
) -> Contest:
    check_open(contest.state)
    check_another(actor.name, queries.took_part(matter=contest.matter))
    check_stranger(actor, contest.merchant)
    if upheld:
        check_cause(contest.aspect, cause)
    elif contest.aspect == "fact" and facts.replaced_among(keys=[contest.event]):
        raise NoLongerStands(
            "Whoever stated the contested fact corrected or withdrew it since: it does not stay as it is, so the objection "
            "cannot be rejected."
        )
    outcome = "upheld" if upheld else "rejected"
    decision = take_decision(
        actor=actor, realm=realm, at=at,
        statement=Statement(
            act=f"contest_{outcome}", ground=ground, facts=(contest.event,), words=words, automated="no", since=at,
            merchant=contest.merchant, contest=contest.pk,
        ),
    )
    contest.state, contest.settled_at, contest.decision = outcome, at, decision
    contest.cause = cause if upheld and cause else ""
    contest.save(update_fields=["state", "settled_at", "decision", "cause"])
    tell_settled(contest, realm=realm, at=at)
    return contest


def tell_settled(contest: Contest, *, realm: Realm, at: datetime) -> None:
    """State how a contest ended, and withdraw the fact that it was upheld against, unless that stands no more."""
    again = "" if contest.decision is None or contest.state != "upheld" else "/upheld"
    state(
        f"contest/{contest.pk}/settled{again}",
        ContestSettled(
            contest=contest.pk, merchant=contest.merchant, aspect=contest.aspect, outcome=contest.state,  # type: ignore[arg-type]
            cause=contest.cause or None, order=contest.order, decision=contest.decision_id,  # type: ignore[arg-type]
        ),
        realm=realm, at=at,
    )
    if contest.state == "upheld" and contest.aspect == "fact" and not facts.replaced_among(keys=[contest.event]):
        withdrawal = FactWithdrawn(event=contest.event, reason="dispute_upheld")
        statement = record.Statement(f"contest/{contest.pk}/withdraws", to_micros(at), withdrawal)
        record.append(actor=SYSTEM, statements=[statement], realm=realm, at=at)


@transaction.atomic
def withdraw_contest(*, actor: Actor, contest_id: str, realm: Realm, at: datetime) -> Contest:
    """Take a contest back while it is open."""
    contest = Contest.objects.filter(pk=contest_id).first()
    if contest is None:
        raise NotFound("There is no such contest.")
    allow(read_anew(actor), "decisions.contest", about=contest.merchant)
    timers.cancel_timers(kind=CONTEST_DUE, subjects=[contest.pk])
    contest = Contest.objects.select_for_update().get(pk=contest.pk)
    check_open(contest.state)
    contest.state, contest.settled_at = "withdrawn", at
    contest.save(update_fields=["state", "settled_at"])
    tell_settled(contest, realm=realm, at=at)
    return contest


@transaction.atomic
def lapse_contest(*, actor: Actor, contest_id: str, realm: Realm, at: datetime) -> bool:
    """Note that a contest's clock ran out: from now on, and until a person settles it, what it contests costs nothing."""
    allow(actor, "decisions.lapse")
    if not Contest.objects.filter(pk=contest_id, state="open", lapsed_at=None, due__lte=at).update(lapsed_at=at):
        return False
    contest = Contest.objects.get(pk=contest_id)
    lapsed = ContestLapsed(
        contest=contest.pk, merchant=contest.merchant, aspect=contest.aspect, order=contest.order,  # type: ignore[arg-type]
    )
    state(f"contest/{contest.pk}/lapsed", lapsed, realm=realm, at=at)
    return True
