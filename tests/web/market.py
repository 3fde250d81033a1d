"""Invented merchants, standings and reviews for the pages: for tests, for the development server, and for measuring."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from yinuo.catalogue.models import Finding, Listing
from yinuo.config.realm import now, realm
from yinuo.credit.models import Delivery, Dispatch, ListingRate, Mover, Run, Scorecard, Standing, StandingPoint
from yinuo.credit.rules.bands import RANKS, band_of
from yinuo.decisions.models import Appeal, Contest, Decision
from yinuo.kit.actors import SYSTEM
from yinuo.merchants.models import ExternalRating, Merchant
from yinuo.record import actions as record
from yinuo.reviews.models import Review
from yinuo.vault.actions import Words, keep_words
from yinuo.vault.models import Text

AS_OF = 20_605  # 2026-06-01
DAY = 86_400_000_000
CARD = "standard-1"
HOSTILE = '<script>alert("x")</script>'

POINTS = (
    ("handling_time", 30, "dispatch", 46),
    ("handling_time", 365, "dispatch", 31),
    ("low_stars", 90, "described", 18),
)
BODY: dict[str, Any] = {
    "name": CARD,
    "start": 503,
    "outcomes_min": 10,
    "minimum_outcomes": 10,
    "calibrated_on": 38_211,
    "features": [
        {
            "name": f"{measure}_{days}",
            "measure": measure,
            "half_life_days": days,
            "facet": facet,
            "bins": [
                {
                    "upto": None if step == 16 else round(1000 * 2 ** ((step + 0.5) / 4)),
                    "points": round(-step * most / 16),
                }
                for step in range(-16, 17)
            ],
        }
        for measure, days, facet, most in POINTS
    ],
}
REPORT: dict[str, Any] = {
    "fitted_on": "2025-10-01 to 2026-04-01",
    "reliability": [
        {"low_ppm": 0, "high_ppm": 8_000, "predicted_ppm": 5_200, "observed_ppm": 4_900, "orders": 9_412},
        {"low_ppm": 8_000, "high_ppm": 16_000, "predicted_ppm": 12_100, "observed_ppm": 12_900, "orders": 11_806},
        {"low_ppm": 16_000, "high_ppm": 32_000, "predicted_ppm": 23_400, "observed_ppm": 21_700, "orders": 8_930},
        {"low_ppm": 32_000, "high_ppm": 64_000, "predicted_ppm": 44_800, "observed_ppm": 47_300, "orders": 5_102},
        {"low_ppm": 64_000, "high_ppm": 128_000, "predicted_ppm": 88_000, "observed_ppm": 95_600, "orders": 2_961},
    ],
    "auc_permille": 741,
    "months": ["2026-01", "2026-02", "2026-03"],
    "calibrated_on_orders": 38_211,
    "features": [
        {"name": f"{measure}_{days}", "information_value_milli": value}
        for (measure, days, _, _), value in zip(POINTS, (212, 348, 141), strict=True)
    ],
}


class Member(NamedTuple):
    """A merchant and how they stand; `half` is half the interval."""

    pk: str
    name: str
    region: str
    band: str
    score: int | None
    half: int
    odds_ppm: int | None
    outcomes: int
    override: str


CAST = (
    Member("mqinglan", "Qinglan Tea House 青岚茶庄", "CN-ZJ", "good", 561, 18, 14_230, 4_812, ""),
    Member("mharbour", "Harbour Lights Outdoor", "DE-HH", "excellent", 642, 14, 4_610, 22_640, ""),
    Member("mceladon", "Celadon Kiln 越青窑", "CN-ZJ", "expected", 504, 26, 23_900, 911, ""),
    Member("mquiet", "Quiet Reading Room 静读书屋", "CN-BJ", "caution", 441, 33, 47_800, 644, ""),
    Member("mslow", "Slow Boat Furniture 慢船家具", "CN-GD", "poor", 372, 41, 96_100, 318, ""),
    Member("mnew", "First Light Nursery 晨光苗圃", "CN-YN", "new", None, 0, None, 6, ""),
    Member("mfake", "Golden Label Shoes 金标鞋铺", "CN-FJ", "unlawful", 523, 22, 19_400, 1_204, "counterfeit"),
    Member("mplain", "Plain Paper Works 素纸坊", "CN-SH", "good", 548, 24, None, 702, ""),
    Member("mhostile", f"Bobby {HOSTILE} & Sons", "<b>x</b>", "expected", 490, 30, 26_000, 220, ""),
)
SENTENCES = (
    ("Came a day early, well packed.", "发货很快，包装严实，比说好的还早到一天。"),
    (
        "As described. The colour is a little darker than in the picture.",
        "和描述一致，颜色比图片略深一点，不影响使用。",
    ),
    (
        "Second order, same quality as the first. The tin is lovely and the leaves are whole.",
        "第二次买了，品质稳定，回甘明显。",
    ),
    ("The cup arrived with a chip; they sent another at once.", "杯口有个小磕碰，联系后马上补发了一只，处理得很干脆。"),
    ("Too slow, and nobody answered for three days.", "等了太久，三天没人回复。"),
)


def fill(*, points: int = 40, reviews: int = 26) -> None:
    """A small market: one merchant in every band, with courses, causes, reviews, ratings and a finding."""

    moment = datetime(2026, 6, 1, 2, tzinfo=UTC)
    Scorecard.objects.create(
        name=CARD, state="in_force", digest="9f" * 32, body=BODY, report=REPORT, added=moment, in_force_since=moment
    )
    Scorecard.objects.create(name="standard-2", state="announced", digest="1c" * 32, body=BODY, report={}, added=moment)
    Run.objects.create(
        id="nrun1",
        size=8_412_907,
        as_of=AS_OF,
        scorecard=CARD,
        mode="public",
        state="published",
        climate="ab" * 32,
        standings="cd" * 32,
        merchants=len(CAST),
        moved=3,
        completed=moment,
    )
    for number, member in enumerate(CAST):
        Merchant.objects.create(
            id=member.pk,
            name=member.name,
            form=("legal_person", "sole_trader")[number % 2],
            region=member.region,
            registered_at=(AS_OF - 700 + number * 40) * DAY,
        )
    Standing.objects.bulk_create(_standing(member) for member in CAST)
    Finding.objects.create(id="gfake", merchant="mfake", ground="counterfeit", upheld_at=(AS_OF - 31) * DAY)
    ExternalRating.objects.create(
        id="e1",
        merchant="mqinglan",
        publisher="trustpilot",
        value_hundredths=430,
        scale_hundredths=500,
        observed_at=(AS_OF - 12) * DAY,
    )
    ExternalRating.objects.create(
        id="e2",
        merchant="mqinglan",
        publisher="credit-china",
        value_hundredths=9100,
        scale_hundredths=10000,
        observed_at=(AS_OF - 90) * DAY,
    )
    dice = random.Random(7)
    for member in CAST:
        _course(member, points, dice)
        _outcomes(member.pk, dice)
    _reviews("mqinglan", reviews, dice)
    _reviews("mslow", 5, dice)
    _listings()


def _standing(member: Member) -> Standing:
    pk, _, _, band, score, half, odds, outcomes, override = member
    facets: dict[str, Any] = {}
    for facet, shift in (("dispatch", -21), ("described", 14), ("service", 33)):
        value = None if score is None else score + shift
        facets[facet] = {
            "band": band_of(value),
            "score": value,
            "outcomes": outcomes // (1 if facet == "dispatch" else 4),
        }
    facets["lawfulness"] = {"band": "finding" if override else "clear", "score": None, "outcomes": 1 if override else 0}
    reasons = []
    if score is not None:
        left = score - 500
        reasons.append({"feature": "start", "points": 3})
        for (measure, days, facet, _), points, permille in zip(
            POINTS, (left // 2, left // 3, -6), (630, 810, 1180), strict=True
        ):
            reasons.append(
                {
                    "feature": measure,
                    "half_life_days": days,
                    "facet": facet,
                    "points": points,
                    "observed": "17.4",
                    "expected": "27.6",
                    "detail": {"observed": permille * 28, "expected": 28_000, "unit": 1024},
                }
            )
        reasons.append({"feature": "bounds", "points": left - sum(reason["points"] for reason in reasons)})
    way_back = (
        {"band": "expected", "orders": 46, "day": AS_OF + 74, "feature": "handling_time"}
        if band in ("caution", "poor")
        else {}
    )
    return Standing(
        id=f"{CARD}/{pk}",
        scorecard=CARD,
        merchant=pk,
        run="nrun1",
        size=8_412_907,
        as_of=AS_OF,
        band=band,
        band_rank=RANKS[band],
        score=score,
        low=None if score is None else score - half,
        high=None if score is None else score + half,
        odds_ppm=odds,
        outcomes=outcomes,
        measured_on=38_211 if odds else None,
        override=override,
        facets=facets,
        reasons=reasons,
        way_back=way_back,
    )


def _course(member: Member, points: int, dice: random.Random) -> None:
    pk, half, value = member.pk, member.half, member.score
    for back in range(points):
        day = AS_OF - back * 7
        early = value is None or back > points - 4
        StandingPoint.objects.create(
            id=f"{CARD}/{pk}/{day}",
            scorecard=CARD,
            merchant=pk,
            as_of=day,
            score=None if early else value,
            low=None if early else value - half - back // 2,
            high=None if early else value + half + back // 2,
            band="new" if early else band_of(value),
        )
        value = None if value is None else max(0, min(1000, value + dice.randint(-7, 6)))


def _outcomes(pk: str, dice: random.Random) -> None:

    count = 6 if pk == "mnew" else 240
    for number in range(count):
        at = (AS_OF - dice.randint(1, 300)) * DAY
        outcome, cause = dice.choices(
            [
                ("on_time", None),
                ("late", "merchant"),
                ("late", "platform"),
                ("cancelled", "buyer"),
                ("cancelled", "merchant"),
                ("late", "unknown"),
            ],
            (200, 12, 3, 14, 4, 6),
        )[0]
        Dispatch.objects.create(id=f"o{pk}{number}", merchant=pk, outcome=outcome, cause=cause, judged_at=at, weight=16)
        outcome, cause = dice.choices(
            [
                ("on_time", None),
                ("late", "carrier"),
                ("late", "force_majeure"),
                ("damaged", "carrier"),
                ("lost", "unknown"),
            ],
            (200, 22, 11, 3, 1),
        )[0]
        Delivery.objects.create(id=f"o{pk}{number}", merchant=pk, outcome=outcome, cause=cause, judged_at=at, weight=16)


def _reviews(pk: str, count: int, dice: random.Random) -> None:

    for number in range(count):
        review = f"r{pk}{number}"
        stars = dice.choices((5, 4, 3, 2, 1), (60, 22, 8, 4, 6))[0]
        at = (AS_OF - 1 - number * 3) * DAY + number * 1_000_000
        hidden = number in (2, 9)
        Review.objects.create(
            id=review,
            merchant=pk,
            stars=stars,
            published_at=at,
            hidden_at=at + DAY if hidden else None,
            hidden_ground=("personal_data", "bought")[number == 9] if hidden else None,
            replied_at=at + DAY if number == 3 else None,
        )
        if number not in (4, 6, 11):
            words = HOSTILE if number == 5 else SENTENCES[number % 5][number % 2]
            _keep(review, "words", "bwriter", words, at)
        if number == 4:
            Text.objects.create(key=f"{review}/words", owner="", retention="content", words=None, recorded=at)   # erased
        if number == 3:
            _keep(review, "reply", review, "感谢您的耐心，我们已经换了更厚的包装。 Thank you for your patience.", at)


LISTINGS = (
    ("lcake", "mqinglan", "High slope spring tea 高山春茶", "tea/green", 19_900, "CNY", None, 4),
    ("lbare", "mqinglan", None, None, None, None, None, 0),
    ("loff", "mqinglan", "Gift box 六罐礼盒", "tea/gift", 128_000, "CNY", "merchant", 0),
    ("lhostile", "mhostile", HOSTILE, "toys", 1_200, "EUR", None, 0),
    ("lrecall", "mslow", "Folding chair 折叠椅", "home/chairs", 34_900, "CNY", "recall", 0),
    ("lfake", "mfake", "Running shoes 跑鞋", "shoes", 59_900, "CNY", "unlawful", 0),
)
RATES = {"lcake": (412, 5), "lbare": (17, 3), "lrecall": (88, 0), "lfake": (1_204, 97)}


def _listings() -> None:
    """Listings in every state: with and without what must be disclosed, off sale on each ground, with rates and a finding."""
    for number, (pk, merchant, title, category, price, currency, ground, stars) in enumerate(LISTINGS):
        at = (AS_OF - 20 - number) * DAY
        Listing.objects.create(
            id=pk, merchant=merchant, category=category, price_minor=price, currency=currency, published_at=at,
            withdrawn_at=at + 6 * DAY if ground else None, withdrawn_ground=ground,
        )
        if title:
            _keep(pk, "title", merchant, title, at)
        if stars:
            Review.objects.filter(merchant=merchant, stars__lte=stars).update(listing=pk)
    for number in range(14):
        Listing.objects.create(id=f"lmany{number}", merchant="mceladon", category="cups", published_at=(AS_OF - 9) * DAY)
    for pk, (orders, complaints) in RATES.items():
        merchant = next(each[1] for each in LISTINGS if each[0] == pk)
        ListingRate.objects.create(listing=pk, merchant=merchant, orders=orders, complaints=complaints, as_of=AS_OF)
    Finding.objects.filter(pk="gfake").update(listing="lfake")


def _keep(subject: str, name: str, owner: str, words: str, at: int) -> None:
    keep_words(texts=[Words(subject, name, owner, "content", words)], realm=realm(), recorded=at)


def fill_directory(merchants: int) -> None:
    """That many merchants with standings and little else, to measure the directory."""

    dice = random.Random(11)
    first = (
        "Harbour",
        "Silver",
        "Quiet",
        "Green",
        "Stone",
        "River",
        "Morning",
        "Paper",
        "Cloud",
        "Cedar",
        "青岚",
        "静水",
        "明月",
        "和风",
        "松石",
    )
    second = (
        "Tea",
        "Books",
        "Outdoor",
        "Kiln",
        "Shoes",
        "Lamps",
        "Toys",
        "Garden",
        "茶庄",
        "书屋",
        "窑",
        "鞋铺",
        "家具",
        "文具",
    )
    people, standings = [], []
    for number in range(merchants):
        pk = f"m{dice.getrandbits(80):020x}"[:17]
        name = f"{dice.choice(first)} {dice.choice(second)} {number}"
        people.append(
            Merchant(
                id=pk,
                name=name,
                form="legal_person",
                region=dice.choice(("CN-ZJ", "CN-GD", "DE-HH", "FR-75")),
                registered_at=(AS_OF - dice.randint(10, 2000)) * DAY,
            )
        )
        score = max(0, min(1000, int(dice.gauss(505, 55))))
        outcomes = int(dice.paretovariate(0.7))
        band = "new" if outcomes < 10 else "unlawful" if dice.random() < 0.002 else band_of(score)
        known = band != "new"
        override = "counterfeit" if band == "unlawful" else ""
        member = Member(pk, name, "", band, score if known else None, 20, 20_000 if known else None, outcomes, override)
        standings.append(_standing(member))
    Merchant.objects.bulk_create(people, batch_size=2_000)
    Standing.objects.bulk_create(standings, batch_size=1_000)


def fill_queues(*, contests: int = 30, appeals: int = 6, refused: int = 12, movers: int = 40) -> None:
    """What waits for stewards: objections and appeals with their clocks, refused events, a run at the gate, who moved."""
    known = list(Merchant.objects.order_by("pk").values_list("pk", flat=True)[:1_000])
    moment = now()
    _contests(known, contests, moment)
    _appeals(known, appeals, moment)
    raws = [
        json.dumps({
            "specversion": "1.0", "id": f"bad-{number}", "source": "shop", "type": "trade.order_paid",
            "time": "2026-05-01T00:00:00Z", "data": {"order": f"o{number}", "amount_minor": "lots"},
        }).encode()
        for number in range(refused)
    ]
    if raws:
        record.take_events(actor=SYSTEM, source="shop", raws=raws, realm=realm(), at=moment)
    Run.objects.create(
        id="nheld", size=8_530_112, as_of=AS_OF + 1, scorecard=CARD, mode="public", state="waiting", climate="ab" * 32,
        reason="812 of 9000 merchants would change their band; at most 180 may without a look. "
        "No outcome came in on 2026-05-30 from swift: the intake may have been out.",
        standings="ef" * 32, merchants=9_000, moved=812, completed=moment,
    )
    for run in ("nrun1", "nheld"):
        _movers(run, [known[number % len(known)] for number in range(movers)])


def _contests(known: list[str], count: int, moment: datetime) -> None:
    words = (
        "The carrier did not collect on the day that was booked; the booking number is in our system.",
        "快递当天没有来取件，我们有预约记录和催件记录，责任不在本店。",
        "The buyer asked us in writing to send it a week later.",
    )
    made = [
        Contest(
            id=f"t{number:06}", merchant=known[number % len(known)], event="ab" * 16,
            aspect=("dispatch", "delivery")[number % 2], order=f"o{number:06}", outcome="late",
            matter=f"dispatch/o{number}/late",
            claimed=("carrier", "buyer")[number % 2], words="0" * 32, opened_by="account:900001",
            opened_at=moment - timedelta(days=9), due=moment + timedelta(minutes=11 * number - 60), state="open",
        )
        for number in range(count)
    ]
    Contest.objects.bulk_create(made, batch_size=500)
    texts = [
        Words(each.pk, "objection", each.merchant, "transaction", words[number % len(words)])
        for number, each in enumerate(made)
    ]
    keep_words(texts=texts, realm=realm(), recorded=int(moment.timestamp() * 1_000_000))


def _appeals(known: list[str], count: int, moment: datetime) -> None:
    decided = [
        Decision(
            id=f"j{number:06}", act="warning", ground=("terms", "safety")[number % 2], automated="no",
            merchant=known[number % len(known)], facts="ab" * 16, words="0" * 32, decided_by="account:900002",
            decided_at=moment - timedelta(days=8), since=moment - timedelta(days=8), appeal_until=moment + timedelta(days=170),
        )
        for number in range(count)
    ]
    Decision.objects.bulk_create(decided, batch_size=200)
    Appeal.objects.bulk_create(
        [
            Appeal(
                id=f"p{number:06}", decision=each, decision_by=each.decided_by, words="0" * 32, opened_by="account:900001",
                opened_at=moment - timedelta(days=7), due=moment + timedelta(hours=13 * number - 5), state="open",
            )
            for number, each in enumerate(decided)
        ],
        batch_size=200,
    )
    texts = [
        Words(f"p{number:06}", "objection", f"p{number:06}", "transaction", "The parcels were stopped by customs, not by us.")
        for number in range(count)
    ]
    texts += [
        Words(each.pk, "reasons", each.pk, "transaction", "Three parcels left without the papers they need.")
        for each in decided
    ]
    keep_words(texts=texts, realm=realm(), recorded=int(moment.timestamp() * 1_000_000))


def _movers(run: str, moved: list[str]) -> None:
    Mover.objects.bulk_create(
        Mover(
            id=f"{run}/{place}", run=run, place=place, merchant=merchant, score_before=560 - place % 60,
            score=430 + place % 40, band_before="good", band="caution",
            causes=[
                {"feature": "handling_time", "half_life_days": 30, "points": -58},
                {"feature": "low_stars", "half_life_days": 90, "points": -12},
            ],
        )
        for place, merchant in enumerate(moved)
    )
