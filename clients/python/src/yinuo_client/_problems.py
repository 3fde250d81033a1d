"""What goes wrong."""

from __future__ import annotations


class Problem(Exception):
    """Yinuo refused: the HTTP status, a short word for programs, the sentence for people, and where the fault lies.

    `retry_after` is after how many seconds the same may be asked again, where the answer says so.
    """

    retry_after: float | None = None

    def __init__(self, status: int, code: str, sentence: str, path: str = "") -> None:
        super().__init__(f"{path}: {sentence}" if path else sentence)
        self.status, self.code, self.sentence, self.path = status, code, sentence, path


class Unreachable(Exception):
    """No usable answer came, also after trying again. What was sent may or may not have arrived: sending again is safe."""


class NotVerified(Exception):
    """A webhook's message is not Yinuo's, was changed, or is too old."""
