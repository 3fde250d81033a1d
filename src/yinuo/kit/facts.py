"""Facts: one thing that happened, in the past tense; and the registry of every kind there is.

A domain states its facts in `events.py` as frozen classes. Their fields are integers, short codes, and the ids of subjects;
a float, free text or a name is refused when the class is made, because the record would keep it for ever and no two engines
would agree on it. Text that comes with an event (a name, a review's words) is declared beside the class and goes to the vault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar, Union, get_type_hints

import msgspec
from msgspec import Meta
from msgspec import inspect as shapes

from yinuo.kit.moments import to_micros
from yinuo.kit.refusals import Malformed

SAFE_INTEGER_MAX = 2**53 - 1   # what JSON readers everywhere keep exactly
SOURCE_ID_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 10_000


def _subject(kind: str) -> Meta:
    return Meta(min_length=1, max_length=SOURCE_ID_LENGTH_MAX, extra={"subject": kind})


BuyerId = Annotated[str, _subject("buyer")]
MerchantId = Annotated[str, _subject("merchant")]
ShopId = Annotated[str, _subject("shop")]
ListingId = Annotated[str, _subject("listing")]
BasketId = Annotated[str, _subject("basket")]
OrderId = Annotated[str, _subject("order")]
RefundId = Annotated[str, _subject("refund")]
ShipmentId = Annotated[str, _subject("shipment")]
DisruptionId = Annotated[str, _subject("disruption")]
ReviewId = Annotated[str, _subject("review")]
ComplaintId = Annotated[str, _subject("complaint")]
FindingId = Annotated[str, _subject("finding")]
RatingId = Annotated[str, _subject("rating")]
RunId = Annotated[str, _subject("run")]
DecisionId = Annotated[str, _subject("decision")]
ContestId = Annotated[str, _subject("contest")]
AppealId = Annotated[str, _subject("appeal")]
RoomId = Annotated[str, _subject("room")]

SUBJECT_PREFIXES: Mapping[str, str] = {
    "buyer": "b", "merchant": "m", "shop": "h", "listing": "l", "basket": "k", "order": "o", "refund": "f",
    "shipment": "s", "disruption": "d", "review": "r", "complaint": "c", "finding": "g", "rating": "e", "run": "n",
    "decision": "j", "contest": "t", "appeal": "p", "room": "q",
}

Code = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_./:>-]{0,39}$")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{32,64}$")]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Minor = Annotated[int, Meta(ge=0, le=SAFE_INTEGER_MAX)]
Moment = Annotated[int, Meta(ge=0, le=SAFE_INTEGER_MAX, extra={"moment": True})]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", extra={"currency": True})]


_WireMoment = Annotated[datetime, Meta(tz=True)]


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", forbid_unknown_fields=True):
    """One thing that happened. Its first field names the subject that it is about."""


class Recorded(msgspec.Struct, frozen=True):
    """A fact as the record keeps it: its number, when it happened and was recorded (microseconds), and who stated it."""

    seq: int
    at: int
    recorded: int
    source: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Text:
    """Words that come with an event: whose they are (a subject field of the fact) and how long they may be kept.

    `once`, where the kind is stated once: then the first fact's words stand, as what it says does, until it is replaced.
    """

    owner: str
    retention: Literal["profile", "content", "transaction"]
    once: bool = False


Check = Callable[[Any], None]
"""Raises `Malformed` where a decoded event's fields do not fit each other, which no type can say."""


@dataclass(frozen=True)
class Kind:
    """What the registry knows of one kind of fact."""

    name: str
    cls: type[Fact]
    about: str
    subjects: Mapping[str, str]
    moments: frozenset[str]
    currencies: frozenset[str]
    texts: Mapping[str, Text]
    fingerprints: frozenset[str]
    wire: type[msgspec.Struct]
    columns: Mapping[str, Literal["int", "text"]]
    external: bool
    check: Check | None

    def names_in(self, wire: msgspec.Struct) -> tuple[tuple[str, str], ...]:
        """The subjects that a decoded event of this kind names, as (type, id at the source)."""
        return _names_reader(self.name)(wire)

    @property
    def domain(self) -> str:
        """The domain that states it."""
        return self.name.partition(".")[0]

    @property
    def sentence(self) -> str:
        """The first line of its docstring."""
        return (self.cls.__doc__ or "").strip().partition("\n")[0]


_kinds: dict[str, Kind] = {}
FactClass = TypeVar("FactClass", bound=type[Fact])


def fact(
    *, texts: Mapping[str, Text] | None = None, fingerprints: Iterable[str] = (), external: bool = True,
    check: Check | None = None,
) -> Callable[[FactClass], FactClass]:
    """Register a class of facts under the kind given as its `tag`.

    `texts` and `fingerprints` arrive with the event but are not part of the fact: they go to the vault. A kind that is not
    `external` is stated by Yinuo itself and refused from a shop. An event that `check` raises for is refused.
    """

    def register(cls: FactClass) -> FactClass:
        kind = _kind_of(cls, dict(texts or {}), frozenset(fingerprints), external, check)
        if kind.name in _kinds:
            raise TypeError(f"the kind {kind.name!r} is declared twice")
        _kinds[kind.name] = kind
        return cls

    return register


def kinds() -> dict[str, Kind]:
    """Every kind registered so far, by name."""
    return dict(_kinds)


def kind_named(name: str) -> Kind:
    """The kind of that name; refuses an unknown one."""
    try:
        return _kinds[name]
    except KeyError:
        sentence = f"{name!r} is not a kind of fact; GET /api/facts/kinds and docs/reference/facts.md list them."
        raise Malformed(sentence, path="type") from None


