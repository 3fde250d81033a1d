"""Contests: disputed at once, settled by another person, and what they correct flows back into the score."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction

from yinuo.credit import actions as credit
from yinuo.credit.models import Dispatch
from yinuo.decisions import actions, queries
from yinuo.decisions.actions import contests as contests_module
from yinuo.decisions.models import Contest, Decision
from yinuo.decisions.reactions import TIMERS
from yinuo.decisions.rules import AT_ONCE_MAX, OPEN_CONTESTS_MAX, Objection
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.realm import OWN_SOURCE
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed, NotFound
from yinuo.people.models import Account, Membership
from yinuo.pipelines.react import react, rebuild
from yinuo.record import actions as record
from yinuo.record.queries import contents_by_number, size
from yinuo.timers.actions import run_due
from yinuo.trade.models import Order

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
OTHER = Actor("account:2", frozenset({"steward"}))
WORDS = "The carrier did not come to collect, see the booking of 2 May."
REASONS = "The booking shows a collection that the carrier missed."


@pytest.fixture
def follow(realm, now):
    return lambda at=now: react(domains=settings.DOMAINS, realm=realm, at=at)


@pytest.fixture
def contest(late, realm, now, due):
    def contesting(orders=None, actor=late.owner, merchant=late.merchant, claimed="carrier", words=WORDS, aspect="dispatch"):
        return credit.contest_causes(
            actor=actor, merchant=merchant, orders=late.orders[:1] if orders is None else orders, aspect=aspect,
            claimed=claimed, objection=Objection(words, due), realm=realm, at=now,
        )

    return contesting


@pytest.fixture
def settle(realm, now):
    def settling(contests, *, upheld=True, cause="carrier", actor=STEWARD, ground="evidence", words=REASONS, at=now):
        return actions.settle_contests(
            actor=actor, ids=[each.pk for each in contests], upheld=upheld, ground=ground, words=words,
            cause=cause if upheld else None, realm=realm, at=at,
        )

    return settling


def test_it_is_disputed_at_once_and_its_cause_follows_the_settlement(contest, settle, follow, late):
    (opened,) = contest()
    assert queries.disputed(matters=[opened.matter]) == {opened.matter: "open"}
    follow()
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "merchant"      # what is disputed counts until it is settled
    settle([opened])
    follow()
    judged = Dispatch.objects.get(pk=late.orders[0])
    assert (judged.outcome, judged.cause, judged.revision) == ("late", "carrier", 1)
    assert set(Dispatch.objects.exclude(pk=judged.pk).values_list("cause", flat=True)) == {"merchant"}
    decision = Decision.objects.get()
    assert (decision.act, decision.decided_by, decision.contest) == ("contest_upheld", "account:1", opened.pk)


def test_it_stays_settled_when_the_order_is_judged_again(contest, settle, follow, take, event, late, realm):
    settle(contest())
    follow()
    take([event("delivery.shipment_delivered", id="later", time="2026-05-09T00:00:00Z", shipment="s0", order="o0")])
    rebuild(domains=settings.DOMAINS, realm=realm)
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "carrier"


def test_many_at_once_all_or_none(contest, settle, follow, late):
    with pytest.raises(NotFound):
        contest(orders=[*late.orders, "ounknown"])
    assert not Contest.objects.exists()
    opened = contest(orders=late.orders)
    settle(opened)
    follow()
    assert set(Dispatch.objects.values_list("cause", flat=True)) == {"carrier"}


def test_the_same_is_contested_once(contest, settle, late):
    (opened,) = contest()
    with pytest.raises(Conflict):
        contest(orders=late.orders)
    assert Contest.objects.count() == 1
    settle([opened], upheld=False)
    contest()       # with new evidence, after it was rejected, before another person


STRANGER = Actor("account:7", own={"mother": frozenset({"merchant_owner"})})


@pytest.mark.parametrize("actor", [PUBLIC, SYSTEM, STEWARD, STRANGER], ids=str)
def test_only_the_merchants_own_people_contest(contest, actor, late):
    before = size()
    with pytest.raises(NotAllowed):
        contest(actor=actor)
    with pytest.raises(NotAllowed):
        contest(actor=late.reader)
    with pytest.raises((NotAllowed, NotFound)):
        contest(merchant="mother", actor=STRANGER)
    assert not Contest.objects.exists()
    assert size() == before


@pytest.mark.parametrize(
    "wrong", [{"claimed": "merchant"}, {"claimed": "aliens"}, {"aspect": "mood"}, {"words": "no"}, {"orders": []}], ids=str
)
def test_what_cannot_be_contested_is_refused(contest, wrong):
    with pytest.raises(Malformed):
        contest(**wrong)
    assert not Contest.objects.exists()


def test_what_costs_nothing_is_not_contested(contest, settle, follow):
    settle(contest())
    follow()
    with pytest.raises(Conflict):
        contest()


@pytest.mark.parametrize(
    "actor",
    [PUBLIC, SYSTEM, Actor("robot", frozenset({"steward"})), Actor("account:9", frozenset({"steward"})),
     Actor("account:3", frozenset({"auditor"}))],
    ids=str,
)
def test_who_opened_it_or_is_no_person_does_not_settle_it(contest, settle, actor):
    opened = contest()
    with pytest.raises(NotAllowed):
        settle(opened, actor=actor)
    assert Contest.objects.get().state == "open"
    assert not Decision.objects.exists()


def test_a_colleague_of_the_merchant_does_not_settle_it(contest, settle, late):
    opened = contest()
    with pytest.raises(NotAllowed):
        settle(opened, actor=Actor("account:8", frozenset({"steward"}), own=late.reader.own))
    assert Contest.objects.get().state == "open"


@pytest.mark.parametrize(
    "wrong", [{"cause": None}, {"cause": "merchant"}, {"ground": "no_evidence"}, {"words": "because"}], ids=str
)
def test_a_settlement_without_its_reasons_settles_nothing(contest, settle, wrong):
    opened = contest()
    with pytest.raises(Malformed):
        settle(opened, **wrong)
    assert Contest.objects.get().state == "open"
    assert not Decision.objects.exists()


def test_the_database_refuses_an_end_without_a_decision(contest, now):
    contest()
    for state in ("upheld", "rejected"):
        with pytest.raises(DatabaseError), transaction.atomic():
            Contest.objects.update(state=state, settled_at=now)


def test_a_rejection_is_a_decision_and_its_appeal_flows_back(contest, settle, follow, late, realm, now, due):
    settle(contest(), upheld=False, ground="no_evidence")
    follow()
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "merchant"
    decision = Decision.objects.get()
    appeal = actions.open_appeal(
        actor=late.owner, decision_id=decision.pk, objection=Objection(WORDS, due), realm=realm, at=now
    )
    answer = {"appeal_id": appeal.pk, "upheld": True, "words": REASONS + " It was overlooked.", "realm": realm, "at": now}
    with pytest.raises(NotAllowed):
        actions.settle_appeal(actor=STEWARD, cause="carrier", **answer)
    with pytest.raises(Malformed):
        actions.settle_appeal(actor=OTHER, **answer)
    actions.settle_appeal(actor=OTHER, cause="carrier", **answer)
    follow()
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "carrier"
    assert Contest.objects.get().state == "upheld"


def test_an_upheld_contest_of_a_fact_withdraws_it(late, realm, now, due, settle, follow):
    scans = [
        number for number, content in contents_by_number(numbers=range(size())).items()
        if type(content.fact).__name__ == "ShipmentHandedOver" and content.fact.order == late.orders[0]
    ]
    say = {"actor": late.owner, "merchant": late.merchant, "objection": Objection(WORDS, due), "realm": realm, "at": now}
    opened = credit.contest_fact(number=scans[0], **say)
    settle([opened], cause=None, ground="source_mistaken")
    follow()
    assert not Dispatch.objects.filter(pk=late.orders[0]).exists()
    with pytest.raises(NotFound):
        credit.contest_fact(number=10_000, **say)
    own = next(n for n in late.numbers if type(contents_by_number(numbers=[n])[n].fact).__name__ == "DispatchJudged")
    with pytest.raises(Conflict):
        credit.contest_fact(number=own, **say)


def test_nobody_contests_facts_about_others(late, realm, now, due, take, event):
    take([event("trade.order_placed", id="x", order="ox", merchant="m2", amount_minor=100, currency="CNY")])
    number = next(
        number for number, content in contents_by_number(numbers=range(size())).items()
        if getattr(content.fact, "order", None) == Order.objects.exclude(merchant=late.merchant).get().pk
    )
    with pytest.raises(NotFound):
        credit.contest_fact(
            actor=late.owner, merchant=late.merchant, number=number, objection=Objection(WORDS, due), realm=realm, at=now
        )
    assert not Contest.objects.exists()


def test_when_nobody_settles_it_in_time_it_costs_nothing_until_somebody_does(contest, settle, follow, late, realm, due):
    opened = contest()

    def handlers():
        return {kind: lambda subject, at, handle=handle: handle(subject, at, realm=realm) for kind, handle in TIMERS.items()}

    assert run_due(handlers=handlers(), at=due - timedelta(minutes=1)) == (0, 0)
    assert run_due(handlers=handlers(), at=due) == (1, 0)
    follow(due)
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "unknown"
    assert queries.clock_counts(at=due + timedelta(minutes=1))["contests_late"] == 1
    settle(opened, upheld=False, at=due)
    follow(due)
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "merchant"


def explained(event, number=0, cause="carrier", **data):
    return event(
        "delivery.hand_over_explained", id=f"x{number}", time="2026-05-05T00:00:00Z", shipment=f"s{number}", order=f"o{number}",
        cause=cause, proved_by="swift", **data,
    )


@pytest.mark.parametrize("cause", ["carrier", "platform", "buyer", "force_majeure"])
@pytest.mark.parametrize("lapsed", [False, True])
def test_what_a_carrier_proves_settles_a_contest_at_once(contest, follow, take, event, late, realm, cause, lapsed):
    mine, other = contest(late.orders[:2])
    due = mine.due
    if lapsed:
        actions.lapse_contest(actor=SYSTEM, contest_id=mine.pk, realm=realm, at=due)
        follow(due)
    take([explained(event, cause=cause)])
    follow()
    mine, other = (Contest.objects.select_related("decision").get(pk=each.pk) for each in (mine, other))
    assert (mine.state, mine.cause, other.state) == ("upheld", cause, "open")
    told = mine.decision
    assert (told.act, told.ground, told.automated, told.decided_by) == ("contest_upheld", "proved", "wholly", "system")
    judged = Dispatch.objects.get(pk=late.orders[0])
    assert (judged.cause, Dispatch.objects.get(pk=late.orders[1]).cause) == (cause, "merchant")
    key = record.entry_key(realm, OWN_SOURCE, f"dispatch/{judged.pk}/{judged.revision}").hex()
    assert told.facts.split() == [mine.event, key]
    assert "swift has proved another cause" in queries.words(name="reasons", subjects=[told.pk], realm=realm)[told.pk]
    assert run_due(handlers=dict.fromkeys(TIMERS, lambda *_: None), at=due) == (1, 0)     # the other's clock only


def test_a_proof_taken_back_leaves_what_was_upheld_and_one_before_the_contest_leaves_none(
    contest, follow, take, event, late, realm, now
):
    contest()
    take([explained(event)])
    follow()
    take([event("record.fact_withdrawn", id="back", time="2026-05-06T00:00:00Z", event="x0", reason="source_fault")])
    follow()
    assert Dispatch.objects.get(pk=late.orders[0]).cause == "carrier"
    assert Contest.objects.get().state == "upheld"
    take([explained(event, 1)])
    with pytest.raises(Conflict):
        contest([late.orders[1]])
    take([event("record.fact_withdrawn", id="back1", time="2026-05-06T00:00:00Z", event="x1", reason="source_fault")])
    assert Dispatch.objects.get(pk=late.orders[1]).cause == "merchant"
    contest([late.orders[1]])
    follow()
    assert Contest.objects.exclude(state="upheld").get().state == "open"


def test_a_proof_that_is_not_in_the_record_leaves_the_contest_to_a_person(contest, late, realm, now):
    sound, unsound = contest(late.orders[:2])
    proofs = {sound.pk: actions.Proof("carrier", unsound.event), unsound.pk: actions.Proof("carrier", "0" * 32)}
    assert actions.settle_proved(actor=SYSTEM, proofs=proofs, realm=realm, at=now) == [sound]
    assert dict(Contest.objects.values_list("pk", "state")) == {sound.pk: "upheld", unsound.pk: "open"}


def test_a_disruption_declared_later_settles_contests_too(contest, follow, take, event, late):
    contest(late.orders, claimed="force_majeure")
    take([event("delivery.disruption_declared", id="flood", time="2026-05-05T00:00:00Z", disruption="d1", carrier="swift",
                starts="2026-05-02T00:00:00Z", ends="2026-05-04T00:00:00Z")])
    follow()
    assert set(Contest.objects.values_list("state", "cause")) == {("upheld", "force_majeure")}
    assert Decision.objects.count() == 3


def test_a_proof_settles_only_what_is_open_and_only_by_the_system(contest, settle, follow, take, event, late, realm, now):
    rejected, taken_back, mine = contest(late.orders)
    settle([rejected], upheld=False)
    actions.withdraw_contest(actor=late.owner, contest_id=taken_back.pk, realm=realm, at=now)
    take([explained(event, number) for number in range(3)])
    follow()
    states = dict(Contest.objects.values_list("pk", "state"))
    assert states == {rejected.pk: "rejected", taken_back.pk: "withdrawn", mine.pk: "upheld"}
    assert set(Dispatch.objects.values_list("cause", flat=True)) == {"carrier"}
    for actor in (PUBLIC, STEWARD, late.owner):
        with pytest.raises(NotAllowed):
            actions.settle_proved(actor=actor, proofs={}, realm=realm, at=now)
        with pytest.raises(NotAllowed):
            credit.settle_proved(actor=actor, aspect="dispatch", subjects=late.orders, realm=realm, at=now)


def test_a_contest_is_taken_back(contest, late, realm, now, settle):
    (opened,) = contest()
    with pytest.raises(NotAllowed):
        actions.withdraw_contest(actor=late.reader, contest_id=opened.pk, realm=realm, at=now)
    actions.withdraw_contest(actor=late.owner, contest_id=opened.pk, realm=realm, at=now)
    with pytest.raises(Conflict):
        settle([opened])
    assert Contest.objects.get().state == "withdrawn"


@pytest.mark.parametrize("cause", ["bogus", "", "merchant", None])
def test_a_cause_that_nobody_could_read_again_is_refused(contest, settle, follow, cause, late, realm, now, due):
    opened = contest()
    with pytest.raises(Malformed):
        settle(opened, cause=cause)
    settle(opened, upheld=False)
    say = {"actor": late.owner, "decision_id": Decision.objects.get().pk, "objection": Objection(WORDS, due)}
    appeal = actions.open_appeal(**say, realm=realm, at=now)
    with pytest.raises(Malformed):
        actions.settle_appeal(
            actor=OTHER, appeal_id=appeal.pk, upheld=True, words=REASONS * 2, realm=realm, at=now, cause=cause
        )
    follow()
    assert Contest.objects.get().state == "rejected"


def test_what_was_appealed_is_not_contested_again(contest, settle, late, realm, now, due):
    settle(contest(), upheld=False)
    again = contest()
    say = {"actor": late.owner, "decision_id": Decision.objects.get().pk, "objection": Objection(WORDS, due)}
    appeal = actions.open_appeal(**say, realm=realm, at=now)
    actions.settle_appeal(
        actor=OTHER, appeal_id=appeal.pk, upheld=True, words=REASONS * 2, realm=realm, at=now, cause="carrier"
    )
    states = dict(Contest.objects.values_list("pk", "state"))
    assert (states.pop(again[0].pk), list(states.values())) == ("withdrawn", ["upheld"])


def test_once_an_appeal_is_open_the_same_is_not_contested_again(contest, settle, late, realm, now, due):
    settle(contest(), upheld=False)
    say = {"actor": late.owner, "decision_id": Decision.objects.get().pk, "objection": Objection(WORDS, due)}
    actions.open_appeal(**say, realm=realm, at=now)
    with pytest.raises(Conflict):
        contest()
    assert Contest.objects.count() == 1


def test_a_cause_holds_for_the_outcome_and_the_merchant_that_it_was_found_for(contest, settle, follow, late, take, event):
    settle(contest())
    follow()
    take([event("trade.order_cancelled", id="off", time="2026-05-05T00:00:00Z", order="o0", by="merchant")])
    judged = Dispatch.objects.get(pk=late.orders[0])
    assert (judged.outcome, judged.cause) == ("cancelled", "merchant")


def test_the_same_outcome_judged_again_is_the_same_matter(contest, settle, follow, late, take, event):
    opened = contest()
    scan = {"id": "h0b", "time": "2026-05-04T06:00:00Z", "supersedes": "h0"}
    take([event("delivery.shipment_handed_over", shipment="s0", order="o0", **scan)])
    assert Dispatch.objects.get(pk=late.orders[0]).revision == 1
    with pytest.raises(Conflict):
        contest()
    settle(opened)
    follow()
    judged = Dispatch.objects.get(pk=late.orders[0])
    assert (judged.outcome, judged.cause) == ("late", "carrier")


def test_who_settled_it_before_does_not_settle_it_again(contest, settle):
    settle(contest(), upheld=False)
    again = contest()
    with pytest.raises(NotAllowed):
        settle(again)
    settle(again, actor=OTHER)


def test_what_a_buyer_wrote_is_not_contested_away(late, realm, now, due, take, event):
    take([event("reviews.review_published", id="r", review="r1", buyer="b1", merchant="m1", order="o0", stars=1)])
    number = next(
        number for number, content in contents_by_number(numbers=range(size())).items()
        if type(content.fact).__name__ == "ReviewPublished"
    )
    with pytest.raises(Conflict):
        credit.contest_fact(
            actor=late.owner, merchant=late.merchant, number=number, objection=Objection(WORDS, due), realm=realm, at=now
        )
    assert not Contest.objects.exists()


UNREADABLE = ["\u200b" * 40, "\u202e" * 40, "." * 40, "a b c d e f g h i" + " " * 30, "half \ud800 a sign and more"]


@pytest.mark.parametrize("words", UNREADABLE, ids=range(len(UNREADABLE)))
def test_words_that_nobody_can_read_are_none(contest, words):
    with pytest.raises(Malformed):
        contest(words=words)
    assert not Contest.objects.exists()


class TestWhatStands:
    """Only a fact that stands can be contested; what happens to one meanwhile is told, and moves nothing twice."""

    @pytest.fixture
    def scan(self, late):
        """The number of the first order's hand-over."""
        return next(
            number for number, content in contents_by_number(numbers=range(size())).items()
            if type(content.fact).__name__ == "ShipmentHandedOver" and content.fact.order == late.orders[0]
        )

    @pytest.fixture
    def contest_fact(self, late, realm, now, due):
        return lambda number: credit.contest_fact(
            actor=late.owner, merchant=late.merchant, number=number, objection=Objection(WORDS, due), realm=realm, at=now
        )

    @staticmethod
    def again(event, hour="06", **more):
        return event(
            "delivery.shipment_handed_over", shipment="s0", order="o0", time=f"2026-05-04T{hour}:00:00Z",
            **{"id": "h0b", "supersedes": "h0"} | more,
        )

    @staticmethod
    def withdrawn(event, of="h0"):
        return event("record.fact_withdrawn", id=f"gone-{of}", event=of, reason="mistake")

    def withdrawals(self):
        told = contents_by_number(numbers=range(size())).values()
        return [each.fact.event for each in told if type(each.fact).__name__ == "FactWithdrawn" and each.source == "yinuo"]

    def test_a_corrected_fact_leads_to_the_one_that_stands(self, take, event, scan, contest_fact):
        take([self.again(event)])
        take([self.again(event, hour="07", id="h0c", supersedes="h0b")])
        with pytest.raises(actions.NoLongerStands, match="Object to the one that stands in its place") as refused:
            contest_fact(scan)
        assert not Contest.objects.exists()
        standing = contents_by_number(numbers=[refused.value.number])[refused.value.number]
        assert (type(standing.fact).__name__, standing.at % 86_400_000_000) == ("ShipmentHandedOver", 7 * 3_600_000_000)
        contest_fact(refused.value.number)

    @pytest.mark.parametrize("corrected", [False, True])
    def test_a_withdrawn_fact_is_not_contested(self, take, event, scan, contest_fact, corrected):
        if corrected:
            take([self.again(event)])
        take([self.withdrawn(event, "h0b" if corrected else "h0")])
        with pytest.raises(actions.NoLongerStands, match="was withdrawn") as refused:
            contest_fact(scan)
        assert refused.value.number is None
        assert not Contest.objects.exists()

    def test_nor_one_whose_correction_is_not_sealed_yet(self, event, scan, contest_fact, realm, now):
        record.take_events(actor=SYSTEM, source="shop", raws=[self.again(event)], realm=realm, at=now)
        with pytest.raises(actions.NoLongerStands) as refused:
            contest_fact(scan)
        assert refused.value.number is None

    @pytest.mark.parametrize("corrected", [False, True])
    def test_corrected_while_it_is_open_it_cannot_be_rejected_and_is_not_withdrawn_twice(
        self, take, event, scan, contest_fact, settle, follow, late, corrected
    ):
        opened = contest_fact(scan)
        take([self.again(event) if corrected else self.withdrawn(event)])
        with pytest.raises(actions.NoLongerStands):
            settle([opened], upheld=False)
        assert (Contest.objects.get().state, Decision.objects.count()) == ("open", 0)
        settle([opened], cause=None)
        follow()
        assert opened.event not in self.withdrawals()
        assert Dispatch.objects.filter(pk=late.orders[0]).exists() == corrected      # the new scan stands, and is judged

    def test_what_another_source_says_replaces_nothing(self, take, event, scan, contest_fact):
        withdrawal = event("record.fact_withdrawn", id="w", source="other", event="h0", reason="mistake")
        take([self.again(event, source="other"), withdrawal], source="other")
        contest_fact(scan)


