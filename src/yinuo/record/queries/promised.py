"""Promised: where in the log a receipt's facts stand, for the shop that holds the receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.ids import keyed_digest
from yinuo.kit.opening import part_commitment
from yinuo.kit.policies import Policy
from yinuo.kit.receipts import check_receipt
from yinuo.kit.refusals import NotFound
from yinuo.record import rules
from yinuo.record.queries.packs import pack
from yinuo.record.queries.tree import checkpoint

_PLACES = """
SELECT e.key, e.inners, s.seq, s.leaf, m.number FROM record_entry e LEFT JOIN record_seal s ON s.entry_id = e.id
LEFT JOIN record_personopening p ON p.entry_id = e.id LEFT JOIN record_mention m ON m.subject = p.person AND m.seq = s.seq
WHERE e.key {keys}
"""


def receipt_pack(*, viewer: Actor, source: str, receipt: Any, key: bytes, policy: Policy) -> dict[str, Any]:
    """A receipt of a source beside the facts that it promised, with their proofs; refuses a promise that was not kept."""
    allow(viewer, "record.give_evidence")
    promise, bound = check_receipt(receipt, policy.receipts)
    keys = {keyed_digest(key, "entry", source, event_id): event_id for event_id in bound}
    found = {keys[bytes(row[0])]: row[1:] for row in rows.select_in(connection, _PLACES, list(keys))}
    newest = checkpoint()
    size = newest[0] if newest else 0
    places: dict[str, dict[str, Any]] = {}
    for event_id, inner in bound.items():
        if event_id not in found:
            raise rules.NotKept(f"The record holds no event {event_id!r} of {source}, though the receipt promised it.")
        inners, seq, leaf, person = found[event_id]
        if bytes(inners) != inner:
            raise rules.NotKept(f"The record holds another event {event_id!r} of {source} than the receipt promised.")
        if seq is None or seq >= size:
            raise NotFound(
                f"The event {event_id!r} is in the record, and not under a published checkpoint yet; it was promised for "
                f"{promise.sealed_by:%Y-%m-%d %H:%M:%S} UTC. `yinuo worker --once` seals and signs."
            )
        places[event_id] = {"index": int(seq), "person": _person_numbers(bytes(leaf), inner, person)}
    made = pack(
        kind="receipt", note=rules.RECEIPT_NOTE, about={"source": source}, policy=policy,
        numbers=[place["index"] for place in places.values()],
    )
    trusted = replace(policy, logs=dict.fromkeys(policy.logs, "")).text
    return made | {"policy": trusted, "receipt": {"note": receipt["note"], "bound": receipt["bound"]}, "places": places}


def _person_numbers(leaf: bytes, inner: bytes, number: int | None) -> dict[str, int] | None:
    """The numbers under which the person's part stands in the entry; None where the person was forgotten since."""
    numbers = {} if number is None else {rules.PERSON: number}
    form = rules.numbers_form(rules.PERSON) % number if number is not None else b"{}"
    return numbers if part_commitment(form, inner[32:]) == leaf[33:] else None
