"""Make items of files: rows through a mapping, and NDJSON lines that are CloudEvents already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec

from yinuo.kit.facts import Kind, kind_named
from yinuo.kit.moments import to_micros
from yinuo.kit.refusals import Malformed
from yinuo.pipelines.importing import values as convert
from yinuo.pipelines.importing.items import RANK, Item, cloud_event
from yinuo.pipelines.importing.mapping import (
    Facts,
    Field,
    MappingFile,
    Values,
    as_field,
    columns_needed,
    condition,
    reader,
    template,
    translation_of,
)
from yinuo.pipelines.importing.tables import Advance, Row, Table, need_columns, rows

FIRST_ROWS = 1000
WRONG_ROWS_MIN = 10         # fewer can be wrong by themselves
_MOSTLY_WRONG = (
    "Of the first {1:,} rows {0:,} are wrong in the same place, {2}: {3} Nothing was taken. Often the mapping is wrong (days "
    "for months, a comma for a point), and then the other rows are read, but wrongly: correct it first. If the rows themselves "
    "are wrong, --despite-faults takes in the others."
)
Convert = Callable[[Values], Any]


class _Time(msgspec.Struct):
    time: datetime


_time_in = msgspec.json.Decoder(_Time)


def check_tables(tables: Sequence[Table], mapping: MappingFile | None) -> list[str]:
    """The names of the files that nothing is made of; refuses if columns are missing, or if no file is of any use."""
    if mapping is None:
        if plain := [table.name for table in tables if table.form != "ndjson"]:
            raise Malformed(f"{', '.join(plain)} needs a --mapping FILE; --propose writes one to start from.")
        return []
    for table in tables:
        for _, facts in mapping.for_file(table.name):
            if table.form != "ndjson":      # its rows name their own columns: looked at while reading
                need_columns(table, columns_needed(facts))
    left = [table.name for table in tables if table.form != "ndjson" and not mapping.for_file(table.name)]
    if len(left) == len(tables):
        wanted = ", ".join(sorted({facts.file for facts in mapping.facts}))
        raise Malformed(f"The mapping is for {wanted}; none of the files given is one: {', '.join(left)}.")
    return left


def items(
    tables: Iterable[Table], mapping: MappingFile | None, *, source: str, advance: Advance, despite_faults: bool = False
) -> Iterator[Item]:
    """Every event of the tables, in the order of the files.

    Where more than half of a file's first rows cannot be read for one reason it refuses, unless `despite_faults`: a mapping
    that takes days for months reads the other half wrongly, and nothing would show it.
    """
    for table in tables:
        pairs = mapping.for_file(table.name) if mapping else []
        if pairs and mapping:
            rules = [Rule(place, facts, mapping, source) for place, facts in pairs]
            made = _through_rules(table, rules, advance)
            yield from made if despite_faults else _mostly_sound(made, table)
        elif table.form == "ndjson":
            yield from _cloud_events(table, advance)


def _through_rules(table: Table, rules: Sequence[Rule], advance: Advance) -> Iterator[Item]:
    seen: set[str] = set()
    for count, row in enumerate(rows(table, advance)):
        where = f"{table.name}:{row.line}"
        if row.fault:
            yield Item(0, count, where, row.raw, "", row.fault)
            continue
        if table.form == "ndjson":
            seen.update(row.values)
        for rule in rules:
            if rule.tells(row.values):
                yield rule.item(row.values, where, count)
    if table.form == "ndjson" and seen:
        need_columns(table, chain.from_iterable(rule.columns for rule in rules), seen)


def _mostly_sound(made: Iterable[Item], table: Table) -> Iterator[Item]:
    """The same items, once it is seen that the first of them are not mostly wrong, of each rule and in the same place."""
    seen: Counter[int] = Counter()
    wrong: Counter[tuple[int, str]] = Counter()
    example: dict[tuple[int, str], str] = {}
    first: list[Item] = []
    rest = iter(made)
    for item in rest:
        first.append(item)
        rule = item.place // RANK
        seen[rule] += 1
        if item.sentence:
            wrong[rule, item.path] += 1
            example.setdefault((rule, item.path), item.sentence)
        if seen[rule] == FIRST_ROWS:
            break
    for (rule, path), count in wrong.most_common():
        if count >= WRONG_ROWS_MIN and 2 * count > seen[rule]:
            raise Malformed(_MOSTLY_WRONG.format(count, seen[rule], path or "the row", example[rule, path]), path=table.name)
    yield from chain(first, rest)


def _cloud_events(table: Table, advance: Advance) -> Iterator[Item]:
    for count, row in enumerate(rows(table, advance)):
        yield Item(_time_of(row), count, f"{table.name}:{row.line}", row.raw, "", row.fault)


def _time_of(row: Row) -> int:
    """The event's time for sorting; taking it will say what is wrong with it."""
    try:
        return max(to_micros(_time_in.decode(row.raw).time), 0)
    except (msgspec.DecodeError, TypeError):
        return 0


