"""The pages of accounts: joining, signing in, second factor, sessions, teams; and what must not work."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from yinuo.cli._here import now as present
from yinuo.cli._here import realm as here
from yinuo.config.signed_in import SEEN
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.sealing import NotOpened
from yinuo.people import actions, queries
from yinuo.people.models import Account, Grant, Invitation, Membership
from yinuo.record import actions as record
from yinuo.vault import actions as vault

pytestmark = pytest.mark.django_db
PASSWORD = "seven green teapots"
LOGIN = "/account/sign-in/"


@pytest.fixture(autouse=True)
def _installation(settings, db):
    """Keys to seal with, no attempts counted yet, and passwords hashed quickly."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    vault.open_keys(realm=here(), at=present())
    cache.clear()


@pytest.fixture
def invited():
    """The path of a new invitation: invited("steward"), invited("merchant_owner", merchant)."""

    def make(role, subject=""):
        at = present()
        if subject:
            made = actions.invite_team(actor=SYSTEM, merchant=subject, role=role, realm=here(), at=at)
        else:
            made = actions.invite_staff(actor=SYSTEM, role=role, until=None, realm=here(), at=at)
        return reverse("join", args=[made.token])

    return make


@pytest.fixture
def merchant(event):
    """A merchant of the shop, by the id that it has here; a buyer, too."""
    placed = event("trade.order_placed", id="o1", order="o1", merchant="tea", buyer="ann", amount_minor=5, currency="CNY")
    record.take_events(actor=SYSTEM, source="shop", raws=[placed], realm=here(), at=present())
    shop = Actor("shop", frozenset({"source"}))
    actions.invite_subject(actor=shop, source="shop", kind="merchant", source_id="tea", realm=here(), at=present())
    return Invitation.objects.get().subject


def joined(path, handle="wang.fang", client=None):
    """A client that has used the invitation with a new account."""
    client = client or Client()
    answer = client.post(path, {"handle": handle, "password1": PASSWORD, "password2": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def sign_in(client, handle="wang.fang", password=PASSWORD, **more):
    return client.post(LOGIN, {"login": handle, "password": password, **more})


def code_of(secret):
    """The code that an app with this secret shows now."""
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def set_up_app(client):
    """Set up an app as second factor; returns its secret."""
    page = client.get("/account/second-factor/totp/activate/").content.decode()
    secret = re.search(r'class="secret">(\w+)<', page)[1]
    assert client.post("/account/second-factor/totp/activate/", {"code": code_of(secret)}).status_code == 302
    return secret


def test_an_invitation_leads_to_an_account_and_staff_on_to_the_second_factor(invited):
    path = invited("administrator")
    page = Client().get(path)
    assert "administrator" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    client = joined(path, "Wang.Fang")
    assert sign_in(Client(), "ＷＡＮＧ.Fang").url == "/account/second-factor/"
    assert client.get("/account/staff/").status_code == 403
    assert "Set it up" in client.get("/account/staff/").content.decode()
    set_up_app(client)
    assert client.get("/account/staff/").status_code == 200
    assert "Set it up" not in client.get("/account/").content.decode()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"handle": "аdmin"}, "a to z and digits"), ({"password1": "short", "password2": "short"}, "at least 12"),
        ({"password2": "other green teapots"}, "differ"),
        ({"password1": "wang.fang123", "password2": "wang.fang123"}, "too similar"),
        ({"password1": "123456789012345", "password2": "123456789012345"}, "entirely numeric"),
    ],
)
def test_what_will_not_do_is_said_beside_its_field(invited, given, says):
    path = invited("steward")
    answer = Client().post(path, {"handle": "wang.fang", "password1": PASSWORD, "password2": PASSWORD, **given})
    assert says in answer.content.decode()
    assert not Account.objects.exists()
    joined(path)


def test_an_account_that_is_there_takes_up_another_role(invited, merchant):
    client = joined(invited("steward"))
    path = invited("merchant_reader", merchant)
    elsewhere = Client()
    assert sign_in(elsewhere, next=path).url == path
    page = elsewhere.get(path).content.decode()
    assert "You are signed in as wang.fang" in page
    assert elsewhere.post(path).status_code == 302
    assert Membership.objects.get(ended=None).account.handle == "wang.fang"
    again = client.get(path)
    assert again.status_code == 410
    assert "used already" in again.content.decode()


