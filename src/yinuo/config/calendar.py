"""The working hours of this installation: the operator's file, or office hours where there is none."""

from __future__ import annotations

from pathlib import Path

from yinuo.kit.calendar_files import parse_calendar
from yinuo.kit.calendars import Calendar, office_hours
from yinuo.kit.refusals import Malformed, Refusal


def read_calendar(file: Path | None, zone: str) -> Calendar:
    """The calendar by which deadlines are counted, in the given time zone unless the file names its own."""
    try:
        usual = office_hours(zone)
    except Refusal as refusal:
        raise Malformed(refusal.sentence, path="YINUO_TIME_ZONE") from None
    if file is None:
        return usual
    try:
        return parse_calendar(file.read_bytes(), zone=zone)
    except OSError as error:
        raise Malformed(f"The calendar {file} cannot be read: {error.strerror}.", path="YINUO_CALENDAR") from None
    except Refusal as refusal:
        raise Malformed(f"The calendar {file} will not do: {refusal}", path="YINUO_CALENDAR") from None
