"""What is held against a merchant, for that merchant: every outcome that costs points, with its contest where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from yinuo.credit.models import Delivery, Dispatch, Standing
from yinuo.credit.queries.standings import shown_scorecard
from yinuo.decisions import queries as decisions
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY, from_micros, to_micros

COUNTS_DAYS = 365       # what is older costs nobody points


@dataclass(frozen=True, slots=True)
class Held:
    """One outcome through the merchant's own fault: of which order, what went wrong, since when that is known, its weight.

    `weight` is 0 to 16 sixteenths of an order; `contest` the state of the newest contest of it, "" where there was none.
    """

    order: str
    aspect: str
    outcome: str
    at: datetime
    weight: int
    used_permille: int | None
    contest: str


def held_against(*, viewer: Actor, merchant: str, at: datetime, limit: int, aspect: str = "") -> list[Held]:
    """What cost the merchant points in the year before the day of the standing, or before now; newest first.

    Dispatches and deliveries, or of one of these aspects only.
    """
    standing = own_standing(viewer=viewer, merchant=merchant)
    end = to_micros(at) if standing is None else standing.as_of * MICROS_PER_DAY
    since = end - COUNTS_DAYS * MICROS_PER_DAY
    found: list[list[tuple[Dispatch | Delivery, str]]] = []
    for name, table in (("dispatch", Dispatch), ("delivery", Delivery)):
        if aspect not in ("", name):
            continue
        rows = table.objects.filter(merchant=merchant, judged_at__gte=since, cause="merchant").exclude(outcome="on_time")
        found.append([(row, name) for row in rows.order_by("-judged_at", "pk")[:limit]])
    newest = list(islice(merge(*found, key=lambda pair: pair[0].judged_at or 0, reverse=True), limit))
    matters = [f"{name}/{row.pk}/{row.outcome}" for row, name in newest]
    contests = decisions.disputed(matters=matters)
    return [
        Held(
            row.pk, name, row.outcome or "", from_micros(row.judged_at or 0), row.weight or 0,
            getattr(row, "used_permille", None), contests.get(matter, ""),
        )
        for (row, name), matter in zip(newest, matters, strict=True)
    ]


def own_standing(*, viewer: Actor, merchant: str) -> Standing | None:
    """The merchant's standing in exact figures, for the merchant and for staff, in whatever mode; None before the first run."""
    allow(viewer, "credit.see_own", about=merchant)
    return Standing.objects.filter(merchant=merchant, scorecard=shown_scorecard()).first()


