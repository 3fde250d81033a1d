"""Access tokens: what makes one, what ends it, what it can do, and every way in which it must not work."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from yinuo.cli._here import now as present
from yinuo.cli._here import realm as here
from yinuo.kit.actors import SYSTEM
from yinuo.kit.refusals import Malformed, NotAllowed, NotFound, TooMany, Unauthenticated
from yinuo.people import actions, queries, rules
from yinuo.people.models import AccessToken, Account, Grant, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_attempts_yet(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def account(now):
    """Makes an account: account("owner", own={"m1": "merchant_owner"}), account("boss", roles=["steward"])."""

    def make(handle, *, roles=(), own=None, until=None):
        made = Account(handle=handle, created=now)
        made.set_password("seven green teapots")
        made.save()
        for role in roles:
            Grant.objects.create(account=made, role=role, granted_by="system", granted=now, until=until)
        if roles:
            Authenticator.objects.create(user=made, type="totp", data={}, created_at=now - timedelta(days=1))
        for subject, role in (own or {}).items():
            Membership.objects.create(account=made, subject=subject, role=role, granted_by="system", granted=now)
        return made

    return make


@pytest.fixture
def token(realm, now):
    """Makes a token of an account; returns it."""

    def make(account, *, at=now, days=90, second_factor=None, name="till"):
        shown = bool(Authenticator.objects.filter(user=account)) if second_factor is None else second_factor
        made = actions.make_token(account=account, name=name, days=days, second_factor=shown, realm=realm, at=at)
        return made.token

    return make


def test_it_acts_as_its_account_with_the_roles_of_the_moment(account, token, now):
    owner = account("owner", own={"m1": "merchant_owner", "b1": "buyer"})
    made = token(owner)
    actor = actions.check_token(token=made, at=now)
    assert actor == queries.actor_of(owner, at=now)
    assert actor.own == {"m1": {"merchant_owner"}, "b1": {"buyer"}}
    Membership.objects.filter(subject="m1").update(ended=now)
    assert actions.check_token(token=made, at=now).own == {"b1": {"buyer"}}


def test_only_its_hash_is_kept_and_it_begins_as_scanners_look_for(account, token):
    made = token(account("owner"))
    assert made.startswith("yt_")
    assert len(made) == 51
    (kept,) = AccessToken.objects.values()
    assert made[3:] not in repr(kept)
    assert bytes(kept["digest"]) == rules.token_digest(made)


def test_last_use_is_noted_to_five_minutes(account, token, now):
    made = token(account("owner"))
    for minutes, noted in ((0, 0), (4, 0), (6, 6), (10, 6), (12, 12)):
        actions.check_token(token=made, at=now + timedelta(minutes=minutes))
        assert AccessToken.objects.get().used == now + timedelta(minutes=noted)


@pytest.mark.parametrize("days", [1, 90, 365])
def test_it_ends_on_its_day(account, token, now, days):
    made = token(account("owner"), days=days)
    assert actions.check_token(token=made, at=now + timedelta(days=days, microseconds=-1))
    with pytest.raises(Unauthenticated, match="expired"):
        actions.check_token(token=made, at=now + timedelta(days=days))


@pytest.mark.parametrize(("given", "path"), [
    ({"days": 0}, "days"), ({"days": 366}, "days"), ({"name": ""}, "name"), ({"name": "  "}, "name"),
    ({"name": "x" * 61}, "name"), ({"name": "a\u200bb"}, "name"), ({"name": "a\0b"}, "name"),
])
def test_what_will_not_do_is_refused(account, token, given, path):
    with pytest.raises(Malformed) as refused:
        token(account("owner"), **given)
    assert refused.value.path == path
    assert not AccessToken.objects.exists()


def test_an_account_has_twenty_at_most(account, token, now):
    owner = account("owner")
    for _ in range(20):
        token(owner)
    with pytest.raises(TooMany):
        token(owner)
    actions.revoke_token(account=owner, token=AccessToken.objects.latest("pk").pk, at=now)
    token(owner)
    token(account("other"))


def test_staff_make_one_only_with_the_second_factor_shown(account, token, now):
    boss = account("boss", roles=["steward"])
    with pytest.raises(NotAllowed, match="second factor"):
        token(boss, second_factor=False)
    Authenticator.objects.all().delete()
    with pytest.raises(NotAllowed, match="second factor"):
        token(boss, second_factor=True)         # the session may say so, but the account has none any more
    assert not AccessToken.objects.exists()


def test_who_has_a_second_factor_shows_it_whatever_they_are(account, token, now):
    owner = account("owner")
    Authenticator.objects.create(user=owner, type="totp", data={}, created_at=now - timedelta(days=1))
    with pytest.raises(NotAllowed):
        token(owner, second_factor=False)
    assert token(owner, second_factor=True)


def test_a_token_of_staff_has_their_roles_and_dies_with_them(account, token, now):
    boss = account("boss", roles=["steward", "auditor"])
    made = token(boss)
    assert actions.check_token(token=made, at=now).roles == {"steward", "auditor"}
    actions.end_grant(actor=SYSTEM, grant=Grant.objects.get(role="auditor").pk, at=now)
    with pytest.raises(Unauthenticated, match="revoked"):
        actions.check_token(token=made, at=now)
    again = token(boss)
    assert actions.check_token(token=again, at=now).roles == {"steward"}


def test_a_token_of_an_authority_ends_with_the_role(account, token, now):
    until = now + timedelta(days=10)
    made = token(account("court", roles=["authority"], until=until))
    assert AccessToken.objects.get().expires == until
    assert actions.check_token(token=made, at=until - timedelta(seconds=1)).roles == {"authority"}
    with pytest.raises(Unauthenticated, match="expired"):
        actions.check_token(token=made, at=until)


def test_it_dies_with_the_account_the_password_and_the_second_factor(account, token, now):
    boss, other = account("boss", roles=["steward"]), account("other")
    token(other)
    made = token(boss)
    boss.set_password("eight green teapots")
    boss.save()
    with pytest.raises(Unauthenticated, match="password"):
        actions.check_token(token=made, at=now)
    made = token(boss)
    Authenticator.objects.filter(user=boss).delete()       # by its owner, who sets another one up
    Authenticator.objects.create(user=boss, type="totp", data={}, created_at=now + timedelta(hours=1))
    with pytest.raises(Unauthenticated, match="second factor was changed"):
        actions.check_token(token=made, at=now + timedelta(hours=2))
    made = token(boss, at=now + timedelta(hours=2))
    actions.reset_second_factor(actor=SYSTEM, handle="boss")
    with pytest.raises(Unauthenticated, match="not known"):
        actions.check_token(token=made, at=now)
    Authenticator.objects.create(user=boss, type="totp", data={}, created_at=now)
    made = token(boss)
    actions.disable_account(actor=SYSTEM, handle="boss", at=now)
    with pytest.raises(Unauthenticated, match="revoked"):
        actions.check_token(token=made, at=now)
    AccessToken.objects.filter(account=boss).update(revoked=None)
    with pytest.raises(Unauthenticated, match="disabled"):
        actions.check_token(token=made, at=now)
    assert [each.account for each in AccessToken.objects.filter(revoked=None).exclude(account=boss)] == [other]


def test_one_made_without_a_second_factor_never_becomes_staffs(account, token, now):
    somebody = account("somebody", own={"m1": "merchant_owner"})
    made = token(somebody)
    Grant.objects.create(account=somebody, role="steward", granted_by="system", granted=now)
    with pytest.raises(Unauthenticated, match="without the second factor"):
        actions.check_token(token=made, at=now)
    Authenticator.objects.create(user=somebody, type="webauthn", data={}, created_at=now - timedelta(days=1))
    with pytest.raises(Unauthenticated, match="without the second factor"):
        actions.check_token(token=made, at=now)
    Grant.objects.all().delete()
    with pytest.raises(Unauthenticated, match="without the second factor"):     # its sessions ended too when it was set up
        actions.check_token(token=made, at=now)


def test_nobody_revokes_anothers(account, token, now):
    owner, other = account("owner"), account("other")
    made = token(owner)
    number = AccessToken.objects.get().pk
    for who, which in ((other, number), (owner, number + 1)):
        with pytest.raises(NotFound):
            actions.revoke_token(account=who, token=which, at=now)
    assert actions.check_token(token=made, at=now)
    actions.revoke_token(account=owner, token=number, at=now)
    with pytest.raises(NotFound):
        actions.revoke_token(account=owner, token=number, at=now)
    with pytest.raises(Unauthenticated, match="revoked"):
        actions.check_token(token=made, at=now)
    assert queries.tokens_of(owner, at=now) == []


def test_it_goes_with_the_account(account, token):
    owner = account("owner", own={"b1": "buyer"})
    token(owner)
    actions.close_account(actor=SYSTEM, person="b1")
    assert not AccessToken.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.parametrize("guess", ["", "yt_", "yt_" + "0" * 48, "yt_' OR 1=1", "\0", "字" * 100, "y" * 100_000])
def test_a_guess_is_refused(account, token, now, guess):
    made = token(account("owner"))
    for text in (guess, made.upper(), made[:-1], f" {made}"):
        with pytest.raises(Unauthenticated, match="not known"):
            actions.check_token(token=text, at=now)


def test_a_name_is_kept_in_one_form():
    assert rules.check_token_wish(name="  the \n till ", days=1) == "the till"


class TestOverHttp:
    """Who gets in under /api, and how it ends."""

    @pytest.fixture
    def owner(self, account):
        return account("owner", own={"m1": "merchant_owner"})

    @pytest.fixture
    def bearer(self, owner):
        made = actions.make_token(
            account=owner, name="till", days=90, second_factor=False, realm=here(), at=present()
        ).token
        return Client(headers={"authorization": f"Bearer {made}"}, enforce_csrf_checks=True)

    def test_it_needs_no_cookie_and_no_csrf(self, bearer, owner):
        told = bearer.get("/api/account").json()
        assert (told["name"], [(one["role"], one["subject"]) for one in told["roles"]]) == ("owner", [("merchant_owner", "m1")])
        assert bearer.put("/api/account/language", {"language": "zh-hans"}, "application/json").status_code == 204
        owner.refresh_from_db()
        assert owner.language == "zh-hans"
        assert not bearer.cookies
        assert bearer.get("/api/account")["Cache-Control"] == "private, no-store"

    def test_a_cookie_is_nobody_here(self, owner):
        client = Client(enforce_csrf_checks=True)
        client.force_login(owner)
        for method, path in (("get", "/api/account"), ("put", "/api/account/language"), ("post", "/api/decisions")):
            answer = getattr(client, method)(path, {"language": "zh-hans"}, "application/json")
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            assert answer["WWW-Authenticate"] == "Bearer"
        owner.refresh_from_db()
        assert owner.language == ""

    def test_every_call_that_asks_for_somebody_refuses_a_cookie(self, account):
        from yinuo.config.api import api  # noqa: PLC0415 - once Django is set up

        client = Client()
        client.force_login(account("boss", roles=["steward", "administrator", "auditor"], own={"m1": "merchant_owner"}))
        asked = 0
        for path, calls in api.get_openapi_schema()["paths"].items():
            for method, call in calls.items():
                if "security" in call or method != "get":
                    answer = client.generic(method.upper(), re.sub(r"{\w+}", "1", path), "{}", "application/json")
                    assert (answer.status_code, method, path) == (401, method, path)
                    asked += 1
        assert asked > 50

    @pytest.mark.parametrize("header", [
        "", "Bearer", "Bearer ", "Basic yt_x", "Bearer yk_x", "yt_x", "Bearer yt_", "Bearer yt_x", "Bearer yt_\u00fc",
    ])
    def test_what_is_no_token_is_refused(self, header, owner):
        client = Client(headers={"authorization": header} if header else {})
        client.force_login(owner)
        answer = client.get("/api/account")
        assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")

    def test_a_sources_key_is_no_person_and_a_token_no_source(self, bearer, db):
        from yinuo.record import actions as record  # noqa: PLC0415

        key = record.make_key(actor=SYSTEM, source="shop", expires=None, realm=here(), at=present())
        assert Client(headers={"authorization": f"Bearer {key}"}).get("/api/account").status_code == 401
        assert bearer.post("/api/facts", b"[]", "application/cloudevents-batch+json").status_code == 401
        assert Client(headers={"authorization": f"Bearer {key}"}).get("/api/webhooks").json() == []
        assert bearer.get("/api/webhooks").status_code == 403

    def test_tries_that_fail_are_limited_and_good_ones_go_on(self, bearer):
        guesser = Client(headers={"authorization": "Bearer yt_guess"})
        answers = [guesser.get("/api/account") for _ in range(32)]
        assert [answer.status_code for answer in answers] == [401] * 30 + [429] * 2
        assert (answers[-1].json()["code"], answers[-1]["Retry-After"]) == ("too-many-tries", "300")
        assert bearer.get("/api/account").status_code == 200

    def test_no_token_is_told_or_logged(self, owner, caplog, settings):
        settings.DEBUG = True
        caplog.set_level(logging.DEBUG)
        made = actions.make_token(account=owner, name="t", days=1, second_factor=False, realm=here(), at=present()).token
        for header in (f"Bearer {made}", f"Bearer {made}x", f"Basic {made}", f"bearer  {made}"):
            answer = Client(headers={"authorization": header}, raise_request_exception=False).get("/api/account")
            assert made not in answer.content.decode()
            assert made not in str(answer.headers)
        assert made not in caplog.text
        assert made not in repr(actions.check_token(token=made, at=present()))

    def test_it_makes_nothing_that_lets_in(self, bearer):
        """No call makes tokens, sessions, passwords or factors, or gives staff roles."""
        from yinuo.config.api import api  # noqa: PLC0415

        making = {
            path for path, calls in api.get_openapi_schema()["paths"].items()
            if path.startswith(("/api/account", "/api/staff")) and calls.keys() & {"post", "patch"}
        }
        assert making == set()
        changing = {
            path for path, calls in api.get_openapi_schema()["paths"].items()
            if path.startswith(("/api/account", "/api/staff")) and "put" in calls
        }
        assert changing == {"/api/account/language"}
        assert bearer.post("/api/account/tokens").status_code == 405

    def test_its_owner_lists_and_revokes_it(self, bearer):
        (listed,) = bearer.get("/api/account/tokens").json()
        assert (listed["name"], listed["used"] is not None) == ("till", True)
        assert "token" not in listed
        assert bearer.delete(f"/api/account/tokens/{listed['id']}").status_code == 204
        assert bearer.get("/api/account").status_code == 401

    def test_sessions_of_others_are_not_there(self, bearer, account, owner):
        from allauth.usersessions.models import UserSession  # noqa: PLC0415

        made = {"ip": "127.0.0.1", "user_agent": "", "created_at": present(), "last_seen_at": present()}
        mine = UserSession.objects.create(user=owner, session_key="a", **made)
        other = UserSession.objects.create(user=account("other"), session_key="b", **made)
        assert [one["id"] for one in bearer.get("/api/account/sessions").json()] == [mine.pk]
        assert bearer.delete(f"/api/account/sessions/{other.pk}").status_code == 404
        assert bearer.delete(f"/api/account/sessions/{mine.pk}").status_code == 204
        assert [each.pk for each in UserSession.objects.all()] == [other.pk]
