"""Many write the same news at once: each fact is taken once, and nobody meets an error of the database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from functools import partial

import pytest
from django.db import connection, transaction

from yinuo.cli.bench import _fresh_database
from yinuo.kit.actors import SYSTEM
from yinuo.record import actions

ONE = "application/cloudevents+json"

WRITERS = """
import json, random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from yinuo.cli import set_up
set_up()
from django.db import connection
from yinuo.config.realm import realm
from yinuo.kit.actors import SYSTEM
from yinuo.pipelines.bench.orders import SOURCE, events
from yinuo.record import actions, queries

WRITERS, ROUNDS = 8, 3
made = list(events(WRITERS * ROUNDS * 50, seed=1))
start = Barrier(WRITERS)

def write(number):
    chance, taken = random.Random(number), []
    for place in range(ROUNDS):
        batch = made[: (place + 1) * WRITERS * 50]
        chance.shuffle(batch)
        start.wait()
        part = actions.take_events(
            actor=SYSTEM, source=SOURCE, raws=batch, realm=realm(), at=datetime(2050, 1, 1, tzinfo=UTC))
        taken.append([part.accepted, part.known, len(part.refused), len(batch)])
    connection.close()
    return taken

with ThreadPoolExecutor(WRITERS) as writers:
    taken = [part for writer in writers.map(write, range(WRITERS)) for part in writer]
print(json.dumps({"taken": taken, "made": len(made), "entries": queries.entry_count()}))
"""


def test_eight_writers_of_the_same_new_subjects(tmp_path):
    with _fresh_database(os.environ.get("YINUO_DATABASE", ""), f"races{os.getpid()}") as url:
        found = subprocess.run(
            [sys.executable, "-c", WRITERS], env=os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": url},
            capture_output=True, text=True, check=False, timeout=300,
        )
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert all(accepted + known == sent and not refused for accepted, known, refused, sent in told["taken"])
    assert sum(accepted for accepted, *_ in told["taken"]) == told["entries"] == told["made"]


@pytest.fixture
def key(lasting, realm, now):
    """A key of the source "shop"."""
    return actions.make_key(actor=SYSTEM, source="shop", expires=None, realm=realm, at=now)


@pytest.fixture
def held(key):
    """Somebody else holds the record, and this session soon gives up."""
    holds, done = threading.Event(), threading.Event()

    def hold():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if connection.vendor == "postgresql":
                    cursor.execute("LOCK TABLE record_refusedevent IN ACCESS EXCLUSIVE MODE")
                else:
                    cursor.execute("UPDATE record_head SET size = size")
                holds.set()
                done.wait(60)
        finally:
            connection.close()

    def release():
        done.set()
        holder.join()

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET lock_timeout = '20ms'")
        else:
            cursor.execute("PRAGMA busy_timeout = 20")
    holder = threading.Thread(target=hold)
    holder.start()
    assert holds.wait(60)
    yield release
    release()


def test_a_record_held_by_others_is_busy_and_takes_the_same_later(client, event, key, held):
    post = partial(client.post, "/api/facts", content_type=ONE, headers={"Authorization": f"Bearer {key}"})
    body = event("trade.order_paid", id="e1", order="o1", amount_minor=-1)     # to be kept, and can be deleted afterwards
    answer = post(data=body)
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert int(answer["Retry-After"]) > 0
    assert "Nothing of it was taken; send it again." in answer.json()["detail"]
    held()
    assert post(data=body).json()["refused_count"] == 1
