"""The realm's secret and the log's keys are made once: never beside a database that was begun with others."""

from __future__ import annotations

import os
import sqlite3

import pytest
from django.db import connection

from yinuo.config.begun import is_begun
from yinuo.config.environment import database, sqlite
from yinuo.config.log_keys import read_log
from yinuo.config.secret import read_secret
from yinuo.kit.log import ENDED, KEYS, LAST, put_away
from yinuo.kit.refusals import Malformed


def yes():
    return True


def no():
    return False


def test_a_file_is_begun_once_it_has_a_fact_or_a_subject(tmp_path):
    described = sqlite(tmp_path / "yinuo.sqlite3")
    assert not is_begun(described)
    assert not (tmp_path / "yinuo.sqlite3").exists()
    held = sqlite3.connect(tmp_path / "yinuo.sqlite3")
    assert not is_begun(described)
    for table in ("record_entry", "vault_surrogate"):
        held.execute(f"CREATE TABLE {table} (id)")
        assert not is_begun(described)
        held.execute(f"INSERT INTO {table} VALUES (1)")
        held.commit()
        assert is_begun(described)
        held.execute(f"DELETE FROM {table}")
        held.commit()
    held.close()
    (tmp_path / "yinuo.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(Malformed, match=r"yinuo.sqlite3: The database cannot be read"):
        is_begun(described)


@pytest.mark.skipif(not os.environ.get("YINUO_DATABASE"), reason="asks PostgreSQL")
@pytest.mark.usefixtures("lasting")
def test_a_server_is_begun_once_it_has_a_fact(take, event):
    described = database(os.environ["YINUO_DATABASE"]) | {"NAME": connection.settings_dict["NAME"]}
    assert not is_begun(described)
    assert not is_begun(described | {"NAME": "template1"})
    take([event("trade.order_paid", id="e", order="o")])
    assert is_begun(described)


def test_a_server_that_does_not_answer_leaves_it_open():
    with pytest.raises(Malformed, match="does not answer"):
        is_begun(database("postgresql://nobody@127.0.0.1:1/nothing"))


def test_a_secret_is_made_only_where_nothing_hangs_on_it(tmp_path):
    file = tmp_path / "realm.key"
    with pytest.raises(Malformed, match=r"realm.key: The realm's secret is missing"):
        read_secret(file, is_begun=yes)
    assert not file.exists()
    made = read_secret(file, is_begun=no)
    assert read_secret(file, is_begun=yes) == made
    file.write_bytes(b"\xff" * 64)
    with pytest.raises(Malformed, match=r"realm.key: The file does not hold 32 bytes"):
        read_secret(file, is_begun=no)


def test_keys_of_a_log_are_made_only_where_none_has_begun_or_it_was_ended(tmp_path):
    with pytest.raises(Malformed, match=rf"{KEYS}: The log's keys are gone"):
        read_log(tmp_path, "", is_begun=yes)
    assert not (tmp_path / KEYS).exists()
    log = read_log(tmp_path, "example.com/a", is_begun=no)
    assert read_log(tmp_path, "", is_begun=yes) == log
    log.remember(log.sign(size=1, root=b"r" * 32))
    with pytest.raises(Malformed, match="another name"):
        put_away(tmp_path, following="example.com/a")
    assert (tmp_path / KEYS).exists()
    assert put_away(tmp_path, following="example.com/b") == [LAST, KEYS]
    assert read_log(tmp_path, "example.com/b", is_begun=yes).verifiers != log.verifiers
    assert read_log(tmp_path / ENDED, "", is_begun=no).verifiers == log.verifiers
