"""A stream is taken in by two processes as one would take it: the same results, whoever interferes, whoever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yinuo.cli.bench import _fresh_database
from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.refusals import NotAllowed
from yinuo.record import actions

BEGIN = """
import json, os, random, re, signal, time
from datetime import UTC, datetime
from yinuo.cli import set_up
set_up()
from django.conf import settings
from django.db import connection
from yinuo.config.realm import realm
from yinuo.kit.actors import SYSTEM
from yinuo.kit.opening import inner_of
from yinuo.kit.refusals import Malformed
from yinuo.pipelines.react import react
from yinuo.pipelines.bench.orders import events
from yinuo.record import actions, queries, rules
from yinuo.record.actions import stream
from yinuo.vault import actions as vault
from yinuo.record.queries import refused_waiting
from yinuo.vault.queries import opened_words, source_ids_of

rules.BATCH_MAX = 300
at = datetime(2050, 1, 1, tzinfo=UTC)
fitted = []

class Ahead(stream._Ahead):
    def take(self, refused):
        taken = super().take(refused)
        fitted.append(self.fitted)
        return taken

stream._Ahead = Ahead

def children():
    return [int(word) for word in open(f"/proc/self/task/{os.getpid()}/children").read().split()]

def streamed(raws):
    return actions.take_stream(actor=SYSTEM, source="bench", raws=raws, realm=realm(), at=at)

def whole(raws):
    return actions.take_events(actor=SYSTEM, source="bench", raws=raws, realm=realm(), at=at)

