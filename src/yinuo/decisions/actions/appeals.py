"""Appeals: ask for another person's look at a decision, and answer with words of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yinuo.decisions import queries
from yinuo.decisions.actions.contests import CONTEST_DUE, tell_settled
from yinuo.decisions.actions.decide import (
    check_stranger,
    digest_of,
    hold_vault,
    keep_words,
    reverse,
    state,
    ties_of,
)
from yinuo.decisions.events import AppealOpened, AppealSettled, SettledCause
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import ACTS, Objection, check_another, check_cause, check_new_words, check_open, check_words
from yinuo.kit.actors import Actor, allow, read_anew
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, NotAllowed, NotFound
from yinuo.record.rules import WITHHELD
from yinuo.timers import actions as timers

APPEAL_DUE = "decisions.appeal_due"
"""The timer that runs out when an appeal was not answered in time. Its subject is the appeal."""


@transaction.atomic
def open_appeal(
    *, actor: Actor, decision_id: str, objection: Objection, realm: Realm, at: datetime
) -> Appeal:
    """Appeal against a decision within six months; also the way to a person where a machine decided.

    Once answered, it is not appealed again; one that was taken back may be, until the six months are over.
    """
    hold_vault()
    decision = Decision.objects.select_for_update().filter(pk=decision_id).first()
    if decision is None:
        raise NotFound("There is no such decision.")
    allow(read_anew(actor), "decisions.appeal", about=decision.merchant or decision.buyer or "")
    check_words(objection.words, "words")
    if not ACTS[decision.act].adverse:
        raise Conflict("This decision is in your favour; there is nothing to appeal.")
    if at > decision.appeal_until:
        raise Conflict(f"This decision could be appealed until {decision.appeal_until:%Y-%m-%d}.")
    if decision.reversed_at is not None:
        raise Conflict("This decision was reversed already.")
    if Appeal.objects.filter(decision=decision).exclude(state="withdrawn").exists():
        raise Conflict("This decision was appealed already.")
    (appeal_id,) = new_surrogates(realm.entropy, "p", 1)
    appeal = Appeal.objects.create(
        id=appeal_id, decision=decision, decision_by=decision.decided_by, opened_by=actor.name, opened_at=at, due=objection.due,
        state="open",
        words=keep_words(
            subject=appeal_id, name="objection", owner=decision.buyer or appeal_id, words=objection.words, realm=realm, at=at
        ),
    )
    opened = AppealOpened(
        appeal=appeal_id, decision=decision.pk, due=to_micros(objection.due), merchant=decision.merchant, buyer=decision.buyer
    )
    state(f"appeal/{appeal_id}", opened, realm=realm, at=at)
    timers.set_timer(kind=APPEAL_DUE, subject=appeal_id, due=objection.due)
    return appeal


@transaction.atomic
def settle_appeal(
    *, actor: Actor, appeal_id: str, upheld: bool, words: str, realm: Realm, at: datetime, cause: SettledCause | None = None
) -> Appeal:
    """Answer an appeal as a person who had no part in the decision; upheld, it reverses the decision.

    Where the decision rejected the contest of a cause, `cause` is the one that stands now.
    """
    actor = read_anew(actor)
    allow(actor, "decisions.settle_appeal")
    if not actor.is_human:
        raise NotAllowed("A person answers an appeal, not a machine.")
    appeal = _held(_found(appeal_id), also_newer=upheld)
    check_open(appeal.state)
    contest = Contest.objects.select_for_update().filter(decision=appeal.decision).first()
    check_another(actor.name, queries.had_part(appeal=appeal))
    check_stranger(ties_of(actor, at), appeal.decision.merchant, appeal.decision.buyer)
    if appeal.decision.buyer == WITHHELD:
        raise Conflict("Whoever appealed was forgotten at their own wish: there is nobody to answer.")
    if upheld and contest is not None:
        check_cause(contest.aspect, cause)
    check_words(words, "words")
    digest = digest_of(words, realm)
    check_new_words(given_before=Appeal.objects.filter(reply=digest).exists())
    keep_words(
        subject=appeal.pk, name="reply", owner=appeal.decision.buyer or appeal.pk, words=words, realm=realm, at=at
    )
    appeal.state, appeal.settled_by, appeal.settled_at = "upheld" if upheld else "rejected", actor.name, at
    appeal.reply = digest
    appeal.save(update_fields=["state", "settled_by", "settled_at", "reply"])
    _tell(appeal, realm, at)
    if upheld:
        if appeal.decision.reversed_at is None:     # or the shop that took it has taken it back meanwhile
            reverse(decision=appeal.decision, appeal=appeal.pk, realm=realm, at=at)
        if contest is not None:
            _uphold(contest, cause, realm, at)
    return appeal


@transaction.atomic
def withdraw_appeal(*, actor: Actor, appeal_id: str, realm: Realm, at: datetime) -> Appeal:
    """Take an appeal back while it is open."""
    appeal = _found(appeal_id)
    allow(read_anew(actor), "decisions.appeal", about=appeal.decision.merchant or appeal.decision.buyer or "")
    appeal = _held(appeal)
    check_open(appeal.state)
    appeal.state, appeal.settled_at = "withdrawn", at
    appeal.save(update_fields=["state", "settled_at"])
    _tell(appeal, realm, at)
    return appeal


@transaction.atomic
def take_appeals(*, actor: Actor, ids: Sequence[str], is_taken: bool) -> int:
    """Say to the other stewards that one looks at these open appeals, or not any more; returns how many that changed."""
    allow(actor, "decisions.settle_appeal")
    mine = Appeal.objects.filter(pk__in=ids, state="open")
    if is_taken:
        return mine.update(taken_by=actor.name)
    return mine.filter(taken_by=actor.name).update(taken_by=None)


@transaction.atomic
def note_late_appeal(*, actor: Actor, appeal_id: str, at: datetime) -> bool:
    """Note that an appeal's clock ran out; it stays first among what stewards see, and counts as late in public."""
    allow(actor, "decisions.lapse")
    return bool(Appeal.objects.filter(pk=appeal_id, state="open", late=False, due__lte=at).update(late=True))


