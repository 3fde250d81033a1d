"""What is known of a review, as plain values."""

from __future__ import annotations

from typing import NamedTuple


class ReviewRow(NamedTuple):
    """What is known of a review; moments in microseconds, None where no fact told it yet."""

    id: str
    buyer: str | None
    order: str | None
    merchant: str | None
    listing: str | None
    stars: int | None
    published_at: int | None
    hidden_at: int | None
    hidden_ground: str | None
    restored_at: int | None

    @property
    def hidden_as(self) -> str | None:
        """The ground on which the review is hidden now, or None where it is shown."""
        if self.hidden_at is None or (self.restored_at is not None and self.restored_at >= self.hidden_at):
            return None
        return self.hidden_ground
