"""What marketplace to make: how large, how long, from which seed. Everything else follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from yinuo.kit.moments import to_day
from yinuo.kit.refusals import Malformed

DAY_SECONDS = 86_400
HOUR_SECONDS = 3_600

_LEAST = {"merchants": 24, "buyers": 300, "orders": 500, "days": 60}


@dataclass(frozen=True)
class Plan:
    """The size and seed of a marketplace. The same plan always makes the same events and the same truths."""

    seed: int = 1
    merchants: int = 300
    buyers: int = 8_000
    orders: int = 60_000
    starts: date = date(2025, 1, 1)
    days: int = 365
    rings: int = 2
    strike_declared: bool = False

    def __post_init__(self) -> None:
        """Refuse a market too small to hold what is planted in it."""
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise Malformed(f"A simulated market needs at least {least} {name}.", path=name)
        room = min(self.merchants // 12, self.buyers // 150, max(2, self.orders // 3_000))
        if not 0 <= self.rings <= room:
            raise Malformed(f"A simulated market of this size has room for {room} rings at most.", path="rings")

    @property
    def start_second(self) -> int:
        """The first second of the market, counted from 1970 in UTC."""
        return to_day(self.starts) * DAY_SECONDS

    def day_at(self, share: float) -> int:
        """The day of the plan, from 0, at that share of its length; keeps spring in spring when the plan is shorter."""
        return round(self.days * share)

    def second_of(self, day: int) -> int:
        """The first second of a day of the plan, counted from 1970 in UTC."""
        return self.start_second + day * DAY_SECONDS

    def random(self, purpose: str) -> Random:
        """A source of chance for one purpose, so that a change in one part leaves the others as they were."""
        return Random(f"{self.seed}:{purpose}")  # noqa: S311 - repeatable chance is the point; nothing here is secret
