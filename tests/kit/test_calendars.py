"""Working time against somebody who walks minute by minute and looks at the clock on the wall; and the examples with names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yinuo.kit.calendars import ALWAYS, DAYS_MAX, MINUTES_MAX, Calendar, Clock, Pause, Span, office_hours
from yinuo.kit.refusals import Malformed

MINUTE = timedelta(minutes=1)
WALKED = 14 * 1440

# Where the clocks of the world do something odd, some seven days after the start.
PLACES = {
    "Shanghai, no change": ("Asia/Shanghai", datetime(2026, 2, 13, tzinfo=UTC)),
    "Shanghai, last summer time": ("Asia/Shanghai", datetime(1991, 9, 8, tzinfo=UTC)),
    "Berlin, spring": ("Europe/Berlin", datetime(2026, 3, 23, tzinfo=UTC)),
    "Berlin, autumn": ("Europe/Berlin", datetime(2026, 10, 19, tzinfo=UTC)),
    "Berlin, leap day": ("Europe/Berlin", datetime(2028, 2, 23, tzinfo=UTC)),
    "New York, spring": ("America/New_York", datetime(2026, 3, 2, tzinfo=UTC)),
    "New York, autumn": ("America/New_York", datetime(2026, 10, 26, tzinfo=UTC)),
    "New York, new year": ("America/New_York", datetime(2026, 12, 25, tzinfo=UTC)),
    "Lord Howe, half an hour back": ("Australia/Lord_Howe", datetime(2026, 3, 29, tzinfo=UTC)),
    "Lord Howe, half an hour on": ("Australia/Lord_Howe", datetime(2026, 9, 27, tzinfo=UTC)),
    "Apia, without a 30 December": ("Pacific/Apia", datetime(2011, 12, 24, tzinfo=UTC)),
    "Sao Paulo, without a midnight": ("America/Sao_Paulo", datetime(2018, 10, 28, tzinfo=UTC)),
    "Sao Paulo, from midnight to 23:00": ("America/Sao_Paulo", datetime(2018, 2, 12, tzinfo=UTC)),
    "St John's, a minute into the next day and back": ("America/St_Johns", datetime(2010, 10, 31, tzinfo=UTC)),
}


@lru_cache
def wall(place):
    """The date and the minute of the day that the wall clock shows, for each minute from the start of the place."""
    zone, start = PLACES[place]
    shown = ((start + count * MINUTE).astimezone(ZoneInfo(zone)) for count in range(WALKED))
    return [(each.date(), each.hour * 60 + each.minute) for each in shown]


class Walk:
    """Somebody who walks: minutes are numbered from the start of the place."""

    def __init__(self, place, calendar):
        self.place, self.calendar, self.wall = place, calendar, wall(place)
        hours = {
            day: {time for span in calendar.spans(day) for time in range(span.starts, span.ends)}
            for day in {day for day, _ in self.wall}
        }
        self.opens = [time in hours[day] for day, time in self.wall]

    def __repr__(self):
        return f"{self.place}: {self.calendar}"

    def moment(self, minute):
        return PLACES[self.place][1] + minute * MINUTE

    def count(self, start, end, paused=lambda minute: False):
        return sum(not paused(minute) for minute in range(start, end) if self.opens[minute])

    def due(self, start, amount, paused=lambda minute: False):
        """The minute at which so much has passed; none within the walk."""
        for minute in range(start, WALKED):
            if not amount:
                return minute
            amount -= self.opens[minute] and not paused(minute)
        return None

    def days(self, start=0):
        """The dates with an open minute from a start on, each once, as they come."""
        return list(dict.fromkeys(day for (day, _), opens in zip(self.wall[start:], self.opens[start:], strict=True) if opens))

    def last_of(self, day):
        """The minute after the last one with this date or an earlier one."""
        return 1 + max(minute for minute, (shown, _) in enumerate(self.wall) if shown <= day)

    def is_seen_whole(self, day):
        """Whether the walk goes on long enough after a date."""
        return day <= self.wall[-1][0] - timedelta(days=2)


minutes_of_day = st.one_of(st.sampled_from([0, 1, 60, 120, 150, 180, 540, 720, 1380, 1410, 1440]), st.integers(0, 1440))


@st.composite
def spans(draw, at_most=3):
    edges = sorted(draw(st.sets(minutes_of_day, max_size=2 * at_most)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Span(starts, ends) for starts, ends in pairs)


@st.composite
def walks(draw):
    place = draw(st.sampled_from(sorted(PLACES)))
    zone, start = PLACES[place]
    week = draw(st.one_of(
        st.tuples(*[spans()] * 7).filter(any),
        st.builds(lambda day: (day,) * 7, spans().filter(bool)),
        st.just(office_hours(zone).week),
        st.just(ALWAYS.week),
    ))
    dates = st.integers(0, 14).map(lambda days: start.date() + timedelta(days=days))
    holidays = draw(st.frozensets(dates, max_size=5))
    days = draw(st.dictionaries(dates.filter(lambda day: day not in holidays), spans().filter(bool), max_size=3))
    return Walk(place, Calendar(zone, week, holidays, days))


starts = st.integers(0, 12 * 1440)
amounts = st.one_of(st.integers(0, 200), st.integers(0, 8000))


@settings(max_examples=100, deadline=None)
@given(walk=walks(), start=starts, amount=amounts, odd=st.timedeltas(timedelta(0), timedelta(minutes=1)))
def test_a_deadline_is_where_one_who_walks_arrives(walk, start, amount, odd):
    due = walk.due(start, amount)
    if due is None:
        return      # it may lie in the years ahead; what is beyond the walk is counted back below
    found = walk.calendar.deadline(walk.moment(start), amount)
    assert found == walk.moment(due)
    assert found.tzinfo is UTC
    assert walk.calendar.working_minutes(walk.moment(start), found) == amount
    if amount and due > start and odd:     # started a little later, it ends no earlier, and exactly so much has passed
        later = walk.calendar.deadline(walk.moment(start) + odd, amount)
        assert later >= found
        assert walk.calendar.working_time(walk.moment(start) + odd, later) == amount * MINUTE
        assert walk.calendar.working_time(walk.moment(start) + odd, later - timedelta(microseconds=1)) < amount * MINUTE


@settings(max_examples=60, deadline=None)
@given(walk=walks(), start=starts, length=st.integers(0, WALKED))
def test_working_time_is_what_one_who_walks_counts(walk, start, length):
    end = min(start + length, WALKED)
    assert walk.calendar.working_minutes(walk.moment(start), walk.moment(end)) == walk.count(start, end)


@settings(max_examples=60, deadline=None)
@given(walk=walks(), start=starts, days=st.integers(1, 8))
def test_working_days_are_the_later_dates_with_an_open_minute(walk, start, days):
    later = [day for day in walk.days(start) if day > walk.wall[start][0] and walk.is_seen_whole(day)]
    if len(later) >= days:
        assert walk.calendar.deadline_days(walk.moment(start), days) == walk.moment(walk.last_of(later[days - 1]))


@settings(max_examples=60, deadline=None)
@given(walk=walks(), start=starts, days=st.integers(1, 12))
def test_calendar_days_end_with_the_date_and_may_roll(walk, start, days):
    last = walk.wall[start][0] + timedelta(days=days)
    if walk.is_seen_whole(last):
        assert walk.calendar.calendar_days(walk.moment(start), days) == walk.moment(walk.last_of(last))
    rolled = next((day for day in walk.days() if day >= last and walk.is_seen_whole(day)), None)
    if rolled is not None:
        assert walk.calendar.calendar_days(walk.moment(start), days, rolls=True) == walk.moment(walk.last_of(rolled))


@settings(max_examples=60, deadline=None)
@given(walk=walks(), start=starts, days=st.integers(1, 12))
def test_days_later_is_when_the_wall_clock_shows_nothing_earlier_any_more(walk, start, days):
    day, time = walk.wall[start]
    wanted = (day + timedelta(days=days), time)
    if walk.is_seen_whole(wanted[0]):
        minute = 1 + max(minute for minute, shown in enumerate(walk.wall) if shown < wanted)
        assert walk.calendar.days_later(walk.moment(start), days) == walk.moment(minute)


pauses_of = st.lists(st.tuples(st.integers(0, WALKED - 1), st.one_of(st.none(), st.integers(0, 3000))), max_size=5)


@settings(max_examples=100, deadline=None)
@given(walk=walks(), start=starts, amount=amounts, pauses=pauses_of, at=st.integers(0, WALKED - 1))
def test_a_clock_stands_still_while_it_is_paused(walk, start, amount, pauses, at):
    pauses = [(begin, None if length is None else begin + length) for begin, length in pauses]
    clock = Clock(walk.moment(start), amount, tuple(
        Pause(walk.moment(begin), None if end is None else walk.moment(end)) for begin, end in pauses
    ))

    def paused(minute):
        return any(begin <= minute < (WALKED if end is None else end) for begin, end in pauses)

    due = walk.due(start, amount, paused)
    if due is not None:
        assert clock.due(walk.calendar) == walk.moment(due)
        warns = clock.warns(walk.calendar)
        minute = walk.due(start, amount * 4 // 5, paused)   # 80 % may lie within a minute
        assert walk.moment(minute) <= warns <= walk.moment(due)
        assert amount % 5 or warns == walk.moment(minute)
    elif clock.is_paused:
        assert clock.due(walk.calendar) is None
    done = walk.count(start, at, paused) if at > start else 0
    assert clock.remaining(walk.calendar, walk.moment(at)) == max(amount - done, 0) * MINUTE


SHANGHAI = timezone(timedelta(hours=8))
NINE_TO_FIVE = Calendar("Asia/Shanghai", ((Span(540, 1020),),) * 5 + ((),) * 2)
SPLIT = (Span(9 * 60, 12 * 60), Span(13 * 60 + 30, 18 * 60))
YEAR_2026 = Calendar(
    "Asia/Shanghai",
    (SPLIT,) * 5 + ((),) * 2,
    holidays=frozenset(date(2026, 2, day) for day in range(15, 24)),
    days={date(2026, 2, 14): SPLIT, date(2026, 2, 28): SPLIT},
)


def china(*when):
    return datetime(*when, tzinfo=SHANGHAI)


def test_friday_afternoon_goes_on_on_monday_morning():
    assert NINE_TO_FIVE.deadline(china(2026, 3, 6, 16, 30), 60) == china(2026, 3, 9, 9, 30)


def test_an_hour_that_fits_ends_at_the_close_and_not_at_the_next_opening():
    assert NINE_TO_FIVE.deadline(china(2026, 3, 6, 16), 60) == china(2026, 3, 6, 17)


def test_nothing_to_wait_for_is_due_at_once_also_at_night():
    assert NINE_TO_FIVE.deadline(china(2026, 3, 7, 3), 0) == china(2026, 3, 7, 3)


def test_seconds_are_kept():
    assert NINE_TO_FIVE.deadline(china(2026, 3, 6, 16, 59, 30, 7), 1) == china(2026, 3, 9, 9, 0, 30, 7)
    assert NINE_TO_FIVE.working_minutes(china(2026, 3, 6, 16, 59, 30), china(2026, 3, 9, 9, 0, 29)) == 0
    assert NINE_TO_FIVE.working_minutes(china(2026, 3, 6, 16, 59, 30), china(2026, 3, 9, 9, 0, 30)) == 1


def test_lunch_does_not_count():
    assert YEAR_2026.deadline(china(2026, 3, 2, 11, 30), 60) == china(2026, 3, 2, 14)


def test_spring_festival_is_closed_and_the_saturdays_around_it_are_worked():
    friday = china(2026, 2, 13, 17)
    assert YEAR_2026.deadline(friday, 120) == china(2026, 2, 14, 10)             # the Saturday before
    assert YEAR_2026.deadline(friday, 60 + 450 + 60) == china(2026, 2, 24, 10)   # and after it, the Tuesday after
    assert YEAR_2026.deadline_days(friday, 2) == china(2026, 2, 25)              # the midnight that ends the 24th
    assert YEAR_2026.deadline_days(friday, 6) == china(2026, 3, 1)               # the 28th is a Saturday
    assert YEAR_2026.calendar_days(friday, 3) == china(2026, 2, 17)
    assert YEAR_2026.calendar_days(friday, 3, rolls=True) == china(2026, 2, 25)


def test_the_day_of_the_start_does_not_count():
    for hour in (0, 10, 23):
        assert NINE_TO_FIVE.deadline_days(china(2026, 3, 2, hour), 1) == china(2026, 3, 4)
        assert NINE_TO_FIVE.calendar_days(china(2026, 3, 2, hour), 1) == china(2026, 3, 4)
    assert NINE_TO_FIVE.deadline_days(china(2026, 3, 7, 12), 1) == china(2026, 3, 10)    # Saturday: the end of Monday


def test_hours_past_midnight_are_two_spans():
    night = Calendar("Asia/Shanghai", ((Span(0, 120), Span(1320, 1440)),) * 7)
    assert night.deadline(china(2026, 3, 2, 23), 180) == china(2026, 3, 3, 2)
    assert night.deadline(china(2026, 3, 2, 23), 181) == china(2026, 3, 3, 22, 1)


def test_a_night_with_a_change_is_longer_or_shorter():
    night = Calendar("Europe/Berlin", ((Span(60, 240),),) * 7)      # 1:00 to 4:00 by the wall
    assert night.working_minutes(datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)) == 120
    assert night.working_minutes(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)) == 240
    lord_howe = Calendar("Australia/Lord_Howe", night.week)
    assert lord_howe.working_minutes(datetime(2026, 4, 4, 2, tzinfo=UTC), datetime(2026, 4, 5, 2, tzinfo=UTC)) == 210


def test_a_time_that_is_skipped_or_comes_twice():
    berlin = office_hours("Europe/Berlin")
    zone = ZoneInfo("Europe/Berlin")
    skipped = berlin.days_later(datetime(2026, 3, 28, 2, 30, tzinfo=zone), 1)
    assert skipped == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)           # when 2:00 became 3:00
    twice = berlin.days_later(datetime(2026, 10, 24, 2, 30, tzinfo=zone), 1)
    assert twice == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)           # the second 2:30


def test_working_time_by_clocks_that_were_set_back_in_between():
    zone = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, 2, minute, tzinfo=zone, fold=fold) for minute, fold in ((50, 0), (10, 1)))
    night = Calendar("Europe/Berlin", ALWAYS.week)
    assert night.working_minutes(first, second) == 20      # although the wall shows an earlier time
    later = datetime(2026, 10, 25, 2, 5, tzinfo=zone, fold=1)
    clock = Clock(first, 60, (Pause(second, second.replace(minute=20)), Pause(first, later)))
    assert clock.due(night) == datetime(2026, 10, 25, 2, 15, tzinfo=UTC)     # 60 minutes, and pauses of 15 and of 10


def test_a_day_that_never_was_is_no_working_day():
    apia = office_hours("Pacific/Apia")
    thursday = datetime(2011, 12, 29, 12, tzinfo=ZoneInfo("Pacific/Apia"))
    assert apia.deadline_days(thursday, 1) == datetime(2012, 1, 2, 10, tzinfo=UTC)      # Friday did not happen: Monday's end
    assert apia.calendar_days(thursday, 1) == datetime(2011, 12, 30, 10, tzinfo=UTC)    # Thursday's end is also Friday's


def test_a_leap_day_counts():
    assert ALWAYS.calendar_days(datetime(2028, 2, 28, 9, tzinfo=UTC), 1) == datetime(2028, 3, 1, tzinfo=UTC)
    assert ALWAYS.deadline(datetime(2028, 2, 28, 12, tzinfo=UTC), 2 * 1440) == datetime(2028, 3, 1, 12, tzinfo=UTC)


def test_a_clock_from_start_to_end():
    clock = Clock(china(2026, 3, 6, 16), 100)
    assert clock.due(NINE_TO_FIVE) == china(2026, 3, 9, 9, 40)
    assert clock.warns(NINE_TO_FIVE) == china(2026, 3, 9, 9, 20)
    waiting = clock.paused(china(2026, 3, 6, 16, 30))
    assert waiting.due(NINE_TO_FIVE) is waiting.warns(NINE_TO_FIVE) is None
    assert waiting.remaining(NINE_TO_FIVE, china(2027, 1, 1)) == timedelta(minutes=70)
    with pytest.raises(Malformed, match="paused already"):
        waiting.paused(china(2026, 3, 6, 16, 40))
    with pytest.raises(Malformed, match="cannot end before"):
        waiting.resumed(china(2026, 3, 6, 16))
    again = waiting.resumed(china(2026, 3, 8, 12))      # on a Sunday: from Monday's opening on
    assert again.due(NINE_TO_FIVE) == china(2026, 3, 9, 10, 10)
    assert again.remaining(NINE_TO_FIVE, china(2026, 3, 9, 10)) == timedelta(minutes=10)
    assert again.remaining(NINE_TO_FIVE, china(2900, 1, 1)) == timedelta(0)
    with pytest.raises(Malformed, match="not paused"):
        again.resumed(china(2026, 3, 9, 10))


def test_a_pause_after_the_end_changes_nothing():
    clock = Clock(china(2026, 3, 6, 16), 60).paused(china(2026, 3, 6, 17))
    assert clock.due(NINE_TO_FIVE) == china(2026, 3, 6, 17)
    assert clock.remaining(NINE_TO_FIVE, china(2026, 3, 10)) == timedelta(0)


def test_a_long_pause_is_not_walked_through():
    clock = Clock(china(1971, 1, 4, 16), 120, (Pause(china(1971, 1, 4, 16, 30), china(2990, 1, 1)),))
    assert clock.due(NINE_TO_FIVE) == china(2990, 1, 1, 10, 30)


def test_what_runs_between_pauses_is_ten_years_at_most():
    rare = Calendar("UTC", ((Span(0, 1),), *[()] * 6))
    clock = Clock(china(2026, 1, 1), 800, tuple(Pause(china(year, 1, 1), china(year, 1, 2)) for year in range(2027, 2060)))
    with pytest.raises(Malformed, match="more than ten years"):
        clock.due(rare)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Calendar("Asia/Shanghai", ((),) * 7), "never is"),
        (lambda: Calendar("Mars/Olympus", ALWAYS.week), "not a time zone"),
        (lambda: Calendar("../etc/passwd", ALWAYS.week), "not a time zone"),
        (lambda: Calendar("America", ALWAYS.week), "not a time zone"),
        (lambda: Calendar("", ALWAYS.week), "not a time zone"),
        (lambda: Calendar("UTC", ((Span(0, 90), Span(60, 120)),) * 7), "do not overlap"),
        (lambda: Calendar("UTC", ALWAYS.week, frozenset({date(2026, 1, 1)}), {date(2026, 1, 1): SPLIT}), "only one"),
        (lambda: Calendar("UTC", ALWAYS.week, days={date(2026, 1, 1): ()}), "is a holiday"),
        (lambda: Span(60, 60), "before they end"),
        (lambda: Span(1320, 1441), "within one day"),
        (lambda: Span(-1, 60), "within one day"),
        (lambda: ALWAYS.deadline(datetime(2026, 1, 1), 5), "with a time zone"),     # noqa: DTZ001 - meant
        (lambda: ALWAYS.deadline(china(1969, 12, 31), 5), "1970 to 2999"),
        (lambda: ALWAYS.deadline(china(3000, 1, 1), 5), "1970 to 2999"),
        (lambda: ALWAYS.deadline(china(2026, 1, 1), -1), "0 to"),
        (lambda: ALWAYS.deadline(china(2026, 1, 1), MINUTES_MAX + 1), "ten years"),
        (lambda: NINE_TO_FIVE.deadline(china(2026, 1, 1), MINUTES_MAX), "more than ten years"),
        (lambda: NINE_TO_FIVE.deadline_days(china(2026, 1, 1), DAYS_MAX), "more than ten years"),
        (lambda: ALWAYS.deadline_days(china(2026, 1, 1), 0), "1 to"),
        (lambda: ALWAYS.calendar_days(china(2026, 1, 1), 0), "1 to"),
        (lambda: ALWAYS.days_later(china(2026, 1, 1), DAYS_MAX + 1), "1 to"),
        (lambda: ALWAYS.working_time(china(2026, 1, 2), china(2026, 1, 1)), "the earlier moment"),
        (lambda: ALWAYS.working_time(china(2026, 1, 1), china(2037, 1, 1)), "more than ten years"),
        (lambda: Pause(china(2026, 1, 2), china(2026, 1, 1)), "before it starts"),
        (lambda: Clock(china(2026, 1, 1), -5), "0 to"),
    ],
)
def test_refusals(made, says):
    with pytest.raises(Malformed, match=says):
        made()


def test_ten_years_are_reached():
    assert ALWAYS.deadline(china(2026, 1, 1), MINUTES_MAX) == china(2026, 1, 1) + timedelta(days=DAYS_MAX)
    assert ALWAYS.deadline(china(2999, 12, 31), MINUTES_MAX) == china(2999, 12, 31) + timedelta(days=DAYS_MAX)
    assert ALWAYS.days_later(china(2026, 1, 1), DAYS_MAX) == china(2026, 1, 1) + timedelta(days=DAYS_MAX)
