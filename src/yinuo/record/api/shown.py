"""The record's public page, as values: how far it is sealed and signed, and who vouched for it."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from yinuo.kit.carried import realm_of
from yinuo.record import queries

router = Router(tags=["log"])


class HeadOut(Schema):
    """The newest head that was signed."""

    size: int
    root: str
    at: datetime


class SeenOut(Schema):
    """The newest head that somebody vouched for: who, at which size, when. Null where nothing of theirs was found."""

    name: str
    size: int | None
    at: datetime | None


class AnchoredOut(Schema):
    """The newest head whose proof reaches a block of Bitcoin."""

    size: int
    at: datetime
    block: int


class RecordOut(Schema):
    """How many facts are sealed, signed and wait; since when heads are signed; witnesses, stamps, anchor.

    `witnessed` is the size that enough witnesses have signed. The proofs themselves are under `/api/log/`.
    """

    origin: str
    sealed: int
    signed: int
    pending: int
    started: datetime | None
    head: HeadOut | None
    witnesses: list[SeenOut]
    witnessed: int | None
    stamps: list[SeenOut]
    anchored: AnchoredOut | None


@router.get("/log", response=RecordOut, summary="The record, from outside")
def get_log(request: HttpRequest) -> dict[str, Any]:
    """What the record's page shows. Never what a fact says, of what kind it is, or about whom."""
    log = realm_of(request).log
    sizes, head, waiting, anchored = queries.sizes(), queries.newest_head(), queries.waiting(), queries.anchored()
    witnessed = queries.witnessed(policy=log.policy) if log else None
    return {
        "origin": log.origin if log else "", "sealed": sizes.sealed, "signed": sizes.signed, "pending": waiting.facts,
        "started": queries.started_at(),
        "head": head and {"size": head.size, "root": base64.b64encode(head.root).decode(), "at": head.at},
        "witnesses": [_seen(name, seen) for name, seen in (witnessed.by if witnessed else {}).items()],
        "witnessed": witnessed.enough if witnessed else None,
        "stamps": [_seen(url, seen) for url, seen in queries.stamped().items()],
        "anchored": anchored.in_block and {
            "size": anchored.in_block[0].size, "at": anchored.in_block[0].at, "block": anchored.in_block[1],
        },
    }


def _seen(name: str, seen: queries.Seen | None) -> dict[str, Any]:
    return {"name": name, "size": seen and seen.size, "at": seen and seen.at}
