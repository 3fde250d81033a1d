"""The record's page: what it shows of the record, what it never shows, and what it costs however large the record is."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from yinuo.config.realm import realm as realm_here
from yinuo.kit.actors import SYSTEM
from yinuo.kit.log import with_witnesses
from yinuo.kit.merkle import root_at
from yinuo.kit.note_keys import Method, Signer
from yinuo.kit.policies import Group, Policy, Witness
from yinuo.pipelines.react import seal_all
from yinuo.record import actions, queries
from yinuo.record.models import Anchor, Checkpoint, Cosignature, Head, TimeStamp
from yinuo.web.mountains import SQUARE, levels_of, mountains

LANGUAGES = ("en", "zh-hans")
SIZES = (1, 7, 1_000, 449_520, 10_000_000, 2**24 - 1)


def text_of(response) -> str:
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def state(db, now, event):
    """States orders, and seals and signs them unless told otherwise."""
    numbers = iter(range(10**6))

    def stating(count, *, seals=True, at=now):
        raws = [event("trade.order_placed", id=f"e{n}", order=f"o{n}", merchant="m-secret", buyer="b", amount_minor=99_123,
                      currency="CNY") for n in (next(numbers) for _ in range(count))]
        actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm_here(), at=at)
        if seals:
            seal_all(realm=realm_here(), at=at)

    return stating


def grown(size, at, log):
    """A head of that size, signed, without the facts: what the page needs of a large record."""
    root = hashlib.sha256(str(size).encode()).digest()
    Head.objects.create(pk=1, size=size, root=root)
    Checkpoint.objects.create(size=size, at=at, note=log.sign(size=size, root=root))


def signer(name):
    return Signer(f"witness.example/{name}", Method.ED25519_COSIGNATURE, name.encode().ljust(32, b"."))


@pytest.fixture
def watched(settings):
    """Gives the log three witnesses, of whom two are needed."""
    names = ("consumers", "university", "press")
    listed = {name: Witness(signer(name).verifier, f"https://{name}.example") for name in names}
    settings.LOG = with_witnesses(settings.LOG, Policy({}, listed, {"enough": Group(2, names)}, "enough"))
    return names


def cosigned(name, size, at):
    key = signer(name).verifier
    Cosignature.objects.create(size=size, name=key.name, key_id=key.key_id, line="-", at=at)


@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_record_says_what_comes(client, language):
    response = client.get("/record/", headers={"accept-language": language})
    text = text_of(response)
    assert response.status_code == 200
    assert ("Nothing is recorded yet." if language == "en" else "尚无记录。") in text
    assert ("No head has been signed yet." if language == "en" else "尚未签署任何检查点。") in text
    assert 'class="seal"' not in response.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_newest_head_is_shown_whole(client, state, now, language):
    state(4)
    state(3, at=now + timedelta(hours=3))
    html = client.get("/record/", headers={"accept-language": language}).content.decode()
    root = base64.b64encode(root_at(7, queries.reader_at(7))).decode()
    assert f'<code class="whole-value" tabindex="0">{root}</code>' in html
    assert f"<code>{root[:12]}…</code>" in html
    assert "2026-06-01T15:00:00+00:00" in html
    assert "2026-06-01T12:00:00+00:00" in html      # when it began
    assert 'class="seal"' in html
    assert [int(n) for n in re.findall(r'text-anchor="middle">(\d+)</text>', html) if n.isdigit()] == [4, 2, 1]


def test_nothing_is_told_of_what_the_facts_say(client, state):
    state(7)
    html = client.get("/record/").content.decode() + client.get("/record/tree/").content.decode()
    assert "m-secret" not in html
    assert "99123" not in html
    assert "order_placed" not in html
    assert "99,123" not in html


def test_a_head_that_is_not_signed_yet_has_no_seal(client, state, db):
    state(2, seals=False)
    actions.seal(actor=SYSTEM, realm=realm_here())
    html = client.get("/record/tree/").content.decode()
    assert 'class="seal"' not in html
    assert "Not signed yet" in html
    assert "about to be signed" in html


def test_facts_that_wait_are_counted(client, state, now):
    state(2)
    assert "none: every fact taken in has its number" in text_of(client.get("/record/"))
    state(3, seals=False, at=now)
    text = text_of(client.get("/record/"))
    assert "3 facts, the oldest since 1 June 2026, 12:00:00 UTC" in text
    assert "3项，最早的自2026年6月1日 12:00:00 UTC起" in text_of(client.get("/record/", headers={"accept-language": "zh-hans"}))


def test_a_stopped_log_is_told_and_why_is_not(client, state, settings):
    state(1)
    settings.LOG.stop("The witness watchful contradicts the record at /srv/secret.")
    try:
        text = text_of(client.get("/record/"))
        assert "The record stands still" in text
        assert "/srv/secret" not in text
        assert "watchful" not in text
    finally:
        settings.LOG.stopped.unlink()
    assert "The record stands still" not in text_of(client.get("/record/"))


def test_a_record_that_was_put_back_says_so(client, state, settings):
    state(1)
    settings.LOG.remember(settings.LOG.sign(size=9, root=b"r" * 32))
    assert "The record stands still" in text_of(client.get("/record/"))


def test_without_witnesses_it_says_what_that_means_and_what_to_do(client, state):
    state(1)
    text = text_of(client.get("/record/"))
    assert "This record has no witness" in text
    assert "YINUO_POLICY" in text
    assert "for that it takes witnesses" in text
    assert "Nobody has dated this record" in text
    assert "YINUO_TSA" in text


def test_witnesses_are_shown_with_what_they_signed_last(client, state, watched, now):
    state(5)
    text = text_of(client.get("/record/"))
    assert "when 2 of 3 have signed it. No head has been witnessed so yet." in text
    assert text.count("has signed none yet") == 3
    state(4)
    for name, size, hours in (("consumers", 5, 1), ("university", 5, 2), ("consumers", 9, 3)):
        cosigned(name, size, now + timedelta(hours=hours))
    text = text_of(client.get("/record/"))
    assert "The newest witnessed head stands over 5 facts." in text
    assert "15:00:00 UTC" in text
    assert "14:00:00 UTC" in text
    assert "13:00:00 UTC" not in text
    assert text.count("has signed none yet") == 1
    assert signer("press").verifier.vkey in client.get("/record/").content.decode()


def test_a_key_that_the_policy_does_not_name_is_nobody(client, state, watched, now):
    state(5)
    for stranger in ("stranger", "other"):
        cosigned(stranger, 5, now)
    text = text_of(client.get("/record/"))
    assert "stranger" not in text
    assert "No head has been witnessed so yet." in text


def test_stamps_and_anchors_are_shown(client, state, settings, now):
    settings.YINUO = {**settings.YINUO, "YINUO_TSA": ["https://tsa.example.cn/tsr", "https://late.example.org/tsr"]}
    state(6)
    TimeStamp.objects.create(size=2, authority="https://tsa.example.cn/tsr", answer=b"", at=now)
    TimeStamp.objects.create(size=6, authority="https://tsa.example.cn/tsr", answer=b"", at=now + timedelta(hours=1))
    TimeStamp.objects.create(size=3, authority="https://old.example.net/tsr", answer=b"", at=now)
    Anchor.objects.create(size=3, proof=b"", at=now, block=912_345)
    Anchor.objects.create(size=6, proof=b"", at=now, block=None)
    text = text_of(client.get("/record/"))
    assert re.search(r"tsa\.example\.cn time stamp \(RFC 3161\) 6 1 June 2026, 13:00:00 UTC", text)
    assert "late.example.org time stamp (RFC 3161) – has stamped none yet" in text
    assert "old.example.net" in text
    assert "OpenTimestamps, block 912,345 3 handed in" in text
    assert "promised: the block comes within hours 6" in text


def test_the_picture_is_asked_for_again_only_where_it_changed(client, state):
    state(2)
    address = re.search(r'hx-get="([^"]+)"', client.get("/record/").content.decode())[1]
    assert address == "/record/tree/?drawn=2.2"
    unchanged = client.get(address)
    assert (unchanged.status_code, unchanged.content) == (204, b"")
    state(3)
    changed = client.get(address)
    assert changed.status_code == 200
    html = changed.content.decode()
    assert "<html" not in html
    assert 'hx-get="/record/tree/?drawn=5.5"' in html
    assert '<div id="peaks" hx-swap-oob="true">' in html
    assert "no-store" in changed.headers["Cache-Control"]


@pytest.mark.parametrize("drawn", ["", "x", "2.2.2", "９.9"])
def test_whatever_was_drawn_before_may_be_asked(client, state, drawn):
    state(1)
    assert client.get("/record/tree/", {"drawn": drawn}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_drawn_light_and_quickly(client, settings, now, size, django_assert_max_num_queries):
    grown(size, now, settings.LOG)
    with django_assert_max_num_queries(7):
        html = client.get("/record/").content
    with django_assert_max_num_queries(1):
        client.get("/record/tree/")
    style = Path(finders.find("yinuo/yinuo.css")).stat().st_size
    scripts = re.findall(r'<script[^>]* src="/static/([^"]+)"', html.decode())
    assert len(gzip.compress(html)) + style + sum(Path(finders.find(name)).stat().st_size for name in scripts) < 100_000
    shown = int(re.search(r'class="score">([\d,]+)<', html.decode())[1].replace(",", ""))
    assert shown == size
    assert mountains(size).mountains[0].label


def test_vouching_costs_the_same_queries_however_much_there_is(
    client, state, watched, now, django_assert_max_num_queries,
):
    state(3)
    rows = [(name, size) for name in watched for size in range(1, 60)]
    for name, size in rows:
        cosigned(name, size, now)
        TimeStamp.objects.create(size=size, authority=f"https://{name}.example/", answer=b"", at=now)
    with django_assert_max_num_queries(7):
        assert client.get("/record/").status_code == 200


@pytest.mark.django_db
def test_the_policy_is_a_file_that_verifiers_read(client, settings):
    answer = client.get("/api/log/policy")
    assert answer.content.decode() == settings.LOG.policy.text
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "yinuo.policy" in answer.headers["Content-Disposition"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl is installed")
def test_the_commands_on_the_page_do_what_it_says(client, state, serving, tmp_path):
    state(3)
    (tmp_path / "3.tlog-proof").write_text(str(queries.tlog_proof(number=2)))
    addresses = ("/api/log/checkpoint", "/api/log/policy", "/static/yinuo/verify_record.py")
    answers = {address: client.get(address).getvalue() for address in addresses}    # other threads would not see this database
    host = serving(lambda method, path, body: (200, "text/plain", answers[path])).removeprefix("http://")
    page = client.get("/record/", headers={"host": host}).content.decode()
    commands = re.findall(r'<pre class="command"[^>]*><code>(.*?)</code></pre>', page, flags=re.DOTALL)
    assert len(commands) == 3
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for command in commands:
        line = command.replace("&amp;", "&").replace("FILE", "3.tlog-proof")
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path)}, capture_output=True, text=True,
            check=False,
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    assert (tmp_path / "yinuo.checkpoint").read_text() == queries.checkpoint()[1]
    assert not (tmp_path / "var").exists()      # checking makes no installation


@given(st.integers(0, 2**40))
def test_mountains_are_the_full_subtrees_of_the_tree(size):
    found = mountains(size).mountains
    assert sum(each.facts for each in found) == size
    assert [each.level for each in found] == levels_of(size) == sorted({each.level for each in found}, reverse=True)
    following = 0
    for each in found:
        assert each.first == following
        assert each.last - each.first + 1 == each.facts
        following = each.last + 1


@given(st.integers(1, 2**40))
def test_mountains_stand_side_by_side_within_the_picture(size):
    drawn = mountains(size)
    places = [float(each.x.removesuffix("%")) for each in drawn.mountains]
    heights = [float(each.y.removesuffix("%")) for each in drawn.mountains]
    assert places == sorted(places)
    assert heights == sorted(heights)               # the largest is the highest: y runs downwards
    assert all(0 < x < 100 for x in places)
    assert all(0 <= y < 100 for y in heights)
    for each in drawn.mountains:
        start, breadth = float(re.match(r"M(-?[\d.]+) ", each.outline)[1]), 0.0
        for curve in re.findall(r"c([^cM]+)", each.outline):
            breadth += float(curve.split()[4])
        assert start >= -1
        assert start + breadth <= SQUARE + 1
    assert bool(drawn.line) == (len(drawn.mountains) > 1)


def test_the_hills_at_the_foot_of_a_small_mountain_are_its_facts():
    eight, = mountains(8).mountains
    assert [fold.count("M") for fold in eight.folds] == [2, 4, 8]
    one, = mountains(1).mountains
    assert one.folds == []


def test_a_witness_out_of_sight_is_not_said_to_have_signed_nothing(client, state, watched, now, monkeypatch):
    monkeypatch.setattr("yinuo.record.queries.shown.LOOKED_AT_MAX", 3)
    state(5)
    for size in range(1, 5):
        cosigned("press", size, now)
    text = text_of(client.get("/record/"))
    assert "none of the newest signatures is theirs" in text
    assert "has signed none yet" not in text


def test_a_log_that_signs_for_itself_alone_is_not_asked_for_witnesses(client, state, settings):
    key = signer("press").verifier
    settings.LOG = replace(settings.LOG, witnessed=Policy(dict.fromkeys(settings.LOG.verifiers, ""), {"press": Witness(key)}))
    state(1)
    assert "The policy asks for none of them" in text_of(client.get("/record/"))


@pytest.mark.browser
def test_the_picture_is_redrawn_once_facts_were_sealed(browser, client, state):
    page = browser.new_context(locale="en-GB", reduced_motion="reduce").new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)

    here = connections["default"]

    def answer(route):      # by Django's own client: the facts are in this test's transaction, which no server sees
        connections["default"] = here       # Playwright calls from a context of its own, which would open another one
        headers = {name: value for name, value in route.request.headers.items() if name != "host"}
        got = client.get(route.request.url.removeprefix("http://localhost"), headers=headers)
        route.fulfill(status=got.status_code, headers=dict(got.items()), body=got.getvalue())

    state(7)
    page.clock.install()
    page.route("http://localhost/**", answer)
    page.goto("http://localhost/record/")
    page.get_by_text("The same as a table").click()
    assert page.locator(".tree .score").inner_text() == "7"
    assert page.locator("#peaks tbody tr").count() == 3
    page.evaluate("document.getElementById('tree').dataset.kept = 'yes'")
    with page.expect_response("**/record/tree/**") as looked:
        page.clock.run_for(5_500)
    assert looked.value.status == 204
    assert page.locator(".tree").get_attribute("data-kept") == "yes"       # nothing was touched: nothing had changed
    state(1)
    page.clock.run_for(5_500)
    page.locator(".tree .score", has_text="8").wait_for()
    page.clock.run_for(1_000)
    assert page.locator(".tree .mist").count() == 1         # seven and one are eight: one mountain
    assert page.locator("#peaks tbody tr").count() == 1
    assert page.locator("#peaks").is_visible()              # the table stays open
    assert page.locator(".tree").get_attribute("hx-get").endswith("drawn=8.8")
    assert complaints == []
