"""`yinuo worker`: seal what came in, follow it, run what falls due."""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import click

from yinuo.cli import set_up
from yinuo.cli._lock import hold

IDLE_SECONDS = 1.0
TROUBLED_SECONDS = 5.0
TOLD_AGAIN_SECONDS = 600

log = logging.getLogger(__name__)


@click.command
@click.option("--once", is_flag=True, help="Do what there is to do, and end.")
@click.option("--while-parent", is_flag=True, hidden=True, help="End when standard input closes.")
def command(once: bool, while_parent: bool) -> None:
    """Seal, follow and run what is due, until stopped.

    `yinuo serve` starts one by itself. A stop takes effect between two batches, so nothing is left half done.
    """
    set_up()
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._jobs import begin_jobs, do_jobs  # noqa: PLC0415
    from yinuo.cli._vouching import begin_vouching  # noqa: PLC0415
    from yinuo.cli._webhooks import begin_sending, send_all  # noqa: PLC0415

    hold(settings.DATA)
    calm_collector()
    if once:
        while work() or send_all() or do_jobs():
            pass
        return
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if while_parent:
        threading.Thread(target=_await_end, args=(stop,), daemon=True).start()
    begin_vouching(stop)
    begin_sending(stop)
    begin_jobs(stop)
    run(stop)


def _await_end(stop: threading.Event) -> None:
    """`yinuo serve` holds the other end of our standard input; it closes when that process is gone."""
    with suppress(OSError):
        while os.read(0, 1):
            pass
    stop.set()


def calm_collector() -> None:
    """Let Python look for garbage less often, and never among what set-up loaded: batches make much and leave no cycles."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def run(stop: threading.Event) -> None:
    """Work until told to stop. A locked or absent database is waited for, not died of."""
    from django.db import Error, connection  # noqa: PLC0415 - only after set-up

    from yinuo.kit.log import LogStopped  # noqa: PLC0415

    told: tuple[str, float] | None = None
    while not stop.is_set():
        try:
            busy = work()
            pause = 0.0 if busy else IDLE_SECONDS
        except Error:
            log.exception("The database did not answer as it should; trying again in %s seconds.", TROUBLED_SECONDS)
            connection.close()
            pause = TROUBLED_SECONDS
        except LogStopped as refusal:
            if (str(refusal), time.monotonic() // TOLD_AGAIN_SECONDS) != told:
                told = str(refusal), time.monotonic() // TOLD_AGAIN_SECONDS
                log.critical("The record has stopped. %s", refusal)
            pause = TROUBLED_SECONDS
        except Exception:       # whatever it is, clocks, webhooks and erasures must not end with it
            log.exception("What came in cannot be followed; trying again in %s seconds. Please report this.", TROUBLED_SECONDS)
            _keep_the_clocks()
            pause = TROUBLED_SECONDS
        stop.wait(pause)


def _keep_the_clocks() -> None:
    """Run what is due although the record cannot be followed."""
    try:
        _run_due()
    except Exception:
        log.exception("Nor can what is due be run.")


def work() -> bool:
    """Seal, follow and run what is due, once; returns whether there was anything to do."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import now, realm  # noqa: PLC0415
    from yinuo.pipelines import react  # noqa: PLC0415
    from yinuo.record import queries  # noqa: PLC0415
    from yinuo.record.rules import SEALED_WITHIN_SECONDS  # noqa: PLC0415

    at = now()
    if (waited := queries.waiting_seconds(at=at)) > SEALED_WITHIN_SECONDS:
        log.warning("Facts have waited for %s seconds to be sealed; receipts promise %s.", waited, SEALED_WITHIN_SECONDS)
    followed = react.react(domains=settings.DOMAINS, realm=realm(), at=at)
    return _run_due() or bool(followed)


def _run_due() -> bool:
    """Run the timers that are due and note whom to tell; returns whether there was anything to do."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli import _webhooks  # noqa: PLC0415
    from yinuo.cli._here import now  # noqa: PLC0415
    from yinuo.timers import actions as timers  # noqa: PLC0415

    at = now()
    done, failed = timers.run_due(handlers=_handlers(settings.DOMAINS) | _erase_later() | _drop_refused(), at=at)
    swept, unswept = timers.run_due_apart(handlers=_sweep_days(), at=at)
    return bool(done or failed or swept or unswept or _webhooks.follow())


def _erase_later() -> dict[str, Any]:
    """Erase what a law has kept until now."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import jurisdiction, realm  # noqa: PLC0415
    from yinuo.people.rules import ERASE  # noqa: PLC0415
    from yinuo.pipelines.persons import erase_due  # noqa: PLC0415

    def handle(person: str, at: datetime) -> None:
        erase_due(person=person, realm=realm(), at=at, jurisdiction=jurisdiction(), domains=settings.DOMAINS)

    return {ERASE: handle}


def _drop_refused() -> dict[str, Any]:
    """Drop what was refused so long ago that it may be kept no longer."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.kit.actors import SYSTEM  # noqa: PLC0415
    from yinuo.record.actions import drop_stale  # noqa: PLC0415
    from yinuo.record.rules import DROP_REFUSED  # noqa: PLC0415

    def handle(day: str, at: datetime) -> None:
        drop_stale(actor=SYSTEM, day=int(day), days=settings.YINUO["YINUO_REFUSED_DAYS"], at=at)

    return {DROP_REFUSED: handle}


def _sweep_days() -> dict[str, Any]:
    """Tell of a day's erasures, and clean the copies of what was erased."""
    from django.conf import settings  # noqa: PLC0415 - only after set-up

    from yinuo.cli._here import realm  # noqa: PLC0415
    from yinuo.credit.actions import open_store  # noqa: PLC0415
    from yinuo.people.rules import SWEEP  # noqa: PLC0415
    from yinuo.pipelines.persons import sweep  # noqa: PLC0415

    def handle(day: str, at: datetime) -> None:
        sweep(day=int(day), realm=realm(), folder=open_store(settings.DATA).archive, at=at)

    return {SWEEP: handle}


def _handlers(domains: Sequence[str]) -> dict[str, Any]:
    """What each domain does when a timer of its own falls due: `TIMERS` in its reactions."""
    from yinuo.cli._here import realm  # noqa: PLC0415 - only after set-up

    handlers: dict[str, Any] = {}
    for domain in domains:
        if find_spec(f"yinuo.{domain}.reactions"):
            handlers |= getattr(import_module(f"yinuo.{domain}.reactions"), "TIMERS", {})
    return {kind: partial(handle, realm=realm()) for kind, handle in handlers.items()}
