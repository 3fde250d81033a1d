"""A mapping: which file's which columns become which kind of fact. Written in TOML; docs/guide/import.md explains it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from yinuo.kit.facts import Kind, kind_named
from yinuo.kit.refusals import Malformed, NotFound

UNDECIDED = "?"
"""What a proposed mapping writes where a person must decide."""
_COLUMN = re.compile(r"\{([^{}]+)\}")
Values = Mapping[str, str]


class Field(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where one value comes from and how to read it."""

    column: str | list[str] = ""          # a column, a template, or several of which the first not empty counts
    constant: str | int | None = None
    codes: str | dict[str, str] = ""      # a translation, or the name of one under [codes]
    slug: bool = False
    currency: str = ""                    # a code or a template
    minor: bool = False                   # the column holds minor units already
    format: str = ""
    time_zone: str = ""
    days_later: int = 0                   # of a time: so many days after the one in the column


class Facts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One kind of fact out of one kind of file."""

    file: str
    kind: str
    id: str
    time: str | list[str] | Field
    fields: dict[str, str | int | list[str] | Field]
    when: str | list[str] | dict[str, str | list[str]] = msgspec.field(default_factory=list)


class MappingFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The whole file: what holds for all facts, translations of codes, and the facts."""

    facts: list[Facts]
    time_zone: str = ""
    time_format: str = ""
    currency: str = ""
    decimal_comma: bool = False
    encoding: str = "utf-8"
    delimiter: str = ""
    codes: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)

    def for_file(self, name: str) -> list[tuple[int, Facts]]:
        """The facts made of a file of that name, each with its place in the mapping."""
        return [(place, facts) for place, facts in enumerate(self.facts) if fnmatchcase(name, facts.file)]


def read_mapping(path: Path) -> MappingFile:
    """The mapping in the file; refuses one that is not complete, unknown kinds and unknown fields, saying which."""
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=MappingFile)
    except FileNotFoundError:
        raise NotFound("There is no such mapping file.", path=str(path)) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(f"The mapping cannot be read: {error}.", path=str(path)) from None
    for name in ("time_zone", "currency"):
        if getattr(mapping, name) == UNDECIDED:
            raise Malformed(f"{name} is still to be decided: write it in place of '?'.", path=str(path))
    for place, facts in enumerate(mapping.facts, start=1):
        where = f"{path}, [[facts]] {place}"
        _check(kind_named(facts.kind), facts, mapping, where)
    return mapping


def _check(kind: Kind, facts: Facts, mapping: MappingFile, where: str) -> None:
    asked = {*kind.columns, *kind.texts, *kind.fingerprints}
    if unknown := sorted(facts.fields.keys() - asked):
        raise Malformed(f"{kind.name} has no field {', '.join(unknown)}; it has {', '.join(sorted(asked))}.", path=where)
    required = {field.name for field in msgspec.structs.fields(kind.wire) if field.required}
    if mapping.currency:
        required -= kind.currencies
    if missing := sorted(required - facts.fields.keys()):
        raise Malformed(f"{kind.name} also needs {', '.join(missing)}.", path=where)
    every = {"id": facts.id, "time": facts.time, **facts.fields}
    if open_ := [name for name, spec in every.items() if as_field(spec).column == UNDECIDED]:
        raise Malformed(f"{', '.join(open_)} is still to be decided: write the column in place of '?'.", path=where)
    for name, spec in every.items():
        translation_of(as_field(spec), mapping, f"{where}, {name}")


def as_field(spec: str | int | list[str] | Field) -> Field:
    """The field that a short form stands for: text is a column or a template, a number a constant."""
    if isinstance(spec, Field):
        return spec
    return Field(constant=spec) if isinstance(spec, int) else Field(column=spec)


def translation_of(field: Field, mapping: MappingFile, where: str) -> Mapping[str, str]:
    """The field's translation of codes; refuses a name that [codes] does not have."""
    if isinstance(field.codes, dict):
        return field.codes
    if field.codes and field.codes not in mapping.codes:
        raise Malformed(f"There is no [codes.{field.codes}].", path=where)
    return mapping.codes.get(field.codes, {})


def columns_of(spec: str | list[str]) -> list[str]:
    """The columns that a column name, a template or several of them read."""
    return [name for part in _listed(spec) for name in (_COLUMN.findall(part) or ([part] if part else []))]


def columns_needed(facts: Facts) -> Iterator[str]:
    """Every column that these facts read."""
    yield from _COLUMN.findall(facts.id)
    for spec in (facts.time, *facts.fields.values()):
        field = as_field(spec)
        yield from columns_of(field.column)
        yield from _COLUMN.findall(field.currency)
    yield from facts.when if isinstance(facts.when, dict) else _listed(facts.when)


def reader(spec: str | list[str]) -> Callable[[Values], str]:
    """Reads a column, a template, or the first of several that is not empty. A template with an empty column is empty."""
    if isinstance(spec, list):
        readers = [reader(part) for part in spec]
        return lambda values: next((text for read in readers if (text := read(values))), "")
    if "{" not in spec:
        return lambda values: values.get(spec, "").strip()
    return template(spec)


def template(text: str) -> Callable[[Values], str]:
    """Fills a text such as 'order:{order_id}'; empty where one of its columns is."""
    parts = _COLUMN.split(text)      # words and columns in turn
    names = parts[1::2]

    def fill(values: Values) -> str:
        found = [values.get(name, "").strip() for name in names]
        if not all(found):
            return ""
        return "".join(word + value for word, value in zip(parts[::2], [*found, ""], strict=True))

    return fill


def condition(facts: Facts) -> Callable[[Values], bool]:
    """Whether a row tells of such a fact: all columns named are filled, or hold one of the values named."""
    if isinstance(facts.when, dict):
        wanted = {column: frozenset(_listed(values)) for column, values in facts.when.items()}
        return lambda values: all(values.get(column, "").strip() in among for column, among in wanted.items())
    filled = _listed(facts.when)
    return lambda values: all(values.get(column, "").strip() for column in filled)


def _listed(spec: str | list[str]) -> list[str]:
    return [spec] if isinstance(spec, str) else spec
