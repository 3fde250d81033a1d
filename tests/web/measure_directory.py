"""How long pages take: `python tests/web/measure_directory.py FOLDER [api]` after `fill.py FOLDER 100000`.

Measures the whole page for every combination that a page can ask for, deep pages too, and prints p50, p95 and the slowest.
With `console` instead of `api`, after `fill.py FOLDER 100000 10000 2000`, the stewards' pages, and each one's p95 and queries.
"""

from __future__ import annotations

import os
import sys
from itertools import product
from time import perf_counter


def main() -> None:
    """Print the timings, slowest combination first."""
    os.environ["YINUO_DATA"] = sys.argv[1]
    from yinuo.cli import set_up  # noqa: PLC0415 - only once the folder is known

    set_up()
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
    for search, band, sort, deep in product(
        ("", "a", "Harbour", "茶庄", "Kiln 4711", "zzz"),
        ("", "good", "new", "unlawful"),
        ("standing", "evidence", "name"),
        (False, True),
    ):
        query = {"search": search, "band": band, "sort": sort, "after": middle[sort] if deep else ""}
        for _ in range(4):
            start = perf_counter()
            response = client.get("/", query) if len(sys.argv) < 3 else client.get("/api/merchants", query)
            assert response.status_code == 200, response.status_code
            timings.setdefault((search, band, sort, str(deep)), []).append((perf_counter() - start) * 1000)
    every = sorted(value for values in timings.values() for value in values[1:])
    middle_one, late_one = every[len(every) // 2], every[int(len(every) * 0.95)]
    print(f"{len(every)} requests: p50 {middle_one:.0f} ms, p95 {late_one:.0f} ms, slowest {every[-1]:.0f} ms")  # noqa: T201
    for combination, values in sorted(timings.items(), key=lambda item: -max(item[1][1:]))[:12]:
        print(f"{max(values[1:]):7.1f} ms  {combination}")  # noqa: T201


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
