"""Refusals: the one way in which anything below the entrances says no.

A refusal is a class with a status and a sentence. One handler turns it into an HTTP problem, one into a page's message and
one into an exit code, so that a person meets the same words at every entrance.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A request that cannot be granted, with the reason in one sentence a person can act on."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    retry_after: ClassVar[int | None] = None    # seconds, where the same request may be granted later

    def __init__(self, sentence: str, *, path: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.path = path

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}" if self.path else self.sentence


class Malformed(Refusal):
    """The input does not have the promised form."""

    status = 422
    code = "malformed"


class NotAllowed(Refusal):
    """The actor may not do this."""

    status = 403
    code = "not-allowed"


class NotFound(Refusal):
    """The thing asked for does not exist, or not for this viewer."""

    status = 404
    code = "not-found"


class Conflict(Refusal):
    """The same identity was used before, for something else."""

    status = 409
    code = "conflict"


class TooLarge(Refusal):
    """The input is larger than one request may be."""

    status = 413
    code = "too-large"


class Unauthenticated(Refusal):
    """No key, or a key that is unknown, expired or revoked."""

    status = 401
    code = "unauthenticated"


class TooSlow(Refusal):
    """The input did not arrive in time."""

    status = 408
    code = "too-slow"


class TooMany(Refusal):
    """So much of this waits already that no more is taken until somebody has looked at it."""

    status = 429
    code = "too-many"


class Busy(Refusal):
    """Others held what this needs for too long; nothing was done, and the same request may be sent again."""

    status = 503
    code = "busy"
    retry_after = 5
