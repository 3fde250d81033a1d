"""Questions of whoever looks at the record from outside: how large it is, what is signed of it, and who vouched for what.

Each is one query, however large the record has grown. Nothing here tells what a fact says, of what kind it is, or about whom.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import F, Min, Subquery, Sum

from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.moments import from_micros
from yinuo.kit.notes import parse_note
from yinuo.kit.policies import Policy
from yinuo.record.models import Anchor, Checkpoint, Cosignature, Head, Pending, TimeStamp
from yinuo.record.queries.vouched import LOOKED_AT_MAX

STAMPS_LOOKED_AT_MAX = 100      # newest first: hourly stamps of some authorities go back more than a day
ANCHORS_LOOKED_AT_MAX = 30      # one a day


class Sizes(NamedTuple):
    """How many facts are sealed, and over how many of them the newest signed head stands (0 where nothing was signed)."""

    sealed: int
    signed: int


class SignedHead(NamedTuple):
    """A head of the tree as it was signed: its size and root, and when that was."""

    size: int
    root: bytes
    at: datetime


class Waiting(NamedTuple):
    """How many facts wait to be sealed, and since when the oldest does (None where none waits)."""

    facts: int
    since: datetime | None


class Seen(NamedTuple):
    """The newest head that somebody vouched for: its size, and when they saw it."""

    size: int
    at: datetime


class Witnessed(NamedTuple):
    """What each witness of a policy signed last (None where nothing of theirs was found), and the size enough have signed.

    `is_whole` says whether all signatures were looked at; otherwise only the newest, and a witness may have signed before.
    """

    by: dict[str, Seen | None]
    enough: int | None
    is_whole: bool


class Anchored(NamedTuple):
    """The newest head whose proof reaches a block of Bitcoin, with the block's height; and the newest that is only promised."""

    in_block: tuple[Seen, int] | None
    promised: Seen | None


def sizes() -> Sizes:
    """How far the record is sealed and signed."""
    signed = Subquery(Checkpoint.objects.order_by("-size").values("size")[:1])
    found = Head.objects.filter(pk=1).values_list("size", signed).first()
    return Sizes(0, 0) if found is None else Sizes(found[0], found[1] or 0)


def newest_head() -> SignedHead | None:
    """The newest head that was signed; None where none was yet."""
    found = Checkpoint.objects.order_by("-size").values_list("note", "at").first()
    return None if found is None else _head(*found)


def head_over(*, number: int) -> SignedHead | None:
    """The oldest signed head kept that stands over the fact of that number: since then it can be proved."""
    found = Checkpoint.objects.filter(size__gt=number).order_by("size").values_list("note", "at").first()
    return None if found is None else _head(*found)


def started_at() -> datetime | None:
    """When the first head was signed; None where none was yet."""
    return Checkpoint.objects.order_by("size").values_list("at", flat=True).first()


def waiting() -> Waiting:
    """The facts that were taken in and have no number yet."""
    found = Pending.objects.aggregate(facts=Sum(F("last") - F("first") + 1), oldest=Min("at"))
    return Waiting(found["facts"] or 0, None if found["oldest"] is None else from_micros(found["oldest"]))


def witnessed(*, policy: Policy) -> Witnessed:
    """What the witnesses of a policy have signed, as far back as the newest signatures reach.

    Each was checked when it was kept. Whoever relies on them checks again, by the note at `/api/log/witnessed`.
    """
    names = {(each.key.name, each.key.key_id): name for name, each in policy.witnesses.items()}
    by: dict[str, Seen | None] = dict.fromkeys(policy.witnesses)
    signers: dict[int, set[str]] = {}
    found = Cosignature.objects.order_by("-size").values_list("size", "name", "key_id", "at")[:LOOKED_AT_MAX]
    rows = list(found)
    for size, key_name, key_id, at in rows:
        name = names.get((key_name, bytes(key_id)))
        if name is not None:
            by[name] = by[name] or Seen(size, at)
            signers.setdefault(size, set()).add(name)
    enough = next((size for size, signed in signers.items() if policy.is_quorum(signed)), None)
    return Witnessed(by, enough, len(rows) < LOOKED_AT_MAX)


def stamped() -> dict[str, Seen]:
    """The newest stamp of each authority whose address is among the newest stamps."""
    found: dict[str, Seen] = {}
    newest = TimeStamp.objects.order_by("-size").values_list("authority", "size", "at")[:STAMPS_LOOKED_AT_MAX]
    for authority, size, at in newest:
        found.setdefault(authority, Seen(size, at))
    return found


def anchored() -> Anchored:
    """How far the record is anchored. Nobody here checks the block; the proof names it."""
    rows = list(Anchor.objects.order_by("-size").values_list("size", "at", "block")[:ANCHORS_LOOKED_AT_MAX])
    in_block = next(((Seen(size, at), block) for size, at, block in rows if block is not None), None)
    promised = next((Seen(size, at) for size, at, block in rows if block is None), None)
    return Anchored(in_block, promised)


def _head(note: str, at: datetime) -> SignedHead:
    checkpoint = parse_checkpoint(parse_note(note).text)
    return SignedHead(checkpoint.size, checkpoint.root, at)
