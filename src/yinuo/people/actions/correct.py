"""Correct what is said of a person: a new fact says that it was corrected and by whose wish, and the words are replaced."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Literal

from django.db import transaction

from yinuo.kit.actors import SYSTEM, Actor, allow
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import OWN_SOURCE, Realm
from yinuo.people.actions.looks import check_known
from yinuo.people.events import BuyerCorrected
from yinuo.people.rules import CORRECTABLE, check_words
from yinuo.record import actions as record
from yinuo.vault import actions as vault


@transaction.atomic
def correct(
    *, actor: Actor, person: str, text: str, words: str, asked: Literal["person", "operator"], realm: Realm, at: datetime
) -> None:
    """Put other words in place of a text about a person, and state that it was done; what stood there before is gone.

    That the operator found it wrong, only the operator may say.
    """
    allow(actor, "people.correct", about=person if asked == "person" else None)
    check_words(text, words)
    check_known(person)
    event_id = f"corrected/{realm.entropy(16).hex()}"
    statement = record.Statement(
        event_id, to_micros(at), BuyerCorrected(buyer=person, asked=asked), texts={text: sha256(words.encode()).hexdigest()}
    )
    record.append(actor=SYSTEM, statements=[statement], realm=realm, at=at)
    key = record.entry_key(realm, OWN_SOURCE, event_id)
    kept = vault.Words(person, text, person, CORRECTABLE[text], words, key)
    vault.keep_words(texts=[kept], realm=realm, recorded=to_micros(at))
