"""Take a long stream of events in: a second process reads and makes rows ready while this one writes those before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec
from django.db import connection

from yinuo.kit import beside, rows
from yinuo.kit.actors import Actor, allow
from yinuo.kit.moments import to_micros
from yinuo.kit.realm import Realm
from yinuo.record import rules
from yinuo.record.actions.prepare import Prepared, keyed, prepared, sort_out
from yinuo.record.actions.take import Taken, placed, take, take_prepared
from yinuo.record.rules import Incoming, Refused
from yinuo.vault import actions as vault

Item = TypeVar("Item")
Read = Callable[[Sequence[Item]], tuple[list[Incoming], list[Refused]]]
"""Reads items into events understood and events refused."""


@dataclass(frozen=True)
class Part(Generic[Item]):
    """The next part of a stream, at most 10,000 items: read, and to be taken in before the next one is asked for."""

    count: int
    refused: list[Refused]
    items: Callable[[], list[Item]]
    take: Callable[[Sequence[Refused]], Taken]
    """Take it in, as `record.actions.take` does; the refused given are kept beside."""


@dataclass(frozen=True)
class Stream(Generic[Item]):
    """Items of one source, each of the given form, how they are read into events, and into which realm they go, when."""

    actor: Actor
    source: str
    items: Iterable[Item]
    form: Any
    read: Read[Item]
    realm: Realm
    at: datetime

    @contextmanager
    def parts(self) -> Iterator[Iterator[Part[Item]]]:
        """The parts of the stream, in order; from a second process where there is more than one and it may be forked.

        Close no transaction around it: a connection cannot be shared, so this one is closed before the fork.
        """
        allow(self.actor, "record.state_facts")
        batches = rows.chunks(self.items, rules.BATCH_MAX)
        first = next(batches, [])
        every = chain([first] if first else [], batches)
        if len(first) < rules.BATCH_MAX or not _may_fork(self.realm):
            yield map(self._here, every)
            return
        connection.close()
        helper = beside.Helper(lambda link: self._make_ready(every, link))
        try:
            yield self._made_ready(helper)
        finally:
            helper.close()

    def _here(self, batch: list[Item]) -> Part[Item]:
        """The part made of a batch without a second process."""
        good, refused = self.read(batch)
        return Part(len(batch), refused, lambda: batch, lambda kept: self._take(good, kept))

    def _take(self, good: Sequence[Incoming], refused: Sequence[Refused]) -> Taken:
        return take(actor=self.actor, source=self.source, events=good, realm=self.realm, at=self.at, refused=refused)

    def _made_ready(self, helper: beside.Helper) -> Iterator[Part[Item]]:
        """The parts that the second process sends; each is answered when it was taken.

        Parts build on each other: later ones use surrogates that earlier ones made. Once one did not fit, those already
        made after it are taken without their rows, and the second process begins again from what is committed.
        """
        misfits = 0
        while (message := helper.receive()) is not None:
            ready = _decoder.decode(message)
            taken: list[Taken] = []
            fits = ready.misfits == misfits

            def taking(kept: Sequence[Refused], ready: _Ready = ready, taken: list[Taken] = taken, fits: bool = fits) -> Taken:
                done = self._take_ready(ready, kept) if fits else None
                ...
            raise NotImplementedError
        yield from ()
