"""What an upheld contest gives back, computed again standing by standing."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from yinuo.credit import actions as credit
from yinuo.credit.models import Complaint, Delivery, Dispatch, Standing
from yinuo.credit.queries import made_whole, points_at_stake
from yinuo.credit.rules.scorecard import Feature
from yinuo.decisions import actions as decisions
from yinuo.decisions import queries
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import PUBLIC, SYSTEM, Actor
from yinuo.kit.refusals import NotFound
from yinuo.record.queries import contents_by_number, size
from yinuo.vault.queries import source_ids_of

pytestmark = pytest.mark.django_db

STEWARD = Actor("account:1", frozenset({"steward"}))
WORDS = "The carrier did not collect on the day that was booked."


@pytest.fixture(autouse=True)
def _files_as_they_were(market, tmp_path, monkeypatch):
    """Archive and log remember what a test takes back with the database: each test has its own of one, and mends the other."""
    last = market.folder / "last"
    remembered = last.read_bytes()
    monkeypatch.setattr(market, "folder", Path(shutil.copytree(market.folder, tmp_path / "market")))
    yield
    last.write_bytes(remembered)


def contested(market, merchant, orders, at):
    """Upheld contests of these late orders: through the carrier."""
    owner = Actor("account:9", own={merchant: frozenset({"merchant_owner"})})
    opened = credit.contest_causes(
        actor=owner, merchant=merchant, orders=orders, aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, at + timedelta(days=14)), realm=market.realm, at=at,
    )
    decisions.settle_contests(
        actor=STEWARD, ids=[each.pk for each in opened], upheld=True, ground="evidence", words=WORDS, cause="carrier",
        realm=market.realm, at=at,
    )
    market.follow(at)
    return owner, opened


def both_aspects(market):
    """A scored merchant with an order that went wrong twice through it: handed over late, and damaged on the way."""
    scored = set(Standing.objects.exclude(score=None).values_list("merchant", flat=True))
    late = Dispatch.objects.filter(outcome="late", cause="merchant", merchant__in=scored, weight__gte=8)
    for judged in late.order_by("-judged_at"):
        if Delivery.objects.filter(pk=judged.pk, cause="merchant").exclude(outcome="on_time").exists():
            return judged.merchant, judged.pk
    raise AssertionError("the market has no such order")


def uphold(market, contests, at, steward="account:1"):
    contests[0].refresh_from_db()
    if contests[0].state == "upheld":       # at once, by what was upheld about the same order before it
        return contests[0]
    cause = "carrier" if contests[0].aspect != "fact" else None
    decisions.settle_contests(
        actor=Actor(steward, frozenset({"steward"})), ids=[each.pk for each in contests], upheld=True, ground="evidence",
        words=WORDS, cause=cause, realm=market.realm, at=at,
    )
    market.follow(at + timedelta(minutes=1))
    return contests[0]


def contest(market, merchant, order, aspect, at):
    owner = Actor("account:9", own={merchant: frozenset({"merchant_owner"})})
    say = {"actor": owner, "merchant": merchant, "objection": Objection(WORDS, at + timedelta(days=14)), "realm": market.realm}
    if aspect == "fact":
        number = next(
            number for number, content in contents_by_number(numbers=range(size())).items()
            if type(content.fact).__name__ == "ShipmentHandedOver" and content.fact.order == order
        )
        return [credit.contest_fact(number=number, at=at, **say)]
    if aspect == "complaint":
        return credit.contest_complaints(complaints=[order], claimed="carrier", at=at, **say)
    return credit.contest_causes(orders=[order], aspect=aspect, claimed="carrier", at=at, **say)


def test_the_statement_adds_up_to_the_standing_computed_again(market, now):
    market.score()
    late = Dispatch.objects.filter(outcome="late", cause="merchant")
    scored = set(Standing.objects.exclude(score=None).values_list("merchant", flat=True))
    merchant = next(row.merchant for row in late.order_by("pk") if row.merchant in scored)
    order = late.filter(merchant=merchant).order_by("-judged_at").first().pk
    before = Standing.objects.get(merchant=merchant)
    owner, (contest,) = contested(market, merchant, [order], now)
    statement = made_whole(viewer=owner, contest_id=contest.pk)
    assert [(lost.as_of, lost.score, lost.band) for lost in statement.lost] == [(before.as_of, before.score, before.band)]
    for viewer in (PUBLIC, Actor("account:7", own={"mother": frozenset({"merchant_owner"})})):
        with pytest.raises(NotFound):
            made_whole(viewer=viewer, contest_id=contest.pk)
    market.score(at=now + timedelta(hours=1), as_of=before.as_of)
    after = Standing.objects.get(merchant=merchant)
    assert statement.lost[0].score_without == after.score       # the same climate to within this one order
    assert statement.points_max == max(0, after.score - before.score)
    assert made_whole(viewer=owner, contest_id=contest.pk).lost == statement.lost       # the new run rests on it no more


@pytest.mark.parametrize("aspects", [
    ("dispatch", "delivery"), ("delivery", "dispatch"), ("dispatch", "fact"), ("fact", "delivery"), ("delivery", "fact"),
], ids=str)
def test_each_point_is_told_of_once_however_many_contests_were_upheld(market, now, aspects):
    """Two contests about one order, and one about another: what they give back adds up to what the standing changed."""
    market.score()
    merchant, order = both_aspects(market)
    before = Standing.objects.get(merchant=merchant)
    opened = [contest(market, merchant, order, aspect, now) for aspect in aspects if aspect != "fact"]
    opened += [contest(market, merchant, order, "fact", now)] if "fact" in aspects else []
    by_aspect = {each[0].aspect: each for each in opened}
    other = Dispatch.objects.filter(merchant=merchant, cause="merchant").exclude(pk=order).order_by("-judged_at").first()
    settled = [uphold(market, by_aspect[aspect], now + timedelta(hours=hour)) for hour, aspect in enumerate(aspects)]
    first_told = made_whole(viewer=STEWARD, contest_id=settled[0].pk)
    if other is not None:
        settled.append(uphold(market, contest(market, merchant, other.pk, "dispatch", now), now + timedelta(hours=5)))
    statements = [made_whole(viewer=STEWARD, contest_id=each.pk) for each in settled]
    assert statements[0].lost == first_told.lost        # what was told once does not change by what is upheld later
    market.score(at=now + timedelta(hours=9), as_of=before.as_of)
    after = Standing.objects.get(merchant=merchant)
    told = [each for statement in statements for each in statement.lost if each.as_of == before.as_of]
    assert after.score > before.score
    assert sum(each.points for each in told) == told[-1].score_without - before.score
    assert abs(told[-1].score_without - after.score) <= 1       # the climate of the new run knows of them too
    assert [each.score_before for each in told] == [before.score, *(each.score_without for each in told[:-1])]
    assert sum(each.is_lower for each in told) <= 1


def undescribed(market):
    """A scored merchant with two complaints that the goods were not as described, and an order that was late through it."""
    scored = set(Standing.objects.exclude(score=None).values_list("merchant", flat=True))
    found = Complaint.objects.filter(cause="merchant", topic="not_as_described", merchant__in=scored)
    by_merchant = {}
    for judged in found.order_by("-judged_at", "pk"):
        by_merchant.setdefault(judged.merchant, []).append(judged.pk)
    for merchant, complaints in by_merchant.items():
        late = Dispatch.objects.filter(merchant=merchant, outcome="late", cause="merchant", weight__gte=8).first()
        if late is not None and len(complaints) > 1:
            return merchant, complaints, late.pk
    raise AssertionError("the market has no such merchant")


def test_what_complaints_cost_is_given_back_like_what_orders_cost(market, now):
    at = now + timedelta(days=2)
    put_in_force(card_with("undescribed"), at)
    market.score(at=at)
    merchant, complaints, late = undescribed(market)
    before = Standing.objects.get(merchant=merchant, scorecard="more")
    every = [("complaint", each) for each in complaints] + [("dispatch", late)]
    settled = [
        uphold(market, contest(market, merchant, about, aspect, at), at + timedelta(hours=hour))
        for hour, (aspect, about) in enumerate(every)
    ]
    told = [made_whole(viewer=STEWARD, contest_id=each.pk).lost[-1] for each in settled]
    assert {each.as_of for each in told} == {before.as_of}
    assert [each.score_before for each in told] == [before.score, *(each.score_without for each in told[:-1])]
    assert sum(each.points for each in told[:-1]) > 0
    market.score(at=at + timedelta(hours=9), as_of=before.as_of)
    after = Standing.objects.get(merchant=merchant, scorecard="more")
    assert after.score > before.score
    assert abs(told[-1].score_without - after.score) <= 5       # few complaints make a climate, so that each moves it
    shown = {(each["feature"], each.get("half_life_days")): each.get("points") for each in after.reasons}
    for each in before.reasons:
        if each["feature"] == "undescribed":
            assert shown[("undescribed", each["half_life_days"])] > each["points"]


def card_with(measure):
    """The shipped scorecard with one more feature, by which conduct worse than expected costs points."""
    card = credit.shipped_card()
    more = Feature(
        name="more_365", measure=measure, half_life_days=365, facet="described", observed_prior=64, expected_prior=64,
        points=tuple(2 * (16 - place) for place in range(33)),
    )
    return replace(card, name="more", features=(*card.features, more), calibrated_on=1_000)


def put_in_force(card, at):
    credit.add_scorecard(actor=SYSTEM, card=card, report={}, at=at)
    credit.put_in_force(actor=SYSTEM, name=card.name, at=at)


def test_where_the_scorecard_makes_no_points_of_complaints_the_side_is_given_back(market, now):
    market.score()
    merchant, (complaint, *_), _ = undescribed(market)
    before = Standing.objects.get(merchant=merchant)
    contested = contest(market, merchant, complaint, "complaint", now)
    assert points_at_stake(viewer=STEWARD, contests=contested) == {contested[0].pk: 0}
    uphold(market, contested, now)
    statement = made_whole(viewer=STEWARD, contest_id=contested[0].pk)
    (lost,) = [each for each in statement.lost if each.as_of == before.as_of]
    assert (lost.points, lost.score_before, lost.band_before) == (0, before.score, before.band)
    (side,) = lost.sides
    assert (side.facet, side.score_before) == ("described", before.facets["described"]["score"])
    assert side.score_without > side.score_before
    market.score(at=now + timedelta(hours=1), as_of=before.as_of)
    after = Standing.objects.get(merchant=merchant)
    assert abs(after.facets["described"]["score"] - side.score_without) <= 5     # likewise
    assert statement.has_sides


def test_a_complaint_that_was_corrected_later_is_made_whole_for_what_was_contested(market, now):
    """What the contest found counts for the runs before; that the shop takes the complaint back is nobody's loss."""
    market.score()
    merchant, (complaint, *_), _ = undescribed(market)
    uphold(market, contest(market, merchant, complaint, "complaint", now), now)
    alone = made_whole(viewer=STEWARD, contest_id=decided(merchant)).lost
    assert alone
    called = source_ids_of(surrogates=[complaint], realm=market.realm)[complaint][1]
    end = next(event for event in market.of_kind("care.complaint_closed") if event.data["complaint"] == called)
    market.take([withdrawn(end.id)], at=now + timedelta(hours=1))
    assert not Complaint.objects.filter(pk=complaint).exists()
    told = made_whole(viewer=STEWARD, contest_id=decided(merchant)).lost
    assert [(each.as_of, each.points) for each in told] == [(each.as_of, each.points) for each in alone]


