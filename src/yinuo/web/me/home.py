"""A buyer's level, from what it is reckoned and what for; and what was decided about them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from yinuo.credit import queries as credit
from yinuo.credit.rules.levels import LEVELS
from yinuo.decisions import queries as decisions
from yinuo.people.queries import restricted_among
from yinuo.web.me.entrance import Mine, Rights, for_buyer


@require_safe
@for_buyer
def home(request: HttpRequest, mine: Mine, rights: Rights) -> HttpResponse:
    """The level in exact figures, with what each level takes."""
    context = mine.frame("home") | {
        "level": credit.own_level(viewer=mine.actor, buyer=mine.person),
        "levels": LEVELS[::-1], "is_restricted": bool(restricted_among([mine.person])),
        "decisions": decisions.decisions_about_buyer(viewer=mine.actor, buyer=mine.person),
    }
    return render(request, "me/home.html", context)
