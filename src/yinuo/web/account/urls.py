"""Addresses of the pages about one's account, below /account/."""

from __future__ import annotations

from django.urls import path

from yinuo.web.account import mine, tokens
from yinuo.web.account.staff import staff
from yinuo.web.account.team import team

urlpatterns = [
    path("", mine.my_account, name="my_account"),
    path("language/", mine.language, name="my_language"),
    path("sessions/<int:session>/end/", mine.end_session, name="end_session"),
    path("roles/<int:membership>/end/", mine.leave, name="leave"),
    path("tokens/", tokens.tokens, name="my_tokens"),
    path("tokens/new/", tokens.new, name="new_token"),
    path("tokens/<int:token>/end/", tokens.revoke, name="revoke_token"),
    path("team/<slug:merchant>/", team, name="team"),
    path("staff/", staff, name="staff"),
]
