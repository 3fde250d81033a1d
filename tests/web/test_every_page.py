"""What holds of every page, whoever adds one: strict headers, nothing personal kept, light, and few questions to the database.

The pages are found in the urls, and their addresses among what there is (tests/everything.py).
"""

from __future__ import annotations

import gzip
import re
from typing import Any, NamedTuple

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db
PEOPLE = [None, "steward", "auditor", "administrator", "data_protection", "merchant_owner", "buyer"]
BY_ONE = {"usersessions_list", "steward"}
"""Pages that ask once for each thing they list: allauth asks whether each of one's few sessions lives; the stewards' queue."""
TRANSFER_MAX = 100_000
INLINE = re.compile(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(?:\ssrc=|application/json))", re.IGNORECASE)
INLINE_SCRIPT = re.compile(r"\son[a-z]+=|javascript:|<script(?![^>]*(?:\ssrc=|application/json))", re.IGNORECASE)
ADMINISTRATION = "/admin/"
"""What unfold draws for administrators has a policy of its own (docs/decisions/0018): styles and Alpine, no inline script."""
ADMINISTRATION_POLICY = {
    "default-src": "'none'", "script-src": "'self' 'unsafe-eval'", "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:", "font-src": "'self'", "connect-src": "'self'", "form-action": "'self'", "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OUTSIDE = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*(?:src|href)=\"?(?:https?:)?//", re.IGNORECASE)
LOADED = re.compile(r"<(?:script|link|img)\b[^>]*\b(?:src|href)=\"([^\"]+)\"")


class Answer(NamedTuple):
    """What somebody got at an address of a page."""

    page: Any
    address: str
    who: str | None
    got: Any

    def __repr__(self) -> str:
        return f"{self.address} for {self.who}: {self.got.status_code}"


def walk(everything: Any, people: list[str | None], language: str = "en") -> list[Answer]:
    """Every page at up to two addresses for each of these people."""
    answers = []
    for who in people:
        client = everything.signed_in(who, language)
        for page in everything.pages():
            for address in everything.addresses(page)[:2]:
                answers.append(Answer(page, address, who, client.get(address)))
    return answers


