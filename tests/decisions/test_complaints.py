"""Contests of the cause found for a complaint: like those of orders, and as the complaint is told later."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.conf import settings

from yinuo.credit import actions as credit
from yinuo.credit.models import Complaint
from yinuo.credit.queries import complained, held_against
from yinuo.decisions import actions, queries
from yinuo.decisions.events import ContestLapsed, ContestOpened, ContestSettled
from yinuo.decisions.models import Contest, Decision
from yinuo.decisions.reactions import TIMERS
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound
from yinuo.pipelines.react import react, rebuild
from yinuo.record.queries import contents_by_number, size
from yinuo.timers.actions import run_due

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
STRANGER = Actor("account:7", own={"mother": frozenset({"merchant_owner"})})
WORDS = "The carton was crushed on the way, as the depot's own photographs show."
REASONS = "The photographs of the depot show the carton crushed before it was delivered."


@pytest.fixture
def said(event):
    """A complaint's events: said("c0", cause="merchant")."""

    def saying(complaint, *, merchant="m1", topic="not_as_described", outcome="upheld", cause="merchant", **more):
        about = {"complaint": complaint, "merchant": merchant}
        return [
            event("care.complaint_opened", id=f"{complaint}/o", time="2026-05-08T00:00:00Z", topic=topic, **about, **more),
            event("care.complaint_answered", id=f"{complaint}/a", time="2026-05-08T06:00:00Z", **about),
            event("care.complaint_closed", id=f"{complaint}/c", time="2026-05-10T00:00:00Z", outcome=outcome, cause=cause,
                  **about),
        ]

    return saying


@pytest.fixture
def closed(take, said):
    """Two complaints through a merchant, one about what no measure counts, one through the carrier, one of another merchant."""
    take([
        *said("c0", order="o0"), *said("c1", topic="unsafe"), *said("c2", topic="service"), *said("c3", cause="carrier"),
        *said("c4", merchant="m2"),
    ])
    ids = list(Complaint.objects.order_by("pk").values_list("pk", flat=True))
    assert len(ids) == 5

    def of(**wanted):
        return Complaint.objects.get(**wanted).pk

    undescribed = Complaint.objects.filter(topic="not_as_described", cause="merchant")
    merchant = Complaint.objects.get(topic="unsafe").merchant
    return SimpleNamespace(
        merchant=merchant, complaint=undescribed.get(merchant=merchant).pk, unsafe=of(topic="unsafe"),
        service=of(topic="service"), carrier=of(cause="carrier"), foreign=undescribed.exclude(merchant=merchant).get().pk,
        owner=Actor("account:9", own={merchant: frozenset({"merchant_owner"})}),
        reader=Actor("account:8", own={merchant: frozenset({"merchant_reader"})}),
    )


@pytest.fixture
def follow(realm, now):
    return lambda at=now: react(domains=settings.DOMAINS, realm=realm, at=at)


@pytest.fixture
def contest(closed, realm, now, due):
    def contesting(*complaints, actor=closed.owner, merchant=closed.merchant, claimed="carrier", words=WORDS):
        return credit.contest_complaints(
            actor=actor, merchant=merchant, complaints=complaints or [closed.complaint], claimed=claimed,
            objection=Objection(words, due), realm=realm, at=now,
        )

    return contesting


@pytest.fixture
def settle(realm, now):
    def settling(contests, *, upheld=True, actor=STEWARD, cause="carrier", at=now):
        return actions.settle_contests(
            actor=actor, ids=[each.pk for each in contests], upheld=upheld, ground="evidence", words=REASONS,
            cause=cause if upheld else None, realm=realm, at=at,
        )

    return settling


def cause_of(complaint):
    return Complaint.objects.get(pk=complaint).cause


def facts_of(cls):
    return [content.fact for content in contents_by_number(numbers=range(size())).values() if isinstance(content.fact, cls)]


