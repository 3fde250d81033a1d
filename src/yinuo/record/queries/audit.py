"""The audit: the whole record computed anew, and held against what is kept, published and signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.db import connection

from yinuo.kit.checkpoints import parse_checkpoint
from yinuo.kit.facts import SUBJECT_PREFIXES
from yinuo.kit.log import Log
from yinuo.kit.merkle import HASH_BYTES, leaf_hash
from yinuo.kit.notes import parse_note
from yinuo.kit.opening import LEAF_BYTES, LEAF_VERSION, NO_NUMBERS, no_person, part_commitment
from yinuo.kit.refusals import Refusal
from yinuo.kit.tree import Edge, Place
from yinuo.record import rules
from yinuo.record.models import Checkpoint, Head
from yinuo.record.queries.tree import tiles

BATCH = 8_192
FAULTS_MAX = 100
Progress = Callable[[int, int], None]

_ROWS = """
SELECT s.seq, s.leaf, e.key, e.inners, o.salt, o.content, p.salt, p.content, p.person, r.target FROM record_seal s
LEFT JOIN record_entry e ON e.id = s.entry_id LEFT JOIN record_opening o ON o.entry_id = s.entry_id
LEFT JOIN record_personopening p ON p.entry_id = s.entry_id LEFT JOIN record_replacement r ON r.entry_id = s.entry_id
WHERE s.seq >= %s AND s.seq < %s ORDER BY s.seq
"""


class Audit(NamedTuple):
    """What an audit found: how many facts there are, of how many the person was forgotten, every fault, at most a hundred."""

    size: int
    forgotten: int
    faults: list[str]


class _Row(NamedTuple):
    seq: int
    leaf: bytes
    key: bytes | None
    inner: bytes | None
    salt: bytes | None
    main: bytes | None
    person_salt: bytes | None
    person: bytes | None
    who: str | None
    target: bytes | None


def audit(*, log: Log | None = None, progress: Progress = lambda done, total: None) -> Audit:
    """Compute the tree anew from the entries and openings, and compare: leaves, numbers, tiles, head, checkpoints.

    Every place where something was changed is named, as far as it can be told.
    """
    head = Head.objects.filter(pk=1).first()
    size = head.size if head else 0
    faults: list[str] = []
    roots: dict[int, bytes] = {}
    wanted = sorted(_signed(log, faults).items())
    edge, forgotten = Edge(0, {}), 0
    for start in range(0, size, BATCH):
        stop = min(start + BATCH, size)
        found = _rows(start, stop)
        forgotten += sum(map(_is_forgotten, found))
        faults += _faults_of_rows(start, stop, found)
        leaves = [leaf_hash(row.leaf) for row in found]
        for cut in [signed for signed, _ in wanted if start < signed < stop]:
            part = edge.copy()
            part.append(leaves[: cut - start])
            roots[cut] = part.root()
        faults += _faults_of_tiles(edge.append(leaves))
        roots[edge.size] = edge.root()
        progress(stop, size)
        if len(faults) >= FAULTS_MAX:
            break
    faults += [*_faults_of_counts(), *_faults_of_waiting(size)]
    if head and roots.get(size, edge.root()) != bytes(head.root):
        faults.append("The head's root is not that of the entries.")
    for signed, root in wanted:
        if signed > size:
            faults.append(
                f"The record has {size:,} facts, but a head of {signed:,} was signed before: an older backup was put back, or "
                "facts were lost. The guide to the record says how to recover."
            )
        elif roots.get(signed) != root:
            faults.append(f"The checkpoint of {signed:,} facts is signed over another root than that of the entries.")
    return Audit(size, forgotten, faults[:FAULTS_MAX])


def _rows(start: int, stop: int) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [start, stop])
        return [
            _Row._make(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in cursor.fetchall()
        ]


def _faults_of_rows(start: int, stop: int, found: list[_Row]) -> Iterator[str]:
    if [row.seq for row in found] != list(range(start, stop)):
        yield f"Between {start:,} and {stop:,} the numbers of facts have a gap or come twice."
    numbers = _numbers(start, stop)
    for row in found:
        try:
            _check(row, numbers.pop(row.seq, {}))
        except (Refusal, ValueError) as fault:
            yield getattr(fault, "sentence", f"Fact {row.seq:,} cannot be read: {fault}")
    for seq, of in numbers.items():
        yield f"Numbers are kept of a fact {seq:,} that is not there: of {', '.join(sorted(of))}."


def _check(row: _Row, numbers: dict[str, int]) -> None:
    """Refuse a row that does not fit together; `numbers` are those that subjects gave to the fact as far as they are kept."""
    if row.inner is None or row.key is None:
        raise rules.Altered(f"Fact {row.seq:,} has a number but no entry.")
    if row.leaf[:1] != LEAF_VERSION or len(row.leaf) != LEAF_BYTES:
        raise rules.Altered(f"The log's entry of fact {row.seq:,} has not the form of one.")
    if row.main is None or row.salt is None:
        raise rules.Lost(row.seq)
    rules.check_opening(row.seq, row.inner, row.salt, row.main)
    content = rules.decode_content(row.main, None, withheld=True)
    if content.key != row.key.hex():
        raise rules.Altered(f"Fact {row.seq:,} stands under another key than it says.")
    target = row.target.hex() if row.target else None
    if target != (content.supersedes or getattr(content.fact, "event", None)):
        raise rules.Altered(f"Fact {row.seq:,} is noted to replace another fact than it says.")
    counted = rules.counted(content.fact)
    given = tuple(numbers.get(subject, -1) for subject in counted.subjects)
    if part_commitment(rules.numbers_form(counted.fields) % given, row.inner[:32]) != row.leaf[1:33]:
        raise rules.Altered(f"The log's entry of fact {row.seq:,} is not what its content and numbers give.")
    _check_person(row, numbers)
    odd = numbers.keys() - {*counted.subjects, row.who}
    if _is_forgotten(row):      # the person's numbers outlive the words that the part bound
        odd = {subject for subject in odd if not subject.startswith(SUBJECT_PREFIXES[rules.PERSON])}
    if odd:
        raise rules.Altered(f"Fact {row.seq:,} is counted as one about {min(odd)}, whom it does not name.")


def _check_person(row: _Row, numbers: dict[str, int]) -> None:
    """Refuse a person's part that does not fit; where there is none, or it was forgotten, nothing may be left of it."""
    assert row.inner is not None
    assert row.salt is not None
    if row.person is not None and row.person_salt is not None and row.who is not None:
        rules.check_person_opening(row.seq, row.inner, row.person_salt, row.person, row.who)
        own = rules.numbers_form(rules.PERSON) % numbers.get(row.who, -1)
        if part_commitment(own, row.inner[32:]) != row.leaf[33:]:
            raise rules.Altered(f"The log's entry of fact {row.seq:,} is not what its person's part and number give.")
    elif not _is_forgotten(row) and part_commitment(NO_NUMBERS, row.inner[32:]) != row.leaf[33:]:
        raise rules.Altered(f"The log's entry of fact {row.seq:,} tells of a person, its content of none.")


