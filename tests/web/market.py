"""Invented merchants, standings and reviews for the pages: for tests, for the development server, and for measuring.

`python -m tests.web.market FOLDER [MERCHANTS]` fills the database of an installation in that folder.
"""

from __future__ import annotations

import os
import random
import sys
from datetime import UTC, date, datetime
from typing import Any

AS_OF = 20_605      # 2026-06-01
DAY = 86_400_000_000
CARD = "standard-1"
HOSTILE = '<script>alert("x")</script>'

FEATURES: dict[str, tuple[str, int, list[tuple[int | None, int]]]] = {
    "handling_time": ("dispatch", 90, [(650, 48), (812, 31), (1000, 8), (1250, -17), (None, -52)]),
    "late_hand_overs": ("dispatch", 90, [(400, 40), (900, 22), (1300, -12), (None, -74)]),
    "cancellations": ("service", 90, [(500, 27), (1100, 6), (None, -45)]),
    "low_stars": ("described", 365, [(600, 24), (1100, 4), (None, -38)]),
    "volume": ("dispatch", 365, [(100, -10), (1000, 0), (None, 8)]),
}
EXPLANATIONS = {
    "handling_time": "How much of the promised handling time the merchant used, compared with what was to be expected on the "
    "same lanes in the same weeks.",
    "late_hand_overs": "How many orders were handed to the carrier late through the merchant's own fault, compared with expected.",
    "cancellations": "How many orders the merchant called off, compared with expected.",
    "low_stars": "How many reviews gave one or two stars, compared with expected.",
    "volume": "How many orders the evidence rests on.",
}
BODY: dict[str, Any] = {
    "name": CARD,
    "base": {"score": 500, "points_to_halve": 50},
    "minimum_outcomes": 10,
    "features": [
        {"name": name, "facet": facet, "half_life_days": days, "bins": [{"upto": upto, "points": points} for upto, points in bins]}
        for name, (facet, days, bins) in FEATURES.items()
    ],
    "bands": [],
}
REPORT: dict[str, Any] = {
    "fitted_on": "2026-03-31",
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
        {"name": name, "information_value_milli": value}
        for name, value in zip(FEATURES, (212, 348, 97, 141, 12), strict=True)
    ],
}
# id, name, region, band, score, half the interval, odds, outcomes, override
CAST = (
    ("mqinglan", "Qinglan Tea House 青岚茶庄", "CN-ZJ", "good", 561, 18, 14_230, 4_812, ""),
    ("mharbour", "Harbour Lights Outdoor", "DE-HH", "excellent", 642, 14, 4_610, 22_640, ""),
    ("mceladon", "Celadon Kiln 越青窑", "CN-ZJ", "expected", 504, 26, 23_900, 911, ""),
    ("mquiet", "Quiet Reading Room 静读书屋", "CN-BJ", "caution", 441, 33, 47_800, 644, ""),
    ("mslow", "Slow Boat Furniture 慢船家具", "CN-GD", "poor", 372, 41, 96_100, 318, ""),
    ("mnew", "First Light Nursery 晨光苗圃", "CN-YN", "new", None, 0, None, 6, ""),
    ("mfake", "Golden Label Shoes 金标鞋铺", "CN-FJ", "unlawful", 523, 22, 19_400, 1_204, "counterfeit"),
    ("mplain", "Plain Paper Works 素纸坊", "CN-SH", "good", 548, 24, None, 702, ""),
    ("mhostile", f"Bobby {HOSTILE} & Sons", "<b>x</b>", "expected", 490, 30, 26_000, 220, ""),
)
RANKS = ("excellent", "good", "expected", "new", "caution", "poor", "unlawful")
SENTENCES = (
    ("Came a day early, well packed.", "发货很快，包装严实，比说好的还早到一天。"),
    ("As described. The colour is a little darker than in the picture.", "和描述一致，颜色比图片略深一点，不影响使用。"),
    ("Second order, same quality as the first. The tin is lovely and the leaves are whole.", "第二次买了，品质稳定，回甘明显。"),
    ("The cup arrived with a chip; they sent another at once.", "杯口有个小磕碰，联系后马上补发了一只，处理得很干脆。"),
    ("Too slow, and nobody answered for three days.", "等了太久，三天没人回复。"),
)


