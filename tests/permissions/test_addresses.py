"""The permission table of every address: what each role is answered to a look and to an empty form, on pages and in the API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.http import SimpleCookie
from django.test import Client
from django.urls import get_resolver

TABLE: dict[str, dict[str, str]] = {
    # address: by method, which status to whom; * is everybody else. Methods that are not listed give nobody anything.
    "api/openapi.json": {"GET": "200 *", "POST": "200 *"},
    "api/docs": {"GET": "200 *", "POST": "200 *"},
    "api/facts": {"GET": "405 *", "POST": "422 sources | 401 *"},
    "api/facts/kinds": {"GET": "200 *", "POST": "405 *"},
    "api/health": {"GET": "200 *", "POST": "405 *"},
    "api/log/checkpoint": {"GET": "200 *", "POST": "405 *"},
    "api/log/witnessed": {"GET": "404 *", "POST": "405 *"},    # no witness has signed yet
    "api/log/policy": {"GET": "200 *", "POST": "405 *"},
    "api/log/tile/<path:rest>": {"GET": "404 *", "POST": "405 *"},    # there is no such tile
    "api/log": {"GET": "200 *", "POST": "405 *"},
    "api/ids": {"GET": "422 sources | 401 *", "POST": "405 *"},
    "api/refused": {"GET": "200 steward | 401 public, sources | 403 *", "POST": "405 *"},
    "api/refused/check": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/refused/replay": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/refused/drop": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/refused/<number>": {
        "GET": "200 steward | 401 public, sources | 403 *",
        "POST": "405 *",
        "DELETE": "204 steward | 401 public, sources | 403 *",
    },
    "api/refused/<number>/replay": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/webhooks": {"GET": "200 administrator, sources | 401 public | 403 *", "POST": "401 public | 422 *"},
    "api/webhooks/<webhook>": {
        "GET": "405 *",
        "POST": "405 *",
        "DELETE": "204 administrator, source | 401 public | 404 other source | 403 *",
    },
    "api/webhooks/<webhook>/rotate": {
        "GET": "405 *",
        "POST": "200 administrator, source | 401 public | 404 other source | 403 *",
    },
    "api/webhooks/<webhook>/pause": {
        "GET": "405 *",
        "POST": "204 administrator, source | 401 public | 404 other source | 403 *",
    },
    "api/webhooks/<webhook>/resume": {
        "GET": "405 *",
        "POST": "204 administrator, source | 401 public | 404 other source | 403 *",
    },
    "api/webhooks/<webhook>/replay": {"GET": "405 *", "POST": "401 public | 422 *"},
    "api/webhooks/<webhook>/deliveries": {
        "GET": "200 administrator, source | 401 public | 404 other source | 403 *",
        "POST": "405 *",
    },
    "api/people/invitations": {"GET": "405 *", "POST": "422 sources | 401 *"},
    "api/account": {"GET": "401 public, sources | 200 *", "POST": "405 *"},
    "api/account/language": {"GET": "405 *", "POST": "405 *", "PUT": "401 public, sources | 422 *"},
    "api/account/roles/<role>": {"GET": "405 *", "POST": "405 *"},
    "api/account/sessions": {"GET": "401 public, sources | 200 *", "POST": "405 *"},
    "api/account/sessions/<session>": {"GET": "405 *", "POST": "405 *"},
    "api/account/tokens": {"GET": "401 public, sources | 200 *", "POST": "405 *"},
    "api/account/tokens/<token>": {"GET": "405 *", "POST": "405 *", "DELETE": "401 public, sources | 422 *"},
    "api/teams/<merchant>": {"GET": "200 team | 401 public, sources | 403 *", "POST": "405 *"},
    "api/teams/<merchant>/invitations": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/teams/<merchant>/invitations/<invitation>": {"GET": "405 *", "POST": "405 *"},
    "api/teams/<merchant>/members/<member>": {
        "GET": "405 *",
        "POST": "405 *",
        "DELETE": "204 merchant_owner | 401 public, sources | 403 *",
    },
    "api/staff": {"GET": "200 auditor, administrator | 401 public, sources | 403 *", "POST": "405 *"},
    "api/me/<person>/name": {"GET": "405 *", "POST": "405 *", "PUT": "401 public, sources | 422 *"},
    "api/me/<person>/consents": {"GET": "200 buyer | 401 public, sources | 404 *", "POST": "405 *"},
    "api/me/<person>/consents/<purpose>": {
        "GET": "405 *",
        "POST": "405 *",
        "PUT": "204 buyer | 401 public, sources | 404 *",
        "DELETE": "204 buyer | 401 public, sources | 404 *",
    },
    "api/me/<person>/restriction": {
        "GET": "405 *",
        "POST": "405 *",
        "PUT": "401 public, sources | 422 *",
        "DELETE": "204 buyer | 401 public, sources | 404 *",
    },
    "api/decisions": {"GET": "401 public, sources | 422 *", "POST": "401 public, sources | 422 *"},
    "api/decisions/facts": {"GET": "401 public, sources | 422 *", "POST": "405 *"},
    "api/decisions/<decision>": {"GET": "200 steward, auditor, team | 401 public, sources | 404 *", "POST": "405 *"},
    "api/decisions/<decision>/appeal": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/appeals": {"GET": "200 steward, auditor | 401 public, sources | 403 *", "POST": "405 *"},
    "api/appeals/take": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/appeals/<appeal>": {"GET": "200 steward, auditor, team | 401 public, sources | 404 *", "POST": "405 *"},
    "api/appeals/<appeal>/settle": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/appeals/<appeal>/withdraw": {
        "GET": "405 *",
        "POST": "200 merchant_owner, merchant_operations | 401 public, sources | 403 steward, auditor, merchant_reader | 404 *",
    },
    "api/contests": {"GET": "401 public, sources | 422 *", "POST": "405 *"},
    "api/contests/queue": {"GET": "200 steward, auditor | 401 public, sources | 403 *", "POST": "405 *"},
    "api/contests/take": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/contests/settle": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/contests/settle/preview": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/contests/<contest>": {"GET": "200 steward, auditor, team | 401 public, sources | 404 *", "POST": "405 *"},
    "api/contests/<contest>/withdraw": {
        "GET": "405 *",
        "POST": "200 merchant_owner, merchant_operations | 401 public, sources | 403 steward, auditor, merchant_reader | 404 *",
    },
    "api/standings/<merchant>": {"GET": "404 *", "POST": "405 *"},    # nobody has been scored yet
    "api/merchants": {"GET": "200 *", "POST": "405 *"},
    "api/credit/method": {"GET": "404 *", "POST": "405 *"},    # no scorecard is in force yet
    "api/credit/features": {"GET": "200 *", "POST": "405 *"},
    "api/merchants/<merchant>": {"GET": "200 *", "POST": "405 *"},
    "api/merchants/<merchant>/listings": {"GET": "200 *", "POST": "405 *"},
    "api/merchants/<merchant>/reviews": {"GET": "200 *", "POST": "405 *"},
    "api/listings/<listing>": {"GET": "200 *", "POST": "405 *"},
    "api/listings/<listing>/reviews": {"GET": "200 *", "POST": "405 *"},
    "api/transparency": {"GET": "200 *", "POST": "405 *"},
    "api/credit/own/<merchant>": {"GET": "401 public, sources | 404 steward, auditor, team | 403 *", "POST": "405 *"},
    "api/credit/own/<merchant>/held": {"GET": "200 steward, auditor, team | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/own/<merchant>/report": {
        "GET": "401 public, sources | 404 merchant_owner, merchant_operations | 403 *",
        "POST": "405 *",
    },
    "api/credit/own/<merchant>/contests": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/credit/own/<merchant>/contests/fact": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/contests/<contest>/complaint": {"GET": "401 public, sources | 404 *", "POST": "405 *"},
    "api/contests/<contest>/made-whole": {"GET": "200 steward, auditor, team | 401 public, sources | 404 *", "POST": "405 *"},
    "api/credit/runs/waiting": {"GET": "200 steward, auditor | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/own/<merchant>/today": {"GET": "200 steward, auditor, team | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/own/<merchant>/foreseen": {"GET": "200 steward, auditor, team | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/own/<merchant>/what-if": {     # there is no standing to begin from yet
        "GET": "401 public, sources | 404 steward, auditor, team | 403 *",
        "POST": "405 *",
    },
    "api/credit/own/<merchant>/announced": {"GET": "200 steward, auditor, team | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/runs": {"GET": "200 steward, auditor | 401 public, sources | 403 *", "POST": "405 *"},
    "api/credit/runs/<run>": {"GET": "401 public, sources | 404 steward, auditor | 403 *", "POST": "405 *"},
    "api/credit/runs/<run>/movers": {"GET": "401 public, sources | 404 steward, auditor | 403 *", "POST": "405 *"},
    "api/credit/runs/<run>/recompute": {
        "GET": "405 *",
        "POST": "401 public, sources | 404 steward, auditor | 403 *",
    },
    "api/credit/jobs/<job>": {"GET": "401 public, sources | 404 steward, auditor | 403 *", "POST": "405 *"},
    "api/me/<person>/level": {"GET": "200 buyer | 401 public, sources | 403 *", "POST": "405 *"},
    "api/me/<person>/data": {"GET": "200 buyer | 401 public, sources | 404 *", "POST": "405 *"},
    "api/me/<person>/package": {"GET": "200 buyer | 401 public, sources | 404 *", "POST": "405 *"},
    "api/me/<person>/erasure": {"GET": "200 buyer | 401 public, sources | 404 *", "POST": "401 public, sources | 422 *"},
    "api/credit/runs/<run>/release": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/looks": {"GET": "200 data_protection | 401 public, sources | 403 *", "POST": "405 *"},
    "api/rooms": {
        "GET": "200 steward, auditor, data_protection, authority | 401 public, sources | 403 *",
        "POST": "401 public, sources | 422 *",
    },
    "api/rooms/<room>": {
        "GET": "200 steward, auditor, data_protection, authority | 401 public, sources | 403 *",
        "POST": "405 *",
    },
    "api/rooms/<room>/looks": {
        "GET": "200 steward, auditor, data_protection, authority | 401 public, sources | 403 *",
        "POST": "405 *",
    },
    "api/rooms/<room>/approve": {"GET": "405 *", "POST": "401 public, sources | 422 *"},
    "api/rooms/<room>/decline": {       # it is open already
        "GET": "405 *",
        "POST": "409 steward, data_protection | 401 public, sources | 403 *",
    },
    "api/rooms/<room>/withdraw": {
        "GET": "405 *",
        "POST": "409 steward, data_protection | 401 public, sources | 403 *",
    },
    "api/rooms/<room>/close": {"GET": "405 *", "POST": "204 steward, data_protection | 401 public, sources | 403 *"},
    "api/rooms/<room>/cases/<thing>": {"GET": "200 authority | 401 public, sources | 403 *", "POST": "405 *"},
    "api/rooms/<room>/cases/<thing>/file": {    # of a decision there is a page, and no file
        "GET": "404 authority | 401 public, sources | 403 *",
        "POST": "405 *",
    },
    "api/": {"GET": "404 *", "POST": "404 *"},
    "account/sign-in/": {"GET": "200 public | 302 *", "POST": "200 public | 302 *", "PUT": "200 public | 302 *"},
    "account/sign-out/": {"GET": "302 public | 200 *", "POST": "302 *"},
    "account/disabled/": {"GET": "200 *", "POST": "405 *"},
    "account/confirm/": {"GET": "302 public | 200 *", "POST": "302 public | 200 *", "PUT": "302 public | 200 *"},
    "account/password/": {"GET": "302 public | 200 *", "POST": "302 public | 200 *", "PUT": "302 public | 200 *"},
    "account/second-factor/": {"GET": "302 public | 200 *", "POST": "302 public | 405 *"},
    "account/second-factor/authenticate/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/reauthenticate/": {
        "GET": "200 workers | 302 *",
        "POST": "200 workers | 302 *",
        "PUT": "200 workers | 302 *",
    },
    "account/second-factor/totp/activate/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/totp/deactivate/": {"GET": "404 members | 302 *", "POST": "404 members | 302 *"},
    "account/second-factor/recovery-codes/": {"GET": "302 public | 404 *", "POST": "302 public | 405 *"},
    "account/second-factor/recovery-codes/generate/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/recovery-codes/download/": {"GET": "302 public | 404 *", "POST": "302 public | 404 *"},
    "account/second-factor/webauthn/": {"GET": "302 public | 200 *", "POST": "302 public | 405 *"},
    "account/second-factor/webauthn/add/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/webauthn/reauthenticate/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/webauthn/keys/<int:pk>/remove/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/webauthn/keys/<int:pk>/edit/": {"GET": "302 *", "POST": "302 *"},
    "account/second-factor/webauthn/login/": {"GET": "302 *", "POST": "302 *"},
    "account/sessions/": {"GET": "302 public | 200 *", "POST": "302 *"},
    "account/": {"GET": "302 public | 200 *", "POST": "302 public | 405 *"},
    "account/language/": {"GET": "302 public | 405 *", "POST": "302 *"},
    "account/sessions/<int:session>/end/": {"GET": "302 public | 405 *", "POST": "302 public | 404 *"},
    "account/roles/<int:membership>/end/": {"GET": "302 public | 405 *", "POST": "302 public, merchant_owner | 403 *"},
    "account/tokens/": {"GET": "302 public | 200 *", "POST": "302 public | 405 *"},
    "account/tokens/new/": {"GET": "302 *", "POST": "302 *"},
    "account/tokens/<int:token>/end/": {"GET": "302 public | 405 *", "POST": "302 *"},
    "account/team/<slug:merchant>/": {     # an empty form asks for nothing
        "GET": "200 team | 302 public | 403 *",
        "POST": "302 *",
    },
    "account/staff/": {     # an empty form asks for nothing
        "GET": "200 auditor, administrator | 302 public | 403 *",
        "POST": "302 *",
    },
    "admin/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/words/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/search/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/of/<str:app_label>/": {"GET": "302 administrator | 404 *", "POST": "405 *"},
    "admin/logout/": {"GET": "302 *", "POST": "405 *"},
    "admin/password/": {"GET": "302 *", "POST": "405 *"},
    "admin/people-account/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/people-grant/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/people-membership/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/record-sourcekey/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/record-webhook/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/record-refusedevent/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/credit-scorecard/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/credit-run/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "admin/timers-timer/": {"GET": "200 administrator | 404 *", "POST": "405 *"},
    "me/": {"GET": "200 buyer, other buyer | 302 public | 404 *", "POST": "405 *"},
    "me/data/": {"GET": "200 buyer, other buyer | 302 public | 404 *", "POST": "405 *"},
    "me/data/package/": {"GET": "405 *", "POST": "200 buyer, other buyer | 302 public | 404 *"},
    "me/data/name/": {"GET": "405 *", "POST": "302 public, buyer, other buyer | 404 *"},
    "me/data/consent/": {"GET": "405 *", "POST": "302 public, buyer, other buyer | 404 *"},
    "me/data/use/": {"GET": "405 *", "POST": "302 public, buyer, other buyer | 404 *"},
    "me/erase/": {"GET": "200 buyer, other buyer | 302 public | 404 *", "POST": "200 buyer, other buyer | 302 public | 404 *"},
    "rooms/": {"GET": "200 steward, auditor, data_protection, authority | 302 public | 403 *", "POST": "302 public | 405 *"},
    "rooms/ask/": {
        "GET": "200 steward, data_protection | 302 public | 403 *",
        "POST": "200 steward, data_protection | 302 public | 403 *",
    },
    "rooms/<slug:room>/": {
        "GET": "200 steward, auditor, data_protection, authority | 302 public | 403 *",
        "POST": "302 public, steward, auditor, data_protection | 405 authority | 403 *",
    },
    "rooms/<slug:room>/cases/<slug:thing>/": {"GET": "200 authority | 302 public | 403 *", "POST": "302 public | 405 *"},
    "rooms/<slug:room>/cases/<slug:thing>/file/": {     # of a decision there is a page, and no file
        "GET": "302 public | 404 authority | 403 *",
        "POST": "302 public | 405 *",
    },
    "": {"GET": "200 *", "POST": "405 *"},
    "merchants/<slug:merchant>/": {"GET": "200 *", "POST": "405 *"},
    "embed/merchants/<slug:merchant>/": {"GET": "200 *", "POST": "405 *"},
    "listings/<slug:listing>/": {"GET": "200 *", "POST": "405 *"},
    "method/": {"GET": "200 *", "POST": "405 *"},
    "record/": {"GET": "200 *", "POST": "405 *"},
    "record/tree/": {"GET": "200 *", "POST": "405 *"},
    "verify/": {"GET": "200 *", "POST": "405 *"},
    "join/<str:token>/": {"GET": "200 *", "POST": "200 public | 302 *"},
    "transparency/": {"GET": "200 *", "POST": "405 *"},
    "console/": {"GET": "200 nobody, finance, auditor, data_protection | 302 *", "POST": "302 public | 405 *"},
    "console/merchants/<slug:merchant>/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor, team | 404 *",
    },
    "console/merchants/<slug:merchant>/today/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor, team | 404 *",
    },
    "console/merchants/<slug:merchant>/what-if/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor, team | 404 *",
    },
    "console/merchants/<slug:merchant>/outcomes/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "200 steward, auditor, team | 302 public | 404 *",
    },
    "console/merchants/<slug:merchant>/cases/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor, team | 404 *",
    },
    "console/merchants/<slug:merchant>/report/": {     # there is no standing yet; others may not even ask
        "GET": "302 public | 403 steward, auditor, merchant_reader | 404 *",
        "POST": "302 public | 405 steward, auditor, team | 404 *",
    },
    "console/contests/<slug:contest>/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "302 public, merchant_owner, merchant_operations | 403 steward, auditor, merchant_reader | 404 *",
    },
    "console/decisions/<slug:decision>/": {
        "GET": "200 steward, auditor, team | 302 public | 404 *",
        "POST": "200 merchant_owner, merchant_operations | 302 public | 403 steward, auditor, merchant_reader | 404 *",
    },
    "console/appeals/<slug:appeal>/": {
        "GET": "200 steward, auditor | 302 public | 404 *",
        "POST": "302 public | 422 steward | 404 *",
    },
    "console/runs/": {"GET": "200 steward, auditor | 302 public | 404 *", "POST": "302 public | 405 steward, auditor | 404 *"},
    "console/runs/<slug:run>/": {"GET": "302 public | 404 *", "POST": "302 public | 405 steward, auditor | 404 *"},
    "console/runs/<slug:run>/recompute/": {
        "GET": "302 public | 405 steward, auditor | 404 *",
        "POST": "302 public, steward, auditor | 404 *",
    },
    "console/runs/<slug:run>/release/": {"GET": "302 public | 405 steward | 404 *", "POST": "302 public, steward | 404 *"},
    "console/jobs/<slug:job>/": {"GET": "302 public | 404 *", "POST": "302 public | 405 steward, auditor | 404 *"},
    "console/looks/": {"GET": "200 data_protection | 302 public | 403 *", "POST": "302 public | 405 *"},
    "console/steward/": {
        "GET": "200 steward, auditor | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor | 404 *",
    },
    "console/steward/contests/": {
        "GET": "200 steward, auditor | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor | 404 *",
    },
    "console/steward/contests/settle/": {"GET": "302 public | 405 steward | 404 *", "POST": "302 public | 422 steward | 404 *"},
    "console/steward/appeals/": {
        "GET": "200 steward, auditor | 302 public | 404 *",
        "POST": "302 public | 405 steward, auditor | 404 *",
    },
    "console/steward/take/": {"GET": "302 public | 405 steward | 404 *", "POST": "302 public, steward | 404 *"},
    "console/steward/refused/": {"GET": "200 steward | 302 public | 404 *", "POST": "302 public | 405 steward | 404 *"},
    "console/steward/refused/many/": {"GET": "302 public | 405 steward | 404 *", "POST": "302 public | 422 steward | 404 *"},
    "console/steward/refused/<int:number>/": {
        "GET": "200 steward | 302 public | 404 *",
        "POST": "200 steward | 302 public | 404 *",
    },
    "console/steward/filters/": {"GET": "302 public | 405 steward, auditor | 404 *", "POST": "302 public | 404 *"},
    "console/steward/decide/": {"GET": "200 steward | 302 public | 404 *", "POST": "200 steward | 302 public | 404 *"},
    "console/webhooks/": {"GET": "200 administrator | 302 public | 404 *", "POST": "200 administrator | 302 public | 404 *"},
    "console/webhooks/<int:webhook>/": {
        "GET": "200 administrator | 302 public | 404 *",
        "POST": "302 public, administrator | 404 *",
    },
    "language/": {"GET": "302 *", "POST": "405 *"},
}
IN_ADDRESSES = {
    # What stands in an address, by its name there. All of it is of the first merchant or buyer; a number of nothing is 404.
    "merchant": "tea", "listing": "listing", "contest": "contest", "decision": "warning", "appeal": "appeal",
    "room": "open_room", "thing": "warning", "number": "refused", "token": "token", "membership": "membership",
    "webhook": "webhook", "person": "ann", "role": "membership", "member": "membership",
}
OF_NOTHING = {
    "session": "987654", "pk": "987654", "rest": "0/987", "int:token": "987654", "invitation": "987654", "run": "nnothing",
    "job": "nothing",
}
WORDS = {"purpose": "publish_name", "app_label": "people"}
QUERIES = {"console/steward/decide/": "?merchant={tea}"}
ROLES = (
    "public", "nobody", "steward", "finance", "auditor", "data_protection", "authority", "administrator", "merchant_owner",
    "merchant_operations", "merchant_reader", "other merchant_owner", "buyer", "other buyer",
)
SOURCES = ("source", "other source")      # over the API only, where they show their key
ANY_METHOD = ("api/openapi.json", "api/docs")
"""The API's description of itself, which answers any method with the same."""
PARTS = ("api/", "account/", "me/", "rooms/", "console/", "")
STRANGE = ("PUT", "PATCH", "DELETE")
FEW = ("public", "steward", "authority", "administrator", "merchant_owner")
"""Who asks where everybody is answered alike, and who tries methods that an address does not list."""
ALIKE = ("200 *", "405 *", "302 public | 405 *")


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Every address that the site answers, as its pattern is written; once."""
    if patterns is None:
        yield from dict.fromkeys(addresses(get_resolver().url_patterns))
        return
    for each in patterns:
        if hasattr(each, "url_patterns"):
            yield from addresses(each.url_patterns, prefix + str(each.pattern))
        else:
            yield prefix + str(each.pattern)


def filled(address: str, world: SimpleNamespace) -> str:
    """An address with what is in the world."""
    def value(found: re.Match[str]) -> str:
        name = found[1].rpartition(":")[2]
        fixed = OF_NOTHING | WORDS
        if found[1] in fixed or name in fixed:
            return fixed.get(found[1]) or fixed[name]
        thing = getattr(world, IN_ADDRESSES[name])
        return str(getattr(thing, "pk", thing))

    return "/" + re.sub(r"<([^>]+)>", value, address) + QUERIES.get(address, "").format(**vars(world))


class Visitor:
    """Somebody who asks, over the API by their key or access token; nothing that an answer did is there for the next."""

    def __init__(self, role: str, world: SimpleNamespace) -> None:
        secret = {**world.tokens, "source": world.keys["shop"], "other source": world.keys["bazaar"]}.get(role)
        self._headers = {"authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client(raise_request_exception=False)
        if role in world.accounts:
            self.client.force_login(world.accounts[role])
        self._cookies = self.client.cookies.output(header="")

    def ask(self, method: str, address: str) -> int:
        """The status of the answer."""
        self.client.cookies = SimpleCookie(self._cookies)
        with transaction.atomic():
            headers = self._headers if address.startswith("/api/") else {}
            answer = self.client.generic(method, address, headers=headers)
            status: int = answer.status_code
            transaction.set_rollback(True)
        return status


@pytest.fixture
def visitors(world: SimpleNamespace) -> Mapping[str, Visitor]:
    """Everybody who asks, signed in."""
    return {role: Visitor(role, world) for role in (*ROLES, *SOURCES)}


GROUPS = {
    "team": "merchant_owner, merchant_operations, merchant_reader",
    "members": "nobody, merchant_owner, merchant_operations, merchant_reader, other merchant_owner, buyer, other buyer",
    "workers": "steward, finance, auditor, data_protection, authority, administrator",
    "sources": "source, other source",
}
"""Short for some roles: those in the first merchant's team; those without a staff role; those with one."""


