"""Contests: open (many at once), settle by another person, withdraw, and let the clock run out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from yinuo.decisions.actions.decide import check_stranger, keep_words, state, take_decision
from yinuo.decisions.events import Aspect, ContestLapsed, ContestOpened, ContestSettled, SettledCause
from yinuo.decisions.models import Appeal, Contest
from yinuo.decisions.rules import AT_ONCE_MAX, Objection, Statement, check_another, check_cause, check_open, check_words
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound
from yinuo.record import actions as record
from yinuo.record.events import FactWithdrawn
from yinuo.timers import actions as timers

CONTEST_DUE = "decisions.contest_due"
"""The timer that runs out when a contest was not settled in time. Its subject is the contest."""


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

    Whether each is the merchant's own affair, the domain that judged it says before it calls this.
    """
    allow(actor, "decisions.contest", about=merchant)
    check_words(objection.words, "words")
    if not 1 <= len(contested) <= AT_ONCE_MAX:
        raise Malformed(f"Contest 1 to {AT_ONCE_MAX} at once.", path="facts")
    _check_not_heard([each.matter for each in contested], merchant)
    ids = new_surrogates(realm.entropy, "t", len(contested))
    try:
        return [
            _open(contest, each, actor, merchant, objection, realm, at)
            for contest, each in zip(ids, contested, strict=True)
        ]
    except IntegrityError:
        raise Conflict("One of these is contested already, or was settled in your favour. Nothing was changed.") from None


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
    allow(actor, "decisions.settle_contest")
    if not actor.is_human:
        raise NotAllowed("A person settles a contest, not a machine.")
    if not 1 <= len(ids) <= AT_ONCE_MAX:
        raise Malformed(f"Settle 1 to {AT_ONCE_MAX} at once.", path="ids")
    found = list(Contest.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    if len(found) < len(set(ids)):
        raise NotFound("Not all of these contests exist.")
    return [_settle(contest, actor, upheld, ground, words, cause, realm, at) for contest in found]


def _settle(
    contest: Contest, actor: Actor, upheld: bool, ground: str, words: str, cause: SettledCause | None, realm: Realm,
    at: datetime,
) -> Contest:
    check_open(contest.state)
    check_another(actor.name, {contest.opened_by, *who_settled(contest.matter)})
    check_stranger(actor, contest.merchant)
    if upheld:
        check_cause(contest.aspect, cause)
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


def who_settled(matter: str) -> set[str]:
    """Everybody who settled an earlier contest of the same."""
    earlier = Contest.objects.filter(matter=matter, decision__isnull=False)
    return set(earlier.values_list("decision__decided_by", flat=True))


def tell_settled(contest: Contest, *, realm: Realm, at: datetime) -> None:
    """State how a contest ended, and withdraw the fact that it was upheld against."""
    timers.cancel_timer(kind=CONTEST_DUE, subject=contest.pk)
    again = "" if contest.decision is None or contest.state != "upheld" else "/upheld"
    state(
        f"contest/{contest.pk}/settled{again}",
        ContestSettled(
            contest=contest.pk, merchant=contest.merchant, aspect=contest.aspect, outcome=contest.state,  # type: ignore[arg-type]
            cause=contest.cause or None, order=contest.order, decision=contest.decision_id,  # type: ignore[arg-type]
        ),
        realm=realm, at=at,
    )
    if contest.state == "upheld" and contest.aspect == "fact":
        withdrawal = FactWithdrawn(event=contest.event, reason="dispute_upheld")
        statement = record.Statement(f"contest/{contest.pk}/withdraws", to_micros(at), withdrawal)
        record.append(actor=SYSTEM, statements=[statement], realm=realm, at=at)


@transaction.atomic
def withdraw_contest(*, actor: Actor, contest_id: str, realm: Realm, at: datetime) -> Contest:
    """Take a contest back while it is open."""
    contest = Contest.objects.select_for_update().filter(pk=contest_id).first()
    if contest is None:
        raise NotFound("There is no such contest.")
    allow(actor, "decisions.contest", about=contest.merchant)
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
