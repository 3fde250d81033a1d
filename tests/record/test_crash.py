"""kill -9 at any moment of taking, sealing, following or rebuilding: the next start loses nothing and doubles nothing."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

KILLS = 6
FACTS = 3_000
WORK = f"""
FACTS = {FACTS}
""" + """
import json, sys
from datetime import UTC, datetime
from yinuo.cli import set_up
set_up()
from django.conf import settings
from yinuo.config.realm import realm
from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM
from yinuo.pipelines.bench.orders import SOURCE, events
from yinuo.pipelines.react import react, rebuild
from yinuo.record import actions, queries
from yinuo.trade.models import Order
at = datetime(2050, 1, 1, tzinfo=UTC)
print("ready", flush=True)
for chunk in rows.chunks(events(FACTS, seed=1), 100):
    actions.take_events(actor=SYSTEM, source=SOURCE, raws=chunk, realm=realm(), at=at)
    react(domains=settings.DOMAINS, realm=realm(), at=at)
rebuild(domains=settings.DOMAINS, realm=realm())
facts = queries.facts(start=0, stop=queries.size())
orders = Order.objects.exclude(placed_at=None)
print(json.dumps({
    "entries": queries.entry_count(), "size": queries.size(), "pending": queries.pending_count(),
    "dense": [fact.seq for fact in facts] == list(range(len(facts))), "facts": len(facts),
    "own": sum(fact.source != SOURCE for fact in facts),
    "distinct": len({(fact.fact, fact.at) for fact in facts}), "orders": orders.count(),
    "placed": sum(type(fact.fact).__name__ == "OrderPlaced" for fact in facts),
    "position": queries.cursor_position("react"),
}))
"""


@pytest.fixture
def work(tmp_path):
    """Starts the whole work on an installation of its own, up to where it begins."""
    environment = os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": ""}

    def start():
        process = subprocess.Popen(
            [sys.executable, "-c", WORK], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        return process

    return start


@pytest.mark.skipif(bool(os.environ.get("YINUO_DATABASE")), reason="runs on a SQLite file of its own; once is enough")
def test_a_killed_process_loses_and_doubles_nothing(work):
    chance = random.Random(7)
    for _ in range(KILLS):
        process = work()
        time.sleep(chance.uniform(0, .6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    out, err = work().communicate(timeout=60)
    found = json.loads(out.splitlines()[-1]) if out else pytest.fail(err)
    assert found["entries"] - found["own"] == FACTS
    assert found["entries"] == found["size"] == found["facts"] == found["distinct"] == found["position"]
    assert found["dense"]
    assert found["pending"] == 0
    assert found["orders"] == found["placed"] > 0
