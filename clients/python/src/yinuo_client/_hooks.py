"""Webhooks: a shop's own, or everybody's for an administrator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from yinuo_client._answers import Delivery, Webhook, delivery_of, webhook_of, written
from yinuo_client._problems import Problem
from yinuo_client._transport import Calls


class WebhookCalls(Calls):
    """Keep webhooks: with a source's key that source's, with an administrator's token everybody's."""

    def webhooks(self) -> list[Webhook]:
        """Your webhooks."""
        return [webhook_of(told) for told in self._call("GET", "/webhooks")]

    def add_webhook(self, url: str, kinds: Sequence[str] = (), *, source: str = "") -> tuple[int, str]:
        """Have an address told of facts about your subjects from now on: the webhook's number, and its secret, shown this once.

        By default of changes of standing and decisions. It is not tried again by itself, lest there be two. `source` is for
        administrators: about whose subjects, or about everybody.
        """
        wanted: dict[str, Any] = {"url": url}
        wanted |= {"kinds": list(kinds)} if kinds else {}
        told = self._call("POST", "/webhooks", wanted | ({"source": source} if source else {}), again=False)
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
