"""An erased person is nowhere; everybody else's facts go on being proven, and nothing brings the person back."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from yinuo.cli.bench import _fresh_database

BEGIN = """
import json, logging, random, shutil
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

from yinuo.cli import set_up
set_up()
said = StringIO()
logging.getLogger().addHandler(logging.StreamHandler(said))
logging.getLogger().setLevel(logging.DEBUG)
import pyarrow.parquet as pq
from django.apps import apps
from django.conf import settings
from django.db import connection
from yinuo.cli._here import open_vault, realm
from yinuo.credit import actions as credit
from yinuo.credit.rules.engine import open_engine
from yinuo.kit.actors import SYSTEM
from yinuo.kit.evidence import check_fact_proof
from yinuo.kit.moments import to_micros, day_of
from yinuo.pipelines import persons
from yinuo.pipelines.react import react, rebuild, seal_all
from yinuo.pipelines.rescore import prepare
from yinuo.record import actions, queries
from yinuo.timers.models import Timer
from yinuo.vault.queries import source_ids_of, surrogate_of

archive, forget = (import_module(f'yinuo.record.actions.{name}') for name in ('archive', 'forget'))
archive.SEGMENT_FACTS = forget.SEGMENT_FACTS = 300      # so that there are whole segments, and a tail
LONG_AGO, NOW = datetime(2021, 3, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
DATA, here = Path(settings.DATA), realm()
LAW = {"jurisdiction": "cn", "domains": settings.DOMAINS}
chance = random.Random(4)

def event(kind, id, at=LONG_AGO, supersedes=None, **data):
    body = {"specversion": "1.0", "id": id, "source": "shop", "type": kind, "time": at.isoformat(), "data": data}
    return json.dumps(body | ({"supersedes": supersedes} if supersedes else {})).encode()

def of(n):
    "What tells of one person, and of their order with merchant-(n mod 3)."
    buyer, order, merchant = f"person-{n:06}", f"order-{n:06}", f"merchant-{n % 3}"
    due = (LONG_AGO + timedelta(days=3)).isoformat()
    return [
        event("people.buyer_joined", f"j{n}", buyer=buyer, name=f"Name {n:06}", region="SH"),
        event("trade.order_placed", f"o{n}", order=order, merchant=merchant, buyer=buyer, amount_minor=5_000 + n,
              currency="CNY", payer=f"payer-{n:06}", address=f"address-{n:06}", hand_over_by=due, deliver_by=due),
        event("trade.order_paid", f"p{n}", order=order),
        event("delivery.shipment_handed_over", f"h{n}", shipment=f"parcel-{n}", order=order),
        event("reviews.review_published", f"r{n}", review=f"review-{n}", stars=5, buyer=buyer, order=order,
              merchant=merchant, title=f"Title {n:06}", words=f"Words {n:06} " * chance.randrange(1, 30)),
        event("care.complaint_opened", f"c{n}", complaint=f"complaint-{n}", merchant=merchant, order=order, buyer=buyer),
        event("trade.order_placed", f"wrong{n}", order=order, merchant=merchant, buyer=buyer, amount_minor="much",
              currency="CNY", payer=f"payer-{n:06}"),
    ]

def take(raws, at=LONG_AGO):
    actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=here, at=at)

def follow():
    return react(domains=settings.DOMAINS, realm=here, at=NOW)

def person(n):
    return surrogate_of(kind="buyer", source="shop", source_id=f"person-{n:06}", key=here.key)

def erase(surrogate, at=NOW):
    return persons.erase(actor=SYSTEM, person=surrogate, realm=here, at=at, **LAW)

def reckon():
    with open_engine("duckdb") as engine:
        store = prepare(engine=engine, folder=DATA)
        return credit.level_buyers(actor=SYSTEM, engine=engine, store=store, as_of=day_of(to_micros(LONG_AGO)) + 2)

def sweep():
    return persons.sweep(day=day_of(to_micros(NOW)), realm=here, folder=DATA / "archive", at=NOW)

def mirrored():
    names = ("people.Buyer", "trade.Order", "reviews.Review", "care.Complaint", "credit.Dispatch", "delivery.Shipment",
             "merchants.Merchant")
    return {name: sorted(map(repr, apps.get_model(name).objects.values_list())) for name in names}

def proofs_of(orders):
    seqs = [seq for order in orders for seq in queries.mentions_of(subject=order, size=queries.size())]
    return {seq: str(queries.tlog_proof(number=seq)) for seq in seqs}

