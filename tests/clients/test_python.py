"""The Python client against a real installation: facts stated, standings read, webhooks received and verified."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import standardwebhooks
import yinuo_client
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from yinuo_client import Client, Event, NotVerified, Problem, Unreachable, verify_webhook

from yinuo.kit.webhooks import headers_of

PATIENCE_SECONDS = 60      # for a machine that has much else to do; no outcome depends on it
WHEN = datetime(2026, 5, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def paid(name: str) -> Event:
    return Event("trade.order_paid", f"{name}/paid", WHEN, {"order": name})


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A running `yinuo serve` with its worker: its address and a key for `myshop`."""
    folder = tmp_path_factory.mktemp("installation")
    environment = os.environ | {"YINUO_DATA": str(folder), "YINUO_DATABASE": "", "YINUO_WEBHOOK_REACH": "loopback"}
    command = [sys.executable, "-m", "yinuo"]
    made = subprocess.run([*command, "key", "make", "myshop"], env=environment, check=True, capture_output=True, text=True)
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    process = subprocess.Popen([*command, "serve", "--processes", "1", "--port", str(port)], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        Client(url, retries=100, sleep=lambda _: time.sleep(.2)).health()
        yield url, made.stdout.strip()
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE_SECONDS)


@pytest.fixture
def shop(installation):
    url, key = installation
    return Client(url, key=key, source="myshop")


