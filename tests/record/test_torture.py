"""kill -9 of two sequencers at once, again and again: dense numbers, one history, continuing heads, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from yinuo.cli.bench import _fresh_database

KILLS = int(os.environ.get("YINUO_TORTURE_KILLS", "20"))     # `make torture` asks for 500
SEQUENCERS = 2
WORK = """
import json, os, random, signal, sys, time
from datetime import UTC, datetime
from yinuo.cli import set_up
set_up()
from django.db import Error, connection, connections
from yinuo.cli._here import realm
from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM
from yinuo.kit.merkle import check_consistency, consistency_proof
from yinuo.kit.refusals import Refusal
from yinuo.pipelines.bench.orders import SOURCE, events
from yinuo.record import actions, queries
KILLS, SEQUENCERS = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(5)
at = datetime(2050, 1, 1, tzinfo=UTC)
here = realm()
taken = os.open(os.environ["YINUO_DATA"] + "/taken", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

def sequence(number):
    mine = random.Random(number)
    for chunk in rows.chunks(events(1_000_000, seed=number), 50):
        own = [raw.replace(b'"source":"' + SOURCE.encode(), b'"source":"' + f"{SOURCE}{number}".encode()) for raw in chunk]
        actions.take_events(actor=SYSTEM, source=f"{SOURCE}{number}", raws=own, realm=here, at=at)
        os.write(taken, b"%d\\n" % len(chunk))
        try:
            actions.seal(actor=SYSTEM, realm=here, limit=mine.choice((1, 7, 60, 10_000)))
            actions.publish(actor=SYSTEM, log=here.log, at=at)
        except Error:
            connection.close()      # the other one was faster, or was killed while we waited

def forked(number):
    pid = os.fork()
    if pid == 0:
        try:
            sequence(number)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
        os._exit(1)
    return pid

last = (0, None)
died = 0
for kill in range(KILLS):
    connections.close_all()
    children = [forked(kill * SEQUENCERS + place + 1) for place in range(SEQUENCERS)]
    time.sleep(chance.uniform(.02, .4))
    for child in children:
        os.kill(child, signal.SIGKILL)
    died += sum(os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children)
    signed = here.log.last_signed()
    size = queries.size()
    if signed:
        head = signed[0]
        assert head.size <= size, (head.size, size)
        assert queries.root_of(head.size) == head.root
        if last[0] and head.size > last[0]:
            proof = consistency_proof(last[0], head.size, queries.reader_at(head.size))
            check_consistency(old=last[0], old_root=last[1], new=head.size, new_root=head.root, proof=proof)
        assert head.size >= last[0]
        last = (head.size, head.root)
while actions.seal(actor=SYSTEM, realm=here):
    pass
actions.publish(actor=SYSTEM, log=here.log, at=at)
found = queries.audit(log=here.log)
with connection.cursor() as cursor:
    cursor.execute("SELECT COUNT(*), COUNT(DISTINCT entry_id), MAX(seq) + 1 FROM record_seal")
    seals = cursor.fetchone()
print(json.dumps({
    "died": died, "size": found.size, "faults": found.faults, "entries": queries.entry_count(), "seals": seals,
    "pending": queries.pending_count(), "signed": here.log.last_signed()[0].size,
    "told": sum(map(int, open(os.environ["YINUO_DATA"] + "/taken").read().split())),
}))
"""


@pytest.mark.timeout(60 + 3 * KILLS)
def test_killed_sequencers_leave_one_whole_history(tmp_path):
    url = os.environ.get("YINUO_DATABASE", "")
    with _fresh_database(url, f"torture{os.getpid()}") as database:
        environment = os.environ | {"YINUO_DATA": str(tmp_path), "YINUO_DATABASE": database}
        command = [sys.executable, "-c", WORK, str(KILLS), str(SEQUENCERS)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["faults"] == []
    assert found["died"] == KILLS * SEQUENCERS, done.stderr
    assert found["seals"] == [found["size"]] * 3
    assert found["entries"] == found["size"] == found["signed"]
    assert found["told"] <= found["size"]       # every batch that was answered is there; one killed on its way may be
    assert found["pending"] == 0
