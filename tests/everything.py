"""An installation that holds something of every kind, and somebody in every role: for tests that walk through all there is.

Pages and calls are found, not listed; what an address needs is looked for among what there is. Whoever adds a page about a
new kind of thing adds one such thing in `fill`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import msgspec
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import URLPattern, get_resolver

from yinuo.cli._here import now, realm
from yinuo.credit import actions as credit
from yinuo.credit.models import BuyerLevel, Complaint, Dispatch, Job, Run
from yinuo.decisions import actions as decisions
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import SYSTEM
from yinuo.people import actions as people
from yinuo.people import queries
from yinuo.people.models import Account, Grant, Membership
from yinuo.people.rules import BUYER, OWNER, PURPOSES, STAFF_ROLES, TEAM_ROLES, Case, RoomRequest
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.vault import actions as vault
from yinuo.vault.queries import surrogate_of

PASSWORD = "seven green teapots"
WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier came as booked, and that nothing was handed over."
PASSKEY = {
    "name": "Phone",
    "credential": {
        "id": "cGhvbmU", "rawId": "cGhvbmU", "type": "public-key", "clientExtensionResults": {"credProps": {"rk": True}},
        "response": {
            "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiWXciLCJvcmlnaW4iOiJodHRwczovL3giLCJjcm9zc09"
            "yaWdpbiI6ZmFsc2V9",
            "attestationObject": "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YViJAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABBAAAAAAAA"
            "AAAAAAAAAAAAAAAAAAAABXBob25lpQECAyYgASFYII5TO2-gv3tGJbswZnwB-2B--fi4qA_vWzAGKHAxh7KjIlggc-sdveAzGDZtBp-DpvWQAFPHNjPLBBs"
            "hxV4ahsH0ALQ",
        },
    },
}
"""What a browser sends when a passkey is made: with the key whose private part is 7."""
CANDIDATES_MAX = 4
_PARAMETER = re.compile(r"<((?:\w+:)?\w+)>")
_QUERIES = {"steward_decide": "?merchant=mqinglan"}
_TABLES = {"number": "refusedevent", "session": "usersession", "person": "buyer", "room": "caseroom", "role": "membership",
           "member": "membership", "int:token": "accesstoken"}
"""What addresses call a thing whose table is named otherwise."""


class Page(NamedTuple):
    """An address of the site that is no call of the API, as it is written in the urls."""

    route: str
    name: str

    @property
    def is_public(self) -> bool:
        """Whether anybody may read it: what is for somebody in particular lies below an address of its own."""
        return not self.route.startswith(("/account/", "/admin/", "/console/", "/me/", "/join/", "/rooms/"))


class Everything(NamedTuple):
    """The people, by role; a source's key; the words of addresses that no table holds as they are."""

    people: dict[str, Account]
    merchant: str
    key: str
    words: dict[str, list[str]]

    def signed_in(self, who: str | None, language: str = "en") -> Client:
        """A client that has just signed in as somebody, or as nobody."""
        client = Client(headers={"accept-language": language})
        if who is not None:
            account = self.people[who]
            client.force_login(account)
            session = client.session
            record_authentication(SimpleNamespace(session=session), account, method="password", username=account.handle)
            session.save()
            UserSession.objects.get_or_create(
                session_key=session.session_key, defaults={"user": account, "ip": "127.0.0.1", "user_agent": "tests"}
            )
        return client

    @staticmethod
    def pages() -> list[Page]:
        """Every page, in the order of the urls."""
        return [page for page in _walk(get_resolver().url_patterns, "/") if not page.route.startswith("/api/")]

    def addresses(self, page: Page) -> list[str]:
        """The addresses that a page has for what there is, a few of them."""
        route = page.route + _QUERIES.get(page.name, "")
        names = _PARAMETER.findall(route)
        found = []
        for values in product(*(self.values(name) for name in names)):
            address = route
            for value in values:
                address = _PARAMETER.sub(str(value), address, count=1)
            found.append(address)
        return found

    def values(self, name: str) -> list[Any]:
        """What there is that an address calls so."""
        if name not in _TABLES:
            name = name.rpartition(":")[2]
        if name in self.words:
            return self.words[name]
        wanted = _TABLES.get(name, name.removesuffix("_id").replace("_", ""))
        return [
            pk for model in apps.get_models() if model._meta.model_name == wanted
            for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)[:CANDIDATES_MAX]
        ]


def _walk(patterns: list[Any], before: str) -> Iterator[Page]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Page(route, pattern.name or "")
        else:
            yield from _walk(pattern.url_patterns, route)