def test_a_second_factor_is_asked_for_and_kept_sealed(invited):
    client = joined(invited("steward"))
    secret = set_up_app(client)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in kept
    elsewhere = Client()
    assert sign_in(elsewhere).url == "/account/second-factor/authenticate/"
    assert elsewhere.get("/account/").status_code == 302                    # not yet in
    wrong = elsewhere.post("/account/second-factor/authenticate/", {"code": "12"})
    assert "Incorrect code" in wrong.content.decode()
    codes = client.get("/account/second-factor/recovery-codes/").content.decode()
    one = re.search(r"<li><code>(\d+)</code>", codes)[1]
    assert one not in repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert elsewhere.post("/account/second-factor/authenticate/", {"code": one}).status_code == 302
    assert elsewhere.get("/account/").status_code == 200
    third = Client()
    sign_in(third)
    assert "Incorrect code" in third.post("/account/second-factor/authenticate/", {"code": one}).content.decode()   # used
    factor = Authenticator.objects.get(type="totp")
    factor.data = {"secret": kept[:-8] + "AAAAAAA="}
    factor.save()
    with pytest.raises(NotOpened):
        factor.wrap().validate_code("123456")


def test_who_is_reset_begins_anew_and_is_signed_out(invited):
    client = joined(invited("steward"))
    set_up_app(client)
    actions.reset_second_factor(actor=SYSTEM, handle="wang.fang")
    assert client.get("/account/").status_code == 302
    assert sign_in(Client()).url == "/account/second-factor/"
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_a_disabled_account_is_out_at_once_and_stays_out(invited):
    client = joined(invited("steward"))
    joined(invited("administrator"), "boss")
    actions.disable_account(actor=SYSTEM, handle="wang.fang", at=present())
    assert client.get("/account/").status_code == 302
    assert sign_in(Client()).url == "/account/disabled/"
    assert Client().get("/account/disabled/").status_code == 200


def test_attempts_are_counted_however_the_name_is_written(invited):
    joined(invited("steward"))
    for name in ("wang.fang", "WANG.fang", "ＷＡＮＧ.fang", " wang.fang", "Wang.Fang"):
        assert "not right" in sign_in(Client(), name, "wrong").content.decode()
    assert "Too many attempts" in sign_in(Client(), "wang.FANG").content.decode()      # also with the right one
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM attempts")
        assert not any("127.0.0.1" in key or "wang" in key for (key,) in cursor.fetchall())


def test_nobody_learns_which_names_there_are(invited):
    joined(invited("steward"))
    known = sign_in(Client(), "wang.fang", "wrong").content.decode()
    unknown = sign_in(Client(), "zhang.wei", "wrong").content.decode()
    plain = [re.sub(r'value="[^"]*"', "", page) for page in (known, unknown)]
    assert plain[0] == plain[1]


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example", "https:///evil"]
)
def test_nobody_is_led_away_after_signing_in(invited, target):
    client = joined(invited("steward"))
    assert sign_in(Client(), next=target).url == "/account/second-factor/"
    assert client.post("/account/sign-out/", {"next": target}).url == "/"


def test_a_form_from_elsewhere_does_nothing(invited):
    joined(invited("steward"), "li.na")
    strict = Client(enforce_csrf_checks=True)
    path = invited("steward")
    for address, form in (
        (LOGIN, {"login": "li.na", "password": PASSWORD}), (path, {"handle": "x.y.z"}), ("/account/sign-out/", {}),
    ):
        answer = strict.post(address, form)
        assert answer.status_code == 403
        assert "did not come from here" in answer.content.decode()
    assert strict.post("/api/facts", "[]", content_type="application/json").status_code == 401     # by key, never by cookie
    assert Account.objects.count() == 1


def test_sessions_are_seen_and_ended_by_their_owner_alone(invited):
    one = joined(invited("steward"))
    two = Client(headers={"user-agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"})
    sign_in(two)
    other = joined(invited("steward"), "li.na")
    page = one.get("/account/sessions/").content.decode()
    assert "Firefox · Linux" in page
    assert page.count("this one") == 2      # the tag, and the button's "all but this one"
    session = UserSession.objects.get(user_agent__contains="Firefox")
    assert other.post(f"/account/sessions/{session.pk}/end/").status_code == 404
    assert two.get("/account/").status_code == 200
    one.post(f"/account/sessions/{session.pk}/end/")
    assert two.get("/account/").status_code == 302
    sign_in(two)
    one.post("/account/sessions/")
    assert (one.get("/account/").status_code, two.get("/account/").status_code) == (200, 302)
    assert other.get("/account/").status_code == 200


