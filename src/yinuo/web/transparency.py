"""The public's view of how people are judged: decisions, appeals and overturn rates by rule, clocks, intake, reliability."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from yinuo.credit import queries as credit
from yinuo.decisions import queries as decisions
from yinuo.decisions.rules import GROUNDS
from yinuo.people import queries as people
from yinuo.record import queries as record
from yinuo.web import charts


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """Numbers that anybody may hold against us."""
    at = request.now  # type: ignore[attr-defined] # config.realm has set it
    scorecard = credit.scorecard_shown()
    report = scorecard.report if scorecard else {}
    rates = decisions.public_rates()
    size = record.size()
    context = {
        "rows": [{"ground": code, "rule": GROUNDS[code].rule, **rates[code]} for code in GROUNDS if code in rates],
        "counts": decisions.clock_counts(at=at),
        "rooms": people.room_counts(at=at),
        "report": report, "reliability": charts.reliability(report.get("reliability", [])), "scorecard": scorecard,
        "size": size, "pending": record.pending_count(), "waiting_seconds": record.waiting_seconds(at=at),
        "lag": size - record.cursor_position("react"), "run": credit.newest_run(),
    }
    return render(request, "public/transparency.html", context)
