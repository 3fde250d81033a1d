"""A small town of shops whose events come in by the API, its people, and hands that use its pages as people do."""

from __future__ import annotations

import importlib.util
import json
import os
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PASSWORD = "seven green teapots"
DAYS = 90           # that the town has traded
SHOPS = 6
SUBJECT = "tea"     # the merchant whom the journeys are about
NAME = "Qinglan Tea House 青岚茶庄"
PATIENCE_MILLISECONDS = 20_000      # for a machine that has much else to do; no outcome depends on it


def _web() -> ModuleType:
    """What the tests of pages have beside them."""
    spec = importlib.util.spec_from_file_location("web_tests", Path(__file__).parents[1] / "web" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once."""
    chromium = _web().CHROMIUM
    if chromium is None:
        pytest.skip("no Chromium is installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's own loop runs in this thread
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Town:
    """A running installation: what its shop states over the API, its worker's turns, its scoring runs, its people."""

    def __init__(self, url: str, folder: Path) -> None:
        from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
        from yinuo.record import actions  # noqa: PLC0415

        self.url, self.folder = url, folder
        folder.mkdir()
        self.today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        self.key = actions.make_key(actor=SYSTEM, source="shop", expires=None, **self.here)

    @property
    def here(self) -> dict[str, Any]:
        """The realm and the moment."""
        from yinuo.cli._here import now, realm  # noqa: PLC0415

        return {"realm": realm(), "at": now()}

    def ask(self, path: str, body: Any = None, *, method: str | None = None) -> Any:
        """Ask the API with the shop's key: the answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request) as answer:
            told = answer.read()
        return json.loads(told) if told.startswith((b"{", b"[")) else told.decode()

    def event(self, kind: str, id: str, *, day: float, **data: Any) -> dict[str, Any]:
        """An event of the shop, so many days before today."""
        return {"specversion": "1.0", "id": id, "source": "shop", "type": kind, "time": self.when(day), "data": data}

    def when(self, day: float) -> str:
        """A moment so many days before today, as events say it."""
        return (self.today - timedelta(days=day)).isoformat()

    def state(self, events: list[dict[str, Any]]) -> Any:
        """Send events, and let the worker take its turn."""
        answer = self.ask("/api/facts", events)
        self.work()
        return answer

    def work(self) -> None:
        """Let the worker do what there is to do, and what was asked for on pages."""
        from yinuo.cli._jobs import do_jobs  # noqa: PLC0415
        from yinuo.cli.worker import work  # noqa: PLC0415

        while work() or do_jobs():
            pass

    def order(self, name: str, merchant: str, *, day: float, late: bool, buyer: str) -> list[dict[str, Any]]:
        """An order that was to be handed over within two days, and when that was done."""
        return [
            self.event(
                "trade.order_placed", f"{name}/placed", day=day, order=name, merchant=merchant, buyer=buyer,
                amount_minor=20_000, currency="CNY", carrier="swift", hand_over_by=self.when(day - 2),
            ),
            self.event(
                "delivery.shipment_handed_over", f"{name}/sent", day=day - (3.5 if late else 1), shipment=f"{name}/parcel",
                order=name,
            ),
        ]

    def score(self, *, day: int = 0) -> Any:
        """Score everybody now, as it was known at the end of today, or so many days before."""
        from yinuo.kit.moments import day_of, to_micros  # noqa: PLC0415
        from yinuo.pipelines import rescore  # noqa: PLC0415

        orders = rescore.Orders(as_of=day_of(to_micros(self.today)) + 1 - day, gate=False)
        run = rescore.rescore(engine_name="duckdb", folder=self.folder, orders=orders, **self.here)
        self.work()
        return run

    def invitation(self, **whom: str) -> str:
        """The link with which one of the shop's users opens an account."""
        return str(self.ask("/api/people/invitations", whom)["link"])

    def staff(self, handle: str, role: str) -> str:
        """Somebody who works here, with an app as second factor: what the app knows."""
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret  # noqa: PLC0415
        from django.contrib.auth.hashers import make_password  # noqa: PLC0415

        from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
        from yinuo.people import actions  # noqa: PLC0415

        invited = actions.invite_staff(actor=SYSTEM, role=role, until=None, **self.here)
        account = actions.join(
            token=invited.token, handle=handle, password=make_password(PASSWORD), language="", at=self.here["at"]
        )
        secret: str = generate_totp_secret()
        TOTP.activate(account, secret)
        return secret


@pytest.fixture
def town(settings: Any, live_server: Any, emptied: None, tmp_path: Path) -> Town:
    """A town whose shops have traded for three months, and where `SUBJECT` was punctual until a week ago: scored then."""
    from django.core.cache import cache  # noqa: PLC0415

    from yinuo.vault import actions as vault  # noqa: PLC0415

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.YINUO = {**settings.YINUO, "YINUO_WEBHOOK_REACH": "loopback"}
    settings.DATA = tmp_path / "data"
    cache.clear()
    made = Town(live_server.url, settings.DATA)
    vault.open_keys(**made.here)
    events = [
        made.event("merchants.merchant_registered", "registered", day=DAYS + 10, merchant=SUBJECT, name=NAME, region="CN-ZJ"),
        made.event("people.buyer_joined", "joined", day=DAYS, buyer="ann", name="Ann Lindqvist", region="CN-ZJ"),
    ]
    for shop in range(SHOPS):
        merchant = f"shop-{shop}" if shop else SUBJECT
        for number in range(DAYS // 2 - 4):
            late = shop > 0 and number % (5 + shop) == 0
            name = f"{merchant}-{number}"
            buyer = "ann" if name == "tea-30" else f"buyer-{number}-{shop}"
            events += made.order(name, merchant, day=DAYS - 2 * number, late=late, buyer=buyer)
    events.append(made.event(
        "reviews.review_published", "review", day=20, review="review-1", buyer="ann", merchant=SUBJECT, stars=4,
        order="tea-30", words="The leaves are whole and the tin is lovely.",
    ))
    made.state(events)
    made.score(day=7)
    return made


class Hand:
    """A person at a browser, who finds things by their words and uses a mouse or the keyboard alone."""

    def __init__(self, browser: Any, url: str, language: str, way: str) -> None:
        other = "zh-CN" if language == "en" else "en-GB"        # so that the language must be chosen on the page
        self._context = browser.new_context(locale=other, java_script_enabled=way != "no scripts", accept_downloads=True)
        self._context.set_default_timeout(PATIENCE_MILLISECONDS)
        self.page = self._context.new_page()
        self.language, self.url, self.is_keyboard = language, url, way == "keyboard"
        self.has_scripts = way != "no scripts"
        self.complaints: list[str] = []
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        self.page.on("pageerror", lambda fault: self.complaints.append(str(fault)))

    def say(self, text: str, context: str | None = None, **filled: Any) -> str:
        """A text of the pages in the person's language."""
        from django.utils.translation import gettext, override, pgettext  # noqa: PLC0415

        with override(self.language):
            return (pgettext(context, text) if context else gettext(text)) % filled

    def word(self, value: str, about: str) -> str:
        """What the pages call a code."""
        from django.utils.translation import override  # noqa: PLC0415

        from yinuo.web.wording import words  # noqa: PLC0415

        with override(self.language):
            return str(words(value, about))

    def open(self, address: str) -> None:
        """Go to an address that was given to the person, and choose the language at the foot of the page."""
        self.page.goto(address if "://" in address else self.url + address)
        wanted = {"en": "English", "zh-hans": "简体中文"}[self.language]
        button = self.page.get_by_role("button", name=wanted)
        if button.get_attribute("aria-pressed") != "true":
            self.use(button)
        self.page.locator(f'html[lang="{"en" if self.language == "en" else "zh-Hans"}"]').wait_for(state="attached")

    def follow(self, text: str, *, inside: str = "body", **filled: Any) -> None:
        """Follow the first link of these words."""
        self.use(self.page.locator(inside).get_by_role("link", name=self.say(text, **filled)).first)

    def press(self, text: str, **filled: Any) -> None:
        """Press the button of these words on the page itself."""
        self.use(self.page.locator("main").get_by_role("button", name=self.say(text, **filled), exact=True).first)

    def write(self, label: str, words: str, **filled: Any) -> None:
        """Write into the field of this label, in place of what stands there."""
        self._write(self.page.get_by_label(self.say(label, **filled), exact=True), words)

    def choose(self, label: str, option: str) -> None:
        """Choose an option, named in the person's language, of the list of this label."""
        found = self.page.get_by_label(self.say(label), exact=True)
        if not self.is_keyboard:
            found.select_option(label=option)
            return
        self.reach(found)
        self.page.keyboard.press("Home")
        for _ in range(30):
            if found.locator("option:checked").inner_text() == option:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the keyboard does not reach {option}")

    def tick(self, box: Any) -> None:
        """Tick a box."""
        if self.is_keyboard:
            self.reach(box)
            self.page.keyboard.press("Space")
        else:
            box.check()

    def joins(self, link: str, handle: str) -> None:
        """Open the link of an invitation, and an account with it."""
        self.open(link)
        self.write("Sign-in name", handle)
        self.write("Password", PASSWORD)
        self.write("Password again", PASSWORD)
        self.press("Open the account")
        self.page.get_by_role("heading", name=handle, level=1).wait_for()

    def signs_in(self, handle: str, secret: str = "") -> None:
        """Sign in with a password, and the app's code where there is an app."""
        self.open("/")
        self.follow("Sign in", inside="header")
        self.write("Sign-in name", handle)
        self.write("Password", PASSWORD)
        self.press("Sign in")
        if secret:
            self.page.get_by_role("heading", name=self.say("The second factor")).wait_for()
            self._write(self.page.locator('input[name="code"]').first, code_of(secret))
            self.press("Sign in")
            self.page.get_by_role("heading", name=handle, level=1).wait_for()

    def downloads(self, act: Callable[[], None], folder: Path) -> Path:
        """Do what makes the browser keep a file: where it is."""
        with self.page.expect_download() as waiting:
            act()
        file = folder / waiting.value.suggested_filename
        waiting.value.save_as(file)
        return file

    def reads(self, selector: str = "main") -> str:
        """What is on the page."""
        return str(self.page.locator(selector).inner_text())

    def number(self, selector: str) -> int:
        """A number on the page."""
        return int(self.reads(selector).split()[0].replace(",", "").replace("−", "-"))

    def leaves(self) -> None:
        """Close the browser."""
        self._context.close()

    def use(self, target: Any) -> None:
        """Follow a link or press a button that leads to another page."""
        if self.is_keyboard:
            self.reach(target)
        with self.page.expect_navigation():
            self.touch(target)

    def touch(self, target: Any) -> None:
        """Click what leaves the person on the page."""
        if self.is_keyboard:
            self.reach(target)
            self.page.keyboard.press("Enter")
        else:
            target.click()

    def _write(self, field: Any, words: str) -> None:
        if self.is_keyboard:
            self.reach(field)
            self.page.keyboard.press("Control+a")
            self.page.keyboard.insert_text(words)
        else:
            field.fill(words)

    def reach(self, target: Any) -> None:
        """Go with the tab key until the target has the focus, which must then be seen."""
        target.wait_for()
        for _ in range(400):
            if target.evaluate("element => element === document.activeElement"):
                assert target.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not reach {target}")


def code_of(secret: str) -> str:
    """The code that an app with this secret shows now."""
    from allauth.mfa.totp.internal.auth import (  # noqa: PLC0415
        format_hotp_value,
        hotp_value,
        yield_hotp_counters_from_time,
    )

    _, present, _ = yield_hotp_counters_from_time()
    return str(format_hotp_value(hotp_value(secret, present)))


@pytest.fixture(params=[("en", "mouse"), ("zh-hans", "keyboard"), ("zh-hans", "no scripts")], ids=" ".join)
def person(request: Any, browser: Any, live_server: Any) -> Iterator[Callable[[], Hand]]:
    """Brings somebody new to the site: each has a browser of their own."""
    language, way = request.param
    hands: list[Hand] = []

    def come() -> Hand:
        hands.append(Hand(browser, live_server.url, language, way))
        return hands[-1]

    yield come
    complaints = [said for hand in hands for said in hand.complaints]
    for hand in hands:
        hand.leaves()
    assert complaints == []
