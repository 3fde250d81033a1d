"""How a call is made: by whom, how often it is tried again, and what a refusal becomes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from yinuo_client._problems import Problem, Unreachable

WAIT_SECONDS_MAX = 60.0
AGAIN = frozenset({429, 502, 503, 504})
NOTHING_DONE = frozenset({429, 503})       # what these tell was not done; the others may have been
FULL = frozenset({"too-many", "too-many-tries"})      # no short waiting helps
BATCH_TYPE = "application/cloudevents-batch+json"


class _StaysHere(HTTPRedirectHandler):
    """A key goes to the address that it was given for, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Calls:
    """One installation of Yinuo, and the key or token with which it is called."""

    def __init__(
        self, url: str, *, bearer: str = "", timeout_seconds: float = 90.0, retries: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"{url!r} is no address; it looks like https://trust.example")
        self._url, self._bearer = url.rstrip("/"), bearer
        self._timeout, self._retries, self._sleep = timeout_seconds, retries, sleep
        self._open = build_opener(_StaysHere).open

    def _get(self, path: str) -> Any:
        return self._call("GET", path)

    def _bytes(self, path: str) -> bytes:
        found: bytes = self._tried("GET", path, None, self._retries, AGAIN, True, bytes)
        return found

    def _do(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Do something that must not be done twice: it is tried again only where the answer says that nothing was done."""
        return self._call(method, path, body, statuses=NOTHING_DONE, unanswered=False)

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None = None, *, again: bool = True,
        statuses: frozenset[int] = AGAIN, unanswered: bool = True,
    ) -> Any:
        """The answer, read; a refusal raises Problem, no answer Unreachable."""
        return self._tried(method, path, body, self._retries if again else 0, statuses, unanswered, _json)

    def _tried(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None, left: int, statuses: frozenset[int],
        unanswered: bool, reading: Callable[[bytes], Any],
    ) -> Any:
        wait = 0.5
        while True:
            try:
                return self._once(method, path, body, reading)
            except Problem as problem:
                if not left or problem.status not in statuses or problem.code in FULL:
                    raise
                asked = problem.retry_after
            except Unreachable:
                if not left or not unanswered:
                    raise
                asked = None
            left -= 1
            pause = wait * (1 + random.random() / 2)  # noqa: S311 - only so that not all come back at once
            self._sleep(min(max(pause, asked or 0.0), WAIT_SECONDS_MAX))
            wait = min(wait * 2, WAIT_SECONDS_MAX)

    def _once(
        self, method: str, path: str, body: Mapping[str, Any] | bytes | None, reading: Callable[[bytes], Any]
    ) -> Any:
        headers = {"Accept": "application/json", "User-Agent": "yinuo-client"}
        if self._bearer:
            headers["Authorization"] = f"Bearer {self._bearer}"
        content = json.dumps(body).encode() if isinstance(body, Mapping) else body
        if content is not None:
            headers["Content-Type"] = BATCH_TYPE if isinstance(body, bytes) else "application/json"
        request = Request(f"{self._url}/api{path}", content, headers, method=method)  # noqa: S310 - http(s), checked above
        try:
            with self._open(request, timeout=self._timeout) as answer:
                return reading(answer.read())
        except HTTPError as error:
            with error:
                raise _problem_of(error) from None
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"{self._url} gave no usable answer: {error}") from error


def in_path(part: str) -> str:
    """A part of an address."""
    return quote(part, safe="")


def _json(said: bytes) -> Any:
    return json.loads(said) if said else None


def _problem_of(error: HTTPError) -> Problem:
    try:
        told = json.loads(error.read())
        problem = Problem(error.code, str(told["code"]), str(told["detail"]), str(told.get("path", "")))
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        problem = Problem(error.code, "", f"It answered {error.code} {error.reason}.")
    after = error.headers.get("Retry-After", "")
    problem.retry_after = float(after) if after.isascii() and after.isdecimal() else None
    return problem
