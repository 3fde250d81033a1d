"""Moments as integers: microseconds since 1970 in UTC, days and weeks counted from there.

Facts hold no datetimes and engines never see one, so that every engine and every verifier counts the same day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

MICROS_PER_MINUTE = 60_000_000
MICROS_PER_DAY = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DATE = date(1970, 1, 1)
_ONE_MICRO = timedelta(microseconds=1)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware datetime, exactly."""
    return (moment - _EPOCH) // _ONE_MICRO


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of a number of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def day_of(micros: int) -> int:
    """The UTC day, counted from 1970-01-01 = 0."""
    return micros // MICROS_PER_DAY


def week_of_day(day: int) -> int:
    """The week, Monday to Sunday, counted from the one that holds 1970-01-01 (a Thursday) = 0."""
    return (day + 3) // 7


def to_day(value: date) -> int:
    """The day number of a calendar date."""
    return (value - _EPOCH_DATE).days


def from_day(day: int) -> date:
    """The calendar date of a day number."""
    return _EPOCH_DATE + timedelta(days=day)
