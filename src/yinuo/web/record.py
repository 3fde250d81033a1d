"""The record's public page: how large it is, what is signed, who vouched for it, and the tree as a picture that grows."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from yinuo.kit.note_keys import Method, Verifier
from yinuo.kit.refusals import Refusal
from yinuo.record import queries
from yinuo.web.mountains import mountains

if TYPE_CHECKING:
    from yinuo.kit.log import Log

METHODS = {Method.ED25519: "Ed25519", Method.ED25519_COSIGNATURE: "Ed25519", Method.ML_DSA_44: "ML-DSA-44"}
SECONDS_BETWEEN_LOOKS = 5


@require_safe
@never_cache
def record(request: HttpRequest) -> HttpResponse:
    """The record as anybody may see it. Never what a fact says, of what kind it is, or about whom."""
    log: Log = settings.LOG
    last = _last_signed(log)        # first: while we look, both may grow, and the file never leads
    sizes = queries.sizes()
    head = queries.newest_head()
    waiting = queries.waiting()
    context = _tree(sizes) | {
        "head": head,
        "root": base64.b64encode(head.root).decode() if head else "",
        "started": queries.started_at(),
        "waiting": waiting,
        "waiting_seconds": _seconds(request, waiting),
        "is_stopped": last is None or sizes.sealed < last,
        "origin": log.origin,
        "keys": [_key(verifier) for verifier in log.verifiers],
        "witnesses": _witnesses(log),
        "stamps": _stamps(),
        "anchored": queries.anchored(),
        "commands": _commands(request),
    }
    return render(request, "public/record.html", context)


@require_safe
@never_cache
def tree(request: HttpRequest) -> HttpResponse:
    """The picture alone, for a page that has drawn one: nothing (204) where the record is still as it was drawn."""
    sizes = queries.sizes()
    context = _tree(sizes)
    if request.GET.get("drawn") == context["drawn"]:
        return HttpResponse(status=204)
    return render(request, "public/_tree.html", context | {"is_alone": True})


def _tree(sizes: queries.Sizes) -> dict[str, Any]:
    return {
        "sizes": sizes,
        "is_signed": 0 < sizes.sealed == sizes.signed,
        "drawn": f"{sizes.sealed}.{sizes.signed}",
        "range": mountains(sizes.sealed),
        "seconds_between_looks": SECONDS_BETWEEN_LOOKS,
    }


def _seconds(request: HttpRequest, waiting: queries.Waiting) -> int:
    if waiting.since is None:
        return 0
    return max(0, int((request.now - waiting.since).total_seconds()))  # type: ignore[attr-defined] # the middleware set it


def _last_signed(log: Log) -> int | None:
    """The size of the last head signed, as its file says; None where the log was stopped. Why is for the operator alone."""
    try:
        log.check_running()
        last = log.last_signed()
    except Refusal:
        return None
    return last[0].size if last else 0


def _key(verifier: Verifier) -> dict[str, str]:
    return {"method": METHODS[verifier.method], "id": verifier.key_id.hex(), "vkey": verifier.vkey}


def _witnesses(log: Log) -> dict[str, Any]:
    """Every witness of the policy with what it signed last, and how many of them the quorum takes, where that is one number."""
    policy = log.policy
    found = queries.witnessed(policy=policy)
    quorum = policy.groups.get(policy.quorum)
    is_plain = quorum is not None and set(quorum.members) <= policy.witnesses.keys()
    return {
        "rows": [
            {"name": name, "key": _key(each.key), "host": urlsplit(each.url).hostname or "", "seen": found.by[name]}
            for name, each in policy.witnesses.items()
        ],
        "enough": found.enough,
        "is_whole": found.is_whole,
        "needed": quorum.threshold if quorum and is_plain else 1 if policy.quorum in policy.witnesses else None,
        "is_needed": policy.quorum != "none",
    }


def _stamps() -> list[tuple[str, queries.Seen | None]]:
    """Every authority by its host, those of the settings first, with the newest head that it stamped."""
    found = queries.stamped()
    urls = dict.fromkeys([*settings.YINUO["YINUO_TSA"], *found])
    return [(urlsplit(url).hostname or url, found.get(url)) for url in urls]


def _commands(request: HttpRequest) -> dict[str, str]:
    """What the commands on the page need of this site's addresses."""
    return {
        "checkpoint": request.build_absolute_uri("/api/log/checkpoint"),
        "policy": request.build_absolute_uri("/api/log/policy"),
        "verifier": request.build_absolute_uri(static("yinuo/verify_record.py")),
    }