def expected(row: str, role: str) -> int:
    """What a row says that a role is answered: "200 steward, team | 302 public | 404 *", where * is everybody else."""
    for part in row.split(" | "):
        status, _, names = part.partition(" ")
        named = [each for name in names.split(", ") for each in GROUPS.get(name, name).split(", ")]
        if role in named or named == ["*"]:
            return int(status)
    raise LookupError(f"the row {row!r} says nothing of {role}")


def asking(address: str, row: str) -> tuple[str, ...]:
    """Who asks: over the API sources too; and a few where the row makes no difference between those who signed in."""
    roles = FEW if row in ALIKE else ROLES
    return (*roles, *SOURCES) if address.startswith("api/") else roles


def test_every_address_has_its_row():
    there = list(addresses())
    missing = [
        f'{each}: add to TABLE in {__name__}.py  "{each}": {{"GET": "<status> <role>, <role> | <status> *", "POST": "..."}},'
        for each in there if each not in TABLE
    ]
    assert not missing, "\n".join(missing)
    assert not [each for each in TABLE if each not in there], "rows of addresses that there are no more"


def test_a_row_says_what_each_role_is_answered():
    row = "200 steward, team | 302 public | 404 *"
    assert [expected(row, role) for role in ("steward", "merchant_reader", "public", "buyer")] == [200, 200, 302, 404]
    with pytest.raises(LookupError):
        expected("200 steward", "buyer")
    named = {
        name for rows in TABLE.values() for row in rows.values() for part in row.split(" | ")
        for name in part.partition(" ")[2].split(", ")
    }
    assert named <= {*ROLES, *SOURCES, *GROUPS, "*"}


def below(part: str) -> Iterator[str]:
    """The addresses of the table in one part of the site; of all others, those that are in none."""
    for address in addresses():
        first = address.partition("/")[0] + "/"
        if address in TABLE and (first if first in PARTS else "") == part:
            yield address


@pytest.mark.parametrize("part", PARTS)
def test_what_each_role_is_answered_at_every_address(part, world, visitors):
    wrong = []
    for address in below(part):
        rows, asked = TABLE[address], filled(address, world)
        for method, row in rows.items():
            for role in asking(address, row):
                status = visitors[role].ask(method, asked)
                if status != expected(row, role):
                    wrong.append(f"{method} {address}: {role} is answered {status}, and the row says {expected(row, role)}")
    assert not wrong, "\n".join(wrong)


def test_no_other_method_gives_anybody_anything(world, visitors):
    wrong = []
    for address, rows in TABLE.items():
        for method in STRANGE:
            if method in rows or address in ANY_METHOD:
                continue
            for role in FEW[::2]:
                status = visitors[role].ask(method, filled(address, world))
                if status not in (302, 401, 403, 404, 405):
                    wrong.append(f"{method} {address}: {role} is answered {status}")
    assert not wrong, "\n".join(wrong)

