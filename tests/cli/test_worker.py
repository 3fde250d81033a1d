"""The worker goes on, whatever its work ends in."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from yinuo.cli import worker
from yinuo.kit.log import LogStopped


@pytest.mark.parametrize("trouble", [ValueError("nobody can follow this"), OperationalError("gone"), LogStopped("forked")])
def test_it_waits_and_goes_on_and_keeps_the_clocks_where_only_following_failed(monkeypatch, trouble):
    stop, worked, clocks = threading.Event(), [], []

    def work():
        worked.append(True)
        if len(worked) == 3:
            stop.set()
        raise trouble

    def run_due():
        clocks.append(True)
        raise ValueError("nor this")

    monkeypatch.setattr(worker, "TROUBLED_SECONDS", 0)
    monkeypatch.setattr(worker, "work", work)
    monkeypatch.setattr(worker, "_run_due", run_due)
    worker.run(stop)
    assert len(worked) == 3
    assert len(clocks) == (3 if isinstance(trouble, ValueError) else 0)
