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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import yinuo_client
from django.db import connection
from yinuo_client import Client, Event, Person, Problem, Unreachable

from yinuo.cli._here import now, realm
from yinuo.people import actions as people
from yinuo.people.models import Account, Membership

PATIENCE_SECONDS = 60      # for a machine that has much else to do; no outcome depends on it
WORDS = "The carrier did not collect on the day that was booked."
REASONS = "The bookings show that the carrier missed the collection."
README = (Path(yinuo_client.__file__).parents[2] / "README.md").read_text()
SCENES = ("due", "complain", "decide", "team", "buyer", "read", "readme")
PLACED = datetime(2026, 5, 1, tzinfo=UTC)
PEOPLE = """
import json, sys
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
        Grant.objects.create(account=account, role=role, granted_by="system", granted=now())
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
        wanted = [("steward", "steward", ""), ("other", "steward", ""), ("boss", "administrator", "")]
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
        names = {"owner": f"owner.{scene}", "myself": f"myself.{scene}", "steward": "steward", "other": "other", "boss": "boss"}
        return SimpleNamespace(
            url=url, merchant=merchant, buyer=buyer, token=tokens[names["owner"]],
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
    assert {one.objection for one in here.steward.contest_queue() if one.merchant == here.merchant} == {WORDS}
    (rejected,) = here.steward.settle_contests([first.id], outcome="rejected", ground="evidence", words=REASONS)
    statement = here.owner.decision(rejected.decision)
    assert (statement.reasons, statement.adverse, statement.appeal, statement.merchant) == (REASONS, True, None, here.merchant)
    appeal = here.owner.appeal(statement.id, words=WORDS)
    assert here.owner.decision(statement.id).appeal == here.owner.read_appeal(appeal.id)
    (waiting,) = [one for one in here.other.appeal_queue() if one.id == appeal.id]
    answered = here.other.settle_appeal(waiting.id, outcome="upheld", words="Nobody came before the next day.", cause="carrier")
    assert (answered.state, answered.reply) == ("upheld", "Nobody came before the next day.")
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
    event = json.loads(here.steward.refused_event(refused.number).event)
    with pytest.raises(Problem, match="amount_minor"):
        here.steward.replay_refused(refused.number, event)
    del event["data"]["amount_minor"]
    here.steward.replay_refused(refused.number, event)
    assert here.steward.refused() == []
    with pytest.raises(Problem) as gone:
        here.steward.drop_refused(refused.number)
    assert gone.value.status == 404
    assert here.steward.held_runs() == []
    with pytest.raises(Problem, match="does not wait"):
        here.steward.release_run("nnone", "The carrier's strike ended; the week is known.")


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
    assert {one.name for one in here.boss.staff()} == {"steward", "other", "boss"}
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


def test_the_readme_runs_for_people(here, capsys):
    here = here("readme")
    block = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)[-1]
    block = block.replace("http://127.0.0.1:8000", here.url).replace("yt_...", here.token)
    exec(block, {})
    assert capsys.readouterr().out.count("is disputed; somebody answers by") == 2


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
