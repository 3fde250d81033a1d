"""The console's webhooks: for administrators alone; added, paused, rotated, told again, ended."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from yinuo.cli._here import now, realm
from yinuo.people.models import Account, Grant, Membership
from yinuo.record.models import Delivery, Webhook
from yinuo.record.queries import secret_of
from yinuo.vault import actions as vault

pytestmark = pytest.mark.django_db
LIST = "/console/webhooks/"


def browser(handle="admin", roles=("administrator",), own=None, language="en"):
    account = Account.objects.create(handle=handle, created=now())
    for role in roles:
        Grant.objects.create(account=account, role=role, granted_by="system", granted=now())
    Authenticator.objects.create(user=account, type="totp", data={"secret": "s"})
    for subject, role in (own or {}).items():
        Membership.objects.create(account=account, subject=subject, role=role, granted_by="system", granted=now())
    client = Client(headers={"accept-language": language})
    client.force_login(account)
    return client


@pytest.fixture(autouse=True)
def _keys(db):
    vault.open_keys(realm=realm(), at=now())


def secret_in(page):
    found = re.search(r'class="link">(whsec_[^<]+)<', page.content.decode())
    return found and found[1]


def add(client, **given):
    sent = {"url": "https://shop.example/yinuo", "source": "shop", "kinds": "decisions.*\ncredit.standing_changed", **given}
    return client.post(LIST, sent)


@pytest.mark.parametrize("roles", [(), ("steward",), ("auditor",), ("finance",)])
def test_it_is_for_administrators_alone(roles):
    client = browser(roles=roles, own={"m1": "merchant_owner"})
    hook = Webhook.objects.create(url="https://a.example/", source="", kinds=["decisions.*"], position=0, made=now(), due=now())
    for path in (LIST, f"{LIST}{hook.pk}/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"pause": "yes", "url": "https://b.example/", "kinds": "decisions.*"}).status_code == 404
    assert Client().get(LIST).status_code == 302
    assert Webhook.objects.get().paused is None


def test_one_is_added_and_its_secret_shown_once():
    client = browser()
    assert "Nobody is told yet" in client.get(LIST).content.decode()
    page = add(client)
    hook = Webhook.objects.get()
    assert secret_in(page) == secret_of(webhook=hook, realm=realm())
    assert (hook.source, hook.kinds) == ("shop", ["credit.standing_changed", "decisions.*"])
    assert page["Cache-Control"] == "private, no-store"
    for path in (LIST, f"{LIST}{hook.pk}/"):
        page = client.get(path)
        assert secret_in(page) is None
        assert "https://shop.example/yinuo" in page.content.decode()


@pytest.mark.parametrize("given", [
    {"url": "http://shop.example/"}, {"url": "https://192.168.0.1/"}, {"url": ""}, {"kinds": "gossip.heard"}, {"kinds": " "},
    {"source": "no such name!"}, {"url": "https://" + "x" * 500},
])
def test_what_will_not_do_is_said_and_nothing_is_made(given):
    page = add(browser(), **given)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode() or "errorlist" in page.content.decode()
    assert not Webhook.objects.exists()


def test_it_is_paused_resumed_given_a_new_secret_and_ended():
    client = browser()
    first = secret_in(add(client))
    hook = Webhook.objects.get()
    path = f"{LIST}{hook.pk}/"
    assert client.post(path, {"pause": "yes"}).url == path
    assert "paused" in client.get(path).content.decode()
    assert client.post(path, {"resume": "yes"}).url == path
    hook.refresh_from_db()
    assert hook.paused is None
    second = secret_in(client.post(path, {"rotate": "yes"}))
    hook.refresh_from_db()
    assert second == secret_of(webhook=hook, realm=realm()) != first
    assert hook.secret_before_ends is not None
    assert client.post(path, {"end": "yes"}).url == LIST
    assert client.get(path).status_code == 404
    assert not Webhook.objects.exists()


def test_what_it_was_told_is_shown_and_told_again():
    client = browser()
    add(client)
    hook = Webhook.objects.get()
    Webhook.objects.update(position=120)
    common = {"webhook": hook, "kind": "decisions.decision_taken", "made": now(), "tried": now(), "attempts": 1}
    Delivery.objects.bulk_create([
        *(Delivery(number=number, delivered=now(), status=204, **common) for number in range(60)),
        Delivery(number=60, dead=now(), status=500, answer="<b>broken</b>", **common), Delivery(number=61, **common),
    ])
    path = f"{LIST}{hook.pk}/"
    page = client.get(path).content.decode()
    assert page.index("msg_61") < page.index("msg_60") < page.index("msg_12")
    assert "msg_11<" not in page
    assert "&lt;b&gt;broken&lt;/b&gt;" in page
    older = client.get(f"{path}?before=12").content.decode()
    assert ("msg_11<" in older, "msg_12<" in older) == (True, False)
    assert "There are no older ones." in client.get(f"{path}?before=0").content.decode()
    assert client.get(f"{path}?before=x").status_code == 200
    assert client.post(path, {"again": "msg_58"}).url == path
    hook.refresh_from_db()
    assert (hook.position, Delivery.objects.count()) == (0, 0)       # the record is empty here: all of it comes again
    assert client.post(path, {"replay": "yes", "since": "2026-05-01T09:30"}).url == path
    assert client.post(path, {"replay": "yes", "since": "yesterday"}).status_code == 200
    assert 'role="alert"' in client.post(path, {"again": "msg_x"}, follow=True).content.decode()


@pytest.mark.parametrize(("roles", "own", "leads"), [
    (("administrator",), {}, LIST), (("steward",), {}, "/console/steward/"), (("administrator", "steward"), {}, None),
    (("administrator",), {"m1": "merchant_owner"}, None), ((), {"m1": "merchant_owner"}, "/console/merchants/m1/"),
])
def test_the_console_leads_there(roles, own, leads):
    answer = browser(roles=roles, own=own).get("/console/")
    if leads:
        assert answer.url == leads
    else:
        assert LIST in answer.content.decode()


def test_it_speaks_chinese_and_asks_few_questions(django_assert_max_num_queries):
    client = browser(language="zh-hans")
    for _ in range(5):
        add(client)
    with django_assert_max_num_queries(12):
        page = client.get(LIST).content.decode()
    assert "Webhook 通知" in page
    assert page.count("仅限shop的对象") == 5
