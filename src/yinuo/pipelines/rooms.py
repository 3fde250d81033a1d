"""What a case room shows of each domain: looked up when asked for, laid open to the authority that was let in, and noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext

from yinuo.credit import queries as credit
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.policies import Policy
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.merchants import queries as merchants
from yinuo.people import actions as people
from yinuo.people.rules import CASE_KINDS, Case, RoomRequest
from yinuo.record import queries as record
from yinuo.trade import queries as trade
from yinuo.vault.queries import known_among, source_ids_of, surrogate_of

if TYPE_CHECKING:
    from yinuo.credit.models import Standing
    from yinuo.decisions.models import Appeal, Contest, Decision
    from yinuo.kit.facts import Recorded
    from yinuo.merchants.models import Merchant
    from yinuo.people.models import CaseRoom, CaseRoomCase


@dataclass(frozen=True, slots=True)
class CaseShown:
    """One case as the room shows it: its rows, and everybody's words. What does not belong to its kind is None."""

    case: CaseRoomCase
    decision: Decision | None = None
    contest: Contest | None = None
    appeal: Appeal | None = None
    merchant: Merchant | None = None
    standing: Standing | None = None
    order: str = ""
    facts: list[Recorded] | None = None
    words: dict[str, str | None] | None = None


@transaction.atomic
def ask(
    *, actor: Actor, request: RoomRequest, named: Sequence[str], guests: Sequence[str], realm: Realm, at: datetime
) -> CaseRoom:
    """Ask for a room that shows these cases: ids of decisions, objections, orders or merchants, or "order SOURCE NUMBER"."""
    allow(actor, "people.ask_room")
    cases = [_find(line, request.with_persons, realm) for line in named]
    return people.ask_room(actor=actor, request=request, cases=cases, guests=guests, realm=realm, at=at)


def _find(line: str, with_persons: bool, realm: Realm) -> Case:
    """The case that a line of the request names, and whom it concerns."""
    words = line.split()
    if len(words) == 3 and words[0] == "order":
        thing = surrogate_of(kind="order", source=words[1], source_id=words[2], key=realm.key) or ""
    else:
        thing = line.strip()
    kind = CASE_KINDS.get(thing[:1])
    try:
        if kind == "decision":
            decision = decisions.decision(viewer=SYSTEM, decision_id=thing)
            return Case(kind, thing, decision.merchant, decision.buyer)
        if kind == "contest":
            return Case(kind, thing, decisions.contest(viewer=SYSTEM, contest_id=thing).merchant)
        if kind == "merchant" and known_among([thing]):
            return Case(kind, thing, thing)
        if kind == "order" and (found := trade.orders([thing])):
            return Case(kind, thing, found[0].merchant, found[0].buyer if with_persons else None)
    except NotFound:
        pass
    sentence = gettext("Nothing is known here as “%(line)s” that a case room can show.")
    raise Malformed(sentence % {"line": line.strip()[:60]}, path="cases")


@transaction.atomic
def show(*, actor: Actor, room: str, thing: str, realm: Realm, at: datetime) -> CaseShown:
    """One case of an open room, to an authority that was let in; that it was seen is noted."""
    case, _ = people.look_into_room(actor=actor, room_id=room, thing=thing, what="seen", at=at)
    if case.kind == "order":
        called = source_ids_of(surrogates=[thing], realm=realm).get(thing)
        facts = record.facts_numbered(numbers=record.mentions_of(subject=thing, size=record.size()))
        return CaseShown(case, order=called[1] if called else thing, merchant=_merchant(case.merchant), facts=facts)
    if case.kind == "merchant":
        standing = credit.own_standing(viewer=SYSTEM, merchant=thing)
        return CaseShown(case, merchant=_merchant(thing), standing=standing)
    contest = decisions.contest(viewer=SYSTEM, contest_id=thing) if case.kind == "contest" else None
    decision = contest.decision if contest is not None else decisions.decision(viewer=SYSTEM, decision_id=thing)
    if contest is None and decision is not None and decision.contest:
        contest = decisions.contest(viewer=SYSTEM, contest_id=decision.contest)
    appeal = decisions.appeal_against(viewer=SYSTEM, decision_id=decision.pk) if decision is not None else None
    return CaseShown(
        case, decision, contest, appeal, _merchant(case.merchant), words=_words(decision, contest, appeal, realm),
    )


@transaction.atomic
def take(*, actor: Actor, room: str, thing: str, realm: Realm, policy: Policy, at: datetime) -> dict[str, Any]:
    """The file of an order (every fact with its proof) or a merchant (the credit report), to an authority that was let in.

    The buyer's part of an order's facts is in it only if the request named the buyers. That it was taken is noted.
    """
    case, whole = people.look_into_room(actor=actor, room_id=room, thing=thing, what="taken", at=at)
    if case.kind == "order":
        return record.order_pack(viewer=SYSTEM, order=thing, policy=policy, with_person=whole.with_persons)
    if case.kind == "merchant":
        return credit.credit_report(viewer=SYSTEM, merchant=thing, realm=realm, policy=policy)
    raise NotFound("This case is a page; there is no file of it.")


def _merchant(merchant: str | None) -> Merchant | None:
    return merchants.merchants(viewer=SYSTEM, ids=[merchant])[merchant] if merchant else None


def _words(
    decision: Decision | None, contest: Contest | None, appeal: Appeal | None, realm: Realm
) -> dict[str, str | None]:
    """Reasons, the objection, the appeal and its answer, as they were written."""
    asked = {
        "reasons": ("reasons", decision), "objection": ("objection", contest), "appeal": ("objection", appeal),
        "reply": ("reply", appeal),
    }
    return {
        key: decisions.words(name=name, subjects=[thing.pk], realm=realm).get(thing.pk)
        for key, (name, thing) in asked.items() if thing is not None
    }