@pytest.mark.parametrize(("role", "hours", "stays"), [("steward", 11, True), ("steward", 13, False), (None, 13, True)])
def test_a_session_of_staff_ends_when_long_unused(invited, merchant, role, hours, stays):
    client = joined(invited(role) if role else invited("merchant_reader", merchant))
    session = client.session
    session[SEEN] = (present() - timedelta(hours=hours)).isoformat()
    session.save()
    assert client.get("/account/").status_code == (200 if stays else 302)
    assert client.get("/account/").status_code == (200 if stays else 302)


def test_sessions_that_are_over_are_forgotten(invited):
    joined(invited("steward"))
    Session.objects.update(expire_date=present() - timedelta(days=1))
    sign_in(Client())
    assert Session.objects.count() == UserSession.objects.count() == 1


def test_a_new_password_keeps_this_session_and_ends_the_others(invited):
    client, other = joined(invited("steward")), Client()
    sign_in(other)
    changed = {"oldpassword": PASSWORD, "password1": "nine blue cups of tea", "password2": "nine blue cups of tea"}
    assert client.post("/account/password/", changed | {"oldpassword": "wrong"}).status_code == 200
    assert client.post("/account/password/", changed).status_code == 302
    assert (client.get("/account/").status_code, other.get("/account/").status_code) == (200, 302)


def test_an_owner_runs_the_team(invited, merchant):
    owner = joined(invited("merchant_owner", merchant), "owner")
    page = owner.post(f"/account/team/{merchant}/", {"role": "merchant_operations"}).content.decode()
    link = re.search(r"http://testserver(/join/[\w-]+/)", page)[1]
    worker = joined(link, "worker")
    assert link not in owner.get(f"/account/team/{merchant}/").content.decode()
    assert worker.get(f"/account/team/{merchant}/").status_code == 200
    assert worker.post(f"/account/team/{merchant}/", {"role": "merchant_reader"}).status_code == 403
    held = Membership.objects.get(account__handle="worker")
    owner.post(f"/account/team/{merchant}/", {"end": held.pk})
    assert worker.get(f"/account/team/{merchant}/").status_code == 403
    mine = Membership.objects.get(account__handle="owner")
    kept = owner.post(f"/account/roles/{mine.pk}/end/", follow=True).content.decode()
    assert "last owner stays" in kept
    assert Membership.objects.get(pk=mine.pk).ended is None
    assert Client().get(f"/account/team/{merchant}/").url.startswith(LOGIN)
    assert owner.post(f"/account/team/{merchant}/", {"end": "9" * 30}).status_code == 302


def test_an_administrator_lets_staff_in_and_out(invited):
    boss = joined(invited("administrator"), "boss")
    set_up_app(boss)
    assert "ends by itself" not in boss.get("/account/staff/").content.decode()
    refused = boss.post("/account/staff/", {"role": "authority", "until": "soon"}, follow=True).content.decode()
    assert "An authority is let in until a day" in refused
    until = (present() + timedelta(days=9)).date().isoformat()
    page = boss.post("/account/staff/", {"role": "authority", "until": until}).content.decode()
    court = joined(re.search(r"http://testserver(/join/[\w-]+/)", page)[1], "court")
    assert "let in by boss" in boss.get("/account/staff/").content.decode()
    boss.post("/account/staff/", {"end": Grant.objects.get(role="authority").pk})
    assert queries.grants_of(Account.objects.get(handle="court"), at=present()) == []
    assert court.get("/account/").status_code == 200
    boss.post("/account/staff/", {"disable": "court"})
    assert court.get("/account/").status_code == 302


