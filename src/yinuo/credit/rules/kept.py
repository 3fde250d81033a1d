"""What is kept of scorecards and runs, read back: refused, by name, where it is not what it bound itself to."""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

import msgspec

from yinuo.credit.rules.bands import BANDS
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.scorecard import Card
from yinuo.credit.rules.tables import BINS_EACH_SIDE
from yinuo.kit import merkle
from yinuo.kit.refusals import Refusal

ZLIB_LEVEL = 1


class Altered(Refusal):
    """What is kept is not what was put there."""

    status = 409
    code = "altered"


def body_of(card: Card) -> dict[str, Any]:
    """The card as stored: itself, and its tables spelt out for readers."""
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(card))
    body["minimum_outcomes"] = card.outcomes_min
    body["bands"] = [{"band": band.key, "lowest": band.lowest} for band in BANDS]
    for feature in body["features"]:
        steps = range(-BINS_EACH_SIDE, BINS_EACH_SIDE + 1)
        feature["bins"] = [
            {"upto": None if step == BINS_EACH_SIDE else round(1000 * 2 ** ((step + 0.5) / 4)), "points": points}
            for step, points in zip(steps, feature["points"], strict=True)
        ]
    return body


def card_in(*, name: str, digest: str, body: Any) -> Card:
    """The scorecard in its stored body; refuses one whose content or name is not that of its digest."""
    try:
        card = msgspec.convert(body, Card)
    except (msgspec.ValidationError, ValueError):
        raise Altered(f"The scorecard {name!r} cannot be read: what is kept of it was changed.") from None
    if card.digest() != digest or card.name != name:
        raise Altered(f"The scorecard {name!r} does not fit its digest: what is kept of it was changed.")
    return card


def packed(content: bytes) -> bytes:
    """What a run's proof keeps of this."""
    return zlib.compress(content, ZLIB_LEVEL)


def climate_in(kept: bytes, *, run: str, digest: str) -> bytes:
    """The canonical JSON of a run's climate; refuses another one than the run committed to."""
    climate = _unpacked(kept)
    if climate is None or hashlib.sha256(climate).hexdigest() != digest:
        raise Altered(f"The climate kept of run {run} is not the one that it committed to: it was changed.")
    return climate


def leaves_in(kept: bytes, *, run: str, root: str) -> list[bytes]:
    """The leaf of every standing of a run, by merchant; refuses others than the run committed to."""
    lines = _unpacked(kept)
    leaves = lines.split(b"\n") if lines else []
    if lines is None or merkle.root(leaves).hex() != root:
        raise Altered(f"The leaves kept of run {run} do not lead to the root over its standings: they were changed.")
    return leaves


def leaf_in(leaf: bytes) -> Leaf:
    """The standing in a leaf that a run committed to."""
    return msgspec.json.decode(leaf, type=Leaf)


def _unpacked(kept: bytes) -> bytes | None:
    """What was packed; None where it cannot be unpacked."""
    try:
        return zlib.decompress(kept)
    except zlib.error:
        return None
