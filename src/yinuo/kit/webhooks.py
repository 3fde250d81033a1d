"""Webhooks as the Standard Webhooks specification asks: secrets, what is signed, and the headers that carry it."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from yinuo.kit.ids import Entropy

SECRET_PREFIX = "whsec_"     # noqa: S105 - what every secret begins with, so that scanners find one that leaked
SECRET_BYTES = 32            # the specification asks for 24 to 64


def new_secret(entropy: Entropy) -> str:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(entropy(SECRET_BYTES)).decode()


def sign(secret: str, *, id: str, timestamp: int, body: bytes) -> str:
    """The signature `v1,` of a message: HMAC-SHA-256 over its id, the time of sending and the body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, f"{id}.{timestamp}.".encode() + body, "sha256")).decode()


def headers_of(secrets: Sequence[str], *, id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that a message goes with, signed by each of the secrets: two while one takes the other's place."""
    signatures = [sign(secret, id=id, timestamp=timestamp, body=body) for secret in secrets]
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}
