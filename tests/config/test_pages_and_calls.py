"""Whatever a page shows or does, a call of the API does too: every address of the pages stands in this table."""

from __future__ import annotations

from collections import Counter

import pytest
from django.urls import URLResolver, get_resolver
from ninja import Schema

from yinuo.config.api import api

GETS_IN = "gets somebody in: only a browser does, with the person before it"
FACTORS = "decides who gets into the account: only in a session, by somebody who has just shown that it is them"
SAME: dict[str, str | tuple[str, ...]] = {
    # For anybody.
    "directory": ("GET /api/merchants",),
    "merchant": ("GET /api/merchants/{merchant}", "GET /api/standings/{merchant}", "GET /api/merchants/{merchant}/listings",
                 "GET /api/merchants/{merchant}/reviews"),
    "embed": ("GET /api/standings/{merchant}",),
    "listing": ("GET /api/listings/{listing}", "GET /api/listings/{listing}/reviews", "GET /api/standings/{merchant}"),
    "method": ("GET /api/credit/method", "GET /api/credit/features"),
    "record": ("GET /api/log", "GET /api/log/checkpoint", "GET /api/log/policy", "GET /api/log/witnessed"),
    "record_tree": ("GET /api/log", "GET /api/log/tile/{rest}"),
    "verify": "checks a file in the browser and sends nothing; programs use `yinuo verify` or verify_record.py",
    "transparency": ("GET /api/transparency", "GET /api/health"),
    "set_language": "sets the language of the pages in this browser; the API's sentences are in English",
    "join": GETS_IN,
    # The consoles.
    "console": ("GET /api/account",),
    "console_merchant": ("GET /api/credit/own/{merchant}", "GET /api/credit/own/{merchant}/held", "GET /api/contests",
                         "GET /api/decisions", "GET /api/credit/own/{merchant}/today",
                         "GET /api/credit/own/{merchant}/foreseen", "GET /api/credit/own/{merchant}/announced"),
    "console_outcomes": ("GET /api/credit/own/{merchant}/held", "POST /api/credit/own/{merchant}/contests",
                         "POST /api/credit/own/{merchant}/contests/fact"),
    "console_cases": ("GET /api/contests", "GET /api/decisions"),
    "console_report": ("GET /api/credit/own/{merchant}/report",),
    "console_contest": ("GET /api/contests/{contest}", "GET /api/contests/{contest}/made-whole",
                        "GET /api/contests/{contest}/complaint",
                        "POST /api/contests/{contest}/withdraw"),
    "console_decision": ("GET /api/decisions/{decision}", "POST /api/decisions/{decision}/appeal",
                         "POST /api/appeals/{appeal}/withdraw"),
    "console_appeal": ("GET /api/appeals/{appeal}", "POST /api/appeals/{appeal}/settle"),
    "steward": ("GET /api/contests/queue", "GET /api/appeals", "GET /api/refused", "GET /api/credit/runs/waiting",
                "POST /api/credit/runs/{run}/release", "GET /api/transparency", "GET /api/health"),
    "steward_settle": ("POST /api/contests/settle/preview", "POST /api/contests/settle"),
    "steward_refused": ("GET /api/refused",),
    "steward_refused_event": ("GET /api/refused/{number}", "POST /api/refused/{number}/replay", "DELETE /api/refused/{number}"),
    "steward_decide": ("GET /api/decisions/facts", "POST /api/decisions"),
    "console_webhooks": ("GET /api/webhooks", "POST /api/webhooks"),
    "console_webhook": ("GET /api/webhooks/{webhook}/deliveries", "POST /api/webhooks/{webhook}/pause",
                        "POST /api/webhooks/{webhook}/resume", "POST /api/webhooks/{webhook}/rotate",
                        "POST /api/webhooks/{webhook}/replay", "DELETE /api/webhooks/{webhook}"),
    "console_today": ("GET /api/credit/own/{merchant}/today",),
    "console_what_if": ("GET /api/credit/own/{merchant}/what-if",),
    "console_runs": ("GET /api/credit/runs",),
    "console_run": ("GET /api/credit/runs/{run}", "GET /api/credit/runs/{run}/movers"),
    "console_recompute": ("POST /api/credit/runs/{run}/recompute",),
    "console_release": ("POST /api/credit/runs/{run}/release",),
    "console_job": ("GET /api/credit/jobs/{job}",),
    "steward_contests": ("GET /api/contests/queue", "POST /api/contests/settle"),
    "steward_appeals": ("GET /api/appeals",),
    "steward_take": ("POST /api/contests/take", "POST /api/appeals/take"),
    "steward_refused_many": ("POST /api/refused/check", "POST /api/refused/replay", "POST /api/refused/drop"),
    "steward_filters": "keeps a way of looking at a page; a program keeps its own queries",
    "looks": ("GET /api/looks",),
    "rooms": ("GET /api/rooms",),
    "room": ("GET /api/rooms/{room}", "GET /api/rooms/{room}/looks", "POST /api/rooms/{room}/approve",
             "POST /api/rooms/{room}/decline", "POST /api/rooms/{room}/withdraw", "POST /api/rooms/{room}/close"),
    "room_ask": ("POST /api/rooms",),
    "room_case": ("GET /api/rooms/{room}/cases/{thing}",),
    "room_file": ("GET /api/rooms/{room}/cases/{thing}/file",),
    # A buyer's own.
    "me": ("GET /api/me/{person}/level", "GET /api/decisions"),
    "my_data": ("GET /api/me/{person}/data", "GET /api/me/{person}/consents"),
    "my_package": ("GET /api/me/{person}/package",),
    "my_name": ("PUT /api/me/{person}/name",),
    "my_consent": ("PUT /api/me/{person}/consents/{purpose}", "DELETE /api/me/{person}/consents/{purpose}"),
    "my_use": ("PUT /api/me/{person}/restriction", "DELETE /api/me/{person}/restriction"),
    "my_erasure": ("GET /api/me/{person}/erasure", "POST /api/me/{person}/erasure"),
    # One's account.
    "my_account": ("GET /api/account",),
    "my_language": ("PUT /api/account/language",),
    "my_tokens": ("GET /api/account/tokens",),
    "new_token": FACTORS,
    "revoke_token": ("DELETE /api/account/tokens/{token}",),
    "usersessions_list": ("GET /api/account/sessions", "DELETE /api/account/sessions/{session}"),
    "end_session": ("DELETE /api/account/sessions/{session}",),
    "leave": ("DELETE /api/account/roles/{role}",),
    "team": ("GET /api/teams/{merchant}", "POST /api/teams/{merchant}/invitations",
             "DELETE /api/teams/{merchant}/invitations/{invitation}", "DELETE /api/teams/{merchant}/members/{member}"),
    "staff": ("GET /api/staff",),       # who is let in and out is decided in a session: STAFF
    "account_login": GETS_IN,
    "account_logout": "ends this browser's session; a program forgets its token, or revokes it",
    "account_inactive": GETS_IN,
    "account_reauthenticate": FACTORS,
    "account_change_password": FACTORS,
}
"""By the name of an address, the calls that do the same, or why there is none."""
FAMILIES = {"mfa_": FACTORS, "socialaccount_": FACTORS, "openid_connect_": GETS_IN}
"""The same by how the name begins: allauth's pages."""