def everything():
    "All that is written down anywhere, in plain bytes, by where."
    found = {"logs": said.getvalue().encode()}
    for file in DATA.rglob("*"):
        if file.is_file():
            found[str(file.relative_to(DATA))] = file.read_bytes()
        if file.suffix == ".parquet":
            found[f"{file.name}, read"] = repr(pq.read_table(file).to_pydict()).encode()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                rows = [row for (row,) in cursor.fetchall()]
                found[table] = "\\n".join(rows).encode() + b"\\n".join(
                    bytes.fromhex(piece.split('"')[0].split(",")[0].split(")")[0])
                    for row in rows for piece in row.split("\\\\x")[1:])
    return found

def where(needles):
    return sorted({f"{name}: {needle}" for name, content in everything().items() for needle in needles
                   if needle.encode() in content})

def about(n, surrogate):
    return [surrogate, *(f"{word}{n:06}" for word in ("person-", "Name ", "Title ", "Words ", "payer-", "address-"))]
"""

ERASED = """
EVERYBODY = 150
ASKED = [3, 17, 88, 140]
batches = [raw for n in range(EVERYBODY) for raw in of(n)]
for start in range(0, len(batches), 97):
    take(batches[start : start + 97])
    follow()
levels = reckon()
actions.export(actor=SYSTEM, folder=DATA / "export")
surrogates = {n: person(n) for n in range(EVERYBODY)}
needles = [needle for n in ASKED for needle in about(n, surrogates[n])]
others = [needle for n in (4, 90) for needle in about(n, surrogates[n])]
before = where(needles)
merchant = surrogate_of(kind="merchant", source="shop", source_id="merchant-2", key=here.key)
orders = [surrogate_of(kind="order", source="shop", source_id=f"order-{n:06}", key=here.key) for n in (17, 90)]
proofs = proofs_of(orders)
of_merchant = queries.mentions_of(subject=merchant, size=queries.size())
done = [erase(surrogates[n]) for n in ASKED]
told = sweep()
follow()
again = [erase(surrogates[n]).before.isoformat() for n in ASKED]
reckon()
actions.export(actor=SYSTEM, folder=DATA / "export2")
sweep()
after = where(needles)
later = proofs_of(orders)
policy = here.log.policy
live = mirrored()
rebuild(domains=settings.DOMAINS, realm=here)
audit = queries.audit(log=here.log)
take([raw for n in ASKED for raw in of(n)[:-1]])       # the shop sends again what is known already
follow()
print(json.dumps({
    "levels": levels, "segments": len(archive.read_manifest(DATA / "archive")["segments"]),
    "before": len(before), "places": sorted({place.split(":")[0] for place in before}),
    "done": [[list(each.gone), len(each.kept)] for each in done], "told": told, "again": again,
    "after": after, "others": len({place.rsplit(": ")[1] for place in where(others)}),
    "faults": audit.faults, "same": mirrored() == live,
    "proofs": [len(check_fact_proof(proof, policy).facts) for proof in [*proofs.values(), *later.values()]],
    "numbers": queries.mentions_of(subject=merchant, size=queries.size())[: len(of_merchant)] == of_merchant,
    "nobody": list(source_ids_of(surrogates=[surrogates[n] for n in ASKED], realm=here).values()),
    "resent": where(needles),
    "refused": [kept.event_id for kept in queries.refused_waiting(viewer=SYSTEM, realm=here) if kept.path == "id"],
}))
"""

@pytest.fixture
def run(tmp_path):
    """Runs a script in an installation of its own, on SQLite or in a database of its own on PostgreSQL."""

    def running(text: str, **values: object) -> dict[str, object]:
        given = "".join(f"{name} = {value!r}\n" for name, value in values.items())
        with _fresh_database(os.environ.get("YINUO_DATABASE", ""), f"erasure{os.getpid()}") as url:
            done = subprocess.run(
                [sys.executable, "-c", given + BEGIN + text, BEGIN], capture_output=True, text=True, check=False,
                env=os.environ | {"YINUO_DATA": str(tmp_path / "data"), "YINUO_DATABASE": url},
            )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return running


def test_nothing_of_an_erased_person_is_left_and_everybody_elses_proofs_stand(run):
    found = run(ERASED)
    assert found["levels"] == 150
    assert found["segments"] > 3
    assert found["before"] >= 8         # surrogates in the archive and the tables; no word, not of refused events either
    assert found["done"] == [[["profile", "content", "transaction"], 0]] * 4
    assert found["told"] == 4
    assert found["again"] == ["2026-06-01T00:00:00+00:00"] * 4
    assert found["after"] == []         # no word, no id, no surrogate, in no file and no table
    assert found["others"] >= 2         # whereas of those who did not ask, as much is there as before
    assert found["faults"] == []
    assert found["same"]
    assert found["proofs"] == [1] * 24  # of the merchant's two orders, made before and after
    assert found["numbers"]
    assert found["nobody"] == [None] * 4
    assert (found["resent"], found["refused"]) == ([], [])


RESTORED = """
take([raw for n in range(20) for raw in of(n)])
young = [event("trade.order_placed", "y", at=NOW - timedelta(days=9), order="young", merchant="merchant-0",
               buyer="person-000005", amount_minor=1, currency="CNY")]
