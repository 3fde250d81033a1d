"""Anchors: a calendar of our own speaks OpenTimestamps' protocol; a proof is first a promise, later the way to a block."""

from __future__ import annotations

import hashlib
import sys
from datetime import timedelta

import pytest

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.anchors import NotInstalled, anchor_digest, block_of, digest_of, upgrade
from yinuo.kit.notes import parse_note
from yinuo.kit.outbound import send
from yinuo.kit.refusals import Malformed, NotAllowed
from yinuo.record import actions, queries
from yinuo.record.models import Anchor, Checkpoint

ots = pytest.importorskip("opentimestamps.core.timestamp", reason="the extra opentimestamps")
op = pytest.importorskip("opentimestamps.core.op")
notary = pytest.importorskip("opentimestamps.core.notary")
serialize = pytest.importorskip("opentimestamps.core.serialize")

pytestmark = pytest.mark.django_db
HEIGHT = 900_000


def written(stamp):
    context = serialize.BytesSerializationContext()
    stamp.serialize(context)
    return context.getbytes()


class Calendar:
    """A calendar: it gathers digests, promises, and has a block when told so; `wrong` changes what it answers."""

    def __init__(self, serving):
        self.uri, self.block, self.asked, self.wrong = "", None, [], lambda answer: answer
        self.uri = serving(self.answer)

    def answer(self, method, path, body):
        self.asked.append((method, path))
        kind = "application/vnd.opentimestamps.v1"
        if (method, path) == ("POST", "/digest"):
            assert len(body) == 32
            stamp = ots.Timestamp(body)
            promised = stamp.ops.add(op.OpAppend(b"calendar")).ops.add(op.OpSHA256())
            promised.attestations.add(notary.PendingAttestation(self.uri))
        elif method == "GET" and path.startswith("/timestamp/"):
            if self.block is None:
                return 404, "text/plain", b"Pending confirmation in Bitcoin blockchain"
            stamp = ots.Timestamp(bytes.fromhex(path.removeprefix("/timestamp/")))
            block = stamp.ops.add(op.OpPrepend(b"merkle")).ops.add(op.OpSHA256())
            block.attestations.add(notary.BitcoinBlockHeaderAttestation(self.block))
        else:
            return 404, "text/plain", b""
        return 200, kind, self.wrong(written(stamp))


@pytest.fixture
def calendar(serving):
    return Calendar(serving)


def test_promised_first_and_complete_later(state, calendar, now):
    text = parse_note(state()).text
    (visit,) = actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    assert visit.good
    assert queries.anchors_pending() == [1]
    proof = queries.anchor_of(size=1)
    assert digest_of(proof) == hashlib.sha256(text.encode()).digest()
    assert block_of(proof) is None
    assert Checkpoint.objects.get(pk=1).pinned
    (visit,) = actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    assert (visit.good, visit.told) == (False, "has nothing new yet.")
    assert queries.anchor_of(size=1) == proof
    calendar.block = HEIGHT
    (visit,) = actions.anchor(actor=SYSTEM, calendars=[f"{calendar.uri}/"], send=send, at=now)
    assert visit.good
    complete = queries.anchor_of(size=1)
    assert (block_of(complete), digest_of(complete)) == (HEIGHT, digest_of(proof))
    assert Anchor.objects.get().block == HEIGHT
    assert queries.anchors_pending() == []
    asked = len(calendar.asked)
    assert actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now) == []
    assert len(calendar.asked) == asked


def test_the_library_reads_what_is_kept(state, calendar, now):
    text = parse_note(state()).text
    calendar.block = HEIGHT
    for _ in range(2):
        actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    read = ots.DetachedTimestampFile.deserialize(serialize.BytesDeserializationContext(queries.anchor_of(size=1)))
    assert read.file_digest == hashlib.sha256(text.encode()).digest()
    inner = hashlib.sha256(read.file_digest + b"calendar").digest()
    root = hashlib.sha256(b"merkle" + inner).digest()
    assert (root, notary.BitcoinBlockHeaderAttestation(HEIGHT)) in list(read.timestamp.all_attestations())