def fill(market: ModuleType, orders: int = 3) -> Everything:
    """The invented market, and a shop's facts with what people made of them."""
    at = now()
    vault.open_keys(realm=realm(), at=at)
    market.fill()
    record.take_events(actor=SYSTEM, source="shop", raws=list(events(orders)), realm=realm(), at=at)
    follow(at)
    merchant, buyer = surrogate("merchant", "tea"), surrogate("buyer", "ann")
    found = {role: _account(role, {"": [role]}) for role in STAFF_ROLES}
    found["second steward"] = _account("second", {"": ["steward"]})
    found |= {role: _account(role.replace("_", "."), {merchant: [role]}) for role in TEAM_ROLES}
    found["owner of two"] = _account("two", {merchant: [OWNER], "mqinglan": [OWNER]})
    found[BUYER] = _account("ann.li", {buyer: [BUYER]})
    RecoveryCodes.activate(found["administrator"])
    passkey = Authenticator.objects.create(user=found["administrator"], type="webauthn", data=PASSKEY)
    BuyerLevel.objects.update_or_create(
        buyer=buyer, defaults={"level": 2, "orders": 5, "cancelled": 1, "complaints_rejected": 0, "as_of": 20_605}
    )
    quarrel(found, merchant, at)
    Job.objects.create(
        id="q2b7xq3zm4wv6y2ak", kind="recompute", run=Run.objects.values_list("pk", flat=True)[0], asked_by="account:1",
        asked=at,
    )
    people.make_token(account=found[OWNER], name="tests", days=1, second_factor=False, realm=realm(), at=at)
    shown = _open_room(found, merchant, at)
    key = record.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm(), at=at)
    record.add_webhook(
        actor=record.check_key(key=key, at=at), url="https://shop.example/told", source="shop", kinds=["decisions.*"],
        reach="public", realm=realm(), at=at,
    )
    invited = people.invite_staff(actor=SYSTEM, role="steward", until=None, realm=realm(), at=at)
    words: dict[str, list[Any]] = {
        "merchant": [merchant, "mqinglan"], "token": [invited.token], "pk": [passkey.pk],
        "rest": ["entries/000.p/1", "0/000.p/1"], "thing": shown,
        "purpose": list(PURPOSES), "app_label": ["people"],
    }
    made = Everything(found, merchant, key, words)
    made.signed_in(OWNER)       # whose browser is one of the sessions that there are
    return made


def _open_room(found: dict[str, Account], merchant: str, at: datetime) -> list[str]:
    """A case room that is open for the authority, with a case of each kind; returns the cases."""
    order = Dispatch.objects.filter(merchant=merchant).values_list("pk", flat=True)[0]
    cases = [
        Case("order", order, merchant), Case("merchant", merchant, merchant),
        Case("decision", Decision.objects.filter(merchant=merchant).values_list("pk", flat=True)[0], merchant),
        Case("contest", Contest.objects.filter(merchant=merchant).values_list("pk", flat=True)[0], merchant),
    ]
    request = RoomRequest(
        authority="District Court of Nowhere", basis="E-Commerce Law 25", reference="(2026) 17",
        asked="The cases named below, and the order's facts.", until=at + timedelta(days=20),
    )
    room = people.ask_room(
        actor=queries.actor_of(found["steward"], at=at), request=request, cases=cases, guests=["authority"], realm=realm(),
        at=at,
    )
    people.approve_room(
        actor=queries.actor_of(found["data_protection"], at=at), room_id=room.pk, digest=room.proposal.digest, realm=realm(),
        at=at,
    )
    return [case.thing for case in cases]


def events(orders: int, after: int = 0) -> Iterator[bytes]:
    """A merchant, its listings, a buyer, late orders with reviews and complaints, and events that are refused."""

    def event(kind: str, id: str, day: str, **data: Any) -> bytes:
        return msgspec.json.encode({
            "specversion": "1.0", "id": id, "source": "shop", "type": kind, "time": f"{day}T00:00:00Z", "data": data,
        })

    yield event("merchants.merchant_registered", "reg", "2026-01-01", merchant="tea", name="Tea House", region="CN-ZJ")
    yield event("people.buyer_joined", "join", "2026-01-02", buyer="ann", name="Ann of the tests")
    for n in range(after, after + orders):
        yield event("catalogue.listing_published", f"l{n}", "2026-01-03", listing=f"cup{n}", merchant="tea", title=f"Cup {n}")
        yield event(
            "trade.order_placed", f"p{n}", "2026-05-01", order=f"o{n}", merchant="tea", buyer="ann", amount_minor=5000,
            currency="CNY", carrier="swift", hand_over_by="2026-05-03T00:00:00Z",
        )
        yield event("delivery.shipment_handed_over", f"h{n}", "2026-05-04", shipment=f"s{n}", order=f"o{n}")
        yield event(
            "reviews.review_published", f"r{n}", "2026-05-09", review=f"r{n}", order=f"o{n}", merchant="tea", buyer="ann",
            listing="cup0", stars=4, words="Came late, and well packed.",
        )
        yield event("trade.order_paid", f"paid{n}", "2026-05-01", order=f"o{n}", amount_minor="lots")
        about = {"complaint": f"c{n}", "merchant": "tea"}
        yield event(
            "care.complaint_opened", f"c{n}/opened", "2026-05-09", order=f"o{n}", listing="cup0", buyer="ann",
            topic="not_as_described", **about,
        )
        yield event("care.complaint_answered", f"c{n}/answered", "2026-05-10", **about)
        yield event("care.complaint_closed", f"c{n}/closed", "2026-05-12", outcome="upheld", cause="merchant", **about)


