"""The Python client as a person's program, against a live server."""

from __future__ import annotations

import importlib.util
import inspect
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import zipfile
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yinuo_client
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import connection
from yinuo_client import Client, Event, Person, Problem, Unreachable

from yinuo.cli._here import now, realm
from yinuo.config.api import api
from yinuo.credit.models import Mover, Run, Standing
from yinuo.kit.actors import SYSTEM
from yinuo.people import actions as people
from yinuo.people.models import Account, Grant, Membership
from yinuo.pipelines import rescore
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.simulate.market import Plan
from yinuo.simulate.market import events as market_events
from yinuo.vault.queries import surrogate_of

PATIENCE_SECONDS = 60      # for a machine that has much else to do; no outcome depends on it
WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier missed the collection."
README = (Path(yinuo_client.__file__).parents[2] / "README.md").read_text()
SCENES = ("due", "complain", "decide", "team", "buyer", "read", "readme", "room")
PLACED = datetime(2026, 5, 1, tzinfo=UTC)
PEOPLE = """
import json, sys
from datetime import timedelta
from yinuo.cli import set_up
set_up()
from allauth.mfa.models import Authenticator
from yinuo.cli._here import now, realm
from yinuo.people import actions
from yinuo.people.models import Account, Grant, Membership
made = {}
for handle, role, subject in json.loads(sys.argv[1]):
    account = Account.objects.create(handle=handle, created=now())
    if subject:
        Membership.objects.create(account=account, subject=subject, role=role, granted_by="system", granted=now())
    else:
        until = now() + timedelta(days=9) if role == "authority" else None
        Grant.objects.create(account=account, role=role, granted_by="system", granted=now(), until=until)
        Authenticator.objects.create(user=account, type="totp", data={})
    made[handle] = actions.make_token(
        account=account, name="p", days=1, second_factor=not subject, realm=realm(), at=now()
    ).token
print(json.dumps(made))
"""


