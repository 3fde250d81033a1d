"""The API asked by its own description what nobody would ask: no server error, nothing undescribed, every refusal a problem.

Each call of `/api/openapi.json`, whoever adds one, with every kind of credential. What is wrong in itself is refused whoever
asks, so each such request goes out with one of the credentials only. YINUO_FUZZ=500 tries that many new requests of each
instead of the same few, and all of them with every credential; what a request changed is taken back before the next.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any
from zlib import crc32

import msgspec
import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, settings

from yinuo.cli._here import now, realm
from yinuo.config.problems import PROBLEM
from yinuo.config.wsgi import application
from yinuo.kit.refusals import Refusal
from yinuo.people import actions as people

EXAMPLES = int(os.environ.get("YINUO_FUZZ", "4"))
IS_WHOLE = "YINUO_FUZZ" in os.environ
CONFIG = schemathesis.Config.from_dict({
    "generation": {"deterministic": not IS_WHOLE, "max-examples": EXAMPLES, "database": "none"},
    # Whether input is right in itself is for each call's own tests: a batch of events is taken with a broken one in it, and
    # what is possible with what there is no schema can say.
    "checks": {"positive_data_acceptance": {"enabled": False}, "negative_data_rejection": {"enabled": False}},
    "phases": {"coverage": {"unexpected-methods": ["DELETE", "PATCH", "PUT"]}},
})
IDENTITY = {"Accept-Encoding": "identity"}      # the client within this process unpacks nothing
WHO = ["nobody", "source", "merchant_owner", "buyer", "steward"]
pytestmark = [pytest.mark.django_db, *([pytest.mark.timeout(0)] if IS_WHOLE else [])]
schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application, config=CONFIG)


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Requests leave the connection open that holds the test's transaction. Django's own client sees to that itself."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def credentials(_everything, django_db_blocker):
    """What a request carries to say who it comes from, by who: a source's key, or a person's session and access token."""
    everything, _ = _everything

    def headers(who):
        session = everything.signed_in(who).cookies["sessionid"].value
        made = people.make_token(
            account=everything.people[who], name="fuzz", days=1, second_factor=True, realm=realm(), at=now()
        )
        return {"Cookie": f"sessionid={session}", "Authorization": f"Bearer {made.token}"}

    with django_db_blocker.unblock():
        made = {who: headers(who) for who in WHO if who in everything.people}
    return {
        who: IDENTITY | more
        for who, more in {"nobody": {}, "source": {"Authorization": f"Bearer {everything.key}"}, **made}.items()
    }


def senders(what: object) -> list[str]:
    """With whose credentials a request goes out that is wrong in itself: with one of them."""
    return WHO if IS_WHOLE else [WHO[crc32(repr(what).encode()) % len(WHO)]]


@contextmanager
def taken_back(who: str) -> Iterator[None]:
    """What a request changed is taken back; a failure says who sent it."""
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    except AssertionError as failure:
        failure.add_note(f"sent by {who}")
        raise


@pytest.fixture(params=["everybody"])
def own_id(request):
    """Without any parameter all tests of schemathesis have one id, and xdist runs only one of them."""


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None)
def test_every_call_answers_as_it_is_described(case, credentials, everything, own_id):
    sent = (case.method, case.path, case.path_parameters, case.query, case.headers, case.body)
    for who in senders(sent) if case.meta.generation.mode.is_negative else WHO:
        with taken_back(who):
            answer = case.call(headers=credentials[who])
            case.validate_response(answer, headers=credentials[who])
            check_refusal(answer.status_code, answer.headers["content-type"][0] if answer.content else "", answer.content)


HOSTILE = ["%00", "a%00b", "%ff%fe", "%ED%A0%80", "..%2F..%2Fetc", "9" * 5_000, "-1", "1e999", "%F0%9F%92%A5", "'%22%3B--",
           "[]", "%25s"]
BODIES = [
    b"", b"\0", b"null", b"[]", b"{}", b'"x"', b"{", b'{"a":1}x', b"\xff\xfe", b"\xef\xbb\xbf{}", "{}".encode("utf-16"),
    b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b'{"url":1e9999}', b"NaN", b'{"url":"\\ud800","merchant":"\\ud800"}',
    b'{"url":"https://a\\u0000b/","merchant":"a\\u0000b","id":"\\u0000"}', b'{"merchant":"' + b"x" * 200_000 + b'"}',
    b'{"since":"99999-01-01","id":"msg_9999999999999999999"}', b'{"since":"0001-01-01T00:00:00+14:00"}',
]
TYPES = [
    "", "text/plain", "application/json; charset=nope", "application/json; charset=utf-16", "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300, "application/x-www-form-urlencoded", "\xff/\xff", "application/json;" * 50,
]
HEADERS = [
    {"Authorization": "Bearer \xff"}, {"Authorization": "Bearer a\0b"}, {"Authorization": "Bearer " + "y" * 20_000},
    {"Authorization": "Basic Og=="}, {"Authorization": "Bearer"}, {"Cookie": "sessionid=a\0b; =; ;;csrftoken"},
    {"Cookie": "sessionid=" + "x" * 5_000}, {"Host": "elsewhere.example"}, {"Host": "a b"}, {"Accept-Language": "zh-" * 2_000},
    {"If-None-Match": '"' * 100}, {"If-Modified-Since": "never"}, {"Range": "bytes=9-1"}, {"X-Forwarded-For": "\0, ::, x"},
    {"Accept": "image/png"}, {"X-Http-Method-Override": "DELETE"}, {"Origin": "null"}, {"HX-Request": "true"},
]
CALLS = [(found.ok().path, found.ok().method.upper(), found.ok()) for found in schema.get_all_operations()]


@pytest.fixture(scope="module")
def client():
    """One for all: each looks for every file of the site when it is made."""
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(("path", "method", "call"), CALLS, ids=[f"{method} {path}" for path, method, _ in CALLS])
@pytest.mark.usefixtures("everything")
def test_attacks_are_refused_with_a_sentence(path, method, call, client, credentials):
    for address, more in attacks(path, method, call):
        for who in senders((method, address, more)):
            client.cookies.clear()
            sent = {"content_type": "application/json", "data": b"", **more}
            sent["headers"] = credentials[who] | more.get("headers", {})
            with taken_back(who):
                answer = client.generic(method, address, **sent)
                said = (address[:200], {name: repr(value)[:200] for name, value in more.items()})
                assert answer.status_code < 500, said
                check_refusal(answer.status_code, answer["Content-Type"] if answer.content else "", answer.content)


def attacks(path: str, method: str, call: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Addresses with what to send there, each hostile in one way."""
    usual = re.sub(r"\{\w+\}", "1", path)
    if usual != path:
        for hostile in HOSTILE:
            yield re.sub(r"\{\w+\}", hostile, path), {}
    for name in [parameter["name"] for parameter in call.definition.raw.get("parameters", []) if parameter["in"] == "query"]:
        for hostile in HOSTILE:
            yield f"{usual}?{name}={hostile}&{name}=1", {}
    for query in ("%00=%00", "&&==&", "a[]=1&a[b]=2", "x=" * 5_000):
        yield f"{usual}?{query}", {}
    yield from ((usual, {"headers": headers}) for headers in HEADERS)
    if method not in ("GET", "HEAD"):
        yield from ((usual, {"data": body}) for body in BODIES)
        yield from ((usual, {"data": b"{}", "content_type": content_type}) for content_type in TYPES)
        yield from ((usual, {"data": b'{"url": "x"}', "CONTENT_LENGTH": length}) for length in ("x", "-1", "9" * 20, "2"))