def test_it_is_disputed_at_once_and_its_cause_follows_the_settlement(contest, settle, follow, closed, now):
    (opened,) = contest()
    assert (opened.complaint, opened.order, opened.outcome) == (closed.complaint, None, "not_as_described")
    held = held_against(viewer=closed.owner, merchant=closed.merchant, at=now, limit=9)
    assert {each.complaint: each.contest for each in held} == {closed.complaint: "open", closed.unsafe: "", closed.service: ""}
    follow()
    assert cause_of(closed.complaint) == "merchant"     # what is disputed counts until it is settled
    settle([opened])
    follow()
    judged = Complaint.objects.get(pk=closed.complaint)
    assert (judged.topic, judged.cause, judged.revision) == ("not_as_described", "carrier", 1)
    assert cause_of(closed.unsafe) == "merchant"
    left = held_against(viewer=closed.owner, merchant=closed.merchant, at=now, limit=9, aspect="complaint")
    assert {each.complaint for each in left} == {closed.unsafe, closed.service}
    decision = Decision.objects.get()
    assert (decision.act, decision.contest, decision.facts) == ("contest_upheld", opened.pk, opened.event)
    (told,), (ended,) = facts_of(ContestOpened), facts_of(ContestSettled)
    assert (told.complaint, told.order, told.aspect) == (closed.complaint, None, "complaint")
    assert (ended.complaint, ended.cause, ended.outcome) == (closed.complaint, "carrier", "upheld")


def test_what_costs_points_is_told_from_what_only_stands_in_a_rate(contest, closed, now):
    held = held_against(viewer=closed.owner, merchant=closed.merchant, at=now, limit=9)
    assert {each.complaint: each.weight for each in held} == {closed.complaint: 16, closed.unsafe: 16, closed.service: 0}
    assert {each.outcome for each in held} == {"not_as_described", "unsafe", "service"}
    assert [each.order for each in held if each.complaint == closed.unsafe] == [None]
    assert len(contest(closed.service)) == 1


def test_what_costs_nothing_is_not_contested(contest, settle, follow, closed):
    with pytest.raises(Conflict):
        contest(closed.carrier)
    with pytest.raises(Conflict):
        contest(closed.complaint, closed.carrier)
    assert not Contest.objects.exists()
    settle(contest())
    follow()
    with pytest.raises(Conflict):
        contest()


@pytest.mark.parametrize("actor", [PUBLIC, SYSTEM, STEWARD, STRANGER], ids=str)
def test_only_the_merchants_own_people_contest(contest, actor, closed):
    before = size()
    for who in (actor, closed.reader):
        with pytest.raises(NotAllowed):
            contest(actor=who)
    assert not Contest.objects.exists()
    assert size() == before


def test_a_complaint_of_another_merchant_is_not_contested(contest, closed):
    for merchant, actor in ((closed.merchant, closed.owner), ("mother", STRANGER)):
        with pytest.raises(NotFound):
            contest(closed.foreign, merchant=merchant, actor=actor)
    with pytest.raises(NotFound):
        contest(closed.complaint, merchant="mother", actor=STRANGER)
    with pytest.raises(NotFound):
        contest(closed.complaint, "cnothing")
    assert not Contest.objects.exists()


@pytest.mark.parametrize("wrong", [{"claimed": "merchant"}, {"claimed": "aliens"}, {"words": "no"}], ids=str)
def test_what_cannot_be_said_is_refused(contest, wrong):
    with pytest.raises(Malformed):
        contest(**wrong)
    assert not Contest.objects.exists()


def test_with_orders_at_once_all_or_none(late, take, said, realm, now, due):
    take(said("c0"))
    complaint = Complaint.objects.get().pk
    say = {"actor": late.owner, "merchant": late.merchant, "claimed": "carrier", "objection": Objection(WORDS, due)}
    with pytest.raises(NotFound):
        credit.contest_each(outcomes={"dispatch": late.orders, "complaint": [complaint, "cx"]}, realm=realm, at=now, **say)
    assert not Contest.objects.exists()
    opened = credit.contest_each(outcomes={"dispatch": late.orders, "complaint": [complaint]}, realm=realm, at=now, **say)
    assert [each.aspect for each in opened] == ["dispatch"] * 3 + ["complaint"]