def until(done):
    """Wait for what the worker does beside us."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(.05)


def events_of(scene):
    """Two late orders of a merchant, a listing with a review, and an event that will be refused."""
    merchant, buyer = f"m/{scene}", f"b/{scene}"
    for n in range(2):
        order = f"{scene}-{n}"
        yield Event("trade.order_placed", f"{order}/placed", PLACED, {
            "order": order, "merchant": merchant, "buyer": buyer, "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
            "hand_over_by": PLACED + timedelta(days=2)})
        yield Event("delivery.shipment_handed_over", f"{order}/handed_over", PLACED + timedelta(days=3), {
            "shipment": f"{order}/s", "order": order})
    if scene == "complain":
        about = {"complaint": "broken", "merchant": merchant}
        yield Event("care.complaint_opened", "broken/opened", PLACED + timedelta(days=5), about | {
            "topic": "not_as_described", "order": f"{scene}-0", "buyer": buyer})
        yield Event("care.complaint_closed", "broken/closed", PLACED + timedelta(days=7), about | {
            "outcome": "upheld", "cause": "merchant"})
    yield Event("merchants.merchant_registered", f"{merchant}/registered", PLACED, {"merchant": merchant, "name": "Green Hill"})
    yield Event("catalogue.listing_published", f"{scene}/l", PLACED, {
        "listing": scene, "merchant": merchant, "title": "Green tea"})
    yield Event("reviews.review_published", f"{scene}/r", PLACED, {
        "review": scene, "merchant": merchant, "listing": scene, "order": f"{scene}-0", "buyer": buyer, "stars": 4})
    if scene == "decide":
        yield Event("trade.order_paid", f"{scene}/paid", PLACED, {"order": f"{scene}-0", "amount_minor": "lots"})


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running `yinuo serve` with its worker, facts about seven merchants, and people with tokens."""
    folder = tmp_path_factory.mktemp("people")
    environment = os.environ | {"YINUO_DATA": str(folder), "YINUO_DATABASE": ""}
    command = [sys.executable, "-m", "yinuo"]
    key = subprocess.run([*command, "key", "make", "shop"], env=environment, check=True, capture_output=True, text=True).stdout
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    process = subprocess.Popen([*command, "serve", "--processes", "1", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        shop = Client(url, key=key.strip(), source="shop", retries=100, sleep=lambda _: time.sleep(.2))
        stated = shop.state(event for scene in SCENES for event in events_of(scene))
        assert stated.refused_count == 1
        until(lambda: shop.health().lag == 0 and shop.health().size >= stated.accepted)
        ids = {scene: (shop.id_of("merchant", f"m/{scene}"), shop.id_of("buyer", f"b/{scene}")) for scene in SCENES}
        wanted = [("steward", "steward", ""), ("other", "steward", ""), ("boss", "administrator", ""),
                  ("officer", "data_protection", ""), ("court", "authority", "")]
        for scene, (merchant, buyer) in ids.items():
            wanted += [(f"owner.{scene}", "merchant_owner", merchant), (f"myself.{scene}", "buyer", buyer)]
        made = subprocess.run(
            [sys.executable, "-c", PEOPLE, json.dumps(wanted)], env=environment, check=True, capture_output=True, text=True
        )
        yield url, ids, json.loads(made.stdout)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)


@pytest.fixture
def here(installation):
    """The people of a scene: here("due")."""
    url, ids, tokens = installation

    def of(scene):
        merchant, buyer = ids[scene]
        names = {name: name for name in ("steward", "other", "boss", "officer", "court")}
        names |= {"owner": f"owner.{scene}", "myself": f"myself.{scene}"}
        return SimpleNamespace(
            url=url, merchant=merchant, buyer=buyer, token=tokens[names["owner"]],
            steward_token=tokens["steward"],
            **{role: Person(url, token=tokens[name]) for role, name in names.items()},
        )

    return of


def test_due_process_from_end_to_end(here):
    here = here("due")
    held = here.owner.held_against(here.merchant)
    assert {(one.order_id, one.aspect, one.outcome, one.contest) for one in held} == {
        ("due-0", "dispatch", "late", ""), ("due-1", "dispatch", "late", "")}
    first, second = here.owner.contest_causes(
        here.merchant, dispatch=[one.order for one in held], claimed="carrier", words=WORDS
    )
    assert first.due > now() + timedelta(days=9)
    with pytest.raises(Problem) as again:
        here.owner.contest_causes(here.merchant, dispatch=[held[0].order], claimed="carrier", words=WORDS)
    assert again.value.status == 409
    ours = {"merchants": [here.merchant]}
    assert {one.objection for one in here.steward.contest_queue(**ours)} == {WORDS}
    assert here.steward.take_contests([first.id]) == 1
    assert {(one.id, one.taken_by) for one in here.other.contest_queue(**ours, claimed="carrier")} == {
        (first.id, "steward"), (second.id, "")}
    assert [one.id for one in here.steward.contest_queue(**ours, taken="nobody", aspect="dispatch")] == [second.id]
    assert here.steward.take_contests([first.id], taken=False) == 1
    assert list(here.steward.contest_queue(**ours, clock="late")) == []
    reasoned = {"outcome": "upheld", "ground": "evidence", "words": REASONS, "cause": "carrier"}
    before = here.steward.preview_settling([first.id, "tnothing"], **reasoned)
    assert [(one.id, one.points, one.team) for one in before.settled] == [(first.id, None, 1)]
    assert [(one.id, one.sentence) for one in before.refused] == [("tnothing", "Not all of these contests exist.")]
    (rejected,) = here.steward.settle_contests([first.id], outcome="rejected", ground="evidence", words=REASONS)
    statement = here.owner.decision(rejected.decision)
    assert (statement.reasons, statement.adverse, statement.appeal, statement.merchant) == (REASONS, True, None, here.merchant)
    appeal = here.owner.appeal(statement.id, words=WORDS)
    assert here.owner.decision(statement.id).appeal == here.owner.read_appeal(appeal.id)
    (waiting,) = here.other.appeal_queue(**ours, act="contest_rejected")
    assert waiting.id == appeal.id
    assert here.other.take_appeals([appeal.id]) == 1
    assert [(one.taken_by, one.had_part) for one in here.steward.appeal_queue(taken="nobody")] == []
    assert [one.had_part for one in here.steward.appeal_queue(**ours)] == [True]
    answered = here.other.settle_appeal(waiting.id, outcome="upheld", words="Nobody came before the next day.", cause="carrier")
    assert (answered.state, answered.reply) == ("upheld", "Nobody came before the next day.")
    assert [one.id for one in here.steward.contest_queue(**ours, state="upheld")] == [first.id]
    assert [one.reply for one in here.steward.appeal_queue(**ours, state="upheld")] == [answered.reply]
    assert here.owner.made_whole(first.id).lost == ()
    assert here.owner.withdraw_contest(second.id).state == "withdrawn"
    assert {one.state for one in here.owner.contests(here.merchant)} == {"upheld", "withdrawn"}
    assert here.owner.contest(first.id).cause == "carrier"


def test_the_cause_of_a_complaint_is_contested(here):
    here = here("complain")
    (held,) = [one for one in here.owner.held_against(here.merchant) if one.complaint]
    assert (held.complaint_id, held.order_id, held.aspect, held.outcome) == (
        "broken", "complain-0", "complaint", "not_as_described")
    (opened,) = here.owner.contest_causes(here.merchant, complaint=[held.complaint], claimed="carrier", words=WORDS)
    assert (opened.complaint, opened.order) == (held.complaint, None)
    assert here.owner.contest(opened.id).complaint_id == "broken"
    told = here.steward.complaint_contested(opened.id)
    assert (told.topic, told.order_id, told.outcome, told.cause, told.answered, told.stands) == (
        "not_as_described", "complain-0", "upheld", "merchant", None, True)
    here.steward.settle_contests([opened.id], outcome="upheld", ground="evidence", words=REASONS, cause="carrier")
    until(lambda: not any(one.complaint for one in here.owner.held_against(here.merchant)))


def test_a_steward_decides_corrects_and_drops(here):
    here = here("decide")
    relied = here.steward.facts_to_rely_on(here.merchant)
    decided = {"act": "warning", "ground": "terms", "facts": [relied[0].key], "words": WORDS}
    made = here.steward.decide(here.merchant, **decided)
    assert here.steward.decide(here.merchant, **decided) == made
    assert [one.id for one in here.owner.decisions(merchant=here.merchant)] == [made.id]
    appeal = here.owner.appeal(made.id, words=WORDS)
    assert here.owner.withdraw_appeal(appeal.id).state == "withdrawn"
    (refused,) = here.steward.refused("shop")
    assert here.steward.refused_counts() == {"shop": 1}
    assert list(here.steward.refused(before=PLACED)) == list(here.steward.refused("elsewhere")) == []
    for many in (here.steward.check_refused, here.steward.replay_refused_many):
        answer = many([refused.number, 987_654])
        assert (answer.taken, [one.number for one in answer.refused]) == (0, [refused.number, 987_654])
    with pytest.raises(Problem) as unknown:
        here.steward.drop_refused_many([refused.number, 987_654])
    assert unknown.value.status == 404
    event = json.loads(here.steward.refused_event(refused.number).event)
    with pytest.raises(Problem, match="amount_minor"):
        here.steward.replay_refused(refused.number, event)
    del event["data"]["amount_minor"]
    here.steward.replay_refused(refused.number, event)
    assert list(here.steward.refused()) == []
    with pytest.raises(Problem) as gone:
        here.steward.drop_refused(refused.number)
    assert gone.value.status == 404
    assert here.steward.held_runs() == list(here.steward.runs()) == []
    with pytest.raises(Problem, match="does not wait"):
        here.steward.release_run("nnone", words="The carrier's strike ended; the week is known.")


def test_an_authority_reads_in_a_room_and_each_look_is_noted(here):
    here = here("room")
    asked = here.steward.ask_room(
        authority="District Court of Nowhere", basis="E-Commerce Law 25", reference="(2026) 17", guests=["court"],
        request="The order named below, with everything that was stated about it.", cases=["order shop room-0", here.merchant],
        until=(now() + timedelta(days=20)).date(),
    )
    assert asked.approve_by > now()
    assert [(one.id, one.state, one.asked_by) for one in here.officer.rooms()] == [(asked.id, "asked", "steward")]
    with pytest.raises(Problem) as alone:
        here.steward.approve_room(asked.id, digest=here.steward.room(asked.id).digest)
    assert alone.value.status == 403
    here.officer.approve_room(asked.id, digest=here.officer.room(asked.id).digest)
    (listed,) = here.court.rooms()
    room = here.court.room(listed.id)
    assert (room.state, room.guests, room.digest, {case.kind for case in room.cases}) == (
        "open", ("court",), "", {"order", "merchant"})
    order = next(case.thing for case in room.cases if case.kind == "order")
    case = here.court.room_case(room.id, order)
    assert (case.order, case.decision, case.merchant) == ("room-0", None, here.merchant)
    assert {fact.kind for fact in case.facts} >= {"trade.order_placed", "delivery.shipment_handed_over"}
    assert here.court.room_case(room.id, here.merchant).merchant_name == "Green Hill"
    until(lambda: here.court.room_file(room.id, order)["facts"])
    looks = here.officer.room_looks(room.id)
    assert (looks.looks[0].what, looks.looks[0].page, looks.looks[0].who, looks.more) == ("taken", "case", "court", False)
    assert {look.room for look in here.officer.looks(room=room.id)} == {room.id}
    assert list(here.officer.looks(day=PLACED.date())) == []
    here.steward.close_room(room.id)
    with pytest.raises(Problem) as closed:
        here.court.room(room.id)
    assert closed.value.status == 410
    other = here.steward.ask_room(
        authority="District Court of Nowhere", basis="E-Commerce Law 25", reference="(2026) 18", guests=["court"],
        request="The merchant named below, and how its standing was reckoned.", cases=[here.merchant],
        until=(now() + timedelta(days=20)).date(), silence="E-Commerce Law 25 (2)", silent_until=now().date(),
    )
    here.steward.withdraw_room(other.id)
    with pytest.raises(Problem) as settled:
        here.officer.decline_room(other.id)
    assert settled.value.status == 409


def test_an_account_a_team_and_everybodys_webhooks(here):
    here = here("team")
    account = here.owner.account()
    assert [(role.role, role.subject) for role in account.roles] == [("merchant_owner", here.merchant)]
    here.owner.set_language("zh-hans")
    assert here.owner.account().language == "zh-hans"
    invitation = here.owner.invite(here.merchant, "merchant_reader")
    assert "/join/" in invitation.link
    team = here.owner.team(here.merchant)
    here.owner.withdraw_invitation(here.merchant, team.invitations[0].id)
    assert here.owner.team(here.merchant).invitations == ()
    for last in (lambda: here.owner.end_member(here.merchant, team.members[0].id),
                 lambda: here.owner.leave(account.roles[0].id)):
        with pytest.raises(Problem) as refused:
            last()
        assert refused.value.code == "last-of-kind"
    assert here.owner.sessions() == []
    with pytest.raises(Problem):
        here.owner.end_session(1)
    assert {one.name for one in here.boss.staff()} == {"steward", "other", "boss", "officer", "court"}
    number, secret = here.boss.add_webhook("https://hooks.example/", source="shop")
    assert secret.startswith("whsec_")
    assert [(one.id, one.source) for one in here.boss.webhooks()] == [(number, "shop")]
    here.boss.remove_webhook(number)
    (token,) = here.owner.tokens()
    here.owner.revoke_token(token.id)
    with pytest.raises(Problem) as dead:
        here.owner.account()
    assert dead.value.status == 401


def test_a_buyers_rights(here):
    here = here("buyer")
    me, who = here.myself, here.buyer
    assert me.my_data(who)["known_as"] == {"source": "shop", "id": "b/buyer"}
    assert "about-you.json" in zipfile.ZipFile(io.BytesIO(me.take_along(who))).namelist()
    me.correct_name(who, "Ann")
    me.give_consent(who, "publish_name")
    assert me.consents(who)[0].given is not None
    me.withdraw_consent(who, "publish_name")
    assert me.restrict(who, "objection").ground == "objection"
    me.lift_restriction(who)
    assert (me.level(who).level, me.level(who).levels[0].orders_min) == (None, 50)
    assert me.decisions(buyer=who) == []
    plan = me.erasure_plan(who)
    with pytest.raises(Problem, match="sign-in name"):
        me.erase(who, name="somebody")
    assert me.erase(who, name="myself.buyer").gone == plan.gone


def test_what_anybody_reads(here):
    here = here("read")
    anybody = Client(here.url)
    assert anybody.merchant(here.merchant).name == "Green Hill"
    (listing,) = anybody.listings(here.merchant)
    page = anybody.listing(listing.listing)
    assert (page.title, page.reviews.received, page.proofs[0].kind) == ("Green tea", 1, "catalogue.listing_published")
    assert [one.stars for one in anybody.reviews(listing=listing.listing)] == [4]
    assert [one.stars for one in anybody.reviews(merchant=here.merchant)] == [4]
    with pytest.raises(ValueError, match="merchant or a listing"):
        list(anybody.reviews())
    assert anybody.transparency().clocks.contests == 0
    assert anybody.record().sealed >= 8


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's record refuses to be emptied after a live server")
@pytest.mark.django_db(transaction=True)
def test_the_standing_in_exact_figures(live_server):
    spec = importlib.util.spec_from_file_location("people_market", Path(__file__).parents[1] / "web" / "market.py")
    market = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(market)
    market.fill()
    account = Account.objects.create(handle="owner", created=now())
    Membership.objects.create(account=account, subject="mqinglan", role="merchant_owner", granted_by="s", granted=now())
    made = people.make_token(account=account, name="p", days=1, second_factor=False, realm=realm(), at=now())
    owner = Person(live_server.url, token=made.token)
    standing = owner.own_standing("mqinglan")
    assert (standing.score, standing.band, standing.as_of.isoformat()) == (561, "good", "2026-06-01")
    assert sum(reason.points for reason in standing.reasons) == 61
    assert standing.course[-1].band == "good"
    shown = Client(live_server.url).merchant("mqinglan")
    assert shown.course[-1].as_of == standing.course[-1].as_of
    for refused in (lambda: owner.own_standing("mfake"), lambda: owner.credit_report("mfake")):
        with pytest.raises(Problem) as denied:
            refused()
        assert denied.value.status == 403
    with pytest.raises(Problem, match="nobody is given a report"):
        owner.credit_report("mqinglan")             # the market was written into the tables: no run stands in the record
    with pytest.raises(Problem, match="not about"):
        owner.contest_fact("mqinglan", 0, words=WORDS)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's record refuses to be emptied after a live server")
@pytest.mark.usefixtures("emptied")
def test_a_scored_market_is_looked_into_and_ahead(live_server, tmp_path):
    best = scored(tmp_path)

    def person(handle, *, role="", own=""):
        account = Account.objects.create(handle=handle, created=now())
        if role:
            Grant.objects.create(account=account, role=role, granted_by="system", granted=now())
            Authenticator.objects.create(user=account, type="totp", data={})
        else:
            Membership.objects.create(account=account, subject=own, role="merchant_owner", granted_by="s", granted=now())
        made = people.make_token(account=account, name="p", days=1, second_factor=bool(role), realm=realm(), at=now())
        return Person(live_server.url, token=made.token)

    owner = person("owner", own=best.merchant)
    auditor, steward = (person(role, role=role) for role in ("auditor", "steward"))
    first = owner.today(best.merchant)
    assert (first.counts["late"], len(first.orders), first.next, first.first_fall.points > 0) == (60, 50, 50, True)
    late = list(owner.open_orders(best.merchant, stage="late"))
    assert (len({one.order for one in late}), late[0].order_id[:5], late[0].currency) == (60, "late-", "CNY")
    assert owner.foreseen(best.merchant).score < best.score
    found = owner.what_if(best.merchant, orders=40, late=40, used=80)
    assert (found.now.score, found.left_out) == (best.score, ())
    assert found.then.score < best.score
    assert sum(reason.then or 0 for reason in found.reasons) == found.then.score - 500
    with pytest.raises(Problem) as unknown:
        owner.what_if(best.merchant, contests=["tnothing"])
    assert unknown.value.path == "contest"
    assert owner.announced(best.merchant) == []
    (run,) = auditor.runs(state="published")
    whole = auditor.run(run.run)
    assert (whole.merchants, whole.moved, whole.gate.past, whole.can_recompute, whole.jobs) == (
        run.merchants, run.moved, (), True, ())
    assert list(auditor.movers(run.run)) == []
    job = auditor.recompute_run(run.run)
    assert (job.kind, job.asked_by, job.ended) == ("recompute", "auditor", None)
    assert auditor.job(job.job) == auditor.run(run.run).jobs[0] == job
    Run.objects.filter(pk=run.run).update(state="waiting", reason="Many would move.")
    Mover.objects.bulk_create(
        Mover(id=f"{run.run}/{place}", run=run.run, place=place, merchant=f"m{place}", score_before=600, score=500 + place,
              band_before="good", band="fair", causes=[{"feature": "dispatches", "half_life_days": 90, "points": -100}])
        for place in range(30)
    )
    assert [one.reason for one in steward.held_runs()] == ["Many would move."]
    movers = list(steward.movers(run.run))
    assert ([one.place for one in movers], movers[0].causes[0].points) == (list(range(30)), -100)
    job = steward.release_run(run.run, words="The carrier's strike ended; the week is known.")
    assert (job.kind, job.reasons) == ("release", "The carrier's strike ended; the week is known.")


def scored(folder):
    """A small market scored for real, one of whose merchants has sixty orders past their time; its standing."""
    settings.LOG.last.unlink(missing_ok=True)       # of an earlier test, whose record is gone
    past = list(market_events(Plan(merchants=30, buyers=300, orders=1_600, days=150)))
    end = past[-1].time
    at = end + timedelta(days=1)
    last = datetime.combine(end.date(), datetime.min.time(), UTC)

    def take(raws):
        record.take_events(actor=SYSTEM, source="demo", raws=raws, realm=realm(), at=at)
        react(domains=settings.DOMAINS, realm=realm(), at=at)

    def raw(id, kind, time, data):
        return json.dumps({
            "specversion": "1.0", "id": id, "source": "demo", "type": kind, "time": time.isoformat(),
            "data": {name: value.isoformat() if isinstance(value, datetime) else value for name, value in data.items()},
        }).encode()

    take([raw(event.id, event.type, event.time, event.data) for event in past])
    rescore.rescore(engine_name="duckdb", folder=folder, realm=realm(), orders=rescore.Orders(gate=False), at=at)
    best = Standing.objects.filter(score__isnull=False, override="").order_by("-score").first()
    own = next(
        event.data for event in past if event.type == "trade.order_placed" and best.merchant == surrogate_of(
            source="demo", kind="merchant", source_id=event.data["merchant"], key=realm().key)
    )
    take([
        raw(f"late-{n}", "trade.order_placed", last - timedelta(days=3), own | {
            "order": f"late-{n}", "buyer": f"fresh-{n}", "hand_over_by": last - timedelta(days=1),
            "deliver_by": last + timedelta(days=5),
        })
        for n in range(60)
    ])
    return best


ANSWERS = {
    "Token": "AccessToken", "Anchored": "Anchor", "Asked": "AskedRoom", "Cause": "CauseCount", "Plan": "ErasurePlan",
    "WaitingRun": "HeldRun", "Kept": "KeptByLaw", "Merchant": "MerchantPage", "Clocks": "OpenCases", "Refused": "RefusedEvent",
    "RefusedEvent": "RefusedWhole", "Fact": "RelyOn", "ManyReplayed": "Replayed", "Rule": "RuleRate", "Staff": "StaffMember",
    "Proof": "StatedFact", "Seen": "Vouched",
}
"""Schemas that the client calls otherwise."""
OPENED_UP = {
    "Deliveries", "Directory", "Dropped", "Id", "Listings", "LookedAt", "Looks", "Made", "Movers", "ReviewsPage", "Runs",
    "Secret", "Taken", "Waiting", "Warning",
}
"""Schemas of which the client gives what is in them: their rows one after the other, or their only value."""


def test_types_mirror_the_apis():
    schemas = api.get_openapi_schema()["components"]["schemas"]
    for schema, told in schemas.items():
        name = schema.removesuffix("Out")
        if name == schema or name in OPENED_UP or set(told["properties"]) == {"id"}:
            continue
        mirror = getattr(yinuo_client, ANSWERS.get(name, name))
        beside = {"meaning"} if mirror is yinuo_client.Reason else set()
        assert {field.name for field in fields(mirror)} - beside == set(told["properties"]), schema


def test_every_call_of_the_api_is_there():
    """But for the log's files, which `yinuo verify` and witnesses read."""
    package = Path(yinuo_client.__file__).parent
    written = re.sub(r"\{[^{}]*\}", "{}", "".join(file.read_text() for file in package.glob("*.py")))
    paths = {re.sub(r"\{[^{}]*\}", "{}", path.removeprefix("/api")) for path in api.get_openapi_schema()["paths"]}
    assert {path for path in paths if path not in written and not path.endswith("/reviews")} == {
        "/log/checkpoint", "/log/witnessed", "/log/policy", "/log/tile/{}"}


def test_the_readme_runs_for_people(here, capsys):
    here = here("readme")
    objecting, working = (
        block.replace("http://127.0.0.1:8000", here.url)
        for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[-2:]
    )
    exec(objecting.replace("yt_...", here.token), {})
    assert capsys.readouterr().out.count("is disputed; somebody answers by") == 2
    exec(working.replace("yt_...", here.steward_token), {})
    assert capsys.readouterr().out.count(f"{here.merchant} readme-") == 2
    assert [one.taken_by for one in here.other.contest_queue(merchants=[here.merchant])] == ["steward", "steward"]


def test_the_readme_names_every_method():
    methods = {name for name, _ in inspect.getmembers(Person, inspect.isfunction) if not name.startswith("_")}
    for name in methods:
        assert f"`{name}" in README, name
    missing = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")} - methods
    for name in missing:
        assert f"{name}(" in README or f"`{name}" in README, name


class TestTryingAgain:
    """What must not be done twice is not sent again blindly."""

    @pytest.fixture
    def flaky(self, serving):
        def making(*answers):
            came, left = [], list(answers)

            def answer(method, path, body):
                came.append((method, path))
                return left.pop(0)

            return Person(serving(answer), token="yt_x", sleep=lambda _: None), came

        return making

    BUSY = (503, "application/problem+json", b'{"code": "busy", "detail": "Nothing was done."}')

    def test_what_was_not_done_is_sent_again(self, flaky):
        me, came = flaky(self.BUSY, self.BUSY, (200, "application/json", b"[]"))
        assert me.settle_contests(["t1"], outcome="rejected", ground="evidence", words=REASONS) == []
        assert len(came) == 3

    @pytest.mark.parametrize("answer", [b"", (502, "text/plain", b""), (504, "text/plain", b"")])
    def test_what_may_have_been_done_is_not(self, flaky, answer):
        me, came = flaky(answer)
        with pytest.raises((Problem, Unreachable)):
            me.appeal("j1", words=WORDS)
        assert len(came) == 1

    def test_reading_is(self, flaky):
        me, came = flaky(b"", (502, "text/plain", b""), (200, "application/json", b"[]"))
        assert me.contests("m1") == []
        assert len(came) == 3
