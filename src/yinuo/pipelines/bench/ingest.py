"""How fast do facts come in, over HTTP and from a file, against the raw floor of the same rows?"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import msgspec
from django.db import connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import SYSTEM
from yinuo.pipelines.bench import Options
from yinuo.pipelines.bench.orders import SOURCE, events
from yinuo.record import actions

FACTS = 200_000
HTTP_BATCH = 1_000
CLIENTS = 4
START_SECONDS_MAX = 60
SEALED_SECONDS_MAX = 600
_AT = datetime(2050, 1, 1, tzinfo=UTC)     # after the last made-up order


def run(options: Options) -> dict[str, Any]:
    """Measure the file import, sealing, the floor and HTTP, each on the same made-up orders."""
    count = options.facts or FACTS
    options.say(f"Making {count:,} events")
    made = list(events(count, seed=options.seed))
    file = options.scratch / "events.jsonl"
    file.write_bytes(b"\n".join(made))
    options.say("Taking them in from a file")
    taking = _from_file(file, count, options)
    options.say("Sealing them")
    sealing = _sealing(options)
    options.say("Writing the same rows bare")
    floor_speed = _floor()
    file_speed = count / (taking + sealing)
    options.say("Taking them in over HTTP")
    http_speed = _over_http(made, options)
    return {
        "http_facts_per_s": round(http_speed),
        "file_facts_per_s": round(file_speed),
        "floor_facts_per_s": round(floor_speed),
        "floor_ratio": round(file_speed / floor_speed, 3),
        "take_facts_per_s": round(count / taking),
        "seal_facts_per_s": round(count / sealing),
        "sealed": True,
        "database": connection.vendor,
        "facts": count,
    }


def _from_file(file: Path, count: int, options: Options) -> float:
    started = time.perf_counter()
    with file.open("rb") as lines:
        taken = list(actions.take_stream(actor=SYSTEM, source=SOURCE, raws=lines, realm=options.realm, at=_AT))
    seconds = time.perf_counter() - started
    accepted = sum(part.accepted for part in taken)
    assert accepted == count, f"{accepted} of {count} were taken: {[part.refused[:1] for part in taken]}"
    return seconds


def _sealing(options: Options) -> float:
    """Seconds until everything is in the tree and its head is signed."""
    started = time.perf_counter()
    while actions.seal(actor=SYSTEM, realm=options.realm):
        pass
    assert options.realm.log is not None
    actions.publish(actor=SYSTEM, log=options.realm.log, at=_AT)
    return time.perf_counter() - started


def _floor() -> float:
    """The rows that the record holds now, written once more into a table without index, key or trigger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.key, e.inners, o.about, o.salt, o.content FROM record_entry e "
            "JOIN record_opening o ON o.entry_id = e.id ORDER BY e.id"
        )
        found = [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in cursor.fetchall()]
        blob = "bytea" if connection.vendor == "postgresql" else "blob"
        cursor.execute(
            f"CREATE TABLE bench_floor (id bigint, key {blob}, commitment {blob}, about text, salt {blob}, content {blob})"
        )
    started = time.perf_counter()
    for chunk in rows.chunks(found, 10_000):
        with transaction.atomic():
            rows.insert(connection, "bench_floor", ("id", "key", "commitment", "about", "salt", "content"), chunk)
    return len(found) / (time.perf_counter() - started)


def _over_http(made: Sequence[bytes], options: Options) -> float:
    bodies = [b"[" + b",".join(chunk) + b"]" for chunk in rows.chunks(made, HTTP_BATCH)]
    with _server(options) as (port, key):
        started = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as clients:
            accepted = sum(clients.map(_Client(port, key).send_all, [bodies[place::CLIENTS] for place in range(CLIENTS)]))
        _await_sealed(port, len(made))
        seconds = time.perf_counter() - started
    assert accepted == len(made), f"{accepted} of {len(made)} were taken"
    return len(made) / seconds


@contextmanager
def _server(options: Options) -> Iterator[tuple[int, str]]:
    """A really running `yinuo serve` with a folder and a database of its own: its port, and a key to it."""
    folder = options.scratch / "server"
    environment = os.environ | {"YINUO_DATA": str(folder), "YINUO_DATABASE": options.second_database}
    command = [sys.executable, "-m", "yinuo"]
    made = subprocess.run(  # noqa: S603 - our own command
        [*command, "key", "make", SOURCE], env=environment, check=True, capture_output=True, text=True
    )
    port = _free_port()
    server = subprocess.Popen(  # noqa: S603 - our own command
        [*command, "serve", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        _await(port)
        yield port, made.stdout.split()[-1]
    finally:
        server.terminate()
        server.wait(START_SECONDS_MAX)


def _await_sealed(port: int, count: int) -> None:
    """Wait until the server's worker, which follows what it sealed meanwhile, has sealed everything that was sent."""
    deadline = time.monotonic() + SEALED_SECONDS_MAX
    while time.monotonic() < deadline:
        asked = HTTPConnection("127.0.0.1", port, timeout=30)
        asked.request("GET", "/api/health")
        health = msgspec.json.decode(asked.getresponse().read())
        if health["size"] >= count and not health["pending"]:
            return
        time.sleep(.05)
    raise TimeoutError("not everything was sealed")


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _await(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            asked = HTTPConnection("127.0.0.1", port, timeout=5)
            asked.request("GET", "/api/health")
            if asked.getresponse().status == 200:
                return
        except OSError:
            time.sleep(.1)
    raise TimeoutError("the server did not answer")


class _Client:
    """Sends batches over connections that stay open, as a shop's outbox does."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents-batch+json"}

    def send_all(self, bodies: Sequence[bytes]) -> int:
        """Send one batch after the other; returns how many events were accepted."""
        line = HTTPConnection("127.0.0.1", self._port, timeout=120)
        accepted = 0
        for body in bodies:
            line.request("POST", "/api/facts", body, self._headers)
            answer = line.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status}: {content[:300]!r}")
            accepted += msgspec.json.decode(content)["accepted"]
        line.close()
        return accepted
