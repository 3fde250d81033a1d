"""Credit over the API for people: a report that is checked to the point, and a held run that a steward releases."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from yinuo.cli._here import now
from yinuo.credit.models import Run, Standing
from yinuo.credit.proofs import check_report
from yinuo.kit.canonical import canonical_json, read_json
from yinuo.people import actions as people
from yinuo.people.models import Account, Grant, Membership

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling(market, monkeypatch, settings):
    """A person's client on the market's realm: calling("owner", own={"m1": "merchant_owner"})."""
    monkeypatch.setattr("yinuo.config.realm.realm", lambda: market.realm)
    settings.DATA = market.folder

    def make(handle, *, roles=(), own=None):
        account = Account.objects.create(handle=handle, created=now())
        for role in roles:
            Grant.objects.create(account=account, role=role, granted_by="system", granted=now())
            Authenticator.objects.get_or_create(user=account, type="totp", defaults={"data": {}})
        for subject, role in (own or {}).items():
            Membership.objects.create(account=account, subject=subject, role=role, granted_by="system", granted=now())
        made = people.make_token(
            account=account, name="p", days=1, second_factor=bool(roles), realm=market.realm, at=now()
        )
        return Client(headers={"authorization": f"Bearer {made.token}"})

    return make


@pytest.fixture
def scored(market):
    """A merchant with a score of the second run."""
    found = Standing.objects.filter(run=market.second.id, score__isnull=False, override="")
    return found.order_by("-outcomes", "merchant")[0]


def test_the_report_that_a_team_downloads_gives_the_score_again(market, calling, scored):
    owner = calling("owner", own={scored.merchant: "merchant_owner"})
    answer = owner.get(f"/api/credit/own/{scored.merchant}/report")
    report = read_json(canonical_json(json.loads(answer.content)), "report")
    assert check_report(report, market.policy).result.score == scored.score
    shown = owner.get(f"/api/credit/own/{scored.merchant}").json()
    assert (shown["score"], shown["outcomes"], shown["facts"]) == (scored.score, scored.outcomes, scored.facts)
    assert 500 + sum(reason["points"] for reason in shown["reasons"]) == scored.score


@pytest.mark.parametrize(("roles", "role", "statuses"), [
    ((), "merchant_operations", (200, 200)), ((), "merchant_reader", (403, 200)), (("steward",), None, (403, 200)),
    (("auditor",), None, (403, 200)), (("administrator",), None, (403, 403)), ((), None, (403, 403)),
])
def test_who_sees_exact_figures_and_who_is_given_a_report(calling, scored, roles, role, statuses):
    client = calling("somebody", roles=roles, own={scored.merchant: role} if role else {})
    paths = (f"/api/credit/own/{scored.merchant}/report", f"/api/credit/own/{scored.merchant}")
    assert tuple(client.get(path).status_code for path in paths) == statuses


def test_a_steward_asks_for_a_held_run_to_be_released_with_reasons(market, calling):
    run = Run.objects.get(pk=market.second.id)
    Run.objects.filter(pk=run.pk).update(state="waiting", reason="Many would move.")
    Standing.objects.filter(run=run.pk).update(run=market.first.id)
    path = f"/api/credit/runs/{run.pk}/release"
    words = {"words": "The shop told a month of deliveries at once; it was away."}
    assert calling("auditor", roles=["auditor"]).post(path, words, "application/json").status_code == 403
    assert Run.objects.get(pk=run.pk).state == "waiting"
    steward = calling("steward", roles=["steward"])
    assert [one["run"] for one in steward.get("/api/credit/runs/waiting").json()] == [run.pk]
    assert steward.post(path, {"words": "no"}, "application/json").status_code == 422
    answer = steward.post(path, words, "application/json")
    assert (answer.status_code, answer.json()["run"], answer.json()["reasons"]) == (201, run.pk, words["words"]), answer.content
    assert steward.post(path, words, "application/json").status_code == 409      # it is being done
    assert Run.objects.get(pk=run.pk).state == "waiting"
