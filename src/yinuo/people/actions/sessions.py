"""Where somebody is signed in: noted, ended, and forgotten once it is over."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef

from yinuo.kit.refusals import NotFound
from yinuo.people.models import Account


@transaction.atomic
def end_session(*, account: Account, session: int) -> None:
    """End one of somebody's own sessions; refuses another person's as if there were none."""
    found = UserSession.objects.filter(pk=session, user_id=account.pk).first()
    if found is None:
        raise NotFound("There is no such session; it may have ended already.")
    _end([found.session_key])


@transaction.atomic
def end_every_session(*, account: Account) -> None:
    """End all sessions of an account."""
    _end(list(UserSession.objects.filter(user_id=account.pk).values_list("session_key", flat=True)))


@transaction.atomic
def end_other_sessions(*, account: Account, keep: str) -> None:
    """End all sessions of an account but the one of that key: they began before it had its second factor."""
    _end(list(UserSession.objects.filter(user_id=account.pk).exclude(session_key=keep).values_list("session_key", flat=True)))


def note_session(*, session_key: str, ip: str | None, at: datetime) -> None:
    """Note that a session is in use, and from where."""
    seen = {"last_seen_at": at} | ({"ip": ip} if ip else {})
    UserSession.objects.filter(session_key=session_key).update(**seen)


@transaction.atomic
def forget_ended_sessions(*, at: datetime) -> None:
    """Delete sessions whose time is over, and the addresses and browsers that were noted with them."""
    Session.objects.filter(expire_date__lt=at).delete()
    alive = Session.objects.filter(session_key=OuterRef("session_key"))
    UserSession.objects.filter(~Exists(alive)).delete()


def _end(keys: list[str]) -> None:
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
