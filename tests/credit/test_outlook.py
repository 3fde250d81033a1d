"""Looking ahead: points at stake, forecasts and what would be if, held against real scorings."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from yinuo.credit import actions as credit
from yinuo.credit.features import MEASURES
from yinuo.credit.models import Dispatch, Pending, Standing
from yinuo.credit.rules.engine import climate_at, open_engine
from yinuo.credit.rules.judging import Pending as PendingRow
from yinuo.credit.rules.judging import lane_of, outcomes_of
from yinuo.credit.rules.outlook import (
    AHEAD_DAYS,
    Case,
    Expected,
    forecast,
    scored_by,
    scores_with,
    sums_in,
)
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.moments import MICROS_PER_DAY, from_day, from_micros, to_micros
from yinuo.pipelines import rescore
from yinuo.trade.queries import orders
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def alone(market, tmp_path):
    """The market with files of its own: what a test adds to them is gone with its rows."""
    folder, last = market.folder, (market.folder / "last").read_bytes()
    market.folder = shutil.copytree(folder, tmp_path / "market")
    yield market
    (folder / "last").write_bytes(last)
    market.folder = folder


def scored(market, *, as_of, climate=None):
    """Everybody scored by the real engine from all that is known, as of a day; by a climate of before, or that day's own."""
    with open_engine("duckdb") as engine:
        store = rescore.prepare(engine=engine, folder=market.folder)
        card = credit.card_in_force(actor=SYSTEM, at=market.now)
        climate = climate or climate_at(engine, store, as_of=as_of)
        pins = credit.Pins(size=store.written()["size"], as_of=as_of, scorecard=card.name, mode="public")
        told = credit.told_at(engine=engine, store=store)
        return credit.score_all(engine=engine, store=store, climate=climate, card=card, pins=pins, told=told), card


def test_what_is_kept_rounds_to_the_evidence(market):
    scoring, card = scored(market, as_of=Standing.objects.values_list("as_of", flat=True).first())
    evidence = dict((merchant, both) for merchant, *both in scoring.evidence.each())
    assert scoring.ahead.keys() == evidence.keys()
    for merchant, kept in scoring.ahead.items():
        observed, expected = sums_in(kept, card, MEASURES)[0].rounded()
        assert observed == {wanted: evidence[merchant][0][wanted] for wanted in scored_by(card)}
        assert expected == {wanted: due for wanted, due in evidence[merchant][1].items() if wanted in scored_by(card)}


@pytest.mark.parametrize("days", AHEAD_DAYS[1:])
def test_the_forecast_is_the_scoring_of_that_day(market, days):
    as_of = Standing.objects.values_list("as_of", flat=True).first()
    now, card = scored(market, as_of=as_of)
    then, _ = scored(market, as_of=as_of + days)
    expected = Expected.last_in(now.climate)
    told = 0
    for merchant, kept in now.ahead.items():
        if merchant not in then.results:
            continue
        aged, _ = forecast(
            card, sums_in(kept, card, MEASURES), expected, [], as_of=as_of, today=as_of, band=now.results[merchant].band,
            measures=MEASURES,
        )
        found = next(each for each in aged if each.day == as_of + days)
        real = then.results[merchant]
        assert (found.score, found.half) == (real.score, found.half)
        if real.score not in (None, 0, 1000) and real.low and real.high < 1000:
            assert found.half == real.score - real.low
        told += real.score is not None
    assert told > 5


def placed(market, count, *, at, hours, merchants=None):
    """New orders like the newest ones, each of a new buyer, to be handed over in so many hours; their ids by merchant."""
    raws, names = [], []
    for number, event in zip(range(count), reversed(market.of_kind("trade.order_placed")), strict=False):
        data = {
            **event.data, "order": f"open-{at:%d%H}-{number}", "buyer": f"new-{at:%d%H}-{number}", "amount_minor": 90_000,
            "hand_over_by": at + timedelta(hours=hours[number % len(hours)]), "deliver_by": at + timedelta(days=5),
        }
        names.append(data["order"])
        raws.append(cloud_event(f"place-{data['order']}", event.type, at, data))
    market.take(raws)
    return names


def cloud_event(id, kind, time, data):
    body = {"specversion": "1.0", "id": id, "source": "demo", "type": kind, "time": time, "data": data}
    return msgspec.json.encode(body)


def names_of(market, names):
    """The surrogates of orders that the shop calls so."""
    return [surrogate_of(source="demo", kind="order", source_id=name, key=market.realm.key) for name in names]


def handed_over(market, name, at):
    data = {"shipment": f"parcel-{name}", "order": name}
    market.take([cloud_event(f"hand-{name}", "delivery.shipment_handed_over", at, data)])


def owner_of(merchant):
    return Actor("account:9", own={merchant: frozenset({"merchant_owner"})})


def test_the_points_at_stake_are_those_of_a_real_judgement(alone):
    """Each order is handed over, now or too late, judged, and scored by the engine against the same climate."""
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    noon = datetime.combine(from_day(as_of - 1), datetime.min.time(), UTC) + timedelta(hours=12)
    names = placed(market, 60, at=noon - timedelta(hours=4), hours=(2, 6, 30))
    before, card = scored(market, as_of=as_of)
    surrogates = dict(zip(names, names_of(market, names), strict=True))
    kinds = set()
    for place, name in enumerate(names):
        (order,) = orders([surrogates[name]])
        merchant = order.merchant
        if before.results[merchant].score is None or len(kinds) > 5:
            continue
        pending = Pending.objects.values_list(*PendingRow._fields).get(pk=order.id)
        case = Case("dispatch", lane_of(order), *outcomes_of(PendingRow(*pending), at=to_micros(noon)))
        if (as_of + 2) // 7 not in {week for week, lane in before.climate.rates if lane == case.lane}:
            continue        # where nothing was known that week, a pinned climate expects nothing
        expected = Expected.last_in(before.climate)
        best, worst = scores_with(card, sums_in(before.ahead[merchant], card, MEASURES)[0], expected, [case], as_of=as_of, measures=MEASURES)
        fails = place % 2
        handed_over(market, name, max(noon, from_micros(order.hand_over_by + 1)) if fails else min(noon, from_micros(order.hand_over_by)))
        judged = Dispatch.objects.get(pk=order.id)
        known = judged.judged_at // MICROS_PER_DAY
        if known != as_of - 1:      # it becomes known later than it is reckoned with
            continue
        assert (judged.outcome, judged.cause, judged.used_permille) == (case.worst if fails else case.best)
        after, _ = scored(market, as_of=as_of, climate=before.climate)
        assert after.results[merchant].score == (worst if fails else best)[0][judged.weight]
        kinds.add((fails, judged.outcome, judged.used_permille, int(best[0][16] - worst[0][16])))
        before = after
    assert len(kinds) > 5
    assert any(points for *_, points in kinds)

