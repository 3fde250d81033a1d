"""Make a batch of understood events ready for its transaction: surrogates, contents, commitments, texts, as finished rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol

import msgspec

from yinuo.kit.facts import to_fact
from yinuo.kit.ids import keyed_digester
from yinuo.kit.realm import Realm
from yinuo.record.actions.append import Rows, Statement, entry_key, known_keys, rows_of
from yinuo.record.rules import Incoming
from yinuo.vault import actions as vault

Keyed = tuple[bytes, Incoming]
"""An event and the key under which it stands, or will stand, in the record."""

_NO_TEXTS: dict[str, str] = {}


class Give(Protocol):
    """Gives every name its surrogate."""

    def __call__(self, *, names: Iterable[vault.Name]) -> dict[vault.Name, str]: ...



class Prepared(msgspec.Struct, array_like=True):
    """A batch as finished rows: of the record, and of the vault's texts, those of kinds stated once, and fingerprints.

    `ids` are the events' own and those that they supersede or withdraw.
    """

    rows: Rows
    texts: list[vault.TextRow]
    once: list[vault.TextRow]
    prints: list[vault.FingerprintRow]
    ids: list[str]


def keyed(source: str, events: Sequence[Incoming], realm: Realm) -> list[Keyed]:
    """Each event with its key."""
    key_of = keyed_digester(realm.key, "entry", source)
    return [(key_of(event.id), event) for event in events]


def sort_out(every: Sequence[Keyed], *, look: bool = True) -> tuple[dict[bytes, Incoming], list[Keyed]]:
    """The events that the record has not, each once, and the others: known ones, and repetitions within the batch.

    Without a look at the record, none is taken to be known.
    """
    distinct: dict[bytes, Incoming] = {}
    again = [(key, event) for key, event in every if distinct.setdefault(key, event) is not event]
    if look:
        again += [(key, distinct.pop(key)) for key in known_keys(list(distinct))]
    return distinct, again


def prepared(source: str, events: Mapping[bytes, Incoming], realm: Realm, recorded: int, hand: vault.Hand) -> Prepared:
    """The rows of new events, whose subjects get surrogates, and whose texts get sealed, by `hand`."""
    facts = statements_of(source, list(events.items()), realm, hand.surrogates_for)
    new = dict(zip(events, facts, strict=True))
    made = rows_of(source=source, statements=new, realm=realm, recorded=recorded)
    replaced = {target for _, target in made.replacements}
    texts: list[vault.Words] = []
    once: dict[str, vault.Words] = {}
    prints: dict[tuple[str, str], vault.Print] = {}
    for key, event in events.items():
        kind = event.kind
        if kind.texts:
            for text in words_of(key, event, new[key]):
                if not kind.texts[text.name].once:
                    texts.append(text)
                elif key not in replaced:
                    once.setdefault(text.key, text)
        if kind.fingerprints and key not in replaced:
            for told in _prints_of(source, key, event, new[key]):
                prints.setdefault((told.subject, told.name), told)
    sealed = hand.text_rows(texts=[*texts, *once.values()], recorded=recorded)
    return Prepared(
        made,
        [row for row in sealed if row[0] not in once],
        [row for row in sealed if row[0] in once],
        vault.fingerprint_rows(prints=prints.values(), key=realm.key),
        [event_id for event in events.values() for event_id in _ids_in(event)],
    )


def _ids_in(event: Incoming) -> list[str]:
    """An event's id and that of the one it supersedes or withdraws."""
    withdrawn = [id for subject, id in event.kind.names_in(event.wire) if subject == "event"]
    return [event.id, *withdrawn] if event.supersedes is None else [event.id, event.supersedes]


def _prints_of(source: str, key: bytes, event: Incoming, statement: Statement) -> list[vault.Print]:
    """The addresses and payers that came with an event, each to be compared among its merchant's."""
    about, within = getattr(statement.fact, event.kind.about), f"{source}\0{getattr(event.wire, 'merchant', '')}"
    return [
        vault.Print(about, name, value, within, key)
        for name in event.kind.fingerprints
        if (value := getattr(event.wire, name))
    ]


def statements_of(source: str, every: Sequence[Keyed], realm: Realm, give: Give) -> list[Statement]:
    """The statements of events, whose subjects get surrogates from `give`."""
    names: list[vault.Name] = []
    for _, event in every:
        names += event.kind.names_in(event.wire)
    withdrawn = [name for name in names if name[0] == "event"]
    surrogates = give(names=[name for name in names if name[0] != "event"] if withdrawn else names)
    for name in withdrawn:
        surrogates[name] = entry_key(realm, source, name[1]).hex()
    return [
        Statement(
            event.id, event.at, to_fact(event.kind, event.wire, surrogates), event.supersedes, _digests_of_texts(event)
        )
        for _, event in every
    ]


def _digests_of_texts(event: Incoming) -> dict[str, str]:
    """SHA-256 of each text that came with an event, by its name."""
    if not event.kind.texts:
        return _NO_TEXTS
    return {
        name: sha256(words.encode()).hexdigest() for name in event.kind.texts if (words := getattr(event.wire, name))
    }


def words_of(key: bytes, event: Incoming, statement: Statement) -> list[vault.Words]:
    """The texts that came with an event."""
    about = getattr(statement.fact, event.kind.about)
    return [
        vault.Words(about, name, getattr(statement.fact, text.owner) or about, text.retention, words, key)
        for name, text in event.kind.texts.items()
        if (words := getattr(event.wire, name))
    ]
