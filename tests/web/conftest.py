"""A small market of invented merchants, people with roles, and clients that read its pages."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from yinuo.config.realm import now
from yinuo.people.models import Account, Grant, Membership

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def beside(name: str) -> ModuleType:
    """The module of that name beside the tests: not a package, so that pytest's importlib mode finds each file by itself."""
    spec = importlib.util.spec_from_file_location(f"web_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def account(handle: str, *, roles: Iterable[str] = (), own: Mapping[str, str] | None = None) -> Account:
    """Somebody with these staff roles, and a role for each of these merchants or buyers; staff have their second factor."""
    made = Account.objects.create(handle=handle, created=now())
    given: dict[str, Any] = {"account": made, "granted_by": "system", "granted": now()}
    for role in roles:
        Grant.objects.create(role=role, until=now() + timedelta(days=60) if role == "authority" else None, **given)
        Authenticator.objects.get_or_create(user=made, type="totp", defaults={"data": {"secret": "s"}})
    for subject, role in (own or {}).items():
        Membership.objects.create(subject=subject, role=role, **given)
    return made


def client_of(who: Account | None = None, language: str = "en") -> Client:
    """A client that is signed in as somebody, or as nobody."""
    client = Client(headers={"accept-language": language})
    if who is not None:
        client.force_login(who)
    return client


@pytest.fixture
def market(db: None) -> ModuleType:
    """One merchant in every band, with courses, causes, reviews, ratings and a finding."""
    module = beside("market")
    module.fill()
    return module


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, started once."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # playwright's own loop runs in this thread
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def words() -> ModuleType:
    """What finds every translatable text."""
    return beside("words")


@pytest.fixture
def mode(settings: Any) -> Any:
    """Sets who may see standings: mode("shadow")."""

    def setting(name: str) -> None:
        settings.YINUO = {**settings.YINUO, "YINUO_MODE": name}

    return setting