def until(done):
    """Wait for what the worker does beside us."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(.05)


def test_a_shop_states_what_happens(shop):
    placed = Event("trade.order_placed", "A-1/placed", WHEN, {
        "order": "A-1", "merchant": "seller-7", "buyer": "顾客-3", "amount_minor": 19900, "currency": "CNY",
        "hand_over_by": WHEN + timedelta(days=2),
    })
    wrong = Event("trade.order_placed", "A-2/placed", WHEN, {**placed.data, "order": "A-2", "amount_minor": 199.5})
    stated = shop.state([placed, paid("A-1"), wrong, paid("A-3")], batch=2)
    assert (stated.accepted, stated.known, stated.refused_count) == (3, 0, 1)
    (refused,) = stated.refused
    assert (refused.index, refused.id, refused.path) == (2, "A-2/placed", "data.amount_minor")
    assert [sorted(receipt.bound) for receipt in stated.receipts] == [["A-1/paid", "A-1/placed"], ["A-3/paid"]]
    again = shop.state([placed, paid("A-1")])
    assert (again.accepted, again.known, again.receipts) == (0, 2, ())
    corrected = dataclasses.replace(wrong, data={**wrong.data, "amount_minor": 19950})
    assert shop.state([corrected]).accepted == 1
    newer = dataclasses.replace(paid("A-1"), id="A-1/paid/2", time=WHEN + timedelta(hours=1), supersedes="A-1/paid")
    assert shop.state([newer]).accepted == 1
    assert shop.state([]).accepted == 0
    assert shop.id_of("merchant", "seller-7").startswith("m")
    until(lambda: shop.health().size >= 5)
    assert shop.health().late is False
    assert {"trade.order_placed"} < {kind.kind for kind in shop.kinds()}


def test_a_refusal_says_what_is_wrong(installation, shop):
    url, _ = installation
    with pytest.raises(Problem, match="not known here") as unknown:
        Client(url, key="yk_wrong", source="myshop").state([paid("x")])
    assert (unknown.value.status, unknown.value.code) == (401, "unauthenticated")
    with pytest.raises(Problem) as nobody:
        shop.id_of("merchant", "nobody")
    assert nobody.value.status == 404
    with pytest.raises(Problem) as inner:
        shop.add_webhook("https://192.168.1.1/")
    assert (inner.value.status, inner.value.path) == (422, "url")
    with pytest.raises(ValueError, match="source"):
        Client(url).state([paid("x")])
    with pytest.raises(ValueError, match="time zone"):
        shop.state([dataclasses.replace(paid("x"), time=WHEN.replace(tzinfo=None))])
    with pytest.raises(ValueError, match="no address"):
        Client("trust.example")
    with pytest.raises(ValueError, match="batch"):
        shop.state([], batch=0)


def test_a_shop_is_told_and_verifies_also_after_an_outage(shop, serving):
    came, working = [], [False]

    def answer(method, path, body, headers):
        if not working[0]:
            return 503, "text/plain", b"later"
        came.append(verify_webhook(body, headers, secret))
        return 204, "text/plain", b""

    hook, secret = shop.add_webhook(serving(answer, headers=True), kinds=["trade.order_paid"])
    shop.state([paid(f"W-{number}") for number in range(5)])
    until(lambda: any(one.attempts for one in shop.deliveries(hook)))
    assert {one.state for one in shop.deliveries(hook)} == {"waiting"}
    (listed,) = shop.webhooks()
    assert (listed.waiting, listed.dead, listed.kinds, bool(listed.failing_since)) == (5, 0, ("trade.order_paid",), True)
    working[0] = True
    shop.pause_webhook(hook)
    assert shop.webhooks()[0].paused_ground == "asked"
    shop.resume_webhook(hook)
    until(lambda: len(came) == 5)
    assert [message.data["order"] for message in came] == [f"W-{number}" for number in range(5)]
    assert came[0].kind == "trade.order_paid"
    assert came[0].time == WHEN
    assert came[0].yinuo_ids["order"].startswith("o")
    assert len({message.id for message in came}) == 5
    assert [message.number for message in came] == sorted(message.number for message in came)
    secret = shop.rotate_webhook(hook)
    assert shop.replay_webhook(hook, message=came[3].id) == came[3].id
    until(lambda: len(came) == 7)
    assert [message.id for message in came[5:]] == [message.id for message in came[3:5]]
    assert shop.replay_webhook(hook, since=WHEN) == "msg_0"
    shop.remove_webhook(hook)
    shop.remove_webhook(hook)
    assert shop.webhooks() == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's record refuses to be emptied after a live server")
@pytest.mark.django_db(transaction=True)
def test_standings_are_read_with_their_reasons(live_server):
    spec = importlib.util.spec_from_file_location("client_market", Path(__file__).parents[1] / "web" / "market.py")
    market = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(market)
    market.fill()
    anybody = Client(live_server.url)
    standing = anybody.standing("mqinglan")
    assert (standing.score, standing.low, standing.high, standing.band) == (561, 543, 579, "good")
    assert standing.as_of.isoformat() == "2026-06-01"
    reasons = anybody.explain("mqinglan")
    assert sum(reason.points for reason in reasons) == standing.score - 500
    assert {bool(reason.meaning) for reason in reasons if reason.feature == "handling_time"} == {True}
    assert anybody.standing("mfake").score is None
    assert anybody.standing("mfake").override == "counterfeit"
    every = list(anybody.merchants())
    assert len({one.merchant for one in every}) == len(every) > 5
    assert [one.merchant for one in anybody.merchants(search="qinglan", band="good")] == ["mqinglan"]
    method = anybody.method()
    assert (method.scorecard, method.features[0].name) == ("standard-1", anybody.features()[0].name)
    for nobody, told in (("mnobody", "No run has judged"), ("m/../nobody", "nothing under this address")):
        with pytest.raises(Problem, match=told):
            anybody.standing(nobody)


class TestTryingAgain:
    """What is tried again, after which waits, and what is not."""

    @pytest.fixture
    def flaky(self, serving):
        """A server that gives these answers, one after the other: its client, what came, and the waits made."""

        def making(*answers, **given):
            came, waits, left = [], [], list(answers)

            def answer(method, path, body):
                came.append((method, path, body))
                return left.pop(0)

            return Client(serving(answer), key="yk_x", source="s", sleep=waits.append, **given), came, waits

        return making

    GOOD = (200, "application/json", json.dumps({"accepted": 1, "known": 0, "refused_count": 0, "refused": []}).encode())

    def test_what_is_busy_is_asked_again_with_the_same(self, flaky):
        busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"
        cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"
        client, came, waits = flaky(busy, (429, "text/html", b"slow down"), b"", cut, self.GOOD)
        assert client.state([paid("x")]).accepted == 1
        assert len(came) == 5
        assert len({body for *_, body in came}) == 1
        assert waits[0] == 7
        assert 1 <= waits[1] <= 1.5
        assert 2 <= waits[2] <= 3
        assert 4 <= waits[3] <= 6

    def test_it_ends(self, flaky):
        client, came, _ = flaky(*[(503, "text/plain", b"")] * 3, retries=2)
        with pytest.raises(Problem) as refused:
            client.health()
        assert (refused.value.status, len(came)) == (503, 3)
        with pytest.raises(Unreachable):
            Client("http://127.0.0.1:1", retries=1, sleep=lambda _: None).health()

    @pytest.mark.parametrize("status", [400, 401, 404, 413, 422, 500])
    def test_what_no_repeat_would_change_is_not_repeated(self, flaky, status):
        client, came, _ = flaky((status, "text/plain", b""))
        with pytest.raises(Problem):
            client.state([paid("x")])
        assert len(came) == 1

    def test_a_full_waiting_list_is_no_matter_of_waiting(self, flaky):
        client, came, _ = flaky((429, "application/problem+json", b'{"code": "too-many", "detail": "Too many wait."}'))
        with pytest.raises(Problem, match="Too many wait"):
            client.state([paid("x")])
        assert len(came) == 1

    def test_a_webhook_is_not_made_twice(self, flaky):
        client, came, _ = flaky((503, "text/plain", b""))
        with pytest.raises(Problem):
            client.add_webhook("https://shop.example/")
        assert len(came) == 1

    def test_the_key_is_not_led_elsewhere(self, flaky, serving):
        led = []
        other = serving(lambda *_: led.append(1) or self.GOOD)
        client, _, _ = flaky(f"HTTP/1.1 302 Found\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n".encode())
        with pytest.raises(Problem):
            client.health()
        assert led == []

    def test_large_events_make_small_batches(self, flaky):
        client, came, _ = flaky(self.GOOD, self.GOOD)
        shown = client.state(
            Event("reviews.review_published", str(number), WHEN, {"words": "字" * 700_000}) for number in range(2)
        )
        assert shown.accepted == 2
        assert [body.count(b'"id"') for *_, body in came] == [1, 1]


@given(body=st.dictionaries(st.text(), st.integers() | st.text()), secret=st.binary(min_size=24, max_size=64))
def test_verifying_agrees_with_the_specifications_library(body, secret):
    import base64  # noqa: PLC0415

    text = "whsec_" + base64.b64encode(secret).decode()
    raw = json.dumps({"type": "trade.order_paid", "timestamp": "2026-05-01T01:30:00Z", "number": 3, "data": body}).encode()
    sent = datetime.now(UTC)
    signature = standardwebhooks.Webhook(text).sign("msg_3", sent, raw.decode())
    headers = {"Webhook-Id": "msg_3", "webhook-timestamp": str(int(sent.timestamp()))}
    headers["webhook-signature"] = f"v1a,x {signature}"
    message = verify_webhook(raw, headers, [SECRET, text])
    assert (message.id, message.number, message.data, message.yinuo_ids) == ("msg_3", 3, body, {})


@pytest.mark.parametrize("spoil", [
    {"webhook-id": "msg_2"}, {"webhook-id": None}, {"webhook-timestamp": None}, {"webhook-timestamp": "1000000001"},
    {"webhook-timestamp": "now"}, {"webhook-timestamp": "-1"}, {"webhook-signature": None}, {"webhook-signature": ""},
    {"webhook-signature": "v1,"}, {"webhook-signature": "v1,ünsinn"}, {"webhook-signature": "v2,abc"},
])
def test_what_is_not_ours_is_refused(spoil):
    body = b'{"type": "yinuo.test", "timestamp": "2026-05-01T01:30:00.123456789Z", "data": {}}'
    good = headers_of([SECRET], id="msg_1", timestamp=1_000_000_000, body=body)
    message = verify_webhook(body, good, SECRET, now=1_000_000_300)
    assert (message.kind, message.number, message.time.microsecond) == ("yinuo.test", None, 123456)
    bad = {name: value for name, value in {**good, **spoil}.items() if value is not None}
    for headers, content, now in ((bad, body, 1e9), (good, body + b" ", 1e9), (good, body, 1e9 + 301), (good, body, 1e9 - 301)):
        with pytest.raises(NotVerified):
            verify_webhook(content, headers, SECRET, now=now)
    with pytest.raises(NotVerified):
        verify_webhook(body, good, "whsec_" + "A" * 32, now=1e9)
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook(body, good, "whsec_?", now=1e9)


def test_the_readme_runs(installation, capsys):
    url, key = installation
    text = (Path(yinuo_client.__file__).parents[2] / "README.md").read_text()
    facts, standings, told, *_people = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)    # test_people runs these
    here: dict[str, object] = {}
    exec(facts.replace("http://127.0.0.1:8000", url).replace("yk_...", key), here)
    assert here["stated"].accepted == 2
    with pytest.raises(Problem, match="No run has judged"):
        exec(standings, here)
    exec(told, here)
    body = b'{"type": "yinuo.test", "timestamp": "2026-05-01T01:30:00Z", "data": {}}'
    headers = headers_of([here["secret"]], id="msg_1", timestamp=int(time.time()), body=body)
    assert here["receive"](body, headers) == 204
    assert here["receive"](body + b" ", headers) == 400
    here["shop"].remove_webhook(here["number"])
    invited = here["shop"].invite(buyer="customer-3")
    assert (invited.role, "/join/" in invited.link) == ("buyer", True)
    assert capsys.readouterr().out == "msg_1 yinuo.test {}\n"


def test_the_guide_runs(installation, capsys):
    url, key = installation
    text = (Path(__file__).parents[2] / "docs" / "guide" / "plug-in.md").read_text()
    first, second, third = (
        block.replace("http://127.0.0.1:8000", url).replace("yk_...", key).replace("A-1001", "G-1001")
        for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    )
    here: dict[str, object] = {}
    exec(first, here)
    assert capsys.readouterr().out == "1 0 []\n"
    exec(second, here)
    assert here["merchant"].startswith("m")
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = str(trial.getsockname()[1])
    waits = third.replace("9000", port).replace("HTTPServer((", "server = HTTPServer((").replace(".serve_forever()", "")
    exec(waits, here)
    capsys.readouterr()
    exec(first.replace("G-1001", "G-1002"), here)
    told = ""
    while "G-1002" not in told:      # what was stated just before, and sealed since, comes first
        here["server"].handle_request()
        told = capsys.readouterr().out
    assert re.search(r"msg_\d+ trade.order_placed {'order': 'G-1002', 'merchant': 'seller-7'", told)
    here["server"].server_close()
    here["shop"].remove_webhook(here["number"])


def test_what_is_promised_is_there():
    assert sorted(yinuo_client.__all__) == yinuo_client.__all__
    assert all(getattr(yinuo_client, name).__doc__ for name in yinuo_client.__all__)
    assert all(value.__doc__ for name, value in vars(Client).items() if not name.startswith("_"))
