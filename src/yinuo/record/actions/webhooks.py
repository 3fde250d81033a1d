"""Make, change and end webhooks: whom they belong to, what they are signed with, from where on they are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from yinuo.kit.actors import Actor
from yinuo.kit.guarded import Reach, check_url
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, TooMany
from yinuo.kit.sealing import place_of
from yinuo.kit.webhooks import new_secret
from yinuo.record import queries
from yinuo.record.models import Delivery, Webhook
from yinuo.record.rules import check_source
from yinuo.record.rules.webhooks import KEEPS_OLD_SECRET, WEBHOOKS_MAX, check_kinds, number_in
from yinuo.vault import actions as vault


@transaction.atomic
def add_webhook(
    *, actor: Actor, url: str, source: str, kinds: Sequence[str], reach: Reach, realm: Realm, at: datetime
) -> tuple[Webhook, str]:
    """Tell an address of facts sealed from now on; returns the webhook and its secret, which is shown this once.

    With a source, only of facts about that source's own subjects; without one of everybody's, which is the operator's alone.
    """
    queries.allow_webhooks(actor, source)
    if source:
        check_source(source)
        if Webhook.objects.filter(source=source).count() >= WEBHOOKS_MAX:
            raise TooMany(f"A source has at most {WEBHOOKS_MAX} webhooks; remove one first.")
    webhook = Webhook.objects.create(
        url=check_url(url, reach=reach), source=source, kinds=check_kinds(kinds), position=queries.size(), made=at, due=at,
    )
    return webhook, _give_secret(webhook, realm, at)


@transaction.atomic
def rotate_webhook(
    *, actor: Actor, webhook: int, realm: Realm, at: datetime, keep_old: timedelta = KEEPS_OLD_SECRET
) -> str:
    """Give a webhook a new secret and return it; until `keep_old` is over, messages are signed by both."""
    found = _held(actor, webhook)
    if not timedelta(0) <= keep_old <= timedelta(days=30):
        raise Malformed("The old secret stays for 0 hours to 30 days.", path="hours")
    found.secret_before, found.secret_before_ends = None, None
    if keep_old and found.secret is not None:
        old = queries.secret_of(webhook=found, realm=realm)
        found.secret_before = _sealed(found, "secret_before", old, realm, at)
        found.secret_before_ends = at + keep_old
    found.save(update_fields=["secret_before", "secret_before_ends"])
    return _give_secret(found, realm, at)


@transaction.atomic
def pause_webhook(*, actor: Actor, webhook: int, at: datetime) -> None:
    """Send nothing more until it is resumed; the record waits."""
    found = _held(actor, webhook)
    Webhook.objects.filter(pk=found.pk, paused=None).update(paused=at, paused_ground="asked")


@transaction.atomic
def resume_webhook(*, actor: Actor, webhook: int, at: datetime) -> None:
    """Go on where it stopped, at once."""
    found = _held(actor, webhook)
    Webhook.objects.filter(pk=found.pk).update(paused=None, paused_ground="", failing_since=None, due=at)
    Delivery.objects.filter(webhook=found, delivered=None, dead=None).update(attempts=0)


@transaction.atomic
def replay_webhook(
    *, actor: Actor, webhook: int, at: datetime, since: datetime | None = None, message: str = ""
) -> int:
    """Tell again, in order, of everything from a moment or a message on, and of nothing that waits from before it.

    Returns the number of the first fact that is looked at.
    """
    found = _held(actor, webhook)
    if (since is None) == (not message):
        raise Malformed("Say from where: a moment, or a message's id.", path="since")
    number = queries.number_since(moment=since) if since is not None else number_in(message)
    number = min(number, queries.size())
    waiting = Q(delivered=None, dead=None)
    Delivery.objects.filter(Q(number__gte=number) | waiting, webhook=found).delete()
    Webhook.objects.filter(pk=found.pk).update(position=number, due=at)
    return number


@transaction.atomic
def remove_webhook(*, actor: Actor, webhook: int) -> None:
    """End a webhook, with all that waits for it."""
    _held(actor, webhook).delete()


def _held(actor: Actor, webhook: int) -> Webhook:
    """The webhook, held until the transaction ends; refuses one that is not the actor's to keep."""
    return queries.webhook_of(viewer=actor, webhook=webhook, hold=True)


def _give_secret(webhook: Webhook, realm: Realm, at: datetime) -> str:
    secret = new_secret(realm.entropy)
    webhook.secret = _sealed(webhook, "secret", secret, realm, at)
    webhook.save(update_fields=["secret"])
    return secret


def _sealed(webhook: Webhook, field: str, secret: str, realm: Realm, at: datetime) -> bytes:
    place = place_of("record_webhook", field, str(webhook.pk))
    return vault.seal_own(place=place, text=secret, realm=realm, at=at)