def ask(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [[bytes(value) if isinstance(value, memoryview) else value for value in row] for row in cursor.fetchall()]

def tell(**more):
    entries = queries.entry_count()
    commitments = ask("SELECT e.inners, o.salt, o.content FROM record_entry e JOIN record_opening o ON o.entry_id = e.id")
    print(json.dumps(more | {
        "fitted": fitted, "entries": entries, "pending": queries.pending_count(), "children": children(),
        "bound": all(inner_of(salt, content) == inner[:32] for inner, salt, content in commitments),
        "salts": len({salt for _, salt, _ in commitments}),
        "facts": len({content for _, _, content in commitments}),
    }), flush=True)
"""

BOTH_WAYS = """
chance = random.Random(SEED)
raws = list(events(2_000, seed=SEED))

def spoilt():
    for place, raw in enumerate(raws):
        yield raw
        luck = chance.random()
        if luck < RATE:
            yield chance.choice(raws[max(0, place - 500) : place + 1])
        elif luck < 2 * RATE:
            yield chance.choice(raws[: place + 1]).replace(b'"time":"2026-0', b'"time":"2025-0')
        elif luck < 3 * RATE:
            yield raw.replace(b'"specversion":"1.0"', b'"specversion":"0.9"') if place % 2 else raw[:40]
        elif luck < 4 * RATE:
            event = json.loads(raw)
            yield json.dumps(event | {"id": event["id"] + "/again", "supersedes": event["id"]}).encode()
        elif luck < 5 * RATE:
            event = json.loads(raw) | {"id": f"back-{place}", "type": "record.fact_withdrawn"}
            yield json.dumps(event | {"data": {"event": chance.choice(raws[:place + 1])[:9].hex()}}).encode()

sent = list(spoilt())
parts = list(streamed(sent)) if WAY == "stream" else [whole(sent)]
every = [surrogate for surrogate, in ask("SELECT surrogate FROM vault_surrogate WHERE source = 'bench'")]
names = {known: f"<{known[0]} {found[1]}>" for known, found in source_ids_of(surrogates=every, realm=realm()).items()}

def plain(value):
    value = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    for word in set(re.findall("[a-z][a-z2-7]{16}", value)):
        value = value.replace(word, names.get(word, word))
    return value

def dump(sql):
    return sorted([plain(value) for value in row] for row in ask(sql))

waiting = refused_waiting(viewer=SYSTEM, realm=realm())
found = dict(
    names=len(names), accepted=sum(part.accepted for part in parts), known=sum(part.known for part in parts),
    refused=[[fault.index, fault.id, fault.path, fault.sentence] for part in parts for fault in part.refused],
    openings=dump("SELECT e.key, o.about, o.content FROM record_entry e JOIN record_opening o ON o.entry_id = e.id"),
    replaced=dump("SELECT e.key, r.target FROM record_entry e JOIN record_replacement r ON r.entry_id = e.id"),
    kept=sorted([kept.source, kept.event_id, kept.path, kept.sentence, kept.raw_text] for kept in waiting),
    texts=dump("SELECT key, owner, retention, entry_key FROM vault_text"),
    words=sorted([plain(key), words] for key, words in opened_words(
        ask("SELECT key, owner, retention, words FROM vault_text"), realm=realm()).items()),
    holdings=dump("SELECT holder, retention, version FROM vault_key"),
    prints=dump("SELECT key, digest FROM vault_fingerprint"),
)
react(domains=settings.DOMAINS, realm=realm(), at=at)
tell(**found, orders=dump("SELECT * FROM trade_order"), merchants=dump("SELECT * FROM merchants_merchant"))
"""


@pytest.fixture
def script(tmp_path):
    """Starts a script in an installation of its own, on a database like that of the other tests."""
    url = os.environ.get("YINUO_DATABASE", "")
    secret = b"s" * 32

    class Script:
        def __init__(self):
            self.count = 0

        def start(self, text, *, folder="", **values):
            home = tmp_path / (folder or f"installation-{self.count}")
            home.mkdir(exist_ok=True)
            (home / "realm.key").write_text(secret.hex())
            self.count += 1
            given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
            environment = os.environ | {"YINUO_DATA": str(home), "YINUO_DATABASE": self.url}
            return subprocess.Popen(
                [sys.executable, "-c", given + BEGIN + text], env=environment, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
            )

        def run(self, text, **values):
            out, err = self.start(text, **values).communicate(timeout=100)
            return json.loads(out.splitlines()[-1]) if out else pytest.fail(err)

    scripts = Script()
    with _fresh_database(url, f"stream{os.getpid()}") as scripts.url:
        yield scripts


pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="streams fork on Linux with two processors"
)


@pytest.mark.parametrize(("seed", "rate"), [(1, 0), (2, .002), (3, .02)])
def test_two_processes_take_what_one_takes(script, seed, rate):
    with _fresh_database(script.url, f"twin{os.getpid()}") as other:
        two = script.run(BOTH_WAYS, WAY="stream", SEED=seed, RATE=rate)
        script.url = other
        one = script.run(BOTH_WAYS, WAY="events", SEED=seed, RATE=rate)
    assert one.pop("fitted") == []
    fitted = two.pop("fitted")
    assert any(fitted)
    assert all(fitted) or rate
    assert two == one
    assert two["bound"]
    assert two["salts"] == two["entries"]
    assert two["children"] == []


INTERFERED = """
raws = list(events(3_000, seed=1))
accepted = 0
for number, part in enumerate(streamed(raws)):
    accepted += part.accepted
    if number == 1:
        accepted += whole(raws[1_050:1_060]).accepted
    if number == 5:
        gone = ask("SELECT surrogate FROM vault_surrogate WHERE surrogate LIKE 'm%%'")
        last = ask("SELECT MAX(id) FROM record_entry")[0][0]
        vault.forget_surrogates(surrogates=[surrogate for surrogate, in gone])
used = [bytes(content) for content, in ask(f"SELECT content FROM record_opening WHERE entry_id > {last}")]
after = [surrogate for surrogate, in gone if any(surrogate.encode() in content for content in used)]
tell(accepted=accepted, gone=len(gone), after=after)
"""


def test_what_others_wrote_or_forgot_since_is_respected(script):
    found = script.run(INTERFERED)
    assert found["entries"] == found["accepted"] == found["facts"] == found["pending"] == 3_000
    assert found["gone"] > 30
    assert found["after"] == []
    assert found["fitted"].count(False) >= 2
    assert found["fitted"][0]
    assert found["fitted"][-1]


FAILING = """
def failing():
    yield from list(events(1_000, seed=1))
    if HOW == "refusal":
        raise Malformed("The file ends within a line.", path="line 1,001")
    if HOW == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise type("Strange", (Exception,), {})("a class that cannot travel")

accepted = 0
try:
    for part in streamed(failing()):
        accepted += part.accepted
except Exception as error:
    kept = queries.entry_count()
    rest = sum(part.accepted for part in streamed(events(2_000, seed=1)))
    tell(accepted=accepted, kept=kept, rest=rest, error=type(error).__name__, says=str(error))
"""


@pytest.mark.parametrize(("how", "error", "says"), [
    ("refusal", "Malformed", "line 1,001: The file ends within a line."),
    ("killed", "HelperLost", "What was taken is kept"),
    ("strange", "RuntimeError", "Strange: a class that cannot travel"),
])
def test_a_failing_or_killed_helper_ends_in_a_clear_error_and_loses_nothing(script, how, error, says):
    found = script.run(FAILING, HOW=how)
    assert found["error"] == error
    assert says in found["says"]
    assert found["accepted"] == found["kept"] == 900
    assert found["kept"] + found["rest"] == found["entries"] == 2_000
    assert found["children"] == []


STOPPED = """
def slow():
    for raw in events(100_000, seed=1):
        yield raw
        if not (fitted or random.randrange(300)):
            time.sleep(.01)

for number, part in enumerate(streamed(slow())):
    print(json.dumps(children()), flush=True)
    if number == 3:
        if HOW == "left":
            break
        time.sleep(60)
tell()
"""


def test_a_killed_writer_leaves_no_helper_behind(script):
    process = script.start(STOPPED, HOW="killed")
    helper, *_ = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    deadline = time.monotonic() + 20
    while _runs(helper) and time.monotonic() < deadline:
        time.sleep(.05)
    assert not _runs(helper)


def _runs(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_who_stops_asking_ends_the_helper(script):
    found = script.run(STOPPED, HOW="left")
    assert found["entries"] == 1_200
    assert found["children"] == []


MEANWHILE = """
from yinuo.credit.actions import open_store
from yinuo.pipelines.rescore import archived_meanwhile

folder = settings.DATA
whole(list(events(2_000, seed=1)))
react(domains=(), realm=realm(), at=at)
if HOW == "fault":
    open_store(folder).archive.write_text("a file where the folder should be")
try:
    with archived_meanwhile(folder):
        beside = len(children())
        whole(list(events(3_000, seed=1)))
        react(domains=(), realm=realm(), at=at)
    error = ""
except Exception as fault:
    error = type(fault).__name__
archive = open_store(folder).archive
first = json.loads((archive / "manifest.json").read_text())["size"] if not error else 0
last = actions.archive(actor=SYSTEM, folder=archive)["size"] if not error else 0
tell(beside=beside, error=error, first=first, last=last)
"""


@pytest.mark.parametrize(("how", "error"), [("well", ""), ("fault", "FileExistsError")])
def test_a_second_process_archives_meanwhile_and_its_fault_is_raised(script, how, error):
    found = script.run(MEANWHILE, HOW=how)
    assert found["beside"] == 1
    assert found["children"] == []
    assert found["error"] == error
    assert error or (found["first"], found["last"]) == (2_000, 3_000)


@pytest.mark.django_db
def test_little_or_seeded_is_taken_in_one_process(realm, now, event):
    raws = [event("trade.order_paid", id=f"e{number}", order="o1") for number in (1, 2, 2)]
    (taken,) = actions.take_stream(actor=SYSTEM, source="shop", raws=[*raws, b"{"], realm=realm, at=now)
    assert (taken.accepted, taken.known, [fault.index for fault in taken.refused]) == (2, 1, [3])
    assert list(actions.take_stream(actor=SYSTEM, source="shop", raws=[], realm=realm, at=now)) == []


@pytest.mark.django_db
def test_a_stranger_states_nothing(realm, now, event):
    raw = event("trade.order_paid", id="e1", order="o1")
    with pytest.raises(NotAllowed):
        list(actions.take_stream(actor=PUBLIC, source="shop", raws=[raw], realm=realm, at=now))
