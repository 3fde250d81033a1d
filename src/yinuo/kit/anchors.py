"""OpenTimestamps: a calendar promises to put a hash into Bitcoin, and later shows the way to the block. Needs the extra.

What a proof says of a block is not checked here: that takes Bitcoin's headers, which `ots verify` asks a node for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from yinuo.kit.outbound import Send, Visit
from yinuo.kit.refusals import Malformed, Refusal

REPLY_BYTES_MAX = 10_000        # as the protocol's own clients read
PROOF_BYTES_MAX = 1_000_000


class NotInstalled(Refusal):
    """The extra that this needs is not there."""

    status = 501
    code = "not-installed"


class _Ots(NamedTuple):
    """The library's modules."""

    timestamp: ModuleType
    op: ModuleType
    serialize: ModuleType
    notary: ModuleType


def anchor_digest(digest: bytes, calendars: Sequence[str], send: Send) -> tuple[bytes | None, list[Visit]]:
    """The proof that calendars give for a SHA-256 digest, as an .ots file holds it, and how it went with each."""
    ots = _library()
    whole, visits = ots.timestamp.Timestamp(digest), []
    for calendar in calendars:
        def ask(url: str = calendar) -> None:
            reply = send(f"{url.rstrip('/')}/digest", body=digest, bytes_max=REPLY_BYTES_MAX)
            whole.merge(_answered(ots, reply.status, reply.body, digest))

        visits.append(_visit(calendar, ask, "promised to anchor it."))
    if not any(visit.good for visit in visits):
        return None, visits
    return _write(ots, ots.timestamp.DetachedTimestampFile(ots.op.OpSHA256(), whole)), visits


def upgrade(proof: bytes, calendars: Collection[str], send: Send) -> tuple[bytes, list[Visit]]:
    """The proof with what its calendars can add to it by now. Only calendars that are named here are asked."""
    ots, visits = _library(), []
    detached = _read(ots, proof)
    known = {calendar.rstrip("/") for calendar in calendars}
    for stamp in list(_pending(ots, detached.timestamp)):
        for calendar in sorted({each.uri.rstrip("/") for each in stamp.attestations if hasattr(each, "uri")} & known):
            def ask(url: str = calendar, stamp: Any = stamp) -> None:
                reply = send(f"{url}/timestamp/{stamp.msg.hex()}", bytes_max=REPLY_BYTES_MAX)
                stamp.merge(_answered(ots, reply.status, reply.body, stamp.msg))

            visits.append(_visit(calendar, ask, "answered with what it has."))
    return _write(ots, detached), visits


def digest_of(proof: bytes) -> bytes:
    """The digest that a proof is about."""
    return bytes(_read(_library(), proof).timestamp.msg)


def block_of(proof: bytes) -> int | None:
    """The lowest height of a block of Bitcoin that the proof names; None while it is only promised."""
    ots = _library()
    block = ots.notary.BitcoinBlockHeaderAttestation
    heights = [each.height for _, each in _read(ots, proof).timestamp.all_attestations() if isinstance(each, block)]
    return min(heights, default=None)


def _library() -> _Ots:
    try:
        from opentimestamps.core import notary, op, serialize, timestamp  # noqa: PLC0415 - an extra
    except ImportError:
        raise NotInstalled(
            "OpenTimestamps is not installed; it comes with the extra: pip install 'yinuo[opentimestamps]'."
        ) from None
    return _Ots(timestamp, op, serialize, notary)


def _visit(calendar: str, ask: Callable[[], None], told: str) -> Visit:
    try:
        ask()
    except Refusal as refusal:
        return Visit(calendar, False, refusal.sentence)
    return Visit(calendar, True, told)


def _pending(ots: _Ots, stamp: Any) -> list[Any]:
    """The places of a proof at which calendars have only promised, where no block stands below."""
    block = ots.notary.BitcoinBlockHeaderAttestation
    if any(isinstance(each, block) for _, each in stamp.all_attestations()):
        return []
    own = [stamp] if any(isinstance(each, ots.notary.PendingAttestation) for each in stamp.attestations) else []
    return own + [found for below in stamp.ops.values() for found in _pending(ots, below)]


def _answered(ots: _Ots, status: int, body: bytes, message: bytes) -> Any:
    if status != 200:
        raise Malformed("has nothing new yet." if status == 404 else f"answered {status}.")
    try:
        context = ots.serialize.BytesDeserializationContext(body)
        found = ots.timestamp.Timestamp.deserialize(context, message)
        context.assert_eof()
    except (ots.serialize.DeserializationError, ValueError, OverflowError) as error:
        raise Malformed(f"answered what is no proof: {str(error)[:200]}") from None
    return found


def _read(ots: _Ots, proof: bytes) -> Any:
    if len(proof) > PROOF_BYTES_MAX:
        raise Malformed("A proof of OpenTimestamps as large as this is not read.")
    try:
        return ots.timestamp.DetachedTimestampFile.deserialize(ots.serialize.BytesDeserializationContext(proof))
    except (ots.serialize.DeserializationError, ValueError, OverflowError) as error:
        raise Malformed(f"This is not a proof of OpenTimestamps: {str(error)[:200]}") from None


def _write(ots: _Ots, detached: Any) -> bytes:
    context = ots.serialize.BytesSerializationContext()
    detached.serialize(context)
    return bytes(context.getbytes())