@cache
def fact_union() -> Any:
    """The union of every kind, for one decoder that reads them all. Ask only once all domains are imported."""
    return Union[tuple(kind.cls for kind in _kinds.values())]  # noqa: UP007 - made from a list, not written out


def to_fact(kind: Kind, wire: msgspec.Struct, surrogates: Mapping[tuple[str, str], str]) -> Fact:
    """The fact of a decoded event: subjects replaced by surrogates, moments by microseconds."""
    return _fact_maker(kind.name)(wire, surrogates)


@cache
def _fact_maker(name: str) -> Callable[[msgspec.Struct, Mapping[tuple[str, str], str]], Fact]:
    """`to_fact` of one kind, written out field by field: intake spends a third of the time that a loop would take."""
    kind = _kinds[name]
    values = ", ".join(f"{column}={_value_source(kind, column)}" for column in kind.columns)
    made: dict[str, Any] = {"cls": kind.cls, "to_micros": to_micros}
    exec(f"def make(wire, surrogates): return cls({values})", made)  # noqa: S102 - names of our own classes' fields only
    maker: Callable[[msgspec.Struct, Mapping[tuple[str, str], str]], Fact] = made["make"]
    return maker


@cache
def _names_reader(name: str) -> Callable[[msgspec.Struct], tuple[tuple[str, str], ...]]:
    """`Kind.names_in` of one kind, with its subject fields looked up once."""
    subjects = list(_kinds[name].subjects.items())
    if len(subjects) == 1:
        ((field, subject),) = subjects
        read_one = attrgetter(field)
        return lambda wire: ((subject, read_one(wire)),)
    read_all = attrgetter(*(field for field, _ in subjects))
    types = [subject for _, subject in subjects]
    return lambda wire: tuple([named for named in zip(types, read_all(wire), strict=True) if named[1] is not None])


def _value_source(kind: Kind, column: str) -> str:
    if column in kind.subjects:
        value = f"surrogates[{kind.subjects[column]!r}, wire.{column}]"
    elif column in kind.moments:
        value = f"to_micros(wire.{column})"
    else:
        return f"wire.{column}"
    return f"None if wire.{column} is None else {value}"


def _kind_of(
    cls: type[Fact], texts: dict[str, Text], fingerprints: frozenset[str], external: bool, check: Check | None
) -> Kind:
    info = shapes.type_info(cls)
    assert isinstance(info, shapes.StructType)
    name = str(info.tag)
    if "." not in name:
        raise TypeError(f"{cls.__name__} needs a tag such as 'trade.order_placed'")
    if not (cls.__doc__ or "").strip():
        raise TypeError(f"{cls.__name__} needs a docstring: it is the public explanation of this kind")
    hints = get_type_hints(cls, include_extras=True)
    subjects: dict[str, str] = {}
    moments: set[str] = set()
    currencies: set[str] = set()
    columns: dict[str, Literal["int", "text"]] = {}
    wire_fields: list[tuple[str, Any, Any]] = []
    for field in info.fields:
        extra, shape = _plain(field.type, f"{cls.__name__}.{field.name}")
        columns[field.name] = "int" if isinstance(shape, shapes.IntType) else "text"
        wire_type: Any = hints[field.name]
        if "subject" in extra:
            subjects[field.name] = extra["subject"]
        elif "moment" in extra:
            moments.add(field.name)
            wire_type = _WireMoment if field.required else _WireMoment | None
        elif "currency" in extra:
            currencies.add(field.name)
        wire_fields.append((field.name, wire_type, msgspec.NODEFAULT if field.required else field.default))
    wire_fields += [(name, Annotated[str, Meta(max_length=TEXT_LENGTH_MAX)] | None, None) for name in texts]
    wire_fields += [(name, Annotated[str, Meta(max_length=SOURCE_ID_LENGTH_MAX)] | None, None) for name in sorted(fingerprints)]
    about = next(iter(columns))
    if about not in subjects:
        raise TypeError(f"{cls.__name__}: the first field must name the subject it is about")
    for text in texts.values():
        if text.owner not in subjects:
            raise TypeError(f"{cls.__name__}: the owner of a text must be one of its subjects, not {text.owner!r}")
    wire = msgspec.defstruct(
        cls.__name__ + "Data",
        wire_fields,
        kw_only=True,
        forbid_unknown_fields=True,
    )
    return Kind(
        name=name, cls=cls, about=about, subjects=subjects, moments=frozenset(moments), currencies=frozenset(currencies),
        texts=texts, fingerprints=fingerprints, wire=wire, columns=columns, external=external, check=check,
    )


def _plain(shape: shapes.Type, where: str) -> tuple[dict[str, Any], shapes.Type]:
    """Unwrap an optional or annotated field type; refuse all but integers, codes and subject ids."""
    extra: dict[str, Any] = {}
    if isinstance(shape, shapes.Metadata):
        extra = shape.extra or {}
        shape = shape.type
    if isinstance(shape, shapes.UnionType):
        options = [option for option in shape.types if not isinstance(option, shapes.NoneType)]
        if len(options) == 1:
            inner, plain = _plain(options[0], where)
            return extra | inner, plain
    if isinstance(shape, shapes.IntType) and not isinstance(shape, shapes.BoolType):
        if shape.le is None or shape.ge is None:
            raise TypeError(f"{where}: an integer in a fact needs bounds; use Count, Minor or Moment")
        return extra, shape
    if isinstance(shape, shapes.LiteralType) and all(isinstance(value, str) for value in shape.values):
        return extra, shape
    if isinstance(shape, shapes.StrType) and ("subject" in extra or shape.pattern):
        return extra, shape
    raise TypeError(f"{where}: a fact holds integers, short codes and subject ids only, not {type(shape).__name__}")
