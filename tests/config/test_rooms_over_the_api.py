"""Case rooms and the officer's looks over the API: two people open one, each look is noted, as on the pages."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.core.cache import cache

from tests.config.test_acting import ORDER, Caller
from yinuo.cli._here import now, realm
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import Statement
from yinuo.kit.actors import SYSTEM
from yinuo.kit.evidence import check_pack
from yinuo.people import queries
from yinuo.people.models import Access, CaseRoom
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.queries import contents_by_number, mentions_of, size
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db
REASONS = "The goods that were inspected carry a mark that no maker has ever used."


@pytest.fixture
def here(event):
    """An order, a decision about its merchant, and everybody who has to do with a room."""
    cache.clear()
    raws = [
        event("trade.order_placed", id="p0", time="2026-05-01T00:00:00Z", order="o0", **ORDER),
        event("delivery.shipment_handed_over", id="h0", time="2026-05-04T00:00:00Z", shipment="s0", order="o0"),
    ]
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    react(domains=settings.DOMAINS, realm=realm(), at=now())
    named = {kind: surrogate_of(kind=kind, source="shop", source_id=id, key=realm().key)
             for kind, id in (("merchant", "m1"), ("buyer", "b1"), ("order", "o0"))}
    found = SimpleNamespace(
        **named, steward=Caller("steward", roles=["steward"]), officer=Caller("officer", roles=["data_protection"]),
        auditor=Caller("auditor", roles=["auditor"]), court=Caller("court", roles=["authority"]),
        other=Caller("other.court", roles=["authority"]), owner=Caller("owner", own={named["merchant"]: "merchant_owner"}),
    )
    (content,) = contents_by_number(numbers=mentions_of(subject=found.merchant, size=size())[-1:]).values()
    at = now()
    found.decision = decisions.decide(
        actor=queries.actor_of(found.steward.account, at=at), realm=realm(), at=at, statement=Statement(
            act="warning", ground="terms", facts=(content.key,), words=REASONS, automated="no", since=at,
            merchant=found.merchant,
        ),
    )
    return found


def request(here, **changes):
    return {
        "authority": "District Court of Nowhere", "basis": "E-Commerce Law 25", "reference": "(2026) 17",
        "request": "The decision named below, and the order's facts.",
        "until": (now() + timedelta(days=30)).date().isoformat(), "guests": ["court"],
        "cases": ["order shop o0", here.decision.pk, here.merchant],
    } | changes


def opened(here, **changes):
    room = here.steward.post("/rooms", request(here, **changes), 201)["id"]
    digest = here.officer.get(f"/rooms/{room}")["digest"]
    here.officer.post(f"/rooms/{room}/approve", {"digest": digest}, 204)
    return room


def looks(**wanted):
    return list(Access.objects.filter(**wanted).order_by("pk").values_list("person", "what", "why", "page", "thing"))


def test_two_people_open_a_room_and_the_authority_reads_it(here):
    room = here.steward.post("/rooms", request(here), 201)["id"]
    assert here.court("GET", f"/rooms/{room}").status_code == 410
    assert here.court.get("/rooms") == []
    whole = here.officer.get(f"/rooms/{room}")
    assert (whole["state"], whole["reference"], whole["guests"], whole["asked_by"], whole["approved_by"]) == (
        "asked", "(2026) 17", ["court"], "steward", "",
    )
    cases = [
        {"kind": "order", "thing": here.order, "merchant": here.merchant},
        {"kind": "decision", "thing": here.decision.pk, "merchant": here.merchant},
        {"kind": "merchant", "thing": here.merchant, "merchant": here.merchant},
    ]
    assert whole["cases"] == cases
    here.officer.post(f"/rooms/{room}/approve", {"digest": whole["digest"]}, 204)
    (listed,) = here.court.get("/rooms")
    assert (listed["id"], listed["state"], listed["cases"], listed["asked_by"]) == (room, "open", 3, "")
    inside = here.court.get(f"/rooms/{room}")
    assert inside["cases"] == cases
    assert (inside["asked_by"], inside["approved_by"], inside["digest"]) == ("", "", "")
    decision = here.court.get(f"/rooms/{room}/cases/{here.decision.pk}")
    assert (decision["kind"], decision["decision"]["reasons"], decision["decision"]["act"]) == ("decision", REASONS, "warning")
    order = here.court("GET", f"/rooms/{room}/cases/{here.order}")
    assert [one["kind"] for one in order.json()["facts"]] == [
        "trade.order_placed", "delivery.shipment_handed_over", "credit.dispatch_judged",
    ]
    assert here.buyer not in order.content.decode()
    assert order.json()["order"] == "o0"
    assert here.court.get(f"/rooms/{room}/cases/{here.merchant}")["standing"] is None


def test_each_look_is_noted_as_on_the_pages(here):
    room = opened(here)
    here.auditor.get(f"/rooms/{room}")
    here.court.get(f"/rooms/{room}")
    here.court.get(f"/rooms/{room}/cases/{here.order}")
    pack = here.court.get(f"/rooms/{room}/cases/{here.order}/file")
    assert len(check_pack(pack).facts) == 3
    assert looks(actor=f"account:{here.officer.account.pk}") == [("", "seen", "room", "room", room)]
    assert looks(actor=f"account:{here.auditor.account.pk}") == [("", "seen", "audits", "room", room)]
    assert looks(room=room) == [
        (here.merchant, "seen", "authority", "room", ""), (here.merchant, "seen", "authority", "case", here.order),
        (here.merchant, "taken", "authority", "case", here.order),
    ]
    told = here.officer.get(f"/looks?room={room}")
    assert [(one["who"], one["what"], one["page"], one["person"]) for one in told["looks"]] == [
        ("court", "taken", "case", here.merchant), ("court", "seen", "case", here.merchant),
        ("court", "seen", "room", here.merchant),
    ]
    assert told["more"] is False
    own = here.court.get(f"/rooms/{room}/looks")
    assert [(one["who"], one["what"], one["thing"]) for one in own["looks"]] == [
        ("court", "taken", here.order), ("court", "seen", here.order), ("court", "seen", ""),
    ]
    assert here.steward.get(f"/rooms/{room}/looks") == own
    assert here.other.get(f"/rooms/{room}/looks") == {"looks": [], "more": False}


@pytest.mark.parametrize(("query", "hits"), [
    ("account=COURT", 1), ("account=nobody", 0), ("subject=shop%20m1", 1), ("subject=shop%20nobody", 0), ("page=2", 0),
    ("day=1999-01-01", 0), ("account=court&room=nowhere", 0),
])
def test_the_officer_filters_the_looks(here, query, hits):
    room = opened(here)
    Access.objects.all().delete()
    here.court.get(f"/rooms/{room}")
    assert len(here.officer.get(f"/looks?{query}")["looks"]) == hits


def test_nobody_else_sees_the_looks_or_keeps_a_room(here):
    room = opened(here)
    before = list(CaseRoom.objects.values())
    for who in (here.steward, here.auditor, here.court, here.owner):
        assert who("GET", "/looks").status_code == 403
    for who in (here.court, here.owner, here.auditor):
        assert who("POST", "/rooms", request(here)).status_code == 403
        for act in ("approve", "decline", "withdraw", "close"):
            assert who("POST", f"/rooms/{room}/{act}", {"digest": "0" * 64}).status_code == 403
    for who in (here.steward, here.officer, here.auditor, here.owner):
        assert who("GET", f"/rooms/{room}/cases/{here.order}").status_code == 403
        assert who("GET", f"/rooms/{room}/cases/{here.order}/file").status_code == 403
    assert here.other("GET", f"/rooms/{room}").status_code == 404
    assert here.other("GET", f"/rooms/{room}/cases/{here.order}").status_code == 404
    assert here.court("GET", f"/rooms/{room}/cases/{here.decision.pk}/file").status_code == 404
    assert list(CaseRoom.objects.values()) == before


def test_one_person_alone_opens_nothing_and_a_wrong_digest_neither(here):
    room = here.steward.post("/rooms", request(here), 201)["id"]
    digest = here.officer.get(f"/rooms/{room}")["digest"]
    assert here.steward("POST", f"/rooms/{room}/approve", {"digest": digest}).status_code == 403
    assert here.officer("POST", f"/rooms/{room}/approve", {"digest": "0" * 64}).status_code == 409
    assert here.officer.get(f"/rooms/{room}")["state"] == "asked"
    here.officer.post(f"/rooms/{room}/decline", None, 204)
    assert here.officer.get(f"/rooms/{room}")["state"] == "declined"
    other = here.officer.post("/rooms", request(here), 201)["id"]
    here.officer.post(f"/rooms/{other}/withdraw", None, 204)
    assert here.steward.get(f"/rooms/{other}")["state"] == "withdrawn"
    third = opened(here)
    here.steward.post(f"/rooms/{third}/close", None, 204)
    assert here.court("GET", f"/rooms/{third}").status_code == 410


@pytest.mark.parametrize(("changes", "path"), [
    ({"cases": ["order shop nothing"]}, "cases"), ({"until": "9999-12-31"}, "until"), ({"until": "0001-01-01"}, "until"),
    ({"silence": "Criminal Procedure Law 54"}, "silence"), ({"reference": " "}, "reference"),
    ({"silent_until": "9999-12-31"}, "silent_until"), ({"until": date(2020, 1, 1).isoformat()}, "until"),
])
def test_a_request_that_does_not_say_what_it_must_is_refused(here, changes, path):
    answer = here.steward("POST", "/rooms", request(here, **changes))
    assert (answer.status_code, answer.json()["path"]) == (422, path)
    assert not CaseRoom.objects.exists()
