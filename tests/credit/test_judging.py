"""Outcomes are judged as facts tell them, in whatever order they come."""

import itertools

import pytest
from django.conf import settings

from yinuo.credit.actions import judge_orders
from yinuo.credit.events import ComplaintJudged, DispatchJudged, ReviewJudged
from yinuo.credit.models import Delivery, Dispatch
from yinuo.credit.rules.judging import RANK_WEIGHTS
from yinuo.kit.actors import SYSTEM
from yinuo.pipelines import react as following
from yinuo.record import actions
from yinuo.record.queries import every_fact
from yinuo.trade.models import Order

ORDER = {"order": "o1", "merchant": "m1", "buyer": "b1", "amount_minor": 5000, "currency": "CNY", "carrier": "swift",
         "hand_over_by": "2026-05-03T00:00:00Z", "deliver_by": "2026-05-06T00:00:00Z"}


@pytest.fixture
def story(event):
    """An order handed over a day late and delivered late."""
    return [
        event("trade.order_placed", id="1", time="2026-05-01T00:00:00Z", **ORDER),
        event("delivery.shipment_handed_over", id="2", time="2026-05-04T00:00:00Z", shipment="s1", order="o1"),
        event("delivery.shipment_delivered", id="3", time="2026-05-07T00:00:00Z", shipment="s1", order="o1"),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_any_order_of_arrival_gives_the_same_judgement(take, story, order):
    for place in order:
        take([story[place]])
    dispatch = Dispatch.objects.get()
    assert (dispatch.outcome, dispatch.cause, dispatch.used_permille, dispatch.weight) == ("late", "merchant", 1500, 16)
    delivery = Delivery.objects.get()
    assert (delivery.outcome, delivery.cause) == ("late", "merchant")


def test_a_parcel_that_was_ready_in_time_is_the_carriers_delay(take, story, event):
    take(story)
    take([event("delivery.shipment_ready", id="4", time="2026-05-02T12:00:00Z", shipment="s1", order="o1")])
    dispatch = Dispatch.objects.get()
    assert (dispatch.outcome, dispatch.cause, dispatch.used_permille, dispatch.revision) == ("late", "carrier", 750, 1)


def test_a_disruption_declared_later_excuses(take, story, event):
    take(story)
    take([event("delivery.disruption_declared", id="d", time="2026-05-10T00:00:00Z", disruption="d1", carrier="swift",
                starts="2026-05-02T00:00:00Z", ends="2026-05-08T00:00:00Z")])
    assert Dispatch.objects.get().cause == "force_majeure"


def test_a_corrected_scan_is_judged_again(take, story, event):
    take(story)
    take([event("delivery.shipment_handed_over", id="2b", time="2026-05-02T00:00:00Z", supersedes="2", shipment="s1",
                order="o1")])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().used_permille) == ("on_time", 500)


def test_a_withdrawn_scan_withdraws_its_judgement(take, story, event):
    take(story[:2])
    take([event("record.fact_withdrawn", id="w", time="2026-05-20T00:00:00Z", event="2")])
    assert not Dispatch.objects.exists()


def test_a_review_hidden_as_bought_counts_nothing_and_counts_again_once_restored(take, event):
    review = {"review": "r1", "buyer": "b1", "merchant": "m1", "stars": 5}
    take([event("reviews.review_published", id="1", time="2026-05-01T00:00:00Z", **review)])
    take([event("reviews.review_hidden", id="2", time="2026-05-02T00:00:00Z", review="r1", ground="bought")])
    take([event("reviews.review_restored", id="3", time="2026-05-03T00:00:00Z", review="r1")])
    judged = [(r.fact.revision, r.fact.weight) for batch in every_fact(at_size=0) for r in batch
              if isinstance(r.fact, ReviewJudged)]
    assert judged == [(0, 4), (1, 0), (2, 4)]     # it names no order that anybody knows


