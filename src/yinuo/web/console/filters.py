"""Filters of the staff's lists: chosen in the address, kept under names of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from yinuo.kit.refusals import NotFound
from yinuo.merchants import queries as merchants
from yinuo.people import actions, queries
from yinuo.web.account.told import told
from yinuo.web.console.entrance import Here, for_staff

QUEUES = {"contests": "steward_contests", "appeals": "steward_appeals", "refused": "steward_refused"}
NAMED_MAX = 1_000
VALUE_MAX = 100
MERCHANT = "merchant"
_NAMES = frozenset({"state", "kind", "claimed", "ground", "clock", "mine", MERCHANT, "source", "age"})
Text = str | Promise
Offered = tuple[str, Text, Iterable[tuple[str, Text]] | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to filter by: its name in the address, its label, what there is to choose, what is chosen.

    Without options it is a field to type into.
    """

    name: str
    label: Text
    options: list[tuple[str, Text]]
    value: str


class Filters:
    """What is chosen of a queue: read from the address, where anything unknown counts as not chosen."""

    def __init__(self, request: HttpRequest, queue: str, offered: Iterable[Offered]) -> None:
        self.queue = queue
        self.choices: list[Choice] = []
        for name, label, options in offered:
            given = request.GET.get(name, "").replace("\0", "").strip()[:VALUE_MAX]
            every = [(value, text) for value, text in options or ()]
            known = options is None or given in dict(every)
            default = every[0][0] if every else ""
            self.choices.append(Choice(name, label, every, given if known and given else default))
        self.after = request.GET.get("after", "").replace("\0", "")[:VALUE_MAX]

    def of(self, name: str) -> str:
        """What is chosen of one thing; "" where nothing is."""
        return next((choice.value for choice in self.choices if choice.name == name), "")

    @property
    def values(self) -> dict[str, str]:
        """What differs from the list as it opens."""
        return {
            choice.name: choice.value for choice in self.choices
            if choice.value and (not choice.options or choice.value != choice.options[0][0])
        }

    @property
    def query(self) -> str:
        """The same as an address has it."""
        return urlencode(self.values)

    def merchants(self, here: Here) -> list[str] | None:
        """The ids of the merchants whose name holds what was typed, or who have it for an id; None where nothing was."""
        typed = self.of(MERCHANT)
        if not typed:
            return None
        return [typed, *islice(merchants.named(viewer=here.actor, search=typed), NAMED_MAX)]

    def context(self, here: Here) -> dict[str, Any]:
        """What the list's page shows of it."""
        kept = queries.filters_of(viewer=here.actor, queue=self.queue)
        return {
            "filters": self, "chosen": self.values, "state": self.of("state"), "saved": kept, "is_first": not self.after,
            "is_saved": any(each.query == self.query for each in kept),
        }


@for_staff
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep how a queue is filtered now under a name, or forget one that was kept; then back to the list."""
    here, queue = Here(request), request.POST.get("queue", "")
    if queue not in QUEUES:
        raise NotFound("There is no such list.")
    query = known_query(request.POST.get("query", ""))
    if "forget" in request.POST:
        given = request.POST["forget"]
        number = int(given) if given.isascii() and given.isdigit() and len(given) < 18 else 0
        told(
            request, lambda: actions.forget_filter(actor=here.actor, number=number) or True,
            gettext("The filter was forgotten."),
        )
    else:
        name = request.POST.get("name", "")
        told(
            request,
            lambda: actions.save_filter(actor=here.actor, queue=queue, name=name, query=query, at=here.at),
            gettext("The filter was kept."),
        )
    answer = redirect(QUEUES[queue])
    answer["Location"] += f"?{query}" if query else ""
    return answer


def known_query(query: str) -> str:
    """Of an address's query what filters a list: nothing else is kept, and nothing else followed."""
    found: Mapping[str, str] = {name: value[:VALUE_MAX] for name, value in parse_qsl(query[:2_000]) if name in _NAMES}
    return urlencode(found)
