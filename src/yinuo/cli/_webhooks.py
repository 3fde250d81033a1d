"""What the worker does for webhooks: notes whom to tell of what, and sends it in threads of its own, beside sealing."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from yinuo.kit.guarded import Post, post
from yinuo.kit.refusals import Refusal

LOOK_SECONDS = 1.0
SENDERS = 4
TURN_SECONDS = 30.0     # then another webhook's turn comes
SECRET_MODES = ("preview", "shadow")

log = logging.getLogger(__name__)


def follow() -> int:
    """Note whom to tell of the facts that mirrors and reactions have followed; returns how many were looked at.

    So whoever is told and asks the API finds there what the message says. Standings that nobody may see yet are not told.
    """
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.pipelines import react  # noqa: PLC0415
    from yinuo.record import actions, queries  # noqa: PLC0415

    withheld = {"credit"} if settings.YINUO["YINUO_MODE"] in SECRET_MODES else set[str]()
    upto = queries.cursor_position(react.CURSOR)
    return actions.follow_webhooks(actor=SYSTEM, upto=upto, withheld=withheld, realm=realm(), at=now())


def begin_sending(stop: threading.Event) -> None:
    """Send from now on, in a thread beside the worker's own loop, so that a slow receiver keeps no fact waiting."""
    threading.Thread(target=keep_sending, args=(stop,), daemon=True).start()


def keep_sending(stop: threading.Event) -> None:
    """Send what waits until told to stop; nothing that fails ends it."""
    free = threading.Semaphore(SENDERS)
    with ThreadPoolExecutor(SENDERS) as pool:
        while not stop.wait(LOOK_SECONDS):
            for lease in _leased(free):
                pool.submit(_send, lease, stop, free)


def send_all() -> int:
    """Send what is due now, one webhook after the other; returns how many messages were tried."""
    tried = 0
    while leases := _leased(threading.Semaphore(1)):
        tried += sum(_send(lease, threading.Event()) for lease in leases)
    return tried


def poster() -> Post:
    """What posts to receivers, as far as the settings let it reach."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    return partial(post, reach=settings.YINUO["YINUO_WEBHOOK_REACH"])


def _leased(free: threading.Semaphore) -> list[tuple[int, str]]:
    """As many webhooks as there are free senders; each takes a place, which its sending gives back."""
    from django.db import Error, connection  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    places = 0
    while free.acquire(blocking=False):
        places += 1
    leases = list[tuple[int, str]]()
    try:
        if places:
            leases = list(actions.lease_webhooks(actor=SYSTEM, realm=realm(), at=now(), limit=places))
    except Error:
        log.exception("The database did not answer as it should; trying again later.")
        connection.close()
    if places > len(leases):
        free.release(places - len(leases))
    return leases


def _send(lease: tuple[int, str], stop: threading.Event, free: threading.Semaphore | None = None) -> int:
    """Send what waits for one webhook, in order, for as long as its turn lasts; returns how many messages were tried."""
    from django.db import Error, connection  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record import actions  # noqa: PLC0415

    tried, ends, ours = 0, time.monotonic() + TURN_SECONDS, actions.Lease(*lease)
    try:
        while not stop.is_set() and time.monotonic() < ends:
            visit = actions.deliver_next(actor=SYSTEM, lease=ours, post=poster(), realm=realm(), at=now())
            if visit is None:
                break
            tried += 1
            if not visit.good:
                log.warning("%s: %s", visit.whom, visit.told)
        actions.release_webhook(actor=SYSTEM, lease=ours, at=now())
    except (Error, Refusal):
        log.exception("A webhook could not be told; trying again later.")
        connection.close()
    finally:
        if free is not None:
            free.release()
    return tried
