"""Case rooms and the officer's page in the browser's terms: who gets what, what is written down, and nothing besides."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.test import Client

from tests.web.conftest import account, client_of
from yinuo.config.realm import now, realm
from yinuo.credit.models import Dispatch
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import Statement
from yinuo.kit.actors import SYSTEM
from yinuo.kit.evidence import check_pack
from yinuo.people import actions, queries
from yinuo.people.models import Access, CaseRoom
from yinuo.people.rules import LOOK_REASONS
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent
from yinuo.record.queries import contents_by_number, mentions_of, size
from yinuo.vault.queries import surrogate_of
from yinuo.web import wording

pytestmark = pytest.mark.django_db
ORDER = {"merchant": "m1", "amount_minor": 5000, "currency": "CNY", "hand_over_by": "2026-05-03T00:00:00Z"}
REASONS = "The goods that were inspected carry a mark that no maker has ever used."


@pytest.fixture
def here(event):
    """Two late orders, a decision about the merchant and one about a buyer, a refused event, and everybody there is."""
    raws = [
        raw for n in range(2) for raw in (
            event("trade.order_placed", id=f"p{n}", time="2026-05-01T00:00:00Z", order=f"o{n}", buyer=f"b{n}", **ORDER),
            event("delivery.shipment_handed_over", id=f"h{n}", time="2026-05-04T00:00:00Z", shipment=f"s{n}", order=f"o{n}"),
        )
    ]
    raws.append(event("trade.order_paid", id="paid", order="o0", amount_minor="lots"))
    raws.append(event("reviews.review_published", id="r0", review="r0", stars=1, buyer="b0", order="o0", merchant="m1"))
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    react(domains=settings.DOMAINS, realm=realm(), at=now())
    merchant = Dispatch.objects.values_list("merchant", flat=True).first()
    found = SimpleNamespace(
        merchant=merchant, owner=account("owner", own={merchant: "merchant_owner"}),
        steward=account("steward", roles=["steward"]), officer=account("officer", roles=["data_protection"]),
        auditor=account("auditor", roles=["auditor"]), admin=account("admin", roles=["administrator"]),
        court=account("court", roles=["authority"]), other=account("other.court", roles=["authority"]),
        order=surrogate_of(kind="order", source="shop", source_id="o0", key=realm().key),
        buyer=surrogate_of(kind="buyer", source="shop", source_id="b0", key=realm().key),
    )
    found.ann = account("ann", own={found.buyer: "buyer"})
    steward = queries.actor_of(found.steward, at=now())

    def decide(act, ground, thing, **about):
        at = now()
        (content,) = contents_by_number(numbers=mentions_of(subject=thing, size=size())[-1:]).values()
        return decisions.decide(actor=steward, realm=realm(), at=at, statement=Statement(
            act=act, ground=ground, facts=(content.key,), words=REASONS, automated="no", since=at, **about,
        ))

    review = surrogate_of(kind="review", source="shop", source_id="r0", key=realm().key)
    found.decision = decide("warning", "terms", merchant, merchant=merchant)
    found.aside = decide("warning", "licence", merchant, merchant=merchant)
    found.hidden = decide("review_hidden", "insult", review, buyer=found.buyer, review=review)
    return found


def ask(here, who=None, **changes):
    day = (now() + timedelta(days=30)).date().isoformat()
    sent = {"authority": "District Court of Nowhere", "basis": "E-Commerce Law 25", "reference": "(2026) 17",
            "asked": "The decision named below, and the order's facts.", "until": day, "guest": ["court"],
            "cases": f"order shop o0\n{here.decision.pk}\n{here.merchant}"} | changes
    return client_of(who or here.steward).post("/rooms/ask/", sent)


def opened(here, **changes):
    ask(here, **changes)
    room = CaseRoom.objects.latest("proposal")
    sent = client_of(here.officer).post(f"/rooms/{room.pk}/", {"do": "approve", "digest": room.proposal.digest})
    assert sent.status_code == 302
    room.refresh_from_db()
    assert room.opened_at is not None
    return room


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_asked_by_one_approved_by_another_read_by_the_authority(here, language):
    assert "court" in client_of(here.steward, language).get("/rooms/ask/").content.decode()
    answer = ask(here)
    room = CaseRoom.objects.get()
    assert answer.headers["Location"] == f"/rooms/{room.pk}/"
    own = client_of(here.steward, language).get(f"/rooms/{room.pk}/").content.decode()
    assert 'value="approve"' not in own
    assert 'value="withdraw"' in own
    page = client_of(here.officer, language).get(f"/rooms/{room.pk}/").content.decode()
    for said in ("District Court of Nowhere", "E-Commerce Law 25", "(2026) 17", here.order, room.proposal.digest):
        assert said in page
    assert client_of(here.court, language).get(f"/rooms/{room.pk}/").status_code == 410
    client_of(here.officer).post(f"/rooms/{room.pk}/", {"do": "approve", "digest": room.proposal.digest})
    court = client_of(here.court, language)
    assert court.get("/console/").headers["Location"] == "/rooms/"
    assert "(2026) 17" in court.get("/rooms/").content.decode()
    inside = court.get(f"/rooms/{room.pk}/").content.decode()
    for thing in (here.order, here.decision.pk, here.merchant):
        assert f"/rooms/{room.pk}/cases/{thing}/" in inside
        assert court.get(f"/rooms/{room.pk}/cases/{thing}/").status_code == 200
    assert REASONS in court.get(f"/rooms/{room.pk}/cases/{here.decision.pk}/").content.decode()
    assert here.buyer not in inside


def test_the_evidence_holds_and_names_the_buyer_only_if_the_request_does(here):
    for named in (False, True):
        room = opened(here, **({"with_persons": "on"} if named else {}))
        answer = client_of(here.court).get(f"/rooms/{room.pk}/cases/{here.order}/file/")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="order-{here.order}.json"'
        pack = json.loads(answer.content)
        assert len(check_pack(pack).facts) == 4
        assert (here.buyer in answer.content.decode()) is named
        assert Access.objects.filter(person=here.buyer, what="taken", room=room).exists() is named
        assert Access.objects.filter(person=here.merchant, what="taken", room=room).exists()


def test_an_authority_sees_the_named_cases_and_nothing_else(here):
    room = opened(here)
    court = client_of(here.court)
    for address in (
        f"/rooms/{room.pk}/cases/{here.aside.pk}/", f"/rooms/{room.pk}/cases/{here.aside.pk}/file/",
        f"/rooms/{room.pk}/cases/{here.decision.pk}/file/", "/rooms/ask/", f"/console/decisions/{here.decision.pk}/",
        f"/console/merchants/{here.merchant}/", f"/console/merchants/{here.merchant}/report/", "/console/steward/",
        "/console/looks/", "/account/staff/", f"/account/team/{here.merchant}/", "/me/", "/me/data/",
    ):
        assert court.get(address).status_code in (403, 404), address
    before = list(CaseRoom.objects.values())
    for do in ("approve", "decline", "withdraw", "close"):
        court.post(f"/rooms/{room.pk}/", {"do": do, "digest": room.proposal.digest})
    assert list(CaseRoom.objects.values()) == before
    assert client_of(here.other).get(f"/rooms/{room.pk}/").status_code == 404
    assert client_of(here.other).get(f"/rooms/{room.pk}/cases/{here.order}/").status_code == 404
    assert "(2026) 17" not in client_of(here.other).get("/rooms/").content.decode()
    for who in (here.owner, here.ann, here.admin, here.steward, here.officer, here.auditor):
        assert client_of(who).get(f"/rooms/{room.pk}/cases/{here.order}/").status_code == 403
    actions.close_room(actor=queries.actor_of(here.officer, at=now()), room_id=room.pk, realm=realm(), at=now())
    for address in ("", f"cases/{here.order}/", f"cases/{here.order}/file/"):
        assert court.get(f"/rooms/{room.pk}/{address}").status_code == 410


def test_a_wrong_button_a_wrong_digest_and_a_wrong_person_change_nothing(here):
    ask(here)
    room = CaseRoom.objects.get()
    before = list(CaseRoom.objects.values())
    for who, sent in (
        (here.steward, {"do": "approve", "digest": room.proposal.digest}), (here.steward, {"do": "decline"}),
        (here.officer, {"do": "approve", "digest": "0" * 64}), (here.officer, {"do": "approve"}),
        (here.officer, {"do": "withdraw"}), (here.officer, {"do": "close"}), (here.officer, {}), (here.officer, {"do": "\0"}),
        (here.auditor, {"do": "approve", "digest": room.proposal.digest}), (here.admin, {"do": "decline"}),
    ):
        client_of(who).post(f"/rooms/{room.pk}/", sent)
        assert list(CaseRoom.objects.values()) == before
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(here.officer)
    assert strict.post(f"/rooms/{room.pk}/", {"do": "approve", "digest": room.proposal.digest}).status_code == 403
    assert list(CaseRoom.objects.values()) == before


def test_what_was_written_stays_in_the_form_when_it_is_refused(here):
    page = ask(here, cases="order shop nothing")
    assert page.status_code == 200
    for said in ("District Court of Nowhere", "order shop nothing", "Nothing is known here as", 'value="court" checked'):
        assert said in page.content.decode()
    assert ask(here, until="tomorrow").status_code == 200
    assert ask(here, until="9999-12-31").status_code == 200
    assert not CaseRoom.objects.exists()


def test_those_concerned_read_of_it(here):
    silent = (now() + timedelta(days=50)).date().isoformat()
    opened(here, with_persons="on", silence="Criminal Procedure Law 54", tell_from=silent, reference="(2026) 99")
    for who, address in ((here.owner, f"/console/merchants/{here.merchant}/cases/"), (here.ann, "/me/data/")):
        assert "(2026) 99" not in client_of(who).get(address).content.decode()
    opened(here, with_persons="on")
    for who, address in ((here.owner, f"/console/merchants/{here.merchant}/cases/"), (here.ann, "/me/data/")):
        page = client_of(who).get(address).content.decode()
        assert "District Court of Nowhere" in page
        assert "(2026) 99" not in page
    assert "Shown to authorities" not in client_of(here.steward).get(
        f"/console/merchants/{here.merchant}/cases/").content.decode()


def test_the_officer_sees_who_looked_at_whom_and_nobody_else_does(here):
    room = opened(here, with_persons="on")
    client_of(here.court).get(f"/rooms/{room.pk}/cases/{here.order}/")
    number = RefusedEvent.objects.get().pk
    client_of(here.steward).get(f"/console/steward/refused/{number}/")
    officer = client_of(here.officer)
    page = officer.get("/console/looks/").content.decode()
    for said in ("court", "steward", here.buyer, here.merchant, "As an authority, in a case room",
                 "To correct an event that was refused", "A refused event"):
        assert said in page
    day = now().astimezone().date()
    for query, hits in (
        ("account=court", 2), ("account=COURT", 2), ("account=steward", 1), ("account=nobody", 0), ("subject=shop b0", 1),
        (f"subject={here.buyer}", 1), (f"subject={here.order}", 2), (f"subject={number}", 1), (f"room={room.pk}", 2),
        ("subject=shop nobody", 0), ("day=1999-01-01", 0), (f"day={day}&account=court", 2), ("day=x&account=court", 2),
        ("account=court&page=2", 0), ("page=x&account=court", 2), ("page=99999999&account=court", 0),
    ):
        assert officer.get(f"/console/looks/?{query}").content.decode().count('<th scope="row">') == hits, query
    for who in (here.steward, here.auditor, here.admin, here.court, here.owner, here.ann):
        assert client_of(who).get("/console/looks/").status_code == 403
    assert client_of().get("/console/looks/").status_code == 302


def test_staff_who_read_about_a_buyer_are_written_down_and_the_buyer_is_told(here):
    made = here.hidden
    for who in (here.steward, here.auditor, here.ann):
        assert client_of(who).get(f"/console/decisions/{made.pk}/").status_code == 200
    noted = list(Access.objects.filter(thing=made.pk).values_list("person", "actor", "why", "page"))
    assert noted == [
        (here.buyer, f"account:{here.steward.pk}", "decides", "decision"),
        (here.buyer, f"account:{here.auditor.pk}", "audits", "decision"),
    ]
    page = client_of(here.ann).get("/me/data/").content.decode()
    assert "A steward, to decide about your case" in page
    assert "An auditor, to check how it was decided" in page


def test_everybody_can_count_the_requests(here):
    opened(here)
    ask(here)
    page = client_of().get("/transparency/").content.decode()
    assert "What authorities asked for" in page
    assert queries.room_counts(at=now()) == {"asked": 2, "granted": 1, "refused": 0, "open": 1, "waiting": 1, "told_later": 0}


def test_every_reason_has_its_words():
    assert wording.LOOK_WHY.keys() == LOOK_REASONS.keys()
    assert wording.LOOKED.keys() == LOOK_REASONS.keys() - {"rights"}


def test_the_lists_ask_a_constant_number_of_questions(here, django_assert_max_num_queries):
    for number in range(5):
        ask(here, reference=str(number))
    client = client_of(here.officer)
    client.get("/rooms/")
    with django_assert_max_num_queries(16):
        client.get("/rooms/")
    with django_assert_max_num_queries(10):
        client.get("/console/looks/")
