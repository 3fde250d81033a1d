"""The database knows by which secret and which keys of the log it was begun, and the log what it has signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.log import LogStopped, log_of
from yinuo.kit.refusals import NotAllowed
from yinuo.record import actions, queries
from yinuo.record.models import Checkpoint, Installation, TimeStamp

pytestmark = pytest.mark.django_db


@pytest.fixture
def logged(realm, tmp_path):
    """A realm whose log is the one that `state` signs by."""
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    return replace(realm, log=log)


OTHERS = {
    "secret": lambda realm: replace(realm, key=b"K" + realm.key[1:]),
    "one key": lambda realm: replace(
        realm, log=log_of(origin="example.com/log", ed25519=b"E" * 32, ml_dsa=b"m" * 32, last=realm.log.last)
    ),
    "other key": lambda realm: replace(
        realm, log=log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"M" * 32, last=realm.log.last)
    ),
    "name": lambda realm: replace(
        realm, log=log_of(origin="example.com/lot", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=realm.log.last)
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_a_database_with_facts_was_begun_by_stays(state, logged, other):
    actions.recognise(actor=SYSTEM, realm=logged)
    state()
    actions.recognise(actor=SYSTEM, realm=logged)
    known = Installation.objects.values().get()
    with pytest.raises(actions.NotRecognised, match="realm.key" if other == "secret" else "log-keys.json"):
        actions.recognise(actor=SYSTEM, realm=OTHERS[other](logged))
    if other == "secret":       # not even where another log is begun
        with pytest.raises(actions.NotRecognised):
            actions.recognise(actor=SYSTEM, realm=OTHERS[other](logged), another_log=True)
    assert Installation.objects.values().get() == known


@pytest.mark.parametrize("other", OTHERS)
def test_without_facts_nothing_hangs_on_them(logged, other):
    for realm in (logged, OTHERS[other](logged), logged):
        actions.recognise(actor=SYSTEM, realm=realm)
    with pytest.raises(NotAllowed):
        actions.recognise(actor=PUBLIC, realm=logged)


def test_what_is_kept_tells_nothing_of_the_secret(logged):
    actions.recognise(actor=SYSTEM, realm=logged)
    known = Installation.objects.get()
    assert logged.key not in bytes(known.secret)
    assert known.log.splitlines() == [key.vkey for key in logged.log.verifiers]


def test_a_log_that_forgot_what_it_signed_stops(state, logged):
    state()
    kept = logged.log.last.read_bytes()
    logged.log.last.unlink()
    with pytest.raises(LogStopped, match="last: The file of the last signed checkpoint is missing, but a head of 1 facts"):
        state()
    assert (queries.size(), logged.log.last.exists()) == (1, False)
    logged.log.last.write_bytes(kept)
    state()
    assert queries.size() >= 2


def test_a_last_head_that_lacks_a_signature_of_ours_stops_it(state, logged):
    note = state()
    lines = note.splitlines(keepends=True)
    logged.log.last.write_text("".join(lines[:-1]))
    with pytest.raises(LogStopped, match="lacks the signature of the log's ML_DSA_44 key"):
        state()
    logged.log.last.write_bytes(note.encode() + b"\xff")
    with pytest.raises(LogStopped, match="not UTF-8"):
        state()
    assert Checkpoint.objects.count() == 1
    Checkpoint.objects.update(note="".join([*lines[:-2], lines[-1]]))
    logged.log.last.write_text(note)
    (fault,) = queries.audit(log=logged.log).faults
    assert "lacks the signature of the log's ED25519 key" in fault


def test_another_log_is_begun_openly_and_under_another_name(state, logged, now):
    actions.recognise(actor=SYSTEM, realm=logged)
    state()
    TimeStamp.objects.create(size=1, authority="a", answer=b"x", at=now)
    second = replace(logged, log=log_of(origin="example.com/2", ed25519=b"2" * 32, ml_dsa=b"3" * 32, last=logged.log.last))
    with pytest.raises(NotAllowed):
        actions.begin_log(actor=PUBLIC, realm=second)
    with pytest.raises(actions.NotRecognised, match="another"):
        actions.begin_log(actor=SYSTEM, realm=OTHERS["one key"](logged))
    assert Checkpoint.objects.count() == TimeStamp.objects.count() == 1
    logged.log.last.unlink()
    actions.recognise(actor=SYSTEM, realm=second, another_log=True)
    assert actions.begin_log(actor=SYSTEM, realm=second) == 1
    actions.recognise(actor=SYSTEM, realm=second)
    actions.publish(actor=SYSTEM, log=second.log, at=now)
    assert queries.checkpoint()[1].startswith("example.com/2\n1\n")
    assert queries.audit(log=second.log).faults == []
    assert TimeStamp.objects.count() == 0
