"""The client itself: one method for each thing to do, each tried again where that is safe."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from yinuo_client._answers import (
    Delivery,
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
    Webhook,
    delivery_of,
    feature_of,
    kind_of,
    listed_of,
    moment_or_none,
    standing_of,
    webhook_of,
    written,
)
from yinuo_client._problems import Problem, Unreachable

BATCH_EVENTS = 1_000
BATCH_BYTES = 4_000_000
BATCH_EVENTS_MAX = 10_000
WAIT_SECONDS_MAX = 60.0
AGAIN = frozenset({429, 502, 503, 504})
FULL = "too-many"      # of a 429: no waiting helps, somebody has to correct events or remove webhooks
BATCH_TYPE = "application/cloudevents-batch+json"


class _StaysHere(HTTPRedirectHandler):
    """A key goes to the address that it was given for, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Client:
    """Calls one installation of Yinuo. `key` and `source` are needed to state facts and to keep webhooks.

    A call that gets 429, 502, 503 or 504, or no answer, is made again up to `retries` times, after waits that double and a
    little longer by chance, or as long as the answer says. Stating the same events again does nothing, so that is always safe.
    """

    def __init__(
        self, url: str, *, key: str = "", source: str = "", timeout_seconds: float = 90.0, retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is no address; it looks like https://trust.example")
        self._url, self._key, self._source = url.rstrip("/"), key, source
        self._timeout, self._retries, self._sleep = timeout_seconds, retries, sleep
        self._open = build_opener(_StaysHere).open

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

    def webhooks(self) -> list[Webhook]:
        """Your webhooks."""
        return [webhook_of(told) for told in self._call("GET", "/webhooks")]

    def add_webhook(self, url: str, kinds: Sequence[str] = ()) -> tuple[int, str]:
        """Have an address told of facts about your subjects from now on: the webhook's number, and its secret, shown this once.

        By default of changes of standing and decisions. It is not tried again by itself, lest there be two.
        """
        told = self._call("POST", "/webhooks", {"url": url} | ({"kinds": list(kinds)} if kinds else {}), again=False)
        return told["id"], told["secret"]

    def rotate_webhook(self, webhook: int) -> str:
        """A new secret; for 24 hours messages are signed by the old one too."""
        told: str = self._call("POST", f"/webhooks/{webhook:d}/rotate", again=False)["secret"]
        return told

    def pause_webhook(self, webhook: int) -> None:
        """Be sent nothing until it is resumed."""
        self._call("POST", f"/webhooks/{webhook:d}/pause")

    def resume_webhook(self, webhook: int) -> None:
        """Go on where it stopped."""
        self._call("POST", f"/webhooks/{webhook:d}/resume")

    def replay_webhook(self, webhook: int, *, since: datetime | None = None, message: str = "") -> str:
        """Be sent everything again from a moment or a message on; returns the id with which it begins."""
        wanted = {"since": written(since)} if since is not None else {"id": message}
        told: str = self._call("POST", f"/webhooks/{webhook:d}/replay", wanted)["id"]
        return told

    def remove_webhook(self, webhook: int) -> None:
        """End a webhook; one that is not there any more is as good."""
        try:
            self._call("DELETE", f"/webhooks/{webhook:d}")
        except Problem as problem:
            if problem.status != 404:
                raise

    def deliveries(self, webhook: int) -> Iterator[Delivery]:
        """What a webhook was told in the last 30 days and is to be told, newest first."""
        query = ""
        while True:
            told = self._call("GET", f"/webhooks/{webhook:d}/deliveries{query}")
            yield from map(delivery_of, told["deliveries"])
            if told["before"] is None:
                return
            query = f"?before={told['before']:d}"

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

    def _call(self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None, *, again: bool = True) -> Any:
        """The answer, read; a refusal raises Problem, no answer Unreachable."""
        left = self._retries if again else 0
        wait = 0.5
        while True:
            try:
                return self._once(method, path, body)
            except Problem as problem:
                if not left or problem.status not in AGAIN or problem.code == FULL:
                    raise
                asked = problem.retry_after
            except Unreachable:
                if not left:
                    raise
                asked = None
            left -= 1
            pause = wait * (1 + random.random() / 2)  # noqa: S311 - only so that not all come back at once
            self._sleep(min(max(pause, asked or 0.0), WAIT_SECONDS_MAX))
            wait = min(wait * 2, WAIT_SECONDS_MAX)

    def _once(self, method: str, path: str, body: Mapping[str, Any] | bytes | None) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "yinuo-client"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        content = json.dumps(body).encode() if isinstance(body, Mapping) else body
        if content is not None:
            headers["Content-Type"] = BATCH_TYPE if isinstance(body, bytes) else "application/json"
        request = Request(f"{self._url}/api{path}", content, headers, method=method)  # noqa: S310 - http(s), checked above
        try:
            with self._open(request, timeout=self._timeout) as answer:
                said = answer.read()
            return json.loads(said) if said else None
        except HTTPError as error:
            with error:
                raise _problem_of(error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"{self._url} gave no usable answer: {error}") from error


def _problem_of(error: HTTPError) -> Problem:
    try:
        told = json.loads(error.read())
        problem = Problem(error.code, str(told["code"]), str(told["detail"]), str(told.get("path", "")))
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        problem = Problem(error.code, "", f"It answered {error.code} {error.reason}.")
    after = error.headers.get("Retry-After", "")
    problem.retry_after = float(after) if after.isascii() and after.isdecimal() else None
    return problem


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
