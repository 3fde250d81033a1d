"""Looking ahead: points at stake, forecasts and what would be if, held against real scorings."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from yinuo.credit import actions as credit
from yinuo.credit import queries
from yinuo.credit.features import MEASURES
from yinuo.credit.models import Dispatch, Pending, Standing
from yinuo.credit.rules.climate import Climate
from yinuo.credit.rules.engine import climate_at, open_engine
from yinuo.credit.rules.judging import Pending as PendingRow
from yinuo.credit.rules.judging import outcomes_of
from yinuo.credit.rules.outlook import (
    AHEAD_DAYS,
    Ahead,
    Case,
    Expected,
    Judgement,
    forecast,
    scored_by,
    scores_with,
    sums_in,
    sums_of,
    warned,
)
from yinuo.decisions import actions as decisions
from yinuo.decisions.rules import Objection
from yinuo.kit.actors import SYSTEM, Actor
from yinuo.kit.moments import MICROS_PER_DAY, from_day, from_micros, to_micros
from yinuo.kit.refusals import Conflict, Malformed, NotAllowed
from yinuo.pipelines import rescore
from yinuo.trade.queries import orders
from yinuo.vault.queries import surrogate_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORDS = "The carrier did not collect on the day that was booked."


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
    evidence = {merchant: both for merchant, *both in scoring.evidence.each()}
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


def placed(market, count, *, at, hours, like=None, buyer=None):
    """New orders like the newest ones, each of a new buyer, to be handed over in so many hours; their ids at the shop."""
    raws, names = [], []
    newest = itertools.repeat(like) if like else reversed(market.of_kind("trade.order_placed"))
    for number, event in zip(range(count), newest, strict=False):
        data = {
            **{key: value for key, value in event.data.items() if key not in ("address", "payer")}, "amount_minor": 90_000,
            "order": f"open-{at:%d%H}-{number}", "buyer": buyer or f"new-{at:%d%H}-{number}",
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


def withdrawal(id, event, time):
    return cloud_event(id, "record.fact_withdrawn", time, {"event": event, "reason": "mistake"})


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
        case = Case("dispatch", pending[6], *outcomes_of(PendingRow(*pending), at=to_micros(noon)))
        if (as_of + 2) // 7 not in {week for week, lane in before.climate.rates if lane == case.lane}:
            continue        # where nothing was known that week, a pinned climate expects nothing
        expected = Expected.last_in(before.climate)
        sums = sums_in(before.ahead[merchant], card, MEASURES)[0]
        best, worst = scores_with(card, sums, expected, [case], as_of=as_of, measures=MEASURES)
        fails = place % 2
        due = from_micros(order.hand_over_by)
        handed_over(market, name, max(noon, due + timedelta(microseconds=1)) if fails else min(noon, due))
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


def test_a_fall_that_orders_bring_is_the_scoring_of_that_day(alone):
    """Twenty late orders: the warning foretells what the engine gives once they are handed over late."""
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    midnight = datetime.combine(from_day(as_of), datetime.min.time(), UTC)
    template = next(
        event for event in reversed(market.of_kind("trade.order_placed"))
        if Standing.objects.filter(
            merchant=surrogate_of(
                source="demo", kind="merchant", source_id=event.data["merchant"], key=market.realm.key
            ), band__in=("good", "excellent"), override="",
        ).exists()
    )
    merchant = surrogate_of(source="demo", kind="merchant", source_id=template.data["merchant"], key=market.realm.key)
    before = rescored(market, as_of)
    assert queries.foreseen(queries.look_ahead(viewer=SYSTEM, merchant=merchant, at=midnight)) is None      # age alone is noise
    late = midnight - timedelta(days=3)
    names = placed(market, 20, at=late, hours=(20, 30), like=template)
    seen = queries.look_ahead(viewer=owner_of(merchant), merchant=merchant, at=midnight)
    found = queries.foreseen(seen)
    assert found is not None
    assert (found.orders["late"], found.orders["soon"]) == (20, 0)
    assert found.warned.by_orders > 0
    assert found.score - found.warned.score == found.warned.by_age + found.warned.by_orders
    for name in names:
        handed_over(market, name, midnight + timedelta(hours=1))
    week, expected = (as_of + 3) // 7, Expected.last_in(before.climate)
    lanes = set(Dispatch.objects.filter(merchant=merchant).values_list("lane", flat=True))
    rates = {**before.climate.rates, **expected.climate((week, lane) for lane in lanes).rates}
    climate = Climate(before.climate.measures, before.climate.bases, rates, before.climate.storms)
    after, _ = scored(market, as_of=found.warned.day, climate=climate)
    assert after.results[merchant].score == found.warned.score


def rescored(market, as_of):
    """Everybody scored as of a day, and the run published as what is shown."""
    scoring, _ = scored(market, as_of=as_of)
    credit.publish(actor=SYSTEM, scoring=scoring, realm=market.realm, at=market.now + timedelta(days=2), gate=False)
    return scoring


def test_an_objection_upheld_is_the_scoring_after_it(alone):
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    before = rescored(market, as_of)
    market.follow()
    scored_ones = [merchant for merchant, result in before.results.items() if result.score is not None]
    row = Dispatch.objects.filter(
        merchant__in=scored_ones, cause="merchant", outcome="late", judged_at__lt=(as_of - 20) * MICROS_PER_DAY,
        judged_at__gte=(as_of - 100) * MICROS_PER_DAY, weight=16,
    ).order_by("pk").first()
    owner = owner_of(row.merchant)
    (contest,) = credit.contest_causes(
        actor=owner, merchant=row.merchant, orders=[row.pk], aspect="dispatch", claimed="carrier",
        objection=Objection(WORDS, market.now + timedelta(days=10)), realm=market.realm, at=market.now,
    )
    suppose = queries.Supposed(contests=[contest.pk])
    found = queries.what_if(viewer=owner, merchant=row.merchant, suppose=suppose, realm=market.realm)
    assert found.left_out == []
    assert found.now.score == before.results[row.merchant].score
    assert found.now.reasons == before.results[row.merchant].reasons
    assert found.then.reasons != found.now.reasons
    assert sum(reason["then"] for reason in found.reasons) == found.then.score - 500
    decisions.settle_contests(
        actor=Actor("account:1", frozenset({"steward"})), ids=[contest.pk], upheld=True, ground="evidence", words=WORDS,
        cause="carrier", realm=market.realm, at=market.now,
    )
    market.follow()
    after, _ = scored(market, as_of=as_of, climate=before.climate)
    assert found.then.score == after.results[row.merchant].score
    with pytest.raises(Malformed, match="not open any more"):
        queries.what_if(viewer=owner, merchant=row.merchant, suppose=suppose, realm=market.realm)


def test_suppositions_are_added_up_and_bad_ones_refused(alone):
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    before = rescored(market, as_of)
    merchant = max((m for m, result in before.results.items() if result.score), key=lambda m: before.results[m].outcomes)

    def then(**supposed):
        return queries.what_if(
            viewer=owner_of(merchant), merchant=merchant, suppose=queries.Supposed(**supposed), realm=market.realm
        ).then

    same = then()
    assert (same.score, same.outcomes) == (before.results[merchant].score, before.results[merchant].outcomes)
    scores = [then(orders=40, late=late).score for late in (0, 5, 20, 40)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[-1]
    assert then(orders=40).score >= then(orders=40, used_percent=80).score >= then(orders=40, used_percent=100).score
    assert then(orders=40).outcomes == same.outcomes + 40
    for wrong in ({"orders": -1}, {"orders": 1_001}, {"orders": 3, "late": 4}, {"late": -1}, {"used_percent": 10},
                  {"contests": ["nope"]}):
        with pytest.raises(Malformed):
            then(**wrong)
    with pytest.raises(NotAllowed):
        queries.what_if(viewer=owner_of("mother"), merchant=merchant, suppose=queries.Supposed(), realm=market.realm)


def test_today_is_by_points_then_by_time_and_pages_are_parts_of_it(alone, django_assert_max_num_queries):
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    noon = datetime.combine(from_day(as_of - 1), datetime.min.time(), UTC) + timedelta(hours=12)
    rescored(market, as_of)
    placed(market, 60, at=noon - timedelta(hours=4), hours=(2, 6, 30))
    merchant = Standing.objects.filter(
        score__isnull=False, merchant__in=Pending.objects.values("merchant")
    ).order_by("-outcomes").values_list("merchant", flat=True).first()
    template = next(
        event for event in market.of_kind("trade.order_placed")
        if surrogate_of(source="demo", kind="merchant", source_id=event.data["merchant"], key=market.realm.key) == merchant
    )
    placed(market, 30, at=noon - timedelta(hours=3), hours=(1, 5, 40), like=template)
    placed(market, 9, at=noon - timedelta(hours=2), hours=(5,), like=template, buyer="the-same")
    seen = queries.look_ahead(viewer=owner_of(merchant), merchant=merchant, at=noon)
    whole = queries.today(seen, stop=10_000)
    keys = [(-row.points, row.due, row.order) for row in whole.rows]
    assert keys == sorted(keys)
    assert len(keys) == whole.total == sum(whole.counts.values()) > 38
    assert whole.counts["late"] >= 10
    assert whole.counts["soon"] >= 19
    pages = [row for start in range(0, whole.total, 7) for row in queries.today(seen, start=start, stop=start + 7).rows]
    assert pages == whole.rows
    assert {row.stage for row in queries.today(seen, stage="late", stop=999).rows} == {"late"}
    counted = [row.weight for row in whole.rows if row.due == noon + timedelta(hours=3)]
    assert sorted(counted)[-9:] == [3, 4, 5, 6, 8, 10, 12, 16, 16]      # of the same buyer each counts less
    for row in whole.rows:      # each in its plainest form: the score with one outcome more, and with the other
        pending = PendingRow(*Pending.objects.values_list(*PendingRow._fields).get(pk=row.order))
        assert row.points == plain_stake(seen.basis, pending, row.weight, to_micros(noon))
    late, lost = whole.first_fall
    falls = [supposing(market, merchant, orders=count, late=count) - supposing(market, merchant) for count in (late - 1, late)]
    assert falls == [0, -lost]
    with pytest.raises(NotAllowed):
        queries.look_ahead(viewer=owner_of("mother"), merchant=merchant, at=noon)
    with pytest.raises(Malformed):
        queries.today(seen, stage="never")
    with django_assert_max_num_queries(14):
        queries.today(queries.look_ahead(viewer=SYSTEM, merchant=merchant, at=noon))


def supposing(market, merchant, **supposed):
    suppose = queries.Supposed(**supposed)
    return queries.what_if(viewer=SYSTEM, merchant=merchant, suppose=suppose, realm=market.realm).then.score


def plain_stake(basis, pending, weight, at):
    """The points at stake, by the sums of single outcomes and no arrays."""
    day = basis.standing.as_of - 1
    scores = []
    for outcome in outcomes_of(pending, at=at):
        judged = Judgement(pending.aspect, day, pending.lane, weight, outcome)
        more = sums_of(
            [judged], basis.expected.climate([judged.cell]), as_of=day + 1, wanted=scored_by(basis.card), measures=MEASURES
        )
        scores.append(basis.card.score(*(basis.kept[0] + more).rounded()))
    return scores[0] - scores[1]


def test_an_order_is_pending_until_it_ends(alone):
    market, at = alone, NOW - timedelta(days=3)
    (name,) = placed(market, 1, at=at, hours=(30,))
    (order,) = names_of(market, [name])

    def kept():
        return list(Pending.objects.filter(pk=order).values_list("aspect", "due", "cause"))

    assert kept() == [("dispatch", to_micros(at + timedelta(hours=30)), "merchant")]
    handed_over(market, name, at + timedelta(hours=31))
    assert kept() == [("delivery", to_micros(at + timedelta(days=5)), "merchant")]      # late already: so is what follows
    market.take([withdrawal("unhand", f"hand-{name}", at)])
    assert kept() == [("dispatch", to_micros(at + timedelta(hours=30)), "merchant")]
    data = {"shipment": "other", "order": name}
    market.take([cloud_event("ready", "delivery.shipment_ready", at + timedelta(hours=1), data)])
    assert kept() == [("dispatch", to_micros(at + timedelta(hours=30)), "carrier")]     # it waits for the carrier from now on
    market.take([cloud_event("off", "trade.order_cancelled", at + timedelta(hours=2), {"order": name, "by": "buyer"})])
    assert kept() == []


def warning(*days, score=530, band="good", half=40):
    """What is warned of, from (score by age alone, score with orders, band by age alone, band with orders) by day."""
    aged = [Ahead(number, alone, alone, band_alone, half) for number, (alone, _, band_alone, _) in enumerate(days)]
    fallen = [Ahead(number, alone, both, band_both, half) for number, (alone, both, _, band_both) in enumerate(days)]
    return warned(aged, fallen, score=score, band=band, half=half)


def test_only_a_fall_that_is_no_noise_is_warned_of():
    assert warning((530, 530, "good", "good")) is None
    assert warning((518, 518, "expected", "expected")) is None      # a lower band by age alone, within the interval
    assert warning((518, 510, "expected", "expected")) is None
    assert warning((540, 525, "good", "good")) is None
    assert warning((489, 489, "expected", "expected")) == (0, 489, "expected", 41, 0)       # beyond the interval
    assert warning((530, 515, "good", "expected")) == (0, 515, "expected", 0, 15)           # a lower band by orders
    assert warning((530, 530, "good", "good"), (520, 489, "good", "good")) == (1, 489, "good", 10, 31)
    assert warning((530, 489, "good", "good"), (520, 400, "good", "poor")) == (0, 489, "good", 0, 41)     # the first one
    assert warning((560, 521, "excellent", "good")) is None         # less good than it would have been, and no fall
    assert warning((None, None, "new", "new")) is None


def test_some_weeks_of_a_climate_are_read_alone(alone):
    whole = scored(alone, as_of=Standing.objects.values_list("as_of", flat=True).first())[0].climate
    weeks = sorted({week for week, _ in whole.rates})
    for some in (range(weeks[-1], weeks[-1] + 1), range(weeks[3], weeks[7]), range(weeks[0] - 9, weeks[1]), range(10**6),
                 range(weeks[-1] + 1, weeks[-1] + 9), range(3)):
        part = Climate.decoded_weeks(whole.encoded(), some)
        assert part.rates == {key: rates for key, rates in whole.rates.items() if key[0] in some}
        assert (part.measures, part.bases, part.storms) == (whole.measures, whole.bases, whole.storms)
    empty = Climate(whole.measures, whole.bases, {}, frozenset())
    assert Climate.decoded_weeks(empty.encoded(), range(9)) == empty


def test_a_scorecard_comes_into_force_on_the_day_it_was_announced_for(alone):
    card = msgspec.structs.replace(credit.shipped_card(), name="next", start=490)
    credit.add_scorecard(actor=SYSTEM, card=card, report={}, at=NOW)
    day = to_micros(NOW) // MICROS_PER_DAY + 20
    with pytest.raises(Malformed):
        credit.announce(actor=SYSTEM, name="next", day=day - 20, at=NOW)
    with pytest.raises(NotAllowed):
        credit.announce(actor=owner_of("m"), name="next", day=day, at=NOW)
    credit.announce(actor=SYSTEM, name="next", day=day, at=NOW)
    merchant = Standing.objects.values_list("merchant", flat=True).first()
    ((found, standing),) = queries.announced(viewer=owner_of(merchant), merchant=merchant)
    assert (found.name, found.in_force_from, standing) == ("next", day, None)
    with pytest.raises(Conflict):
        credit.put_in_force(actor=SYSTEM, name="next", at=NOW + timedelta(days=19))
    credit.put_in_force(actor=SYSTEM, name="next", at=NOW + timedelta(days=20))
    with pytest.raises(Conflict):
        credit.announce(actor=SYSTEM, name="next", day=day + 99, at=NOW)


def test_what_is_due_tomorrow_is_not_reckoned_to_fail(alone):
    market, as_of = alone, Standing.objects.values_list("as_of", flat=True).first()
    noon = datetime.combine(from_day(as_of - 1), datetime.min.time(), UTC) + timedelta(hours=12)
    rescored(market, as_of)
    merchant = Standing.objects.filter(band__in=("good", "excellent"), override="").values_list("merchant", flat=True).first()
    template = next(
        event for event in market.of_kind("trade.order_placed")
        if surrogate_of(source="demo", kind="merchant", source_id=event.data["merchant"], key=market.realm.key) == merchant
    )
    placed(market, 40, at=noon, hours=(30,), like=template)

    def told(hours):
        return queries.foreseen(queries.look_ahead(viewer=SYSTEM, merchant=merchant, at=noon + timedelta(hours=hours)))

    assert told(1) is None
    assert told(23.9) is None       # due in a little more than six hours
    assert told(24.1).orders == {"late": 0, "soon": 40}
    assert told(31).orders == {"late": 40, "soon": 0}
