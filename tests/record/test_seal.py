"""Sealing: dense, in one order, nothing skipped, whoever else is at work."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, connections, transaction

from yinuo.kit.actors import PUBLIC, SYSTEM
from yinuo.kit.refusals import NotAllowed
from yinuo.record import actions, queries
from yinuo.record.models import Entry, Seal
from yinuo.vault import actions as vault

only_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has one writer: nothing can commit late or at the same time"
)


@pytest.fixture
def state(realm, now, event):
    def stating(*ids, order="o1"):
        raws = [event("trade.order_paid", id=id, order=order) for id in ids]
        return actions.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm, at=now)

    return stating


def numbers():
    return list(Seal.objects.order_by("seq").values_list("seq", flat=True))


def in_thread(function):
    """Start a function on a connection of its own; join what is returned."""
    def run():
        try:
            function()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db
def test_numbers_are_dense_also_when_a_batch_is_sealed_in_parts(state, realm):
    state(*"abcde")
    state(*"fg")
    assert [actions.seal(actor=SYSTEM, realm=realm, limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert numbers() == list(range(7))
    assert queries.size() == 7
    assert queries.pending_count() == 0
    assert list(Seal.objects.order_by("seq").values_list("entry_id", flat=True)) == list(
        Entry.objects.order_by("pk").values_list("pk", flat=True)
    )


@pytest.mark.django_db
def test_only_the_system_seals(state, realm):
    state("a")
    with pytest.raises(NotAllowed):
        actions.seal(actor=PUBLIC, realm=realm)
    assert (queries.size(), queries.pending_count()) == (0, 1)


@only_postgresql
@pytest.mark.usefixtures("lasting")
def test_passes_at_the_same_time_share_the_work(state, realm):
    for number in range(20):
        state(*(f"{number}-{part}" for part in range(25)))

    def seal():
        while actions.seal(actor=SYSTEM, realm=realm, limit=7):
            pass

    for thread in [in_thread(seal) for _ in range(3)]:
        thread.join()
    assert numbers() == list(range(500))
    assert queries.size() == 500


@only_postgresql
@pytest.mark.usefixtures("lasting")
def test_what_commits_late_is_not_skipped(state, realm, now):
    vault.open_keys(realm=realm, at=now)     # else both would make the realm's first keys, and one wait for the other
    begun, go_on = threading.Event(), threading.Event()

    def late():
        with transaction.atomic():
            state("late", order="o2")
            begun.set()
            go_on.wait(20)

    thread = in_thread(late)
    assert begun.wait(20)
    state("early")                      # a higher id, committed first
    assert actions.seal(actor=SYSTEM, realm=realm) == 1
    go_on.set()
    thread.join()
    assert actions.seal(actor=SYSTEM, realm=realm) == 1
    assert numbers() == [0, 1]
    assert [recorded.seq for recorded in queries.facts(start=0, stop=2)] == [0, 1]


@only_postgresql
@pytest.mark.usefixtures("lasting")
def test_batches_at_the_same_time_agree_on_subjects_and_events(realm, now, event):
    """The same events and subjects from four sides at once, each in another order: taken once, refused never."""
    raws = [
        event("trade.order_placed", id=f"e{number}", order=f"o{number % 40}", merchant=f"m{number % 7}",
              amount_minor=1, currency="CNY", payer=f"p{number % 5}")
        for number in range(200)
    ]
    results = []

    def take(step):
        for low in range(0, 200, 50):
            chunk = sorted(raws[low : low + 50], key=lambda raw: hash((step, raw)))
            results.append(actions.take_events(actor=SYSTEM, source="shop", raws=chunk, realm=realm, at=now))

    for thread in [in_thread(lambda step=step: take(step)) for step in range(4)]:
        thread.join()
    assert len(results) == 16
    assert sum(taken.accepted for taken in results) == 200
    assert sum(taken.known for taken in results) == 600
    assert not any(taken.refused for taken in results)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vault_surrogate")
        assert cursor.fetchone() == (47,)


@only_postgresql
@pytest.mark.usefixtures("lasting")
def test_followers_of_one_name_wait_for_each_other():
    followed = []

    def follow():
        for _ in range(10):
            with transaction.atomic():
                position = actions.hold_cursor(name="follower")
                followed.append(position)
                actions.move_cursor(name="follower", position=position + 1)

    for thread in [in_thread(follow) for _ in range(3)]:
        thread.join()
    assert sorted(followed) == list(range(30))
