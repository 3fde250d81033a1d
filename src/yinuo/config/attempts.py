"""Under what counts of attempts are kept: hashed, so that no address of a visitor stands in the database for it."""

from __future__ import annotations

import hashlib

from django.conf import settings


def hashed(key: str, key_prefix: str, version: int) -> str:
    """The keyed hash of a count's name, which has an address or a sign-in name in it."""
    return hashlib.blake2b(f"{key_prefix}:{version}:{key}".encode(), key=settings.SECRET[:64], digest_size=20).hexdigest()
