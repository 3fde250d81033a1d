"""Reading events: CloudEvents as shops send them, each understood or refused alone, with a path and a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union

import msgspec
from msgspec import Meta

from yinuo.kit.facts import SAFE_INTEGER_MAX, SOURCE_ID_LENGTH_MAX, Kind, kind_named, kinds
from yinuo.kit.moments import MICROS_PER_MINUTE, to_micros
from yinuo.kit.money import digits_of
from yinuo.kit.realm import OWN_SOURCE
from yinuo.kit.refusals import Conflict, Malformed, Refusal, TooLarge
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules.faults import malformed

BATCH_MAX = 10_000             # facts in one transaction
EVENT_BYTES_MAX = 65_536
COMMAS_MAX = 100 * BATCH_MAX   # in one body; more would be millions of values, that fill the memory before they are counted
CLOCK_SKEW_MINUTES_MAX = 10    # how far a source's clock may run ahead of ours
CONTENT_TYPES = {
    "application/cloudevents+json": (b"{",),
    "application/cloudevents-batch+json": (b"[",),
    "application/json": (b"{", b"["),
}
_ZERO = b"\\u0000"              # how JSON writes the character NUL
_HALF_PAIR = re.compile(
    rb"(?<!\\)(?:\\\\)*(\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
# A string runs to its closing quote or to the end: an open one must not be tried again from every quote within it.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_CLOSING = {b"[": b"]", b"{": b"}"}
Piece = TypeVar("Piece")
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


_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What reading hostile JSON may end in: broken form, broken UTF-8, numbers too long, nesting too deep."""

_event_decoder = msgspec.json.Decoder(CloudEvent)
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])


@cache
def _data_decoder(kind: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind_named(kind).wire)


def check_source(source: str) -> str:
    """Return the source's name if a shop may use it; refuse otherwise."""
    if not _SOURCE.match(source):
        raise Malformed(f"{source!r} is not a source name: lower-case letters, digits, '.', '_' and '-', at most 64.")
    if source == OWN_SOURCE:
        raise Conflict(f"The source name {OWN_SOURCE!r} is kept for Yinuo itself.")
    return source


def split_batch(body: bytes) -> list[bytes]:
    """The events of a JSON array as raw bytes, at most 10,000, each still to be read on its own."""
    if (commas := body.count(b",")) > COMMAS_MAX:
        raise TooLarge(f"The body has {commas:,} commas, more than {BATCH_MAX:,} events need. Send smaller batches.")
    try:
        return [bytes(raw) for raw in _few(_batch_decoder.decode(body))]
    except _UNREADABLE as error:
        if (pieces := _split_by_brackets(body)) is not None:
            return _few(pieces)
        raise Malformed(f"The batch is not a JSON array of events: {error}.") from None


def _few(pieces: list[Piece]) -> list[Piece]:
    if len(pieces) > BATCH_MAX:
        raise TooLarge(f"{len(pieces):,} events came; at most {BATCH_MAX:,} are taken at once. Send smaller batches.")
    return pieces


def _split_by_brackets(body: bytes) -> list[bytes] | None:
    """The elements of an array whose brackets match, whatever they hold: one hostile value must not take the others down."""
    pieces: list[bytes] = []
    open_brackets: list[bytes] = []
    start = body.find(b"[") + 1
    for token in _TOKEN.finditer(body):
        mark = token[0]
        if mark in _CLOSING:
            open_brackets.append(_CLOSING[mark])
        elif mark in (b"]", b"}"):
            if not open_brackets or open_brackets.pop() != mark:
                return None
            if not open_brackets:
                pieces.append(body[start : token.start()].strip())
                return None if body[token.end() :].strip() else pieces
        elif mark == b"," and len(open_brackets) == 1:
            pieces.append(body[start : token.start()].strip())
            start = token.end()
    return None


def split_body(body: bytes, content_type: str) -> list[bytes]:
    """The events of a request's body: one event or an array of them, as the content type says."""
    if content_type not in CONTENT_TYPES:
        raise Malformed(
            f"{content_type!r} is not taken here; send {', '.join(CONTENT_TYPES)}.", path="Content-Type"
        )
    start = body.lstrip()[:1]
    if start not in CONTENT_TYPES[content_type]:
        wanted = " or ".join("an array of events" if mark == b"[" else "one event" for mark in CONTENT_TYPES[content_type])
        raise Malformed(f"The body must be JSON: {wanted}.")
    if start == b"[":
        return split_batch(body)
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except _UNREADABLE as error:
        raise Malformed(f"The event is not JSON: {error}.") from None
    return [body.strip()]


def read_events(raws: Iterable[bytes], *, source: str, now: datetime) -> tuple[list[Incoming], list[Refused]]:
    """Read each event alone: those understood, and those refused with a path and a sentence."""
    good: list[Incoming] = []
    refused: list[Refused] = []
    latest = to_micros(now) + CLOCK_SKEW_MINUTES_MAX * MICROS_PER_MINUTE
    decode = _whole_decoder().decode
    kinds_of = _kinds_of_events()
    for index, raw in enumerate(raws):
        try:
            event = decode(raw)
            if event.source != source or _ZERO in raw or len(raw) > EVENT_BYTES_MAX:
                good.append(_read_event(raw, source, latest))
            else:
                good.append(
                    understood(
                        id=event.id, kind=kinds_of[type(event)], at=to_micros(event.time), wire=event.data,
                        supersedes=event.supersedes, raw=raw, latest=latest,
                    )
                )
        except Refusal as refusal:
            refused.append(Refused(index, _id_in(raw), refusal.path, refusal.sentence, raw))
        except _UNREADABLE:
            _read_slowly(index, raw, source, latest, good, refused)
    return good, refused


