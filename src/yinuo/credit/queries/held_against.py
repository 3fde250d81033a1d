"""What is held against a merchant, for that merchant: every outcome that costs points, with its contest where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from yinuo.care.queries import complaints
from yinuo.credit.features import costs
from yinuo.credit.models import Complaint, Delivery, Dispatch, Standing
from yinuo.credit.queries.standings import shown_scorecard
from yinuo.decisions import queries as decisions
from yinuo.decisions.rules import matter_of
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import MICROS_PER_DAY, from_micros, to_micros

COUNTS_DAYS = 365       # what is older costs nobody points


JUDGED: dict[str, tuple[type[Dispatch] | type[Delivery] | type[Complaint], str]] = {
    "dispatch": (Dispatch, "credit.dispatch_judged"), "delivery": (Delivery, "credit.delivery_judged"),
    "complaint": (Complaint, "credit.complaint_judged"),
}
"""The judgements whose cause can be contested, with their mirror and their kind of fact."""


@dataclass(frozen=True, slots=True)
class Held:
    """One outcome through the merchant's own fault: of which order, what went wrong, since when that is known, its weight.

    `weight` is 0 to 16 sixteenths of an order, 0 where it costs no points; of a complaint `outcome` is the topic, and `order`
    the one that it names, if any. `contest` is the state of the newest contest of it, "" where there was none.
    """

    order: str | None
    aspect: str
    outcome: str
    at: datetime
    weight: int
    used_permille: int | None
    contest: str
    complaint: str | None = None

    @property
    def subject(self) -> str:
        """What was judged: the complaint, or else the order."""
        return self.complaint or self.order or ""


def held_against(*, viewer: Actor, merchant: str, at: datetime, limit: int, aspect: str = "") -> list[Held]:
    """What cost the merchant points in the year before the day of the standing, or before now; newest first.

    Dispatches, deliveries and complaints, or of one of these aspects only. Complaints about what no measure counts are among
    them: they cost no points, but stand in a listing's public rate of complaints.
    """
    standing = own_standing(viewer=viewer, merchant=merchant)
    end = to_micros(at) if standing is None else standing.as_of * MICROS_PER_DAY
    since = end - COUNTS_DAYS * MICROS_PER_DAY
    found: list[list[tuple[Any, str]]] = []
    for name, (table, _) in JUDGED.items():
        if aspect in ("", name):
            rows = table.objects.filter(merchant=merchant, judged_at__gte=since, cause="merchant")
            found.append([(row, name) for row in rows.order_by("-judged_at", "pk")[:limit]])
    newest = list(islice(merge(*found, key=lambda pair: pair[0].judged_at or 0, reverse=True), limit))
    matters = [matter_of(name, row.pk, row.outcome) for row, name in newest]
    contests = decisions.disputed(matters=matters)
    named = {each.id: each.order for each in complaints([row.pk for row, name in newest if name == "complaint"])}
    return [_held(row, name, contests.get(matter, ""), named) for (row, name), matter in zip(newest, matters, strict=True)]


def _held(row: Any, aspect: str, contest: str, named: Mapping[str, str | None]) -> Held:
    is_complaint = aspect == "complaint"
    return Held(
        named.get(row.pk) if is_complaint else row.pk, aspect, row.outcome or "", from_micros(row.judged_at or 0),
        row.weight or 0 if costs(JUDGED[aspect][1], row) else 0, getattr(row, "used_permille", None), contest,
        row.pk if is_complaint else None,
    )


def own_standing(*, viewer: Actor, merchant: str) -> Standing | None:
    """The merchant's standing in exact figures, for the merchant and for staff, in whatever mode; None before the first run."""
    allow(viewer, "credit.see_own", about=merchant)
    return Standing.objects.filter(merchant=merchant, scorecard=shown_scorecard()).first()


