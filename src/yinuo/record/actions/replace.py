"""What a batch replaces: only facts of the same kind about the same subject; and what came with those goes with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import connection
from msgspec.structs import replace

from yinuo.kit import rows
from yinuo.kit.facts import Fact
from yinuo.record import rules
from yinuo.record.actions.append import Rows
from yinuo.record.actions.prepare import Keyed, Prepared
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Refused
from yinuo.vault import actions as vault

_MISDIRECTED = "What it supersedes is of another kind or about another subject. Withdraw that, and state this by itself."


class Misdirected(Exception):
    """Events supersede what they do not correct: their keys."""

    def __init__(self, keys: Collection[bytes]) -> None:
        super().__init__()
        self.keys = keys

    def refused(self, every: Sequence[Keyed]) -> list[Refused]:
        """Those of the events, refused."""
        return [Refused(-1, event.id, "supersedes", _MISDIRECTED, event.raw) for key, event in every if key in self.keys]


def replace_told(made: Rows) -> None:
    """Forget what came with the facts that new entries replace; raises `Misdirected` for those that correct something else.

    What is not there yet is not looked at: a fact that comes after its correction is replaced when it comes.
    """
    if not made.replacements:
        return
    replaced = _facts([target for _, target in made.replacements])
    persons = {place: who for place, who, *_ in made.persons}
    wrong = set()
    for place, target in made.replacements:
        new = rules.decode_content(made.contents[place], persons.get(place), withheld=True).fact
        old = replaced.get(target)
        if old is not None and not isinstance(new, FactWithdrawn) and (type(new), _about(new)) != (type(old), _about(old)):
            wrong.add(made.keys[place])
    if wrong:
        raise Misdirected(wrong)
    vault.forget_told((_about(fact), key) for key, fact in replaced.items())


def tellable(made: Prepared) -> Prepared:
    """The batch with only those fingerprints, and texts told once, that came with facts that will stand as the first.

    Asked before its rows are written. A second statement changes nothing, neither what it adds to the first.
    """
    told = {key.partition("/")[0]: entry_key for key, *_, entry_key in made.once}
    told |= {key.partition("/")[0]: entry_key for key, _, entry_key in made.prints}
    if not told:
        return made
    stated = _stated(list(told))
    replaced = _replaced([*stated, *told.values()]) | {target for _, target in made.rows.replacements}
    second = {about for key, about in stated.items() if key not in replaced}
    second |= {about for about, key in told.items() if key in replaced}
    if not second:
        return made
    return replace(made, once=_without(made.once, second), prints=_without(made.prints, second))


def _without(told: Sequence[Any], subjects: Collection[str]) -> list[Any]:
    return [row for row in told if row[0].partition("/")[0] not in subjects]


def _stated(subjects: Sequence[str]) -> dict[bytes, str]:
    """The keys of the facts about these subjects that came with a fingerprint or text, or might have; each with its subject."""
    found = rows.select_in(
        connection,
        "SELECT e.key, o.content FROM record_opening o JOIN record_entry e ON e.id = o.entry_id WHERE o.about {keys}",
        subjects,
    )
    facts = {bytes(key): rules.decode_content(bytes(main), None, withheld=True).fact for key, main in found}
    return {key: _about(fact) for key, fact in facts.items() if _brings(fact)}


def _brings(fact: Fact) -> bool:
    kind = rules.kind_of(type(fact))
    return bool(kind.fingerprints) or any(text.once for text in kind.texts.values())


def _replaced(keys: Sequence[bytes]) -> set[bytes]:
    found = rows.select_in(connection, "SELECT target FROM record_replacement WHERE target {keys}", keys)
    return {bytes(target) for (target,) in found}


def _facts(keys: Sequence[bytes]) -> Mapping[bytes, Fact]:
    """The facts of these keys that the record has."""
    found = rows.select_in(
        connection,
        "SELECT e.key, o.content, p.person FROM record_entry e JOIN record_opening o ON o.entry_id = e.id "
        "LEFT JOIN record_personopening p ON p.entry_id = e.id WHERE e.key {keys}",
        keys,
    )
    return {bytes(key): rules.decode_content(bytes(main), who, withheld=True).fact for key, main, who in found}


def _about(fact: Fact) -> str:
    about: str = getattr(fact, fact.__struct_fields__[0])
    return about