def test_once_a_day(state, calendar, now):
    for hours, anchored in ((0, 1), (1, 1), (23, 1), (24, 2), (25, 2)):
        at = now + timedelta(hours=hours)
        state(at=at)
        actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=at, every=timedelta(days=1))
        assert Anchor.objects.count() == anchored


def test_several_calendars_and_one_that_fails(state, serving, calendar, now):
    state()
    other = Calendar(serving)
    calendars = ["http://127.0.0.1:1", calendar.uri, other.uri]
    assert [v.good for v in actions.anchor(actor=SYSTEM, calendars=calendars, send=send, at=now)] == [False, True, True]
    other.block = HEIGHT
    actions.anchor(actor=SYSTEM, calendars=calendars, send=send, at=now)
    assert Anchor.objects.get().block == HEIGHT


def test_no_calendar_answers_and_nothing_is_kept(state, now):
    state()
    assert [v.good for v in actions.anchor(actor=SYSTEM, calendars=["http://127.0.0.1:1"], send=send, at=now)] == [False]
    assert not Anchor.objects.exists()


WRONG = {
    "empty": lambda answer: b"", "cut off": lambda answer: answer[:-3], "left over": lambda answer: answer + b"x",
    "nonsense": lambda answer: b"\x07" * 50, "huge": lambda answer: answer + b"x" * 10_001,
    "deep": lambda answer: b"\x08" * 9_000, "forks": lambda answer: b"\xff\x08" * 300,
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_answer_is_told_and_nothing_changes(state, calendar, now, what):
    state()
    calendar.wrong = WRONG[what]
    (visit,) = actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    assert not visit.good
    assert not Anchor.objects.exists()
    calendar.wrong = lambda answer: answer
    actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    before = queries.anchor_of(size=1)
    calendar.wrong, calendar.block = WRONG[what], HEIGHT
    (visit,) = actions.anchor(actor=SYSTEM, calendars=[calendar.uri], send=send, at=now)
    assert not visit.good
    assert queries.anchor_of(size=1) == before


def test_a_calendar_cannot_send_us_elsewhere(state, serving, calendar, now):
    """A promise names where to ask later; only the calendars of the settings are asked."""
    state()
    other = Calendar(serving)
    calendar.uri, own = other.uri, calendar.uri
    actions.anchor(actor=SYSTEM, calendars=[own], send=send, at=now)
    assert actions.anchor(actor=SYSTEM, calendars=[own], send=send, at=now) == []
    assert other.asked == []
    assert queries.anchors_pending() == [1]


@pytest.mark.parametrize("proof", [b"", b"nonsense", b"\0OpenTimestamps", b"x" * 1_000_001])
def test_what_is_no_proof_is_refused(proof):
    with pytest.raises(Malformed):
        digest_of(proof)
    with pytest.raises(Malformed):
        upgrade(proof, [], send)


def test_every_cut_proof_is_refused(calendar):
    proof, _ = anchor_digest(b"d" * 32, [calendar.uri], send)
    for end in range(len(proof)):
        with pytest.raises(Malformed):
            block_of(proof[:end])


def test_only_the_system_asks(state, calendar, now):
    state()
    with pytest.raises(NotAllowed):
        actions.anchor(actor=PUBLIC, calendars=[calendar.uri], send=send, at=now)
    assert calendar.asked == []


def test_without_the_extra_it_says_so(state, now, monkeypatch):
    state()
    monkeypatch.setitem(sys.modules, "opentimestamps.core", None)
    with pytest.raises(NotInstalled, match=r"pip install 'yinuo\[opentimestamps\]'"):
        actions.anchor(actor=SYSTEM, calendars=["http://127.0.0.1:1"], send=send, at=now)
    assert not Anchor.objects.exists()