def _is_forgotten(row: _Row) -> bool:
    """Whether a person's part was bound that is not kept any more."""
    if row.inner is None or row.salt is None or row.person is not None:
        return False
    return row.inner[32:] != no_person(row.salt)


def _numbers(start: int, stop: int) -> dict[int, dict[str, int]]:
    """By a fact's number: the numbers that its subjects gave to it."""
    numbers: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, subject, number FROM record_mention WHERE seq >= %s AND seq < %s", [start, stop])
        for seq, subject, number in cursor.fetchall():
            numbers.setdefault(seq, {})[subject] = number
    return numbers


def _faults_of_counts() -> Iterator[str]:
    """Subjects whose numbers have a gap: something was left out of what is kept about them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM record_mention GROUP BY subject "
            "HAVING MIN(number) <> 0 OR MAX(number) <> COUNT(*) - 1 ORDER BY subject LIMIT 10"
        )
        for (subject,) in cursor.fetchall():
            yield f"The facts about {subject} are not numbered without a gap."


def _faults_of_waiting(size: int) -> Iterator[str]:
    """Entries that have no number and do not wait for one either, and numbers given beyond the head."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM record_entry e LEFT JOIN record_seal s ON s.entry_id = e.id WHERE s.seq IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM record_pending p WHERE e.id BETWEEN p.first AND p.last) ORDER BY e.id LIMIT 10"
        )
        for (entry,) in cursor.fetchall():
            yield f"The entry {entry} was taken in, has no number, and does not wait for one: it was taken off the list."
        cursor.execute("SELECT COUNT(*) FROM record_mention WHERE seq >= %s", [size])
        if beyond := cursor.fetchone()[0]:
            yield f"{beyond:,} numbers are kept of facts behind the head."


def _faults_of_tiles(grown: dict[Place, bytes]) -> Iterator[str]:
    kept = tiles(grown)
    for place, hashes in grown.items():
        if kept.get(place, b"")[: len(hashes)] != hashes:
            at = next(
                (i // HASH_BYTES for i in range(0, len(hashes), HASH_BYTES)
                 if kept.get(place, b"")[i : i + HASH_BYTES] != hashes[i : i + HASH_BYTES]), 0,
            )
            yield f"The tile {place[0]}/{place[1]} differs from the entries at its hash {at}."


def _signed(log: Log | None, faults: list[str]) -> dict[int, bytes]:
    """The heads that were signed: size and root; notes that do not open are faults."""
    heads: dict[int, bytes] = {}
    for kept in Checkpoint.objects.order_by("size"):
        try:
            text = log.opened(kept.note) if log else parse_note(kept.note).text
            heads[kept.size] = parse_checkpoint(text).root
        except Refusal as refusal:
            faults.append(f"The checkpoint of {kept.size:,} facts does not stand: {refusal.sentence}")
    if log is not None:
        try:
            last = log.last_signed()
        except Refusal as refusal:
            faults.append(refusal.sentence)
        else:
            heads |= {last[0].size: last[0].root} if last else {}
    return heads
