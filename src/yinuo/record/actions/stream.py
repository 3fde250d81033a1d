"""Take a long stream of events in: a second process reads and makes rows ready while this one writes those before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

import msgspec
from django.db import connection

from yinuo.kit import beside, rows
from yinuo.kit.actors import Actor
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.record import rules
from yinuo.record.actions.append import allow_stating
from yinuo.record.actions.prepare import Prepared, keyed, prepared, sort_out
from yinuo.record.actions.take import Taken, placed, take, take_prepared
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

Item = TypeVar("Item")
Read = Callable[[Sequence[Item]], tuple[list[Incoming], list[Refused]]]
"""Reads items into events understood and events refused."""


class Part(Protocol[Item]):
    """The next part of a stream, at most 10,000 items: read, and to be taken in before the next one is asked for."""

    refused: list[Refused]

    @property
    def items(self) -> list[Item]:
        """What it was read from."""

    def take(self, refused: Sequence[Refused]) -> Taken:
        """Take it in, as `record.actions.take` does, in one transaction; the refused given are kept beside."""


@dataclass(frozen=True)
class Stream(Generic[Item]):
    """Items of one source, all of the given form, how they are read, and into which realm they go, on whose word, when."""

    actor: Actor
    source: str
    items: Iterable[Item]
    form: Any
    read: Read[Item]
    realm: Realm
    at: datetime

    @contextmanager
    def parts(self) -> Iterator[Iterator[Part[Item]]]:
        """The parts of the stream, in order; from a second process where there is much, and it may be forked.

        The fork is made before the first part is given, and closes this process's connection to the database.
        """
        allow_stating(self.actor, self.source)
        batches = rows.chunks(self.items, rules.BATCH_MAX)
        first = next(batches, [])
        every = chain([first] if first else [], batches)
        if len(first) < rules.BATCH_MAX or not _may_fork(self.realm):
            yield (_Plain(self, batch) for batch in every)
            return
        connection.close()
        helper = beside.Helper(lambda link: _make_ready(self, every, link))
        try:
            yield _made_ready(self, helper)
        finally:
            helper.close()


def take_stream(
    *, actor: Actor, source: str, raws: Iterable[bytes], realm: Realm, at: datetime
) -> Iterator[Taken]:
    """Take raw CloudEvents (JSON bytes) in as `take_events` does, telling of each part once it is in the record for good."""

    def read(batch: Sequence[bytes]) -> tuple[list[Incoming], list[Refused]]:
        return rules.read_events(batch, source=source, now=at)

    first = 0
    with Stream(actor, source, raws, bytes, read, realm, at).parts() as parts:
        for part in parts:
            taken = part.take(part.refused)
            if taken.refused:
                taken.refused = placed(taken.refused, part.items, first)
            yield taken
            first += rules.BATCH_MAX


def _may_fork(realm: Realm) -> bool:
    """Whether a second process sees the same database, and randomness that is not a copy of ours."""
    return rows.seen_beside(connection) and realm.entropy is os.urandom and beside.can_help()


class _Plain(Generic[Item]):
    """A part that is made ready within its transaction."""

    def __init__(self, stream: Stream[Item], items: list[Item]) -> None:
        self.items = items
        self._stream = stream
        self._good, self.refused = stream.read(items)

    def take(self, refused: Sequence[Refused]) -> Taken:
        """Take it in."""
        stream = self._stream
        return take(
            actor=stream.actor, source=stream.source, events=self._good, realm=stream.realm, at=stream.at, refused=refused
        )


class _Ready(msgspec.Struct, array_like=True):
    """A part that was made ready ahead. `again` are the places of the understood that are known, or repeated within it."""

    restarts: int
    items: msgspec.Raw
    refused: list[Refused]
    again: list[int]
    made: Prepared
    foreseen: vault.Foreseen


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(_Ready)


def _make_ready(stream: Stream[Item], batches: Iterable[list[Item]], link: beside.Link) -> None:
    """The second process's work: make one batch after the other ready, and begin again when one did not fit.

    Where a batch held nothing known, the next is taken to hold nothing known either, until that was wrong once: a look at
    the record costs much while another process writes to it.
    """
    foresight = vault.Foresight(source=stream.source, realm=stream.realm, at=stream.at)
    restarts, look = 0, True
    try:
        for batch in batches:
            if not link.all_of_use():
                foresight.forget()
                restarts += 1
            ready = _ready(stream, batch, foresight, restarts, look=look or restarts > 0)
            link.send(_encode(ready))
            look = bool(ready.again)
    finally:
        connection.close()


def _ready(stream: Stream[Item], batch: list[Item], foresight: vault.Foresight, restarts: int, *, look: bool) -> _Ready:
    good, refused = stream.read(batch)
    foresight.begin()
    distinct, again = sort_out(keyed(stream.source, good, stream.realm), look=look)
    made = prepared(stream.source, distinct, stream.realm, to_micros(stream.at), foresight)
    places = {id(event): place for place, event in enumerate(good)} if again else {}
    repeated = [places[id(event)] for _, event in again]
    return _Ready(restarts, msgspec.Raw(_encode(batch)), refused, repeated, made, foresight.foreseen)


def _made_ready(stream: Stream[Item], helper: beside.Helper) -> Iterator[Part[Item]]:
    """The parts that the second process sends, each answered when it was taken.

    They build on each other: later ones use surrogates that earlier ones made. So once one did not fit, those made ready
    before the second process began again are taken without their rows.
    """
    misfits = 0
    while (message := helper.receive()) is not None:
        ready = _decoder.decode(message)
        part = _Ahead(stream, ready, trusted=ready.restarts == misfits)
        yield part
        helper.answer(of_use=part.fitted)
        misfits += ready.restarts == misfits and not part.fitted


class _Ahead(Generic[Item]):
    """A part that came with its rows."""

    def __init__(self, stream: Stream[Item], ready: _Ready, *, trusted: bool) -> None:
        self.refused = ready.refused
        self.fitted = trusted
        self._stream, self._ready = stream, ready

    @cached_property
    def items(self) -> list[Item]:
        """What it was read from."""
        form = list[self._stream.form]  # type: ignore[name-defined] # known only when it runs
        items: list[Item] = msgspec.msgpack.decode(self._ready.items, type=form)
        return items

    def take(self, refused: Sequence[Refused]) -> Taken:
        """Take it in with its rows; where they do not fit what others wrote since, as if it had come without."""
        taken = self._with_rows(refused) if self.fitted else None
        self.fitted = taken is not None
        return taken or _Plain(self._stream, self.items).take(refused)

    def _with_rows(self, refused: Sequence[Refused]) -> Taken | None:
        stream, ready = self._stream, self._ready
        good = stream.read(self.items)[0] if ready.again else []
        return take_prepared(
            source=stream.source, made=ready.made, foreseen=ready.foreseen, again=[good[place] for place in ready.again],
            realm=stream.realm, at=stream.at, refused=refused,
        )
