"""The installation's working hours: by default, by file, and what is said where the file will not do."""

from __future__ import annotations

import pytest
from django.http import HttpResponse

from yinuo.cli import _here
from yinuo.config.calendar import read_calendar
from yinuo.config.realm import hand_down
from yinuo.kit.calendars import office_hours
from yinuo.kit.refusals import Malformed


def test_office_hours_where_there_is_no_file():
    assert read_calendar(None, "Asia/Shanghai") == office_hours("Asia/Shanghai")


def test_a_file_may_name_its_zone_or_not(tmp_path):
    file = tmp_path / "hours.toml"
    file.write_text("[week]\nmonday = ['09:00-12:00']\n")
    assert read_calendar(file, "Asia/Shanghai").zone == "Asia/Shanghai"
    file.write_text("zone = 'Europe/Berlin'\n" + file.read_text())
    assert read_calendar(file, "Asia/Shanghai").zone == "Europe/Berlin"


def test_what_will_not_do_is_told_with_its_variable(tmp_path):
    file = tmp_path / "hours.toml"
    with pytest.raises(Malformed, match=r"YINUO_CALENDAR: The calendar .*hours\.toml cannot be read: No such file"):
        read_calendar(file, "UTC")
    file.write_text("[week]\nmonday = 9\n")
    with pytest.raises(Malformed, match=r"YINUO_CALENDAR: The calendar .*hours\.toml will not do: week\.monday: Hours are"):
        read_calendar(file, "UTC")
    with pytest.raises(Malformed, match="YINUO_TIME_ZONE: 'Mars' is not a time zone"):
        read_calendar(None, "Mars")


def test_a_request_carries_it(rf):
    seen = []

    def view(request):
        seen.append(request.calendar)
        return HttpResponse()

    hand_down(view)(rf.get("/"))
    assert seen == [_here.calendar()] == [office_hours("UTC")]