take(young, at=NOW)
follow()
reckon()
gone, later, stays = person(3), person(5), person(7)
connection.close()
shutil.copytree(DATA, DATA.with_name("backup"))
erase(gone)
erase(later)
connection.close()
for file in DATA.glob("yinuo.sqlite3*"):
    file.unlink()
shutil.copy(DATA.with_name("backup") / "yinuo.sqlite3", DATA)
back = source_ids_of(surrogates=[gone], realm=here)[gone]
open_vault()                                            # as every command does at its start
live = mirrored()
rebuild(domains=settings.DOMAINS, realm=here)
sweep()
print(json.dumps({
    "back": back, "left": where(about(3, gone)), "same": live == mirrored(), "faults": queries.audit(log=here.log).faults,
    "later": where(["Name 000005", "Words 000005"]), "due": [timer.kind for timer in Timer.objects.filter(subject=later)],
    "known": [person(n) == known for n, known in ((3, gone), (5, later), (7, stays))],
    "said": said.getvalue().count("they are erased again"),
}))
"""


@pytest.mark.skipif(bool(os.environ.get("YINUO_DATABASE")), reason="puts SQLite's file back")
def test_a_restored_backup_brings_back_neither_words_nor_facts(run):
    found = run(RESTORED)
    assert found["back"] == ["shop", "person-000003"]
    assert (found["left"], found["later"]) == ([], [])
    assert found["known"] == [False, True, True]
    assert found["due"] == ["people.erase"]     # what a law keeps goes at its day, though the backup knew nothing of it
    assert (found["same"], found["faults"], found["said"]) == (True, [], 1)


KILLED = """
import signal, subprocess, sys, time
take([raw for n in range(40) for raw in of(n)])
follow()
everybody = [person(n) for n in range(40)]
waits, rounds = random.Random(9), 0
while left := [surrogate for n, surrogate in enumerate(everybody) if person(n)]:
    rounds += 1
    connection.close()
    erasing = sys.argv[1] + f"for surrogate in {left!r}: erase(surrogate); print(surrogate, flush=True)"
    child = subprocess.Popen([sys.executable, "-c", erasing], stdout=subprocess.PIPE)
    child.stdout.readline()
    if rounds < 9:
        time.sleep(waits.uniform(0, .05))
        child.send_signal(signal.SIGKILL)
    child.communicate()
    set_up()
    listed = {line.split()[0] for line in here.keys.erased()}
    gone = [surrogate for n, surrogate in enumerate(everybody) if not person(n)]
    assert len(listed) == len(gone), (len(listed), len(gone))
sweep()
live = mirrored()
rebuild(domains=settings.DOMAINS, realm=here)
print(json.dumps({
    "rounds": rounds, "left": where([needle for n, surrogate in enumerate(everybody) for needle in about(n, surrogate)]),
    "same": live == mirrored(), "faults": queries.audit(log=here.log).faults,
}))
"""


def test_killed_half_way_it_goes_on(run):
    found = run(KILLED)
    assert found["rounds"] >= 2
    assert (found["left"], found["same"], found["faults"]) == ([], True, [])


AT_ONCE = """
import threading
from django.db import transaction
take(of(1))
ann, answers, writing = person(1), [], threading.Event()

def intake():
    with transaction.atomic():
        take([event("trade.order_placed", "more", order="more", merchant="merchant-1", buyer="person-000001",
                    amount_minor=1, currency="CNY")])
        writing.set()
        erasing[0].join(.5)          # they wait for us
        answers.append("taken")
    connection.close()

def erasure():
    writing.wait()
    answers.append(list(erase(ann).gone))
    connection.close()

erasing = [threading.Thread(target=erasure) for _ in range(2)]
threads = [*erasing, threading.Thread(target=intake)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
follow()
sweep()
print(json.dumps({"answers": answers, "left": where([ann]), "faults": queries.audit(log=here.log).faults}))
"""


def test_two_at_once_while_facts_come_in(run):
    """Whoever writes by the surrogate commits first; then one erases all of it, and the other finds it done."""
    found = run(AT_ONCE)
    assert found["answers"][0] == "taken"
    assert sorted(found["answers"][1:]) == [[], ["profile", "content", "transaction"]]
    assert (found["left"], found["faults"]) == ([], [])