@cache
def _kinds_of_events() -> dict[type, Kind]:
    """Every kind by the class of its whole events, which one decoder reads in one go."""
    return {
        msgspec.defstruct(
            kind.cls.__name__ + "Event",
            [
                ("specversion", Literal["1.0"]),
                ("id", str),
                ("source", str),
                ("time", Annotated[datetime, Meta(tz=True)]),
                ("data", kind.wire),
                ("datacontenttype", Literal["application/json"], "application/json"),
                ("supersedes", str | None, None),
            ],
            kw_only=True,
            tag_field="type",
            tag=kind.name,
        ): kind
        for kind in kinds().values()
        if kind.external
    }


@cache
def _whole_decoder() -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Union[tuple(_kinds_of_events())])  # noqa: UP007 - made from a list, not written out


def _read_slowly(
    index: int, raw: bytes, source: str, latest: int, good: list[Incoming], refused: list[Refused]
) -> None:
    """Read an event step by step, to say what is wrong with it and where."""
    try:
        good.append(_read_event(raw, source, latest))
    except Refusal as refusal:
        refused.append(Refused(index, _id_in(raw), refusal.path, refusal.sentence, raw))


def _read_event(raw: bytes, source: str, latest: int) -> Incoming:
    if len(raw) > EVENT_BYTES_MAX:
        raise Malformed(f"The event has {len(raw):,} bytes; at most {EVENT_BYTES_MAX:,} are taken.")
    if half := _HALF_PAIR.search(raw):
        raise Malformed(f"The text holds {half[1].decode()}, half of a surrogate pair and no character.")
    event = _decoded(_event_decoder, raw, "")
    if event.source.strip("/") != source:
        raise Malformed(f"The source is {event.source[:80]!r}, but this key belongs to {source!r}.", path="source")
    if event.time.tzinfo is None:
        raise Malformed("The time has no zone; write it like 2026-01-31T12:00:00Z.", path="time")
    if event.datacontenttype.partition(";")[0].strip() != "application/json":
        raise Malformed("The data must be application/json.", path="datacontenttype")
    kind = kind_named(event.type)
    if not kind.external:
        raise Malformed(f"{kind.name} is stated by Yinuo itself, not by a shop.", path="type")
    wire = _decoded(_data_decoder(event.type), event.data, "data")
    for path, value in [("id", event.id), ("supersedes", event.supersedes), *_strings_of(wire)]:
        if value and "\0" in value:
            raise Malformed("The text holds the character NUL (\\u0000), which no database keeps.", path=path)
    return understood(
        id=event.id, kind=kind, at=to_micros(event.time), wire=wire, supersedes=event.supersedes, raw=raw, latest=latest
    )


def _decoded(decoder: msgspec.json.Decoder[Any], raw: Any, prefix: str) -> Any:
    try:
        return decoder.decode(raw)
    except RecursionError:
        raise Malformed("The event is nested too deep.", path=prefix) from None
    except _UNREADABLE as error:
        raise malformed(error, prefix) from None


def _strings_of(wire: msgspec.Struct) -> list[tuple[str, str]]:
    values = ((name, getattr(wire, name)) for name in wire.__struct_fields__)
    return [(f"data.{name}", value) for name, value in values if isinstance(value, str)]


def understood(
    *, id: str, kind: Kind, at: int, wire: msgspec.Struct, supersedes: str | None, raw: bytes, latest: int
) -> Incoming:
    """The incoming event of decoded parts, after the checks that a type cannot express."""
    if not 0 < len(id) <= SOURCE_ID_LENGTH_MAX:
        raise Malformed(f"The id must have 1 to {SOURCE_ID_LENGTH_MAX} characters.", path="id")
    if not kind.external:
        raise Malformed(f"{kind.name} is stated by Yinuo itself, not by a shop.", path="type")
    if not 0 <= at <= latest:
        raise Malformed("The time lies in the future." if at > 0 else "The time lies before 1970.", path="time")
    if supersedes is not None:
        _check_supersedes(supersedes, id, kind)
    for name in kind.moments:
        if (moment := getattr(wire, name)) is not None and not 0 <= to_micros(moment) <= SAFE_INTEGER_MAX:
            raise Malformed("The time must lie between 1970 and 2255.", path=f"data.{name}")
    for name in kind.currencies:
        if (currency := getattr(wire, name)) is not None:
            _check_currency(currency, name)
    if kind.check is not None:
        kind.check(wire)
    return Incoming(id, kind, at, wire, supersedes, raw)


def _check_supersedes(supersedes: str, id: str, kind: Kind) -> None:
    if not 0 < len(supersedes) <= SOURCE_ID_LENGTH_MAX:
        raise Malformed(f"It must have 1 to {SOURCE_ID_LENGTH_MAX} characters.", path="supersedes")
    if supersedes == id:
        raise Malformed("An event cannot supersede itself.", path="supersedes")
    if kind.cls is FactWithdrawn:
        raise Malformed("A withdrawal names the event it takes back in its data; it supersedes nothing.", path="supersedes")


@cache
def _check_currency(currency: str, name: str) -> None:
    try:
        digits_of(currency)
    except Malformed as refusal:
        raise Malformed(refusal.sentence, path=f"data.{name}") from None


def _id_in(raw: bytes) -> str:
    """The event's id where it can still be read, so that a refusal can be matched."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("id", "")
    except _UNREADABLE:
        return ""
    return found[:SOURCE_ID_LENGTH_MAX].replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(found, str) else ""


def type_in(raw: bytes) -> str | None:
    """The kind of a refused event, where one that there is can still be read."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, Any]).get("type")
    except _UNREADABLE:
        return None
    return found if isinstance(found, str) and found in kinds() else None
