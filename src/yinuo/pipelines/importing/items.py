"""What reading makes of a row: an event to take, or one refused already, with the place that it came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

RANK = 1 << 40   # rows of one rule; the rule's own place stands above them


class Item(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event: its business time (microseconds), its place among equals, where it stands, its CloudEvents bytes.

    An item with a sentence is refused already; `path` says which part of it is wrong, and `id` is the event's, where the row
    told enough to make it: by it the refusal leaves the list once the row was corrected and taken in.
    """

    at: int
    place: int
    where: str
    raw: bytes
    path: str = ""
    sentence: str = ""
    id: str = ""


_encode = msgspec.json.Encoder().encode


def cloud_event(*, source: str, kind: str, id: str, time: str, data: Mapping[str, Any]) -> bytes:
    """The event as a shop would have sent it."""
    return _encode({"specversion": "1.0", "id": id, "source": source, "type": kind, "time": time, "data": data})
