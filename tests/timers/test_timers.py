"""Timers: leased, run, tried again, given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from yinuo.timers import actions, queries
from yinuo.timers.models import Timer

pytestmark = pytest.mark.django_db
KIND = "trade.hand_over"


def due(now, subject="o1", minutes=0):
    return actions.set_timer(kind=KIND, subject=subject, due=now + timedelta(minutes=minutes))


def test_runs_what_is_due_once_and_earliest_first(now):
    due(now, "later", -1)
    due(now, "first", -2)
    due(now, "not yet", 1)
    ran = []
    handlers = {KIND: lambda subject, at: ran.append(subject)}
    assert actions.run_due(handlers=handlers, at=now) == (2, 0)
    assert actions.run_due(handlers=handlers, at=now) == (0, 0)
    assert ran == ["first", "later"]


def test_a_subject_has_one_open_timer_of_a_kind(now):
    due(now, minutes=1)
    due(now, minutes=2)
    assert [timer.due for timer in queries.open_timers(kind=KIND)] == [now + timedelta(minutes=2)]
    assert actions.cancel_timer(kind=KIND, subject="o1")
    assert not actions.cancel_timer(kind=KIND, subject="o1")


def test_a_leased_timer_is_left_alone_until_its_lease_runs_out(now):
    due(now)
    assert actions.lease_due(at=now)
    assert not actions.lease_due(at=now + timedelta(minutes=4))
    assert actions.lease_due(at=now + timedelta(minutes=6))


def test_kinds_without_a_handler_wait(now):
    due(now)
    assert actions.run_due(handlers={}, at=now) == (0, 0)
    assert queries.late_count(at=now + timedelta(minutes=1)) == 1


def test_a_failure_is_tried_again_after_twice_as_long_and_then_given_up(now):
    due(now)
    at, waits = now, []

    def fail(subject, at):
        Timer.objects.filter(subject="o1").update(trouble="half done")
        raise ValueError("no\0t today")

    while not queries.dead_timers():
        assert actions.run_due(handlers={KIND: fail}, at=at) == (0, 1)
        timer = Timer.objects.get()
        waits.append((timer.due - at) / timedelta(minutes=1))
        at = timer.due
    assert waits == [2, 4, 8, 16, 32]
    assert queries.dead_timers()[0].trouble == "ValueError: no t today"      # and nothing half done
    assert actions.run_due(handlers={KIND: fail}, at=at) == (0, 0)


def test_one_failure_does_not_stop_the_others(now):
    due(now, "bad", -1)
    due(now, "good")

    def handle(subject, at):
        if subject == "bad":
            raise RuntimeError

    assert actions.run_due(handlers={KIND: handle}, at=now) == (1, 1)


def test_a_timer_cancelled_or_moved_by_another_ones_handler_does_not_run(now):
    due(now, "first", -2)
    due(now, "cancelled", -1)
    due(now, "moved", -1)
    ran = []

    def handle(subject, at):
        ran.append(subject)
        actions.cancel_timer(kind=KIND, subject="cancelled")
        due(now, "moved", 5)

    assert actions.run_due(handlers={KIND: handle}, at=now) == (1, 0)
    assert ran == ["first"]
    assert [timer.subject for timer in queries.open_timers()] == ["moved"]


def test_a_handler_that_cancels_its_own_timer_and_then_fails_changes_nothing(now):
    due(now)

    def handle(subject, at):
        actions.set_timer(kind=KIND, subject="other", due=at)
        raise RuntimeError

    assert actions.run_due(handlers={KIND: handle}, at=now) == (0, 1)
    assert [timer.subject for timer in queries.open_timers()] == ["o1"]


def test_what_runs_apart_is_done_once_its_handler_came_back(now):
    due(now)
    due(now, "fails")
    ran = []

    def handle(subject, at):
        ran.append((subject, queries.late_count(at=at + timedelta(minutes=1))))
        if subject == "fails":
            raise RuntimeError

    assert actions.run_due_apart(handlers={KIND: handle}, at=now) == (1, 1)
    assert ran == [("o1", 2), ("fails", 1)]
    assert actions.run_due_apart(handlers={KIND: handle}, at=now) == (0, 0)
    actions.drop_timers(subject="o1")
    assert [timer.subject for timer in Timer.objects.all()] == ["fails"]
