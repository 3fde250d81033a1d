"""A merchant's coming days: open orders by the points at stake, a fall that is foreseen, what if, and the next scorecard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from yinuo_client._reading import read
from yinuo_client._transport import Calls, in_path


@dataclass(frozen=True)
class OpenOrder:
    """An order that may still cost points: what must happen by when, its weight in sixteenths of an order, its points.

    `stage`: its time to be handed over is past (late), within a day (soon) or later (open), or it is on its way (way).
    `points` is the score if it goes well less that if it fails; None where there is no score to lose from yet.
    """

    order: str
    order_id: str
    aspect: str
    stage: str
    due: datetime
    value_minor: int | None
    currency: str | None
    weight: int
    points: int | None


@dataclass(frozen=True)
class FirstFall:
    """How many whole orders late through the merchant cost the first points, and how many points."""

    orders: int
    points: int


@dataclass(frozen=True)
class Today:
    """A stretch of the open orders as of `clock`, and how many there are in each stage; `next` is where the next one starts."""

    clock: datetime
    counts: Mapping[str, int]
    orders: tuple[OpenOrder, ...]
    next: int | None
    first_fall: FirstFall | None


@dataclass(frozen=True)
class Foreseen:
    """A fall of the standing: when, from which score and band to which, by how many points of age and of orders."""

    day: date
    score_now: int
    band_now: str
    score: int
    band: str
    half: int       # half the interval's width
    by_age: int
    by_orders: int
    orders: Mapping[str, int]


@dataclass(frozen=True)
class SupposedStanding:
    """A standing that might be; no figures where the history is not enough."""

    band: str
    score: int | None
    low: int | None
    high: int | None
    outcomes: int
    override: str


@dataclass(frozen=True)
class Beside:
    """What a feature adds or takes in each of two standings; None where it has no part in one of them."""

    feature: str
    half_life_days: int | None
    now: int | None
    then: int | None


@dataclass(frozen=True)
class WhatIf:
    """The standing as it is and as it would be, reasons side by side; `left_out`: objections that it does not rest on."""

    now: SupposedStanding
    then: SupposedStanding
    reasons: tuple[Beside, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Announced:
    """A scorecard that is to take over, from which day (None while that is open), and the merchant's standing by it, if any."""

    scorecard: str
    digest: str
    since: datetime
    in_force_from: date | None
    as_of: date | None
    standing: SupposedStanding | None
    reasons: tuple[Beside, ...]


class AheadCalls(Calls):
    """What a merchant's team can still change, for the team and for staff."""

    def today(self, merchant: str, *, stage: str = "", start: int = 0) -> Today:
        """50 open orders, those with most points at stake first, of one stage or of all, and how many there are."""
        query = urlencode({"start": start} | ({"stage": stage} if stage else {}))
        return read(Today, self._get(f"/credit/own/{in_path(merchant)}/today?{query}"))

    def open_orders(self, merchant: str, *, stage: str = "") -> Iterator[OpenOrder]:
        """Every open order, in the same order."""
        start: int | None = 0
        while start is not None:
            found = self.today(merchant, stage=stage, start=start)
            yield from found.orders
            start = found.next

    def foreseen(self, merchant: str) -> Foreseen | None:
        """The fall that the coming weeks bring if nothing new becomes known; None where none is worth a warning."""
        told = self._get(f"/credit/own/{in_path(merchant)}/foreseen")["foreseen"]
        return None if told is None else read(Foreseen, told)

    def what_if(
        self, merchant: str, *, orders: int = 0, late: int = 0, used: int = 60, contests: Sequence[str] = ()
    ) -> WhatIf:
        """The standing with so many orders more, so many of them late, and with open objections to a cause upheld.

        `used`: how much of their time the other orders take, in percent: 60, 80 or 100.
        """
        query = urlencode({"orders": orders, "late": late, "used": used, "contest": list(contests)}, doseq=True)
        return read(WhatIf, self._get(f"/credit/own/{in_path(merchant)}/what-if?{query}"))

    def announced(self, merchant: str) -> list[Announced]:
        """The scorecards that are to take over, newest first, each with the standing by it where it was scored already."""
        return [read(Announced, told) for told in self._get(f"/credit/own/{in_path(merchant)}/announced")]
