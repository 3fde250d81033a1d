"""Tell webhooks: note in the follower's transaction whom to tell of which fact, and send that in order.

A message goes out before it is noted that it did, so whoever is killed in between sends it again, under the same id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.facts import Recorded
from yinuo.kit.guarded import Post
from yinuo.kit.moments import to_micros
from yinuo.kit.outbound import Reply, Visit
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Refusal
from yinuo.kit.webhooks import headers_of
from yinuo.record import queries
from yinuo.record.models import Delivery, Webhook
from yinuo.record.rules.content import kind_of
from yinuo.record.rules.webhooks import (
    ANSWER_BYTES_MAX,
    FAILING_MAX,
    GONE,
    KEPT_DAYS,
    WAITING_MAX,
    Known,
    body_of,
    is_wanted,
    may_be_told,
    message_id,
    subjects_of,
    wait_after,
)
from yinuo.vault import queries as vault

FOLLOWED_MAX = 1_000       # facts in one transaction, which keeps SQLite's one writer
LEASE = timedelta(minutes=2)
"""Half of it is longer than any one message takes to send."""


class Lease(NamedTuple):
    """A webhook that a sender has to itself for a while."""

    webhook: int
    holder: str


def follow_webhooks(
    *, actor: Actor, upto: int, withheld: Collection[str], realm: Realm, at: datetime
) -> int:
    """Note whom to tell of the next sealed facts numbered below `upto`; returns how many facts were looked at.

    Sources are not told of kinds whose domain is `withheld`. A webhook for which much waits already is left for later.
    """
    allow(actor, "record.send_webhooks")
    if not Webhook.objects.filter(paused=None, position__lt=upto).exists():
        return 0
    with rows.writing_turn(connection):
        return _follow(upto, withheld, realm, at)


@transaction.atomic
def _follow(upto: int, withheld: Collection[str], realm: Realm, at: datetime) -> int:
    full = Delivery.objects.filter(delivered=None, dead=None).values("webhook").annotate(waiting=Count("pk")).order_by()
    behind = Webhook.objects.select_for_update().filter(paused=None, position__lt=upto)
    hooks = list(behind.exclude(pk__in=full.filter(waiting__gte=WAITING_MAX).values("webhook")).order_by("pk"))
    if not hooks:
        return 0
    start = min(hook.position for hook in hooks)
    stop = min(start + FOLLOWED_MAX, upto)
    told = [recorded for recorded in queries.facts(start=start, stop=stop) if _anybody_wants(hooks, recorded)]
    known = vault.source_ids_of(surrogates={one for recorded in told for one in subjects_of(recorded)}, realm=realm)
    made = [
        Delivery(webhook=hook, number=recorded.seq, kind=kind_of(type(recorded.fact)).name, made=at)
        for hook in hooks for recorded in told
        if recorded.seq >= hook.position and _is_for(hook, recorded, known, withheld)
    ]
    Delivery.objects.bulk_create(made)
    Webhook.objects.filter(pk__in=[hook.pk for hook in hooks], position__lt=stop).update(position=stop)
    return stop - start


def _anybody_wants(hooks: Sequence[Webhook], recorded: Recorded) -> bool:
    kind = kind_of(type(recorded.fact)).name
    return any(is_wanted(hook.kinds, kind) for hook in hooks)


def _is_for(hook: Webhook, recorded: Recorded, known: Known, withheld: Collection[str]) -> bool:
    kind = kind_of(type(recorded.fact))
    if not is_wanted(hook.kinds, kind.name):
        return False
    return not hook.source or (kind.domain not in withheld and may_be_told(recorded, source=hook.source, known=known))


def lease_webhooks(*, actor: Actor, realm: Realm, at: datetime, limit: int) -> list[Lease]:
    """Take webhooks that have something to send, those served longest ago first, so that no other sender has them too.

    One whose sender died is taken again once its lease has run out.
    """
    allow(actor, "record.send_webhooks")
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    waiting = Delivery.objects.filter(webhook=OuterRef("pk"), delivered=None, dead=None)
    due = Webhook.objects.filter(free, Exists(waiting), paused=None, due__lte=at)
    longest_ago = due.order_by(F("served").asc(nulls_first=True), "pk")
    leases = []
    for webhook in list(longest_ago.values_list("pk", flat=True)[:limit]):
        holder = realm.entropy(8).hex()
        taken = Webhook.objects.filter(free, pk=webhook, paused=None).update(holder=holder, lease_until=at + LEASE, served=at)
        if taken:       # nobody else was quicker
            leases.append(Lease(webhook, holder))
    return leases


@transaction.atomic
def release_webhook(*, actor: Actor, lease: Lease, at: datetime) -> None:
    """Give a webhook back before its lease runs out, and forget deliveries that came to their end a month ago."""
    allow(actor, "record.send_webhooks")
    over = Q(delivered__isnull=False) | Q(dead__isnull=False)
    Delivery.objects.filter(over, webhook=lease.webhook, tried__lt=at - timedelta(days=KEPT_DAYS)).delete()
    Webhook.objects.filter(pk=lease.webhook, holder=lease.holder).update(holder="", lease_until=None)


def deliver_next(*, actor: Actor, lease: Lease, post: Post, realm: Realm, at: datetime) -> Visit | None:
    """Send the first message that waits, and note how it went; None where nothing is to be sent now, or the lease is over."""
    allow(actor, "record.send_webhooks")
    hook = _still_ours(lease, at)
    if hook is None:
        return None
    delivery = Delivery.objects.filter(webhook=hook, delivered=None, dead=None).order_by("number").first()
    if delivery is None:
        return None
    body = _body(hook, delivery, realm)
    if body is None:
        Delivery.objects.filter(pk=delivery.pk).update(dead=at, tried=at, answer="The fact was forgotten before it was told.")
        return Visit(hook.url, True, f"{message_id(delivery.number)} was forgotten.")
    reply, trouble = _sent(hook, message_id(delivery.number), body, post, realm, at)
    return _note(hook, lease, delivery, reply, trouble, realm, at)


def _still_ours(lease: Lease, at: datetime) -> Webhook | None:
    """The webhook, if it is still the sender's, for at least half a lease from now on."""
    ours = Webhook.objects.filter(pk=lease.webhook, holder=lease.holder, lease_until__gt=at, paused=None, due__lte=at)
    hook = ours.first()
    if hook is None or hook.lease_until is None:
        return None
    if hook.lease_until - at < LEASE / 2 and not ours.update(lease_until=at + LEASE):
        return None
    return hook


