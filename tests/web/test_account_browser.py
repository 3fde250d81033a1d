"""Joining, an app and a passkey in a real browser, under the strict policy."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.urls import reverse

from yinuo.cli._here import now as present
from yinuo.cli._here import realm as here
from yinuo.kit.actors import SYSTEM
from yinuo.people import actions
from yinuo.vault import actions as vault

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "seven green teapots"


@pytest.fixture
def link(settings, live_server):
    """The address of an invitation to be the first administrator."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    vault.open_keys(realm=here(), at=present())
    cache.clear()
    made = actions.invite_staff(actor=SYSTEM, role="administrator", until=None, realm=here(), at=present())
    return live_server.url + reverse("join", args=[made.token])


def opened(browser: Any, **options: Any) -> tuple[Any, list[str]]:
    """A page in English, and what the browser complained about on it."""
    page = browser.new_context(locale="en-GB", **options).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def with_authenticator(page: Any) -> None:
    """Give the browser a device that keeps passkeys and knows its owner's finger."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def join(page: Any, link: str) -> None:
    page.goto(link)
    page.get_by_label("Sign-in name").fill("wang.fang")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Open the account").click()
    page.get_by_text("You have a staff role").wait_for()


def sign_out(page: Any) -> None:
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Sign in").wait_for()


def test_a_passkey_signs_in_alone(browser, live_server, link):
    page, complaints = opened(browser)
    with_authenticator(page)
    join(page, link)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("What to call it").fill("My phone")
    assert page.get_by_label("Sign in with it alone").is_checked()
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()           # the codes come with the first factor
    page.goto(live_server.url + "/account/second-factor/webauthn/")
    page.get_by_role("link", name="Rename").click()
    page.get_by_role("textbox").fill("Old phone")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Old phone").wait_for()
    sign_out(page)
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("heading", name="wang.fang").wait_for()
    page.goto(live_server.url + "/account/staff/")
    page.get_by_role("heading", name="Who works here").wait_for()           # and the role counts
    page.goto(live_server.url + "/account/second-factor/webauthn/")
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("heading", name="Is it you?").wait_for()
    page.get_by_role("link", name="Use a passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("button", name="Remove it").click()
    page.get_by_text("You have none yet.").wait_for()
    page.goto(live_server.url + "/account/staff/")
    page.get_by_text("it counts only once a second factor is set up").wait_for()
    assert [said for said in complaints if "403" not in said] == []


def test_without_a_passkey_the_page_says_so(browser, live_server, link):
    page, complaints = opened(browser)
    page.goto(live_server.url.replace("localhost", "127.0.0.1") + "/account/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("alert").get_by_text("No passkey was used").wait_for()
    assert complaints == []


def test_an_app_is_set_up_and_asked_for_without_any_script(browser, live_server, link):
    page, complaints = opened(browser, java_script_enabled=False)
    join(page, link)
    page.get_by_role("link", name="Set up the app").click()
    page.get_by_text("The app cannot read it?").click()
    secret = page.locator(".secret").inner_text()

    def code() -> str:
        return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))

    page.get_by_label("Code of six digits").fill("000")
    page.get_by_role("button", name="Use this app").click()
    page.get_by_text("Incorrect code").wait_for()
    page.get_by_label("Code of six digits").fill(code())
    page.get_by_role("button", name="Use this app").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert page.locator(".codes li").count() == 10
    recovery = page.locator(".codes code").first.inner_text()
    sign_out(page)
    page.goto(live_server.url + "/account/sign-in/")
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    page.get_by_label("Sign-in name").fill("WANG.Fang")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Code").fill("12345678")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Incorrect code").wait_for()
    page.get_by_label("Code").fill(recovery)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="wang.fang").wait_for()
    assert complaints == []
