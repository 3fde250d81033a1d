"""Outcomes are judged as facts tell them, in whatever order they come."""

import itertools
import random
from datetime import timedelta

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from yinuo.credit.actions import judge_orders
from yinuo.credit.events import ComplaintJudged, DispatchJudged, ReviewJudged
from yinuo.credit.models import Delivery, Dispatch
from yinuo.credit.rules.judging import RANK_WEIGHTS, WEIGHT_ONE, weight_of
from yinuo.credit.rules.values import FULL_VALUE_UNITS, full_value_minor
from yinuo.kit.actors import SYSTEM
from yinuo.kit.money import digits_of
from yinuo.kit.rows import chunks
from yinuo.pipelines import react as following
from yinuo.record import actions
from yinuo.record.queries import every_fact
from yinuo.trade.models import Order
from yinuo.trade.queries import earlier_orders
from yinuo.vault.queries import fingerprints_of

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
    hiding = {"decision": "h1", "act": "review_hidden", "ground": "bought", "automated": "no", "buyer": "b1", "review": "r1"}
    take([event("decisions.decision_stated", id="2", time="2026-05-02T00:00:00Z", reasons="Paid for by voucher.", **hiding)])
    take([event("decisions.decision_withdrawn", id="3", time="2026-05-03T00:00:00Z", decision="h1")])
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


def test_a_cancellation_stated_after_a_late_hand_over_cannot_undo_it_by_an_earlier_moment(take, story, event, now):
    take(story, at=now - timedelta(days=1))
    take([event("trade.order_cancelled", id="c", time="2026-05-03T23:00:00Z", order="o1", by="buyer")])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().cause) == ("late", "merchant")
    take([event("record.fact_withdrawn", id="w", time="2026-05-20T00:00:00Z", event="c"),
          event("trade.order_cancelled", id="c2", time="2026-05-03T23:00:00Z", order="o1", by="merchant")])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().cause) == ("cancelled", "merchant")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_cancellation_stated_with_a_later_hand_over_stands_in_whatever_order_they_come(take, story, event, order):
    told = [*story[:2], event("trade.order_cancelled", id="c", time="2026-05-03T23:00:00Z", order="o1", by="buyer")]
    for place in order:
        take([told[place]])
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().cause) == ("cancelled", "buyer")


@pytest.mark.parametrize(("cause", "outcome"), [("force_majeure", "late"), ("unknown", "late"), ("merchant", "damaged")])
def test_harm_by_others_does_not_undo_what_came_late_through_the_merchant(take, story, event, now, cause, outcome):
    take(story, at=now - timedelta(minutes=1))
    take([event("delivery.shipment_damaged", id="x", shipment="s1", order="o1", harm="damaged", cause=cause)])
    assert (Delivery.objects.get().outcome, Delivery.objects.get().cause) == (outcome, "merchant")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_harm_told_with_the_delivery_counts_in_whatever_order_they_come(take, story, event, order):
    told = [*story, event("delivery.shipment_damaged", id="x", shipment="s1", order="o1", harm="lost", cause="carrier")]
    for place in order:
        take([told[place]])
    assert (Delivery.objects.get().outcome, Delivery.objects.get().cause) == ("lost", "carrier")


def test_harm_replaces_a_late_delivery_that_was_not_the_merchants_doing(take, story, event):
    take([*story, event("delivery.shipment_ready", id="4", time="2026-05-02T12:00:00Z", shipment="s1", order="o1")])
    assert (Delivery.objects.get().outcome, Delivery.objects.get().cause) == ("late", "carrier")
    take([event("delivery.shipment_damaged", id="x", shipment="s1", order="o1", harm="lost", cause="unknown")])
    assert (Delivery.objects.get().outcome, Delivery.objects.get().cause) == ("lost", "unknown")


def handed_over(event, number, *, time="2026-05-02T00:00:00Z", **fields):
    """An order of its own and its timely hand-over."""
    placed = ORDER | {"order": f"o{number}"} | fields
    return [
        event("trade.order_placed", id=f"p{number}", time=f"2026-05-01T00:{number:02}:00Z", **placed),
        event("delivery.shipment_handed_over", id=f"h{number}", time=time, shipment=f"s{number}", order=f"o{number}"),
    ]


