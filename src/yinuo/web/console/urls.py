"""Addresses of the consoles, below /console/."""

from __future__ import annotations

from django.urls import path

from yinuo.web.console import cases, filters, merchant, queues, runs, steward, webhooks
from yinuo.web.console.home import home
from yinuo.web.console.looks import looks

urlpatterns = [
    path("", home, name="console"),
    path("merchants/<slug:merchant>/", merchant.overview, name="console_merchant"),
    path("merchants/<slug:merchant>/today/", merchant.today, name="console_today"),
    path("merchants/<slug:merchant>/what-if/", merchant.what_if, name="console_what_if"),
    path("merchants/<slug:merchant>/outcomes/", merchant.outcomes, name="console_outcomes"),
    path("merchants/<slug:merchant>/cases/", merchant.cases, name="console_cases"),
    path("merchants/<slug:merchant>/report/", merchant.report, name="console_report"),
    path("contests/<slug:contest>/", cases.contest, name="console_contest"),
    path("decisions/<slug:decision>/", cases.decision, name="console_decision"),
    path("appeals/<slug:appeal>/", cases.appeal, name="console_appeal"),
    path("runs/", runs.runs, name="console_runs"),
    path("runs/<slug:run>/", runs.run, name="console_run"),
    path("runs/<slug:run>/recompute/", runs.recompute, name="console_recompute"),
    path("runs/<slug:run>/release/", runs.release, name="console_release"),
    path("jobs/<slug:job>/", runs.job, name="console_job"),
    path("looks/", looks, name="looks"),
    path("steward/", steward.queue, name="steward"),
    path("steward/contests/", queues.contests, name="steward_contests"),
    path("steward/contests/settle/", queues.settle, name="steward_settle"),
    path("steward/appeals/", queues.appeals, name="steward_appeals"),
    path("steward/take/", queues.take, name="steward_take"),
    path("steward/refused/", queues.refused, name="steward_refused"),
    path("steward/refused/many/", queues.refused_many, name="steward_refused_many"),
    path("steward/refused/<int:number>/", steward.refused_event, name="steward_refused_event"),
    path("steward/filters/", filters.save, name="steward_filters"),
    path("steward/decide/", steward.decide, name="steward_decide"),
    path("webhooks/", webhooks.webhooks, name="console_webhooks"),
    path("webhooks/<int:webhook>/", webhooks.webhook, name="console_webhook"),
]
