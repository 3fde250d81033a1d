"""What is still to happen: events by the day they fall on, kept only until that day has passed."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from operator import itemgetter

from yinuo.simulate.plan import DAY_SECONDS

Happening = tuple[int, str, dict[str, object]]
"""When (seconds since 1970), which kind, and its data."""

_when = itemgetter(0)


class Agenda:
    """Happenings to come. What falls after the last day is dropped: the market ends with things unfinished."""

    def __init__(self, start_second: int, days: int) -> None:
        self._start = start_second
        self._end = start_second + days * DAY_SECONDS
        self._days: defaultdict[int, list[Happening]] = defaultdict(list)

    def add(self, second: int, kind: str, data: dict[str, object]) -> None:
        """Note a happening; those noted for the same second keep the order in which they were noted."""
        if second < self._end:
            self._days[(second - self._start) // DAY_SECONDS].append((second, kind, data))

    def take(self, day: int) -> list[Happening]:
        """All of a day in order of time; the agenda forgets them."""
        happenings = self._days.pop(day, [])
        happenings.sort(key=_when)   # stable, so that a cause stays before its effect
        return happenings


def moment(second: int) -> str:
    """A second as RFC 3339 in UTC, such as "2025-03-01T10:22:33Z"."""
    return datetime.fromtimestamp(second, UTC).isoformat()[:-6] + "Z"