def fill(*, points: int = 40, reviews: int = 26) -> None:
    """A small market: one merchant in every band, with courses, causes, reviews, ratings and a finding."""
    from yinuo.catalogue.models import Finding
    from yinuo.credit.models import Run, Scorecard, Standing
    from yinuo.merchants.models import ExternalRating, Merchant

    moment = datetime(2026, 6, 1, 2, tzinfo=UTC)
    Scorecard.objects.create(name=CARD, state="in_force", digest="9f" * 32, body=BODY, report=REPORT, added=moment, in_force_since=moment)
    Scorecard.objects.create(name="standard-2", state="announced", digest="1c" * 32, body=BODY, report={}, added=moment)
    Run.objects.create(
        id="nrun1", size=8_412_907, as_of=AS_OF, scorecard=CARD, mode="public", state="published", climate="ab" * 32,
        standings="cd" * 32, merchants=len(CAST), moved=3, completed=moment,
    )
    for number, (pk, name, region, *_rest) in enumerate(CAST):
        Merchant.objects.create(id=pk, name=name, form=("legal_person", "sole_trader")[number % 2], region=region, registered_at=(AS_OF - 700 + number * 40) * DAY)
    Standing.objects.bulk_create(_standing(*row) for row in CAST)
    Finding.objects.create(id="gfake", merchant="mfake", ground="counterfeit", upheld_at=(AS_OF - 31) * DAY)
    ExternalRating.objects.create(id="e1", merchant="mqinglan", publisher="trustpilot", value_hundredths=430, scale_hundredths=500, observed_at=(AS_OF - 12) * DAY)
    ExternalRating.objects.create(id="e2", merchant="mqinglan", publisher="credit-china", value_hundredths=9100, scale_hundredths=10000, observed_at=(AS_OF - 90) * DAY)
    dice = random.Random(7)
    for pk, _, _, _, score, half, _, _, _ in CAST:
        _course(pk, score, half, points, dice)
        _outcomes(pk, dice)
    _reviews("mqinglan", reviews, dice)
    _reviews("mslow", 5, dice)


