"""The stewards' lists: filtered, kept, many handled at once with a look before; and what an auditor sees of them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests.web.conftest import account, client_of
from yinuo.config.realm import now, realm
from yinuo.credit import actions as credit
from yinuo.credit.actions.publish import CARD_REASON, MOVED_REASON, OUTAGE_REASON
from yinuo.credit.models import Dispatch, Job, Mover, Run, RunProof
from yinuo.decisions import actions
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.refusals import NotAllowed
from yinuo.merchants.models import Merchant
from yinuo.people.models import SavedFilter
from yinuo.people.rules import FILTERS_MAX
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.record.models import RefusedEvent
from yinuo.timers.models import Timer
from yinuo.web.console import queues
from yinuo.web.console.runs import reason_words

pytestmark = pytest.mark.django_db
WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier missed the collection."
ORDERS = 14


def bad(event, number, source="shop"):
    return event("trade.order_paid", id=f"bad-{number}", order=f"o{number}", amount_minor="lots", source=source)


@pytest.fixture
def here(event):
    """Late orders of two merchants, refused events of two shops, and everybody who has to do with them."""

    def follow():
        react(domains=settings.DOMAINS, realm=realm(), at=now())

    raws = []
    for n in range(ORDERS):
        order = {"merchant": f"m{n % 2}", "buyer": "b1", "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
                 "hand_over_by": "2026-05-03T00:00:00Z"}
        raws += [
            event("trade.order_placed", id=f"p{n}", time="2026-05-01T00:00:00Z", order=f"o{n}", **order),
            event("delivery.shipment_handed_over", id=f"h{n}", time="2026-05-04T00:00:00Z", shipment=f"s{n}", order=f"o{n}"),
        ]
    raws += [
        event("merchants.merchant_registered", id=f"r{n}", time="2026-01-01T00:00:00Z", merchant=f"m{n}", name=name)
        for n, name in enumerate(("Tea House", "Kite Works"))
    ]
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[*raws, *(bad(event, n) for n in range(4))])
    record.take_events(actor=SYSTEM, source="other", realm=realm(), at=now(), raws=[bad(event, 9, "other")])
    follow()
    tea = Merchant.objects.get(name="Tea House").pk
    kite = Merchant.objects.get(name="Kite Works").pk
    owner = account("owner", own={tea: "merchant_owner", kite: "merchant_owner"})
    actor = Actor(f"account:{owner.pk}", own={tea: frozenset({"merchant_owner"}), kite: frozenset({"merchant_owner"})})
    return SimpleNamespace(
        tea=tea, kite=kite, follow=follow, owner=owner, actor=actor, steward=account("steward", roles=["steward"]),
        other=account("other", roles=["steward"]), auditor=account("auditor", roles=["auditor"]),
    )


def objected(here, merchant, count, *, claimed="carrier", days=5):
    """Open contests of a merchant, due in so many days."""
    contested = set(Contest.objects.values_list("order", flat=True))
    orders = Dispatch.objects.filter(merchant=merchant).exclude(pk__in=contested).order_by("pk").values_list("pk", flat=True)
    return credit.contest_causes(
        actor=here.actor, merchant=merchant, orders=list(orders)[:count], aspect="dispatch", claimed=claimed,
        objection=Objection(WORDS, now() + timedelta(days=days)), realm=realm(), at=now(),
    )


def listed(page, name="contest"):
    return re.findall(rf'name="{name}" value="([^"]+)"', page.content.decode())


def settle(here, who, ids, **given):
    sent = {"contest": ids, "outcome": "upheld", "cause": "carrier", "ground": "evidence", "words": REASONS} | given
    return client_of(who).post("/console/steward/contests/settle/", sent)


# Filters


def test_a_queue_is_filtered_by_its_address(here):
    late = [c.pk for c in objected(here, here.tea, 2, days=-1)]
    soon = [c.pk for c in objected(here, here.kite, 2, claimed="buyer", days=0.5)]
    far = [c.pk for c in objected(here, here.tea, 1, days=30)]
    who = client_of(here.steward)

    def found(query):
        answer = who.get(f"/console/steward/contests/?{query}")
        assert answer.status_code == 200
        return set(listed(answer))

    assert found("") == {*late, *soon, *far}
    assert found("clock=late") == set(late)
    assert found("clock=today") == {*late, *soon}
    assert found("claimed=buyer") == set(soon)
    assert found("merchant=kite") == set(soon)
    assert found(f"merchant={here.tea}&clock=late") == set(late)
    assert found("merchant=nobody+here") == set()
    assert found("kind=delivery") == set()
    assert found("clock=never&claimed=nobody&state=%27%3B--") == {*late, *soon, *far}       # what is unknown filters nothing
    who.post("/console/steward/take/", {"contest": late, "take": "yes"})
    assert found("mine=me") == set(late)
    assert found("mine=nobody") == {*soon, *far}
    settle(here, here.steward, soon, outcome="rejected", ground="no_evidence", confirmed="yes")
    assert found("") == {*late, *far}
    page = who.get("/console/steward/contests/?state=rejected&ground=no_evidence").content.decode()
    assert page.count("/console/contests/") == len(soon)
    assert "/console/contests/" not in who.get("/console/steward/contests/?state=rejected&ground=evidence").content.decode()


def test_the_pages_of_a_queue_meet_and_leave_nobody_out(here, monkeypatch):
    monkeypatch.setattr(queues, "PAGE", 3)
    every = [c.pk for c in (*objected(here, here.tea, 5, days=2), *objected(here, here.kite, 5, days=2))]
    for state in ("open", "all"):
        seen, after = [], ""
        while True:
            page = client_of(here.steward).get(f"/console/steward/contests/?state={state}&after={after}")
            seen += listed(page)
            more = re.search(r'rel="next" href="[^"]*after=(\w+)"', page.content.decode())
            if not more:
                break
            after = more.group(1)
        assert sorted(seen) == sorted(every)
    assert client_of(here.steward).get("/console/steward/contests/?after=tnone").status_code == 404


def test_a_filter_is_kept_under_a_name_of_ones_own(here):
    who = client_of(here.steward)
    keep = {"queue": "contests", "name": "  Late <b>ones</b> ", "query": "clock=late&merchant=kite&evil=1"}
    answer = who.post("/console/steward/filters/", keep)
    assert answer.status_code == 302
    assert answer["Location"] == "/console/steward/contests/?clock=late&merchant=kite"
    saved = SavedFilter.objects.get()
    assert (saved.name, saved.query, saved.account) == ("Late <b>ones</b>", "clock=late&merchant=kite", here.steward)
    page = who.get("/console/steward/contests/?clock=late&merchant=kite").content.decode()
    assert "Late &lt;b&gt;ones&lt;/b&gt;" in page
    assert 'href="?clock=late&amp;merchant=kite" aria-current="true"' in page
    assert "Late &lt;b&gt;" not in client_of(here.other).get("/console/steward/contests/").content.decode()
    assert "Late &lt;b&gt;" not in who.get("/console/steward/appeals/").content.decode()
    client_of(here.other).post("/console/steward/filters/", {"queue": "contests", "forget": saved.pk})
    assert SavedFilter.objects.count() == 1
    who.post("/console/steward/filters/", keep | {"query": "clock=today"})        # the same name again replaces it
    assert SavedFilter.objects.get().query == "clock=today"
    who.post("/console/steward/filters/", {"queue": "contests", "query": "", "forget": saved.pk})
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("given", [
    {"name": ""}, {"name": " \n "}, {"name": "x" * 41}, {"name": "a\u202eb"}, {"name": "a\x00b"},
    {"forget": "x"}, {"forget": "9" * 40}, {"forget": "-1"},
])
def test_a_filter_without_a_good_name_is_not_kept(here, given):
    answer = client_of(here.steward).post("/console/steward/filters/", {"queue": "contests", "query": ""} | given)
    assert answer.status_code in (302, 400)
    assert not SavedFilter.objects.exists()


def test_a_filter_leads_nowhere_else(here):
    for query in ("//evil.example/", "https://evil.example/", "after=t1&next=//evil.example", "clock=late\r\nSet-Cookie: a=b"):
        answer = client_of(here.steward).post("/console/steward/filters/", {"queue": "contests", "query": query, "name": "n"})
        assert answer["Location"].startswith("/console/steward/contests/")
        assert "evil" not in answer["Location"]
    assert client_of(here.steward).post("/console/steward/filters/", {"queue": "//evil", "name": "n"}).status_code == 404


def test_so_many_filters_and_no_more(here):
    for number in range(FILTERS_MAX + 3):
        client_of(here.steward).post("/console/steward/filters/", {"queue": "appeals", "name": f"n{number}", "query": ""})
    assert SavedFilter.objects.count() == FILTERS_MAX


def test_merchants_keep_no_filters(here):
    assert client_of(here.owner).post("/console/steward/filters/", {"queue": "contests", "name": "n"}).status_code == 404
    assert not SavedFilter.objects.exists()


# Many at once


def test_the_preview_says_what_follows_and_changes_nothing(here):
    ids = [c.pk for c in objected(here, here.tea, 2)]
    page = settle(here, here.steward, ids).content.decode()
    assert "1 person of their team" in page
    assert REASONS in page
    assert "Settle 2 objections" in page
    assert not Decision.objects.exists()
    assert set(Contest.objects.values_list("state", flat=True)) == {"open"}


def test_what_changed_in_between_is_refused_by_itself_and_nothing_is_lost(here):
    first, second, third = objected(here, here.tea, 3)
    ids = [first.pk, second.pk, third.pk, "tgone"]
    assert "Settle 3 objections" in settle(here, here.steward, ids).content.decode()
    actions.withdraw_contest(actor=here.actor, contest_id=first.pk, realm=realm(), at=now())
    settle(here, here.other, [second.pk], confirmed="yes")
    page = settle(here, here.steward, ids, confirmed="yes").content.decode()
    assert "1 objection was settled" in page
    for said in ("This was withdrawn already.", "This was upheld already.", "Not all of these contests exist."):
        assert said in page
    assert REASONS in page          # in the form to say it otherwise
    states = dict(Contest.objects.values_list("pk", "state"))
    assert states == {first.pk: "withdrawn", second.pk: "upheld", third.pk: "upheld"}
    assert Decision.objects.count() == 2
    assert Decision.objects.get(contest=second.pk).decided_by == f"account:{here.other.pk}"
    assert not Timer.objects.filter(subject__in=ids, done=None).exists()
    here.follow()
    assert Dispatch.objects.filter(cause="carrier").count() == 2


def test_whoever_settled_before_settles_the_others_only(here):
    (first,) = objected(here, here.tea, 1)
    settle(here, here.steward, [first.pk], outcome="rejected", ground="no_evidence", confirmed="yes")
    again = credit.contest_causes(
        actor=here.actor, merchant=here.tea, orders=[first.order], aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, now() + timedelta(days=5)), realm=realm(), at=now(),
    )
    (fresh,) = objected(here, here.kite, 1)
    page = settle(here, here.steward, [again[0].pk, fresh.pk], confirmed="yes").content.decode()
    assert "You had a part in this matter" in page
    assert dict(Contest.objects.exclude(pk=first.pk).values_list("pk", "state")) == {again[0].pk: "open", fresh.pk: "upheld"}


@pytest.mark.parametrize(
    "given", [{"words": "no"}, {"ground": "no_evidence"}, {"cause": ""}, {"cause": "merchant"}, {"ground": "x"}]
)
def test_what_cannot_be_decided_like_this_is_refused_for_each(here, given):
    ids = [c.pk for c in objected(here, here.tea, 2)]
    for confirmed in ({}, {"confirmed": "yes"}):
        answer = settle(here, here.steward, ids, **given, **confirmed)
        assert answer.status_code == 200
        assert "These stay as they are" in answer.content.decode()
    assert not Decision.objects.exists()
    assert set(Contest.objects.values_list("state", flat=True)) == {"open"}


def test_the_confirmation_warns_that_no_cause_is_named(here):
    ids = [c.pk for c in objected(here, here.tea, 2)]
    page = settle(here, here.steward, ids, cause="").content.decode()
    for words in ("None of these can be settled like this", "No cause is named", "Say it otherwise", REASONS):
        assert words in page
    for given in ({}, {"outcome": "rejected", "cause": "", "ground": "no_evidence"}):
        assert "No cause is named" not in settle(here, here.steward, ids, **given).content.decode()


@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "yes"}])
def test_many_take_as_many_queries_as_one(here, confirmed):
    def asked(ids):
        who = client_of(here.steward)
        who.get("/console/steward/")
        sent = {"contest": ids, "outcome": "upheld", "cause": "carrier", "ground": "evidence", "words": REASONS} | confirmed
        with CaptureQueriesContext(connection, ) as queries:
            assert who.post("/console/steward/contests/settle/", sent).status_code == 200
        return [query["sql"][:60] for query in queries.captured_queries]

    few = asked([c.pk for c in objected(here, here.tea, 1)])
    many = asked([c.pk for c in (*objected(here, here.tea, 5), *objected(here, here.kite, 6))])
    assert len(many) == len(few)


@pytest.mark.parametrize("address", [
    "/console/steward/", "/console/steward/contests/", "/console/steward/appeals/", "/console/steward/refused/",
    "/console/runs/", "/console/runs/nrun/",
])
def test_a_list_takes_as_many_queries_for_many_as_for_one(here, event, address):
    Run.objects.create(id="nrun", size=1, as_of=1, scorecard="c", mode="public", state="published", climate="", standings="",
                       merchants=1, moved=1, completed=now())
    Mover.objects.create(id="nrun/0", run="nrun", place=0, merchant=here.tea, band_before="good", band="poor", causes=[])
    first = objected(here, here.tea, 2)
    settle(here, here.steward, [first[0].pk], outcome="rejected", ground="no_evidence", confirmed="yes")
    appealed(here)
    few = counted(here, address)
    settle(here, here.steward, [c.pk for c in objected(here, here.kite, 6)], outcome="rejected", ground="no_evidence",
           confirmed="yes")
    appealed(here)
    objected(here, here.tea, 5)
    actions.take_contests(actor=actor_of(here.steward), ids=list(Contest.objects.values_list("pk", flat=True)), is_taken=True)
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[bad(event, n) for n in range(20, 40)])
    for place in range(1, 20):
        Mover.objects.create(
            id=f"nrun/{place}", run="nrun", place=place, merchant=here.kite, band_before="a", band="b", causes=[]
        )
        Run.objects.create(id=f"nrun{place}", size=1, as_of=1, scorecard="c", mode="public", state="waiting", climate="",
                           standings="", merchants=1, moved=1, completed=now() - timedelta(days=place))
    assert counted(here, address) in (few, few + 1)     # the names of who looks, once anybody does


def actor_of(who):
    return Actor(f"account:{who.pk}", frozenset({"steward"}))


def counted(here, address):
    who = client_of(here.steward)
    who.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert who.get(address).status_code == 200
    return len(queries)


def appealed(here):
    for decision in Decision.objects.exclude(pk__in=Appeal.objects.values("decision")):
        actions.open_appeal(
            actor=here.actor, decision_id=decision.pk, objection=Objection(WORDS, now() + timedelta(days=3)), realm=realm(),
            at=now(),
        )


# Who looks at it


def test_saying_that_one_looks_binds_nobody(here):
    (contest,) = objected(here, here.tea, 1)
    client_of(here.steward).post("/console/steward/take/", {"contest": [contest.pk], "take": "yes"})
    assert "steward looks" in client_of(here.other).get("/console/steward/contests/").content.decode()
    client_of(here.other).post("/console/steward/take/", {"contest": [contest.pk], "take": "no"})    # not theirs
    assert Contest.objects.get().taken_by == f"account:{here.steward.pk}"
    settle(here, here.other, [contest.pk], confirmed="yes")
    assert Contest.objects.get().state == "upheld"
    for name in ("owner", "auditor"):
        assert client_of(getattr(here, name)).post("/console/steward/take/", {"contest": [contest.pk]}).status_code == 404
    with pytest.raises(NotAllowed):
        actions.take_appeals(actor=here.actor, ids=[], is_taken=True)


# Refused events


def test_refused_events_are_filtered_and_handled_many_at_once(here, event):
    who = client_of(here.steward)
    mine = RefusedEvent.objects.filter(source="shop").order_by("pk")
    ids = [str(pk) for pk in mine.values_list("pk", flat=True)]
    assert listed(who.get("/console/steward/refused/?source=shop"), "event") == ids
    assert listed(who.get("/console/steward/refused/?source=nobody"), "event")      # unknown: as if not chosen
    assert listed(who.get("/console/steward/refused/?age=week"), "event") == []
    record.take_events(
        actor=SYSTEM, source="shop", realm=realm(), at=now() - timedelta(days=9), raws=[bad(event, 50)]
    )
    old = RefusedEvent.objects.latest("pk")
    assert listed(who.get("/console/steward/refused/?age=week"), "event") == [str(old.pk)]
    old.delete()
    preview = who.post("/console/steward/refused/many/", {"act": "drop", "event": [*ids[:2], "999999", "x"]})
    page = preview.content.decode()
    assert "Drop 2 events" in page
    assert "It does not wait any more." in page
    assert RefusedEvent.objects.count() == 5
    done = who.post("/console/steward/refused/many/", {"act": "drop", "event": ids[:2], "confirmed": "yes"})
    assert "2 events were dropped" in done.content.decode()
    assert RefusedEvent.objects.count() == 3


def test_refused_events_are_taken_in_again_each_by_itself(here, event):
    who = client_of(here.steward)
    ids = [str(pk) for pk in RefusedEvent.objects.filter(source="shop").order_by("pk").values_list("pk", flat=True)]
    page = who.post("/console/steward/refused/many/", {"act": "replay", "event": ids[:2]}).content.decode()
    assert "These stay as they are" in page          # they cannot be read as they came
    assert "Take 2 events in" not in page
    # a conflict with what was taken in: readable, and refused again
    placed = event("trade.order_placed", id="p0", time="2026-05-02T00:00:00Z", order="o0", merchant="m0", buyer="b1",
                   amount_minor=1, currency="CNY", carrier="swift", hand_over_by="2026-05-03T00:00:00Z")
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[placed])
    conflict = RefusedEvent.objects.latest("pk")
    before = RefusedEvent.objects.count()
    done = who.post("/console/steward/refused/many/", {"act": "replay", "event": [conflict.pk, *ids[:1]], "confirmed": "yes"})
    assert "0 events were taken in" in done.content.decode()
    assert RefusedEvent.objects.count() == before        # nothing is kept a second time
    assert not RefusedEvent.objects.exclude(replayed=None).exists()


def test_what_can_be_read_by_now_is_taken_in(here, event):
    """An event that lay ahead of the clock when it came."""
    ahead = event("trade.order_paid", id="ahead", time=(now() + timedelta(hours=3)).isoformat(), order="o1", amount_minor=5000)
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[ahead])
    kept = RefusedEvent.objects.latest("pk")
    later = now() + timedelta(hours=4)
    assert record.still_refused(actor=SYSTEM, numbers=[kept.pk], realm=realm(), at=later) == {}
    wrong = RefusedEvent.objects.filter(source="other").get().pk
    refused = record.replay_each(actor=SYSTEM, numbers=[kept.pk, wrong, 777_777], realm=realm(), at=later)
    assert set(refused) == {wrong, 777_777}
    kept.refresh_from_db()
    assert kept.replayed is not None
    assert bytes(kept.raw) == b""


def test_a_refused_event_is_laid_out_line_by_line_and_taken_as_it_stands_there(here, event):
    who = client_of(here.steward)
    wrong = event("trade.order_paid", id="laid", order="o1", amount_minor="5\u4e2d").replace(b'"o1"', b'"o1","order":"o1"')
    record.take_events(actor=SYSTEM, source="shop", realm=realm(), at=now(), raws=[wrong, b"{cut off"])
    kept, cut = RefusedEvent.objects.order_by("-pk")[1], RefusedEvent.objects.latest("pk")

    def shown(one):
        page = who.get(f"/console/steward/refused/{one.pk}/").content.decode()
        return unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1])

    text = shown(kept)
    assert text.count('\n    "order": "o1"') == 2       # a name twice stays twice
    assert shown(cut) == "{cut off"
    right = text.replace('"5\u4e2d"', "5000").replace('    "order": "o1",\n', "", 1).replace("\n", "\r\n")
    assert who.post(f"/console/steward/refused/{kept.pk}/", {"event": right}).status_code == 302
    kept.refresh_from_db()
    assert kept.replayed is not None


def test_only_stewards_handle_refused_events(here):
    for name in ("auditor", "owner"):
        who = client_of(getattr(here, name))
        assert who.post("/console/steward/refused/many/", {"act": "drop", "event": ["1"], "confirmed": "y"}).status_code == 404
    assert client_of(here.steward).post("/console/steward/refused/many/", {"act": "burn", "event": ["1"]}).status_code == 422
    assert RefusedEvent.objects.count() == 5


# The auditor


def test_an_auditor_sees_everything_and_no_button_that_is_not_theirs(here):
    first, second = objected(here, here.tea, 2)
    settle(here, here.steward, [first.pk], outcome="rejected", ground="no_evidence", confirmed="yes")
    appealed(here)
    Run.objects.create(id="nrun", size=1, as_of=1, scorecard="c", mode="public", state="waiting", climate="", standings="",
                       merchants=1, moved=1, completed=now())
    who = client_of(here.auditor)
    decision, appeal = Decision.objects.get().pk, Appeal.objects.get().pk
    for address in (
        "/console/steward/", "/console/steward/contests/", "/console/steward/contests/?state=all", "/console/steward/appeals/",
        f"/console/contests/{first.pk}/", f"/console/contests/{second.pk}/", f"/console/decisions/{decision}/",
        f"/console/appeals/{appeal}/", "/console/runs/", "/console/runs/nrun/", f"/console/merchants/{here.tea}/",
        f"/console/merchants/{here.tea}/outcomes/", f"/console/merchants/{here.tea}/cases/",
    ):
        page = who.get(address)
        assert page.status_code == 200, address
        text = page.content.decode()
        for action in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', text):
            assert action == "/console/steward/filters/" or "/take/" in action or "/settle/" in action, (address, action)
        for verb in (
            "Settle it", "Settle the chosen", "Answer the appeal", "Send the appeal", "Release the run", "Decide about",
            "I look at", "checkbox\" name",
        ):
            assert verb not in text, (address, verb)
    for address in (f"/console/appeals/{appeal}/", "/console/runs/nrun/release/", "/console/steward/contests/settle/",
                    "/console/steward/decide/"):
        given = {"outcome": "upheld", "words": REASONS, "contest": [second.pk]}
        assert who.post(address, given).status_code in (403, 404), address
    assert (Appeal.objects.get().state, Contest.objects.get(pk=second.pk).state, Run.objects.get().state) == (
        "open", "open", "waiting"
    )


# Runs


@pytest.fixture
def run(db):
    made = Run.objects.create(
        id="nrun", size=100, as_of=20_605, scorecard="c", mode="public", state="waiting", climate="aa", standings="bb",
        merchants=900, moved=81, completed=now(),
        reason="81 of 900 merchants would change their band; at most 18 may without a look.",
    )
    RunProof.objects.create(run="nrun", climate=b"", leaves=b"")
    return made


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_held_run_says_why_with_the_gates_numbers(here, run, language):
    for address in ("/console/steward/", "/console/runs/", "/console/runs/nrun/"):
        page = client_of(here.steward, language).get(address).content.decode()
        assert ("81 of 900 merchants" if language == "en" else "900家商家中有81家的等级会变") in page
    assert ("May without a look" if language == "en" else "无需查看的上限") in page
    assert ">18<" in page


def test_a_run_is_recomputed_and_released_as_jobs_whose_pages_tell(here, run):
    answer = client_of(here.auditor).post("/console/runs/nrun/recompute/")
    job = Job.objects.get()
    assert answer["Location"] == f"/console/jobs/{job.pk}/"
    page = client_of(here.auditor).get(answer["Location"]).content.decode()
    assert 'data-watched="going"' in page
    assert ">Look again</a>" in page
    assert "It waits for its turn" in page
    Job.objects.update(began=now(), done=2, total=5)
    assert "Step 2 of 5" in client_of(here.auditor).get(answer["Location"]).content.decode()
    assert "It is being recomputed." in client_of(here.auditor).get("/console/runs/nrun/").content.decode()
    Job.objects.update(ended=now(), outcome="agrees", found={"standings": 900, "climate_agrees": True})
    page = client_of(here.auditor).get(answer["Location"]).content.decode()
    assert "all 900 standings came out the same" in page
    assert 'data-watched="going"' not in page
    assert "Look again" not in page
    assert client_of(here.steward).post("/console/runs/nrun/release/", {"words": "ok"})["Location"] == "/console/runs/nrun/"
    answer = client_of(here.steward).post("/console/runs/nrun/release/", {"words": REASONS})
    assert REASONS in client_of(here.auditor).get(answer["Location"]).content.decode()
    assert Job.objects.get(kind="release").asked_by == f"account:{here.steward.pk}"
    assert json.dumps(list(Job.objects.values_list("words", flat=True))).count(REASONS) == 0     # sealed, not beside it
    assert client_of(here.steward).post("/console/runs/nnone/recompute/").status_code == 302
    assert client_of(here.steward).get("/console/runs/nnone/").status_code == 404
    assert Timer.objects.filter(kind="credit.job", done=None).count() == 2


def test_the_gates_sentences_are_those_that_the_gate_writes():
    told = " ".join([
        OUTAGE_REASON.format(days="2026-05-01, 2026-05-02 from swift"),
        CARD_REASON.format(new="two", old="one", days=28, moved=7, merchants=90),
        MOVED_REASON.format(moved=81, merchants=900, allowed=18),
    ])
    with translation.override("en"):
        assert reason_words(told) == told
    with translation.override("zh-hans"):
        assert not re.search("merchants|outcome|Scorecard", reason_words(told))
