"""What every test shares: a database of its own, a realm with seeded randomness, a fixed moment."""

from __future__ import annotations

import importlib.util
import os
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

# Before Django reads its settings: tests never touch an installation's data.
os.environ["YINUO_DATA"] = tempfile.mkdtemp(prefix="yinuo-tests-")

import hypothesis
import msgspec
import pytest
from django.db import connection

from yinuo.kit.actors import SYSTEM
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.realm import Realm

# CI tries the same cases each time, so that a failure is a change and not luck; elsewhere new ones are looked for.
# No case has a deadline: on a busy machine it would fail for nothing.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None)
hypothesis.settings.register_profile("searching", deadline=None)
hypothesis.settings.load_profile("steady" if os.environ.get("CI") else "searching")

DATA = os.environ["YINUO_DATA"]
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def pytest_unconfigure() -> None:
    """Take the tests' data folder away; not at exit, which a forked child comes by too."""
    shutil.rmtree(DATA, ignore_errors=True)


@pytest.fixture(autouse=True)
def _new_log() -> None:
    """Each test begins with an empty database, and so with a log that has signed nothing."""
    from django.conf import settings  # noqa: PLC0415 - only once Django is set up

    settings.LOG.last.unlink(missing_ok=True)


@pytest.fixture(scope="session", autouse=True)
def _keys() -> None:
    """The installation's keys, which an entrance would find in a folder."""
    from django.conf import settings  # noqa: PLC0415 - only once Django is set up

    settings.KEYS = KeysInMemory(b"w" * 32)


@pytest.fixture
def now() -> datetime:
    """The moment that tests take for the present."""
    return NOW


@pytest.fixture
def realm() -> Realm:
    """A realm whose randomness is seeded."""
    return Realm(key=b"k" * 32, entropy=random.Random(1).randbytes, keys=KeysInMemory(b"w" * 32))


@pytest.fixture
def event() -> Callable[..., bytes]:
    """Makes a CloudEvent's JSON bytes: event("trade.order_paid", id="e1", order="o1", time="2026-05-01T00:00:00Z")."""

    def make(kind: str, *, id: str, time: str = "2026-05-01T00:00:00Z", supersedes: str | None = None, source: str = "shop", **data: Any) -> bytes:  # noqa: E501
        body: dict[str, Any] = {"specversion": "1.0", "id": id, "source": source, "type": kind, "time": time, "data": data}
        if supersedes:
            body["supersedes"] = supersedes
        return msgspec.json.encode(body)

    return make


@pytest.fixture
def take(realm: Realm, now: datetime, db: None) -> Callable[..., Any]:
    """Takes events of a source in ("shop" by default), at a moment (now), and follows the record."""
    from django.conf import settings  # noqa: PLC0415 - only once Django is set up

    from yinuo.pipelines.react import react  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    def taking(raws: Sequence[bytes], *, source: str = "shop", at: datetime = now) -> Any:
        taken = actions.take_events(actor=SYSTEM, source=source, raws=raws, realm=realm, at=at)
        react(domains=settings.DOMAINS, realm=realm, at=at)
        return taken

    return taking


@pytest.fixture(scope="module")
def _everything(django_db_setup: None, django_db_blocker: Any, _keys: None) -> Iterator[Any]:
    from django.conf import settings  # noqa: PLC0415 - only once Django is set up
    from django.core.cache import cache  # noqa: PLC0415
    from django.db import transaction  # noqa: PLC0415
    from django.test import override_settings  # noqa: PLC0415

    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=hashers), transaction.atomic():
        cache.clear()
        settings.LOG.last.unlink(missing_ok=True)
        made = beside("everything.py").fill(beside("web/market.py"))
        yield made, settings.LOG.last.read_bytes()
        transaction.set_rollback(True)


@pytest.fixture
def everything(_everything: Any, _new_log: None, db: None) -> Any:
    """Something of every kind and somebody in every role (tests/everything.py): made once for all tests of a file.

    What a test changes of it is taken back.
    """
    from django.conf import settings  # noqa: PLC0415 - only once Django is set up

    made, last = _everything
    settings.LOG.last.write_bytes(last)
    return made


@pytest.fixture
def grow() -> Callable[[Any, int], None]:
    """Adds so many of everything: grow(everything, 45)."""
    return lambda everything, more: beside("everything.py").grow(everything, beside("web/market.py"), more)


def beside(file: str) -> ModuleType:
    """A module among the tests, which are no package that others could import from."""
    spec = importlib.util.spec_from_file_location(f"tests_{Path(file).stem}", Path(__file__).parent / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def _new_connection() -> Iterator[None]:
    yield
    connection.close()


@pytest.fixture
def lasting(_new_connection: None, transactional_db: None) -> Iterator[None]:
    """Transactions that commit. Emptying the tables afterwards takes a superuser: the record refuses it to others."""
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")


@pytest.fixture
def emptied(transactional_db: None) -> Iterator[None]:
    """For a test that commits decisions, which the database lets nobody delete: takes the guards off to empty the tables."""
    if connection.vendor != "sqlite":
        pytest.skip("the pages are the same on PostgreSQL, and emptying its tables takes a superuser")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        with connection.constraint_checks_disabled():
            for table in {table for _, table, _ in triggers}:
                cursor.execute(f'DELETE FROM "{table}"')
        for _, _, sql in triggers:
            cursor.execute(sql)


@pytest.fixture
def serving() -> Iterator[Callable[..., str]]:
    """Runs a real HTTP server on this machine: serving(answer) is its address; answer(method, path, body) gives status, media
    type and body, or bytes to put on the wire as they are. With `headers=True` these are a fourth thing that it is given.
    """
    servers = []

    def start(answer: Callable[..., Any], *, headers: bool = False) -> str:
        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                given = answer(self.command, self.path, body, *([dict(self.headers)] if headers else []))
                if isinstance(given, bytes):
                    self.wfile.write(given)
                    return
                status, media_type, content = given
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = handle_any       # noqa: N815 - the names that the server calls

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None       # a client that went away
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": .01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
