"""Questions to the record. Facts that were superseded or withdrawn are left out unless asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F, Min, Sum

from yinuo.kit import rows
from yinuo.kit.facts import SUBJECT_PREFIXES, Recorded
from yinuo.kit.moments import to_micros
from yinuo.record.events import FactWithdrawn
from yinuo.record.models import Cursor, Entry, Head, Pending, Replacement, Thinned
from yinuo.record.rules import BATCH_MAX, PERSON, WITHHELD, Lost, classes_bound, decode_content

KEY_LENGTH = 32         # of a fact's key, in hex
_HEX = frozenset("0123456789abcdef")
_FACTS = """
SELECT s.seq, o.content, p.person FROM record_seal s LEFT JOIN record_opening o ON o.entry_id = s.entry_id
LEFT JOIN record_personopening p ON p.entry_id = s.entry_id
"""
# Whom a fact is about its openings alone tell: with outer joins, the database would read the whole record for it.
_FACTS_ABOUT = _FACTS.replace("LEFT JOIN record_opening", "JOIN record_opening")
_FACTS_NAMING = _FACTS.replace("LEFT JOIN", "JOIN")
_NOT_REPLACED = """
NOT EXISTS (
    SELECT 1 FROM record_entry e JOIN record_replacement r ON r.target = e.key JOIN record_seal rs ON rs.entry_id = r.entry_id
    WHERE e.id = s.entry_id AND rs.seq < %s)
