"""What the record binds itself to: a fact's content, in two parts, so that a person's can be forgotten and the rest proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import force_setattr, replace

from yinuo.kit.facts import Fact, Kind, fact_union, kinds
from yinuo.kit.opening import inner_of
from yinuo.kit.refusals import Refusal

PERSON = "buyer"                        # the type of the subjects that are people with a right to be forgotten
NUMBERED = ("merchant", "order", "review")      # the types of the other subjects that the record counts, so that a gap shows:
# a fact that hides a review names no merchant, and would show nowhere if it were left out
ORDER_NOTE = "Evidence about one order. / 一笔订单的证据。"
RECEIPT_NOTE = "What a receipt promised, and where it stands. / 回执所承诺的事实及其所在。"
WITHHELD = "-"                          # stands in the main part for a person whom the kind cannot leave out


class Content(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a main part holds: when the fact happened, when it was recorded (microseconds), who stated it, its key, the fact.

    Where there are any: the key of the entry that it supersedes, and SHA-256 of the texts that came with it.
    """

    at: int
    recorded: int
    source: str
    key: str
    fact: Any
    supersedes: str | None = None
    texts: dict[str, str] | None = None


class Parts(NamedTuple):
    """The canonical bytes of a content's two parts, and the person that the second is about; None where there is no person."""

    main: bytes
    person: bytes | None
    who: str | None


class _Named(msgspec.Struct):
    buyer: str


class _PersonPart(msgspec.Struct):
    fact: _Named
    texts: dict[str, str] = {}


_encoder = msgspec.json.Encoder(order="sorted")
_person_decoder = msgspec.json.Decoder(_PersonPart)


@cache
def kind_of(cls: type[Fact]) -> Kind:
    """The kind that a class of facts was registered under."""
    return next(kind for kind in kinds().values() if kind.cls is cls)


@cache
def person_field(cls: type[Fact]) -> str | None:
    """The field in which facts of a class name a person, if they do."""
    found = [field for field, subject in kind_of(cls).subjects.items() if subject == PERSON]
    assert found in ([], [PERSON]), f"{cls.__name__}: a person is named once, in the field {PERSON!r}"
    return found[0] if found else None


@cache
def _numbered_fields(cls: type[Fact]) -> tuple[str, ...]:
    return tuple(sorted(field for field, subject in kind_of(cls).subjects.items() if subject in NUMBERED))


@cache
def _stand_in(cls: type[Fact]) -> str | None:
    return WITHHELD if kind_of(cls).about == PERSON else None


def parts_of(
    *, at: int, recorded: int, source: str, key: bytes, fact: Fact, supersedes: bytes | None, texts: Mapping[str, str]
) -> Parts:
    """The two parts of a content. Texts that are the person's own are bound in the person's part."""
    cls = type(fact)
    who = getattr(fact, PERSON) if person_field(cls) else None
    public, private = texts, {}
    if who is not None:
        fact = replace(fact, **{PERSON: _stand_in(cls)})
        if texts:
            owners = kind_of(cls).texts
            private = {name: digest for name, digest in texts.items() if owners[name].owner == PERSON}
            public = {name: digest for name, digest in texts.items() if name not in private}
    main = _encoder.encode(
        Content(
            at=at, recorded=recorded, source=source, key=key.hex(), fact=fact, texts=dict(public) or None,
            supersedes=None if supersedes is None else supersedes.hex(),
        )
    )
    if who is None:
        return Parts(main, None, None)
    if private:
        return Parts(main, _encoder.encode({"fact": {PERSON: who}, "texts": private}), who)
    return Parts(main, b'{"fact":{"%b":"%b"}}' % (PERSON.encode(), who.encode()), who)


def classes_bound(fact: Fact, person: bytes) -> set[str]:
    """The retention classes of the texts whose digests a person's part of a fact binds."""
    declared = kind_of(type(fact)).texts
    return {declared[name].retention for name in _person_decoder.decode(person).texts}


def without_person(waiting: bytes, person: str) -> bytes | None:
    """What waits with a pending batch, a person forgotten; None if it does not count that person."""
    every = decode_counted(waiting)
    if all(counted.person != person for counted in every):
        return None
    return encode_counted([
        Counted(counted.fields, counted.subjects, None) if counted.person == person else counted for counted in every
    ])


def names_person(raw: bytes, source_id: str) -> bool:
    """Whether a refused event names a person by their id at the source, as far as it can be read."""
    try:
        data = msgspec.json.decode(raw, type=dict[str, Any]).get("data")
    except (ValueError, RecursionError):
        return msgspec.json.encode(source_id) in raw
    return isinstance(data, dict) and data.get(PERSON) == source_id


