"""The consoles: a merchant objects, another person decides, the score follows; who may see and do what."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client

from tests.web.conftest import account, client_of
from yinuo.config.realm import now, realm
from yinuo.credit.models import Complaint, Dispatch, Job, Run
from yinuo.decisions.actions import decide
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import ACTS, GROUNDS, Statement
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.merchants.models import Merchant
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent
from yinuo.vault.queries import source_ids_of
from yinuo.web import wording
from yinuo.web.console import merchant
from yinuo.web.phrases import REFUSALS

pytestmark = pytest.mark.django_db

WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier missed the collection."
ORDER = {"merchant": "m1", "buyer": "b1", "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
         "hand_over_by": "2026-05-03T00:00:00Z"}


@pytest.fixture
def here(event):
    """Two late orders of a merchant, one refused event, and everybody who has to do with them."""

    def follow():
        react(domains=settings.DOMAINS, realm=realm(), at=now())

    raws = [
        raw for n in range(2) for raw in (
            event("trade.order_placed", id=f"p{n}", time="2026-05-01T00:00:00Z", order=f"o{n}", **ORDER),
            event("delivery.shipment_handed_over", id=f"h{n}", time="2026-05-04T00:00:00Z", shipment=f"s{n}", order=f"o{n}"),
        )
    ]
    raws.append(event("trade.order_paid", id="paid", order="o0", amount_minor="lots"))
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    follow()
    merchant = Dispatch.objects.values_list("merchant", flat=True).first()
    return SimpleNamespace(
        merchant=merchant, follow=follow, orders=sorted(Dispatch.objects.values_list("pk", flat=True)),
        owner=account("owner", own={merchant: "merchant_owner"}), reader=account("reader", own={merchant: "merchant_reader"}),
        stranger=account("stranger", own={"mother": "merchant_owner"}), buyer=account("buyer", own={"bother": "buyer"}),
        steward=account("steward", roles=["steward"]), other=account("other", roles=["steward"]),
        auditor=account("auditor", roles=["auditor"]), finance=account("finance", roles=["finance"]),
    )


def objected(here, count=1):
    answer = client_of(here.owner).post(f"/console/merchants/{here.merchant}/outcomes/", {
        "outcome": [f"dispatch/{order}" for order in here.orders[:count]], "claimed": "carrier", "words": WORDS,
    })
    assert answer.status_code == 302
    return list(Contest.objects.order_by("pk"))


def settled(here, contests, who, **given):
    sent = {"contest": [each.pk for each in contests], "outcome": "upheld", "cause": "carrier", "ground": "evidence"}
    sent |= {"words": REASONS}
    return client_of(who).post("/console/steward/contests/settle/", sent | given)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_merchant_objects_another_person_decides_and_the_cause_follows(here, language):
    page = client_of(here.owner, language).get(f"/console/merchants/{here.merchant}/outcomes/").content.decode()
    assert page.count('name="outcome"') == 2
    assert "o0" in page
    contests = objected(here, 2)
    assert 'name="outcome"' not in client_of(here.owner).get(f"/console/merchants/{here.merchant}/outcomes/").content.decode()
    preview = settled(here, contests, here.steward)
    assert preview.status_code == 200
    assert REASONS in preview.content.decode()
    assert set(Contest.objects.values_list("state", flat=True)) == {"open"}     # a look at it changes nothing
    settled(here, contests, here.steward, confirmed="yes")
    here.follow()
    assert set(Dispatch.objects.values_list("cause", flat=True)) == {"carrier"}
    told = client_of(here.owner, language).get(f"/console/contests/{contests[0].pk}/").content.decode()
    assert REASONS in told
    assert ("Made whole" if language == "en" else "恢复说明") in told


@pytest.fixture
def complained(here, event):
    """Two complaints that the merchant was found to have caused, one of them about what no measure counts."""
    raws = []
    for name, topic in (("c0", "not_as_described"), ("c1", "service")):
        about = {"complaint": name, "merchant": "m1"}
        raws += [
            event("care.complaint_opened", id=f"{name}/o", time="2026-05-06T00:00:00Z", topic=topic, order="o1", **about),
            event("care.complaint_answered", id=f"{name}/a", time="2026-05-07T00:00:00Z", **about),
            event("care.complaint_closed", id=f"{name}/c", time="2026-05-09T00:00:00Z", outcome="upheld", cause="merchant",
                  **about),
        ]
    record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now())
    here.follow()
    return Complaint.objects.get(topic="not_as_described").pk


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_cause_of_a_complaint_is_objected_to_settled_and_follows(here, complained, event, language):
    def page(who, address):
        answer = client_of(who, language).get(address)
        assert answer.status_code == 200
        return answer.content.decode()

    def says(text, english, chinese):
        assert (english if language == "en" else chinese) in text

    outcomes = f"/console/merchants/{here.merchant}/outcomes/"
    listed = page(here.owner, outcomes)
    assert listed.count('name="outcome"') == 4
    says(listed, "Complaint: not as described", "投诉：与描述不符")
    says(listed, "of order o1", "属订单o1")
    says(listed, "costs no points; it counts in the listing’s rate of complaints", "不扣分；计入该商品的投诉率")
    assert page(here.owner, f"{outcomes}?aspect=complaint").count('name="outcome"') == 2
    link = f'href="{outcomes}?outcome=complaint/{complained}#object"'
    assert link in page(here.owner, f"/console/merchants/{here.merchant}/")
    assert 'name="outcome"' not in page(here.reader, outcomes)
    wanted = {"outcome": [f"complaint/{complained}"], "claimed": "carrier", "words": WORDS}
    client_of(here.stranger).post("/console/merchants/mother/outcomes/", wanted)
    assert not Contest.objects.exists()
    assert client_of(here.owner).post(outcomes, wanted).status_code == 302
    contest = Contest.objects.get()
    assert page(here.owner, outcomes).count('name="outcome"') == 3
    says(page(here.owner, outcomes), "disputed", "有争议")
    for who in (here.owner, here.steward):
        told = page(who, f"/console/contests/{contest.pk}/")
        for said in ("c0", "o1", WORDS):
            assert said in told
        says(told, "The buyer complained", "买家投诉时间")
        says(told, "Cause that was stated", "原先认定的原因")
    shown = "c0 · Complaint: not as described", "c0 · 投诉：与描述不符"
    says(page(here.steward, "/console/steward/contests/?kind=complaint"), *shown)
    says(page(here.owner, f"/console/merchants/{here.merchant}/cases/"), *shown)
    assert settled(here, [contest], here.steward).status_code == 200
    settled(here, [contest], here.steward, confirmed="yes")
    here.follow()
    assert Complaint.objects.get(pk=complained).cause == "carrier"
    assert page(here.owner, f"{outcomes}?aspect=complaint").count('name="outcome"') == 1
    says(page(here.owner, f"/console/contests/{contest.pk}/"), "It counts as through", "认定原因")
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[event(
        "care.complaint_closed", id="c0/c2", time="2026-05-10T00:00:00Z", supersedes="c0/c", complaint="c0", merchant="m1",
        outcome="withdrawn",
    )])
    here.follow()
    says(page(here.owner, f"/console/contests/{contest.pk}/"), "It was corrected or taken back since", "此后已被更正或撤回")


def test_a_rejection_is_appealed_and_answered_by_another(here):
    contests = objected(here)
    settled(here, contests, here.steward, outcome="rejected", ground="no_evidence", confirmed="yes")
    decision = Decision.objects.get()
    page = client_of(here.owner).get(f"/console/decisions/{decision.pk}/").content.decode()
    for said in (REASONS, "Nothing was brought that speaks against the fact.", "PIPL 24", "by a person", "Send the appeal"):
        assert said in page
    client_of(here.owner).post(f"/console/decisions/{decision.pk}/", {"words": WORDS})
    appeal = Appeal.objects.get()
    answer = {"outcome": "upheld", "cause": "carrier", "words": REASONS + " It had been overlooked."}
    assert client_of(here.steward).post(f"/console/appeals/{appeal.pk}/", answer).status_code == 403
    assert "Another person must answer this" in client_of(here.steward).get(f"/console/appeals/{appeal.pk}/").content.decode()
    assert client_of(here.other).post(f"/console/appeals/{appeal.pk}/", answer).status_code == 302
    here.follow()
    assert Dispatch.objects.get(pk=here.orders[0]).cause == "carrier"
    assert "It had been overlooked." in client_of(here.owner).get(f"/console/decisions/{decision.pk}/").content.decode()
    told = client_of(here.owner).get(f"/console/contests/{contests[0].pk}/").content.decode()
    assert REASONS not in told      # why it was rejected is not why it was upheld
    assert f'<a href="/console/decisions/{decision.pk}/">The answer to the appeal</a>' in told


def test_a_warning_is_given_with_its_reasons_only(here):
    address = f"/console/steward/decide/?merchant={here.merchant}"
    page = client_of(here.steward).get(address)
    if page.status_code == 404:      # only orders told of this merchant: it was never registered
        record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[json.dumps({
            "specversion": "1.0", "id": "reg", "source": "shop", "type": "merchants.merchant_registered",
            "time": "2026-01-01T00:00:00Z", "data": {"merchant": "m1", "name": "Tea"}}).encode()])
        here.follow()
        page = client_of(here.steward).get(address)
    key = page.content.decode().split('name="fact" value="')[1][:32]
    given = {"act": "warning", "ground": "terms", "words": REASONS, "fact": [key]}
    for lacking in ({"words": ""}, {"fact": []}, {"ground": "because"}, {"act": "exile"}):
        assert client_of(here.steward).post(address, given | lacking).status_code == 200
    assert not Decision.objects.exists()
    assert client_of(here.auditor).post(address, given).status_code == 404
    assert not Decision.objects.exists()
    assert client_of(here.steward).post(address, given).status_code == 302
    decision = Decision.objects.get()
    assert (decision.act, decision.merchant, decision.decided_by) == ("warning", here.merchant, f"account:{here.steward.pk}")
    assert "A warning" in client_of(here.owner).get(f"/console/merchants/{here.merchant}/cases/").content.decode()


@pytest.mark.parametrize(("language", "reasons"), [
    ("en", "Since the objection was made, swift has proved another cause."),
    ("zh-hans", "提出异议之后，swift 证明了另一个原因"),
])
def test_the_reasons_that_a_machine_gives_are_said_in_the_readers_language(here, event, language, reasons):
    (contest,) = objected(here)
    order = realm_names(here)[contest.order]
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[event(
        "delivery.hand_over_explained", id="x", time="2026-05-05T00:00:00Z", shipment=order.replace("o", "s"), order=order,
        cause="carrier", proved_by="swift",
    )])
    here.follow()
    page = client_of(here.owner, language).get(f"/console/contests/{contest.pk}/").content.decode()
    assert reasons in page
    decision = Decision.objects.get()
    assert reasons in client_of(here.owner, language).get(f"/console/decisions/{decision.pk}/").content.decode()


def realm_names(here):
    return {surrogate: name for surrogate, (_, name) in source_ids_of(surrogates=here.orders, realm=realm()).items()}


def test_long_lists_of_cases_come_in_pages_and_the_overview_shows_a_few(here, monkeypatch):
    monkeypatch.setattr(merchant, "CASES_SHOWN", 2)
    monkeypatch.setattr(merchant, "WAITING_FIRST", 1)
    address = f"/console/merchants/{here.merchant}/cases/"
    contests = objected(here, 2)
    assert client_of(here.owner).get(address).content.decode().count('rel="next"') == 0
    overview = client_of(here.owner).get(f"/console/merchants/{here.merchant}/").content.decode()
    assert overview.count("/console/contests/") == 1
    assert f'href="{address}">All of them' in overview
    words = "The shop sold goods without the licence that they need, in {}."
    for place in ("May", "June", "July"):
        statement = Statement(
            act="warning", ground="terms", facts=(contests[0].event,), words=words.format(place), automated="no", since=now(),
            merchant=here.merchant,
        )
        decide(actor=Actor("account:7", frozenset({"steward"})), statement=statement, realm=realm(), at=now())
    seen, page = [], client_of(here.owner).get(address).content.decode()
    while more := re.search(r'rel="next" href="(\?decided_after=\w+)"', page):
        seen += re.findall(r"/console/decisions/(\w+)/", page)
        page = client_of(here.owner).get(address + more[1]).content.decode()
    seen += re.findall(r"/console/decisions/(\w+)/", page)
    assert sorted(set(seen)) == sorted(Decision.objects.values_list("pk", flat=True))
    assert "Back to the first" in page


def test_a_steward_corrects_and_replays_a_refused_event(here):
    event = RefusedEvent.objects.get()
    listed = client_of(here.steward).get("/console/steward/refused/").content.decode()
    assert "whole number" in listed
    page = client_of(here.steward).get(f"/console/steward/refused/{event.pk}/").content.decode()
    assert "lots" in page
    wrong = client_of(here.steward).post(f"/console/steward/refused/{event.pk}/", {"event": "{"})
    assert wrong.status_code == 200
    assert RefusedEvent.objects.get().replayed is None
    mended = json.dumps({"specversion": "1.0", "id": "paid", "source": "shop", "type": "trade.order_paid",
                         "time": "2026-05-01T00:00:00Z", "data": {"order": "o0", "amount_minor": 5000}})
    assert client_of(here.steward).post(f"/console/steward/refused/{event.pk}/", {"event": mended}).status_code == 302
    assert not RefusedEvent.objects.filter(replayed=None).exists()


SEEN = {     # page: who gets it; everybody else is told that it is not there, or asked to sign in
    "/console/merchants/{merchant}/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/merchants/{merchant}/today/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/merchants/{merchant}/what-if/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/merchants/{merchant}/outcomes/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/merchants/{merchant}/cases/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/contests/{contest}/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/decisions/{decision}/": {"owner", "reader", "steward", "other", "auditor"},
    "/console/steward/": {"steward", "other", "auditor"},
    "/console/steward/contests/": {"steward", "other", "auditor"},
    "/console/steward/appeals/": {"steward", "other", "auditor"},
    "/console/steward/refused/": {"steward", "other"},
    "/console/steward/refused/{refused}/": {"steward", "other"},
    "/console/steward/decide/?merchant={merchant}": {"steward", "other"},
    "/console/appeals/{appeal}/": {"steward", "other", "auditor"},
    "/console/runs/": {"steward", "other", "auditor"},
    "/console/runs/nrun/": {"steward", "other", "auditor"},
    "/console/jobs/qjob/": {"steward", "other", "auditor"},
}


def test_every_page_is_for_those_only_whom_it_is_for(here):
    contests = objected(here, 2)
    settled(here, contests[:1], here.steward, outcome="rejected", ground="no_evidence", confirmed="yes")
    client_of(here.owner).post(f"/console/decisions/{Decision.objects.get().pk}/", {"words": WORDS})
    known = {
        "merchant": here.merchant, "contest": contests[0].pk, "decision": Decision.objects.get().pk,
        "refused": RefusedEvent.objects.get().pk, "appeal": Appeal.objects.get().pk,
    }
    Run.objects.create(id="nrun", size=1, as_of=1, scorecard="c", mode="public", state="waiting", climate="", standings="",
                       merchants=1, moved=1, completed=now())
    Job.objects.create(id="qjob", kind="recompute", run="nrun", asked_by="account:1", asked=now())
    Merchant.objects.get_or_create(pk=here.merchant)
    people = ["owner", "reader", "stranger", "buyer", "steward", "other", "auditor", "finance"]
    for address, meant_for in SEEN.items():
        for name in people:
            status = client_of(getattr(here, name)).get(address.format(**known)).status_code
            assert (status == 200) == (name in meant_for), (address, name, status)
            assert status in (200, 403, 404)
        assert client_of().get(address.format(**known)).status_code == 302


@pytest.mark.parametrize("name", ["reader", "stranger", "buyer", "auditor", "finance", "steward"])
def test_nobody_else_objects_appeals_or_settles(here, name):
    who = client_of(getattr(here, name))
    (contest, *_) = objected(here)
    outcome = {"outcome": [f"dispatch/{here.orders[1]}"], "claimed": "carrier", "words": WORDS}
    assert who.post(f"/console/merchants/{here.merchant}/outcomes/", outcome).status_code in (403, 404)
    assert who.post(f"/console/contests/{contest.pk}/").status_code in (403, 404)
    if name != "steward":
        assert settled(here, [contest], getattr(here, name), confirmed="yes").status_code in (403, 404)
    assert Contest.objects.count() == 1
    assert Contest.objects.get().state == "open"
    assert not Decision.objects.exists()


def test_staff_without_a_second_factor_see_nothing(here):
    Authenticator.objects.filter(user=here.steward).delete()
    assert client_of(here.steward).get("/console/steward/").status_code == 404


def test_forms_ask_for_their_token(here):
    client = Client(enforce_csrf_checks=True)
    client.force_login(here.owner)
    sent = {"outcome": [f"dispatch/{here.orders[0]}"], "claimed": "carrier", "words": WORDS}
    assert client.post(f"/console/merchants/{here.merchant}/outcomes/", sent).status_code == 403
    assert not Contest.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_public_sees_how_we_judge(here, language):
    empty = client_of(language=language).get("/transparency/")
    assert empty.status_code == 200
    settled(here, objected(here), here.steward, confirmed="yes")
    page = client_of(language=language).get("/transparency/").content.decode()
    assert ("What the evidence shows." if language == "en" else "根据证据认定。") in page
    assert len(page) < 100_000


def test_every_act_ground_and_refusal_has_its_words():
    assert wording.ACTS_WORDS.keys() == ACTS.keys()
    assert wording.GROUNDS_WORDS.keys() == GROUNDS.keys()
    assert len(REFUSALS) > 10