def withdrawn(event_id):
    body = {"specversion": "1.0", "id": "gone", "source": "demo", "type": "record.fact_withdrawn",
            "time": "2026-05-01T00:00:00Z", "data": {"event": event_id, "reason": "mistake"}}
    return json.dumps(body).encode()


def test_what_the_shop_corrected_later_is_not_counted_as_the_contests(market, now, event):
    """Only what was contested is taken as known then: another correction of the same order is nobody's loss."""
    market.score()
    merchant, order = both_aspects(market)
    before = Standing.objects.get(merchant=merchant)
    uphold(market, contest(market, merchant, order, "dispatch", now), now)
    alone = made_whole(viewer=STEWARD, contest_id=decided(merchant)).lost
    scan = next(
        event for event in market.of_kind("delivery.shipment_delivered")
        if event.data["order"] == source_ids_of(surrogates=[order], realm=market.realm)[order][1]
    )
    gone = event("record.fact_withdrawn", id="gone", source="demo", event=scan.id, reason="mistake")
    market.take([gone], at=now + timedelta(hours=1))
    assert made_whole(viewer=STEWARD, contest_id=decided(merchant)).lost == alone
    assert alone[0].score == before.score


def decided(merchant):
    """The merchant's only upheld contest."""
    (found,) = queries.upheld_contests(viewer=STEWARD, merchant=merchant)
    return found.pk
