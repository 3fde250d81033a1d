"""The file in which an operator keeps the working hours, the holidays and the days that make up for them (TOML)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from yinuo.kit.calendars import MINUTES_PER_DAY, WEEKDAYS, Calendar, Span, Spans
from yinuo.kit.refusals import Malformed, TooLarge

CALENDAR_BYTES_MAX = 1_000_000
HOLIDAY_DAYS_MAX = 366
_KEYS = ("zone", "holidays", "week", "days")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)\Z")


def parse_calendar(content: bytes, *, zone: str) -> Calendar:
    """The calendar in a file, in the given time zone unless it names its own; refuses, naming the line or the field."""
    if len(content) > CALENDAR_BYTES_MAX:
        raise TooLarge(f"This calendar is larger than the {CALENDAR_BYTES_MAX:,} bytes that are read.")
    try:
        found = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Malformed("A calendar is written in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"This is not TOML: {error}.") from None
    for key in found:
        if key not in _KEYS:
            raise Malformed(f"A calendar has {', '.join(_KEYS)}, and nothing else.", path=key)
    named = found.get("zone", zone)
    if not isinstance(named, str):
        raise Malformed("A time zone is a text, like \"Asia/Shanghai\".", path="zone")
    week = _week(found.get("week"))
    return Calendar(named, cast(Any, week), _holidays(found.get("holidays", [])), _days(found.get("days", {}), week))


def _week(found: object) -> tuple[Spans, ...]:
    if not isinstance(found, dict):
        raise Malformed("A calendar needs a table [week] with the hours of each weekday.", path="week")
    if "holidays" in found or "zone" in found:
        raise Malformed("In the file, zone and holidays stand above the first line in brackets.", path="week")
    for name in found:
        if name not in WEEKDAYS:
            raise Malformed(f"The weekdays are {', '.join(WEEKDAYS)}.", path=f"week.{name}")
    return tuple(_spans(found.get(name, []), f"week.{name}") for name in WEEKDAYS)


def _holidays(found: object) -> frozenset[date]:
    if not isinstance(found, list):
        raise Malformed("Holidays are a list of dates and of texts like \"2026-10-01/2026-10-07\".", path="holidays")
    return frozenset(day for place, item in enumerate(found) for day in _range(item, f"holidays[{place}]"))


def _range(item: object, path: str) -> list[date]:
    """The dates of a date, or of a text that holds one or two."""
    first, _, last = (item if isinstance(item, str) else str(item)).partition("/")
    begin = _date(first, path)
    end = _date(last or first, path)
    if not 0 <= (end - begin).days < HOLIDAY_DAYS_MAX:
        raise Malformed(f"{item!r} must run from an earlier day to a later one, over at most a year.", path=path)
    return [begin + timedelta(days=each) for each in range((end - begin).days + 1)]


def _days(found: object, week: tuple[Spans, ...]) -> Mapping[date, Spans]:
    if not isinstance(found, dict):
        raise Malformed("Days with other hours are a table [days].", path="days")
    days = {}
    for name, value in found.items():
        path = f"days.{name}"
        day = _date(name, path)
        spans = _like(value, week, path) if isinstance(value, str) else _spans(value, path)
        if spans == week[day.weekday()]:
            raise Malformed(f"It is a {WEEKDAYS[day.weekday()]} and has these hours anyway; is the date right?", path=path)
        days[day] = spans
    return days


def _like(name: str, week: tuple[Spans, ...], path: str) -> Spans:
    if name not in WEEKDAYS or not week[WEEKDAYS.index(name)]:
        raise Malformed(f"{name!r} is not a weekday that has hours in [week].", path=path)
    return week[WEEKDAYS.index(name)]


def _spans(found: object, path: str) -> Spans:
    if not isinstance(found, list):
        raise Malformed("Hours are a list of texts, like [\"09:00-12:00\", \"13:30-18:00\"].", path=path)
    return tuple(sorted(_span(item, path) for item in found))


def _span(item: object, path: str) -> Span:
    read = _HOURS.match(item) if isinstance(item, str) else None
    if read is None:
        raise Malformed(f"{item!r} is not written like \"09:00-12:00\".", path=path)
    starts, ends = int(read[1]) * 60 + int(read[2]), int(read[3]) * 60 + int(read[4]) if read[3] else MINUTES_PER_DAY
    try:
        return Span(starts, ends)
    except Malformed as refusal:
        raise Malformed(f"{item!r}: {refusal.sentence}", path=path) from None


def _date(text: str, path: str) -> date:
    try:
        if len(text) != len("2026-01-31"):     # the library also reads other forms, and so would hide misprints
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{text!r} is not a date like 2026-01-31.", path=path) from None