def without_name(fact: Fact) -> Fact:
    """A fact as it reads once the person whom it names was forgotten."""
    return replace(fact, **{PERSON: _stand_in(type(fact))})


class Counted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """By whom a fact is counted: fields of its main part, the subjects in them, and the person, if it has one."""

    fields: str                         # joined by "+", in order
    subjects: list[str]
    person: str | None


_counted_encoder = msgspec.msgpack.Encoder()
_counted_decoder = msgspec.msgpack.Decoder(list[Counted])


def counted(fact: Fact) -> Counted:
    """By whom a fact will be counted."""
    fields, read = _numbered_reader(type(fact))
    subjects = read(fact)
    if None in subjects:
        named = [(field, subject) for field, subject in zip(fields.split("+"), subjects, strict=True) if subject is not None]
        fields, subjects = "+".join(field for field, _ in named), [subject for _, subject in named]
    return Counted(fields, subjects, getattr(fact, PERSON, None))


@cache
def _numbered_reader(cls: type[Fact]) -> tuple[str, Callable[[Fact], list[str]]]:
    """The numbered fields of a class of facts, joined, and what reads them."""
    fields = _numbered_fields(cls)
    if not fields:
        return "", lambda fact: []
    if len(fields) == 1:
        read_one = attrgetter(fields[0])
        return fields[0], lambda fact: [read_one(fact)]
    read_all = attrgetter(*fields)
    return "+".join(fields), lambda fact: list(read_all(fact))


def encode_counted(every: Sequence[Counted]) -> bytes:
    """What waits with a pending batch."""
    return _counted_encoder.encode(every)


def decode_counted(waiting: bytes) -> list[Counted]:
    """By whom each fact of a pending batch will be counted."""
    return _counted_decoder.decode(waiting)


def about_of(fact: Fact) -> str:
    """The subject that a fact is about; withheld if that is a person."""
    about: str = getattr(fact, fact.__struct_fields__[0])
    return WITHHELD if fact.__struct_fields__[0] == PERSON else about[:20]


@cache
def numbers_form(fields: str) -> bytes:
    """The canonical JSON of the numbers of these fields, each to be filled in."""
    return ("{" + ",".join(f'"{field}":%d' for field in fields.split("+") if field) + "}").encode()


@cache
def _content_decoder() -> msgspec.json.Decoder[Any]:
    typed = msgspec.defstruct(
        "TypedContent",
        [
            ("at", int), ("recorded", int), ("source", str), ("key", str), ("fact", fact_union()),
            ("supersedes", str | None, None), ("texts", dict[str, str] | None, None),
        ],
        frozen=True,
    )
    return msgspec.json.Decoder(typed)


def decode_content(main: bytes, who: str | None, *, withheld: bool = False) -> Any:
    """The `Content` of a main part, and of the person whom it concerns.

    None if it was about a person now forgotten, unless what is `withheld` will do.
    """
    content = _content_decoder().decode(main)
    if who is not None:
        force_setattr(content.fact, PERSON, who)
    elif not withheld and getattr(content.fact, PERSON, None) == WITHHELD:
        return None
    return content


class Altered(Refusal):
    """What the record holds is not what it bound itself to."""

    code = "altered"


class NotKept(Refusal):
    """The record does not hold what a receipt promised."""

    status = 409
    code = "not-kept"


class Lost(Altered):
    """The main part of a sealed fact is not there. Nothing lawful ever takes one away: only persons' parts are forgotten."""

    def __init__(self, seq: int) -> None:
        super().__init__(
            f"What fact {seq:,} says is missing: its opening was deleted, which nothing lawful does. "
            "`yinuo record audit` names every such place; restore them from a backup."
        )


def check_opening(seq: int, inner: bytes, salt: bytes, main: bytes) -> None:
    """Refuse a main part that is not the one that the entry was bound to when it was appended."""
    if inner_of(salt, main) != inner[:32]:
        raise Altered(f"The opening of fact {seq:,} is not what was appended: its salt or content was changed.")


def check_person_opening(seq: int, inner: bytes, salt: bytes, content: bytes, who: str) -> None:
    """Refuse a person's part that is not the one that the entry was bound to, or is filed under somebody else."""
    if inner_of(salt, content) != inner[32:]:
        raise Altered(f"The person's opening of fact {seq:,} is not what was appended: its salt or content was changed.")
    if _person_decoder.decode(content).fact.buyer != who:
        raise Altered(f"The person's opening of fact {seq:,} is filed under another person than it names.")