def _found(appeal_id: str) -> Appeal:
    appeal = Appeal.objects.select_related("decision").filter(pk=appeal_id).first()
    if appeal is None:
        raise NotFound("There is no such appeal.")
    return appeal


def _held(appeal: Appeal, *, also_newer: bool = False) -> Appeal:
    """The appeal, locked, its clock stopped; with the clocks of newer contests of the same, which it settles if upheld."""
    hold_vault()
    timers.cancel_timers(kind=APPEAL_DUE, subjects=[appeal.pk])
    if also_newer:
        same = Contest.objects.filter(decision=appeal.decision).values("matter")
        newer = Contest.objects.filter(matter__in=same, state="open").values_list("pk", flat=True)
        timers.cancel_timers(kind=CONTEST_DUE, subjects=list(newer))
    return Appeal.objects.select_for_update(of=("self",)).select_related("decision").get(pk=appeal.pk)


def _tell(appeal: Appeal, realm: Realm, at: datetime) -> None:
    settled = AppealSettled(
        appeal=appeal.pk, decision=appeal.decision.pk, outcome=appeal.state,  # type: ignore[arg-type]
        merchant=appeal.decision.merchant, buyer=appeal.decision.buyer,
    )
    state(f"appeal/{appeal.pk}/settled", settled, realm=realm, at=at)


def _uphold(contest: Contest, cause: SettledCause | None, realm: Realm, at: datetime) -> None:
    """Uphold a contest that had been rejected; one of the same that is open now is settled by that."""
    for newer in Contest.objects.select_for_update().filter(matter=contest.matter, state="open").order_by("pk"):
        newer.state, newer.settled_at = "withdrawn", at
        newer.save(update_fields=["state", "settled_at"])
        tell_settled([newer], realm=realm, at=at)
    if Contest.objects.filter(matter=contest.matter, state="upheld").exists():
        return      # what was asked for stands already
    contest.state, contest.cause, contest.settled_at = "upheld", cause or "", at
    contest.save(update_fields=["state", "cause", "settled_at"])
    tell_settled([contest], realm=realm, at=at)
