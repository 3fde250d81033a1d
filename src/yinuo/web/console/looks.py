"""For the data-protection officer: who among staff and authorities looked at whose data, when, why and on which page."""

from __future__ import annotations

from datetime import date, datetime, time
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from yinuo.people import queries
from yinuo.web.console.entrance import Here

PAGES_MAX = 10_000


@login_required
@require_safe
def looks(request: HttpRequest) -> HttpResponse:
    """The looks, the newest first; filtered by account, by whom or what was seen, and by day. The filter is in the address."""
    here = Here(request)
    given = {name: request.GET.get(name, "").replace("\0", "").strip()[:200] for name in ("account", "subject", "day", "room")}
    page = _page(request.GET.get("page", ""))
    subject = queries.subject_meant(text=given["subject"], realm=here.realm)
    wanted = queries.LookFilter(given["account"], subject, _day(given["day"]), given["room"])
    found = queries.looks(viewer=here.actor, wanted=wanted, page=page)
    kept = urlencode({name: value for name, value in given.items() if value})
    context = {
        "looks": found, "given": given, "filtered": bool(kept), "kept": kept,
        "newer": page - 1 if page > 1 else None, "older": page + 1 if found.more else None,
    }
    return render(request, "console/looks.html", context)


def _day(text: str) -> datetime | None:
    try:
        return timezone.make_aware(datetime.combine(date.fromisoformat(text), time()))
    except (ValueError, OverflowError):
        return None


def _page(text: str) -> int:
    return min(max(int(text), 1), PAGES_MAX) if text.isascii() and text.isdigit() and len(text) < 9 else 1
