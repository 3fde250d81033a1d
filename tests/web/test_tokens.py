"""The pages of access tokens: made only by somebody who has just shown that it is them, shown once, revoked."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from yinuo.cli._here import now as present
from yinuo.cli._here import realm as here
from yinuo.kit.actors import SYSTEM
from yinuo.people import actions
from yinuo.people.models import AccessToken, Account, Membership
from yinuo.vault import actions as vault

pytestmark = pytest.mark.django_db
PASSWORD = "seven green teapots"
NEW = "/account/tokens/new/"


@pytest.fixture(autouse=True)
def _installation(settings, db):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    vault.open_keys(realm=here(), at=present())
    cache.clear()


@pytest.fixture
def owner():
    """A merchant's owner, by name and password."""
    made = Account(handle="owner", created=present())
    made.set_password(PASSWORD)
    made.save()
    Membership.objects.create(account=made, subject="m1", role="merchant_owner", granted_by="system", granted=present())
    return made


def signed_in(handle="owner"):
    client = Client()
    assert client.post("/account/sign-in/", {"login": handle, "password": PASSWORD}).status_code == 302
    return client


def confirmed(client, path=NEW):
    """Show once more that it is them, by the password."""
    answer = client.post(f"/account/confirm/?next={path}", {"password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, path)
    return client


def made_by(client, **given):
    page = client.post(NEW, {"name": "the till", "days": "90", **given})
    assert page.status_code == 200
    return page, re.search(r'class="link">(yt_[0-9a-f]{48})<', page.content.decode())


def test_a_token_is_made_after_one_shows_again_that_it_is_them(owner):
    client = signed_in()
    for answer in (client.get(NEW), client.post(NEW, {"name": "the till", "days": "90"})):
        assert (answer.status_code, answer.url) == (302, f"/account/confirm/?next={NEW.replace('/', '%2F')}")
    assert not AccessToken.objects.exists()
    page, found = made_by(confirmed(client))
    assert page["Cache-Control"] == "private, no-store"
    answer = Client(headers={"authorization": f"Bearer {found[1]}"}).get("/api/account")
    assert answer.json()["name"] == "owner"
    listed = client.get("/account/tokens/").content.decode()
    assert found[1] not in listed
    assert "the till" in listed
    assert "never used" not in listed
    kept = AccessToken.objects.get()
    assert (kept.expires - kept.made).days == 90
    assert client.post(f"/account/tokens/{kept.pk}/end/").url == "/account/tokens/"
    assert Client(headers={"authorization": f"Bearer {found[1]}"}).get("/api/account").status_code == 401


def test_nobody_else_makes_or_ends_one(owner):
    made_by(confirmed(signed_in()))
    kept = AccessToken.objects.get()
    other = Account(handle="other", created=present())
    other.set_password(PASSWORD)
    other.save()
    stranger = signed_in("other")
    assert stranger.post(f"/account/tokens/{kept.pk}/end/").status_code == 302
    assert "the till" not in stranger.get("/account/tokens/").content.decode()
    for path in ("/account/tokens/", NEW):
        assert Client().get(path).status_code == 302
    assert Client(enforce_csrf_checks=True).post(f"/account/tokens/{kept.pk}/end/").status_code in (302, 403)
    kept.refresh_from_db()
    assert kept.revoked is None


@pytest.mark.parametrize("given", [{"days": "366"}, {"days": "0"}, {"days": "x"}, {"name": ""}, {"name": "x" * 61}])
def test_what_will_not_do_makes_none(owner, given):
    _, found = made_by(confirmed(signed_in()), **given)
    assert found is None
    assert not AccessToken.objects.exists()


def test_a_token_cannot_open_pages(owner):
    _, found = made_by(confirmed(signed_in()))
    bearer = Client(headers={"authorization": f"Bearer {found[1]}"})
    for path in ("/account/", NEW, "/account/password/", "/console/merchants/m1/", "/me/"):
        assert bearer.get(path).status_code == 302       # to sign in


def test_changing_the_password_ends_it(owner):
    client = confirmed(signed_in())
    _, found = made_by(client)
    new = "eight green teapots"
    changed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert client.post("/account/password/", changed).status_code == 302
    answer = Client(headers={"authorization": f"Bearer {found[1]}"}).get("/api/account")
    assert (answer.status_code, "password was changed" in answer.json()["detail"]) == (401, True)


def test_staff_make_one_only_where_the_second_factor_was_shown(settings):
    invited = actions.invite_staff(actor=SYSTEM, role="steward", until=None, realm=here(), at=present())
    client = Client()
    client.post(reverse("join", args=[invited.token]), {"handle": "boss", "password1": PASSWORD, "password2": PASSWORD})
    assert client.get(NEW).status_code == 403             # no factor yet, which alone would show that it is them
    page = client.get("/account/second-factor/totp/activate/").content.decode()
    secret = re.search(r'class="secret">(\w+)<', page)[1]

    def code(back=0):
        counters = list(yield_hotp_counters_from_time())
        return format_hotp_value(hotp_value(secret, counters[back]))

    assert client.post("/account/second-factor/totp/activate/", {"code": code()}).status_code == 302
    answer = client.get(NEW)                              # the password was shown, the factor not yet in this session
    assert (answer.status_code, answer.url) == (302, f"/account/second-factor/reauthenticate/?next={NEW.replace('/', '%2F')}")
    cache.clear()                                         # a code counts once
    assert client.post(answer.url, {"code": code()}).status_code == 302
    _, found = made_by(client)
    bearer = Client(headers={"authorization": f"Bearer {found[1]}"})
    assert [role["role"] for role in bearer.get("/api/account").json()["roles"]] == ["steward"]
    assert bearer.get("/api/contests/queue").status_code == 200
    actions.reset_second_factor(actor=SYSTEM, handle="boss")
    assert bearer.get("/api/contests/queue").status_code == 401


def test_it_speaks_chinese(owner):
    client = confirmed(signed_in())
    client.cookies.clear()
    client.force_login(owner)
    page = client.get("/account/tokens/", headers={"accept-language": "zh-hans"}).content.decode()
    assert "没有有效的令牌" in page