def test_the_same_is_contested_once(contest, settle, closed):
    (opened,) = contest()
    with pytest.raises(Conflict):
        contest(closed.unsafe, closed.complaint)
    assert Contest.objects.count() == 1
    settle([opened], upheld=False)
    again = contest()
    with pytest.raises(NotAllowed):
        settle(again)
    settle(again, actor=OTHER)


def test_a_rejection_is_appealed_and_the_answer_flows_back(contest, settle, follow, closed, realm, now, due):
    settle(contest(), upheld=False)
    follow()
    assert cause_of(closed.complaint) == "merchant"
    appeal = actions.open_appeal(
        actor=closed.owner, decision_id=Decision.objects.get().pk, objection=Objection(WORDS, due), realm=realm, at=now
    )
    with pytest.raises(Conflict):
        contest()
    answer = {"appeal_id": appeal.pk, "upheld": True, "words": REASONS + " They were overlooked.", "realm": realm, "at": now}
    with pytest.raises(NotAllowed):
        actions.settle_appeal(actor=STEWARD, cause="carrier", **answer)
    with pytest.raises(Malformed):
        actions.settle_appeal(actor=OTHER, cause=None, **answer)
    actions.settle_appeal(actor=OTHER, cause="carrier", **answer)
    follow()
    assert cause_of(closed.complaint) == "carrier"


def test_when_nobody_settles_it_in_time_it_costs_nothing_until_somebody_does(contest, settle, follow, closed, realm, due):
    opened = contest()
    handlers = {kind: lambda subject, at, handle=handle: handle(subject, at, realm=realm) for kind, handle in TIMERS.items()}
    assert run_due(handlers=handlers, at=due) == (1, 0)
    follow(due)
    assert cause_of(closed.complaint) == "unknown"
    (lapsed,) = facts_of(ContestLapsed)
    assert (lapsed.complaint, lapsed.order) == (closed.complaint, None)
    settle(opened, upheld=False, at=due)
    follow(due)
    assert cause_of(closed.complaint) == "merchant"


def test_it_is_taken_back(contest, settle, follow, closed, realm, now):
    (opened,) = contest()
    actions.withdraw_contest(actor=closed.owner, contest_id=opened.pk, realm=realm, at=now)
    follow()
    with pytest.raises(Conflict):
        settle([opened])
    assert cause_of(closed.complaint) == "merchant"
    contest()


