"""Proofs: what whoever was given evidence about an order checks without the record. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from yinuo.kit.canonical import canonical_json
from yinuo.kit.evidence import Proven, check_strictly, check_whole, numbers_about
from yinuo.kit.merkle import HASH_BYTES, Unproven
from yinuo.kit.opening import RevealedFact, part_commitment
from yinuo.kit.policies import Policy, parse_policy
from yinuo.kit.receipts import Receipt, check_receipt
from yinuo.kit.refusals import Malformed
from yinuo.record.rules import ORDER_NOTE, RECEIPT_NOTE


def check_order_pack(pack: Any, policy: Policy | None = None) -> Proven:
    """The facts about an order from its first on, without a gap; refuses facts that do not belong to it.

    Later ones may exist: no signature says how many an order has.
    """
    proven = check_strictly(pack, policy, kind="order", note=ORDER_NOTE)
    if pack["about"].keys() != {"order"}:
        raise Malformed("The pack says that it is about one order, and nothing else.", path="about")
    order = pack["about"]["order"]
    check_whole(proven.facts, "order", order)
    own = [fact for fact in proven.facts if numbers_about([fact], "order", str(order))]
    keys = {_said(fact).get("key") for fact in own}
    for fact in proven.facts:
        if fact not in own and target_of(fact) not in keys:
            raise Unproven(f"Fact {fact.index} does not belong here: it is not about the order, and replaces nothing that is.")
    return proven


def target_of(fact: RevealedFact) -> str | None:
    """The key of the fact that this one supersedes or withdraws."""
    said = _said(fact)
    stated = said.get("fact")
    withdrawn = stated.get("event") if isinstance(stated, dict) and stated.get("kind") == "record.fact_withdrawn" else None
    target = withdrawn or said.get("supersedes")
    return target if isinstance(target, str) else None


def replaced_by(proven: Proven) -> dict[int, int]:
    """For the index of each fact shown that another one shown replaced: the index of that one."""
    by = {target: fact.index for fact in proven.facts if (target := target_of(fact))}
    keyed = ((fact.index, _said(fact).get("key")) for fact in proven.facts)
    return {index: by[key] for index, key in keyed if isinstance(key, str) and key in by}


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise that was kept: the facts, the receipt, the fact's index by its event's id, and of how many of them the
    person's part can no longer be shown.
    """

    proven: Proven
    receipt: Receipt
    indexes: dict[str, int]
    forgotten: int


def check_receipt_pack(pack: Any, policy: Policy | None = None) -> Kept:
    """That every fact which a receipt promised is in the record; refuses what shows another, or not all of them."""
    proven = check_strictly(pack, policy, kind="receipt", note=RECEIPT_NOTE, names=("receipt", "places"))
    receipt, bound = check_receipt(pack["receipt"], (policy or parse_policy(pack["policy"])).receipts)
    if receipt.origin != proven.accepted.checkpoint.origin:
        raise Unproven("The receipt is of another log than the checkpoint.")
    places, facts, indexes, forgotten = pack["places"], {fact.index: fact for fact in proven.facts}, {}, 0
    if not isinstance(places, dict) or places.keys() != bound.keys():
        raise Malformed("The pack's 'places' are not one for each event of the receipt.")
    for event_id, inner in bound.items():
        place = places[event_id]
        if not isinstance(place, dict) or place.keys() != {"index", "person"}:
            raise Malformed("A place names the index of a fact and the numbers of its person's part.", path=_place(event_id))
        fact = facts.pop(place["index"], None) if type(place["index"]) is int else None
        if fact is None or fact.main is None:
            raise Unproven("The fact of this event is not shown, or is another event's too.", path=_place(event_id))
        if fact.leaf[1 : 1 + HASH_BYTES] != part_commitment(canonical_json(dict(fact.main.numbers)), inner[:HASH_BYTES]):
            raise Unproven("The record holds another fact there than the receipt promised.", path=_place(event_id))
        own = place["person"]
        if own is not None and fact.leaf[1 + HASH_BYTES :] != part_commitment(canonical_json(own), inner[HASH_BYTES:]):
            raise Unproven("The record holds another person's part there than the receipt promised.", path=_place(event_id))
        indexes[event_id], forgotten = fact.index, forgotten + (own is None)
    if facts:
        raise Unproven(f"Fact {min(facts)} does not belong here: the receipt does not promise it.")
    return Kept(proven, receipt, indexes, forgotten)


def _place(event_id: str) -> str:
    return f"places[{event_id[:80]!r}]"


def _said(fact: RevealedFact) -> Any:
    return fact.main.content if fact.main else {}