class Rule:
    """One entry of a mapping, made ready for many rows."""

    def __init__(self, place: int, facts: Facts, mapping: MappingFile, source: str) -> None:
        self.kind: Kind = kind_named(facts.kind)
        self.columns = list(columns_needed(facts))
        self.tells = condition(facts)
        self._place = place * RANK
        self._source = source
        self._id = template(facts.id)
        self._time = _moment(as_field(facts.time), mapping)
        specs: dict[str, Field] = {name: as_field(spec) for name, spec in facts.fields.items()}
        for name in self.kind.currencies - specs.keys():
            if mapping.currency:
                specs[name] = Field(constant=mapping.currency)
        self._fields = [
            (name, _texts(field), _converter(self.kind, name, field, specs, mapping)) for name, field in specs.items()
        ]

    def item(self, values: Values, where: str, count: int) -> Item:
        """The row's event. Where a value cannot be read it keeps the text as it came, and says so."""
        data: dict[str, Any] = {}
        path = sentence = ""
        for name, text_of, convert_it in self._fields:
            try:
                if (value := convert_it(values)) is not None:
                    data[name] = value
            except Malformed as refusal:
                path, sentence = f"data.{name}", refusal.sentence
                data[name] = text_of(values)
        event_id = self._id(values)
        if not event_id:
            path, sentence = "id", "A column that the id is made of is empty."
        at, time = 0, ""
        try:
            moment = self._time(values)
            at, time = max(to_micros(moment), 0), moment.isoformat()
        except Malformed as refusal:
            path, sentence = "time", refusal.sentence
        raw = cloud_event(source=self._source, kind=self.kind.name, id=event_id, time=time, data=data)
        return Item(at, self._place + count, where, raw, path, sentence, event_id if sentence else "")


def _texts(field: Field) -> Callable[[Values], str]:
    if field.constant is not None:
        return lambda values: str(field.constant)
    return reader(field.column)


def _moment(field: Field, mapping: MappingFile) -> Callable[[Values], datetime]:
    text_of = _texts(field)
    zone = convert.zone_named(field.time_zone or mapping.time_zone)
    read = convert.moment_reader(field.format or mapping.time_format, zone)
    later = timedelta(days=field.days_later)

    def moment(values: Values) -> datetime:
        if not (text := text_of(values)):
            raise Malformed("The time is empty; 'when' can leave such rows out.")
        return read(text) + later

    return moment


def _converter(kind: Kind, name: str, field: Field, specs: Mapping[str, Field], mapping: MappingFile) -> Convert:
    """What turns the field's text into the event's value; none where the text is empty."""
    text_of = _texts(field)
    if name in kind.moments:
        moment = _moment(field, mapping)
        return lambda values: moment(values).isoformat() if text_of(values) else None
    if kind.columns.get(name) != "int":
        return _code(text_of, field, mapping)
    if name.endswith("_minor") and not field.minor and field.constant is None:
        return _money(kind, text_of, field, specs, mapping)
    codes = translation_of(field, mapping, name)
    return lambda values: convert.whole_number(codes.get(text, text)) if (text := text_of(values)) else None


def _money(
    kind: Kind, text_of: Callable[[Values], str], field: Field, specs: Mapping[str, Field], mapping: MappingFile
) -> Convert:
    """Turns decimal text into minor units of the field's currency, else the fact's, else the mapping's."""
    comma = mapping.decimal_comma
    named = field.currency or mapping.currency
    own = next(iter(kind.currencies), "")
    if not field.currency and own in specs:
        currency_of = _code(_texts(specs[own]), specs[own], mapping)
    elif named:
        currency_of = template(named)
    else:
        sentence = "An amount needs a currency: its own, { column = …, currency = … }, or one for the whole mapping."
        raise Malformed(sentence, path=kind.name)

    def money(values: Values) -> int | None:
        if not (text := text_of(values)):
            return None
        return convert.minor_units(text, currency_of(values) or "", comma)

    return money


def _code(text_of: Callable[[Values], str], field: Field, mapping: MappingFile) -> Convert:
    codes = translation_of(field, mapping, "")
    if field.slug:
        return lambda values: convert.slug(codes.get(text, text)) if (text := text_of(values)) else None
    if codes:
        return lambda values: codes.get(text, text) or None if (text := text_of(values)) else None
    return lambda values: text_of(values) or None
