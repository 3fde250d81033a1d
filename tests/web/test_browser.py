"""The pages in a real browser: searching while typing, without script, on a phone, and under the strict policy."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def opened(browser: Any, **options: Any) -> tuple[Any, list[str]]:
    """A page in English, and what the browser complained about on it."""
    page = browser.new_context(locale="en-GB", **options).new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints


def test_the_list_follows_what_is_typed(browser, live_server, market):
    page, complaints = opened(browser)
    page.goto(live_server.url + "/")
    page.get_by_label("Name of the merchant").press_sequentially("celadon")
    page.locator(".merchants li").nth(1).wait_for(state="detached")
    assert page.locator(".merchants li").count() == 1
    assert "search=celadon" in page.url
    page.get_by_label("Standing").select_option("poor")
    page.get_by_role("heading", name="No merchant found for").wait_for()
    page.go_back()
    page.get_by_role("link", name="Celadon Kiln").wait_for()
    assert page.get_by_role("heading", level=1).is_visible()
    assert complaints == []


def test_the_documentation_of_the_api_runs_without_a_network(browser, live_server, market):
    page, complaints = opened(browser)
    page.goto(live_server.url + "/api/docs")
    page.get_by_text("/api/standings/{merchant}").wait_for()
    assert complaints == []


def test_everything_works_without_script(browser, live_server, market):
    page, _ = opened(browser, java_script_enabled=False)
    page.goto(live_server.url + "/")
    page.get_by_label("Name of the merchant").fill("书屋")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Quiet Reading Room").click()
    page.get_by_text("How do we know?").first.click()
    assert page.get_by_text("An order goes wrong when it is sent late").is_visible()
    address = page.url
    page.get_by_role("button", name="简体中文").click()
    assert page.url == address
    assert page.get_by_role("heading", name="历史走势").is_visible()


@pytest.mark.parametrize(
    "path",
    ["/", "/merchants/mqinglan/", "/merchants/mfake/", "/merchants/mnew/", "/method/", "/record/", "/listings/lcake/",
     "/listings/lfake/"],
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_it_whole(browser, live_server, market, path, scheme):
    page, complaints = opened(browser, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.goto(live_server.url + path)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert complaints == []


def test_the_keyboard_reaches_everything_in_order(browser, live_server, market):
    page, _ = opened(browser)
    page.goto(live_server.url + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert names[3:] == ["Sign in", "How it works", "search", "band", "sort"]
