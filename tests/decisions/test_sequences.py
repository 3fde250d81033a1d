"""Whatever anybody does in whatever order: no adverse decision without its statement, never one human on both sides, one open
contest of a matter and one open appeal, rows and facts that agree, and a refused act that changes nothing.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from yinuo.credit import actions as credit
from yinuo.credit.models import Dispatch
from yinuo.decisions import actions, queries
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.decisions.rules import ACTS, Objection, Statement
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.keys import KeysInMemory
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Refusal
from yinuo.pipelines.react import react
from yinuo.record.queries import contents_by_number, entry_count, size
from yinuo.timers.models import Timer

pytestmark = pytest.mark.django_db

WORDS = "What happened to the parcel on the second of May, as the carrier's own booking tells it, number"
CAUSES = ["carrier", "unknown", "merchant", None]
PICK = st.integers(0, 3)
STEPS = st.one_of(
    st.tuples(st.just("decide"), PICK, st.sampled_from(["no", "partly", "wholly"])),
    st.tuples(st.just("contest"), PICK, st.just(None)),
    st.tuples(st.just("contest_fact"), PICK, st.just(None)),
    st.tuples(st.just("settle"), PICK, st.sampled_from(CAUSES)),
    st.tuples(st.just("reject"), PICK, st.just(None)),
    st.tuples(st.just("withdraw"), PICK, st.just(None)),
    st.tuples(st.just("lapse"), PICK, st.just(None)),
    st.tuples(st.just("appeal"), PICK, st.just(None)),
    st.tuples(st.just("uphold_appeal"), PICK, st.sampled_from(CAUSES)),
    st.tuples(st.just("reject_appeal"), PICK, st.just(None)),
    st.tuples(st.just("withdraw_appeal"), PICK, st.just(None)),
    st.tuples(st.just("late_appeal"), PICK, st.just(None)),
    st.tuples(st.just("correct"), PICK, st.just(None)),
    st.tuples(st.just("follow"), PICK, st.just(None)),
)


class World:
    """One merchant with late orders, eight actors, and whatever they try."""

    def __init__(self, late, take, event, now, due):
        owner = frozenset({"merchant_owner"})
        self.late, self.take, self.event, self.at, self.due = late, take, event, now, due
        self.realm = Realm(key=b"k" * 32, entropy=random.Random(7).randbytes, keys=KeysInMemory(b"w" * 32))
        self.actors = [
            Actor("account:1", frozenset({"steward"})), Actor("account:2", frozenset({"steward"})),
            Actor("account:3", frozenset({"steward"}), own={late.merchant: owner}),      # on both sides
            Actor("account:9", own={late.merchant: owner}), Actor("account:9", frozenset({"steward"})),     # who has left since
            late.reader, SYSTEM, PUBLIC,
        ]
        self.key = contents_by_number(numbers=late.numbers[:1])[late.numbers[0]].key
        self.scans = [
            number for number, content in contents_by_number(numbers=range(size())).items()
            if type(content.fact).__name__ == "ShipmentHandedOver"
        ]
        self.said = 0

    def proper(self, step, pick):
        """Whoever may usually do it: the clock, one of two stewards, or the owner."""
        if step in ("lapse", "late_appeal"):
            return SYSTEM
        if step in ("decide", "settle", "reject", "uphold_appeal", "reject_appeal"):
            return self.actors[(pick + self.said) % 2]
        return self.actors[3]

    def words(self):
        self.said += 1
        return f"{WORDS} {self.said}"

    def try_it(self, actor, step, pick, more):
        """Whether it was done; a refusal leaves everything as it was."""
        self.at += timedelta(hours=1)
        before = self.everything()
        say = {"actor": actor, "realm": self.realm, "at": self.at}
        try:
            with transaction.atomic():
                done = getattr(self, step)(pick, more, say)
        except Refusal:
            assert self.everything() == before, step
            return False
        return done is not False

    def everything(self):
        return (
            [list(model.objects.order_by("pk").values_list()) for model in (Decision, Contest, Appeal, Timer)], entry_count()
        )

    def decide(self, pick, automated, say):
        actions.decide(**say, statement=Statement(
            act="warning", ground="terms", facts=(self.key,) if pick else (), words=self.words(), automated=automated,
            since=self.at, merchant=self.late.merchant,
        ))

    def contest(self, pick, _, say):
        orders = self.late.orders if pick == 3 else self.late.orders[pick:pick + 1]
        credit.contest_causes(
            merchant=self.late.merchant, orders=orders, aspect="dispatch", claimed="carrier",
            objection=Objection(self.words(), self.due), **say,
        )

    def contest_fact(self, pick, _, say):
        number = self.scans[pick % len(self.scans)]
        credit.contest_fact(
            merchant=self.late.merchant, number=number, objection=Objection(self.words(), self.due), **say
        )

    def settle(self, pick, cause, say):
        chosen = self.one_of(Contest, pick)
        actions.settle_contests(ids=[chosen], upheld=True, ground="evidence", words=self.words(), cause=cause, **say)

    def reject(self, pick, _, say):
        chosen = self.one_of(Contest, pick)
        actions.settle_contests(ids=[chosen], upheld=False, ground="evidence", words=self.words(), cause=None, **say)

    def withdraw(self, pick, _, say):
        actions.withdraw_contest(contest_id=self.one_of(Contest, pick), **say)

    def lapse(self, pick, _, say):
        return actions.lapse_contest(contest_id=self.one_of(Contest, pick), **say | {"at": self.due})

    def appeal(self, pick, _, say):
        actions.open_appeal(
            decision_id=self.one_of(Decision, pick), objection=Objection(self.words(), self.due), **say
        )

    def uphold_appeal(self, pick, cause, say):
        actions.settle_appeal(appeal_id=self.one_of(Appeal, pick), upheld=True, words=self.words(), cause=cause, **say)

    def reject_appeal(self, pick, _, say):
        actions.settle_appeal(appeal_id=self.one_of(Appeal, pick), upheld=False, words=self.words(), **say)

    def withdraw_appeal(self, pick, _, say):
        actions.withdraw_appeal(appeal_id=self.one_of(Appeal, pick), **say)

    def late_appeal(self, pick, _, say):
        return actions.note_late_appeal(actor=say["actor"], appeal_id=self.one_of(Appeal, pick), at=self.due)

    def correct(self, pick, _, say):
        """The shop states a hand-over anew."""
        self.said += 1
        self.take([self.event(
            "delivery.shipment_handed_over", id=f"again{self.said}", time=f"2026-05-04T0{pick}:30:00Z", shipment=f"s{pick % 3}",
            order=f"o{pick % 3}", supersedes=f"h{pick % 3}",
        )], at=self.at)

    def follow(self, pick, _, say):
        react(domains=settings.DOMAINS, realm=self.realm, at=self.at)

    @staticmethod
    def one_of(model, pick):
        """The newest but so many: what is tried is mostly about what is new."""
        newest = "-decided_at" if model is Decision else "-opened_at"
        found = list(model.objects.order_by(newest, "pk").values_list("pk", flat=True))
        return found[min(pick, len(found) - 1)] if found else "none"


def holds(world):
    """What must be true whatever was tried."""
    decisions = {row.pk: row for row in Decision.objects.all()}
    contests, appeals = list(Contest.objects.all()), list(Appeal.objects.all())
    reasons = queries.words(name="reasons", subjects=list(decisions), realm=world.realm)
    for pk, row in decisions.items():
        if ACTS[row.act].adverse:
            assert reasons[pk]
            assert row.facts
            assert row.appeal_until > row.decided_at
        assert (row.reversed_at is not None) == any(
            each.decision_id == pk and each.state == "upheld" for each in appeals
        )
    for row in contests:
        if row.decision_id:
            decided = decisions[row.decision_id]
            assert decided.decided_by != row.opened_by
            assert decided.contest == row.pk
            later = [each for each in contests if each.matter == row.matter and each.decision_id and each.pk != row.pk]
            assert decided.decided_by not in {decisions[each.decision_id].decided_by for each in later}
        assert (row.state in ("upheld", "rejected")) == (row.decision_id is not None)
        assert Timer.objects.filter(subject=row.pk, done=None).exists() == (row.state == "open")
    assert all(count == 1 for count in Counter(row.matter for row in contests if row.state in ("open", "upheld")).values())
    assert all(count == 1 for count in Counter(row.decision_id for row in appeals if row.state != "withdrawn").values())
    for row in appeals:
        if row.settled_by:
            assert row.settled_by not in {decisions[row.decision_id].decided_by, row.opened_by, "account:9", "system"}
            assert "account:3" not in (row.settled_by, decisions[row.decision_id].decided_by)    # who acts for the merchant
        assert Timer.objects.filter(subject=row.pk, done=None).exists() == (row.state == "open")
    react(domains=settings.DOMAINS, realm=world.realm, at=world.at)
    _record_agrees(decisions, contests, appeals)
    causes = dict(Dispatch.objects.values_list("pk", "cause"))
    for row in contests:
        if row.aspect == "dispatch" and row.order in causes and row.state == "upheld":
            assert causes[row.order] in (row.cause, None)


def _record_agrees(decisions, contests, appeals):
    told: dict[str, list] = {}
    for content in contents_by_number(numbers=range(size())).values():
        told.setdefault(type(content.fact).__name__, []).append(content.fact)
    taken, reversed_ = told.get("DecisionTaken", ()), told.get("DecisionReversed", ())
    assert sorted((each.decision, each.act) for each in taken) == sorted((pk, row.act) for pk, row in decisions.items())
    assert {each.decision for each in reversed_} == {pk for pk, row in decisions.items() if row.reversed_at}
    assert {each.contest for each in told.get("ContestOpened", ())} == {row.pk for row in contests}
    last = {each.contest: (each.outcome, each.cause or "") for each in told.get("ContestSettled", ())}
    assert last == {row.pk: (row.state, row.cause) for row in contests if row.state != "open"}
    assert {each.contest for each in told.get("ContestLapsed", ())} == {row.pk for row in contests if row.lapsed_at}
    assert {each.appeal for each in told.get("AppealOpened", ())} == {row.pk for row in appeals}
    assert {each.appeal: each.outcome for each in told.get("AppealSettled", ())} == {
        row.pk: row.state for row in appeals if row.state != "open"
    }


@trying(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tried=st.lists(st.tuples(st.none() | st.integers(0, 7), STEPS), min_size=4, max_size=24))
def test_whatever_anybody_does(late, take, event, now, due, tried):
    mark = transaction.savepoint()
    try:
        world = World(late, take, event, now, due)
        for actor, (step, pick, more) in tried:
            world.try_it(world.proper(step, pick) if actor is None else world.actors[actor], step, pick, more)
        holds(world)
    finally:
        transaction.savepoint_rollback(mark)


def test_a_long_way_through_all_of_it(late, take, event, now, due):
    """The sequence that a search by chance would seldom meet: rejected, appealed, taken back, appealed, contested, upheld."""
    world = World(late, take, event, now, due)
    one, two, _, owner, *_ = world.actors
    for actor, step, pick, more in [
        (owner, "contest", 0, None), (one, "reject", 0, None), (owner, "contest", 0, None), (owner, "appeal", 0, None),
        (owner, "withdraw_appeal", 0, None), (owner, "appeal", 0, None), (two, "uphold_appeal", 0, "carrier"),
        (owner, "contest_fact", 1, None), (SYSTEM, "lapse", 0, None), (one, "settle", 0, None), (SYSTEM, "follow", 0, None),
        (SYSTEM, "decide", 1, "wholly"), (owner, "appeal", 0, None), (SYSTEM, "late_appeal", 0, None),
        (one, "reject_appeal", 0, None), (SYSTEM, "correct", 0, None),
    ]:
        assert world.try_it(actor, step, pick, more), step
    assert sorted(Contest.objects.values_list("state", flat=True)) == ["upheld", "upheld", "withdrawn"]
    assert sorted(Appeal.objects.values_list("state", flat=True)) == ["rejected", "upheld", "withdrawn"]
    holds(world)
