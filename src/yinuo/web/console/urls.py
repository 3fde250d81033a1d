"""Addresses of the consoles, below /console/."""

from __future__ import annotations

from django.urls import path

from yinuo.web.console import cases, merchant, steward
from yinuo.web.console.home import home
from yinuo.web.console.looks import looks

urlpatterns = [
    path("", home, name="console"),
    path("merchants/<slug:merchant>/", merchant.overview, name="console_merchant"),
    path("merchants/<slug:merchant>/outcomes/", merchant.outcomes, name="console_outcomes"),
    path("merchants/<slug:merchant>/cases/", merchant.cases, name="console_cases"),
    path("merchants/<slug:merchant>/report/", merchant.report, name="console_report"),
    path("contests/<slug:contest>/", cases.contest, name="console_contest"),
    path("decisions/<slug:decision>/", cases.decision, name="console_decision"),
    path("appeals/<slug:appeal>/", cases.appeal, name="console_appeal"),
    path("looks/", looks, name="looks"),
    path("steward/", steward.queue, name="steward"),
    path("steward/contests/", steward.settle, name="steward_settle"),
    path("steward/refused/", steward.refused, name="steward_refused"),
    path("steward/refused/<int:number>/", steward.refused_event, name="steward_refused_event"),
    path("steward/decide/", steward.decide, name="steward_decide"),
]
