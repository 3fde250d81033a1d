"""Numbers, dates and names of places as the reader's language writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache

from babel import Locale, dates, numbers
from django.utils import timezone
from django.utils.translation import get_language

from yinuo.kit.moments import from_day, from_micros
from yinuo.kit.money import digits_of
from yinuo.kit.refusals import Malformed
from yinuo.web.wording import words

_LOCALES = {"en": "en_GB", "zh-hans": "zh_Hans_CN"}


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, "en_GB"))


def locale() -> Locale:
    """The reader's locale."""
    return _locale(get_language() or "en")


def number(value: int) -> str:
    """A whole number: 38,211."""
    return str(numbers.format_decimal(value, locale=locale()))


def signed(value: int) -> str:
    """Points with their sign: +23, −5, 0."""
    return ("+" if value > 0 else "\u2212" if value < 0 else "") + number(abs(value))


def permille_as_percent(value: int) -> str:
    """81.2% from 812."""
    return str(numbers.format_percent(value / 1000, format="#,##0.#%", locale=locale()))


def permille_as_whole_percent(value: int) -> str:
    """63% from 634: enough where something is compared. More than the whole is never shown as the whole: 101% from 1,003."""
    shown = -(-value // 10) if value > 1000 else value / 10
    return str(numbers.format_percent(shown / 100, format="#,##0%", locale=locale()))


def hundredths(value: int) -> str:
    """4.3 from 430."""
    return str(numbers.format_decimal(value / 100, format="#,##0.##", locale=locale()))


def per_thousand(ppm: int) -> str:
    """14.2 from 14,200 parts per million: so many of a thousand."""
    return str(numbers.format_decimal(ppm / 1000, format="#,##0.0", locale=locale()))


def rate(ppm: int) -> str:
    """2 or 0.5 from parts per million: so many of a thousand, as short as possible, for an axis."""
    return str(numbers.format_decimal(ppm / 1000, format="#,##0.###", locale=locale()))


def long_date(value: date) -> str:
    """1 June 2026."""
    return str(dates.format_date(value, format="long", locale=locale()))


def month(value: int) -> str:
    """Jun 2026, of a day number: enough for an axis."""
    return str(dates.format_skeleton("yMMM", from_day(value), locale=locale()))


def day(value: int) -> str:
    """The date of a day number."""
    return long_date(from_day(value))


def moment(micros: int) -> str:
    """The date of a moment, in the installation's time zone."""
    return long_date(from_micros(micros).astimezone(timezone.get_current_timezone()).date())


def date_of(value: datetime) -> str:
    """The date of a moment, in the installation's time zone."""
    return long_date(value.astimezone(timezone.get_current_timezone()).date())


def last_day(value: datetime) -> str:
    """The last whole day before a deadline: 14 December for the midnight that ends it."""
    return date_of(value - timedelta(microseconds=1))


def instant(value: datetime) -> str:
    """1 June 2026, 14:05:09 UTC+8: a date with the time to the second, in the installation's time zone."""
    local = value.astimezone(timezone.get_current_timezone())
    hours, minutes = divmod(abs(int((local.utcoffset() or timedelta()).total_seconds())) // 60, 60)
    sign = "\u2212" if (local.utcoffset() or timedelta()) < timedelta() else "+"
    zone = "UTC" + (f"{sign}{hours}" if hours or minutes else "") + (f":{minutes:02}" if minutes else "")
    return f"{long_date(local.date())}{' ' if locale().language == 'zh' else ', '}{local:%H:%M:%S} {zone}"


def due(value: datetime) -> str:
    """3 Jun, 14:05: a deadline in the installation's time zone, to the minute."""
    local = value.astimezone(timezone.get_current_timezone())
    return f"{dates.format_skeleton('MMMd', local, locale=locale())}{' ' if locale().language == 'zh' else ', '}{local:%H:%M}"


def span(value: timedelta) -> str:
    """47 hours, 3 days: how long, whichever way it lies; in a unit of which there are at least two."""
    return str(dates.format_timedelta(abs(value), granularity="minute", threshold=2, locale=locale()))


def price(minor: int, currency: str) -> str:
    """¥19.90, with as many decimals as the currency has; an unknown currency's code after the minor units as they are."""
    try:
        digits = digits_of(currency)
    except Malformed:
        return f"{number(minor)} {currency}"
    amount = Decimal(minor).scaleb(-digits)
    return str(numbers.format_currency(amount, currency, locale=locale(), decimal_quantization=True))


def place(code: str) -> str:
    """A region code in words as far as they are known: "China · ZJ" from "CN-ZJ".

    A bare code stays as it is: ES is Spain to one shop and Espírito Santo to another.
    """
    country, _, rest = code.partition("-")
    name = locale().territories.get(country) if rest else None
    return f"{name} · {rest}" if name else words(code, "region")
