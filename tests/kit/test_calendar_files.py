"""Calendars in files: the guide's example, and that each fault is told with its line or field."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from yinuo.kit.calendar_files import CALENDAR_BYTES_MAX, parse_calendar
from yinuo.kit.calendars import Span
from yinuo.kit.refusals import Malformed, TooLarge

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "operate.md"
SPLIT = (Span(540, 720), Span(810, 1080))
WEEK = "[week]\nmonday = ['09:00-18:00']\n"


def china(*when):
    return datetime(*when, tzinfo=timezone(timedelta(hours=8)))


def test_the_example_of_the_guide():
    (example,) = re.findall(r"^```toml\n(.*?)^```", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    calendar = parse_calendar(example.encode(), zone="UTC")
    assert calendar.zone == "Asia/Shanghai"
    assert calendar.week == (SPLIT,) * 5 + ((),) * 2
    assert len(calendar.holidays) == 3 + 9 + 3 + 5 + 3 + 3 + 7
    assert {day for day, spans in calendar.days.items() if spans == SPLIT} == {
        date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
    }
    assert calendar.deadline(china(2026, 9, 30, 17, 30), 60) == china(2026, 10, 8, 9, 30)
    assert calendar.deadline_days(china(2026, 9, 30, 17, 30), 3) == china(2026, 10, 11)
    assert calendar.deadline(china(2026, 12, 31, 11), 120) == china(2027, 1, 1, 10)     # nobody has added 2027 yet


def test_the_least_that_a_file_holds():
    calendar = parse_calendar(b"\xef\xbb\xbf" + WEEK.encode(), zone="Europe/Berlin")
    assert (calendar.zone, calendar.holidays, calendar.days) == ("Europe/Berlin", frozenset(), {})
    assert calendar.week == ((Span(540, 1080),), *[()] * 6)


def test_hours_may_be_in_any_order_and_dates_without_quotes():
    text = "holidays = [2026-01-01, '9999-12-31']\n[week]\nmonday = ['22:00-24:00', '00:00-02:00']\n"
    calendar = parse_calendar(text.encode(), zone="UTC")
    assert calendar.week[0] == (Span(0, 120), Span(1320, 1440))
    assert calendar.holidays == {date(2026, 1, 1), date.max}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[week]\nmonday = ['09:00-18:00'\n\n[days", r"not TOML: .*line \d"),
        ("[week]\nmonday = []\nmonday = []\n\n", r"not TOML: .*line 3"),
        (b"zone = '\xff'", "UTF-8"),
        ("", "week: A calendar needs a table"),
        ("week = 5", "week: A calendar needs a table"),
        ("holiday = []\n" + WEEK, "holiday: A calendar has zone, holidays, week, days"),
        (WEEK + "holidays = [2026-01-01]", "week: .*stand above the first line in brackets"),
        ("zone = 8\n" + WEEK, "zone: "),
        ("zone = 'China'\n" + WEEK, "zone: 'China' is not a time zone"),
        ("[week]\nmontag = []", "week.montag: The weekdays are monday"),
        ("[week]\nmonday = []", "week: .*never is"),
        ("[week]\nmonday = '09:00-18:00'", "week.monday: Hours are a list"),
        ("[week]\nmonday = [9]", "week.monday: 9 is not written like"),
        ("[week]\nmonday = ['9:00-18:00']", "week.monday: '9:00-18:00' is not written like"),
        ("[week]\nmonday = ['09:00-24:30']", "week.monday: '09:00-24:30' is not written like"),
        ("[week]\nmonday = ['22:00-02:00']", "week.monday: '22:00-02:00': .*written as two"),
        ("[week]\nmonday = ['09:00-12:00', '11:00-13:00']", "week.monday: .*overlap"),
        ("holidays = '2026-01-01'\n" + WEEK, "holidays: Holidays are a list"),
        ("holidays = ['2026-01-01', '2026-02-30']\n" + WEEK, r"holidays\[1\]: '2026-02-30' is not a date"),
        ("holidays = ['20260101']\n" + WEEK, r"holidays\[0\]: '20260101' is not a date"),
        ("holidays = ['2026-01-03/2026-01-01']\n" + WEEK, r"holidays\[0\]: .*earlier day to a later"),
        ("holidays = ['2026-01-01/2027-01-02']\n" + WEEK, r"holidays\[0\]: .*at most a year"),
        ("holidays = [2026-01-01T09:00:00]\n" + WEEK, r"holidays\[0\]: .*is not a date"),
        ("days = 5\n" + WEEK, "days: Days with other hours are a table"),
        (WEEK + "[days]\n2026-01-04 = 'tuesday'", "days.2026-01-04: 'tuesday' is not a weekday that has hours"),
        (WEEK + "[days]\n2026-01-04 = 'someday'", "days.2026-01-04: 'someday' is not a weekday that has hours"),
        (WEEK + "[days]\n2026-01-04 = 5", "days.2026-01-04: Hours are a list"),
        (WEEK + "[days]\nsunday = 'monday'", "days.sunday: 'sunday' is not a date"),
        (WEEK + "[days]\n2026-01-05 = 'monday'", "days.2026-01-05: It is a monday and has these hours anyway"),
        (WEEK + "[days]\n2026-01-05 = []", "days.2026-01-05: A day without hours is a holiday"),
        ("holidays = [2026-01-04]\n" + WEEK + "[days]\n2026-01-04 = 'monday'", "days.2026-01-04: .*only one of the two"),
    ],
)
def test_a_fault_is_told_with_its_line_or_field(text, says):
    with pytest.raises(Malformed, match=says):
        parse_calendar(text if isinstance(text, bytes) else text.encode(), zone="UTC")


def test_a_file_that_is_too_large():
    with pytest.raises(TooLarge):
        parse_calendar(b"#" * (CALENDAR_BYTES_MAX + 1), zone="UTC")
