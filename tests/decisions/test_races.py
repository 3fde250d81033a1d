"""Two at once, on a database with several writers: nobody waits for somebody who waits for them, and one of both wins."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.conf import settings
from django.db import connection, transaction

from yinuo.credit import actions as credit
from yinuo.decisions import actions
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.reactions import TIMERS
from yinuo.decisions.rules import Objection, Statement
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Conflict, Refusal
from yinuo.pipelines.persons import erase
from yinuo.record.queries import contents_by_number, mentions_of, size
from yinuo.reviews.models import Review
from yinuo.timers.actions import run_due
from yinuo.vault import actions as vault

pytestmark = [
    pytest.mark.usefixtures("lasting"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
WORDS = "The carrier did not come to collect, see the booking of 2 May."
ENTROPY = iter(range(1, 1000))


def fresh():
    """The realm with randomness of its own: two threads would draw the same ids from one seed."""
    return Realm(key=b"k" * 32, entropy=random.Random(next(ENTROPY) * 7919).randbytes, keys=KeysInMemory(b"w" * 32))


class Meeting:
    """Two threads: the first holds what it locked until the second waits for it (or is done), then goes on."""

    def __init__(self):
        self.holds, self.troubles, self.done = threading.Event(), [], []

    def run(self, first, second):
        threads = [threading.Thread(target=self._safely, args=(act,)) for act in (lambda: first(self.until_awaited), second)]
        threads[0].start()
        assert self.holds.wait(60), self.troubles
        threads[1].start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return self.troubles

    def until_awaited(self):
        """Called by the first once it holds its locks: come back when somebody waits for one, or nobody ever will."""
        self.holds.set()
        while not self.done and not self._somebody_waits():
            time.sleep(.01)

    def _somebody_waits(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                           "WHERE NOT l.granted AND a.datname = current_database()")
            return bool(cursor.fetchone()[0])

    def _safely(self, act):
        try:
            act()
        except Exception as trouble:  # noqa: BLE001 - told to the test
            self.troubles.append(trouble)
        finally:
            self.done.append(act)
            connection.close()


def say(due):
    return Objection(WORDS, due)


@pytest.fixture
def contest(late, now, due):
    (contest,) = credit.contest_causes(
        actor=late.owner, merchant=late.merchant, orders=late.orders[:1], aspect="dispatch", claimed="carrier",
        objection=say(due), realm=fresh(), at=now,
    )
    return contest


@pytest.fixture
def appeal(late, now, due, contest):
    actions.settle_contests(
        actor=STEWARD, ids=[contest.pk], upheld=False, ground="evidence", words=WORDS, cause=None, realm=fresh(), at=now
    )
    return actions.open_appeal(
        actor=late.owner, decision_id=Decision.objects.get().pk, objection=say(due), realm=fresh(), at=now
    )


def clock(hold, at):
    """What the worker does about a timer that is due, halting between its lock on the timer and what the timer is about."""
    def handler(act):
        def handle(subject, moment):
            hold()
            act(subject, moment, realm=fresh())
        return handle

    assert run_due(handlers={kind: handler(act) for kind, act in TIMERS.items()}, at=at) in ((1, 0), (0, 0))


def settled(contest, at):
    actions.settle_contests(
        actor=STEWARD, ids=[contest.pk], upheld=True, ground="evidence", words=WORDS, cause="carrier", realm=fresh(), at=at
    )


@pytest.mark.parametrize("act", ["settle", "withdraw"])
def test_a_contest_is_settled_while_its_clock_runs_out(contest, late, due, act):
    def end():
        if act == "settle":
            settled(contest, due)
        else:
            actions.withdraw_contest(actor=late.owner, contest_id=contest.pk, realm=fresh(), at=due)

    assert Meeting().run(lambda hold: clock(hold, due), end) == []
    ended = Contest.objects.get()
    assert (ended.state, ended.lapsed_at) == ("upheld" if act == "settle" else "withdrawn", due)


@pytest.mark.parametrize("act", ["settle", "withdraw"])
def test_an_appeal_is_answered_while_its_clock_runs_out(appeal, late, due, act):
    def end():
        if act == "settle":
            actions.settle_appeal(
                actor=OTHER, appeal_id=appeal.pk, upheld=True, words=WORDS * 2, cause="carrier", realm=fresh(), at=due
            )
        else:
            actions.withdraw_appeal(actor=late.owner, appeal_id=appeal.pk, realm=fresh(), at=due)

    assert Meeting().run(lambda hold: clock(hold, due), end) == []
    assert (Appeal.objects.get().state, Appeal.objects.get().late) == ("upheld" if act == "settle" else "withdrawn", True)


def test_two_stewards_settle_the_same_and_one_of_them_is_told(contest, now):
    def first(hold):
        with transaction.atomic():
            settled(contest, now)
            hold()

    (refused,) = Meeting().run(first, lambda: settled(contest, now))
    assert isinstance(refused, Conflict)
    assert (Contest.objects.get().state, Decision.objects.count()) == ("upheld", 1)


def test_the_same_is_contested_twice_at_once_in_any_order(late, now, due):
    def contest(orders):
        credit.contest_causes(
            actor=late.owner, merchant=late.merchant, orders=orders, aspect="dispatch", claimed="carrier",
            objection=say(due), realm=fresh(), at=now,
        )

    def first(hold):
        with transaction.atomic():
            contest(late.orders)
            hold()

    (refused,) = Meeting().run(first, lambda: contest(late.orders[::-1]))
    assert isinstance(refused, Conflict)
    assert Contest.objects.count() == len(late.orders)


def test_the_same_is_appealed_twice_at_once(contest, late, now, due):
    actions.settle_contests(
        actor=STEWARD, ids=[contest.pk], upheld=False, ground="evidence", words=WORDS, cause=None, realm=fresh(), at=now
    )
    decision = Decision.objects.get().pk

    def appeal():
        actions.open_appeal(actor=late.owner, decision_id=decision, objection=say(due), realm=fresh(), at=now)

    def first(hold):
        with transaction.atomic():
            appeal()
            hold()

    (refused,) = Meeting().run(first, appeal)
    assert isinstance(refused, Conflict)
    assert Appeal.objects.count() == 1


def test_a_buyer_appeals_while_they_are_erased(late, take, event, now, due):
    vault.begin_epoch()     # the row that an erasure locks: earlier tests emptied the table
    take([event("reviews.review_published", id="r", review="r1", buyer="b1", merchant="m1", stars=1)])
    review = Review.objects.get()
    number = mentions_of(subject=review.pk, size=size())[0]
    made = actions.decide(actor=STEWARD, realm=fresh(), at=now, statement=Statement(
        act="review_hidden", ground="insult", facts=(contents_by_number(numbers=[number])[number].key,), words=WORDS,
        automated="no", since=now, buyer=review.buyer, review=review.pk,
    ))
    buyer = Actor("account:5", own={review.buyer: frozenset({"buyer"})})
    after = now.replace(year=now.year + 20)     # no law keeps anything by then

    def erased(hold):
        with transaction.atomic():
            vault.begin_epoch()     # as an erasure itself begins
            hold()
            erase(actor=SYSTEM, person=review.buyer, realm=fresh(), at=after, jurisdiction="cn", domains=settings.DOMAINS)

    troubles = Meeting().run(
        erased,
        lambda: actions.open_appeal(actor=buyer, decision_id=made.pk, objection=say(due), realm=fresh(), at=now),
    )
    assert all(isinstance(trouble, Refusal) for trouble in troubles), troubles
    assert Decision.objects.get().buyer == "-"
    assert not Appeal.objects.exists()
