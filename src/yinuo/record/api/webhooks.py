"""Webhooks over HTTP: a shop has itself told of what concerns its own subjects, by its own ids; an administrator keeps all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema, Status

from yinuo.kit.carried import actor_of, at_of, here_of, realm_of
from yinuo.kit.refusals import NotFound
from yinuo.record import actions, queries
from yinuo.record.api.keys import SourceKey
from yinuo.record.models import Webhook
from yinuo.record.rules.webhooks import USUAL_KINDS, message_id
from yinuo.vault import queries as vault

LISTED_MAX = 100

router = Router(tags=["facts"], auth=SourceKey())
for_both = Router(tags=["webhooks"])
Number = Annotated[int, Path(ge=0, le=2**53)]


class WebhookIn(Schema):
    """Where to tell, and of which kinds of fact: `decisions.*` is all of a domain.

    `source` is for administrators: of whose subjects to tell, by that source's ids; empty for everybody's, by Yinuo's. With a
    source's key it is that source, whatever is given.
    """

    model_config = {"json_schema_extra": {"example": {"url": "https://shop.example/yinuo", "kinds": ["decisions.*"]}}}
    url: Annotated[str, Field(max_length=500, pattern="^https?://[!-~]+$")]
    kinds: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=50)] = list(USUAL_KINDS)
    source: Annotated[str, Field(max_length=40)] = ""


class WebhookOut(Schema):
    """A webhook: how many messages wait and are dead, and whether it is paused, since when and why."""

    id: int
    url: str
    source: str
    kinds: list[str]
    made: datetime
    waiting: int
    dead: int
    failing_since: datetime | None
    paused: datetime | None
    paused_ground: Literal["", "asked", "failing", "gone"]


class MadeOut(Schema):
    """A new webhook, and the secret that its messages are signed with; it is shown this once."""

    id: int
    secret: str


class SecretOut(Schema):
    """A new secret. The old one signs too for 24 hours."""

    secret: str


class ReplayIn(Schema):
    """From where: a moment, or the id of a message. One of them."""

    model_config = {"json_schema_extra": {"example": {"since": "2026-05-01T09:30:00+08:00"}}}
    since: datetime | None = None
    id: Annotated[str, Field(max_length=40)] = ""


class ReplayedOut(Schema):
    """The id that the first message would have if its fact is wanted."""

    id: str


class DeliveryOut(Schema):
    """One message: how often it was tried, what was answered last, and whether it waits, was delivered or is dead."""

    id: str
    kind: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    tried: datetime | None
    status: int | None
    answer: str


class DeliveriesOut(Schema):
    """Messages, newest first; `before` asks for those before them and is null at the end."""

    deliveries: list[DeliveryOut]
    before: int | None


class IdQuery(Schema):
    """A subject as its source knows it."""

    type: Annotated[str, Field(max_length=20)]
    id: Annotated[str, Field(max_length=200)]


class IdOut(Schema):
    """Yinuo's own id of a subject, as addresses of pages and standings have it."""

    id: str


@for_both.get("/webhooks", response=list[WebhookOut], summary="Your webhooks")
def get_webhooks(request: HttpRequest) -> list[dict[str, Any]]:
    """Every webhook of your source; an administrator's, of all sources."""
    return [_told(state) for state in queries.webhooks_of(viewer=actor_of(request))]


@for_both.post("/webhooks", response={201: MadeOut}, summary="Be told of facts")
def post_webhook(request: HttpRequest, wanted: WebhookIn) -> Status[dict[str, Any]]:
    """Tell an address of facts about your own subjects, from now on, as Standard Webhooks say.

    The address begins with https://. Keep the secret: every message is signed with it, and it is shown this once.
    """
    keeper = actor_of(request)
    webhook, secret = actions.add_webhook(
        url=wanted.url, source=keeper.name if keeper.holds("source") else wanted.source, kinds=wanted.kinds,
        reach=settings.YINUO["YINUO_WEBHOOK_REACH"], **here_of(request),
    )
    return Status(201, {"id": webhook.pk, "secret": secret})


