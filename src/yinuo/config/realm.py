"""What a request carries for what is below: the realm, the moment, the working hours, and how many refused events may wait."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from yinuo.cli._here import calendar, now, realm


def hand_down(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: every request carries `realm`, `now`, `calendar` and `waiting_max`; no view below may ask for them itself."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        request.realm = realm()  # type: ignore[attr-defined] # Django's request has no place for it
        request.now = now()  # type: ignore[attr-defined]
        request.calendar = calendar()  # type: ignore[attr-defined]
        request.waiting_max = settings.YINUO["YINUO_REFUSED_MAX"]  # type: ignore[attr-defined]
        return get_response(request)

    return handle