def test_a_shop_hands_its_own_users_over(merchant):
    key = record.make_key(actor=SYSTEM, source="shop", expires=None, realm=here(), at=present())
    other = record.make_key(actor=SYSTEM, source="bazaar", expires=None, realm=here(), at=present())

    def ask(body, token=key):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return Client().post("/api/people/invitations", body, content_type="application/json", headers=headers)

    made = ask({"buyer": "ann"})
    assert made.status_code == 201
    assert made.json()["role"] == "buyer"
    client = joined(made.json()["link"].removeprefix("http://testserver"), "ann")
    assert "buyer" in client.get("/account/").content.decode()
    assert ask({"merchant": "tea"}, other).status_code == 404
    assert ask({"merchant": "tea"}, "").status_code == 401
    assert ask({"merchant": "nobody"}).status_code == 404
    assert ask({}).status_code == ask({"merchant": "tea", "buyer": "ann"}).status_code == 422


def test_the_language_goes_along(invited):
    client = joined(invited("steward"))
    client.post("/account/language/", {"language": "zh-hans"})
    assert "我的账号" in client.get("/account/").content.decode()
    elsewhere = Client(headers={"accept-language": "en"})
    sign_in(elsewhere)
    assert "我的账号" in elsewhere.get("/account/").content.decode()
    assert client.post("/account/language/", {"language": "xx"}).status_code == 302
    assert Account.objects.get().language == "zh-hans"


PAGES = [
    "/account/", "/account/password/", "/account/sessions/", "/account/sign-out/", "/account/confirm/", "/account/staff/",
    "/account/second-factor/", "/account/second-factor/totp/deactivate/", "/account/second-factor/webauthn/",
    "/account/second-factor/webauthn/add/", "/account/second-factor/recovery-codes/", "/account/second-factor/reauthenticate/",
    "/account/second-factor/recovery-codes/generate/", "/account/disabled/",
]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_is_whole_in_both_languages(invited, merchant, words, language):
    boss = joined(invited("administrator"), "boss")
    set_up_app(boss)
    boss.post(invited("merchant_owner", merchant))
    boss.get("/account/")       # which says in English that the role was added
    boss.cookies["django_language"] = language
    for path in [*PAGES, f"/account/team/{merchant}/"]:
        page = boss.get(path)
        text = page.content.decode()
        assert page.status_code == 200, path
        assert len(page.content) < 100_000
        assert "style=" not in text
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), path
        assert "</html>" in text
        if language == "zh-hans":
            seen = re.sub(r"<script.*?</script>|<code.*?</code>|<[^>]+>", " ", text, flags=re.DOTALL).replace(merchant, "")
            assert set(re.findall(r"[A-Za-z]{3,}", seen)) <= {"boss", "English", "API", "Marketplace", "UTC"}, path
    out = Client()
    out.cookies["django_language"] = language
    for path in (LOGIN, invited("steward"), invited("merchant_reader", merchant), "/account/disabled/"):
        assert out.get(path).status_code == 200
    assert out.get("/account/staff/").status_code == 302


def test_a_public_page_looks_nothing_up_for_whom_it_does_not_know():
    with CaptureQueriesContext(connection) as asked:
        assert Client().get("/verify/").status_code == 200
    assert [query for query in asked.captured_queries if "session" in query["sql"] or "account" in query["sql"]] == []


def test_cookies_are_kept_from_scripts_and_other_sites(invited, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = joined(invited("steward"))
    client.get("/account/password/")
    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_a_session_that_began_without_a_second_factor_ends_when_one_is_set_up(client, invited):
    client.post(invited("administrator"), {"handle": "wang.fang", "password1": PASSWORD, "password2": PASSWORD})
    earlier = Client()
    earlier.post(LOGIN, {"login": "wang.fang", "password": PASSWORD})
    assert earlier.get(reverse("my_account")).status_code == 200
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).status_code == 302
    assert earlier.get(reverse("my_account")).status_code == 302
    assert client.get(reverse("my_account")).status_code == 200


def test_a_short_password_is_refused_in_chinese(invited):
    client = Client(headers={"accept-language": "zh-hans"})
    page = client.post(invited("auditor"), {"handle": "li.na", "password1": "short", "password2": "short"}).content.decode()
    assert "密码太短：至少需要12个字符。" in page
    assert "This password" not in page


def test_who_signs_in_through_a_directory_has_no_password_to_change(invited):
    client = joined(invited("auditor"))
    account = Account.objects.get()
    account.set_unusable_password()
    account.save()
    client.force_login(account)
    answer = client.get("/account/password/", follow=True)
    assert answer.redirect_chain == [("/account/", 302)]
    assert "no password here" in answer.content.decode()
