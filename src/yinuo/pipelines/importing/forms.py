"""How a file writes its times and amounts, found out from a sample: guesses for a person to check."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from yinuo.kit.refusals import Malformed
from yinuo.pipelines.importing.values import moment_reader

_EPOCHS = {10: "seconds", 13: "milliseconds", 16: "microseconds"}
_DAY_AND_MONTH = tuple(f"{one}{mark}{two}{mark}{year}" for mark in "/.-" for year in ("%Y", "%y")
                       for one, two in (("%d", "%m"), ("%m", "%d")))
_YEAR_FIRST = tuple(f"%y{mark}%m{mark}%d" for mark in "/.-")      # usual in East Asia
_DATES = ("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%Y年%m月%d日", *_DAY_AND_MONTH, *_YEAR_FIRST)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", " %H:%M:%S.%f")
_DECIMALS = re.compile(r"([.,])\d{1,2}$")
_THOUSANDS = re.compile(r"[.,]\d{3}$")


@dataclass(frozen=True)
class TimeForm:
    """How a column writes its times: "" for ISO 8601, another form, or None for one not known; and what is doubtful."""

    form: str | None
    has_zone: bool
    doubt: str = ""
    also: str = ""      # another form that reads them all


def time_form(texts: Iterable[str]) -> TimeForm:
    """The form that reads every time of a column's sample; where day and month could change places, it says so."""
    told = list(dict.fromkeys(text for text in texts if text))
    if epoch := _epoch(told):
        return TimeForm(epoch, has_zone=True)
    if _reads_iso(told):
        return TimeForm("", has_zone=all(_has_zone(text) for text in told))
    form, also, *_ = [*_likeliest_first(told), "", ""]
    if not form:
        return TimeForm(None, has_zone=False, doubt=f"{told[0]!r} is a time of no form known here: say how it is written.")
    doubt = f"{told[0]!r} can be read as {form} or as {also}, and the first rows do not tell: decide." if also else ""
    return TimeForm(form, has_zone=False, doubt=doubt, also=also)


def agreed(forms: Mapping[str, TimeForm]) -> dict[str, TimeForm]:
    """The forms by column; one in doubt whether the day comes first follows the others, if these are of one mind."""
    orders = {found.form[:2] for found in forms.values() if found.form and not found.also and found.form[:2] in ("%d", "%m")}
    if len(orders) != 1:
        return dict(forms)
    (first,) = orders
    settled = {}
    for column, found in forms.items():
        like_others = next((form for form in (found.form, found.also) if form and form[:2] == first), found.form)
        settled[column] = replace(found, form=like_others, doubt="", also="") if found.also else found
    return settled


def decimal_comma(texts: Iterable[str]) -> tuple[bool, str]:
    """Whether amounts are written with a decimal comma, and what is doubtful about it."""
    marks: set[str] = set()
    unsure = ""
    for text in texts:
        if found := _DECIMALS.search(text):
            marks.add(found[1])
        elif _THOUSANDS.search(text):
            unsure = unsure or text
    if len(marks) > 1:
        return False, "Some amounts are written with a decimal comma and some with a point: those with a comma are refused."
    if not marks and unsure:
        return False, f"Is {unsure!r} more or less than a thousand? If more, and written with a point: decimal_comma = true."
    return marks == {","}, ""


def _epoch(told: Sequence[str]) -> str:
    lengths = {len(text) for text in told}
    return _EPOCHS.get(lengths.pop(), "") if len(lengths) == 1 and all(map(str.isdecimal, told)) else ""


def _reads_iso(told: Sequence[str]) -> bool:
    try:
        for text in told:
            datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _has_zone(text: str) -> bool:
    try:
        moment_reader("", None)(text)
    except Malformed:
        return False
    return True


def _likeliest_first(told: Sequence[str]) -> list[str]:
    """The forms that read all; two digits of a year come first only where the sample's days then lie closer together."""
    fitting = list(_fitting(told))
    if len(fitting) < 2 or not fitting[-1].startswith("%y"):
        return fitting
    year_first, others = fitting[-1], fitting[:-1]
    return [year_first, *others] if _span(told, year_first) < _span(told, others[0]) else others


def _span(told: Sequence[str], form: str) -> timedelta:
    moments = [datetime.strptime(text, form) for text in told]  # noqa: DTZ007 - compared among themselves
    return max(moments) - min(moments)


def _fitting(told: Sequence[str]) -> Iterator[str]:
    """Every form that reads all of them."""
    for date in _DATES:
        for time in _TIMES:
            if all(_reads(date + time, text) for text in told):
                yield date + time


def _reads(form: str, text: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007 - only whether it can be read
    except ValueError:
        return False
    return True
