"""Packs: many facts with their proofs in one JSON value, for whoever may see them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.evidence import PACK_FORMAT, mark_of
from yinuo.kit.ids import keyed_digest
from yinuo.kit.opening import check_revealed
from yinuo.kit.policies import Policy
from yinuo.kit.realm import OWN_SOURCE
from yinuo.kit.refusals import NotFound
from yinuo.record import rules
from yinuo.record.queries.reveal import nodes, revealed
from yinuo.record.queries.tree import checkpoint, mentions_of


def pack(
    *, kind: str, note: str, about: Mapping[str, str], numbers: Iterable[int], policy: Policy, person: str | None = None
) -> dict[str, Any]:
    """The facts of these numbers under the newest checkpoint; a person's parts only for that person themselves."""
    newest = checkpoint()
    shown = sorted(set(numbers))
    if newest is None or (shown and shown[-1] >= newest[0]):
        raise NotFound("Not all of these facts are under a published checkpoint yet; `yinuo worker --once` seals and signs.")
    size, signed = newest
    facts = revealed(numbers=shown, person=person)
    trusted = Policy(dict.fromkeys(policy.logs, ""), policy.witnesses, policy.groups, policy.quorum)
    return {
        "format": PACK_FORMAT, "kind": kind, "note": note, "about": dict(about), "checkpoint": signed,
        "policy": trusted.text, "size": size, "facts": facts, "marks": [mark_of(check_revealed(fact)) for fact in facts],
        "nodes": {name: b64encode(each).decode() for name, each in nodes(numbers=shown, size=size).items()},
    }


def order_pack(*, viewer: Actor, order: str, policy: Policy, with_person: bool = False) -> dict[str, Any]:
    """Every fact about an order, and what replaced any of them; the buyer's part only if it is given to the buyer."""
    allow(viewer, "record.give_evidence")
    newest = checkpoint()
    numbers = mentions_of(subject=order, size=newest[0]) if newest else []
    if newest is None or not numbers:
        raise NotFound(f"No fact under a published checkpoint is about an order {order!r}.")
    numbers += [by for _, by in replacing(numbers=numbers, size=newest[0])]
    person = _person_of(numbers) if with_person else None
    return pack(
        kind="order", note=rules.ORDER_NOTE, about={"order": order}, numbers=numbers, policy=policy, person=person,
    )


def replacing(*, numbers: Sequence[int], size: int) -> list[tuple[int, int]]:
    """(number of the replaced, number of its replacement), for those of these facts that a fact below a size replaced."""
    found = rows.select_in(
        connection,
        "SELECT ts.seq, rs.seq FROM record_seal ts JOIN record_entry t ON t.id = ts.entry_id "
        "JOIN record_replacement r ON r.target = t.key JOIN record_seal rs ON rs.entry_id = r.entry_id "
        f"WHERE rs.seq < {size:d} AND ts.seq {{keys}}",
        list(numbers),
    )
    return sorted((int(target), int(by)) for target, by in found)


def own_key(*, event_id: str, key: bytes) -> bytes:
    """The key under which a fact stands that Yinuo itself stated under this id."""
    return keyed_digest(key, "entry", OWN_SOURCE, event_id)


def number_of(*, event_id: str, key: bytes) -> int | None:
    """The number of the fact that Yinuo itself stated under this id; None while it is not sealed."""
    entry = own_key(event_id=event_id, key=key)
    sql = "SELECT s.seq FROM record_entry e JOIN record_seal s ON s.entry_id = e.id WHERE e.key {keys}"
    found = rows.select_in(connection, sql, [entry])
    return int(found[0][0]) if found else None


def contents_of(*, numbers: Sequence[int]) -> list[rules.Content]:
    """What the main parts of these facts say; persons stay withheld."""
    return list(contents_by_number(numbers=numbers).values())


def contents_by_number(*, numbers: Sequence[int]) -> dict[int, rules.Content]:
    """What the main parts of these facts say, by their numbers; refuses where one is missing."""
    sql = "SELECT s.seq, o.content FROM record_seal s LEFT JOIN record_opening o ON o.entry_id = s.entry_id WHERE s.seq {keys}"
    found = sorted(rows.select_in(connection, sql, list(numbers)))
    for seq, main in found:
        if main is None:
            raise rules.Lost(int(seq))
    return {int(seq): rules.decode_content(bytes(main), None, withheld=True) for seq, main in found}


def mentions_of_each(*, subjects: Sequence[str], size: int) -> list[int]:
    """The numbers of the facts below a size that mention any of the subjects."""
    sql = f"SELECT seq FROM record_mention WHERE seq < {size:d} AND subject {{keys}}"
    return sorted({int(seq) for (seq,) in rows.select_in(connection, sql, list(subjects))})


def _person_of(numbers: Sequence[int]) -> str | None:
    """The person whom the earliest of these facts names."""
    sql = (
        "SELECT s.seq, p.person FROM record_seal s JOIN record_personopening p ON p.entry_id = s.entry_id WHERE s.seq {keys}"
    )
    found = sorted(rows.select_in(connection, sql, list(numbers)))
    return str(found[0][1]) if found else None
