"""`yinuo account`: invite, list, disable, reset."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner
from django.conf import settings

from yinuo.cli import account
from yinuo.kit.actors import SYSTEM
from yinuo.kit.refusals import Conflict, Malformed, NotFound
from yinuo.people import actions
from yinuo.people.models import Account
from yinuo.record import actions as record

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch):
    """Runs the command on the test's database, which is set up already; returns what it prints."""
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set-up
    from yinuo.vault import actions as vault  # noqa: PLC0415

    monkeypatch.setattr(account, "set_up", lambda: None)
    vault.open_keys(realm=realm(), at=now())

    def running(*words):
        result = CliRunner().invoke(account.command, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return running


def token_in(output):
    return re.search(r"http://localhost:8000/join/([\w-]+)/", output)[1]


def test_somebody_is_invited_listed_reset_and_disabled(run):
    at = datetime.now(UTC)
    joined = actions.join(token=token_in(run("invite", "--role", "steward")), handle="li.na", password="!", language="", at=at)
    actions.join(token=token_in(run("invite", "--role", "administrator")), handle="boss", password="!", language="", at=at)
    Authenticator.objects.create(user=joined, type="totp", data={})
    assert run("list").splitlines() == ["boss: administrator; no second factor", "li.na: steward; second factor"]
    assert "password alone" in run("reset-second-factor", "LI.NA")
    assert not Authenticator.objects.exists()
    assert "signed out everywhere" in run("disable", "li.na")
    assert f"disabled on {at:%Y-%m-%d}" in run("list")
    with pytest.raises(Conflict):
        run("disable", "boss")
    with pytest.raises(NotFound):
        run("disable", "nobody")
    assert Account.objects.get(handle="boss").is_active


def test_a_shops_users_are_invited_by_their_ids_there(run, event):
    from yinuo.cli._here import now, realm  # noqa: PLC0415 - after set-up

    placed = event("trade.order_placed", id="o1", order="o1", merchant="tea", buyer="ann", amount_minor=5, currency="CNY")
    record.take_events(actor=SYSTEM, source="shop", raws=[placed], realm=realm(), at=now())
    owner = token_in(run("invite", "--role", "merchant_owner", "--for", "tea", "--source", "shop"))
    actions.join(token=owner, handle="owner", password="!", language="", at=now())
    (merchant,) = re.findall(r"owner: merchant_owner for (\w+);", run("list"))
    link = run("invite", "--role", "merchant_reader", "--for", merchant, "--site", "https://trust.example.com/")
    assert "https://trust.example.com/join/" in link
    assert "--for" in run("invite", "--role", "buyer")
    assert "--source" in run("invite", "--role", "buyer", "--for", "ann")
    with pytest.raises(Malformed):
        run("invite", "--role", "king")
    with pytest.raises(Malformed):
        run("invite", "--role", "authority")
    assert token_in(run("invite", "--role", "authority", "--until", f"{now():%Y}-12-31")) or settings.DEBUG