def quarrel(found: dict[str, Account], merchant: str, at: datetime) -> None:
    """Contests open, upheld and rejected; the rejection is appealed against; each as far as there are orders and complaints.
    """

    def actor(who: str) -> Any:
        return queries.actor_of(found[who], at=at)

    here: dict[str, Any] = {"realm": realm(), "at": at}
    known = Contest.objects.exclude(order=None).values("order")
    late = sorted(Dispatch.objects.filter(merchant=merchant, outcome="late").exclude(pk__in=known).values_list("pk", flat=True))
    opened = credit.contest_each(
        actor=actor(OWNER), merchant=merchant, outcomes={"dispatch": late}, claimed="carrier",
        objection=Objection(WORDS, at + timedelta(days=15)), **here,
    )
    known = Contest.objects.exclude(complaint=None).values("complaint")
    complaints = list(Complaint.objects.filter(merchant=merchant).exclude(pk__in=known).values_list("pk", flat=True))
    credit.contest_complaints(
        actor=actor(OWNER), merchant=merchant, complaints=complaints, claimed="carrier",
        objection=Objection(WORDS, at + timedelta(days=15)), **here,
    )
    ids = [one.pk for one in opened]
    rejected, upheld = ids[: len(ids) // 3 or 1], ids[len(ids) // 3 or 1 : 2 * len(ids) // 3]
    for one in rejected:
        decisions.settle_contests(
            actor=actor("steward"), ids=[one], upheld=False, ground="no_evidence", words=REASONS, cause=None, **here
        )
    if upheld:
        decisions.settle_contests(
            actor=actor("steward"), ids=upheld, upheld=True, ground="evidence", words=REASONS, cause="carrier", **here
        )
    for decision in Decision.objects.filter(act="contest_rejected").exclude(pk__in=Appeal.objects.values("decision")):
        decisions.open_appeal(
            actor=actor(OWNER), decision_id=decision.pk, objection=Objection(WORDS, at + timedelta(days=15)), **here
        )
    follow(at)


def grow(everything: Everything, market: ModuleType, more: int) -> None:
    """More of everything: orders, contests and their ends, refused events, listings, people, invitations."""
    at = now()
    merchant = everything.merchant
    before = Dispatch.objects.filter(merchant=merchant).count()
    record.take_events(actor=SYSTEM, source="shop", raws=list(events(more, after=before)), realm=realm(), at=at)
    follow(at)
    quarrel(everything.people, merchant, at)
    market.fill_directory(more)
    for n in range(more):
        _account(f"someone{n}", {"": ["auditor"], merchant: ["merchant_reader"]})
        people.invite_staff(actor=SYSTEM, role="auditor", until=None, realm=realm(), at=at)
        people.invite_team(actor=SYSTEM, merchant=merchant, role="merchant_reader", realm=realm(), at=at)


def follow(at: datetime) -> None:
    """Bring everything up to the record."""
    react(domains=settings.DOMAINS, realm=realm(), at=at)


def surrogate(kind: str, name: str) -> str:
    """The id here of what the shop calls so."""
    found = surrogate_of(kind=kind, source="shop", source_id=name, key=realm().key)
    assert found is not None
    return found


def _account(handle: str, roles: dict[str, list[str]]) -> Account:
    made = Account.objects.create(handle=handle, created=now(), password=make_password(PASSWORD))
    given: dict[str, Any] = {"account": made, "granted_by": "system", "granted": now()}
    for subject, names in roles.items():
        for role in names:
            if subject:
                Membership.objects.create(subject=subject, role=role, **given)
            else:
                Grant.objects.create(role=role, until=now() + timedelta(days=30) if role == "authority" else None, **given)
                Authenticator.objects.create(user=made, type="totp", data={"secret": "s"})
    return made
