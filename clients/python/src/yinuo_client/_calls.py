"""The client of a shop, and of anybody who reads: one method for each thing to do, each tried again where that is safe."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote, urlencode

from yinuo_client._answers import (
    Event,
    Feature,
    Health,
    Kind,
    Listed,
    Method,
    Reason,
    Receipt,
    RefusedEvent,
    Standing,
    Stated,
    feature_of,
    kind_of,
    listed_of,
    moment_or_none,
    standing_of,
    written,
)
from yinuo_client._hooks import WebhookCalls
from yinuo_client._matters import Invitation
from yinuo_client._pages import Listing, ListingPage, MerchantPage, Record, Review, Transparency
from yinuo_client._reading import read

BATCH_EVENTS = 1_000
BATCH_BYTES = 4_000_000
BATCH_EVENTS_MAX = 10_000


class Client(WebhookCalls):
    """Calls one installation of Yinuo. `key` and `source` are needed to state facts and to keep webhooks.

    A call that gets 429, 502, 503 or 504, or no answer, is made again up to `retries` times, after waits that double and a
    little longer by chance, or as long as the answer says. Stating the same events again does nothing, so that is always safe.
    """

    def __init__(
        self, url: str, *, key: str = "", source: str = "", timeout_seconds: float = 90.0, retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(url, bearer=key, timeout_seconds=timeout_seconds, retries=retries, sleep=sleep)
        self._source = source

    def state(self, events: Iterable[Event], *, batch: int = BATCH_EVENTS) -> Stated:
        """State what happened, in batches; returns once all of it is in the record for good.

        Bad events are refused alone and told in the result. Where a whole batch is refused or does not arrive, this raises, and
        the same events may be stated again. For endless streams use `state_each`.
        """
        batches = list(self.state_each(events, batch=batch))
        return Stated(
            sum(each.accepted for each in batches), sum(each.known for each in batches),
            sum(each.refused_count for each in batches), tuple(one for each in batches for one in each.refused),
            tuple(one for each in batches for one in each.receipts),
        )

    def state_each(self, events: Iterable[Event], *, batch: int = BATCH_EVENTS) -> Iterator[Stated]:
        """State what happened, and tell after each batch what became of it."""
        if not 1 <= batch <= BATCH_EVENTS_MAX:
            raise ValueError(f"a batch has 1 to {BATCH_EVENTS_MAX} events")
        start = 0
        for raws in _batches((self._encoded(event) for event in events), batch):
            yield self._state(raws, start)
            start += len(raws)

    def kinds(self) -> list[Kind]:
        """Every kind of fact that a shop may state."""
        return [kind_of(told) for told in self._call("GET", "/facts/kinds")]

    def health(self) -> Health:
        """How far the record is."""
        return Health(**self._call("GET", "/health"))

    def id_of(self, subject: str, id: str) -> str:
        """Yinuo's id of a subject of yours, such as ("merchant", "seller-7"): what standings, pages and embeds are found by."""
        told: str = self._call("GET", "/ids?" + urlencode({"type": subject, "id": id}))["id"]
        return told

    def invite(self, *, merchant: str = "", buyer: str = "") -> Invitation:
        """A link with which a merchant (as owner of its team) or a buyer of yours, by your id, opens an account here, once.

        Asking again makes the earlier link worthless.
        """
        wanted = {"merchant": merchant} if merchant else {"buyer": buyer}
        return read(Invitation, self._call("POST", "/people/invitations", wanted, again=False))

    def standing(self, merchant: str) -> Standing:
        """How a merchant stands, by Yinuo's id."""
        return standing_of(self._call("GET", f"/standings/{quote(merchant, safe='')}"))

    def explain(self, merchant: str) -> list[Reason]:
        """Why a merchant stands so: reasons whose points add up to the score less 500, each with what its feature means."""
        meanings = {name: feature.meaning for feature in self.features() for name in (feature.name, feature.measure)}
        return [replace(reason, meaning=meanings.get(reason.feature, "")) for reason in self.standing(merchant).reasons]

    def merchants(self, *, search: str = "", band: str = "", sort: str = "standing") -> Iterator[Listed]:
        """The directory, in its order; it is asked for stretch by stretch."""
        after: str | None = ""
        while after is not None:
            query = {"search": search, "band": band, "sort": sort, "after": after}
            told = self._call("GET", "/merchants?" + urlencode({name: value for name, value in query.items() if value}))
            yield from map(listed_of, told["merchants"])
            after = told["after"]

    def method(self) -> Method:
        """The scorecard in force, whole, with what was measured of it."""
        told = self._call("GET", "/credit/method")
        features = tuple(map(feature_of, told["features"]))
        return Method(
            told["scorecard"], told["digest"], moment_or_none(told["in_force_since"]), features, told["body"], told["report"]
        )

    def features(self) -> list[Feature]:
        """What counts, and what it means."""
        return [feature_of(told) for told in self._call("GET", "/credit/features")]

    def merchant(self, merchant: str) -> MerchantPage:
        """A merchant's public page beside the standing: who they are, ratings, counts of reviews, causes, course, findings."""
        return read(MerchantPage, self._get(f"/merchants/{quote(merchant, safe='')}"))

    def listings(self, merchant: str) -> Iterator[Listing]:
        """What a merchant put up for sale, newest first, also what was withdrawn since."""
        after: str | None = ""
        while after is not None:
            query = f"?{urlencode({'after': after})}" if after else ""
            told = self._get(f"/merchants/{quote(merchant, safe='')}/listings{query}")
            yield from (read(Listing, one) for one in told["listings"])
            after = told["after"]

    def listing(self, listing: str) -> ListingPage:
        """A listing's public page: what it is, how often it comes to complaints, and since when what was stated is proved."""
        return read(ListingPage, self._get(f"/listings/{quote(listing, safe='')}"))

    def reviews(self, *, merchant: str = "", listing: str = "") -> Iterator[Review]:
        """The reviews of a merchant or of a listing as anybody may read them, newest first."""
        if bool(merchant) == bool(listing):
            raise ValueError("name a merchant or a listing")
        path = f"/merchants/{quote(merchant, safe='')}" if merchant else f"/listings/{quote(listing, safe='')}"
        query = ""
        while True:
            told = self._get(f"{path}/reviews{query}")
            yield from (read(Review, one) for one in told["reviews"])
            if told["before"] is None:
                return
            query = f"?before={told['before']:d}"

    def transparency(self) -> Transparency:
        """How people are judged, in numbers: overturn rates by rule, clocks, and how well scores keep their word."""
        return read(Transparency, self._get("/transparency"))

    def record(self) -> Record:
        """How far the record is sealed, signed and vouched for."""
        return read(Record, self._get("/log"))

    def _encoded(self, event: Event) -> bytes:
        if not self._source:
            raise ValueError("name the source that the key belongs to: Client(..., source='myshop')")
        told = {
            "specversion": "1.0", "id": event.id, "source": self._source, "type": event.kind, "time": written(event.time),
            "data": {name: written(value) if isinstance(value, datetime) else value for name, value in event.data.items()},
        }
        if event.supersedes is not None:
            told["supersedes"] = event.supersedes
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    def _state(self, raws: Sequence[bytes], start: int) -> Stated:
        told = self._call("POST", "/facts", b"[" + b",".join(raws) + b"]")
        refused = tuple(
            RefusedEvent(start + one["index"], one["id"], one["path"], one["sentence"]) for one in told["refused"]
        )
        receipt = told.get("receipt")
        receipts = (Receipt(receipt["note"], receipt["bound"]),) if receipt else ()
        return Stated(told["accepted"], told["known"], told["refused_count"], refused, receipts)


def _batches(raws: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """The encoded events in batches of at most so many, and of few enough bytes."""
    batch: list[bytes] = []
    size = 0
    for raw in raws:
        if batch and (len(batch) == most or size + len(raw) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(raw)
        size += len(raw) + 1
    if batch:
        yield batch
