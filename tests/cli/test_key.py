"""Keys are made, shown once, and revoked."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from yinuo.cli import key, yinuo
from yinuo.kit.refusals import NotFound, Unauthenticated
from yinuo.record.actions import check_key
from yinuo.record.models import SourceKey

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch):
    """Runs a key command on the test's database."""
    monkeypatch.setattr(key, "set_up", lambda: None)
    return lambda *words: CliRunner().invoke(yinuo, ["key", *words])


def test_a_key_is_made_and_revoked(run, now):
    made = run("make", "shop")
    assert made.exit_code == 0
    text = made.output.strip()
    assert check_key(key=text, at=now).name == "shop"
    assert run("revoke", text).output == "Revoked.\n"
    with pytest.raises(Unauthenticated):
        check_key(key=text, at=now)
    assert isinstance(run("revoke", text).exception, NotFound)


def test_a_key_expires(run):
    assert run("make", "shop", "--expires", "2999-01-31").exit_code == 0
    expires = SourceKey.objects.get().expires
    assert expires is not None
    assert expires.isoformat() == "2999-01-31T00:00:00+00:00"
    assert run("make", "shop", "--expires", "2001-01-01").exit_code == 2
    assert SourceKey.objects.count() == 1


@pytest.mark.parametrize("name", ["import", "key", "refused", "rebuild"])
def test_every_command_explains_itself(name):
    shown = CliRunner().invoke(yinuo, [name, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