@pytest.mark.parametrize(("path", "method", "call"), CALLS, ids=[f"{method} {path}" for path, method, _ in CALLS])
def test_what_there_is_is_answered_as_described(path, method, call, credentials, everything):
    """By ids of things that exist, which chance does not find."""
    kinds = {one["name"]: one["schema"].get("type") for one in call.definition.raw.get("parameters", []) if one["in"] == "path"}
    names = re.findall(r"\{(\w+)\}", path)
    known = {name: everything.values(f"int:{name}" if kinds[name] == "integer" else name) for name in names}
    assert [name for name in names if not known[name]] == [], "say in tests/everything.py what these stand for"
    for who, values in product(WHO, list(product(*known.values()))):
        with taken_back(who):
            answer = call.Case(path_parameters=dict(zip(names, values, strict=True))).call(headers=credentials[who])
            call.validate_response(answer)
            check_refusal(answer.status_code, answer.headers["content-type"][0] if answer.content else "", answer.content)


def check_refusal(status: int, content_type: str, content: bytes) -> None:
    """A refusal is a problem with a known code and a sentence."""
    if status < 400:
        return
    assert content_type == PROBLEM, content[:200]
    problem = msgspec.json.decode(content)
    assert problem["status"] == status
    assert problem["code"] in codes(), problem
    assert re.fullmatch(r"[A-Z\d'\"{].+[.]", problem["detail"], re.DOTALL), problem


def codes() -> set[str]:
    """Every code that a refusal has anywhere in this program."""
    found, waiting = {"internal", "method-not-allowed"}, [Refusal]
    while waiting:
        one = waiting.pop()
        found.add(one.code)
        waiting += one.__subclasses__()
    return found
