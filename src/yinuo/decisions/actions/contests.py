"""Contests: open (many at once), settle by another person, withdraw, and let the clock run out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from yinuo.decisions import queries
from yinuo.decisions.actions.decide import (
    check_stranger,
    hold_vault,
    keep_words,
    refusals_of,
    state,
    state_each,
    ties_of,
    write_decisions,
)
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
    matter_of,
)
from yinuo.kit.actors import Actor, allow, read_anew
from yinuo.kit.facts import Fact
from yinuo.kit.ids import new_surrogates
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, Refusal, TooMany
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
    """What is contested: a fact by its key (hex), or the cause found for an order or complaint by the judgement of that key."""

    event: str
    aspect: Aspect
    order: str | None = None
    claimed: str = ""
    outcome: str = ""
    complaint: str | None = None

    @property
    def matter(self) -> str:
        """What must not be contested twice: a fact, or the cause of one outcome, judged again or not.

        An outcome is what became of an order, or the topic of a complaint: one that turns out to be about something else
        blames the merchant for something else.
        """
        return self.event if self.aspect == "fact" else matter_of(self.aspect, self.complaint or self.order, self.outcome)


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
        complaint=contested.complaint, claimed=contested.claimed, outcome=contested.outcome, matter=contested.matter,
        opened_by=actor.name, opened_at=at,
        due=objection.due, state="open",
        words=keep_words(subject=contest_id, name="objection", owner=merchant, words=objection.words, realm=realm, at=at),
    )
    state(
        f"contest/{contest_id}",
        ContestOpened(
            contest=contest_id, merchant=merchant, event=contested.event, aspect=contested.aspect, due=to_micros(objection.due),
            order=contested.order, complaint=contested.complaint,
        ),
        realm=realm, at=at,
    )
    timers.set_timer(kind=CONTEST_DUE, subject=contest_id, due=objection.due)
    return contest


@dataclass(frozen=True, slots=True)
class Settling:
    """How contests are to be settled alike: upheld or rejected, on which ground, for which reasons, as through which cause."""

    upheld: bool
    ground: str
    words: str
    cause: SettledCause | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Which of the chosen contests are, or would be, settled, and why each of the others cannot be."""

    done: list[Contest]
    refused: dict[str, Refusal]


@transaction.atomic
def settle_contests(
    *, actor: Actor, ids: Sequence[str], upheld: bool, ground: str, words: str, cause: SettledCause | None, realm: Realm,
    at: datetime,
) -> list[Contest]:
    """Uphold or reject contests for the same reasons, all or none, as a person who opened none of them.

    An upheld contest of a fact withdraws it; one of a cause gives the order or complaint this cause. A rejection is a decision
    against the merchant, with reasons, and can be appealed.
    """
    settling = Settling(upheld, ground, words, cause)
    settled = settle_each(actor=actor, ids=ids, settling=settling, realm=realm, at=at)
    for refusal in settled.refused.values():
        raise refusal
    return settled.done