class TestToldLater:
    """The complaint is corrected or withdrawn, before or after its contest is settled."""

    @staticmethod
    def reopened(event, **said):
        return event("care.complaint_opened", id="c0/o2", time="2026-05-08T00:00:00Z", supersedes="c0/o", complaint="c0",
                     merchant="m1", **said)

    @staticmethod
    def closed_anew(event, **said):
        return event("care.complaint_closed", id="c0/c2", time="2026-05-11T00:00:00Z", supersedes="c0/c", complaint="c0",
                     merchant="m1", **said)

    def test_it_stays_settled_when_it_is_judged_again(self, contest, settle, follow, closed, take, event, realm):
        settle(contest())
        follow()
        take([event("care.complaint_answered", id="c0/a2", time="2026-05-09T00:00:00Z", supersedes="c0/a", complaint="c0",
                    merchant="m1")])
        judged = Complaint.objects.get(pk=closed.complaint)
        assert (judged.cause, judged.answer_hours, judged.revision) == ("carrier", 24, 2)
        rebuild(domains=settings.DOMAINS, realm=realm)
        assert Complaint.objects.get(pk=closed.complaint).cause == "carrier"

    def test_closed_with_the_same_finding_again_it_is_the_same_matter(self, contest, settle, follow, closed, take, event):
        opened = contest()
        take([self.closed_anew(event, outcome="settled", cause="merchant")])
        assert Complaint.objects.get(pk=closed.complaint).revision == 1
        with pytest.raises(Conflict):
            contest()
        settle(opened)
        follow()
        assert cause_of(closed.complaint) == "carrier"

    def test_about_something_else_it_is_another_matter(self, contest, settle, follow, closed, take, event):
        (opened,) = contest()
        settle([opened])
        follow()
        take([self.reopened(event, topic="unsafe")])
        judged = Complaint.objects.get(pk=closed.complaint)
        assert (judged.topic, judged.cause) == ("unsafe", "merchant")     # what was found about the other says nothing of this
        (again,) = contest()
        assert again.outcome == "unsafe"
        assert complained(viewer=closed.owner, contest_id=opened.pk).stands is False
        assert complained(viewer=closed.owner, contest_id=again.pk).stands is True
        take([event("care.complaint_opened", id="c0/o3", time="2026-05-08T00:00:00Z", supersedes="c0/o2", complaint="c0",
                    merchant="m1", topic="not_as_described")])
        assert cause_of(closed.complaint) == "carrier"      # what it was about first was settled

    @pytest.mark.parametrize("ended", [{"outcome": "upheld", "cause": "buyer"}, {"outcome": "rejected"}], ids=str)
    def test_corrected_to_anothers_fault_the_contest_is_upheld_at_once(self, contest, follow, closed, take, event, ended):
        (opened,) = contest()
        take([self.closed_anew(event, **ended)])
        follow()
        assert cause_of(closed.complaint) == "buyer"
        assert complained(viewer=STEWARD, contest_id=opened.pk).stands is False
        opened.refresh_from_db()
        assert (opened.state, opened.cause, opened.decision.decided_by) == ("upheld", "buyer", "system")
        with pytest.raises(Conflict):
            contest()

    def test_withdrawn_by_its_buyer_nothing_is_judged_whatever_is_settled(
        self, contest, settle, follow, closed, take, event, now
    ):
        opened = contest()
        take([self.closed_anew(event, outcome="withdrawn")])
        assert not Complaint.objects.filter(pk=closed.complaint).exists()
        with pytest.raises(NotFound):
            contest()
        settle(opened)
        follow()
        assert not Complaint.objects.filter(pk=closed.complaint).exists()
        held = held_against(viewer=closed.owner, merchant=closed.merchant, at=now, limit=9)
        assert closed.complaint not in {each.complaint for each in held}

    def test_an_end_that_was_withdrawn_and_stated_again_is_judged_as_settled(
        self, contest, settle, follow, closed, take, event
    ):
        settle(contest())
        follow()
        take([event("record.fact_withdrawn", id="w", source="shop", event="c0/c", reason="mistake")])
        assert not Complaint.objects.filter(pk=closed.complaint).exists()
        take([event("care.complaint_closed", id="c0/c3", time="2026-05-12T00:00:00Z", complaint="c0", merchant="m1",
                    outcome="upheld", cause="merchant")])
        assert cause_of(closed.complaint) == "carrier"


def test_what_is_contested_is_told_to_whom_the_contest_is_told(contest, closed):
    (opened,) = contest()
    told = complained(viewer=closed.reader, contest_id=opened.pk)
    assert (told.topic, told.outcome, told.cause, told.stands) == ("not_as_described", "upheld", "merchant", True)
    assert (told.closed - told.opened, told.answered - told.opened) == (timedelta(days=2), timedelta(hours=6))
    assert told.order
    for viewer in (PUBLIC, STRANGER):
        with pytest.raises(NotFound):
            complained(viewer=viewer, contest_id=opened.pk)
    assert queries.disputed(matters=[f"complaint/{closed.complaint}/not_as_described"]) == {opened.matter: "open"}
