"""Reveal: what is given to somebody who may see a fact, so that they can prove it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.canonical import canonical_json
from yinuo.kit.merkle import inclusion_proof, nodes_for
from yinuo.kit.opening import closed, inner_of, opening, part_commitment
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import NotFound
from yinuo.kit.tlog_proofs import TlogProof
from yinuo.record import rules
from yinuo.record.queries.tree import checkpoint, reader_at
from yinuo.record.queries.vouched import newest_witnessed

_OPENINGS = """
SELECT s.seq, s.leaf, o.salt, o.content, p.salt, p.content, p.person FROM record_seal s
LEFT JOIN record_opening o ON o.entry_id = s.entry_id LEFT JOIN record_personopening p ON p.entry_id = s.entry_id
WHERE s.seq {keys}
"""


def revealed(*, numbers: Sequence[int], person: str | None = None) -> list[dict[str, Any]]:
    """The facts of these numbers with their main parts opened, and the person's part where it is that person's own.

    Refuses what would not be proven by it: where an opening or a number is missing, or does not give the log's entry.
    """
    found = sorted(rows.select_in(connection, _OPENINGS, list(numbers)))
    for seq, _, _, main, *_ in found:
        if main is None:
            raise rules.Lost(int(seq))
    counted = _numbers_of([(seq, main, who) for seq, _, _, main, _, _, who in found])
    every = []
    for seq, leaf, salt, main, other_salt, other, who in found:
        own = _opened(seq, bytes(leaf)[1:33], bytes(salt), bytes(main), counted[seq][0])
        mine = who is not None and who == person
        every.append({
            "index": int(seq),
            "main": own,
            "person": _opened(seq, bytes(leaf)[33:], bytes(other_salt), bytes(other), counted[seq][1]) if mine
            else closed(bytes(leaf)[33:]),
        })
    return every


def _opened(seq: int, commitment: bytes, salt: bytes, content: bytes, numbers: dict[str, int]) -> dict[str, Any]:
    """The opening of a part, which must lead to its commitment in the log."""
    if part_commitment(canonical_json(numbers), inner_of(salt, content)) != commitment:
        raise rules.Altered(f"Fact {seq:,} as it is kept does not give its entry in the log; `yinuo record audit` says what.")
    return opening(salt=salt, content=content, numbers=numbers)


def _numbers_of(found: Sequence[tuple[int, Any, str | None]]) -> dict[int, tuple[dict[str, int], dict[str, int]]]:
    """The numbers that each fact got from the subjects of its main part, and from its person."""
    named: dict[int, tuple[list[tuple[str, str]], str | None]] = {}
    for seq, main, who in found:
        counted = rules.counted(rules.decode_content(bytes(main), None, withheld=True).fact)
        named[seq] = (list(zip(counted.fields.split("+"), counted.subjects, strict=False)), who)
    wanted = {subject for fields, _ in named.values() for _, subject in fields} | {who for _, who in named.values() if who}
    numbers = _numbers_within(wanted, min(named, default=0), max(named, default=0))
    return {
        seq: (
            {field: _number(numbers, subject, seq) for field, subject in fields},
            {} if who is None else {rules.PERSON: _number(numbers, who, seq)},
        )
        for seq, (fields, who) in named.items()
    }


def _number(numbers: dict[tuple[str, int], int], subject: str, seq: int) -> int:
    if (subject, seq) not in numbers:
        raise rules.Altered(f"The number that {subject} gave to fact {seq:,} is not kept; `yinuo record audit` says more.")
    return numbers[subject, seq]


def _numbers_within(subjects: set[str], first: int, last: int) -> dict[tuple[str, int], int]:
    """The number that each fact from the first to the last got from each of the subjects."""
    found = rows.select_in(
        connection,
        f"SELECT subject, seq, number FROM record_mention WHERE seq BETWEEN {first:d} AND {last:d} AND subject {{keys}}",
        sorted(subjects),
    )
    return {(subject, int(seq)): int(number) for subject, seq, number in found}


def tlog_proof(*, number: int, person: str | None = None, witnessed: Policy | None = None) -> TlogProof:
    """The proof file of one fact under the newest checkpoint, with its opening as extra data.

    With a policy, under the newest checkpoint that is good by it: that enough witnesses have signed.
    """
    newest = checkpoint() if witnessed is None else newest_witnessed(policy=witnessed)
    if newest is None or number >= newest[0]:
        kind = "a published checkpoint" if witnessed is None else "a checkpoint that enough witnesses have signed"
        raise NotFound(f"Fact {number:,} is not under {kind} yet.")
    size, note = newest
    (fact,) = revealed(numbers=[number], person=person)
    hashes = inclusion_proof(number, size, reader_at(size))
    return TlogProof(number, tuple(hashes), note, canonical_json(fact))


def nodes(*, numbers: Sequence[int], size: int) -> dict[str, bytes]:
    """The hashes that lead from the facts of these numbers to the root at that size, by "level/index"."""
    wanted = nodes_for(numbers, size)
    return {f"{level}/{index}": found for (level, index), found in zip(wanted, reader_at(size)(wanted), strict=True)}
