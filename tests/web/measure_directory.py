"""How long the directory takes: `python tests/web/measure_directory.py FOLDER [api]` after `fill.py FOLDER 100000`.

Measures the whole page for every combination that a page can ask for, deep pages too, and prints p50, p95 and the slowest.
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


if __name__ == "__main__":
    main()
