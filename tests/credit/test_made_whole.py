"""What an upheld contest gives back, computed again standing by standing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from yinuo.credit import actions as credit
from yinuo.credit.models import Delivery, Dispatch, Standing
from yinuo.credit.queries import made_whole
from yinuo.decisions import actions as decisions
from yinuo.decisions import queries
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import PUBLIC, Actor
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
    cause = "carrier" if contests[0].aspect != "fact" else None
    decisions.settle_contests(
        actor=Actor(steward, frozenset({"steward"})), ids=[each.pk for each in contests], upheld=True, ground="evidence",
        words=WORDS, cause=cause, realm=market.realm, at=at,
    )
    market.follow(at)
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
    assert len(made_whole(viewer=owner, contest_id=contest.pk).lost) == 1       # the new run rests on it no more



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