class TestNoFlood:
    """One merchant does not bury the stewards; lists go on page by page."""

    @pytest.fixture
    def few(self, monkeypatch):
        monkeypatch.setattr(contests_module, "OPEN_CONTESTS_MAX", 2)

    @pytest.mark.usefixtures("few")
    def test_only_so_many_of_a_merchant_are_open(self, contest, settle, late, realm, now):
        with pytest.raises(actions.TooManyOpen) as refused:
            contest(orders=late.orders)
        assert (refused.value.status, refused.value.code) == (429, "too-many-open")
        assert not Contest.objects.exists()
        first, second = contest(orders=late.orders[:2])
        with pytest.raises(actions.TooManyOpen):
            contest(orders=late.orders[2:])
        actions.withdraw_contest(actor=late.owner, contest_id=first.pk, realm=realm, at=now)
        contest(orders=late.orders[2:])
        settle([second], upheld=False)
        contest(orders=late.orders[:1])

    def test_the_limit_leaves_room_for_several_whole_forms(self):
        assert OPEN_CONTESTS_MAX >= 5 * AT_ONCE_MAX

    def test_lists_go_on_where_they_stopped_whatever_happens_meanwhile(self, contest, settle, late, realm, now, due):
        opened = sorted(contest(orders=late.orders), key=lambda each: each.pk)
        (first,) = queries.open_contests(viewer=STEWARD, limit=1)
        assert first == opened[0]
        settle([first], upheld=False)           # it is in the list no more, and the list goes on behind it
        assert queries.open_contests(viewer=STEWARD, after=first.pk) == opened[1:]
        say = {"viewer": late.owner, "merchant": late.merchant}
        assert [each.pk for each in queries.contests_of(**say, limit=2)] == [each.pk for each in opened[:2]]
        assert queries.contests_of(**say, after=opened[1].pk) == opened[2:]
        assert queries.contests_of(**say, state="rejected") == [first]
        assert queries.contests_of(**say, after=opened[2].pk) == []
        for wrong in ("tunknown", "\x00", opened[0].matter):
            with pytest.raises(NotFound):
                queries.contests_of(**say, after=wrong)

    def test_others_places_are_no_places(self, contest, late):
        (opened,) = contest()
        stranger = Actor("account:7", own={"mother": frozenset({"merchant_owner"})})
        with pytest.raises(NotFound):
            queries.contests_of(viewer=stranger, merchant="mother", after=opened.pk)


def test_who_leaves_the_team_to_decide_about_it_is_no_stranger(contest, settle, late, now, due):
    (made,) = contest()
    account = Account.objects.create(handle="both", created=now)
    left = Membership.objects.create(
        account=account, subject=late.merchant, role="merchant_operations", granted_by="system", granted=now,
        ended=now - timedelta(days=1), ended_by="themselves",
    )
    both = Actor(f"account:{account.pk}", frozenset({"steward"}))
    with pytest.raises(NotAllowed, match="You act for whom this is about"):
        settle([made], actor=both)
    made.refresh_from_db()
    assert made.state == "open"
    Membership.objects.filter(pk=left.pk).update(ended=now - timedelta(days=366))
    settle([made], actor=both)
