"""Questions about webhooks, each on behalf of whoever keeps them: a source its own, the operator all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q

from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.kit.sealing import place_of
from yinuo.record.models import Delivery, Head, Webhook
from yinuo.record.rules import decode_content
from yinuo.record.rules.webhooks import ANSWER_BYTES_MAX
from yinuo.vault import queries as vault

RECORDED_MARGIN_MICROS = 600_000_000     # facts are sealed nearly in the order in which they were recorded, not quite


@dataclass(frozen=True, slots=True)
class WebhookState:
    """A webhook, and how many of its deliveries wait and are dead."""

    webhook: Webhook
    waiting: int
    dead: int


def allow_webhooks(viewer: Actor, source: str) -> None:
    """Return if the viewer may keep webhooks of this source ("" for everybody's); refuse otherwise."""
    if viewer.holds("source") and viewer.name == source:
        allow(viewer, "record.keep_own_webhooks")
    else:
        allow(viewer, "record.keep_webhooks")


def webhooks_of(*, viewer: Actor) -> list[WebhookState]:
    """The viewer's webhooks, oldest first: a source's own, the operator's all."""
    own = _own(viewer)
    found = list(Webhook.objects.filter(own).order_by("pk"))
    counts = {
        row["webhook"]: row for row in Delivery.objects.filter(webhook__in=found, delivered=None).values("webhook").annotate(
            waiting=Count("pk", filter=Q(dead=None)), dead=Count("pk", filter=Q(dead__isnull=False))
        ).order_by()
    }
    none = {"waiting": 0, "dead": 0}
    return [WebhookState(each, *(counts.get(each.pk, none)[name] for name in ("waiting", "dead"))) for each in found]


def webhook_of(*, viewer: Actor, webhook: int, hold: bool = False) -> Webhook:
    """One webhook of the viewer's; somebody else's is not there."""
    found = (Webhook.objects.select_for_update() if hold else Webhook.objects).filter(_own(viewer), pk=webhook).first()
    if found is None:
        raise NotFound(f"There is no webhook {webhook} here.")
    return found


def deliveries_of(*, viewer: Actor, webhook: int, before: int | None = None, limit: int) -> list[Delivery]:
    """What a webhook was told of and is to be told of, newest first, those below a number where one is given."""
    found = Delivery.objects.filter(webhook=webhook_of(viewer=viewer, webhook=webhook))
    return list((found if before is None else found.filter(number__lt=before)).order_by("-number")[:limit])


def secret_of(*, webhook: Webhook, realm: Realm) -> str:
    """The secret that a webhook's messages are signed with."""
    assert webhook.secret is not None, "made with the webhook"
    place = place_of("record_webhook", "secret", str(webhook.pk))
    return vault.open_own(place=place, sealed=bytes(webhook.secret), realm=realm)


def secrets_of(*, webhook: Webhook, realm: Realm, at: datetime) -> list[str]:
    """All secrets that a message is signed with now: the present one, and one that it takes the place of."""
    secrets = [secret_of(webhook=webhook, realm=realm)]
    if webhook.secret_before is not None and webhook.secret_before_ends is not None and at < webhook.secret_before_ends:
        place = place_of("record_webhook", "secret_before", str(webhook.pk))
        secrets.append(vault.open_own(place=place, sealed=bytes(webhook.secret_before), realm=realm))
    return secrets


def number_since(*, moment: datetime) -> int:
    """The number of a fact before which none was recorded at or after the moment; a few from shortly before may follow it."""
    if moment.tzinfo is None:
        raise Malformed("The moment needs a time zone: 2026-05-01T09:30:00+08:00.", path="since")
    wanted = to_micros(moment) - RECORDED_MARGIN_MICROS
    low, high = 0, Head.objects.filter(pk=1).values_list("size", flat=True).first() or 0
    while low < high:
        middle = (low + high) // 2
        recorded = _recorded_from(middle, high)
        if recorded is None or recorded >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


def readable(answer: bytes) -> str:
    """The beginning of an answer as a text that every database keeps."""
    return answer[:ANSWER_BYTES_MAX].decode(errors="replace").replace("\0", "\ufffd")


def _recorded_from(start: int, stop: int) -> int | None:
    """When the first fact that can still be read among these numbers was recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.content FROM record_seal s JOIN record_opening o ON o.entry_id = s.entry_id "
            "WHERE s.seq >= %s AND s.seq < %s ORDER BY s.seq LIMIT 1",
            [start, stop],
        )
        found: Iterable[tuple[bytes]] = cursor.fetchall()
    for (main,) in found:
        content = decode_content(bytes(main), None, withheld=True)
        return None if content is None else content.recorded
    return None


def _own(viewer: Actor) -> Q:
    if viewer.holds("source"):
        allow(viewer, "record.keep_own_webhooks")
        return Q(source=viewer.name)
    allow(viewer, "record.keep_webhooks")
    return Q()
