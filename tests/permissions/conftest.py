"""A small world in which everything that permissions are about exists once, and everybody who might act in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings

from yinuo.catalogue.models import Listing
from yinuo.config.realm import now, realm
from yinuo.credit.models import Complaint, Dispatch
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import Objection, Statement
from yinuo.delivery.events import ShipmentHandedOver
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.people import actions as people
from yinuo.people import queries
from yinuo.people.models import Account, Grant, Invitation, Membership
from yinuo.people.rules import STAFF_ROLES, TEAM_ROLES, Case, RoomRequest
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent
from yinuo.record.queries import contents_by_number, mentions_of, size
from yinuo.vault.queries import surrogate_of

WORDS = "The bookings show that the carrier missed the collection, {}."
ORDER = {"amount_minor": 5000, "currency": "CNY", "carrier": "swift", "hand_over_by": "2026-05-03T00:00:00Z"}


def _account(handle: str) -> Account:
    return Account.objects.create(handle=handle, password="x", created=now())


def _staff(handle: str, role: str) -> Account:
    account = _account(handle)
    until = now() + timedelta(days=60) if role == "authority" else None
    Grant.objects.create(account=account, role=role, granted_by="system", granted=now(), until=until)
    Authenticator.objects.create(user=account, type="totp", data={"secret": "s"})
    return account


def _member(handle: str, subject: str, role: str) -> Account:
    account = _account(handle)
    Membership.objects.create(account=account, subject=subject, role=role, granted_by="system", granted=now())
    return account


@pytest.fixture
def world(db: None, event: Callable[..., bytes]) -> SimpleNamespace:
    """Two merchants and their buyers; decisions, contests, an appeal, rooms, a team; and an account in every role.

    `accounts` are those who sign in, by role; `actors` everybody who acts. "other ..." acts for the other merchant or buyer.
    What there is (contest, warning, room, ...) concerns the first.
    """
    events = [
        event("merchants.merchant_registered", id="m", merchant="tea", name="Tea"),
        event("catalogue.listing_published", id="l", merchant="tea", listing="cup", title="Cup"),
        event("trade.order_paid", id="bad", order="o0", amount_minor="lots"),
    ]
    for n in range(3):
        events.append(event("trade.order_placed", id=f"p{n}", order=f"o{n}", merchant="tea", buyer="ann", **ORDER))
        events.append(event("delivery.shipment_handed_over", id=f"h{n}", time="2026-05-04T00:00:00Z", shipment=f"s{n}",
                            order=f"o{n}"))
    about = {"complaint": "c", "merchant": "tea"}
    events.append(event("care.complaint_opened", id="c/o", time="2026-05-06T00:00:00Z", topic="unsafe", **about))
    events.append(event("care.complaint_closed", id="c/c", time="2026-05-09T00:00:00Z", outcome="upheld", cause="merchant",
                        **about))
    record.take_events(actor=SYSTEM, source="shop", raws=events, realm=realm(), at=now())
    other = [event("trade.order_placed", id="p", source="bazaar", order="o", merchant="silk", buyer="bob", **ORDER)]
    record.take_events(actor=SYSTEM, source="bazaar", raws=other, realm=realm(), at=now())

    def follow() -> None:
        react(domains=settings.DOMAINS, realm=realm(), at=now())

    def known(kind: str, name: str, source: str = "shop") -> str:
        return surrogate_of(kind=kind, source=source, source_id=name, key=realm().key) or ""

    record.recognise(actor=SYSTEM, realm=realm())
    follow()
    tea, silk = known("merchant", "tea"), known("merchant", "silk", "bazaar")
    ann, bob = known("buyer", "ann"), known("buyer", "bob", "bazaar")
    accounts = {role: _staff(role.replace("_", "."), role) for role in STAFF_ROLES}
    accounts["second steward"] = _staff("second.steward", "steward")
    accounts |= {role: _member(role.replace("_", "."), tea, role) for role in TEAM_ROLES}
    accounts |= {f"other {role}": _member(f"other.{role}".replace("_", "."), silk, role) for role in TEAM_ROLES}
    accounts |= {"buyer": _member("buyer", ann, "buyer"), "other buyer": _member("other.buyer", bob, "buyer")}
    accounts["nobody"] = _account("nobody")
    actors = {role: queries.actor_of(account, at=now()) for role, account in accounts.items()}
    actors |= {
        "public": PUBLIC, "system": SYSTEM, "source": Actor("shop", frozenset({"source"})),
        "other source": Actor("bazaar", frozenset({"source"})),
    }
    found = SimpleNamespace(
        accounts=accounts, actors=actors, tea=tea, silk=silk, ann=ann, bob=bob, at=now(), realm=realm(), follow=follow,
        orders=sorted(Dispatch.objects.values_list("pk", flat=True)), complaint=Complaint.objects.get().pk,
        listing=Listing.objects.get().pk,
        refused=RefusedEvent.objects.get().pk, keys={source: record.make_key(
            actor=SYSTEM, source=source, expires=None, realm=realm(), at=now()) for source in ("shop", "bazaar")},
    )
    told = contents_by_number(numbers=mentions_of(subject=found.orders[2], size=size()))
    (found.handed_over,) = [n for n, content in told.items() if isinstance(content.fact, ShipmentHandedOver)]
    _judge(found)
    _ask_rooms(found)
    member = _member("leaves", tea, "merchant_reader")
    found.membership = Membership.objects.get(account=member).pk
    found.grant = Grant.objects.get(account=accounts["finance"]).pk
    people.invite_staff(actor=SYSTEM, role="finance", until=None, realm=realm(), at=now())
    found.invitation = Invitation.objects.get().pk
    found.token = people.invite_staff(actor=SYSTEM, role="auditor", until=None, realm=realm(), at=now()).token
    found.webhook = record.add_webhook(
        actor=SYSTEM, url="http://127.0.0.1:9/", source="shop", kinds=["decisions.decision_taken"], reach="loopback",
        realm=realm(), at=now(),
    )[0].pk
    follow()
    found.at = now()
    found.tokens = {
        role: people.make_token(
            account=account, name="table", days=1, second_factor=bool(actors[role].roles), realm=realm(), at=found.at
        ).token for role, account in accounts.items()
    }
    return found


def _judge(world: SimpleNamespace) -> None:
    """A warning and its appeal; one contest that is open, and one that was rejected."""
    steward, owner, at = world.actors["second steward"], world.actors["merchant_owner"], now()
    (key,) = [content.key for content in contents_by_number(
        numbers=mentions_of(subject=world.tea, size=size())[-1:]).values()]

    def objection(about: str) -> Objection:
        return Objection(WORDS.format(about), at + timedelta(days=14))

    def warn(ground: str) -> Any:
        return decisions.decide(actor=steward, realm=realm(), at=at, statement=Statement(
            act="warning", ground=ground, facts=(key,), words=WORDS.format(ground), automated="no", since=at,
            merchant=world.tea,
        ))

    def contest(order: str) -> Any:
        judgement = decisions.Contested(key, "dispatch", order, "carrier", "late")
        (opened,) = decisions.open_contests(
            actor=owner, merchant=world.tea, contested=[judgement], objection=objection(order), realm=realm(), at=at
        )
        return opened

    world.key, world.objection = key, objection("once more")
    world.warning, world.appealed = warn("terms"), warn("licence")
    world.appeal = decisions.open_appeal(
        actor=owner, decision_id=world.appealed.pk, objection=objection("in the appeal"), realm=realm(), at=at
    )
    world.contest, rejected = contest(world.orders[0]), contest(world.orders[1])
    decisions.settle_contests(
        actor=steward, ids=[rejected.pk], upheld=False, ground="evidence", words=WORDS.format("so"), cause=None, realm=realm(),
        at=at,
    )


def _ask_rooms(world: SimpleNamespace) -> None:
    """A room that the steward asked for and that waits, and one that is open; both show the warning."""
    steward, at = world.actors["steward"], now()
    case = [Case("decision", world.warning.pk, world.tea)]

    def ask(reference: str) -> Any:
        request = RoomRequest("A Court", "E-Commerce Law 25", reference, WORDS.format("it says"), at + timedelta(days=30))
        return people.ask_room(actor=steward, request=request, cases=case, guests=["authority"], realm=realm(), at=at)

    world.request, world.cases = ask, case
    world.room, world.open_room = ask("1"), ask("2")
    people.approve_room(
        actor=world.actors["data_protection"], room_id=world.open_room.pk, digest=world.open_room.proposal.digest,
        realm=realm(), at=at,
    )
