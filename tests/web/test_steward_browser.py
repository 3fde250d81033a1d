"""The stewards' console in a real browser: by keys, by Tab alone, and without any script."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client

from yinuo.config.realm import now
from yinuo.decisions.models import Contest
from yinuo.people.models import Account, Grant, SavedFilter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signed_in(browser, live_server, emptied, market):
    """Pages of a steward with a full queue."""
    market.fill_queues(contests=12, appeals=3, refused=2, movers=6)
    account = Account.objects.create(handle="steward", created=now())
    Grant.objects.create(account=account, role="steward", granted_by="system", granted=now())
    Authenticator.objects.create(user=account, type="totp", data={"secret": "s"})
    client = Client()
    client.force_login(account)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value

    def opened(path: str, **options: Any) -> Any:
        context = browser.new_context(locale="en-GB", **options)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(live_server.url + path)
        return page

    return opened


def focused(page: Any) -> str:
    return page.evaluate("document.activeElement.closest('tr, li')?.querySelector('input[type=checkbox]')?.value ?? ''")


def test_a_queue_is_worked_by_keys(signed_in):
    page = signed_in("/console/steward/contests/")
    order = page.locator("input[name=contest]").evaluate_all("every => every.map(each => each.value)")
    for place in (0, 1, 2):
        page.keyboard.press("j")
        assert focused(page) == order[place]
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    assert page.locator("input[name=contest]:checked").evaluate_all("every => every.map(each => each.value)") == order[1:3]
    page.keyboard.press("x")
    assert page.locator("input[name=contest]:checked").count() == 1
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-state"
    page.get_by_label("Merchant, by name or id").focus()
    page.keyboard.type("jxk/?")          # letters typed are letters
    assert page.get_by_label("Merchant, by name or id").input_value() == "jxk/?"
    page.get_by_role("heading", name="Objections").click()
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("j")             # none of them works beneath it
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/console/contests/" in page.url
    assert page.complaints == []


def test_single_letters_can_be_turned_off(signed_in):
    page = signed_in("/console/steward/contests/")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Let single letters work as keys").uncheck()
    page.get_by_role("button", name="Close").click()
    for _ in range(2):
        page.keyboard.press("j")
        assert focused(page) == ""
        page.reload()
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Let single letters work as keys").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    assert focused(page) != ""


def test_everything_is_reached_by_tab_alone(signed_in):
    page = signed_in("/console/steward/contests/?clock=late")
    seen = []
    for _ in range(70):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break           # once around
        seen.append(page.evaluate(
            "document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()"
        ))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", seen[-1]
    for wanted in ("To the content", "To the list", "f-state", "f-merchant", "f-name", "contest", "take", "outcome", "words"):
        assert wanted in seen, wanted


def test_a_filter_is_kept_and_many_are_settled_without_script(signed_in):
    page = signed_in("/console/steward/contests/", java_script_enabled=False)
    assert page.get_by_role("button", name="Keys").count() == 0
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Clock").select_option("late")
    page.get_by_role("button", name="Filter", exact=True).click()
    assert "clock=late" in page.url
    page.get_by_label("Keep this filter as").fill("Late ones")
    page.get_by_role("button", name="Keep", exact=True).click()
    assert page.get_by_role("link", name="Late ones").get_attribute("aria-current") == "true"
    late = page.locator("input[name=contest]")
    assert 0 < late.count() < 12
    for box in late.all():
        box.check()
    page.get_by_label("If upheld, it counts as through").select_option("carrier")
    page.get_by_label("The reasons, for the merchant to read").fill("The bookings show that the carrier missed it.")
    page.get_by_role("button", name="Look at it once more").click()
    # No fact told of these merchants: what would be refused is said before anything is decided.
    assert page.get_by_role("heading", level=1).inner_text() == "None of these can be settled like this"
    page.go_back()
    page.get_by_role("button", name="Forget the filter Late ones").click()
    assert not SavedFilter.objects.exists()
    assert set(Contest.objects.values_list("state", flat=True)) == {"open"}


@pytest.mark.parametrize("path", [
    "/console/steward/", "/console/steward/contests/?clock=week", "/console/steward/appeals/", "/console/steward/refused/",
    "/console/runs/", "/console/runs/nheld/", "/console/runs/nrun1/",
])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole(signed_in, path, scheme):
    page = signed_in(path, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    for summary in page.locator("main summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.complaints == []
