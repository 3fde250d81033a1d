"""Who a request comes from: `request.actor`, and when a session ends because nobody uses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.functional import SimpleLazyObject

from yinuo.kit.actors import PUBLIC, Actor
from yinuo.people import actions, queries
from yinuo.people.rules import STAFF_IDLE_MAX

SEEN = "seen"
_SETS_UP = frozenset({"mfa_activate_totp", "mfa_add_webauthn"})
_FOUND = 302
_NOTED_EVERY = timedelta(minutes=5)
_PRIVATE = ("/account/", "/join/", "/console/", "/me/")
Answer = Callable[[HttpRequest], HttpResponse]


def signed_in(get_response: Answer) -> Answer:
    """Middleware: every request carries `actor` and `lacks_second_factor`, looked up only if they are asked for.

    Without a session it is the public.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            _keep(request)
            request.actor = SimpleLazyObject(lambda: actor_of(request))  # type: ignore[attr-defined]
        else:
            request.actor = PUBLIC  # type: ignore[attr-defined] # Django's request has no place for it
        request.lacks_second_factor = SimpleLazyObject(lambda: _lacking(request))  # type: ignore[attr-defined]
        response = get_response(request)
        _end_weaker(request, response)
        if request.path.startswith(_PRIVATE) or "Authorization" in request.headers:
            patch_cache_control(response, private=True, no_store=True)
        return response

    return handle


def _end_weaker(request: HttpRequest, response: HttpResponse) -> None:
    """Once a second factor was set up, only the session that did it goes on: others began without."""
    at = request.resolver_match
    if request.method != "POST" or at is None or at.url_name not in _SETS_UP or response.status_code != _FOUND:
        return
    if request.user.is_authenticated:
        actions.end_other_sessions(account=request.user, keep=request.session.session_key or "")


def actor_of(request: HttpRequest) -> Actor:
    """Whoever is signed in, with the roles in force now."""
    if not request.user.is_authenticated:
        return PUBLIC
    return queries.actor_of(request.user, at=request.now)  # type: ignore[attr-defined] # config.realm has set it


def _lacking(request: HttpRequest) -> bool:
    """Whether a staff role waits for a second factor."""
    return request.user.is_authenticated and queries.lacks_second_factor(
        request.user, at=request.now,  # type: ignore[attr-defined]
    )


def _keep(request: HttpRequest) -> None:
    """Note now and then that a session is used; end that of staff which long was not."""
    if not request.user.is_authenticated:
        return
    now: datetime = request.now  # type: ignore[attr-defined]
    seen = datetime.fromisoformat(request.session.get(SEEN, now.isoformat()))
    if now - seen > STAFF_IDLE_MAX and queries.is_staff(request.user, at=now):
        logout(request)
    elif now - seen > _NOTED_EVERY or SEEN not in request.session:
        request.session[SEEN] = now.isoformat()
        ip = get_adapter().get_client_ip(request)
        actions.note_session(session_key=request.session.session_key or "", ip=ip, at=now)
