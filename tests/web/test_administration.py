"""Plain tables for administrators: seen by them alone, and nothing can be done there."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from yinuo.config.administration import TABLES, site
from yinuo.config.realm import now
from yinuo.credit.models import Run
from yinuo.decisions.models import Decision
from yinuo.people.models import Account, Grant
from yinuo.record.models import RefusedEvent, SourceKey, Webhook

pytestmark = pytest.mark.django_db
ADDRESSES = ["/admin/", *(f"/admin/{table.model.replace('.', '-').lower()}/" for table in TABLES)]


def account(handle, *roles, second_factor=True):
    made = Account.objects.create(handle=handle, created=now())
    for role in roles:
        Grant.objects.create(account=made, role=role, granted_by="system", granted=now())
    if second_factor:
        Authenticator.objects.create(user=made, type="totp", data={"secret": "s"})
    return made


def client(who=None, language="en"):
    made = Client(headers={"accept-language": language})
    if who is not None:
        made.force_login(who)
    return made


@pytest.fixture
def tables(db):
    """A row of what must not be shown whole."""
    SourceKey.objects.create(digest=b"\xab" * 32, source="shop", created=now())
    Webhook.objects.create(
        url="https://shop.example/hook", kinds=[], secret=b"sealed-secret", position=0, made=now(), due=now()
    )
    RefusedEvent.objects.create(source="shop", received=now(), event_id="whose-event", sentence="", raw=b"sealed-event")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_administrator_sees_each_table_and_no_secret(tables, address, language):
    answer = client(account("root-of-all", "administrator"), language).get(address)
    assert answer.status_code == 200
    page = answer.content.decode()
    for secret in ("sealed-secret", "sealed-event", "whose-event", "abab", "\\xab", 'type="password"'):
        assert secret not in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_else_sees_anything(tables, address):
    for name in ("steward", "finance", "auditor", "data_protection"):
        assert client(account(f"the-{name}".replace("_", "-"), name)).get(address).status_code == 404
    assert client(account("nobody")).get(address).status_code == 404
    assert client(account("without", "administrator", second_factor=False)).get(address).status_code == 404
    assert client().get(address).status_code == 404


@pytest.mark.parametrize(("language", "shown"), [
    ("en", ("1 January 2026", "held at the gate", "preview")), ("zh-hans", ("2026年1月1日", "暂缓公布", "预演")),
])
def test_days_and_codes_are_said_in_words(db, language, shown):
    Run.objects.create(
        id="nrun", scorecard="own-1", mode="preview", state="waiting", as_of=20_454, size=5, merchants=1, moved=0,
        completed=now(),
    )
    page = client(account("root-of-all", "administrator"), language).get("/admin/credit-run/").content.decode()
    for words in shown:
        assert words in page
    assert "20454" not in page.replace(",", "")


def test_nothing_can_be_added_changed_or_deleted(tables):
    root = account("root-of-all", "administrator")
    other = account("other")
    who = client(root)
    before = [(Grant.objects.count(), Account.objects.count(), Webhook.objects.count(), Decision.objects.count())]
    given = {
        "account": other.pk, "role": "steward", "granted_by": "x", "granted_0": "2026-01-01", "granted_1": "00:00",
        "action": "delete_selected", "_selected_action": [str(root.pk)], "post": "yes", "_save": "Save",
    }
    for table in TABLES:
        slug = table.model.replace(".", "-").lower()
        app, model = table.model.lower().split(".")
        for path in (f"/admin/{slug}/", f"/admin/{slug}/add/", f"/admin/{slug}/1/change/", f"/admin/{slug}/1/delete/",
                     f"/admin/{app}/{model}/add/", f"/admin/{app}/{model}/1/change/", f"/admin/{app}/{model}/"):
            for send in (who.post, who.put, who.patch, who.delete):
                sent = given if send == who.post else b"role=steward"
                assert send(path, sent).status_code in (404, 405), path
    assert [(Grant.objects.count(), Account.objects.count(), Webhook.objects.count(), Decision.objects.count())] == before
    assert not LogEntry.objects.exists()


def test_only_what_is_listed_is_there_and_none_of_it_acts():
    names = {pattern.name for pattern in site.get_urls()}
    allowed = {"index", "jsi18n", "search", "app_list", "logout", "password_change"}
    assert names == allowed | {f"{table.model.replace('.', '_').lower()}_changelist" for table in TABLES}
    assert {model._meta.label for model in site._registry} == {table.model for table in TABLES}
    assert not {"decisions.Decision", "record.Entry", "vault.Key", "vault.Text"} & {table.model for table in TABLES}
    for made in site._registry.values():
        for may in (made.has_add_permission, made.has_change_permission, made.has_delete_permission):
            assert not may(None)
        assert made.actions is None
        assert made.list_editable == ()
    assert reverse("admin:index") == "/admin/"
    assert apps.is_installed("unfold")


def test_no_sealed_or_hashed_column_is_among_the_tables():
    for table in TABLES:
        fields = apps.get_model(table.model)._meta
        for name in table.columns:
            assert fields.get_field(name).get_internal_type() != "BinaryField"
            assert name not in ("password", "digest", "secret", "raw", "event_id")


def test_the_pages_may_load_nothing_from_elsewhere(tables):
    root = account("root-of-all", "administrator")
    policy = client(root).get("/admin/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy      # unfold's Alpine; still no inline script
    assert "unsafe" not in client(root).get("/account/")["Content-Security-Policy"]