"""


def size() -> int:
    """How many facts are sealed."""
    return Head.objects.filter(pk=1).values_list("size", flat=True).first() or 0


def pending_count() -> int:
    """How many facts wait to be sealed."""
    return Pending.objects.aggregate(count=Sum(F("last") - F("first") + 1))["count"] or 0


def waiting_seconds(*, at: datetime) -> int:
    """How long the oldest unsealed fact has waited; 0 where none waits."""
    oldest = Pending.objects.aggregate(oldest=Min("at"))["oldest"]
    return 0 if oldest is None else max(0, (to_micros(at) - oldest) // 1_000_000)


def entry_count() -> int:
    """How many facts there are, sealed or not."""
    return Entry.objects.count()


def cursor_position(name: str) -> int:
    """The number of the next fact that the follower wants."""
    return Cursor.objects.filter(name=name).values_list("position", flat=True).first() or 0


def facts(*, start: int, stop: int, at_size: int | None = None) -> list[Recorded]:
    """The sealed facts numbered from `start` to before `stop` that still stand at a size (the present one by default)."""
    sql = _FACTS + " WHERE s.seq >= %s AND s.seq < %s"
    parameters: list[Any] = [start, stop]
    if Replacement.objects.exists():
        sql += " AND " + _NOT_REPLACED
        parameters.append(size() if at_size is None else at_size)
    with connection.cursor() as cursor:
        cursor.execute(sql + " ORDER BY s.seq", parameters)
        return _recorded(cursor.fetchall())


def keys_known(*, keys: Iterable[str]) -> set[str]:
    """Those of these keys (hex) under which the record has a fact, sealed or not."""
    wanted = [bytes.fromhex(key) for key in keys if len(key) == KEY_LENGTH and set(key) <= _HEX]
    found = rows.select_in(connection, "SELECT key FROM record_entry WHERE key {keys}", wanted)
    return {bytes(key).hex() for (key,) in found}


def keys_mentioning(*, keys: Iterable[str], subject: str) -> set[str]:
    """Those of these keys (hex) under which a sealed fact stands that names the subject, be it a person or what is counted."""
    wanted = [bytes.fromhex(key) for key in keys if len(key) == KEY_LENGTH and set(key) <= _HEX]
    sql = "SELECT e.key, s.seq FROM record_entry e JOIN record_seal s ON s.entry_id = e.id WHERE e.key {keys}"
    numbers = {int(seq): bytes(key).hex() for key, seq in rows.select_in(connection, sql, wanted)}
    found = rows.select_in(connection, "SELECT seq, subject FROM record_mention WHERE seq {keys}", list(numbers))
    return {numbers[int(seq)] for seq, named in found if named == subject}


class Replaced(NamedTuple):
    """What became of a fact that does not stand: the number of the one that stands in its place, or None.

    None where it was withdrawn, or where the other one is not sealed yet (`waits`).
    """

    number: int | None
    waits: bool = False


def replaced_among(*, keys: Iterable[str]) -> dict[str, Replaced]:
    """Those of these keys (hex) under which a fact stands no more: superseded or withdrawn, by a fact sealed or not."""
    sql = (
        "SELECT r.target, e.key, s.seq, o.content FROM record_replacement r JOIN record_entry e ON e.id = r.entry_id "
        "LEFT JOIN record_seal s ON s.entry_id = e.id LEFT JOIN record_opening o ON o.entry_id = e.id WHERE r.target {keys}"
    )
    by: dict[str, list[tuple[str, int | None, bool]]] = {}
    wanted = [key for key in dict.fromkeys(keys) if len(key) == KEY_LENGTH and set(key) <= _HEX]
    seen, ahead = set(wanted), wanted
    while ahead:
        found = rows.select_in(connection, sql, [bytes.fromhex(key) for key in ahead])
        for target, key, seq, main in found:
            withdraws = main is None or isinstance(decode_content(bytes(main), None, withheld=True).fact, FactWithdrawn)
            by.setdefault(bytes(target).hex(), []).append((bytes(key).hex(), seq, withdraws))
        ahead = list({bytes(key).hex() for _, key, *_ in found} - seen)
        seen.update(ahead)
    return {key: _in_place(key, by) for key in wanted if key in by}


def _in_place(key: str, by: Mapping[str, list[tuple[str, int | None, bool]]]) -> Replaced:
    """What stands at the end of the chains that begin at a key: the newest, where there are several."""
    ahead, ends, passed = [key], [], {key}
    while ahead:
        for other, number, withdraws in by.get(ahead.pop(), ()):
            if other not in passed:
                passed.add(other)
                ahead.append(other)
                if other not in by and not withdraws:
                    ends.append(number)
    sealed = [number for number in ends if number is not None]
    return Replaced(max(sealed, default=None), waits=bool(ends) and not sealed)


def every_fact(*, start: int = 0, stop: int | None = None, at_size: int | None = None) -> Iterator[list[Recorded]]:
    """All standing facts in batches of at most 10,000, in the order of sealing."""
    end = size() if stop is None else stop
    for low in range(start, end, BATCH_MAX):
        yield facts(start=low, stop=min(low + BATCH_MAX, end), at_size=at_size)


def facts_about(*, subjects: Sequence[str], at_size: int | None = None) -> list[Recorded]:
    """The standing facts about each of the subjects, in the order of sealing."""
    limit = size() if at_size is None else at_size
    still = f" WHERE s.seq < {limit:d} AND " + _NOT_REPLACED.replace("%s", f"{limit:d}")
    found = rows.select_in(connection, _FACTS_ABOUT + still + " AND o.about {keys}", list(subjects))
    people = [subject for subject in subjects if subject.startswith(SUBJECT_PREFIXES[PERSON])]
    # || '' keeps the database from beginning with every fact about any person, rather than with those that name these
    naming = f" AND o.about || '' = '{WITHHELD}' AND p.person {{keys}}"
    found += rows.select_in(connection, _FACTS_NAMING + still + naming, people)
    return _recorded(sorted(found))


def facts_numbered(*, numbers: Sequence[int]) -> list[Recorded]:
    """The sealed facts of these numbers, also those replaced; whom one names is told as far as it is known still."""
    every = []
    for seq, main, person in sorted(rows.select_in(connection, _FACTS + " WHERE s.seq {keys}", list(numbers))):
        if main is None:
            raise Lost(int(seq))
        content = decode_content(bytes(main), person, withheld=True)
        every.append(Recorded(int(seq), content.at, content.recorded, content.source, content.fact))
    return every


class AboutPerson(NamedTuple):
    """A fact that names a person: its entry, the fact (its number is -1 while it waits), classes of the texts it binds."""

    entry: int
    recorded: Recorded
    classes: set[str]


def facts_of_person(*, person: str) -> list[AboutPerson]:
    """Every fact that names a person, also those replaced or not sealed yet, in the order in which they were stated."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.entry_id, s.seq, o.content, p.content FROM record_personopening p
            JOIN record_opening o ON o.entry_id = p.entry_id LEFT JOIN record_seal s ON s.entry_id = p.entry_id
            WHERE p.person = %s ORDER BY p.entry_id
            """,
            [person],
        )
        found = cursor.fetchall()
    every = []
    for entry, seq, main, own in found:
        content = decode_content(bytes(main), person)
        number = -1 if seq is None else int(seq)
        recorded = Recorded(number, content.at, content.recorded, content.source, content.fact)
        every.append(AboutPerson(int(entry), recorded, classes_bound(content.fact, bytes(own))))
    return every


def thinned() -> dict[int, int]:
    """How many times people were forgotten, by segment of the archive."""
    return dict(Thinned.objects.values_list("segment", "times"))


def replaced_about(*, subjects: Sequence[str]) -> list[Recorded]:
    """The sealed facts about each of the subjects (which are not people) that were superseded or withdrawn, in their order."""
    if not Replacement.objects.exists():
        return []
    replaced = (
        " JOIN record_entry e ON e.id = s.entry_id WHERE EXISTS (SELECT 1 FROM record_replacement r "
        "JOIN record_seal rs ON rs.entry_id = r.entry_id WHERE r.target = e.key)"
    )
    return _recorded(sorted(rows.select_in(connection, _FACTS_ABOUT + replaced + " AND o.about {keys}", list(subjects))))


def replaced_by(*, start: int, stop: int) -> list[Recorded]:
    """The sealed facts that facts numbered from `start` to before `stop` supersede or withdraw."""
    if not Replacement.objects.exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT ts.seq, o.content, p.person FROM record_seal rs JOIN record_replacement r ON r.entry_id = rs.entry_id
            JOIN record_entry t ON t.key = r.target JOIN record_seal ts ON ts.entry_id = t.id
            LEFT JOIN record_opening o ON o.entry_id = t.id LEFT JOIN record_personopening p ON p.entry_id = t.id
            WHERE rs.seq >= %s AND rs.seq < %s ORDER BY ts.seq
            """,
            [start, stop],
        )
        return _recorded(cursor.fetchall())


def replacements(*, stop: int) -> list[tuple[int, int]]:
    """(number of the replaced, number of its replacement) for all replacements numbered below `stop`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT ts.seq, rs.seq FROM record_replacement r JOIN record_seal rs ON rs.entry_id = r.entry_id
            JOIN record_entry t ON t.key = r.target JOIN record_seal ts ON ts.entry_id = t.id WHERE rs.seq < %s
            """,
            [stop],
        )
        return [(int(target), int(by)) for target, by in cursor.fetchall()]


def _recorded(found: Iterable[tuple[int, bytes, str | None]]) -> list[Recorded]:
    """The recorded facts of (number, main part, person); those about a person who was forgotten are left out.

    Refuses where a main part is missing, rather than to let tables and judgements be made without it.
    """
    every = []
    for seq, main, person in found:
        if main is None:
            raise Lost(int(seq))
        content = decode_content(bytes(main), person)
        if content is not None:
            every.append(Recorded(int(seq), content.at, content.recorded, content.source, content.fact))
    return every