def names_of_pages() -> set[str]:
    def walk(resolver: URLResolver) -> list[str]:
        found = []
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                found += [] if each.namespace in ("api-1.0.0", "admin") or str(each.pattern) == "api/" else walk(each)
            else:
                found.append(each.name or str(each.pattern))
        return found

    return set(walk(get_resolver()))


def calls_there_are() -> set[str]:
    return {f"{method.upper()} {path}" for path, calls in api.get_openapi_schema()["paths"].items() for method in calls}


def test_every_page_has_its_calls_or_a_reason():
    pages = {name for name in names_of_pages() if not name.startswith(tuple(FAMILIES))}
    assert pages == SAME.keys()


def test_every_call_of_the_table_is_there():
    named = {call for calls in SAME.values() if isinstance(calls, tuple) for call in calls}
    assert named <= calls_there_are()


def test_every_call_does_something_that_somebody_asked_for():
    """A call without a page is for shops: they state facts, hand users over, and ask for ids."""
    named = {call for calls in SAME.values() if isinstance(calls, tuple) for call in calls}
    assert calls_there_are() - named == {
        "POST /api/facts", "GET /api/facts/kinds", "GET /api/ids", "POST /api/people/invitations",
    }


@pytest.mark.parametrize("part", ["summary", "description", "responses", "tags"])
def test_every_call_is_described(part):
    for path, calls in api.get_openapi_schema()["paths"].items():
        for method, call in calls.items():
            assert call.get(part), f"{method} {path} has no {part}"


def test_every_call_says_what_it_may_be_refused_for():
    schema = api.get_openapi_schema()
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            given = {int(status) for status in call["responses"]}
            assert given & {200, 201, 204}, f"{method} {path}"
            asks = {name for scheme in call.get("security", []) for name in scheme}
            assert not asks or 401 in given, f"{method} {path}"
            assert "AccessToken" not in asks or {403, 429} <= given, f"{method} {path}"
            assert "{" not in path or 404 in given, f"{method} {path}"
            for status in given - {200, 201, 204}:
                content = call["responses"][status]["content"]["application/problem+json"]
                assert content["example"]["status"] == status
    assert schema["components"]["securitySchemes"].keys() == {"SourceKey", "AccessToken"}
    assert all(scheme["description"] for scheme in schema["components"]["securitySchemes"].values())


def test_every_body_has_an_example():
    schema = api.get_openapi_schema()
    shown = 0
    for path, calls in schema["paths"].items():
        for method, call in calls.items():
            for media in call.get("requestBody", {}).get("content", {}).values():
                named = media["schema"].get("$ref", "").rpartition("/")[2]
                assert "example" in media or "example" in schema["components"]["schemas"][named], f"{method} {path}"
                shown += 1
    assert shown > 15


def test_no_two_schemas_have_one_name():
    """The description knows them by their names: of two alike it would show one for both."""
    waiting, names = [Schema], []
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            names += [each.__name__] if each.__module__.startswith("yinuo.") else []
    assert [name for name, count in Counter(names).items() if count > 1] == []
