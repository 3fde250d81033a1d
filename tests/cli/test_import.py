"""`yinuo import` and `yinuo refused` as a person meets them."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from yinuo import cli
from yinuo.cli import import_, rebuild, refused
from yinuo.decisions.models import Decision
from yinuo.record.models import Entry, RefusedEvent
from yinuo.trade.models import Order

ROWS = 40_000


@pytest.fixture
def start(tmp_path):
    """Starts the command as a process, on an installation of its own."""
    environment = {**os.environ, "YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": ""}

    def starting(*words: str | Path):
        return subprocess.Popen(
            [sys.executable, "-m", "yinuo", *map(str, words)],
            env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return starting


@pytest.fixture
def yinuo(tmp_path, monkeypatch, capsys, db):
    """Runs the command on the test's database, as `main` does: exit code, output, errors."""
    for module in (import_, refused, rebuild):
        monkeypatch.setattr(module, "set_up", lambda: None)
    monkeypatch.chdir(tmp_path)

    def running(*words: str):
        monkeypatch.setattr(sys, "argv", ["yinuo", *words])
        code: object = 0
        try:
            cli.main()
        except SystemExit as leave:
            code = leave.code
        return code, *capsys.readouterr()

    return running


@pytest.fixture
def events(tmp_path, event):
    """A file of many events, its every thousandth bad."""
    file = tmp_path / "events.ndjson"
    lines = [
        event("trade.order_paid", id=f"e{place}", order=f"o{place}", time=f"2026-01-01T00:{place % 60:02}:00Z",
              amount_minor=place if place % 1000 else -1)
        for place in range(ROWS)
    ]
    file.write_bytes(b"\n".join(lines))
    return file


def _count(data: Path, table: str) -> int:
    file = data / "yinuo.sqlite3"
    if not file.exists():
        return 0
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)
    try:
        return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:        # not made yet
        return 0
    finally:
        connection.close()


def test_an_import_killed_at_any_moment_goes_on_without_loss_or_doubling(start, events, tmp_path):
    data = tmp_path / "data"
    moments = random.Random(time.time())        # another moment every time
    for _ in range(2):
        process = start("import", events, "--source", "shop", "--no-react")
        before = _count(data, "record_entry")
        while process.poll() is None and _count(data, "record_entry") == before:
            time.sleep(0.01)
        time.sleep(moments.random() / 4)
        process.kill()
        process.communicate()
    process = start("import", events, "--source", "shop", "--no-react")
    out, err = process.communicate(timeout=60)
    assert f"{ROWS:,} events read" in out, err
    assert "dealt with by an earlier run" in out
    assert _count(data, "record_entry") == ROWS - ROWS // 1000
    assert _count(data, "record_refusedevent") == ROWS // 1000
    assert not [file for file in data.iterdir() if file.name.startswith("tmp")]


def test_refused_events_are_seen_corrected_and_replayed(yinuo, tmp_path, event, monkeypatch):
    monkeypatch.setenv("YINUO_DATA", "my shop")
    (tmp_path / "events.ndjson").write_bytes(event("trade.order_paid", id="e1", order="o1", amount_minor=-1))
    code, out, _ = yinuo("import", "events.ndjson", "--source", "shop")
    assert code == 3
    assert "events.ndjson:1 data.amount_minor" in out
    assert "1 row of this source still waits: YINUO_DATA='my shop' yinuo refused list" in out
    code, out, _ = yinuo("refused", "list")
    assert (code, out.count("\n")) == (0, 1)
    number = out.split()[0]
    code, out, err = yinuo("refused", "show", number)
    assert "data.amount_minor" in err
    corrected = msgspec.json.decode(out)
    corrected["data"]["amount_minor"] = 1
    code, _, err = yinuo("refused", "replay", number)
    assert (code, err.startswith("yinuo: data.amount_minor")) == (2, True)
    (tmp_path / "fixed.json").write_bytes(msgspec.json.encode(corrected) + b"\n")
    assert yinuo("refused", "replay", number, "--corrected", "fixed.json")[0] == 0
    assert yinuo("refused", "list")[1] == "No refused event waits.\n"
    assert yinuo("refused", "show", number)[0] == 2


def test_the_list_shows_only_what_is_still_wrong(yinuo, tmp_path, event):
    rows = [event("trade.order_paid", id=f"e{number}", order="o1", amount_minor=-1) for number in range(3)]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(rows))
    assert yinuo("import", "events.ndjson", "--source", "shop")[0] == 3
    (tmp_path / "events.ndjson").write_bytes(b"\n".join([rows[0].replace(b"-1", b"1"), *rows[1:]]))
    assert "1 new, 0 known, 2 refused" in yinuo("import", "events.ndjson", "--source", "shop")[1]
    out = yinuo("refused", "list")[1]
    assert (out.count("\n"), " e0:" in out) == (2, False)
    number = out.split()[0]
    assert yinuo("refused", "drop", number)[0] == 2            # without a reason
    assert yinuo("refused", "drop", "--reason", "x")[0] == 2
    assert yinuo("refused", "drop", number, "--reason", "test data")[:2] == (0, f"Dropped 1 ({number}): test data\n")
    assert yinuo("refused", "drop", "--source", "shop", "--reason", "a trial")[1] == "Dropped 1 (of shop): a trial\n"
    assert yinuo("refused", "list")[1] == "No refused event waits.\n"


def test_propose_then_import(yinuo, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "orders.csv").write_text(
        "order_id,seller_id,created_at,total,currency,colour\n1,s1,2026-01-01T10:00:00Z,19.90,EUR,red\n")
    code, out, _ = yinuo("import", "shop", "--propose")
    assert code == 0
    assert "Could not place in orders.csv: colour" in out
    code, out, _ = yinuo("import", "shop", "--source", "shop", "--mapping", "mapping.toml")
    assert (code, out) == (0, "1 events read, 1 new, 0 known, 0 refused.\n")
    Order.objects.all().delete()
    code, out, _ = yinuo("rebuild")
    assert (code, out) == (0, "Rebuilt from 1 facts.\n")
    assert Order.objects.count() == 1


def test_what_cannot_be_imported_ends_in_a_sentence(yinuo, tmp_path):
    (tmp_path / "orders.csv").write_text("a,b\n1,2\n")
    assert yinuo("import", "orders.csv", "--source", "shop")[::2] == (
        2, "yinuo: orders.csv needs a --mapping FILE; --propose writes one to start from.\n")
    assert yinuo("import", "nothing.csv", "--source", "shop")[0] == 2
    assert "--source NAME" in yinuo("import", "orders.csv")[2]
    assert "yinuo import olist DIR" in yinuo("import", "olist")[2]
    assert yinuo("import", "olist", ".")[2].startswith("yinuo: .: The folder has no olist_customers_dataset.csv")


def test_what_only_we_state_is_refused_from_a_file(yinuo, tmp_path, event):
    body = {
        "decision": "j1", "act": "warning", "ground": "terms", "automated": "no", "facts": 1, "merchant": "m1",
        "contest": "t1", "since": "2026-05-01T00:00:00Z", "outcome": "upheld", "aspect": "fact", "order": "o1",
    }
    file = tmp_path / "forged.ndjson"
    forged = [
        f"decisions.{name}" for name in ("decision_taken", "decision_reversed", "contest_settled", "contest_lapsed")
    ]
    file.write_bytes(b"\n".join(event(kind, id=kind, **body) for kind in forged))
    code, said, complaint = yinuo("import", str(file), "--source", "shop")
    assert Entry.objects.count() == 0, (code, said, complaint)
    assert RefusedEvent.objects.count() == len(forged)
    assert not Decision.objects.exists()