@pytest.fixture
def answers(everything, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    return walk(everything, PEOPLE)


def policy_of(got: Any) -> dict[str, str]:
    pairs = (part.strip().partition(" ") for part in got["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in pairs}


def test_every_page(everything, answers):
    """One walk, looked at from all sides, since the walk is what takes long."""
    found = {page.name: [answer for answer in answers if answer.page == page] for page in everything.pages()}
    assert [name for name, got in found.items() if not got] == [], "give tests/everything.py what these addresses name"
    unseen = [name for name, got in found.items() if not any(each.got.status_code in (200, 302, 405) for each in got)]
    assert set(unseen) <= {"console_report"}        # whose file needs a run; test_reports.py makes one
    assert [answer for answer in answers if answer.got.status_code >= 500] == []
    assert [answer for answer in answers if loose(answer)] == []
    assert [answer for answer in answers if is_kept(answer)] == []
    assert {(answer.page.name, name) for answer in answers for name in open_cookies(answer.got.cookies)} == set()
    inline = {
        answer.page.name: found[0] for answer in answers
        if (found := (INLINE_SCRIPT if is_administration(answer) else INLINE).findall(text_of(answer.got)))
    }
    assert inline == {}
    assert {answer.page.name for answer in answers if OUTSIDE.search(text_of(answer.got))} == set()


def text_of(got: Any) -> str:
    return got.content.decode() if got["Content-Type"].startswith("text/html") else ""


def is_administration(answer: Answer) -> bool:
    """Whether this is what an administrator sees of the plain tables. Whoever else asks, and what leads away, gets our own."""
    leads_away = answer.page.name in ("logout", "password_change")
    return answer.page.route.startswith(ADMINISTRATION) and answer.who == "administrator" and not leads_away


def loose(answer: Answer) -> bool:
    """Whether something is missing of the headers that keep a page closed."""
    is_framed = answer.page.name == "embed"
    policy = policy_of(answer.got)
    closed = {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "base-uri": "'none'", "form-action": "'self'",
        "frame-ancestors": "*" if is_framed else "'none'",
    }
    headers = {
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    } | ({} if is_framed else {"X-Frame-Options": "DENY"})
    is_strict = (
        all(policy.get(name) == value for name, value in closed.items())
        and "unsafe" not in answer.got["Content-Security-Policy"]
        and set(policy) <= {*closed, "img-src", "connect-src"}
    )
    return (
        not (policy == ADMINISTRATION_POLICY if is_administration(answer) else is_strict)
        or any(answer.got.get(name) != value for name, value in headers.items())
    )


def is_kept(answer: Answer) -> bool:
    """Whether a cache may keep what is for one person: a page of theirs, any page that names them, one that sets a cookie."""
    caching = answer.got.get("Cache-Control", "")
    if "public" in caching:
        return answer.page.name != "embed" or bool(answer.got.cookies)      # the one page that is the same for all
    is_personal = answer.who is not None or not answer.page.is_public
    kept = not ("no-store" in caching and "private" in caching)
    return (is_personal and kept) or "Cookie" not in answer.got.get("Vary", "")


def open_cookies(cookies: Any) -> list[str]:
    """The cookies that scripts, other sites or plain connections could get at."""
    return [
        name for name, cookie in cookies.items()
        if not (cookie["secure"] and cookie["httponly"] and cookie["samesite"] == "Lax") and cookie["max-age"] != 0
    ]


def test_signing_in_and_choosing_a_language_give_closed_cookies(everything, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.LANGUAGE_COOKIE_SECURE = True
    client = Client()
    client.get("/account/sign-in/")
    client.post("/account/sign-in/", {"login": "merchant.owner", "password": "seven green teapots"})
    client.get("/language/?language=zh-hans")
    client.post("/account/language/", {"language": "en"})
    assert {"sessionid", "csrftoken", "django_language"} <= set(client.cookies)
    assert open_cookies(client.cookies) == []


@pytest.mark.parametrize(
    "path", ["/nothing", "/merchants/mnobody/", "/api/nothing", "/static/nothing.css", "/me/", "/api/docs"]
)
@pytest.mark.parametrize("host", ["testserver", "elsewhere.example"])
def test_refusals_are_as_closed_as_pages(everything, path, host):
    got = everything.signed_in("steward").get(path, headers={"host": host})
    assert policy_of(got)["default-src"] == "'none'"
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in got.get("Cache-Control", "") or got.status_code == 400 or path.startswith("/static/")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_public_page_weighs_less_than_100_kb(everything, language):
    """Its HTML as it is packed for the way, and whatever file it names."""
    heavy = {}
    for answer in walk(everything, [None], language):
        if answer.page.is_public and answer.got.status_code == 200:
            html = text_of(answer.got)
            files = {address for address in LOADED.findall(html) if address.startswith("/static/")}
            weight = len(gzip.compress(answer.got.content)) + sum(file_size(address) for address in files)
            if weight > TRANSFER_MAX:
                heavy[answer.address] = weight
    assert heavy == {}


def file_size(address: str) -> int:
    found = finders.find(address.removeprefix("/static/"))
    assert found, address
    with open(found, "rb") as file:
        return len(file.read())


def test_a_page_asks_as_many_questions_of_much_as_of_little(everything, grow):
    """Every page, before and after there is ten times as much of everything."""
    addresses = {page: everything.addresses(page)[:1] for page in everything.pages()}
    before = questions(everything, addresses)
    grow(everything, 45)
    after = questions(everything, addresses)
    grown = {what: (before[what], count) for what, count in after.items() if count > before.get(what, count)}
    assert {what: counts for what, counts in grown.items() if what[0] not in BY_ONE} == {}


def questions(everything: Any, addresses: dict[Any, list[str]]) -> dict[tuple[str, str | None], int]:
    """How many queries each page takes, for whom it is."""
    counted = {}
    for who in PEOPLE:
        client = everything.signed_in(who)
        for page, known in addresses.items():
            for address in known:
                connection.queries_log.clear()
                with CaptureQueriesContext(connection) as asked:
                    got = client.get(address)
                if got.status_code == 200:
                    counted[page.name, who] = len(asked)
    return counted
