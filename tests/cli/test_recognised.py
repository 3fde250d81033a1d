"""A start with another secret, other keys of the log, or without what was signed last is refused, and nothing changes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.notes import parse_note

TAKE = """
import json, sys
from yinuo.cli import set_up
set_up()
from yinuo.cli._here import now, realm
from yinuo.kit.actors import SYSTEM
from yinuo.record import actions
raws = [json.dumps({
    "specversion": "1.0", "id": f"e{n}", "source": "shop", "type": "trade.order_paid", "time": "2026-05-01T00:00:00Z",
    "data": {"order": f"o{n}"},
}).encode() for n in range(3)]
print(actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=now()).accepted)
"""


class Installation:
    """An installation in a folder of its own, and its commands."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *arguments, **environment):
        """Runs Python here: its code, and what it said and complained of."""
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False,
            env=os.environ | {"YINUO_DATA": str(self.folder), "YINUO_DATABASE": ""} | environment,
        )
        return done.returncode, done.stdout, done.stderr

    def yinuo(self, *arguments, **environment):
        return self.run("-m", "yinuo", *arguments, **environment)

    def count(self, table):
        held = sqlite3.connect(self.folder / "yinuo.sqlite3")
        try:
            return held.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        finally:
            held.close()

    def files(self):
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if path.suffix in (".key", ".json")}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """An installation with three facts, sealed and signed."""
    here = Installation(tmp_path_factory.mktemp("begun") / "data")
    assert here.run("-c", TAKE)[:2] == (0, "3\n")
    assert here.yinuo("worker", "--once")[0] == 0
    return here


@pytest.fixture
def here(begun, tmp_path):
    """A copy of it."""
    shutil.copytree(begun.folder, tmp_path / "data")
    return Installation(tmp_path / "data")


def flip(file, named=""):
    """Change one digit in a file, behind a name."""
    text = file.read_text()
    at = next(place for place in range(text.index(named) + len(named) + 4, len(text)) if text[place] in "0123456789")
    file.write_text(text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :])


def refused(here, *, said):
    before, entries = here.files(), here.count("record_entry")
    for run in (lambda: here.run("-c", TAKE), lambda: here.yinuo("worker", "--once"), lambda: here.yinuo("record", "policy")):
        code, told, complaint = run()
        assert code != 0
        assert said in complaint
        assert told == ""
    assert (here.files(), here.count("record_entry")) == (before, entries)


def test_the_same_again_is_recognised(here):
    assert here.run("-c", TAKE)[:2] == (0, "0\n")
    assert here.yinuo("record", "audit")[0] == 0


def test_a_missing_secret_is_refused_and_none_is_made(here):
    (here.folder / "realm.key").unlink()
    refused(here, said="realm.key: The realm's secret is missing, and the database has facts already")


def test_a_changed_secret_is_refused(here):
    flip(here.folder / "realm.key")
    refused(here, said="realm.key does not hold the secret that this database was begun with")


def test_missing_keys_of_the_log_are_refused_and_none_are_made(here):
    (here.folder / "log-keys.json").unlink()
    refused(here, said="log-keys.json: The log's keys are gone")
    (here.folder / "log-last-checkpoint").unlink()
    refused(here, said="log-keys.json: The log's keys are gone")


@pytest.mark.parametrize("key", ["ed25519", "ml_dsa_44"])
def test_a_changed_key_of_the_log_is_refused(here, key):
    flip(here.folder / "log-keys.json", key)
    refused(here, said="log-keys.json does not hold the keys that the log of this database was begun with")


def test_a_secret_that_nothing_hangs_on_may_be_made_anew(tmp_path):
    here = Installation(tmp_path / "data")
    assert here.yinuo("worker", "--once")[0] == 0
    for name in ("realm.key", "log-keys.json"):
        (here.folder / name).unlink()
    assert here.run("-c", TAKE)[:2] == (0, "3\n")
    flip(here.folder / "realm.key")
    refused(here, said="realm.key does not hold")


def test_without_the_last_checkpoint_nothing_is_signed(here):
    kept = (here.folder / "log-last-checkpoint").read_bytes()
    (here.folder / "log-last-checkpoint").unlink()
    code, _, complaint = here.yinuo("worker", "--once")
    assert code == 2
    said = "log-last-checkpoint: The file of the last signed checkpoint is missing, but a head of 3 facts was signed"
    assert said in complaint
    assert not (here.folder / "log-last-checkpoint").exists()
    (here.folder / "log-last-checkpoint").write_bytes(kept)
    assert here.yinuo("worker", "--once")[0] == 0


def test_unreadable_bytes_end_in_a_sentence_that_names_the_file(here):
    for name, code in (("log-last-checkpoint", 2), ("keys/erased.log", 2), ("log-stopped", 2), ("realm.key", 2)):
        file = here.folder / name
        kept = file.read_bytes() if file.exists() else None
        file.write_bytes((kept or b"") + b"\xff\n")
        file.chmod(0o600)
        found = here.yinuo("worker", "--once")
        assert found[0] == code
        assert name in found[2]
        assert "Traceback" not in found[2]
        file.unlink() if kept is None else file.write_bytes(kept)
    assert here.yinuo("worker", "--once")[0] == 0


def test_a_log_that_cannot_go_on_is_ended_openly(here):
    before = json.loads((here.folder / "log-keys.json").read_text())
    policy = here.yinuo("record", "policy")[1]
    code, _, complaint = here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN=before["origin"])
    assert code == 2
    assert "give the new one another name" in complaint
    assert here.yinuo("record", "policy")[1] == policy
    (here.folder / "log-keys.json").unlink()        # lost for good
    code, told, _ = here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN="example.com/second")
    assert code == 0
    assert told.startswith("1 heads of the ended log are in ")
    ended = here.folder / "ended-log"
    assert parse_checkpoint(parse_note((ended / "3.checkpoint").read_bytes()).text).origin == before["origin"]
    assert (ended / "log-last-checkpoint").read_bytes() == (ended / "3.checkpoint").read_bytes()
    assert here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN="example.com/third")[0] == 2
    assert here.yinuo("worker", "--once")[0] == 0
    last = parse_checkpoint(parse_note((here.folder / "log-last-checkpoint").read_bytes()).text)
    assert (last.origin, last.size) == ("example.com/second", 3)
    assert here.run("-c", TAKE)[:2] == (0, "0\n")
    assert here.yinuo("record", "audit")[0] == 0
