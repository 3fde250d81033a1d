"""Do what a form asks, and say on the next page how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from yinuo.kit.refusals import NotAllowed, Refusal
from yinuo.web.intake import said


def told(request: HttpRequest, act: Callable[[], Any], done: str) -> Any:
    """What the act returns; None where it was refused, with the reason as a message. Who may not do it gets a page."""
    try:
        found = act()
    except NotAllowed:
        raise
    except Refusal as refusal:
        messages.error(request, said(refusal.sentence))
        return None
    if done:
        messages.success(request, done)
    return found