def test_orders_of_one_buyer_or_one_address_count_less_and_less(take, event):
    for number in range(20):
        placed = ORDER | {"order": f"o{number}", "buyer": f"b{number % 2}", "address": "the same door"}
        take([
            event("trade.order_placed", id=f"p{number}", time=f"2026-05-01T00:{number:02}:00Z", **placed),
            event("delivery.shipment_handed_over", id=f"h{number}", time="2026-05-02T00:00:00Z", shipment=f"s{number}",
                  order=f"o{number}"),
        ])
    weights = list(Dispatch.objects.order_by("placed_day", "pk").values_list("weight", flat=True))
    assert sorted(weights, reverse=True) == [*RANK_WEIGHTS, 0, 0, 0, 0]


def test_a_complaint_is_judged_when_it_closes(take, event):
    complaint = {"complaint": "c1", "merchant": "m1"}
    take([
        event("care.complaint_opened", id="1", time="2026-05-01T00:00:00Z", topic="not_as_described", **complaint),
        event("care.complaint_answered", id="2", time="2026-05-02T06:00:00Z", **complaint),
        event("care.complaint_closed", id="3", time="2026-05-05T00:00:00Z", outcome="upheld", cause="merchant", **complaint),
    ])
    (judged,) = [r.fact for batch in every_fact() for r in batch if isinstance(r.fact, ComplaintJudged)]
    assert (judged.topic, judged.cause, judged.answer_hours) == ("not_as_described", "merchant", 30)


def test_a_judgement_withdrawn_can_be_made_again(take, story, event):
    take(story[:2])
    take([event("record.fact_withdrawn", id="w", time="2026-05-20T00:00:00Z", event="2")])
    take([event("delivery.shipment_handed_over", id="2b", time="2026-05-02T00:00:00Z", shipment="s1", order="o1")])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().revision) == ("on_time", 1)


def test_an_order_judged_twice_before_the_first_is_followed_keeps_the_second(take, story, event, realm, now):
    take(story)
    Order.objects.update(cancelled_at=1_778_000_000_000_000, cancelled_by="merchant")
    order = Order.objects.get().pk
    for _ in range(2):      # the follower does not come in between
        judge_orders(actor=SYSTEM, ids=[order], realm=realm, at=now)
    Order.objects.update(cancelled_at=None)
    judge_orders(actor=SYSTEM, ids=[order], realm=realm, at=now)
    take([])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().revision) == ("late", 2)


def test_orders_placed_at_one_moment_do_not_all_count_in_full(take, event):
    raws = []
    for number in range(20):
        raws += [
            event("trade.order_placed", id=f"p{number}", time="2026-05-01T00:00:00Z", **(ORDER | {"order": f"o{number}"})),
            event("delivery.shipment_handed_over", id=f"h{number}", time="2026-05-02T00:00:00Z", shipment=f"s{number}",
                  order=f"o{number}"),
        ]
    take(raws)
    assert sorted(Dispatch.objects.values_list("weight", flat=True), reverse=True) == [*RANK_WEIGHTS, 0, 0, 0, 0]


def test_a_buyers_cancellation_cannot_undo_a_late_hand_over(take, story, event):
    take(story)
    take([event("trade.order_cancelled", id="c", time="2026-05-08T00:00:00Z", order="o1", by="buyer")])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().cause) == ("late", "merchant")


def test_a_correction_followed_before_the_judgement_that_it_corrects_supersedes_it(story, event, realm, now, db, monkeypatch):
    actions.take_events(actor=SYSTEM, source="shop", raws=story, realm=realm, at=now)
    following.seal_all()
    correction = event("trade.order_placed", id="1b", time="2026-05-01T00:00:00Z", supersedes="1",
                       **(ORDER | {"hand_over_by": "2026-05-05T00:00:00Z"}))
    actions.take_events(actor=SYSTEM, source="shop", raws=[correction], realm=realm, at=now)
    following._follow(following.CURSOR, settings.DOMAINS, realm, now)       # judges, behind the correction
    monkeypatch.setattr(following, "BATCH_MAX", 1)
    following.react(domains=settings.DOMAINS, realm=realm, at=now)
    judged = [r.fact for batch in every_fact() for r in batch if isinstance(r.fact, DispatchJudged)]
    assert [(fact.outcome, fact.revision) for fact in judged] == [("on_time", 1)]
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().revision) == ("on_time", 1)
