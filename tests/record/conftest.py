"""What tests of the signed record share: a log of its own, and facts sealed and signed in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from yinuo.kit.actors import SYSTEM
from yinuo.kit.log import log_of
from yinuo.record import actions


@pytest.fixture
def state(realm, tmp_path, now, event):
    """States an order, and seals and signs it."""
    log = log_of(origin="example.com/log", ed25519=b"e" * 32, ml_dsa=b"m" * 32, last=tmp_path / "last")
    logged, stated = replace(realm, log=log), iter(range(10**6))

    def stating(*, at=now):
        one = next(stated)
        raw = event("trade.order_placed", id=f"e{one}", order=f"o{one}", merchant="m", amount_minor=5, currency="CNY")
        actions.take_events(actor=SYSTEM, source="shop", raws=[raw], realm=logged, at=at)
        actions.seal(actor=SYSTEM, realm=logged)
        return actions.publish(actor=SYSTEM, log=log, at=at)

    return stating
