"""A steward's work: objections and appeals by their clocks, decisions, and events that intake refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from yinuo_client._answers import written
from yinuo_client._matters import Appeal, Contest, Objection, RelyOn, Statement
from yinuo_client._reading import read
from yinuo_client._transport import Calls, in_path

_Queued = TypeVar("_Queued", Objection, Appeal)


@dataclass(frozen=True)
class RefusedWaiting:
    """An event that intake refused and that waits for correction."""

    number: int
    source: str
    received: datetime
    id: str
    path: str
    sentence: str


@dataclass(frozen=True)
class RefusedWhole(RefusedWaiting):
    """The same with the event as it came, as text."""

    event: str


@dataclass(frozen=True)
class StillRefused:
    """A refused event that cannot be taken in as it came, and why."""

    number: int
    sentence: str


@dataclass(frozen=True)
class Replayed:
    """How many refused events are taken in, or would be, and why each of the others is not."""

    taken: int
    refused: tuple[StillRefused, ...]


@dataclass(frozen=True)
class Settleable:
    """An objection that can be settled so, and how many people of the merchant's team would read the reasons.

    `points`: how many points at most the merchant would gain, this one by itself; None where it is rejected, or not known.
    """

    id: str
    merchant: str
    points: int | None
    team: int


@dataclass(frozen=True)
class NotSettleable:
    """An objection that cannot be settled so by this person, and why."""

    id: str
    sentence: str


@dataclass(frozen=True)
class Settling:
    """What would be settled, the one that is due first first, and what could not be."""

    settled: tuple[Settleable, ...]
    refused: tuple[NotSettleable, ...]


class QueueCalls(Calls):
    """What waits for a steward. To take something tells the other stewards that one looks at it, and binds nobody.

    Queues are narrowed by `state` (open, upheld, rejected, withdrawn, all), `clock` (late, today, week), `ground`, `taken`
    (me, nobody) and `merchants` (ids), and read through to their end, 200 at a time.
    """

    def contest_queue(
        self, *, state: str = "open", clock: str = "", ground: str = "", taken: str = "", merchants: Sequence[str] = (),
        aspect: str = "", claimed: str = "",
    ) -> Iterator[Objection]:
        """Open objections with their words, the one that is due first first, or those in another state.

        `aspect`: what is disputed (fact, dispatch, delivery, complaint). `claimed`: whose fault it is said to be.
        """
        narrowed = {"state": state, "clock": clock, "ground": ground, "taken": taken, "aspect": aspect, "claimed": claimed}
        return self._queue("/contests/queue", Objection, narrowed, merchants)

    def take_contests(self, contests: Sequence[str], *, taken: bool = True) -> int:
        """Say that one looks at these open objections, or not any more; how many that changed."""
        return int(self._call("POST", "/contests/take", {"ids": list(contests), "taken": taken})["changed"])

    def preview_settling(
        self, contests: Sequence[str], *, outcome: str, ground: str, words: str, cause: str | None = None
    ) -> Settling:
        """What `settle_contests` would do, and why it could not settle others. Changes nothing."""
        wanted = {"ids": list(contests), "outcome": outcome, "ground": ground, "words": words, "cause": cause}
        return read(Settling, self._call("POST", "/contests/settle/preview", wanted))

    def settle_contests(
        self, contests: Sequence[str], *, outcome: str, ground: str, words: str, cause: str | None = None
    ) -> list[Contest]:
        """Uphold or reject objections for the same reasons, all or none."""
        wanted = {"ids": list(contests), "outcome": outcome, "ground": ground, "words": words, "cause": cause}
        return [read(Contest, told) for told in self._do("POST", "/contests/settle", wanted)]

    def appeal_queue(
        self, *, state: str = "open", clock: str = "", ground: str = "", taken: str = "", merchants: Sequence[str] = (),
        act: str = "",
    ) -> Iterator[Appeal]:
        """Open appeals, the one that is due first first, or those in another state; `act`: what the decision did."""
        narrowed = {"state": state, "clock": clock, "ground": ground, "taken": taken, "act": act}
        return self._queue("/appeals", Appeal, narrowed, merchants)

    def take_appeals(self, appeals: Sequence[str], *, taken: bool = True) -> int:
        """Say that one looks at these open appeals, or not any more; how many that changed."""
        return int(self._call("POST", "/appeals/take", {"ids": list(appeals), "taken": taken})["changed"])

    def settle_appeal(self, appeal: str, *, outcome: str, words: str, cause: str | None = None) -> Appeal:
        """Answer an appeal against a decision in which one had no part."""
        wanted = {"outcome": outcome, "words": words, "cause": cause}
        return read(Appeal, self._do("POST", f"/appeals/{in_path(appeal)}/settle", wanted))

    def facts_to_rely_on(self, merchant: str) -> list[RelyOn]:
        """The newest facts about a merchant that a decision may rely on."""
        return [read(RelyOn, told) for told in self._get(f"/decisions/facts?{urlencode({'merchant': merchant})}")]

    def decide(self, merchant: str, *, act: str, ground: str, facts: Sequence[str], words: str) -> Statement:
        """Decide about a merchant with a statement of reasons. The same again gives the first one again."""
        wanted = {"merchant": merchant, "act": act, "ground": ground, "facts": list(facts), "words": words}
        return read(Statement, self._call("POST", "/decisions", wanted))

    def refused(self, source: str = "", *, before: datetime | None = None) -> Iterator[RefusedWaiting]:
        """The events that wait for correction, oldest first: of one source or of all, come before a moment or whenever."""
        narrowed: dict[str, Any] = {"source": source} | ({} if before is None else {"before": written(before)})
        after: int | None = 0
        while after is not None:
            told = self._get(f"/refused?{urlencode(narrowed | {'after': after})}")
            yield from (read(RefusedWaiting, one) for one in told["refused"])
            after = told["after"]

    def refused_counts(self) -> dict[str, int]:
        """How many events wait for correction, of each source."""
        told: dict[str, int] = self._get("/refused")["counts"]
        return told

    def refused_event(self, number: int) -> RefusedWhole:
        """A refused event as it came."""
        return read(RefusedWhole, self._get(f"/refused/{number:d}"))

    def replay_refused(self, number: int, event: Mapping[str, Any] | None = None) -> None:
        """Take a refused event in, corrected or as it came."""
        self._do("POST", f"/refused/{number:d}/replay", {"event": event})

    def drop_refused(self, number: int) -> None:
        """Delete a refused event for good."""
        self._do("DELETE", f"/refused/{number:d}")

    def check_refused(self, numbers: Sequence[int]) -> Replayed:
        """How many of these could be taken in as they came, and why not the others. Changes nothing."""
        return read(Replayed, self._call("POST", "/refused/check", {"numbers": list(numbers)}))

    def replay_refused_many(self, numbers: Sequence[int]) -> Replayed:
        """Take many in as they came, such as after the program has learnt their kind; those that are still wrong stay."""
        return read(Replayed, self._do("POST", "/refused/replay", {"numbers": list(numbers)}))

    def drop_refused_many(self, numbers: Sequence[int]) -> int:
        """Delete many for good, all or none; how many."""
        return int(self._do("POST", "/refused/drop", {"numbers": list(numbers)})["dropped"])

    def _queue(
        self, path: str, cls: type[_Queued], narrowed: Mapping[str, str], merchants: Sequence[str]
    ) -> Iterator[_Queued]:
        given = [(name, value) for name, value in narrowed.items() if value] + [("merchant", one) for one in merchants]
        behind: list[tuple[str, str]] = []
        while told := self._get(f"{path}?{urlencode(given + behind)}"):
            yield from (read(cls, one) for one in told)
            behind = [("after", told[-1]["id"])]
