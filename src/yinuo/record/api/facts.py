"""The record over HTTP: state facts, see which kinds there are, see whether the record keeps up."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from msgspec import inspect as shapes
from ninja import Router, Schema

from yinuo.kit.carried import actor_of, at_of, realm_of
from yinuo.kit.facts import Kind, kinds
from yinuo.kit.refusals import TooLarge, TooSlow
from yinuo.record import actions, queries, rules
from yinuo.record.api.keys import SourceKey

FOLLOWER = "react"     # the cursor of mirrors and reactions, whose lag people notice
LISTED_MAX = 100       # refused events in one answer; all are kept

router = Router(tags=["facts"])

_ORDER_PLACED = {
    "specversion": "1.0", "id": "A-1001/placed", "source": "myshop", "type": "trade.order_placed",
    "time": "2026-05-01T09:30:00+08:00",
    "data": {"order": "A-1001", "merchant": "seller-7", "buyer": "customer-3", "amount_minor": 19900, "currency": "CNY",
             "hand_over_by": "2026-05-03T09:30:00+08:00"},
}
_ORDER_PAID = {
    "specversion": "1.0", "id": "A-1001/paid", "source": "myshop", "type": "trade.order_paid",
    "time": "2026-05-01T09:31:00+08:00", "data": {"order": "A-1001"},
}
_EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "maxLength": 200, "description": "Unique at your source; the same again does nothing."},
        "source": {"type": "string", "description": "The name that your key belongs to."},
        "type": {"type": "string", "description": "A kind of fact, as GET /api/facts/kinds lists them."},
        "time": {"type": "string", "format": "date-time", "description": "When it happened, with a time zone."},
        "data": {"type": "object", "description": "The fields of the kind."},
        "supersedes": {"type": "string", "description": "The id of an earlier event that this one corrects."},
    },
}
_BATCH_SCHEMA = {"type": "array", "items": _EVENT_SCHEMA, "maxItems": rules.BATCH_MAX}
_REQUEST: dict[str, Any] = {
    "required": True,
    "content": {
        "application/cloudevents+json": {"schema": _EVENT_SCHEMA, "example": _ORDER_PLACED},
        "application/cloudevents-batch+json": {"schema": _BATCH_SCHEMA, "example": [_ORDER_PLACED, _ORDER_PAID]},
        "application/json": {"schema": {"oneOf": [_EVENT_SCHEMA, _BATCH_SCHEMA]}, "example": [_ORDER_PLACED]},
    },
}


class RefusedOut(Schema):
    """One event that was refused: its place in the batch, its id, where the fault lies, and what it is."""

    index: int
    id: str
    path: str
    sentence: str


class ReceiptOut(Schema):
    """The promise to seal what was new: a signed note, and what binds each new event, by its id."""

    note: str
    bound: dict[str, str]


class TakenOut(Schema):
    """What became of the events sent: counts, the first 100 of the refused, and the promise to seal what was new, or why
    there is none.
    """

    accepted: int
    known: int
    refused_count: int
    refused: list[RefusedOut]
    receipt: ReceiptOut | None = None
    no_receipt: str | None = None


class FieldOut(Schema):
    """One field of a kind of fact: what it holds, whether it must be there, and its values where they are listed."""

    name: str
    holds: str
    required: bool
    values: list[str]


class KindOut(Schema):
    """One kind of fact."""

    kind: str
    sentence: str
    fields: list[FieldOut]


class HealthOut(Schema):
    """How far the record is: facts sealed, facts waiting for it and since when (seconds), sealed facts not yet followed, and
    facts under the signed head. `late` says that some wait longer than receipts promise; `stopped` says why nothing is
    sealed or signed until somebody has looked, and is empty while the record goes on.
    """

    size: int
    pending: int
    waiting_seconds: int
    late: bool
    lag: int
    signed: int
    stopped: str


@router.post(
    "/facts",
    auth=SourceKey(),
    response=TakenOut,
    summary="State facts",
    openapi_extra={"requestBody": _REQUEST},
)
def post_facts(request: HttpRequest) -> HttpResponse:
    """Take in CloudEvents of your source: one, or an array of at most 10,000.

    The answer comes once the good ones are in the record for good. They get their numbers, and show in pages and scores,
    shortly after. `accepted` counts the new, `known` those sent before (sending again is safe), `refused_count` the
    refused, of which the first 100 are listed with their place, path and reason. A refused event never holds up the others,
    and is kept for correction; only when too many wait is a batch that holds one refused whole (429).

    `receipt` is the record's signed promise to seal the new ones within a minute: a signed note, and by each new event's id
    the two hashes (base64) that bind what was taken. Keep it: with it a shop can show that something was left out. While the
    record is stopped, events are taken and nothing is promised; `no_receipt` then says why.
    """
    source = actor_of(request)
    taken = actions.take_events(
        actor=source,
        source=source.name,
        raws=rules.split_body(_body_of(request), request.content_type or ""),
        realm=realm_of(request),
        at=at_of(request),
        waiting_max=request.waiting_max,  # type: ignore[attr-defined]
    )
    realm = realm_of(request)
    answer = _answer(taken)
    if realm.log is not None and taken.bound:
        if why := queries.why_stopped(log=realm.log):
            answer["no_receipt"] = f"The events are in the record, but nothing is sealed at present. {why}"
        else:
            note = actions.receipt_for(log=realm.log, bound=taken.bound, at=at_of(request))
            answer["receipt"] = {"note": note, "bound": dict(sorted(taken.bound.items()))}
    return HttpResponse(msgspec.json.encode(answer), content_type="application/json")


@router.get("/facts/kinds", response=list[KindOut], summary="Kinds of fact")
def get_kinds(request: HttpRequest) -> list[dict[str, Any]]:
    """Every kind of fact that a shop may state, with its sentence and its fields."""
    return [
        {"kind": kind.name, "sentence": kind.sentence, "fields": _fields_of(kind)}
        for kind in kinds().values()
        if kind.external
    ]


@router.get("/health", response=HealthOut, summary="Health", tags=["operation"])
def get_health(request: HttpRequest) -> dict[str, int | str]:
    """Whether the record keeps up: how many facts are sealed, wait for it, wait to be followed, and are signed.

    `stopped` says why nothing is sealed or signed, such as after an older backup was put back; alert on it and on `late`.
    """
    size, signed = queries.size(), queries.checkpoint()
    waiting = queries.waiting_seconds(at=at_of(request))
    return {
        "size": size, "pending": queries.pending_count(), "waiting_seconds": waiting,
        "late": waiting > rules.SEALED_WITHIN_SECONDS, "lag": size - queries.cursor_position(FOLLOWER),
        "signed": signed[0] if signed else 0,
        "stopped": queries.why_stopped(log=realm_of(request).log),
    }


def _body_of(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        length = int(request.headers.get("Content-Length") or 0)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        sentence = f"The body has {length:,} bytes; at most {most:,} are taken at once. Send it in smaller batches."
        raise TooLarge(sentence) from None
    except UnreadablePostError:
        raise TooSlow("The body did not arrive whole in time. Nothing was taken; send smaller batches.") from None


def _answer(taken: actions.Taken) -> dict[str, Any]:
    refused = [
        {"index": event.index, "id": event.id, "path": event.path, "sentence": event.sentence}
        for event in taken.refused[:LISTED_MAX]
    ]
    return {
        "accepted": taken.accepted, "known": taken.known, "refused_count": len(taken.refused), "refused": refused,
    }


def _fields_of(kind: Kind) -> list[dict[str, Any]]:
    info = shapes.type_info(kind.wire)
    assert isinstance(info, shapes.StructType)
    return [
        {
            "name": field.name,
            "holds": _holds(kind, field.name),
            "required": field.required,
            "values": _values(field.type) if field.name in kind.columns else [],
        }
        for field in info.fields
    ]


def _holds(kind: Kind, name: str) -> str:
    """What a field holds, in words."""
    if name in kind.subjects:
        return f"id at the source: {kind.subjects[name]}"
    if name in kind.moments:
        return "moment (RFC 3339, with time zone)"
    if name in kind.currencies:
        return "currency (ISO 4217)"
    if name in kind.texts:
        return f"text, kept apart as {kind.texts[name].retention}"
    if name in kind.fingerprints:
        return "kept as a keyed hash only"
    return "integer" if kind.columns[name] == "int" else "code"


def _values(shape: shapes.Type) -> list[str]:
    """The values of a field that has a list of them."""
    if isinstance(shape, shapes.LiteralType):
        return [str(value) for value in shape.values]
    if isinstance(shape, shapes.UnionType):
        return [value for option in shape.types for value in _values(option)]
    return []
