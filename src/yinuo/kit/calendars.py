"""Working time: when a deadline falls that counts only the hours somebody works, and clocks that may stand still.

A calendar's hours are what the clock on its wall shows. A moment is open when the wall clock of the calendar's zone shows, at
that moment, a date and a time of day that the calendar opens. So an hour that summer time skips does not count, and
one that comes twice counts twice: what counts is time that really passed. All is added up in microseconds of UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from yinuo.kit.moments import MICROS_PER_DAY, MICROS_PER_MINUTE, from_day, from_micros, to_day, to_micros
from yinuo.kit.refusals import Malformed

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_PER_DAY = 1440
DAYS_MAX = 3653
"""Ten years: no deadline lies further ahead, and nothing is counted over more."""
MINUTES_MAX = DAYS_MAX * MINUTES_PER_DAY
YEARS = range(1970, 3000)
"""The years in which clocks run: before them the zones of the world are not reliably known."""
WARNING_PERCENT = 80

_MICROS_PER_SECOND = 1_000_000
_Stretch = tuple[int, int | None]   # from, and up to but without; None: for good


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open hours within one day, in minutes since midnight as the wall clock shows it: from the first, up to the second."""

    starts: int
    ends: int

    def __post_init__(self) -> None:
        if not 0 <= self.starts < self.ends <= MINUTES_PER_DAY:
            raise Malformed(
                "Hours begin before they end, within one day; what goes past midnight is written as two: to 24:00 on the "
                "one day, from 00:00 on the next."
            )


