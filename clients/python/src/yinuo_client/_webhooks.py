"""Verify what a webhook received, as the Standard Webhooks specification asks."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from yinuo_client._answers import moment
from yinuo_client._problems import NotVerified

TOLERANCE_SECONDS = 300


@dataclass(frozen=True)
class Message:
    """What a webhook was told: the id by which you notice a repeat, the kind of fact, when it happened, and its fields.

    `data` names your subjects by your own ids, `yinuo_ids` the same by Yinuo's. `number` grows in the order of the record; a
    test message has none.
    """

    id: str
    kind: str
    time: datetime
    data: Mapping[str, Any]
    yinuo_ids: Mapping[str, str]
    number: int | None


def verify_webhook(
    body: bytes, headers: Mapping[str, str], secrets: str | Iterable[str], *, tolerance_seconds: int = TOLERANCE_SECONDS,
    now: float | None = None,
) -> Message:
    """The message, once its signature by one of the secrets and its time are found good; raises NotVerified otherwise.

    `body` must be the bytes as they came. Name two secrets while you exchange one.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        id, sent, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as missing:
        raise NotVerified(f"the header {missing} is missing") from None
    if not (sent.isascii() and sent.isdecimal() and len(sent) <= 12):
        raise NotVerified("the header webhook-timestamp is not a number of seconds")
    if abs((time.time() if now is None else now) - int(sent)) > tolerance_seconds:
        raise NotVerified(f"the message was sent more than {tolerance_seconds} seconds ago, or one of the clocks is wrong")
    signed = f"{id}.{sent}.".encode() + body
    expected = [_signature(secret, signed) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    came = [signature.encode() for signature in signatures.split() if signature.startswith("v1,")]
    if not any(hmac.compare_digest(one, other) for one in expected for other in came):
        raise NotVerified("no signature fits: the message was changed, or signed with another secret")
    told = json.loads(body)
    return Message(
        id, told["type"], moment(told["timestamp"]), told["data"], told.get("yinuo_ids", {}), told.get("number")
    )


def _signature(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("a webhook's secret looks like whsec_...") from None
    return b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