@for_both.delete("/webhooks/{webhook}", response={204: None}, summary="End a webhook")
def delete_webhook(request: HttpRequest, webhook: Number) -> Status[None]:
    """End it, with all that waits for it."""
    actions.remove_webhook(actor=actor_of(request), webhook=webhook)
    return Status(204, None)


@for_both.post("/webhooks/{webhook}/rotate", response=SecretOut, summary="Give a webhook a new secret")
def post_rotate(request: HttpRequest, webhook: Number) -> dict[str, str]:
    """A new secret; for 24 hours messages are signed by both, so that none is lost while you exchange it."""
    return {"secret": actions.rotate_webhook(webhook=webhook, **here_of(request))}


@for_both.post("/webhooks/{webhook}/pause", response={204: None}, summary="Pause a webhook")
def post_pause(request: HttpRequest, webhook: Number) -> Status[None]:
    """Send nothing until it is resumed; nothing is lost."""
    actions.pause_webhook(actor=actor_of(request), webhook=webhook, at=at_of(request))
    return Status(204, None)


@for_both.post("/webhooks/{webhook}/resume", response={204: None}, summary="Resume a webhook")
def post_resume(request: HttpRequest, webhook: Number) -> Status[None]:
    """Go on where it stopped, at once."""
    actions.resume_webhook(actor=actor_of(request), webhook=webhook, at=at_of(request))
    return Status(204, None)


@for_both.post("/webhooks/{webhook}/replay", response=ReplayedOut, summary="Have messages sent again")
def post_replay(request: HttpRequest, webhook: Number, wanted: ReplayIn) -> dict[str, str]:
    """Send everything again, in order, from a moment or a message on, under the ids that it had.

    What waited from before that point is left out.
    """
    number = actions.replay_webhook(
        actor=actor_of(request), webhook=webhook, since=wanted.since, message=wanted.id, at=at_of(request)
    )
    return {"id": message_id(number)}


@for_both.get("/webhooks/{webhook}/deliveries", response=DeliveriesOut, summary="What a webhook was told")
def get_deliveries(
    request: HttpRequest, webhook: Number, before: Annotated[int | None, Query(ge=0, le=2**53)] = None
) -> dict[str, Any]:
    """Messages of the last 30 days and those that wait, newest first, 100 at a time."""
    found = queries.deliveries_of(viewer=actor_of(request), webhook=webhook, before=before, limit=LISTED_MAX + 1)
    shown = [
        {
            "id": message_id(delivery.number), "kind": delivery.kind, "attempts": delivery.attempts, "tried": delivery.tried,
            "status": delivery.status, "answer": delivery.answer,
            "state": "delivered" if delivery.delivered else "dead" if delivery.dead else "waiting",
        }
        for delivery in found[:LISTED_MAX]
    ]
    return {"deliveries": shown, "before": found[LISTED_MAX - 1].number if len(found) > LISTED_MAX else None}


@router.get("/ids", response=IdOut, summary="Yinuo's id of a subject of yours")
def get_id(request: HttpRequest, wanted: Annotated[IdQuery, Query()]) -> dict[str, str]:
    """The id under which pages, standings and messages know a merchant, order ... of yours, by the id it has with you."""
    key = realm_of(request).key
    found = vault.surrogate_of(kind=wanted.type, source=actor_of(request).name, source_id=wanted.id, key=key)
    if found is None:
        raise NotFound("No fact of yours has named it yet.")
    return {"id": found}


def _told(state: queries.WebhookState) -> dict[str, Any]:
    webhook: Webhook = state.webhook
    names = ("url", "source", "kinds", "made", "failing_since", "paused", "paused_ground")
    return {"id": webhook.pk, "waiting": state.waiting, "dead": state.dead} | {name: getattr(webhook, name) for name in names}
