"""`yinuo webhook` and the worker that sends: kept at the command line, and told again after a kill, with real processes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest
import standardwebhooks
from click.testing import CliRunner
from django.conf import settings

from yinuo.cli import _webhooks, webhook, worker, yinuo
from yinuo.cli._here import now as now_here
from yinuo.cli._here import realm as realm_here
from yinuo.kit.actors import SYSTEM
from yinuo.record import actions

COMMAND = [sys.executable, "-m", "yinuo"]
EVENT = {"specversion": "1.0", "source": "shop", "type": "trade.order_paid", "time": "2026-05-01T00:00:00Z"}


@pytest.fixture
def run(monkeypatch, db):
    """Runs a webhook command on the test's database: what it says."""
    monkeypatch.setattr(webhook, "set_up", lambda: None)
    monkeypatch.setitem(settings.YINUO, "YINUO_WEBHOOK_REACH", "loopback")

    def running(*words, code=0):
        done = CliRunner().invoke(yinuo, ["webhook", *words])
        if code == "refused":
            return str(done.exception)
        assert done.exit_code == code, done.output
        return done.output

    return running


def take(event, *names):
    raws = [event("trade.order_paid", id=name, order=name) for name in names]
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm_here(), at=now_here())


def work():
    """What `yinuo worker --once` does."""
    while worker.work() or _webhooks.send_all():
        pass


def test_a_webhook_at_the_command_line(run, serving, event):
    came = []
    url = serving(lambda method, path, body, headers: came.append((headers, body)) or (200, "text/plain", b"thank you"),
                  headers=True)
    number, secret = run("add", url, "--source", "shop", "--kind", "trade.*").split()
    assert f"{url}  shop  trade.*\n   0 waiting, 0 dead" in run("list")
    assert "answered 200: thank you" in run("test", number)
    take(event, "o1", "o2", "o3")
    work()
    told = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in came]
    assert [one["data"].get("order") for one in told] == [None, "o1", "o2", "o3"]
    assert "msg_2  trade.order_paid  delivered, 1 tried  200 thank you" in run("deliveries", number)
    run("pause", number)
    assert "paused on" in run("list")
    run("resume", number)
    assert run("rotate", number, "--hours", "0").startswith("whsec_")
    assert "from msg_1 on" in run("replay", number, "--from", "msg_1")
    work()
    assert [headers["webhook-id"] for headers, _ in came[4:]] == ["msg_1", "msg_2"]
    assert "from msg_0 on" in run("replay", number, "--since", "2020-01-01")
    run("remove", number)
    assert "There is no webhook." in run("list")
    assert f"There is no webhook {number} here." in run("test", number, code="refused")


def test_what_fails_is_shown(run, serving, event, caplog):
    number, _ = run("add", serving(lambda *_: (500, "text/plain", b"no")), "--kind", "trade.*").split()
    assert "answered 500: no" in run("test", number, code=1)
    take(event, "o1")
    work()
    assert "msg_0 was not delivered: it answered 500." in caplog.text
    assert "failing since" in run("list")
    assert "msg_0  trade.order_paid  waiting, 1 tried  500 no" in run("deliveries", number)


def test_what_will_not_do_is_said(run):
    assert "https://" in run("add", "ftp://shop.example/", code="refused")
    assert "is not on the internet" in run("add", "https://10.0.0.1/", code="refused")
    assert "2026-05-01" in run("replay", "1", "--since", "yesterday", code=2)


@pytest.mark.skipif("postgresql" in os.environ.get("YINUO_DATABASE", ""), reason="kills a process on an SQLite file of its own")
def test_a_worker_that_is_killed_before_it_notes_sends_the_same_again(tmp_path, serving):
    environment = os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": "", "YINUO_WEBHOOK_REACH": "loopback"}
    came, doomed = [], []

    def answer(method, path, body, headers):
        came.append((headers, body))
        if doomed:
            os.kill(doomed.pop().pid, signal.SIGKILL)       # the message is here, and the worker will not learn of it
        return 200, "text/plain", b"thank you"

    def run(*words):
        done = subprocess.run([*COMMAND, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    _, secret = run("webhook", "add", serving(answer, headers=True), "--source", "shop", "--kind", "trade.*").split()
    (tmp_path / "events.ndjson").write_text("".join(
        json.dumps(EVENT | {"id": f"e{each}", "data": {"order": f"o{each}"}}) + "\n" for each in (1, 2, 3)
    ))
    run("import", "events.ndjson", "--source", "shop")
    process = subprocess.Popen([*COMMAND, "worker"], env=environment, stderr=subprocess.DEVNULL)
    doomed.append(process)
    assert process.wait() == -signal.SIGKILL
    with sqlite3.connect(tmp_path / "data" / "yinuo.sqlite3") as database:
        database.execute("UPDATE record_webhook SET lease_until = '2020-01-01'")        # two minutes later
    run("worker", "--once")
    assert [headers["webhook-id"] for headers, _ in came] == ["msg_0", "msg_0", "msg_1", "msg_2"]
    told = [standardwebhooks.Webhook(secret).verify(body, headers) for headers, body in came]
    assert [one["data"]["order"] for one in told] == ["o1", "o1", "o2", "o3"]
