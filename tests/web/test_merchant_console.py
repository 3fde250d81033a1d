"""What a merchant looks ahead by: today's orders, a warning, what would be if, and the scorecard to come."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from yinuo.config.realm import now, realm
from yinuo.credit import actions as credit
from yinuo.credit import queries
from yinuo.credit.models import Pending, Scorecard, Standing
from yinuo.kit.actors import SYSTEM
from yinuo.kit.moments import to_day
from yinuo.people import actions as people
from yinuo.people import queries as queries_of_people
from yinuo.people.models import Account, Membership
from yinuo.pipelines import rescore
from yinuo.pipelines.react import react
from yinuo.record import actions as record
from yinuo.simulate.market import Plan, events

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def scored(django_db_setup, django_db_blocker, tmp_path_factory):
    """A small market scored for real, one of whose merchants has sixty orders past their time; its id and owner."""
    settings.LOG.last.unlink(missing_ok=True)       # of an earlier test, whose record is gone
    with django_db_blocker.unblock(), transaction.atomic():
        past = list(events(Plan(merchants=30, buyers=300, orders=1_600, days=150)))
        end = past[-1].time
        raws = [raw(event.id, event.type, event.time, event.data) for event in past]
        record.take_events(actor=SYSTEM, source="demo", raws=raws, realm=realm(), at=end + DAY)
        react(domains=settings.DOMAINS, realm=realm(), at=end + DAY)
        folder = tmp_path_factory.mktemp("scored")
        rescore.rescore(
            engine_name="duckdb", folder=folder, realm=realm(), orders=rescore.Orders(gate=False), at=end + DAY
        )
        best = Standing.objects.filter(score__isnull=False, override="").order_by("-score").first()
        own = next(
            event.data for event in past if event.type == "trade.order_placed"
            and surrogate(event.data["merchant"]) == best.merchant
        )
        last = datetime.combine(end.date(), datetime.min.time(), UTC)
        late = [
            raw(f"late-{n}", "trade.order_placed", last - 3 * DAY, {
                "merchant": own["merchant"], "order": f"late-{n}", "buyer": f"fresh-{n}", "amount_minor": 88_000,
                "currency": "CNY", "hand_over_by": last - DAY, "deliver_by": last + 5 * DAY,
                **{name: own[name] for name in ("carrier", "origin", "destination") if name in own},
            })
            for n in range(60)
        ]
        record.take_events(actor=SYSTEM, source="demo", raws=late, realm=realm(), at=end + DAY)
        react(domains=settings.DOMAINS, realm=realm(), at=end + DAY)
        owner = Account.objects.create(handle="scored", created=end)
        Membership.objects.create(
            account=owner, subject=best.merchant, role="merchant_owner", granted_by="system", granted=end
        )
        yield best, owner, end
        transaction.set_rollback(True)


def surrogate(name):
    from yinuo.vault.queries import surrogate_of  # noqa: PLC0415

    return surrogate_of(source="demo", kind="merchant", source_id=name, key=realm().key)


def raw(id, kind, time, data):
    return msgspec.json.encode({"specversion": "1.0", "id": id, "source": "demo", "type": kind, "time": time, "data": data})


def page(scored, address="", language="en", status=200):
    client = Client(headers={"accept-language": language})
    client.force_login(scored[1])
    answer = client.get(f"/console/merchants/{scored[0].merchant}/{address}")
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_overview_warns_and_shows_what_is_at_stake(scored, language):
    told = page(scored, language=language)
    for said in {
        "en": ("Your standing may fall by", "60 orders are past their time to be handed over.", "Today: what is at stake",
               "See all open orders:", "The evidence behind it"),
        "zh-hans": ("您的信用可能在", "60笔订单已过发货时限。", "今日：影响分数的订单", "查看全部未完成的订单：",
                    "背后的依据"),
    }[language]:
        assert said in told
    assert told.count('<th scope="row">late-') == 5
    assert "style=" not in told
    assert "<script>" not in told


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_today_lists_every_open_order_in_pages(scored, language):
    listed, number = [], 1
    while rows := re.findall(r'<th scope="row">([\w-]+)', page(scored, f"today/?page={number}", language)):
        listed += rows
        number += 1
    assert len(listed) == len(set(listed)) == Pending.objects.filter(merchant=scored[0].merchant).count()
    assert len(re.findall(r'<th scope="row">late-', page(scored, "today/?stage=late", language))) == 50
    for odd in ("?page=-1", "?page=x", "?page=99999999999999999999", "?stage="):
        page(scored, f"today/{odd}", language)
    page(scored, "today/?stage=never", language, status=422)


def test_a_page_asks_the_same_few_questions_however_many_orders(scored, django_assert_max_num_queries):
    client = Client()
    client.force_login(scored[1])
    with django_assert_max_num_queries(24):
        client.get(f"/console/merchants/{scored[0].merchant}/today/")
    with django_assert_max_num_queries(45):
        client.get(f"/console/merchants/{scored[0].merchant}/")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_what_if_shows_both_standings_and_says_what_is_wrong(scored, language):
    assert 'id="found"' not in page(scored, "what-if/", language)
    told = page(scored, "what-if/?orders=40&late=40&used=60", language)
    now, then = (int(score) for score in re.findall(r'<span class="score">(\d+)</span>', told))
    assert now == scored[0].score
    assert then < now
    better = page(scored, "what-if/?orders=40&late=0&used=60", language)
    assert int(re.findall(r'<span class="score">(\d+)</span>', better)[1]) >= now
    wrongs = {
        "orders=two&late=0": ("orders", "Give a whole number, in digits.", "请用数字填写一个整数。"),
        "orders=2&late=3": ("late", "Not more orders can be late than there are.", "迟发的订单不能多于订单总数。"),
        "orders=1001": ("orders", "Suppose 0 to 1,000 orders.", "请假设0到1,000笔订单。"),
        "orders=2&used=61": ("used", "Choose how early the orders are handed over.", "请选择订单提前多久发出。"),
        "contest=%3Cscript%3E": ("", "One of these objections is not open any more", "其中有的异议已不在处理中"),
    }
    for query, (field, english, chinese) in wrongs.items():
        told = page(scored, f"what-if/?{query}", language, status=422)
        assert (english if language == "en" else chinese) in told
        assert told.count('aria-invalid="true"') == (field != "")
        assert "<script>" not in told


def test_both_scorecards_stand_side_by_side_with_the_day(scored):
    best, _, end = scored
    card = msgspec.structs.replace(credit.shipped_card(), name="standard-9", start=486)
    credit.add_scorecard(actor=SYSTEM, card=card, report={}, at=end)
    assert "its day is not set yet" in page(scored)
    credit.announce(actor=SYSTEM, name="standard-9", day=to_day(datetime(2026, 12, 1, tzinfo=UTC).date()), at=end)
    told = page(scored)
    assert "It comes into force on 1 December 2026." in told
    assert "You were not scored by it yet." in told
    Standing.objects.create(
        id=f"standard-9/{best.merchant}", scorecard="standard-9", merchant=best.merchant, run=best.run, size=best.size,
        as_of=best.as_of, band="caution", band_rank=4, score=444, low=420, high=468, outcomes=best.outcomes, facets={},
        reasons=[{"feature": "start", "points": -14}, {"feature": "bounds", "points": -42}], way_back={},
    )
    told = page(scored)
    for said in ("Then: standard-9", "444", "Take care", "\u221214", "\u221242"):
        assert said in told
    assert "自2026年12月1日起生效" in page(scored, language="zh-hans")
    Scorecard.objects.filter(pk="standard-9").update(state="retired")
    assert "standard-9" not in page(scored)


@pytest.mark.parametrize("address", ["", "today/", "what-if/?orders=3"])
def test_nobody_else_looks_ahead(scored, address):
    stranger = Account.objects.create(handle="someone", created=scored[2])
    Membership.objects.create(account=stranger, subject="mother", role="merchant_owner", granted_by="system", granted=scored[2])
    client = Client()
    assert client.get(f"/console/merchants/{scored[0].merchant}/{address}").status_code == 302
    client.force_login(stranger)
    assert client.get(f"/console/merchants/{scored[0].merchant}/{address}").status_code == 404


def test_the_api_tells_the_same_as_the_pages(scored):
    best, owner, end = scored
    token = people.make_token(account=owner, name="a program", days=1, second_factor=False, realm=realm(), at=now()).token
    client = Client(headers={"authorization": f"Bearer {token}"})

    def got(address, status=200):
        answer = client.get(f"/api/credit/own/{best.merchant}/{address}")
        assert answer.status_code == status, answer.content
        return answer.json()

    seen = queries.look_ahead(viewer=queries_of_people.actor_of(owner, at=now()), merchant=best.merchant, at=now())
    first, whole = got("today"), queries.today(seen, stop=1_000)
    assert (first["counts"], first["next"]) == (dict(whole.counts), 50)
    rows = first["orders"] + got("today?start=50")["orders"]
    assert [(one["order"], one["points"], one["stage"]) for one in rows[:60]] == [
        (one.order, one.points, one.stage) for one in whole.rows[:60]
    ]
    assert first["first_fall"] == {"orders": whole.first_fall[0], "points": whole.first_fall[1]}
    assert {one["stage"] for one in got("today?stage=late")["orders"]} == {"late"}
    assert got("today?stage=lost", 422)["path"] == "stage"
    told, foreseen = got("foreseen")["foreseen"], queries.foreseen(seen)
    assert (told["score_now"], told["score"], told["band"], told["orders"]) == (
        best.score, foreseen.warned.score, foreseen.warned.band, dict(foreseen.orders),
    )
    same = got("what-if")
    assert (same["now"]["score"], same["then"]["score"], same["left_out"]) == (best.score, best.score, [])
    worse = got("what-if?orders=40&late=40&used=80")
    assert worse["now"] == same["now"]
    assert worse["then"]["score"] < best.score
    assert sum(one["then"] or 0 for one in worse["reasons"]) == worse["then"]["score"] - 500
    assert got("what-if?orders=3&late=4", 422)["path"] == "late"
    assert got("what-if?used=70", 422)["path"] == "used"
    assert got("what-if?contest=tnothing", 422)["path"] == "contest"
    assert got("announced") == []
    credit.add_scorecard(
        actor=SYSTEM, card=msgspec.structs.replace(credit.shipped_card(), name="standard-8", start=486), report={}, at=end
    )
    credit.announce(actor=SYSTEM, name="standard-8", day=to_day(datetime(2026, 12, 1, tzinfo=UTC).date()), at=end)
    Standing.objects.create(
        id=f"standard-8/{best.merchant}", scorecard="standard-8", merchant=best.merchant, run=best.run, size=best.size,
        as_of=best.as_of, band="caution", band_rank=4, score=444, low=420, high=468, outcomes=best.outcomes, facets={},
        reasons=[{"feature": "start", "points": -14}, {"feature": "bounds", "points": -42}], way_back={},
    )
    (card,) = got("announced")
    assert (card["scorecard"], card["in_force_from"], card["standing"]["score"]) == ("standard-8", "2026-12-01", 444)
    assert {"feature": "start", "half_life_days": None, "now": next(
        each["points"] for each in best.reasons if each["feature"] == "start"
    ), "then": -14} in card["reasons"]
    Scorecard.objects.filter(pk="standard-8").update(state="retired")
