"""Take a source's events in: each bad one refused alone, the good ones appended, the same again left alone."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter, itemgetter

import msgspec
from django.db import IntegrityError, OperationalError, connection, transaction

from yinuo.kit import rows
from yinuo.kit.actors import Actor
from yinuo.kit.moments import to_micros
from yinuo.kit.opening import no_person
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import Busy
from yinuo.record import rules
from yinuo.record.actions.append import Statement, allow_stating, entry_key, write_rows
from yinuo.record.actions.prepare import Keyed, Prepared, keyed, prepared, sort_out, statements_of, words_of
from yinuo.record.actions.refuse import check_room, close_corrected, keep_refused
from yinuo.record.actions.replace import Misdirected, replace_told, tellable
from yinuo.record.events import FactWithdrawn
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

_CONFLICT = "This id was taken in before with other content. To correct it, give this event a new id and 'supersedes': {!r}."
_BUSY = "Others write to the record, and this batch found no place for too long. Nothing of it was taken; send it again."
RACES_MAX = 12   # two batches with the same new event: the later one starts over and finds it known
PAUSE_SECONDS_MAX = .5
CORRECTIONS_MAX = 100      # followed from one to the next: facts that supersede each other in a ring have no last


class Taken(msgspec.Struct):
    """What became of a batch: how many were new, how many known already, those refused, and what binds the new ones, by id."""

    accepted: int = 0
    known: int = 0
    refused: list[Refused] = msgspec.field(default_factory=list)
    bound: dict[str, bytes] = msgspec.field(default_factory=dict)


def take_events(
    *, actor: Actor, source: str, raws: Iterable[bytes], realm: Realm, at: datetime, waiting_max: int | None = None
) -> Taken:
    """Take in raw CloudEvents (JSON bytes) of one source, in transactions of at most 10,000.

    With `waiting_max`, a transaction that would let more refused events than that wait is refused whole.
    """
    total = Taken()
    for number, chunk in enumerate(rows.chunks(raws, rules.BATCH_MAX)):
        good, refused = rules.read_events(chunk, source=source, now=at)
        part = take(actor=actor, source=source, events=good, realm=realm, at=at, refused=refused, waiting_max=waiting_max)
        total.accepted += part.accepted
        total.known += part.known
        total.bound |= part.bound
        total.refused += placed(part.refused, chunk, number * rules.BATCH_MAX)
    return total


def take(
    *, actor: Actor, source: str, events: Sequence[Incoming], realm: Realm, at: datetime, refused: Sequence[Refused] = (),
    waiting_max: int | None = None,
) -> Taken:
    """Append the events of one source, at most 10,000, in one transaction; keep the refused beside them.

    The same event again does nothing. The same id with other content is refused as a conflict (its index is -1), and kept to
    be looked at. Where others hold the record for too long, all is refused as `Busy`.
    """
    allow_stating(actor, source)
    assert len(events) <= rules.BATCH_MAX, "a batch is one transaction, and at most 10,000 events"
    every = keyed(source, events, realm)
    for race in range(RACES_MAX):
        try:
            with rows.writing_turn(connection):
                return _take(source, every, realm, at, refused, waiting_max)
        except Misdirected as misdirected:
            refused = [*refused, *misdirected.refused(every)]
            every = [(key, event) for key, event in every if key not in misdirected.keys]
            continue
        except (IntegrityError, OperationalError) as error:
            # SQLite has waited for its one writer's place by itself, and long.
            if race == RACES_MAX - 1 or (connection.vendor == "sqlite" and isinstance(error, OperationalError)):
                raise Busy(_BUSY) from error
        time.sleep(_pause_seconds(race, realm))
    raise AssertionError("the last race ends in an answer or a refusal")


def _pause_seconds(race: int, realm: Realm) -> float:
    """How long to stay away after so many lost races: up to twice as long each time, and not the same for all who lost."""
    luck = int.from_bytes(realm.entropy(2)) / 65_536
    return luck * min(PAUSE_SECONDS_MAX, .01 * (1 << race))


def take_prepared(
    *, source: str, made: Prepared, foreseen: vault.Foreseen, again: Sequence[Incoming], realm: Realm, at: datetime,
    refused: Sequence[Refused],
) -> Taken | None:
    """What `take` does, with rows made ready before; None, and nothing written, where they do not fit what others wrote since.

    `again` are those of the batch's events that were known, or repeated within it.
    """
    try:
        with rows.writing_turn(connection):
            return _take_prepared(source, made, foreseen, keyed(source, again, realm), realm, at, refused)
    except (IntegrityError, OperationalError, _Outdated, Misdirected):
        return None


class _Outdated(Exception):
    """Surrogates were deleted since these rows were made."""


@transaction.atomic
def _take_prepared(
    source: str, made: Prepared, foreseen: vault.Foreseen, again: Sequence[Keyed], realm: Realm, at: datetime,
    refused: Sequence[Refused],
) -> Taken:
    if not vault.keep_foreseen(foreseen):
        raise _Outdated
    return _write(source, made, again, realm, at, refused)


@transaction.atomic
def _take(
    source: str, every: Sequence[Keyed], realm: Realm, at: datetime, refused: Sequence[Refused], waiting_max: int | None
) -> Taken:
    distinct, again = sort_out(every)
    hand = vault.AtOnce(source=source, realm=realm, at=at)
    made = prepared(source, distinct, realm, to_micros(at), hand)
    taken = _write(source, made, again, realm, at, refused, waiting_max)
    taken.bound = dict(zip((event.id for event in distinct.values()), made.rows.inners, strict=True))
    return taken


def _write(
    source: str, made: Prepared, again: Sequence[Keyed], realm: Realm, at: datetime, refused: Sequence[Refused],
    waiting_max: int | None = None,
) -> Taken:
    made = tellable(made)
    write_rows(made.rows)
    replace_told(made.rows)
    vault.keep_text_rows(made.texts, once=made.once)
    vault.keep_fingerprint_rows(made.prints)
    conflicts = _conflicts(source, again, realm) if again else []
    every = [*refused, *conflicts]
    close_corrected(source=source, ids=made.ids, realm=realm, at=at)
    if waiting_max is not None:
        check_room(source=source, more=len(every), waiting_max=waiting_max)
    keep_refused(source=source, refused=every, realm=realm, at=at)
    return Taken(accepted=len(made.rows.keys), known=len(again) - len(conflicts), refused=every)


def placed(refused: Sequence[Refused], chunk: Sequence[bytes], first: int) -> list[Refused]:
    """The refused by their place among all events, also the conflicts, which were found without it."""
    if not refused:
        return []
    places = {id(raw): place for place, raw in enumerate(chunk)}
    every = [
        msgspec.structs.replace(event, index=first + (places[id(event.raw)] if event.index < 0 else event.index))
        for event in refused
    ]
    return sorted(every, key=attrgetter("index"))


def _conflicts(source: str, again: Sequence[Keyed], realm: Realm) -> list[Refused]:
    """Those of the known events that say something else than the first time, and than what has corrected it since."""
    otherwise = _otherwise(source, again, realm)
    last = _last_corrections({key for key, _ in otherwise})
    corrected = [(last[key], event) for key, event in otherwise if key in last]
    wrong_still = {id(event) for _, event in _otherwise(source, corrected, realm, under_own_id=False)}
    return [
        Refused(-1, event.id, "id", _CONFLICT.format(event.id), event.raw)
        for key, event in otherwise
        if key not in last or id(event) in wrong_still
    ]


def _otherwise(source: str, told: Sequence[Keyed], realm: Realm, *, under_own_id: bool = True) -> list[Keyed]:
    """Those of the events that say something else than the fact of that key. What was forgotten cannot be compared."""
    if not told:
        return []
    found = rows.select_in(
        connection,
        "SELECT e.key, o.content, p.person, e.inners, o.salt FROM record_entry e JOIN record_opening o ON o.entry_id = e.id "
        "LEFT JOIN record_personopening p ON p.entry_id = e.id WHERE e.key {keys}",
        list({key for key, _ in told}),
    )
    first = {bytes(key): rules.decode_content(bytes(main), person) for key, main, person, *_ in found}
    nobody = {
        bytes(key) for key, _, person, inner, salt in found if person is None and bytes(inner)[32:] != no_person(bytes(salt))
    }
    give = partial(vault.known_surrogates, source=source, key=realm.key, entropy=realm.entropy)
    statements = [
        msgspec.structs.replace(said, fact=rules.without_name(said.fact)) if key in nobody else said
        for (key, _), said in zip(told, statements_of(source, told, realm, give), strict=True)
    ]
    texts = [text for (key, event), said in zip(told, statements, strict=True) for text in words_of(key, event, said)]
    words = {text.entry_key for text in vault.other_words(texts=texts, realm=realm)}
    return [
        (key, event)
        for (key, event), said in zip(told, statements, strict=True)
        if (fact := first.get(key)) is not None and (key in words or not _same(fact, said, source, realm, under_own_id))
    ]


def _last_corrections(keys: Collection[bytes]) -> dict[bytes, bytes]:
    """By the key of each fact that was superseded or withdrawn, the key of the last one that stands in its place."""
    last = {key: key for key in keys}
    for _ in range(CORRECTIONS_MAX):
        later = rows.select_in(
            connection,
            "SELECT r.target, e.key, e.id FROM record_replacement r JOIN record_entry e ON e.id = r.entry_id "
            "WHERE r.target {keys}",
            list(set(last.values())),
        )
        if not later:
            break
        newest = {bytes(target): bytes(key) for target, key, _ in sorted(later, key=itemgetter(2))}
        last = {key: newest.get(standing, standing) for key, standing in last.items()}
    return {key: standing for key, standing in last.items() if standing != key}


def _same(first: rules.Content, said: Statement, source: str, realm: Realm, under_own_id: bool) -> bool:
    if (first.at, first.fact) != (said.at, said.fact):
        return False
    if isinstance(said.fact, FactWithdrawn) or not under_own_id:
        return True
    return first.supersedes == (None if said.supersedes is None else entry_key(realm, source, said.supersedes).hex())