def _standing(pk: str, name: str, region: str, band: str, score: int | None, half: int, odds: int | None, outcomes: int, override: str) -> Any:
    from yinuo.credit.models import Standing

    facets: dict[str, Any] = {}
    for facet, shift in (("dispatch", -21), ("described", 14), ("service", 33)):
        value = None if score is None else score + shift
        facets[facet] = {"band": "new" if value is None else _band(value), "score": value, "outcomes": outcomes // (1 if facet == "dispatch" else 4)}
    facets["lawfulness"] = {"band": "finding" if override else "clear", "score": None, "outcomes": 1 if override else 0}
    reasons = []
    if score is not None:
        left = score - 500
        for feature, points, observed, expected in (
            ("late_hand_overs", left // 2, "1.4%", "2.9%"), ("handling_time", left // 3, "41%", "55%"),
            ("low_stars", -12, "6.1%", "4.8%"), ("volume", 8, "", ""),
        ):
            reasons.append({"feature": feature, "points": points, "observed": observed, "expected": expected, "detail": {}})
        reasons.append({"feature": "bounds", "points": left - sum(reason["points"] for reason in reasons)})
    way_back = {"band": "expected", "orders": 46, "day": AS_OF + 74, "feature": "late_hand_overs"} if band in ("caution", "poor") else {}
    return Standing(
        id=f"{CARD}/{pk}", scorecard=CARD, merchant=pk, run="nrun1", size=8_412_907, as_of=AS_OF, band=band, band_rank=RANKS.index(band),
        score=score, low=None if score is None else score - half, high=None if score is None else score + half, odds_ppm=odds,
        outcomes=outcomes, measured_on=38_211 if odds else None, override=override, facets=facets, reasons=reasons, way_back=way_back,
    )


def _band(score: int) -> str:
    for name, low in (("excellent", 600), ("good", 530), ("expected", 470), ("caution", 400)):
        if score >= low:
            return name
    return "poor"


def _course(pk: str, score: int | None, half: int, points: int, dice: random.Random) -> None:
    from yinuo.credit.models import StandingPoint

    value = score
    for back in range(points):
        day = AS_OF - back * 7
        early = value is None or back > points - 4
        StandingPoint.objects.create(
            id=f"{CARD}/{pk}/{day}", scorecard=CARD, merchant=pk, as_of=day, score=None if early else value,
            low=None if early else value - half - back // 2, high=None if early else value + half + back // 2, band="new" if early else _band(value),
        )
        value = None if value is None else max(0, min(1000, value + dice.randint(-7, 6)))


def _outcomes(pk: str, dice: random.Random) -> None:
    from yinuo.credit.models import Delivery, Dispatch

    count = 6 if pk == "mnew" else 240
    for number in range(count):
        at = (AS_OF - dice.randint(1, 300)) * DAY
        outcome, cause = dice.choices(
            [("on_time", None), ("late", "merchant"), ("late", "platform"), ("cancelled", "buyer"), ("cancelled", "merchant"), ("late", "unknown")],
            (200, 12, 3, 14, 4, 6),
        )[0]
        Dispatch.objects.create(id=f"o{pk}{number}", merchant=pk, outcome=outcome, cause=cause, judged_at=at, weight=16)
        outcome, cause = dice.choices(
            [("on_time", None), ("late", "carrier"), ("late", "force_majeure"), ("damaged", "carrier"), ("lost", "unknown")], (200, 22, 11, 3, 1)
        )[0]
        Delivery.objects.create(id=f"o{pk}{number}", merchant=pk, outcome=outcome, cause=cause, judged_at=at, weight=16)


def _reviews(pk: str, count: int, dice: random.Random) -> None:
    from yinuo.reviews.models import Review
    from yinuo.vault.models import Text

    for number in range(count):
        review = f"r{pk}{number}"
        stars = dice.choices((5, 4, 3, 2, 1), (60, 22, 8, 4, 6))[0]
        at = (AS_OF - 1 - number * 3) * DAY + number * 1_000_000
        hidden = number in (2, 9)
        Review.objects.create(
            id=review, merchant=pk, stars=stars, published_at=at, hidden_at=at + DAY if hidden else None,
            hidden_ground=("personal_data", "bought")[number == 9] if hidden else None, replied_at=at + DAY if number == 3 else None,
        )
        if number not in (4, 11):
            words = HOSTILE if number == 5 else SENTENCES[number % 5][number % 2]
            Text.objects.create(key=f"{review}/words", owner="b", retention="content", words=words, recorded=at)
        if number == 3:
            Text.objects.create(key=f"{review}/reply", owner=review, retention="content", words="感谢您的耐心，我们已经换了更厚的包装。 Thank you for your patience.", recorded=at)


def fill_directory(merchants: int) -> None:
    """That many merchants with standings and little else, to measure the directory."""
    from yinuo.credit.models import Standing
    from yinuo.merchants.models import Merchant

    dice = random.Random(11)
    first = ("Harbour", "Silver", "Quiet", "Green", "Stone", "River", "Morning", "Paper", "Cloud", "Cedar", "青岚", "静水", "明月", "和风", "松石")
    second = ("Tea", "Books", "Outdoor", "Kiln", "Shoes", "Lamps", "Toys", "Garden", "茶庄", "书屋", "窑", "鞋铺", "家具", "文具")
    people, standings = [], []
    for number in range(merchants):
        pk = f"m{dice.getrandbits(80):020x}"[:17]
        name = f"{dice.choice(first)} {dice.choice(second)} {number}"
        people.append(Merchant(id=pk, name=name, form="legal_person", region=dice.choice(("CN-ZJ", "CN-GD", "DE-HH", "FR-75")), registered_at=(AS_OF - dice.randint(10, 2000)) * DAY))
        score = max(0, min(1000, int(dice.gauss(505, 55))))
        outcomes = int(dice.paretovariate(0.7))
        band = "new" if outcomes < 10 else "unlawful" if dice.random() < 0.002 else _band(score)
        row = _standing(pk, name, "", band, None if band == "new" else score, 20, 20_000 if band != "new" else None, outcomes, "counterfeit" if band == "unlawful" else "")
        standings.append(row)
    Merchant.objects.bulk_create(people, batch_size=2_000)
    Standing.objects.bulk_create(standings, batch_size=1_000)


def main() -> None:
    """Fill the database of the installation in the folder named first, with as many more merchants as named second."""
    os.environ["YINUO_DATA"] = sys.argv[1]
    from yinuo.cli import set_up

    set_up()
    from django.db import transaction

    with transaction.atomic():
        fill()
        if len(sys.argv) > 2:
            fill_directory(int(sys.argv[2]))
    print(f"filled {sys.argv[1]} as of {date(2026, 6, 1)}")  # noqa: T201 - a script for a person at a terminal


if __name__ == "__main__":
    main()
