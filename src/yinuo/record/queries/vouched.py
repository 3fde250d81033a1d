"""Questions to what others vouched for: which heads witnesses have signed, and when authorities have seen them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from yinuo.kit.note_keys import Verifier
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import Refusal
from yinuo.record.models import Anchor, Checkpoint, Cosignature, TimeStamp

LOOKED_AT_MAX = 1_000       # cosignatures, newest first; a day of seven witnesses that do not answer together


class Stamp(NamedTuple):
    """A time stamp of a head: the authority's address, its answer (RFC 3161), and the time that it states."""

    authority: str
    answer: bytes
    at: datetime


def cosignatures(size: int) -> str:
    """The lines that witnesses have signed of the head of a size; empty where none has."""
    return "".join(Cosignature.objects.filter(size=size).order_by("name", "key_id").values_list("line", flat=True))


def cosigned_size(*, key: Verifier) -> int:
    """The largest head that this witness has signed as far as it is known here; 0 for none."""
    every = Cosignature.objects.filter(name=key.name, key_id=key.key_id)
    return every.order_by("-size").values_list("size", flat=True).first() or 0


def newest_witnessed(*, policy: Policy) -> tuple[int, str] | None:
    """The size and note of the newest head that witnesses have signed and the policy accepts."""
    names = {(each.key.name, each.key.key_id): name for name, each in policy.witnesses.items()}
    witnessed: dict[int, set[str]] = {}
    found = Cosignature.objects.order_by("-size").values_list("size", "name", "key_id")[:LOOKED_AT_MAX]
    for size, name, key_id in found:
        witnessed.setdefault(size, set()).add(names.get((name, bytes(key_id)), ""))
    for size in [size for size, by in witnessed.items() if policy.is_quorum(by)]:     # before any signature is computed
        note = Checkpoint.objects.values_list("note", flat=True).get(pk=size) + cosignatures(size)
        try:
            policy.accept(note)
        except Refusal:
            continue
        return size, note
    return None


def stamps_of(*, size: int) -> list[Stamp]:
    """The time stamps of the head of a size."""
    found = TimeStamp.objects.filter(size=size).order_by("authority")
    return [Stamp(each.authority, bytes(each.answer), each.at) for each in found]


def last_stamp(*, authority: str) -> tuple[int, datetime] | None:
    """The size of the largest head that an authority has stamped, and when."""
    return TimeStamp.objects.filter(authority=authority).order_by("-size").values_list("size", "at").first()


def newest_timed() -> int | None:
    """The size of the largest head that has a time stamp or an anchor; None where there is none."""
    stamped = TimeStamp.objects.order_by("-size").values_list("size", flat=True).first()
    anchored = Anchor.objects.order_by("-size").values_list("size", flat=True).first()
    return max(filter(None, (stamped, anchored)), default=None)


def anchor_of(*, size: int) -> bytes | None:
    """The OpenTimestamps proof of the head of a size, as an .ots file holds it."""
    found = Anchor.objects.filter(pk=size).values_list("proof", flat=True).first()
    return None if found is None else bytes(found)


def anchors_pending() -> list[int]:
    """The sizes of the heads whose proofs do not reach a block yet."""
    return list(Anchor.objects.filter(block=None).order_by("size").values_list("size", flat=True))


def last_anchor() -> tuple[int, datetime] | None:
    """The size of the largest head that was anchored, and when."""
    return Anchor.objects.order_by("-size").values_list("size", "at").first()