Spans = tuple[Span, ...]
"""The open hours of one day, in order; empty where it is closed."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When work is done: a time zone, the hours of each weekday from Monday on, holidays, and days with hours of their own.

    A day in `days` has the hours given there, whatever its weekday: a weekend that is worked to make up for a holiday, or a
    short day. Every deadline is a moment in UTC; what happens before it is in time.
    """

    zone: str
    week: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    holidays: frozenset[date] = frozenset()
    days: Mapping[date, Spans] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_zone(self.zone)
        for name, spans in zip(WEEKDAYS, self.week, strict=True):
            _check_order(spans, f"week.{name}")
        if not any(self.week):
            raise Malformed("A calendar is open at some hour of the week; this one never is.", path="week")
        for day, spans in self.days.items():
            if not spans:
                raise Malformed("A day without hours is a holiday; write it there.", path=f"days.{day}")
            if day in self.holidays:
                raise Malformed("This day is a holiday as well; it can be only one of the two.", path=f"days.{day}")
            _check_order(spans, f"days.{day}")

    def spans(self, day: date) -> Spans:
        """The open hours of a date."""
        if day in self.holidays:
            return ()
        return self.days.get(day) or self.week[day.weekday()]

    def deadline(self, start: datetime, working_minutes: int) -> datetime:
        """The earliest moment, from the start on, at which that much working time has passed since.

        One hour from 16:00 to a close at 17:00 ends at 17:00, not at the next opening; no time at all ends at the start.
        """
        began = _micros(start)
        return from_micros(_known(self._after(began, [(began, None)], _amount(working_minutes))))

    def deadline_days(self, start: datetime, working_days: int) -> datetime:
        """The midnight that ends the n-th working day after the day of the start, which itself does not count.

        A working day is a date with any open time. Its end is the moment from which on the wall clock shows a later date.
        """
        wanted, began = _count(working_days), _micros(start)
        today = self._day(began)
        seen: set[int] = set()
        for _, _, day in self._open([(began, None)]):
            if day > today:
                seen.add(day)
            if len(seen) == wanted:
                return self._end(day)
        raise AssertionError("what is open without end either finds the day or refuses")

    def calendar_days(self, start: datetime, days: int, *, rolls: bool = False) -> datetime:
        """The midnight that ends the n-th day after the day of the start, which itself does not count; closed days count.

        With `rolls`, where that day is closed, the midnight that ends the next working day.
        """
        last = self._day(_micros(start)) + _count(days)
        if not rolls:
            return self._end(last)
        return self._end(next(day for _, _, day in self._open([(self._reaches(last * MICROS_PER_DAY), None)]) if day >= last))

    def days_later(self, start: datetime, days: int) -> datetime:
        """The same time by the wall clock, that many days later; closed days count.

        It is the moment from which on the wall clock shows that time or a later one: the second of the two where the clock
        is set back over it, the moment of the change where it is set forward over it.
        """
        began = _micros(start)
        return from_micros(self._reaches(began + self._offset(began) + _count(days) * MICROS_PER_DAY))

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments, exactly."""
        begin, stop = _micros(start), _micros(end)     # datetimes of one zone would compare by the wall clock
        if stop < begin:
            raise Malformed("Working time is counted from the earlier moment to the later one.")
        return timedelta(microseconds=self._spent([(begin, stop)]))

    def working_minutes(self, start: datetime, end: datetime) -> int:
        """The whole minutes of working time between two moments; a part of a minute does not count."""
        return self.working_time(start, end) // timedelta(minutes=1)

    def _open(self, stretches: Iterable[_Stretch]) -> Iterator[tuple[int, int, int]]:
        """What is open within these stretches, as they come, each piece with its day; refuses to look beyond ten years."""
        left = DAYS_MAX * MICROS_PER_DAY
        for begin, end in stretches:
            stop = begin + left if end is None else min(end, begin + left)
            for first, last, offset in _offsets(self.zone, begin, stop):
                for day in range((first + offset) // MICROS_PER_DAY, (last + offset - 1) // MICROS_PER_DAY + 1):
                    midnight = day * MICROS_PER_DAY - offset
                    for span in self.spans(from_day(day)):
                        opens = max(first, midnight + span.starts * MICROS_PER_MINUTE)
                        closes = min(last, midnight + span.ends * MICROS_PER_MINUTE)
                        if opens < closes:
                            yield opens, closes, day
            left -= stop - begin
            if stop != end:
                raise Malformed("By this calendar it takes more than ten years, and nothing is counted over so long.")

    def _after(self, start: int, stretches: Iterable[_Stretch], amount: int) -> int | None:
        """The earliest moment at which so much of the stretches was open; none if they end before."""
        if not amount:
            return start
        for opens, closes, _ in self._open(stretches):
            if closes - opens >= amount:
                return opens + amount
            amount -= closes - opens
        return None

    def _spent(self, stretches: Iterable[_Stretch]) -> int:
        """How much of the stretches is open."""
        return sum(closes - opens for opens, closes, _ in self._open(stretches))

    def _reaches(self, wall: int) -> int:
        """The moment from which on the wall clock shows this or a later reading for good."""
        # Offsets are less than a day, so that a day before it the reading is earlier and a day after it later.
        around = _offsets(self.zone, wall - MICROS_PER_DAY, wall + MICROS_PER_DAY)
        return max(min(last, wall - offset) for first, last, offset in around if first + offset < wall)

    def _end(self, day: int) -> datetime:
        return from_micros(self._reaches((day + 1) * MICROS_PER_DAY))

    def _day(self, moment: int) -> int:
        return (moment + self._offset(moment)) // MICROS_PER_DAY

    def _offset(self, moment: int) -> int:
        return next(offset for _, _, offset in _offsets(self.zone, moment, moment + 1))


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which a clock stands still, from the first moment up to the second; without one, until further notice."""

    starts: datetime
    ends: datetime | None = None

    def __post_init__(self) -> None:
        if _micros(self.starts) > _micros(self.ends or self.starts):
            raise Malformed("A pause cannot end before it starts.")


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that was started, runs for so many working minutes, and stood still during its pauses.

    Pauses may come in any order, overlap, and cover closed hours: what is closed or paused does not count, and nothing is taken
    off twice. What is paused after the clock has run down changes nothing.
    """

    started: datetime
    minutes: int
    pauses: tuple[Pause, ...] = ()

    def __post_init__(self) -> None:
        _micros(self.started)
        _amount(self.minutes)

    @property
    def is_paused(self) -> bool:
        """Whether it stands still until further notice."""
        return any(pause.ends is None for pause in self.pauses)

    def paused(self, at: datetime) -> Clock:
        """The clock, standing still from that moment on; refuses if it does already."""
        if self.is_paused:
            raise Malformed("This clock is paused already.")
        return replace(self, pauses=(*self.pauses, Pause(at)))

    def resumed(self, at: datetime) -> Clock:
        """The clock, running again from that moment on; refuses if it runs."""
        if not self.is_paused:
            raise Malformed("This clock is not paused.")
        return replace(self, pauses=tuple(Pause(each.starts, each.ends or at) for each in self.pauses))

    def due(self, calendar: Calendar) -> datetime | None:
        """The earliest moment at which its minutes have run; none while it is paused before that."""
        return self._run(calendar, _amount(self.minutes))

    def warns(self, calendar: Calendar) -> datetime | None:
        """The earliest moment at which 80 % of its minutes have run; none while it is paused before that."""
        return self._run(calendar, _amount(self.minutes) * WARNING_PERCENT // 100)

    def remaining(self, calendar: Calendar, at: datetime) -> timedelta:
        """How much working time it has left at a moment; none once it is due."""
        amount, until = _amount(self.minutes), _micros(at)
        done = calendar._after(until, self._running(until), amount)     # also stops counting there, however long ago that was
        if done is not None:
            return timedelta(0)
        return timedelta(microseconds=amount - calendar._spent(self._running(until)))

    def _run(self, calendar: Calendar, amount: int) -> datetime | None:
        found = calendar._after(_micros(self.started), self._running(), amount)
        return None if found is None else from_micros(found)

    def _running(self, until: int | None = None) -> Iterator[_Stretch]:
        """The stretches in which it does not stand still, in order, up to a moment."""
        for begin, end in self._between_pauses():
            stop = end if until is None else until if end is None else min(end, until)
            if stop is None or begin < stop:
                yield begin, stop

    def _between_pauses(self) -> Iterator[_Stretch]:
        """The stretches between pauses; some end before they begin, where pauses overlap or come before the start."""
        begin = _micros(self.started)
        for pause in sorted(self.pauses, key=lambda each: _micros(each.starts)):
            yield begin, _micros(pause.starts)
            if pause.ends is None:
                return
            begin = max(begin, _micros(pause.ends))
        yield begin, None


_OFFICE: Spans = (Span(9 * 60, 18 * 60),)


def office_hours(zone: str) -> Calendar:
    """Monday to Friday from 9:00 to 18:00 in a time zone, without holidays."""
    return Calendar(zone, (_OFFICE,) * 5 + ((),) * 2)


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):     # unknown; not a name; the folder of a continent
        raise Malformed(f"{zone!r} is not a time zone; write it like Asia/Shanghai.", path="zone") from None


def _check_order(spans: Spans, path: str) -> None:
    for one, next_one in pairwise(spans):
        if next_one.starts < one.ends:
            raise Malformed("The hours of a day stand in order and do not overlap.", path=path)


def _micros(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise Malformed("A clock needs moments with a time zone.")
    if moment.year not in YEARS:
        raise Malformed(f"Clocks run in the years {YEARS.start} to {YEARS.stop - 1}.")
    return to_micros(moment)


def _amount(minutes: int) -> int:
    if not 0 <= minutes <= MINUTES_MAX:
        raise Malformed(f"A clock runs for 0 to {MINUTES_MAX:,} minutes, which are ten years.")
    return minutes * MICROS_PER_MINUTE


def _count(days: int) -> int:
    if not 1 <= days <= DAYS_MAX:
        raise Malformed(f"A period in days has 1 to {DAYS_MAX:,} of them, which are ten years.")
    return days


def _known(found: int | None) -> int:
    assert found is not None, "what is open without end either ends or refuses"
    return found


def _offsets(zone: str, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The time from begin to end in stretches of constant offset: from, up to, and what to add to UTC, in microseconds."""
    for year in range(from_micros(begin).year, from_micros(end - 1).year + 1):
        for first, last, offset in _offsets_of(zone, year):
            if first < end and begin < last:
                yield max(first, begin), min(last, end), offset


