"""Turn a column's text into what a fact holds: moments, money, whole numbers, codes. Each refuses what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from yinuo.kit.money import Money
from yinuo.kit.refusals import Malformed

EPOCH_UNITS = {"seconds": 1_000_000, "milliseconds": 1_000, "microseconds": 1}
CODE_LENGTH_MAX = 40
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,12})?\Z")
_WHOLE_NUMBER = re.compile(r"\s*[+-]?[0-9]{1,18}\s*\Z")
_WITH_COMMA = re.compile(r"[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]*)?\Z")
_NOT_CODE = re.compile(r"[^a-z0-9]+")


def zone_named(name: str) -> tzinfo | None:
    """The time zone of that name; none for an empty one; refuses an unknown one."""
    if not name:
        return None
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Malformed(f"{name!r} is not a time zone; write it like Asia/Shanghai.", path="time_zone") from None


def moment_reader(form: str, zone: tzinfo | None) -> Callable[[str], datetime]:
    """A reader of times written in a form: ISO 8601 if empty, an EPOCH_UNITS word, or a strptime pattern."""

    def read(text: str) -> datetime:
        try:
            if form in EPOCH_UNITS:
                if not _PLAIN_NUMBER.match(text):
                    raise ValueError
                return _EPOCH + timedelta(microseconds=int(Decimal(text) * EPOCH_UNITS[form]))
            found = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - zone below
        except (ValueError, OverflowError):
            wanted = f"of the form {form!r}" if form else "like 2026-01-31T12:00:00Z"
            raise Malformed(f"{text!r} is not a time {wanted}.") from None
        if found.tzinfo is None:
            if zone is None:
                raise Malformed(f"{text!r} has no time zone; set time_zone in the mapping.")
            found = found.replace(tzinfo=zone)
        return _in_utc(found, text)

    return read


def _in_utc(moment: datetime, text: str) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Malformed(f"{text!r} lies outside the years that there are.") from None


@lru_cache(maxsize=10_000)
def minor_units(text: str, currency: str, decimal_comma: bool = False) -> int:
    """The minor units that a decimal text names, exactly; refuses a negative amount and one finer than the currency."""
    plain = text.strip()
    if decimal_comma:
        if not _WITH_COMMA.match(plain):
            raise Malformed(f"{plain[:80]!r} is not an amount with a decimal comma, such as 1.234,50.")
        plain = plain.replace(".", "").replace(",", ".")
    money = Money.parse(plain, currency)
    if money.minor < 0:
        raise Malformed(f"{text} is negative; money that goes back is a refund, a fact of its own.")
    return money.minor


def whole_number(text: str) -> int:
    """The whole number that a text names."""
    if not _WHOLE_NUMBER.match(text):
        raise Malformed(f"{text[:80]!r} is not a whole number.")
    return int(text)


def slug(text: str) -> str:
    """A code made of words: lower-case, joined by underscores, at most 40 characters."""
    return _NOT_CODE.sub("_", text.lower()).strip("_")[:CODE_LENGTH_MAX].rstrip("_")
