"""Decisions of the record on plain values: permissions, reading events, content and commitments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, Literal

import msgspec

from yinuo.kit.facts import SOURCE_ID_LENGTH_MAX, Fact, Kind, fact_union, kind_named
from yinuo.kit.moments import MICROS_PER_MINUTE, to_micros
from yinuo.kit.money import digits_of
from yinuo.kit.realm import OWN_SOURCE
from yinuo.kit.refusals import Conflict, Malformed, Refusal

PERMISSIONS = {
    "record.state_facts": frozenset({"source", "system"}),
    "record.seal": frozenset({"system"}),
    "record.make_key": frozenset({"system"}),
    "record.see_refused": frozenset({"steward", "system"}),
    "record.replay_refused": frozenset({"steward", "system"}),
}

BATCH_MAX = 10_000             # facts in one transaction
EVENT_BYTES_MAX = 65_536
CLOCK_SKEW_MINUTES_MAX = 10    # how far a source's clock may run ahead of ours
SALT_BYTES = 32
COMMITMENT_TAG = b"yinuo/commit/v1"
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,63}$")


class CloudEvent(msgspec.Struct, kw_only=True):
    """A CloudEvents 1.0 event in its JSON form; `data` stays raw until its kind is known."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str
    time: datetime
    data: msgspec.Raw
    datacontenttype: str = "application/json"
    supersedes: str | None = None


class Incoming(msgspec.Struct, frozen=True):
    """An event that was understood: its id at the source, kind, business time, decoded data and the id it supersedes."""

    id: str
    kind: Kind
    at: int
    wire: msgspec.Struct
    supersedes: str | None
    raw: bytes = b""


class Refused(msgspec.Struct, frozen=True):
    """An event that was not understood or not accepted: its place in the batch, where the fault lies and what it is."""

    index: int
    id: str
    path: str
    sentence: str
    raw: bytes


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What an opening holds: when the fact happened, when it was recorded (microseconds), who stated it, the fact."""

    at: int
    recorded: int
    source: str
    fact: Any


_event_decoder = msgspec.json.Decoder(CloudEvent)
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_content_encoder = msgspec.json.Encoder(order="sorted")


@cache
def _data_decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind_named(kind).wire)


@cache
def _content_decoder() -> msgspec.json.Decoder[Any]:
    typed = msgspec.defstruct(
        "TypedContent", [("at", int), ("recorded", int), ("source", str), ("fact", fact_union())], frozen=True
    )
    return msgspec.json.Decoder(typed)


def encode_content(*, at: int, recorded: int, source: str, fact: Fact) -> bytes:
    """The canonical bytes of a fact: JSON with sorted keys, no spaces, integers and short strings only (RFC 8785)."""
    return _content_encoder.encode(Content(at=at, recorded=recorded, source=source, fact=fact))


def decode_content(content: bytes) -> Any:
    """The `Content` whose canonical bytes these are."""
    return _content_decoder().decode(content)


def commitment_of(salt: bytes, content: bytes) -> bytes:
    """The 32 bytes that bind the record to a content without showing it."""
    return hashlib.sha256(COMMITMENT_TAG + salt + content).digest()


def check_source(source: str) -> str:
    """Return the source's name if a shop may use it; refuse otherwise."""
    if not _SOURCE.match(source):
        raise Malformed(f"{source!r} is not a source name: lower-case letters, digits, '.', '_' and '-', at most 64.")
    if source == OWN_SOURCE:
        raise Conflict(f"The source name {OWN_SOURCE!r} is kept for Yinuo itself.")
    return source


def split_batch(body: bytes) -> list[bytes]:
    """The events of a JSON batch as raw bytes, each still to be read on its own."""
    try:
        return [bytes(raw) for raw in _batch_decoder.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"The batch is not a JSON array of events: {error}") from None


def read_events(raws: Iterable[bytes], *, source: str, now: datetime) -> tuple[list[Incoming], list[Refused]]:
    """Read each event alone: those understood, and those refused with a path and a sentence."""
    good: list[Incoming] = []
    refused: list[Refused] = []
    latest = to_micros(now) + CLOCK_SKEW_MINUTES_MAX * MICROS_PER_MINUTE
    for index, raw in enumerate(raws):
        try:
            good.append(_read_event(raw, source, latest))
        except Refusal as refusal:
            refused.append(Refused(index, _id_in(raw), refusal.path, refusal.sentence, raw))
    return good, refused


def _read_event(raw: bytes, source: str, latest: int) -> Incoming:
    if len(raw) > EVENT_BYTES_MAX:
        raise Malformed(f"The event has {len(raw):,} bytes; at most {EVENT_BYTES_MAX:,} are taken.")
    try:
        event = _event_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(error, "") from None
    if event.source.strip("/") != source:
        raise Malformed(f"The source is {event.source!r}, but this key belongs to {source!r}.", path="source")
    if event.time.tzinfo is None:
        raise Malformed("The time has no zone; write it like 2026-01-31T12:00:00Z.", path="time")
    kind = kind_named(event.type)
    try:
        wire = _data_decoder(event.type).decode(event.data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _malformed(error, "data") from None
    return understood(
        id=event.id, kind=kind, at=to_micros(event.time), wire=wire, supersedes=event.supersedes, raw=raw, latest=latest
    )


def understood(
    *, id: str, kind: Kind, at: int, wire: msgspec.Struct, supersedes: str | None, raw: bytes, latest: int
) -> Incoming:
    """The incoming event of decoded parts, after the checks that a type cannot express."""
    if not 0 < len(id) <= SOURCE_ID_LENGTH_MAX:
        raise Malformed(f"The id must have 1 to {SOURCE_ID_LENGTH_MAX} characters.", path="id")
    if not kind.external:
        raise Malformed(f"{kind.name} is stated by Yinuo itself, not by a shop.", path="type")
    if at > latest:
        raise Malformed("The time lies in the future.", path="time")
    if at < 0:
        raise Malformed("The time lies before 1970.", path="time")
    for name in kind.currencies:
        if (currency := getattr(wire, name)) is not None:
            _check_currency(currency, name)
    return Incoming(id, kind, at, wire, supersedes, raw)


@cache
def _check_currency(currency: str, name: str) -> None:
    try:
        digits_of(currency)
    except Malformed as refusal:
        raise Malformed(refusal.sentence, path=f"data.{name}") from None


def _malformed(error: Exception, prefix: str) -> Malformed:
    """Turn msgspec's 'Expected `int`, got `float` - at `$.amount`' into a path and a sentence."""
    sentence, _, place = str(error).partition(" - at `$")
    path = ".".join(part for part in (prefix, place.rstrip("`").lstrip(".")) if part)
    return Malformed(sentence.rstrip(".") + ".", path=path)


def _id_in(raw: bytes) -> str:
    """The event's id where it can still be read, so that a refusal can be matched."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("id", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return found[:SOURCE_ID_LENGTH_MAX] if isinstance(found, str) else ""