@transaction.atomic
def settle_each(*, actor: Actor, ids: Sequence[str], settling: Settling, realm: Realm, at: datetime) -> Settled:
    """The same for each contest by itself: one that cannot be settled, or not any more, is refused, and the others are settled.

    It takes as many queries for many as for one.
    """
    actor = read_anew(actor)
    _allow_settling(actor, ids)
    hold_vault()
    timers.hold_timers(kind=CONTEST_DUE, subjects=ids)
    found = list(Contest.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    refused = _refused(found, actor=actor, ids=ids, settling=settling, at=at)
    done = [contest for contest in found if contest.pk not in refused]
    if done:
        _settle(done, actor, settling, realm, at)
    return Settled(done, refused)


def preview_settling(*, actor: Actor, ids: Sequence[str], settling: Settling, at: datetime) -> Settled:
    """What `settle_each` would do now; changes nothing."""
    _allow_settling(actor, ids)
    with transaction.atomic():
        found = list(Contest.objects.filter(pk__in=ids).order_by("due", "pk"))
        refused = _refused(found, actor=actor, ids=ids, settling=settling, at=at)
    return Settled([contest for contest in found if contest.pk not in refused], refused)


def _allow_settling(actor: Actor, ids: Sequence[str]) -> None:
    allow(actor, "decisions.settle_contest")
    if not actor.is_human:
        raise NotAllowed("A person settles a contest, not a machine.")
    if not 1 <= len(ids) <= AT_ONCE_MAX:
        raise Malformed(f"Settle 1 to {AT_ONCE_MAX} at once.", path="ids")


def _refused(
    found: Sequence[Contest], *, actor: Actor, ids: Sequence[str], settling: Settling, at: datetime
) -> dict[str, Refusal]:
    """By contest why it cannot be settled like this by this person, as far as it cannot."""
    known = {contest.pk for contest in found}
    refused: dict[str, Refusal] = {each: NotFound("Not all of these contests exist.") for each in ids if each not in known}
    had_part, ties = queries.took_part(matters=[contest.matter for contest in found]), ties_of(actor, at)
    replaced = {} if settling.upheld else facts.replaced_among(keys=[each.event for each in found if each.aspect == "fact"])
    stated = refusals_of([_statement(contest, settling, at) for contest in found], at=at)
    for contest, unstated in zip(found, stated, strict=True):
        try:
            check_open(contest.state)
            check_another(actor.name, had_part[contest.matter])
            check_stranger(ties, contest.merchant)
            if settling.upheld:
                check_cause(contest.aspect, settling.cause)
            elif contest.event in replaced:
                raise NoLongerStands(
                    "Whoever stated the contested fact corrected or withdrew it since: it does not stay as it is, so the "
                    "objection cannot be rejected."
                )
        except Refusal as refusal:
            refused[contest.pk] = refusal
        else:
            if unstated is not None:
                refused[contest.pk] = unstated
    return refused


def _statement(contest: Contest, settling: Settling, at: datetime) -> Statement:
    return Statement(
        act=f"contest_{'upheld' if settling.upheld else 'rejected'}", ground=settling.ground, facts=(contest.event,),
        words=settling.words, automated="no", since=at, merchant=contest.merchant, contest=contest.pk,
    )


def _settle(contests: Sequence[Contest], actor: Actor, settling: Settling, realm: Realm, at: datetime) -> None:
    statements = [_statement(contest, settling, at) for contest in contests]
    _write_settled(contests, statements, [settling.cause if settling.upheld else None] * len(contests), actor, realm, at)


def _write_settled(
    contests: Sequence[Contest], statements: Sequence[Statement], causes: Sequence[SettledCause | None], actor: Actor,
    realm: Realm, at: datetime,
) -> None:
    decisions = write_decisions(actor=actor, statements=statements, realm=realm, at=at)
    for contest, decision, cause in zip(contests, decisions, causes, strict=True):
        contest.state = decision.act.removeprefix("contest_")
        contest.settled_at, contest.decision, contest.cause = at, decision, cause or ""
    Contest.objects.bulk_update(contests, ["state", "settled_at", "decision", "cause"])
    tell_settled(contests, realm=realm, at=at)


def tell_settled(contests: Sequence[Contest], *, realm: Realm, at: datetime) -> None:
    """State how contests ended, and withdraw the facts that were contested with success, unless they stand no more."""
    timers.cancel_timers(kind=CONTEST_DUE, subjects=[contest.pk for contest in contests])
    won = [contest.event for contest in contests if contest.state == "upheld" and contest.aspect == "fact"]
    replaced = facts.replaced_among(keys=won)
    told: list[tuple[str, Fact]] = []
    for contest in contests:
        is_upheld = contest.decision_id is not None and contest.state == "upheld"
        settled = ContestSettled(
            contest=contest.pk, merchant=contest.merchant, aspect=contest.aspect, outcome=contest.state,  # type: ignore[arg-type]
            cause=contest.cause or None, order=contest.order, complaint=contest.complaint,  # type: ignore[arg-type]
            decision=contest.decision_id,
        )
        told.append((f"contest/{contest.pk}/settled{'/upheld' if is_upheld else ''}", settled))
        if contest.event in won and contest.event not in replaced:
            withdrawal = FactWithdrawn(event=contest.event, reason="dispute_upheld")
            told.append((f"contest/{contest.pk}/withdraws", withdrawal))
    state_each(told, realm=realm, at=at)


@dataclass(frozen=True, slots=True)
class Proof:
    """What the record shows by now of a contested cause: whose it was, by which fact (its key, in hex), proved by whom."""

    cause: SettledCause
    event: str
    by: str = ""

    @property
    def words(self) -> str:
        """The reasons of what a machine decides by it; pages say them in the reader's language."""
        if self.by:
            return (
                f"Since the objection was made, {self.by} has proved another cause. The record says so now, and the objection "
                "is upheld; no person had to look at it."
            )
        return (
            "Since the objection was made, another cause has come to light. The record says so now, and the objection is "
            "upheld; no person had to look at it."
        )


@transaction.atomic
def settle_proved(*, actor: Actor, proofs: Mapping[str, Proof], realm: Realm, at: datetime) -> list[Contest]:
    """Uphold the open ones of these contests of causes, each by its proof, without a person: nothing is held against anybody.

    What the proof rests on may be withdrawn later; a contest that was upheld stays so. One that cannot be decided like this
    waits for a person: whoever follows the record must not stop over it.
    """
    allow(actor, "decisions.decide_by_machine")
    hold_vault()
    timers.hold_timers(kind=CONTEST_DUE, subjects=sorted(proofs))
    found = list(Contest.objects.select_for_update().filter(pk__in=proofs, state="open").order_by("pk"))
    every = [
        Statement(
            act="contest_upheld", ground="proved", facts=(contest.event, proof.event), words=proof.words, automated="wholly",
            since=at, merchant=contest.merchant, contest=contest.pk,
        )
        for contest, proof in ((contest, proofs[contest.pk]) for contest in found)
    ]
    refusals = refusals_of(every, at=at)
    contests = [contest for contest, refusal in zip(found, refusals, strict=True) if refusal is None]
    statements = [statement for statement, refusal in zip(every, refusals, strict=True) if refusal is None]
    if contests:
        _write_settled(contests, statements, [proofs[contest.pk].cause for contest in contests], actor, realm, at)
    return contests


@transaction.atomic
def take_contests(*, actor: Actor, ids: Sequence[str], is_taken: bool) -> int:
    """Say to the other stewards that one looks at these open contests, or not any more; returns how many that changed.

    It binds nobody: whoever settles one still must have had no part in it.
    """
    allow(actor, "decisions.settle_contest")
    mine = Contest.objects.filter(pk__in=ids, state="open")
    if is_taken:
        return mine.update(taken_by=actor.name)
    return mine.filter(taken_by=actor.name).update(taken_by=None)


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
    tell_settled([contest], realm=realm, at=at)
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
        complaint=contest.complaint,
    )
    state(f"contest/{contest.pk}/lapsed", lapsed, realm=realm, at=at)
    return True
