"""Receipts: the record's signed promise to seal what it took, by when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from yinuo.kit.log import Log
from yinuo.kit.receipts import Receipt, root_over
from yinuo.record.rules import SEALED_WITHIN_SECONDS


def receipt_for(*, log: Log, bound: Mapping[str, bytes], at: datetime) -> str:
    """A signed note that promises to seal these new facts, each bound by its two inner hashes, within a minute."""
    promise = Receipt(
        origin=log.origin, received=at, sealed_by=at + timedelta(seconds=SEALED_WITHIN_SECONDS),
        count=len(bound), root=root_over(bound),
    )
    return promise.sign(log.receipts)