def try_webhook(*, actor: Actor, webhook: int, post: Post, realm: Realm, at: datetime) -> Visit:
    """Send a message of the type `yinuo.test` now, out of turn, and tell what came back."""
    hook = queries.webhook_of(viewer=actor, webhook=webhook)
    written = at.isoformat().replace("+00:00", "Z")
    body = b'{"type":"yinuo.test","timestamp":"%b","data":{}}' % written.encode()
    reply, trouble = _sent(hook, f"msg_test_{to_micros(at)}", body, post, realm, at)
    if reply is None:
        return Visit(hook.url, False, trouble)
    return Visit(hook.url, _is_good(reply), f"answered {reply.status}: {queries.readable(reply.body)}".rstrip(": "))


def _body(hook: Webhook, delivery: Delivery, realm: Realm) -> bytes | None:
    """What the message says, read from the record as it is now: who was erased since is not in it."""
    found = queries.facts_numbered(numbers=[delivery.number])
    if not found:
        return None
    known = vault.source_ids_of(surrogates=subjects_of(found[0]), realm=realm)
    if hook.source and not may_be_told(found[0], source=hook.source, known=known):
        return None
    return body_of(found[0], source=hook.source, known=known)


def _sent(
    hook: Webhook, message: str, body: bytes, post: Post, realm: Realm, at: datetime
) -> tuple[Reply | None, str]:
    secrets = queries.secrets_of(webhook=hook, realm=realm, at=at)
    headers = headers_of(secrets, id=message, timestamp=to_micros(at) // 1_000_000, body=body)
    headers |= {"Content-Type": "application/json", "User-Agent": "Yinuo"}
    try:
        return post(hook.url, body=body, headers=headers, bytes_max=ANSWER_BYTES_MAX), ""
    except Refusal as refusal:
        return None, refusal.sentence


def _is_good(reply: Reply) -> bool:
    return 200 <= reply.status < 300


@transaction.atomic
def _note(
    hook: Webhook, lease: Lease, delivery: Delivery, reply: Reply | None, trouble: str, realm: Realm, at: datetime
) -> Visit:
    noted = {
        "attempts": delivery.attempts + 1, "tried": at, "status": reply.status if reply else None,
        "answer": queries.readable(reply.body) if reply else trouble[:ANSWER_BYTES_MAX],
    }
    ours = Webhook.objects.filter(pk=hook.pk, holder=lease.holder)
    waits = Delivery.objects.filter(pk=delivery.pk, delivered=None, dead=None)
    message = message_id(delivery.number)
    if reply is not None and _is_good(reply):
        waits.update(delivered=at, **noted)
        if hook.failing_since is not None:
            ours.update(failing_since=None)
        return Visit(hook.url, True, f"{message} was delivered.")
    pause = wait_after(delivery.attempts + 1, realm.entropy)
    waits.update(dead=at if pause is None else None, **noted)
    since = hook.failing_since or at
    ours.update(failing_since=since, due=at + (pause or timedelta(0)))
    told = f"{message} was not delivered: {trouble or f'it answered {reply.status if reply else 0}'}".rstrip(".")
    if ground := _ground_to_pause(reply, since, at):
        ours.filter(paused=None).update(paused=at, paused_ground=ground)
        told += f"; webhook {hook.pk} is paused ({ground}) until `yinuo webhook resume {hook.pk}`"
    elif pause is None:
        told += f"; it is dead, and comes again only by `yinuo webhook replay {hook.pk} --from {message}`"
    return Visit(hook.url, False, f"{told}.")


def _ground_to_pause(reply: Reply | None, since: datetime, at: datetime) -> str:
    if reply is not None and reply.status == GONE:
        return "gone"
    return "failing" if at - since >= FAILING_MAX else ""
