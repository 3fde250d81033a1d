"""How long pages take: `python tests/web/measure_directory.py FOLDER [api | pages | console]` after `fill.py FOLDER 100000`.

Measures the whole directory for every combination that a page can ask for, deep pages too, and prints p50, p95 and the slowest.
With `pages`, it measures the other public pages and every page of a merchant's console instead, for a merchant with as much
trade as any, which it adds. Beside the time on the clock stands what processors spent on it, which others at work leave alone.
With `console`, after `fill.py FOLDER 100000 10000 2000`, it measures the stewards' pages: each one's p95 and queries.
"""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

ROUNDS = 40
HEAVY = "mheavy"


def main() -> None:
    """Print the timings, slowest combination first."""
    os.environ["YINUO_DATA"] = sys.argv[1]
    from yinuo.cli import set_up  # noqa: PLC0415 - only once the folder is known

    set_up()
    if sys.argv[2:] == ["pages"]:
        measure_pages()
        return
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    if sys.argv[2:] == ["console"]:
        measure_console()
        return
    from yinuo.credit.models import Standing  # noqa: PLC0415

    settings.ALLOWED_HOSTS.append("testserver")
    client = Client()
    middle = {
        "standing": Standing.objects.order_by("band_rank", "-score", "merchant").values_list("merchant", flat=True)[
            60_000
        ],
        "evidence": Standing.objects.order_by("-outcomes", "merchant").values_list("merchant", flat=True)[60_000],
        "name": Standing.objects.order_by("merchant").values_list("merchant", flat=True)[60_000],
    }
    timings: dict[tuple[str, ...], list[float]] = {}
    own: list[float] = []
    for search, band, sort, deep in product(
        ("", "a", "Harbour", "茶庄", "Kiln 4711", "zzz"),
        ("", "good", "new", "unlawful"),
        ("standing", "evidence", "name"),
        (False, True),
    ):
        query = {"search": search, "band": band, "sort": sort, "after": middle[sort] if deep else ""}
        for _ in range(4):
            start, began = perf_counter(), _spent()
            response = client.get("/", query) if len(sys.argv) < 3 else client.get("/api/merchants", query)
            assert response.status_code == 200, response.status_code
            timings.setdefault((search, band, sort, str(deep)), []).append((perf_counter() - start) * 1000)
            own.append((_spent() - began) * 1000)
    every = sorted(value for values in timings.values() for value in values[1:])
    middle_one, late_one = every[len(every) // 2], every[int(len(every) * 0.95)]
    print(f"{len(every)} requests: p50 {middle_one:.0f} ms, p95 {late_one:.0f} ms, slowest {every[-1]:.0f} ms")  # noqa: T201
    print(f"of the processors: {_told(own)}; load {os.getloadavg()[0]:.1f}")  # noqa: T201
    for combination, values in sorted(timings.items(), key=lambda item: -max(item[1][1:]))[:12]:
        print(f"{max(values[1:]):7.1f} ms  {combination}")  # noqa: T201


def measure_pages() -> None:
    """Print p50 and p95 of each page: on the clock, and of the processors; how many queries it takes; and the load."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection, transaction  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415
    from django.urls import get_resolver  # noqa: PLC0415

    from yinuo.merchants.models import Merchant  # noqa: PLC0415
    from yinuo.people.models import Account  # noqa: PLC0415

    settings.ALLOWED_HOSTS.append("testserver")
    if not Merchant.objects.filter(pk=HEAVY).exists():
        with transaction.atomic():
            fill_trade()
    some = list(Merchant.objects.order_by("pk").values_list("pk", flat=True)[50_000 : 50_000 + ROUNDS])
    consoles = [
        str(pattern.pattern) for resolver in get_resolver().url_patterns for within in getattr(resolver, "url_patterns", [])
        for pattern in getattr(within, "url_patterns", []) if str(getattr(pattern, "name", "")).startswith("console_")
    ]
    public, owner = Client(), Client()
    owner.force_login(Account.objects.get(handle="heavy"))
    pages: list[tuple[Client, list[str]]] = [
        (public, [f"/merchants/{pk}/" for pk in some]), (public, [f"/embed/merchants/{pk}/" for pk in some]),
        *((public, [path]) for path in (
            f"/merchants/{HEAVY}/", f"/merchants/{HEAVY}/?reviews_before=1700000000000000&listings_after=lheavy2000",
            "/listings/lheavy7/", "/transparency/", "/record/", "/record/tree/", "/method/", "/verify/", "/api/credit/method",
            f"/api/standings/{HEAVY}",
        )),
        *((owner, ["/console/" + route.replace("<slug:merchant>", HEAVY)]) for route in consoles if route.count("<") == 1
          and "<slug:merchant>" in route),
    ]
    for client, paths in pages:
        wall, own, status = [], [], client.get(paths[0]).status_code
        with CaptureQueriesContext(connection) as asked:
            client.get(paths[0])
            count = len(asked)
        for number in range(ROUNDS):
            start, began = perf_counter(), _spent()
            client.get(paths[number % len(paths)])
            wall.append((perf_counter() - start) * 1000)
            own.append((_spent() - began) * 1000)
        what = f"{_told(wall):>24} {_told(own):>24} {count:4} queries  {status}"
        print(f"{what}  {paths[0][:60]}", flush=True)  # noqa: T201
    print(f"load {os.getloadavg()[0]:.1f}")  # noqa: T201


def fill_trade(*, orders: int = 20_000, reviews: int = 5_000, listings: int = 3_000, decisions: int = 50_000) -> None:
    """A merchant with as much trade and as many quarrels as any, and what was decided about all others."""
    import random  # noqa: PLC0415
    from datetime import timedelta  # noqa: PLC0415

    import market  # noqa: PLC0415
    from market import AS_OF, DAY, Member  # noqa: PLC0415

    from yinuo.catalogue.models import Listing  # noqa: PLC0415
    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.credit.models import Delivery, Dispatch, ListingRate, Standing  # noqa: PLC0415
    from yinuo.decisions.models import Contest, Decision  # noqa: PLC0415
    from yinuo.merchants.models import Merchant  # noqa: PLC0415
    from yinuo.people.models import Account, Membership  # noqa: PLC0415
    from yinuo.reviews.models import Review  # noqa: PLC0415

    dice, at = random.Random(5), now()
    Merchant.objects.create(
        id=HEAVY, name="Heavy Goods 重货", form="legal_person", region="CN-GD", registered_at=(AS_OF - 900) * DAY
    )
    member = Member(HEAVY, "", "", "caution", 441, 9, 47_000, orders, "")
    Standing.objects.bulk_create([market._standing(member)])
    market._course(member, 120, dice)
    for table in (Dispatch, Delivery):
        made = []
        for number in range(orders):
            outcome, cause = dice.choices((("on_time", None), ("late", "merchant"), ("late", "carrier")), (80, 15, 5))[0]
            day = AS_OF - dice.randint(1, 400)
            made.append(
                table(id=f"oheavy{number}", merchant=HEAVY, outcome=outcome, cause=cause, judged_at=day * DAY, weight=16)
            )
        table.objects.bulk_create(made, batch_size=2_000)
    Review.objects.bulk_create([
        Review(id=f"rheavy{number}", merchant=HEAVY, listing=f"lheavy{number % 50}", stars=dice.randint(1, 5),
               published_at=(AS_OF - 700) * DAY + number * 10_000_000_000) for number in range(reviews)
    ], batch_size=2_000)
    Listing.objects.bulk_create([
        Listing(id=f"lheavy{number}", merchant=HEAVY, category="tea", price_minor=100, currency="CNY", published_at=AS_OF * DAY)
        for number in range(listings)
    ], batch_size=2_000)
    ListingRate.objects.create(listing="lheavy7", merchant=HEAVY, orders=800, complaints=9, as_of=AS_OF)
    others = list(Merchant.objects.order_by("pk").values_list("pk", flat=True)[:decisions])
    given: dict[str, Any] = {
        "act": "warning", "ground": "terms", "automated": "no", "facts": "ab" * 16, "words": "0" * 32,
        "decided_by": "account:9", "decided_at": at, "since": at, "appeal_until": at + timedelta(days=180),
    }
    Decision.objects.bulk_create([
        Decision(id=f"jheavy{number}", merchant=HEAVY if number < 300 else others[number % len(others)], **given)
        for number in range(decisions)
    ], batch_size=1_000)
    Contest.objects.bulk_create([
        Contest(id=f"theavy{number}", merchant=HEAVY, event="ab" * 16, aspect="dispatch", order=f"oheavy{number}",
                outcome="late", matter=f"dispatch/oheavy{number}/late", claimed="carrier", words="0" * 32,
                opened_by="account:1", opened_at=at,
                due=at + timedelta(days=15), state="open") for number in range(600)
    ], batch_size=1_000)
    account = Account.objects.create(handle="heavy", created=at)
    Membership.objects.create(account=account, subject=HEAVY, role="merchant_owner", granted_by="system", granted=at)


def _spent() -> float:
    """The seconds that processors have spent on this process, and on the one of PostgreSQL that serves it, if that is here."""
    from django.db import connection  # noqa: PLC0415

    theirs = 0
    if connection.vendor == "postgresql" and connection.connection is not None:
        account = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
        theirs = int(account.read_text().split()[0]) if account.exists() else 0
    return process_time() + theirs / 1e9


def _told(milliseconds: list[float]) -> str:
    ordered = sorted(milliseconds)
    return f"p50 {ordered[len(ordered) // 2]:.0f}, p95 {ordered[int(len(ordered) * .95)]:.0f} ms"


CONSOLE = (
    "/console/steward/", "/console/steward/contests/", "/console/steward/contests/?clock=late",
    "/console/steward/contests/?claimed=buyer&kind=delivery", "/console/steward/contests/?merchant=Kiln",
    "/console/steward/contests/?state=all", "/console/steward/contests/?mine=me", "/console/steward/contests/?after=t005000",
    "/console/steward/appeals/", "/console/steward/appeals/?ground=safety", "/console/steward/refused/",
    "/console/steward/refused/?source=shop&age=day", "/console/runs/", "/console/runs/?state=waiting", "/console/runs/nheld/",
    "/console/runs/nheld/?from=975", "/console/runs/nrun1/", "/console/contests/t000007/", "/console/appeals/p000003/",
)


def measure_console(times: int = 40) -> None:
    """Print each page's p50, p95 and number of queries, and the same of a preview of 50 objections."""
    from allauth.mfa.models import Authenticator  # noqa: PLC0415 - only once Django is set up
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from yinuo.config.realm import now  # noqa: PLC0415
    from yinuo.people.models import Account, Grant  # noqa: PLC0415

    settings.ALLOWED_HOSTS.append("testserver")
    account, _ = Account.objects.get_or_create(handle="measuring", defaults={"created": now()})
    given = {"granted_by": "system", "granted": now()}
    Grant.objects.get_or_create(account=account, role="steward", ended=None, defaults=given)
    Authenticator.objects.get_or_create(user=account, type="totp", defaults={"data": {"secret": "s"}})
    client = Client()
    client.force_login(account)
    preview = {
        "contest": [f"t{number:06}" for number in range(50)], "outcome": "upheld", "cause": "carrier", "ground": "evidence",
        "words": "The bookings show that the carrier missed the collection.",
    }
    every: list[float] = []
    for address in (*CONSOLE, "/console/steward/contests/settle/"):
        values = []
        for turn in range(times + 2):
            with CaptureQueriesContext(connection) as queries:
                start = perf_counter()
                answer = client.post(address, preview) if address.endswith("/settle/") else client.get(address)
                took = (perf_counter() - start) * 1000
            assert answer.status_code == 200, (address, answer.status_code)
            values += [took] if turn > 1 else []
        values.sort()
        every += values
        p95 = values[int(len(values) * 0.95)]
        print(f"{values[len(values) // 2]:7.1f} ms  p95 {p95:7.1f} ms  {len(queries):3} queries  {address}")  # noqa: T201
    every.sort()
    print(f"{len(every)} requests: p50 {every[len(every) // 2]:.0f} ms, p95 {every[int(len(every) * 0.95)]:.0f} ms")  # noqa: T201


if __name__ == "__main__":
    main()