@pytest.mark.parametrize("source", ["shop", "rival"])
def test_a_disruption_excuses_its_own_sources_orders_alone(take, story, event, source):
    take(story)
    declared = event("delivery.disruption_declared", id="d", time="2026-05-10T00:00:00Z", source=source, disruption="d1",
                     carrier="swift", starts="2026-05-02T00:00:00Z", ends="2026-05-08T00:00:00Z")
    take([declared], source=source)
    dispatch = Dispatch.objects.get()
    assert (dispatch.cause, dispatch.revision) == (("force_majeure", 1) if source == "shop" else ("merchant", 0))
    late = {"order": "o2", "merchant": "m2"}
    take([
        event("trade.order_placed", id="p2", time="2026-05-01T00:00:00Z", **(ORDER | late)),
        event("delivery.shipment_handed_over", id="h2", time="2026-05-04T00:00:00Z", shipment="s2", order="o2"),
    ])
    causes = set(Dispatch.objects.values_list("cause", flat=True))
    assert causes == {"force_majeure" if source == "shop" else "merchant"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_disruption_excuses_by_when_it_was_due_in_whatever_order_they_come(take, event, order):
    told = [
        event("trade.order_placed", id="p", time="2026-05-01T00:00:00Z", **ORDER),
        event("delivery.shipment_handed_over", id="h", time="2026-05-29T00:00:00Z", shipment="s1", order="o1"),
        event("delivery.disruption_declared", id="d", time="2026-04-10T00:00:00Z", disruption="d1", carrier="swift",
              starts="2026-04-20T00:00:00Z", ends="2026-04-28T00:00:00Z"),
    ]
    for place in order:
        take([told[place]])
    assert Dispatch.objects.get().cause == "force_majeure"
    take([event("record.fact_withdrawn", id="w", time="2026-05-30T00:00:00Z", event="d")])
    assert Dispatch.objects.get().cause == "merchant"


@pytest.mark.parametrize(("ends", "taken"), [
    ("2026-04-30T00:00:00Z", 0), ("2026-05-01T00:00:00Z", 0), ("2026-05-01T00:00:01Z", 1), ("2026-06-30T00:00:00Z", 1),
    ("2026-06-30T00:00:01Z", 0),
])
def test_a_disruption_ends_after_it_starts_and_lasts_sixty_days_at_most(take, event, ends, taken):
    told = take([event("delivery.disruption_declared", id="d", disruption="d1", carrier="swift", starts="2026-05-01T00:00:00Z",
                       ends=ends)])
    assert told.accepted == taken
    assert [refused.path for refused in told.refused] == ["data.ends"] * (1 - taken)


@pytest.mark.parametrize(("days", "cause"), [(1, "carrier"), (2, "merchant")])
def test_ready_stated_long_after_the_hand_over_moves_nothing(take, story, event, now, days, cause):
    take(story, at=now - timedelta(days=days))
    take([event("delivery.shipment_ready", id="4", time="2026-05-02T12:00:00Z", shipment="s1", order="o1")])
    dispatch = Dispatch.objects.get()
    assert (dispatch.cause, dispatch.used_permille) == (cause, 750 if cause == "carrier" else 1500)


@pytest.mark.parametrize("taken_back", ["superseded", "withdrawn"])
def test_a_scan_told_again_is_not_told_anew(take, story, event, now, taken_back):
    take(story, at=now - timedelta(days=20))
    before = [Dispatch.objects.values().get(), Delivery.objects.values().get()]
    parcel = {"shipment": "s1", "order": "o1"}
    same = {"superseded": "2", "withdrawn": None}[taken_back]
    again = event("delivery.shipment_handed_over", id="2b", time="2026-05-04T00:00:00Z", supersedes=same, **parcel)
    take([event("record.fact_withdrawn", id="w", event="2")] * (taken_back == "withdrawn") + [
        again,
        event("delivery.shipment_ready", id="r", time="2026-05-02T12:00:00Z", **parcel),
        event("trade.order_cancelled", id="c", time="2026-05-03T23:00:00Z", order="o1", by="buyer"),
        event("delivery.shipment_handed_over", id="other", time="2026-05-02T00:00:00Z", shipment="s2", order="o1"),
    ], at=now - timedelta(days=1))
    take([event("delivery.shipment_handed_over", id="2c", time="2026-05-04T00:00:00Z", supersedes="2b", **parcel)])
    after = [Dispatch.objects.values().get(), Delivery.objects.values().get()]
    for one, other in zip(before, after, strict=True):
        assert one | {"revision": 0} == other | {"revision": 0}


def test_an_empty_second_parcel_neither_shifts_blame_nor_makes_an_order_timely(take, story, event, now):
    take(story, at=now - timedelta(hours=1))
    before = [Dispatch.objects.values().get(), Delivery.objects.values().get()]
    parcel = {"shipment": "empty", "order": "o1"}
    take([
        event("delivery.shipment_ready", id="r", time="2026-05-01T12:00:00Z", **parcel),
        event("delivery.shipment_handed_over", id="h", time="2026-05-02T00:00:00Z", **parcel),
        event("delivery.shipment_delivered", id="a", time="2026-05-03T00:00:00Z", **parcel),
    ])
    assert [Dispatch.objects.values().get(), Delivery.objects.values().get()] == before


def test_harm_keeps_the_cause_that_was_stated_first(take, story, event, now):
    take(story[:2], at=now - timedelta(hours=2))
    for hours, shipment, cause in ((1, "s1", "merchant"), (0, "s2", "carrier")):
        harmed = event("delivery.shipment_damaged", id=shipment, shipment=shipment, order="o1", harm="lost", cause=cause)
        take([harmed], at=now - timedelta(hours=hours))
    assert Delivery.objects.get().cause == "merchant"


@pytest.mark.parametrize("step", [1, 3, 40])
@pytest.mark.parametrize("numbers", [range(19, -1, -1), random.Random(3).sample(range(20), 20)], ids=["newest first", "mixed"])
def test_orders_weigh_less_and_less_in_whatever_order_and_batches_they_come(take, event, numbers, step):
    for some in chunks([raw for number in numbers for raw in handed_over(event, number)], step):
        take(some)
    stated = [order.pk for order in Order.objects.order_by("placed_seq")]
    weights = dict(Dispatch.objects.values_list("pk", "weight"))
    assert [weights[order] for order in stated] == [*RANK_WEIGHTS, 0, 0, 0, 0]


def test_reviews_told_newest_first_do_not_all_count_in_full(take, event):
    for number in range(6, 0, -1):
        take(handed_over(event, number, buyer="b"))
        take([event("reviews.review_published", id=f"r{number}", time=f"2026-05-0{number}T00:00:00Z", review=f"r{number}",
                    buyer="b", merchant="m1", order=f"o{number}", stars=5)])
    judged = [r.fact.weight for batch in every_fact() for r in batch if isinstance(r.fact, ReviewJudged)]
    assert judged == list(RANK_WEIGHTS[:6])


def reviewed(event, number=1, **fields):
    review = {"review": f"r{number}", "buyer": "b1", "merchant": "m1", "order": "o1", "stars": 5} | fields
    return event("reviews.review_published", id=f"r{number}", time="2026-05-09T00:00:00Z",
                 **{name: value for name, value in review.items() if value is not None})


def judged_about(cls):
    """What stands of our judgements of a kind, without their revisions and subjects."""
    return [(r.fact.lane, r.fact.weight) for batch in every_fact() for r in batch if isinstance(r.fact, cls)]


@pytest.mark.parametrize(("fields", "weight"), [
    ({}, 16), ({"buyer": None}, 16), ({"buyer": "b2"}, 4), ({"merchant": "m2"}, 4), ({"order": "o2"}, 4), ({"order": None}, 4),
])
def test_a_review_weighs_like_its_order_only_if_that_is_its_merchants_and_buyers(take, story, event, fields, weight):
    take([*story, reviewed(event, **fields)])
    assert judged_about(ReviewJudged) == [("swift/any/any" if weight == 16 else "any/any/any", weight)]


@pytest.mark.parametrize("buyer", [None, "b{}"])
def test_reviews_that_name_one_order_count_less_and_less(take, story, event, buyer):
    take(story)
    take([reviewed(event, number, buyer=buyer and buyer.format(number)) for number in range(20)])
    ranked = [*RANK_WEIGHTS, 0, 0, 0, 0]
    expected = ranked if buyer is None else [16 if number == 1 else min(4, ranked[number]) for number in range(20)]
    assert sorted(weight for _, weight in judged_about(ReviewJudged)) == sorted(expected)


def test_reviews_of_another_merchant_do_not_use_up_an_orders_weight(take, story, event):
    take([*story, *(reviewed(event, number, merchant="m2") for number in range(2, 20))])
    take([reviewed(event)])
    assert ("swift/any/any", 16) in judged_about(ReviewJudged)


def complained(event):
    complaint = {"complaint": "c1", "merchant": "m1"}
    return [
        event("care.complaint_opened", id="co", time="2026-05-10T00:00:00Z", order="o1", **complaint),
        event("care.complaint_closed", id="cc", time="2026-05-12T00:00:00Z", outcome="upheld", cause="merchant", **complaint),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_reviews_and_complaints_are_judged_with_their_order_whenever_it_comes(take, story, event, order):
    told = [story[:1], [reviewed(event)], complained(event)]
    for place in order:
        take(told[place])
    assert judged_about(ReviewJudged) == [("swift/any/any", 16)]
    assert judged_about(ComplaintJudged) == [("swift/any/any", 16)]


def test_reviews_and_complaints_are_judged_again_when_their_order_is_corrected_or_withdrawn(take, story, event):
    take([story[0], reviewed(event), *complained(event)])
    take([event("trade.order_placed", id="1b", supersedes="1", **(ORDER | {"amount_minor": 1_000, "carrier": "slow"}))])
    assert judged_about(ReviewJudged) == [("slow/any/any", 8)]
    assert judged_about(ComplaintJudged) == [("slow/any/any", 16)]
    take([event("record.fact_withdrawn", id="w", event="1b")])
    assert judged_about(ReviewJudged) == [("any/any/any", 4)]
    assert judged_about(ComplaintJudged) == [("any/any/any", 16)]


def test_an_order_cannot_leave_its_rank_by_being_stated_again(take, event):
    for number in range(4):
        take(handed_over(event, number, address="the same door", buyer=f"b{number}"))
    before = list(Dispatch.objects.order_by("pk").values_list("pk", "weight", "revision"))
    take([event("trade.order_placed", id=f"again{number}", time="2026-04-01T00:00:00Z",
                **(ORDER | {"order": f"o{number}", "buyer": "other", "address": f"door {number}", "amount_minor": 9}))
          for number in range(4)])
    assert list(Dispatch.objects.order_by("pk").values_list("pk", "weight", "revision")) == before


@pytest.mark.parametrize("supersedes", ["never-{}", "second{}"])
def test_a_correction_of_what_does_not_stand_moves_no_order_to_another_door(take, event, supersedes):
    for number in range(4):
        take(handed_over(event, number, address="the same door", buyer=f"b{number}"))
    before = list(Dispatch.objects.order_by("pk").values_list("pk", "weight", "revision"))
    other = [ORDER | {"order": f"o{number}", "buyer": f"b{number}"} for number in range(4)]
    take([event("trade.order_placed", id=f"second{number}", **other[number]) for number in range(4)])
    take([event("trade.order_placed", id=f"again{number}", supersedes=supersedes.format(number),
                **(other[number] | {"address": f"door {number}", "payer": f"payer {number}"})) for number in range(4)])
    take([event("trade.order_cancelled", id=f"c{number}", time="2026-05-20T00:00:00Z", order=f"o{number}")
          for number in range(4)])      # judged again
    assert list(Dispatch.objects.order_by("pk").values_list("pk", "weight", "revision")) == before
    assert len(fingerprints_of(names=["payer"], subjects=[order for order, *_ in before])) == 0


@pytest.mark.parametrize("same", [{"buyer": "b"}, {"address": "door"}, {"payer": "p"}])
def test_no_more_earlier_orders_are_counted_than_matter_nor_another_merchants(take, event, same):
    for number in range(12):
        fields = {"buyer": f"b{number}", "merchant": "m2" if number < 5 else "m1"} | same
        take(handed_over(event, number, **fields))
    orders = list(Order.objects.order_by("placed_seq").values_list("pk", flat=True))
    counts = earlier_orders(orders, most=4)
    assert [counts[order] for order in orders] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 4, 4]


def test_a_corrected_address_is_ranked_anew(take, event):
    for number in range(4):
        take(handed_over(event, number, address="the same door", buyer=f"b{number}"))
    take([event("trade.order_placed", id="p3b", supersedes="p3",
                **(ORDER | {"order": "o3", "buyer": "b3", "address": "another door"}))])
    assert sorted(Dispatch.objects.values_list("weight", flat=True)) == [12, 16, 16, 16]


def test_a_corrected_value_is_weighed_again(take, event):
    take(handed_over(event, 1, amount_minor=0))
    assert Dispatch.objects.get().weight == 0
    take([event("trade.order_placed", id="p1b", time="2026-05-01T00:00:00Z", supersedes="p1", **(ORDER | {"order": "o1"}))])
    assert (Dispatch.objects.get().weight, Dispatch.objects.get().revision) == (16, 1)
    assert not Delivery.objects.exists()


def test_a_second_statement_of_an_order_moves_its_failure_to_nobody(take, story, event):
    take(story)
    before = [Dispatch.objects.values().get(), Delivery.objects.values().get()]
    other = ORDER | {"merchant": "m2", "hand_over_by": "2026-05-09T00:00:00Z", "amount_minor": 0}
    take([event("trade.order_placed", id="1b", time="2026-05-01T00:00:00Z", **other)])
    assert [Dispatch.objects.values().get(), Delivery.objects.values().get()] == before


@pytest.mark.parametrize("currency", [*FULL_VALUE_UNITS, "XOF", None])
def test_every_currency_has_a_value_from_which_orders_count_in_full(currency):
    full = full_value_minor(currency)
    assert weight_of(rank=0, value_minor=full, currency=currency) == WEIGHT_ONE
    assert weight_of(rank=0, value_minor=full - full // WEIGHT_ONE, currency=currency) < WEIGHT_ONE
    assert full >= WEIGHT_ONE if currency is None else full >= 10 ** digits_of(currency)


def test_full_value_is_worth_about_the_same_everywhere():
    assert [full_value_minor(code) for code in ("CNY", "USD", "JPY", "VND", "KWD", "BRL")] == [
        2_000, 300, 500, 100_000, 1_000, 2_000
    ]


@given(rank=st.integers(0, 40), value=st.integers(0, 2**53 - 1), currency=st.sampled_from([*FULL_VALUE_UNITS, None]))
def test_weights_stay_in_bounds_and_fall_with_the_rank(rank, value, currency):
    weight = weight_of(rank=rank, value_minor=value, currency=currency)
    assert 0 <= weight <= WEIGHT_ONE
    assert weight_of(rank=rank + 1, value_minor=value, currency=currency) <= weight
def test_a_correction_followed_before_the_judgement_that_it_corrects_supersedes_it(story, event, realm, now, db, monkeypatch):
    actions.take_events(actor=SYSTEM, source="shop", raws=story, realm=realm, at=now)
    following.seal_all(realm=realm, at=now)
    correction = event("trade.order_placed", id="1b", time="2026-05-01T00:00:00Z", supersedes="1",
                       **(ORDER | {"hand_over_by": "2026-05-05T00:00:00Z"}))
    actions.take_events(actor=SYSTEM, source="shop", raws=[correction], realm=realm, at=now)
    following._follow(following.CURSOR, settings.DOMAINS, realm, now)       # judges, behind the correction
    monkeypatch.setattr(following, "BATCH_MAX", 1)
    following.react(domains=settings.DOMAINS, realm=realm, at=now)
    judged = [r.fact for batch in every_fact() for r in batch if isinstance(r.fact, DispatchJudged)]
    assert [(fact.outcome, fact.revision) for fact in judged] == [("on_time", 1)]
    assert (Dispatch.objects.get().outcome, Dispatch.objects.get().revision) == ("on_time", 1)