@lru_cache(maxsize=8192)
def _offsets_of(zone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """The stretches of constant offset in a year of UTC."""
    clock, begin, end = ZoneInfo(zone), _new_year(year), _new_year(year + 1)
    found, offset = [], _offset_at(clock, begin)
    # Day by day is fine enough: since 1970 no zone has changed its offset twice within six days.
    for day in range(begin, end, MICROS_PER_DAY):
        after = _offset_at(clock, day + MICROS_PER_DAY)
        if after != offset and (change := _first_of(clock, day, after)) < end:
            found.append((begin, change, offset))
            begin, offset = change, after
    return (*found, (begin, end, offset))


def _first_of(clock: ZoneInfo, day: int, offset: int) -> int:
    """The second at which an offset begins to hold that does not at the beginning of a day, and does at its end."""
    low, high = day // _MICROS_PER_SECOND, (day + MICROS_PER_DAY) // _MICROS_PER_SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(clock, middle * _MICROS_PER_SECOND) == offset:
            high = middle
        else:
            low = middle
    return high * _MICROS_PER_SECOND


def _offset_at(clock: ZoneInfo, moment: int) -> int:
    offset = from_micros(moment).astimezone(clock).utcoffset()
    assert offset is not None, "a zone has an offset at every moment"
    return offset // timedelta(microseconds=1)


def _new_year(year: int) -> int:
    return to_day(date(year, 1, 1)) * MICROS_PER_DAY


ALWAYS = Calendar("UTC", ((Span(0, MINUTES_PER_DAY),),) * 7)
"""Every hour of every day counts."""
