"""axe looks at every page in a real browser: both languages, desktop and phone, light and dark. And all is read without script.

The pages are found in the urls (tests/everything.py). They are answered by Django's own client within the test's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import path as at

from yinuo.config import urls

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SITE = "http://testserver"
PEOPLE = [None, "administrator", "merchant_owner", "buyer", "steward", "auditor", "data_protection", "finance", "authority"]
REFUSALS = [
    ("steward", "/nothing/"), ("buyer", "/account/staff/"), (None, "/listings/lnothing/"), ("steward", "/broken/"),
    (None, "/embed/merchants/mnobody/"),
]
DESKTOP = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, "color_scheme": "light"}
PHONE = {"locale": "zh-CN", "viewport": {"width": 375, "height": 800}, "color_scheme": "dark"}
UNFOLDS_OWN = "landmark-unique"     # its scroll bars give the list of tables and the table below /admin/ the same name
RUN = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.map(one => [one.id, one.impact, one.nodes.slice(0, 3).map(node => node.target.join(" "))]);
}"""


class Broken:
    """The site's addresses and one whose page breaks."""

    urlpatterns = [*urls.urlpatterns, at("broken/", lambda request: 1 // 0)]


@pytest.fixture
def shown(browser, everything, settings) -> Iterator[Callable[..., Any]]:
    """Opens a browser's page, shown(**options), in which the site is then shown to somebody: showing(who, address)."""
    settings.ROOT_URLCONF = Broken
    contexts = []

    def opening(**options: Any) -> Callable[[str | None, str], Any]:
        page = browser.new_context(**options).new_page()
        contexts.append(page.context)
        language = "zh-hans" if options["locale"] == "zh-CN" else "en"
        clients: dict[str | None, Client] = {}
        document: list[Any] = []

        def answer(route: Any) -> None:
            """What was asked for before, or a file. Not the site: where a browser's calls arrive there is no database."""
            path = urlsplit(route.request.url).path
            if route.request.is_navigation_request():
                (got,) = document
                route.fulfill(status=got.status_code, headers=dict(got.items()), body=got.content)
            elif path.startswith("/static/") and (found := finders.find(path.removeprefix("/static/"))):
                route.fulfill(path=found)
            else:
                route.abort()

        page.route("**/*", answer)

        def showing(who: str | None, address: str) -> Any:
            if who not in clients:
                clients[who] = everything.signed_in(who, language)
                clients[who].raise_request_exception = False
            document[:] = [clients[who].get(address)]
            page.goto(SITE + address)
            return page

        return showing

    yield opening
    for context in contexts:
        context.close()


def whole(everything: Any) -> list[tuple[str | None, str]]:
    """Every page that is one, at its first address that somebody gets, for the first who gets it."""
    found = []
    clients = {who: everything.signed_in(who) for who in PEOPLE}
    for page in [page for page in everything.pages() if page.route != "/broken/"]:
        pairs = ((who, address) for address in everything.addresses(page)[:2] for who in PEOPLE)
        for who, address in pairs:
            got = clients[who].get(address)
            if got.status_code == 200 and got["Content-Type"].startswith("text/html") and b"</html>" in got.content:
                found.append((who, address))
                break
    return found


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop, English, light", "phone, Chinese, dark"])
def test_axe_finds_no_fault(shown, everything, options):
    showing = shown(**options)
    pages = whole(everything)
    assert len(pages) > 30
    faults = {}
    for who, address in [*pages, *REFUSALS]:
        page = showing(who, address)
        page.evaluate(AXE_SCRIPT)
        found = [tuple(map(str, each)) for each in page.evaluate(RUN)]
        if address.startswith("/admin/"):
            found = [each for each in found if each[0] != UNFOLDS_OWN]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(("too wide", "serious", ""))
        if found:
            faults[who, address] = found
    assert not faults, "\n".join(f"{where}: {found}" for where, found in faults.items())


def test_every_public_page_is_read_without_scripts(shown, everything):
    """What is seen without scripts is what is seen with them, but for what a script's own button would do."""
    public = {address for page in everything.pages() if page.is_public for address in everything.addresses(page)}
    with_scripts, without = shown(**DESKTOP), shown(**DESKTOP, java_script_enabled=False)
    for who, address in whole(everything):
        if address in public:
            seen = without(who, address).locator("main" if "/embed/" not in address else "body").inner_text()
            meant = with_scripts(who, address).locator("main" if "/embed/" not in address else "body").inner_text()
            assert len(seen) > 40, address
            assert len(seen) > .8 * len(meant), address
