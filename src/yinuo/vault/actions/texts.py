"""Keep the words that came with events, sealed with their owner's key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from yinuo.kit import rows
from yinuo.kit.ids import Entropy
from yinuo.kit.realm import Realm
from yinuo.kit.sealing import NONCE_BYTES, DataKey, place_of
from yinuo.vault.keyring import Holding
from yinuo.vault.queries import opened_words
from yinuo.vault.rules import holder_of

TextRow = tuple[str, str, str, bytes, int, bytes]
_COLUMNS = ("key", "owner", "retention", "words", "recorded", "entry_key")


@dataclass(frozen=True, slots=True)
class Words:
    """A text to keep: of which subject, under which name, whose it is, how long it may be kept, by which event it came."""

    subject: str
    name: str
    owner: str
    retention: str
    words: str
    entry_key: bytes = b""

    @property
    def key(self) -> str:
        """Under what it is kept."""
        return f"{self.subject}/{self.name}"

    @property
    def holding(self) -> Holding:
        """By whose key of which class it is sealed."""
        return holder_of(self.owner), self.retention


def keep_text_rows(texts: Sequence[TextRow], *, once: Sequence[TextRow] = ()) -> None:
    """Keep texts that were made ready, in place of earlier ones; those told once only where there are none yet."""
    rows.upsert(connection, "vault_text", "key", _COLUMNS, texts)
    rows.insert_missing(connection, "vault_text", "key", _COLUMNS, once)


def other_words(*, texts: Sequence[Words], realm: Realm) -> list[Words]:
    """Those of the texts that read otherwise than when the same event brought them first, where that can still be told."""
    found = rows.select_in(
        connection,
        "SELECT key, owner, retention, words, entry_key FROM vault_text WHERE key {keys}",
        [text.key for text in texts],
    )
    opened = opened_words([row[:4] for row in found], realm=realm)
    kept = {(key, bytes(entry_key)): opened[key] for key, _, _, _, entry_key in found if opened[key] is not None}
    return [text for text in texts if kept.get((text.key, text.entry_key), text.words) != text.words]


def latest_of(texts: Sequence[Words]) -> Collection[Words]:
    """The last one under each subject and name."""
    return {text.key: text for text in texts}.values()


def sealed_rows(
    texts: Collection[Words], *, recorded: int, keys: Mapping[Holding, DataKey], entropy: Entropy
) -> list[TextRow]:
    """The texts, each sealed for the row that it will stand in."""
    nonces = entropy(NONCE_BYTES * len(texts))
    sealed = []
    for place, text in enumerate(texts):
        nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
        words = keys[text.holding].seal(place_of("vault_text", "words", text.key), text.words, nonce)
        sealed.append((text.key, text.owner, text.retention, words, recorded, text.entry_key))
    return sealed
