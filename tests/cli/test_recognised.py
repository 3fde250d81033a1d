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


def test_what_is_missing_or_another_is_refused_and_nothing_changes(here):
    kept = here.files()
    for name, change, said in (
        ("realm.key", None, "realm.key: The realm's secret is missing, and the database has facts already"),
        ("realm.key", "", "realm.key does not hold the secret that this database was begun with"),
        ("log-keys.json", None, "log-keys.json: The log's keys are gone"),
        ("log-keys.json", "ed25519", "log-keys.json does not hold the keys that the log of this database was begun with"),
    ):
        file = here.folder / name
        file.unlink() if change is None else flip(file, change)
        before = here.files()
        code, told, complaint = here.run("-c", TAKE)
        assert (code != 0, told) == (True, "")
        assert said in complaint
        assert (here.files(), here.count("record_entry")) == (before, 3)
        file.write_bytes(kept[name])
    last = here.folder / "log-last-checkpoint"
    note = last.read_bytes()
    last.write_bytes(note + b"\xff")
    code, _, complaint = here.yinuo("worker", "--once")
    assert (code, "log-last-checkpoint: The file of the last signed checkpoint cannot be trusted" in complaint) == (2, True)
    last.write_bytes(note)
    assert here.run("-c", TAKE)[:2] == (0, "0\n")
    assert here.yinuo("worker", "--once")[0] == 0


def test_a_log_that_cannot_go_on_is_ended_openly(here):
    before = json.loads((here.folder / "log-keys.json").read_text())
    code, _, complaint = here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN=before["origin"])
    assert (code, "give the new one another name" in complaint) == (2, True)
    (here.folder / "log-keys.json").unlink()        # lost for good
    code, told, _ = here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN="example.com/second")
    assert (code, told.startswith("1 head of the ended log in ")) == (0, True)
    ended = here.folder / "ended-log"
    assert parse_checkpoint(parse_note((ended / "3.checkpoint").read_bytes()).text).origin == before["origin"]
    assert (ended / "log-last-checkpoint").read_bytes() == (ended / "3.checkpoint").read_bytes()
    assert here.yinuo("record", "begin-log", "--yes", YINUO_ORIGIN="example.com/third")[0] == 2
    assert here.yinuo("worker", "--once")[0] == 0
    last = parse_checkpoint(parse_note((here.folder / "log-last-checkpoint").read_bytes()).text)
    assert (last.origin, last.size) == ("example.com/second", 3)
    assert here.yinuo("record", "audit")[0] == 0
