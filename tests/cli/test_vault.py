"""`yinuo vault` tells of keys and exchanges them; a start without the keys that the database needs is refused."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WRITE = """
from yinuo.cli import set_up
set_up()
from datetime import UTC, datetime
from django.db import transaction
from yinuo.config.realm import realm
from yinuo.vault import actions
with transaction.atomic():
    hand = actions.AtOnce(source="shop", realm=realm(), at=datetime(2026, 6, 1, tzinfo=UTC))
    hand.surrogates_for(names=[("buyer", "Ann"), ("order", "A-1")])
"""


@pytest.fixture
def run(tmp_path):
    """Runs Python in an installation of its own: its code, what it said, and what it complained of."""

    def running(*arguments):
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False,
            env=os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": ""},
        )
        return done.returncode, done.stdout, done.stderr

    return running


def test_keys_are_told_exchanged_and_needed(run, tmp_path):
    assert run("-c", WRITE)[0] == 0
    code, said, _ = run("-m", "yinuo", "vault", "status")
    assert code == 0
    assert "transaction           2           0" in said
    assert run("-m", "yinuo", "vault", "rotate")[0] == 0
    assert run("-m", "yinuo", "vault", "rotate", "--data-keys")[0] == 0
    wraps = run("-m", "yinuo", "vault", "status")[1].splitlines()[-2:]
    assert "nothing: its file may go" in wraps[0]
    assert wraps[1].endswith("  7  current")
    keys = tmp_path / "data" / "keys"
    keys.rename(tmp_path / "elsewhere")
    code, _, complaint = run("-m", "yinuo", "worker", "--once")
    assert code == 2
    assert "Restore that folder" in complaint
    assert not keys.exists()
    (tmp_path / "elsewhere").rename(keys)
    next(iter(keys.glob("wrapping-0002*"))).chmod(0o644)
    code, _, complaint = run("-m", "yinuo", "vault", "rotate")
    assert code == 2
    assert "chmod 600" in complaint


def test_a_new_data_folder_is_its_owners_alone(run, tmp_path):
    assert run("-m", "yinuo", "vault", "status")[0] == 0
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "keys").stat().st_mode & 0o777 == 0o700
