"""Give consent to a purpose, and withdraw it as easily."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yinuo.kit.actors import Actor, allow
from yinuo.people.actions.looks import check_known
from yinuo.people.models import Consent
from yinuo.people.rules import purpose_of


@transaction.atomic
def give_consent(*, actor: Actor, person: str, purpose: str, at: datetime) -> Consent:
    """Note that a person agrees to a purpose in the words of its present version; agreeing again changes nothing."""
    allow(actor, "people.keep_consents", about=person)
    check_known(person)
    wanted = purpose_of(purpose)
    Consent.objects.filter(person=person, purpose=purpose, withdrawn=None).exclude(version=wanted.version).update(withdrawn=at)
    consent, _ = Consent.objects.get_or_create(
        person=person, purpose=purpose, withdrawn=None, defaults={"version": wanted.version, "given": at}
    )
    return consent


@transaction.atomic
def withdraw_consent(*, actor: Actor, person: str, purpose: str, at: datetime) -> bool:
    """Take a consent back, from this moment on; returns whether there was one."""
    allow(actor, "people.keep_consents", about=person)
    check_known(person)
    purpose_of(purpose)
    return bool(Consent.objects.filter(person=person, purpose=purpose, withdrawn=None).update(withdrawn=at))
