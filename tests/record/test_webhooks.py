"""Webhooks: who is told of what, in which order, how often, signed by what; with real receivers on this machine."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import standardwebhooks
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from yinuo.credit.events import StandingChanged
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.guarded import post
from yinuo.kit.moments import to_micros
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound, TooMany
from yinuo.pipelines.persons import erase_due
from yinuo.record import actions, queries
from yinuo.record.actions.deliveries import LEASE
from yinuo.record.models import Delivery, Webhook
from yinuo.record.rules.webhooks import RETRY_SECONDS, USUAL_KINDS, WAITING_MAX, wait_after
from yinuo.vault import queries as vault

pytestmark = pytest.mark.django_db
LOCAL = partial(post, reach="loopback")
SHOP, OTHER = Actor("shop", frozenset({"source"})), Actor("other", frozenset({"source"}))
STEWARD = Actor("account:7", frozenset({"steward"}))


class Receiver:
    """What a shop runs: it notes what comes, and answers as it is told to."""

    def __init__(self, serving):
        self.came, self.status, self.answer = [], 200, b"ok"
        self.url = serving(self._take, headers=True) + "/hook"

    def _take(self, method, path, body, headers):
        self.came.append((headers, body))
        return self.status, "text/plain", self.answer

    @property
    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.came]


@pytest.fixture
def receiver(serving):
    return Receiver(serving)


@pytest.fixture
def add(realm, receiver, now):
    """Adds a webhook for the receiver: its number and secret."""

    def adding(*kinds, actor=SYSTEM, source="shop", url=None, at=now):
        hook, secret = actions.add_webhook(
            actor=actor, url=url or receiver.url, source=source, kinds=kinds or USUAL_KINDS, reach="loopback", realm=realm,
            at=at,
        )
        return hook.pk, secret

    return adding


@pytest.fixture
def follow(realm, now):
    """Notes whom to tell of all that is sealed."""

    def following(*, at=now, withheld=()):
        while actions.follow_webhooks(actor=SYSTEM, upto=queries.size(), withheld=withheld, realm=realm, at=at):
            pass

    return following


@pytest.fixture
def send(realm, now):
    """Sends what is due, as a sender does: the visits made."""

    def sending(*, at=now, post=LOCAL):
        visits = []
        for lease in actions.lease_webhooks(actor=SYSTEM, realm=realm, at=at, limit=10):
            while visit := actions.deliver_next(actor=SYSTEM, lease=lease, post=post, realm=realm, at=at):
                visits.append(visit)
            actions.release_webhook(actor=SYSTEM, lease=lease, at=at)
        return visits

    return sending


@pytest.fixture
def orders(take, event):
    """Takes in orders of a source, each of one merchant and buyer: orders("o1", "o2")."""

    def taking(*names, source="shop", buyer="b1", at=None):
        raws = [
            event("trade.order_placed", id=f"{name}/placed", source=source, order=name, merchant="m1", buyer=buyer,
                  amount_minor=5, currency="CNY", hand_over_by="2026-05-02T00:00:00Z")
            for name in names
        ]
        return take(raws, source=source, **({"at": at} if at else {}))

    return taking


def state(hook):
    return [
        "delivered" if each.delivered else "dead" if each.dead else "waiting"
        for each in Delivery.objects.filter(webhook=hook).order_by("number")
    ]


def test_a_shop_is_told_of_its_own_subjects_by_its_own_ids(add, follow, send, orders, receiver, realm):
    now = datetime.now(UTC)
    _, secret = add("trade.order_placed", "credit.*")
    orders("A-1")
    orders("B-1", source="other")
    merchant = vault.surrogate_of(kind="merchant", source="shop", source_id="m1", key=realm.key)
    theirs = vault.surrogate_of(kind="merchant", source="other", source_id="m1", key=realm.key)
    run = "n" + "a" * 16
    actions.append(actor=SYSTEM, realm=realm, at=now, statements=[
        actions.Statement(f"standing/{one}", to_micros(now), StandingChanged(
            merchant=one, run=run, before="good", after="caution", score=431
        )) for one in (theirs, merchant)
    ])
    actions.seal(actor=SYSTEM, realm=realm)
    follow()
    assert [visit.good for visit in send(at=now)] == [True, True]
    told = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in receiver.came]
    order = vault.surrogate_of(kind="order", source="shop", source_id="A-1", key=realm.key)
    buyer = vault.surrogate_of(kind="buyer", source="shop", source_id="b1", key=realm.key)
    assert told[0] == {
        "type": "trade.order_placed", "timestamp": "2026-05-01T00:00:00Z", "number": 0,
        "data": {"order": "A-1", "merchant": "m1", "buyer": "b1", "amount_minor": 5, "currency": "CNY", "items": 1,
                 "hand_over_by": "2026-05-02T00:00:00Z"},
        "yinuo_ids": {"order": order, "merchant": merchant, "buyer": buyer},
    }
    assert (told[1]["type"], told[1]["yinuo_ids"]) == ("credit.standing_changed", {"merchant": merchant, "run": run})
    assert told[1]["data"] == {"merchant": "m1", "run": run, "before": "good", "after": "caution", "score": 431}
    assert theirs not in str(receiver.came)
    assert receiver.came[0][0]["Content-Type"] == "application/json"


def test_the_operator_is_told_of_everybody_by_yinuos_ids(add, follow, send, orders, receiver, realm):
    add("trade.order_placed", source="")
    orders("A-1")
    orders("B-1", source="other")
    follow()
    send()
    told = [json.loads(body) for _, body in receiver.came]
    order = vault.surrogate_of(kind="order", source="other", source_id="B-1", key=realm.key)
    assert [one["data"]["order"] for one in told][1] == order
    assert "yinuo_ids" not in told[0]
    assert "A-1" not in str(receiver.came)


def test_standings_that_nobody_may_see_yet_are_not_told_to_shops(add, follow, send, orders, receiver, realm, now):
    add("credit.*")
    add("credit.*", source="")
    orders("A-1")
    merchant = vault.surrogate_of(kind="merchant", source="shop", source_id="m1", key=realm.key)
    changed = StandingChanged(merchant=merchant, run="n" + "a" * 16, before="good", after="poor", score=300)
    actions.append(actor=SYSTEM, realm=realm, at=now, statements=[actions.Statement("s", to_micros(now), changed)])
    actions.seal(actor=SYSTEM, realm=realm)
    follow(withheld={"credit"})
    send()
    assert [json.loads(body)["data"]["merchant"] for _, body in receiver.came] == [merchant]


def test_an_outage_delays_everything_and_changes_no_order(add, follow, send, orders, receiver, now):
    hook, _ = add("trade.order_placed")
    orders(*(f"o{number}" for number in range(5)))
    follow()
    receiver.status = 500
    at, tried = now, 0
    for wait in RETRY_SECONDS[:4]:
        visits = send(at=at)
        tried += 1
        assert [visit.good for visit in visits] == [False]
        assert Webhook.objects.get().failing_since == now
        assert send(at=at + timedelta(seconds=wait - 1)) == []
        at += timedelta(seconds=wait * 1.1 + 1)
    orders("late", at=at)
    follow(at=at)
    receiver.status = 200
    assert [visit.good for visit in send(at=at)] == [True] * 6
    assert receiver.ids == ["msg_0"] * tried + [f"msg_{number}" for number in range(6)]
    assert state(hook) == ["delivered"] * 6
    assert Webhook.objects.get().failing_since is None
    first = queries.deliveries_of(viewer=SHOP, webhook=hook, limit=9)[-1]
    assert (first.attempts, first.status, first.answer) == (5, 200, "ok")


def test_who_is_killed_between_sending_and_noting_sends_the_same_again(add, follow, send, orders, receiver, realm, now):
    class Killed(BaseException):
        """As `kill -9` would, it lets nothing after it run."""

    def dying(url, **given):
        LOCAL(url, **given)
        raise Killed

    add("trade.order_placed")
    orders("o1", "o2")
    follow()
    (lease,) = actions.lease_webhooks(actor=SYSTEM, realm=realm, at=now, limit=5)
    with pytest.raises(Killed):
        actions.deliver_next(actor=SYSTEM, lease=lease, post=dying, realm=realm, at=now)
    assert send(at=now + timedelta(seconds=30)) == []       # it may still be alive
    later = now + LEASE
    assert actions.deliver_next(actor=SYSTEM, lease=lease, post=LOCAL, realm=realm, at=later) is None    # too late for it
    assert len(send(at=later)) == 2
    assert receiver.ids == ["msg_0", "msg_0", "msg_1"]
    assert receiver.came[0][1] == receiver.came[1][1]


def test_two_senders_never_have_the_same_webhook(add, follow, orders, receiver, realm, now, serving):
    other = Receiver(serving)
    add("trade.order_placed")
    add("trade.order_placed", url=other.url)
    orders("o1", "o2")
    follow()
    first = actions.lease_webhooks(actor=SYSTEM, realm=realm, at=now, limit=1)
    second = actions.lease_webhooks(actor=SYSTEM, realm=realm, at=now, limit=5)
    assert actions.lease_webhooks(actor=SYSTEM, realm=realm, at=now, limit=5) == []
    assert sorted(lease.webhook for lease in first + second) == sorted(Webhook.objects.values_list("pk", flat=True))
    for lease in first + second:
        while actions.deliver_next(actor=SYSTEM, lease=lease, post=LOCAL, realm=realm, at=now):
            pass
        forged = lease._replace(holder="0" * 16)
        assert actions.deliver_next(actor=SYSTEM, lease=forged, post=LOCAL, realm=realm, at=now) is None
    assert receiver.ids == other.ids == ["msg_0", "msg_1"]


def test_a_lease_is_renewed_while_there_is_work(add, follow, orders, receiver, realm, now):
    add("trade.order_placed")
    orders("o1", "o2", "o3")
    follow()
    (lease,) = actions.lease_webhooks(actor=SYSTEM, realm=realm, at=now, limit=1)
    for minutes in (0, 1.5, 3):
        at = now + timedelta(minutes=minutes)
        assert actions.lease_webhooks(actor=SYSTEM, realm=realm, at=at, limit=1) == []
        assert actions.deliver_next(actor=SYSTEM, lease=lease, post=LOCAL, realm=realm, at=at).good
    assert receiver.ids == ["msg_0", "msg_1", "msg_2"]


def test_both_secrets_sign_until_the_old_one_ends(add, follow, send, orders, receiver, realm):
    at = datetime.now(UTC)
    hook, old = add("trade.order_placed")
    new = actions.rotate_webhook(actor=SHOP, webhook=hook, realm=realm, at=at)
    orders("o1")
    follow()
    send(at=at)
    headers, body = receiver.came[-1]
    for secret in (old, new):
        standardwebhooks.Webhook(secret).verify(body, headers)
    newest = actions.rotate_webhook(actor=SHOP, webhook=hook, realm=realm, at=at, keep_old=timedelta(0))
    actions.replay_webhook(actor=SHOP, webhook=hook, message="msg_0", at=at)
    follow()
    send(at=at)
    headers, body = receiver.came[-1]
    standardwebhooks.Webhook(newest).verify(body, headers)
    for secret in (old, new):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(secret).verify(body, headers)
    with pytest.raises(Malformed):
        actions.rotate_webhook(actor=SHOP, webhook=hook, realm=realm, at=at, keep_old=timedelta(days=31))


def test_an_old_secret_ends(add, follow, send, orders, receiver, realm, now):
    hook, old = add("trade.order_placed")
    actions.rotate_webhook(actor=SYSTEM, webhook=hook, realm=realm, at=now)
    orders("o1")
    follow()
    send(at=now + timedelta(hours=24))
    assert len(receiver.came[0][0]["webhook-signature"].split()) == 1
    row = Webhook.objects.get()
    assert old.encode() not in bytes(row.secret) + bytes(row.secret_before)     # they are sealed


def test_what_is_refused_for_days_is_dead_and_shown_and_the_next_one_goes(add, follow, send, orders, receiver, now):
    hook, _ = add("trade.order_placed")
    orders("o1", "o2")
    follow()
    receiver.status, receiver.answer = 400, b"no \0 such order" + b"!" * 600
    at = now
    for wait in (*RETRY_SECONDS, 0):
        send(at=at)
        at += timedelta(seconds=wait * 1.1 + 1)
    assert state(hook) == ["dead", "waiting"]
    dead = Delivery.objects.get(number=0)
    assert (dead.attempts, dead.status, len(dead.answer)) == (len(RETRY_SECONDS) + 1, 400, 500)
    assert dead.answer.startswith("no \ufffd such order")
    assert queries.webhooks_of(viewer=SHOP)[0].dead == 1
    receiver.status = 200
    send(at=at + timedelta(days=1))
    assert state(hook) == ["dead", "delivered"]
    actions.replay_webhook(actor=SHOP, webhook=hook, message="msg_0", at=at)
    follow()
    send(at=at)
    assert state(hook) == ["delivered", "delivered"]


def test_a_webhook_that_fails_for_five_days_is_paused_and_says_so(add, follow, send, orders, receiver, now):
    hook, _ = add("trade.order_placed")
    orders(*(f"o{number}" for number in range(3)))
    follow()
    receiver.status = 503
    at, visits = now, []
    while not Webhook.objects.get().paused:
        visits = send(at=at) or visits
        at += timedelta(hours=1)
    assert timedelta(days=5) <= at - now < timedelta(days=6, hours=4)
    assert f"webhook {hook} is paused (failing)" in visits[-1].told
    receiver.status = 200
    assert send(at=at) == []
    orders("o9", at=at)
    follow(at=at)
    actions.resume_webhook(actor=SHOP, webhook=hook, at=at)
    follow(at=at)
    send(at=at)
    assert state(hook) == ["dead", "delivered", "delivered", "delivered"]


def test_gone_is_gone(add, follow, send, orders, receiver):
    add("trade.order_placed")
    orders("o1", "o2")
    follow()
    receiver.status = 410
    send()
    row = Webhook.objects.get()
    assert (row.paused_ground, receiver.ids) == ("gone", ["msg_0"])


@pytest.mark.parametrize("status", [301, 307, 404, 429, 500])
def test_only_2xx_is_taken_for_delivered(add, follow, send, orders, receiver, status):
    hook, _ = add("trade.order_placed")
    orders("o1")
    follow()
    receiver.status = status
    assert [visit.good for visit in send()] == [False]
    assert state(hook) == ["waiting"]


def test_a_receiver_that_cannot_be_called_is_told_apart(add, follow, send, orders):
    add("trade.order_placed", url="http://127.0.0.1:1/")
    orders("o1")
    follow()
    (visit,) = send()
    assert "Connection refused" in visit.told
    assert (Delivery.objects.get().status, "refused" in Delivery.objects.get().answer) == (None, True)


def test_pausing_loses_nothing(add, follow, send, orders, receiver, now):
    hook, _ = add("trade.order_placed")
    orders("o1")
    follow()
    actions.pause_webhook(actor=SHOP, webhook=hook, at=now)
    orders("o2")
    follow()
    assert send() == []
    actions.resume_webhook(actor=SHOP, webhook=hook, at=now)
    follow()
    send()
    assert receiver.ids == ["msg_0", "msg_1"]


def test_replay_from_a_moment_or_a_message(add, follow, send, orders, receiver, now):
    for number in range(8):
        orders(f"o{number}", at=now + timedelta(hours=number))
    hook, _ = add("trade.order_placed")
    follow()
    assert send() == []        # it begins where it was made
    since = now + timedelta(hours=5)
    assert actions.replay_webhook(actor=SHOP, webhook=hook, since=since, at=now) == 5
    follow()
    send()
    assert receiver.ids == ["msg_5", "msg_6", "msg_7"]
    actions.replay_webhook(actor=SHOP, webhook=hook, message="msg_6", at=now)
    follow()
    send()
    assert receiver.ids[3:] == ["msg_6", "msg_7"]
    assert state(hook) == ["delivered"] * 3
    assert actions.replay_webhook(actor=SHOP, webhook=hook, since=now - timedelta(days=400), at=now) == 0
    assert actions.replay_webhook(actor=SHOP, webhook=hook, message="msg_999999", at=now) == 8
    for wrong in ({}, {"since": since, "message": "msg_1"}, {"message": "1"}, {"message": "msg_-1"},
                  {"since": datetime(2026, 6, 1)}):  # noqa: DTZ001 - a moment without a zone is the point
        with pytest.raises(Malformed):
            actions.replay_webhook(actor=SHOP, webhook=hook, at=now, **wrong)


def test_a_replay_from_further_on_leaves_out_what_holds_everything_up(add, follow, send, orders, receiver, now):
    hook, _ = add("trade.order_placed")
    orders("o1", "o2", "o3")
    follow()
    receiver.status = 500
    send()
    receiver.status = 200
    actions.replay_webhook(actor=SHOP, webhook=hook, message="msg_1", at=now)
    follow()
    send()
    assert receiver.ids == ["msg_0", "msg_1", "msg_2"]


def test_who_was_erased_is_not_told_of_any_more(add, follow, send, orders, receiver, realm, now):
    hook, _ = add("trade.order_placed", "people.buyer_joined")
    orders("o1", buyer="gone")
    follow()
    receiver.status = 500
    send()
    buyer = vault.surrogate_of(kind="buyer", source="shop", source_id="gone", key=realm.key)
    later = now + timedelta(days=1500)      # no law keeps it any more
    erase_due(person=buyer, realm=realm, at=later, jurisdiction="cn", domains=settings.DOMAINS)
    receiver.status = 200
    send(at=later)
    told = json.loads(receiver.came[-1][1])
    assert told["data"]["order"] == "o1"
    assert "buyer" not in told["data"]
    assert "buyer" not in told["yinuo_ids"]
    assert state(hook) == ["delivered"]


def test_not_everything_is_noted_at_once_and_none_is_left_out(add, follow, send, take, event, receiver, monkeypatch):
    monkeypatch.setattr("yinuo.record.actions.deliveries.WAITING_MAX", 10)
    monkeypatch.setattr("yinuo.record.actions.deliveries.FOLLOWED_MAX", 4)
    add("trade.order_paid")
    take([event("trade.order_paid", id=f"e{number}", order=f"o{number}") for number in range(30)])
    follow()
    assert 10 <= Delivery.objects.count() < 14
    for _ in range(4):
        send()
        follow()
    assert receiver.ids == [f"msg_{number}" for number in range(30)]
    assert WAITING_MAX > 100


def test_what_was_told_is_forgotten_after_a_month(add, follow, send, orders, now):
    add("trade.order_placed")
    orders("o1")
    follow()
    send()
    orders("o2")
    follow()
    send(at=now + timedelta(days=31))
    assert [each.number for each in Delivery.objects.all()] == [1]


def test_a_test_message_is_told_apart(add, receiver, realm):
    hook, secret = add()
    at = datetime.now(UTC)
    visit = actions.try_webhook(actor=SHOP, webhook=hook, post=LOCAL, realm=realm, at=at)
    assert (visit.good, visit.told) == (True, "answered 200: ok")
    headers, body = receiver.came[0]
    assert standardwebhooks.Webhook(secret).verify(body, headers)["type"] == "yinuo.test"
    receiver.status = 404
    assert not actions.try_webhook(actor=SHOP, webhook=hook, post=LOCAL, realm=realm, at=at).good


CALLS = {
    "rotate": lambda actor, hook, realm, at: actions.rotate_webhook(actor=actor, webhook=hook, realm=realm, at=at),
    "pause": lambda actor, hook, realm, at: actions.pause_webhook(actor=actor, webhook=hook, at=at),
    "resume": lambda actor, hook, realm, at: actions.resume_webhook(actor=actor, webhook=hook, at=at),
    "replay": lambda actor, hook, realm, at: actions.replay_webhook(actor=actor, webhook=hook, message="msg_0", at=at),
    "remove": lambda actor, hook, realm, at: actions.remove_webhook(actor=actor, webhook=hook),
    "try": lambda actor, hook, realm, at: actions.try_webhook(actor=actor, webhook=hook, post=LOCAL, realm=realm, at=at),
    "see": lambda actor, hook, realm, at: queries.deliveries_of(viewer=actor, webhook=hook, limit=1),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("actor", "refusal"), [(OTHER, NotFound), (PUBLIC, NotAllowed), (STEWARD, NotAllowed)])
def test_nobody_keeps_anothers_webhook(add, receiver, realm, now, call, actor, refusal):
    hook, _ = add()
    before = Webhook.objects.values().get()
    with pytest.raises(refusal):
        CALLS[call](actor, hook, realm, now)
    assert Webhook.objects.values().get() == before
    assert receiver.came == []


@pytest.mark.parametrize("actor", [SHOP, SYSTEM, Actor("account:1", frozenset({"administrator"}))])
@pytest.mark.parametrize("call", CALLS)
def test_who_may_keep_it(add, realm, now, call, actor):
    hook, _ = add()
    CALLS[call](actor, hook, realm, now)


@pytest.mark.parametrize(("actor", "source"), [(SHOP, ""), (SHOP, "other"), (PUBLIC, ""), (STEWARD, ""), (STEWARD, "shop")])
def test_nobody_is_told_of_others_subjects(add, actor, source):
    with pytest.raises(NotAllowed):
        add(actor=actor, source=source)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("act", ["follow_webhooks", "lease_webhooks", "deliver_next", "release_webhook"])
def test_only_the_installation_sends(add, orders, realm, now, act):
    add("trade.order_placed")
    orders("o1")
    before = Webhook.objects.values().get()
    given = {
        "follow_webhooks": {"upto": 1, "withheld": (), "realm": realm, "at": now},
        "lease_webhooks": {"realm": realm, "at": now, "limit": 1},
        "deliver_next": {"lease": actions.Lease(1, ""), "post": LOCAL, "realm": realm, "at": now},
        "release_webhook": {"lease": actions.Lease(1, ""), "at": now},
    }
    for actor in (SHOP, STEWARD, PUBLIC):
        with pytest.raises(NotAllowed):
            getattr(actions, act)(actor=actor, **given[act])
    assert Webhook.objects.values().get() == before
    assert not Delivery.objects.exists()


def test_what_cannot_be_a_webhook_is_refused(add):
    for wrong in ({"url": "https://10.0.0.1/"}, {"url": "http://shop.example/"}, {"source": "yinuo"}):
        with pytest.raises((Malformed, Conflict)):
            add(**wrong)
    for kinds in (["nonsense"], ["trade.no_such_kind"], ["*"], ["trade.*.x"]):
        with pytest.raises(Malformed):
            add(*kinds)
    for _ in range(10):
        add()
    with pytest.raises(TooMany):
        add()
    assert Webhook.objects.count() == 10


@given(attempts=st.integers(1, 20), seed=st.integers())
def test_the_schedule_is_kept_with_a_little_chance(attempts, seed):
    wait = wait_after(attempts, random.Random(seed).randbytes)
    if attempts > len(RETRY_SECONDS):
        assert wait is None
    else:
        usual = RETRY_SECONDS[attempts - 1]
        assert timedelta(seconds=usual) <= wait <= timedelta(seconds=usual * 1.1)


class TestOverHttp:
    """The same for a shop with its key."""

    @pytest.fixture
    def call(self, client, realm, now, settings):
        settings.YINUO = {**settings.YINUO, "YINUO_WEBHOOK_REACH": "loopback"}
        make = partial(actions.make_key, actor=SYSTEM, expires=None, realm=realm, at=now)
        keys = {name: make(source=name) for name in ("shop", "other")}

        def calling(method, path, body=None, source="shop"):
            headers = {"Authorization": f"Bearer {keys[source]}"} if source else {}
            answer = client.generic(method, f"/api{path}", json.dumps(body) if body is not None else "",
                                    content_type="application/json", headers=headers)
            return answer.status_code, answer.json() if answer.content else None

        return calling

    def test_a_shop_keeps_its_own(self, call, receiver):
        status, made = call("POST", "/webhooks", {"url": receiver.url})
        assert (status, made["secret"][:6]) == (201, "whsec_")
        path = f"/webhooks/{made['id']}"
        (listed,) = call("GET", "/webhooks")[1]
        assert (listed["url"], listed["kinds"]) == (receiver.url, list(USUAL_KINDS))
        assert (listed["waiting"], listed["paused"]) == (0, None)
        assert "secret" not in listed
        assert call("POST", f"{path}/rotate")[1]["secret"] != made["secret"]
        assert call("POST", f"{path}/pause") == (204, None)
        assert call("GET", "/webhooks")[1][0]["paused_ground"] == "asked"
        assert call("POST", f"{path}/resume") == (204, None)
        assert call("POST", f"{path}/replay", {"since": "2026-05-01T00:00:00Z"}) == (200, {"id": "msg_0"})
        assert call("POST", f"{path}/replay", {})[0] == 422
        assert call("POST", f"{path}/replay", {"id": "msg_x"})[0] == 422
        assert call("GET", f"{path}/deliveries") == (200, {"deliveries": [], "before": None})
        assert call("DELETE", path) == (204, None)
        assert call("GET", "/webhooks") == (200, [])

    def test_nobody_touches_anothers(self, call, receiver):
        _, made = call("POST", "/webhooks", {"url": receiver.url})
        path = f"/webhooks/{made['id']}"
        before = Webhook.objects.values().get()
        assert call("GET", "/webhooks", source="other") == (200, [])
        for method, rest, body in [
            ("DELETE", "", None), ("POST", "/rotate", None), ("POST", "/pause", None), ("POST", "/resume", None),
            ("POST", "/replay", {"id": "msg_0"}), ("GET", "/deliveries", None),
        ]:
            assert call(method, path + rest, body, source="other")[0] == 404
            assert call(method, path + rest, body, source="")[0] == 401
        assert call("GET", "/webhooks", source="")[0] == 401
        assert call("POST", "/webhooks", {"url": receiver.url}, source="")[0] == 401
        assert Webhook.objects.values().get() == before

    def test_an_address_within_is_refused(self, call, settings):
        settings.YINUO = {**settings.YINUO, "YINUO_WEBHOOK_REACH": "public"}
        for url in ("http://127.0.0.1:9/", "https://192.168.0.1/", "https://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
            status, told = call("POST", "/webhooks", {"url": url})
            assert (status, told["path"]) == (422, "url")
        assert not Webhook.objects.exists()

    @pytest.mark.parametrize(("method", "path", "body"), [
        ("DELETE", "/webhooks/99999999999999999999999", None), ("DELETE", "/webhooks/-1", None),
        ("GET", "/webhooks/99999999999999999999999/deliveries", None), ("GET", "/webhooks/HOOK/deliveries?before=-1", None),
        ("GET", "/webhooks/HOOK/deliveries?before=99999999999999999999", None), ("GET", "/webhooks/x/deliveries", None),
        ("POST", "/webhooks/HOOK/replay", {"since": "2026-05-01T00:00:00"}),
        ("POST", "/webhooks/HOOK/replay", {"since": "soon"}),
        ("POST", "/webhooks/HOOK/replay", {"id": "msg_" + "9" * 30}), ("POST", "/webhooks/HOOK/replay", {"id": "msg_\u0661"}),
        ("POST", "/webhooks", {"url": "https://a.example/\0"}), ("POST", "/webhooks", {"url": "https://[" + "a" * 400}),
        ("POST", "/webhooks", {"url": "https://a.example/", "kinds": ["\0.*"]}), ("POST", "/webhooks", {"url": 7}),
        ("POST", "/webhooks", {"url": "https://a.example/", "kinds": ["trade.*"] * 60}), ("POST", "/webhooks", []),
        ("POST", "/webhooks", {"url": "https://a.example/", "kinds": []}), ("GET", "/ids?type=order", None),
        ("GET", "/ids?type=order&id=%00", None), ("GET", "/ids?type=" + "o" * 50 + "&id=1", None),
    ])
    def test_what_is_senseless_is_refused(self, call, add, method, path, body):
        hook, _ = add()
        status, told = call(method, path.replace("HOOK", str(hook)), body)
        assert status in (404, 422)
        assert told["detail"]
        assert Webhook.objects.count() == 1

    @pytest.mark.parametrize("since", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"])
    def test_a_replay_from_any_moment(self, call, add, since):
        hook, _ = add()
        assert call("POST", f"/webhooks/{hook}/replay", {"since": since}) == (200, {"id": "msg_0"})

    def test_a_long_list_of_deliveries_is_told_in_parts(self, call, add, now):
        hook, _ = add()
        Delivery.objects.bulk_create(
            Delivery(webhook_id=hook, number=number, kind="trade.order_paid", made=now) for number in range(150)
        )
        _, first = call("GET", f"/webhooks/{hook}/deliveries")
        _, second = call("GET", f"/webhooks/{hook}/deliveries?before={first['before']}")
        ids = [one["id"] for one in first["deliveries"] + second["deliveries"]]
        assert ids == [f"msg_{number}" for number in range(149, -1, -1)]
        assert second["before"] is None

    def test_a_shop_asks_for_yinuos_id_of_its_own(self, call, event):
        raw = json.loads(event("trade.order_placed", id="e", order="A/1", merchant="m1", amount_minor=1, currency="CNY"))
        assert call("POST", "/facts", [raw])[1]["accepted"] == 1
        status, told = call("GET", "/ids?type=merchant&id=m1")
        assert (status, told["id"][0]) == (200, "m")
        assert call("GET", "/ids?type=order&id=A/1")[1]["id"][0] == "o"
        assert call("GET", "/ids?type=merchant&id=m1", source="other")[0] == 404
        assert call("GET", "/ids?type=nonsense&id=m1")[0] == 404
        assert call("GET", "/ids?type=merchant&id=m1", source="")[0] == 401


def test_another_realm_does_not_open_the_secret(add, follow, send, orders, receiver, realm):
    hook, _ = add("trade.order_placed")
    other, _ = add("trade.order_placed")
    row = Webhook.objects.get(pk=hook)
    Webhook.objects.filter(pk=other).update(secret=row.secret)      # moved to another row it does not open
    with pytest.raises(Exception, match="does not open"):
        queries.secret_of(webhook=Webhook.objects.get(pk=other), realm=replace(realm))
