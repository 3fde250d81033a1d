"""Proofs: what whoever was given evidence about an order checks without the record. Plain Python."""

from __future__ import annotations

from typing import Any

from yinuo.kit.evidence import Proven, check_strictly, check_whole, numbers_about
from yinuo.kit.merkle import Unproven
from yinuo.kit.opening import RevealedFact
from yinuo.kit.policies import Policy
from yinuo.kit.refusals import Malformed
from yinuo.record.rules import ORDER_NOTE


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


def _said(fact: RevealedFact) -> Any:
    return fact.main.content if fact.main else {}
