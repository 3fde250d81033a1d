"""A form that cannot be read is refused with a page in the reader's language, wherever it is sent; nothing breaks."""

from __future__ import annotations

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

from yinuo.config.wsgi import application

pytestmark = pytest.mark.django_db

MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"


def part(value: bytes, name: bytes = b"words", more: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n--b--\r\n"


UNREADABLE = {
    "no boundary": ("multipart/form-data", b"x"),
    "boundary of no letters": ("multipart/form-data; boundary=\u00e9", b"x"),
    "NUL": (MULTIPART, part(b"a\0b")),
    "NUL in a name": (MULTIPART, part(b"x", name=b"wo\0rds")),
    "NUL, percent-encoded": (URLENCODED, b"words=a%00b"),
    "NUL in a name, percent-encoded": (URLENCODED, b"wo%00rds=x"),
    "half a sign by escape": (f"{MULTIPART}; charset=unicode_escape", part(b"\\ud800")),
    "half a sign by UTF-7": (f"{MULTIPART}; charset=utf-7", part(b"+2AA-")),
    "UTF-16, percent-encoded": (f"{URLENCODED}; charset=utf-16", b"words=x"),
    "too many fields": (URLENCODED, b"&".join(b"a%d=1" % number for number in range(2_000))),
}
READABLE = {
    "boundary that never comes": (MULTIPART, b"nothing of the kind"),
    "charset that is none": (f"{MULTIPART}; charset=foo", part(b"x", more=b"; filename*=foo''x")),
    "field name in no charset": (MULTIPART, part(b"x", more=b"; name*=foo''x")),
    "base64 that is none": (MULTIPART, part(b"x", more=b"\r\nContent-Transfer-Encoding: base64")),
    "half a sign": (f"{MULTIPART}; charset=utf-16-le", part(b"\x00\xd8")),
    "bytes that are no UTF-8": (URLENCODED, b"words=%ff%fe"),
    "half an escape": (URLENCODED, b"words=%"),
    "unknown charset alone": (f"{MULTIPART}; charset=foo", part(b"x")),
    "no field": (MULTIPART, b"--b--\r\n"),
    "another kind": ("text/plain; charset=foo", b"words=x"),
}
PEOPLE = [None, "merchant_owner"]


@pytest.fixture
def sent(everything):
    """What each page answers to each of these bodies."""
    def sending(bodies, people):
        for who in people:
            client = everything.signed_in(who)
            client.raise_request_exception = False
            for page in everything.pages():
                for address in everything.addresses(page)[:1]:
                    for called, (content_type, body) in bodies.items():
                        yield page.name, who, called, client.generic("POST", address, body, content_type)

    return sending


def test_no_page_breaks_at_what_cannot_be_read(sent):
    answers = [(name, who, called, got.status_code) for name, who, called, got in sent(UNREADABLE, PEOPLE)]
    assert [each for each in answers if each[3] not in (400, 404)] == []
    assert sum(each[3] == 400 for each in answers) > len(answers) * .95


def test_what_can_be_read_is_left_to_the_page(sent):
    assert [(name, who, called) for name, who, called, got in sent(READABLE, ["steward"]) if got.status_code >= 500] == []


@pytest.mark.parametrize("query", ["source=%00", "q=a%00b", "%00=x", "after=%00"])
def test_no_page_breaks_at_an_address_that_cannot_be_read(everything, query):
    client = everything.signed_in("steward")
    client.raise_request_exception = False
    answers = {
        page.name: client.get(address + ("&" if "?" in address else "?") + query).status_code
        for page in everything.pages() for address in everything.addresses(page)[:1]
    }
    assert {name: status for name, status in answers.items() if status not in (400, 404)} == {}
    assert list(answers.values()).count(400) > len(answers) * .95


@pytest.fixture
def _keeping_the_connection():
    """A server closes its connection after each request, and with it the transaction of a test: Django's client knows."""
    for ending in (request_started, request_finished):
        ending.disconnect(close_old_connections)
    yield
    for ending in (request_started, request_finished):
        ending.connect(close_old_connections)


@pytest.mark.usefixtures("_keeping_the_connection")
@pytest.mark.parametrize("charset", ["hex", "zip", '"base64"', "rot13", "foo", "utf-16", "\0", "x" * 5_000])
def test_the_server_takes_a_charset_that_is_none(everything, charset):
    """Past the test client, which breaks where Django does: before there is a request."""
    cookie = everything.signed_in("steward").cookies["sessionid"].value
    for method, address in (("GET", "/?q=x"), ("POST", "/console/?x=1"), ("GET", "/api/facts?x=1"), ("POST", "/account/")):
        path, _, query = address.partition("?")
        asked = RequestFactory().generic(method, path, part(b"x"), MULTIPART, QUERY_STRING=query)
        environ = asked.environ | {"CONTENT_TYPE": f"{MULTIPART}; charset={charset}", "HTTP_COOKIE": f"sessionid={cookie}"}
        answered: list[str] = []
        b"".join(application(environ, lambda status, headers, answered=answered: answered.append(status)))
        assert answered[0] < "500", (address, answered)


@pytest.mark.parametrize(("language", "words"), [
    ("en", "This could not be read"), ("zh-hans", "无法读取所提交的内容"),
])
def test_the_page_says_what_happened_in_both_languages(everything, language, words):
    client = everything.signed_in("merchant_owner", language)
    got = client.generic("POST", "/account/language/", part(b"a\0b"), MULTIPART)
    assert got.status_code == 400
    assert words in got.content.decode()
    assert "default-src 'none'" in got["Content-Security-Policy"]
    assert "no-store" in got["Cache-Control"]


def test_the_api_says_it_as_a_problem(client):
    got = client.get("/api/facts?x=%00")
    assert (got.status_code in (400, 422), got["Content-Type"]) == (True, "application/problem+json")


def test_a_form_is_checked_before_whether_it_is_ours(everything):
    """A reader with no token learns that too; nothing is done either way."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    assert client.generic("POST", "/account/sign-in/", part(b"a\0b"), MULTIPART).status_code == 400
    assert client.generic("POST", "/account/sign-in/", part(b"x"), MULTIPART).status_code == 403
