"""Questions about orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import connection

from yinuo.kit import rows
from yinuo.trade.rules import OrderRow

_OF_BUYER = """
SELECT o.id, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM trade_order p WHERE p.buyer = o.buyer AND p.merchant = o.merchant AND p.placed_seq < o.placed_seq
        LIMIT {most}
    ) earlier
) FROM trade_order o WHERE o.id {keys}
"""
# Of each merchant's orders alone: hashes of the same address with two merchants differ (vault.actions.fingerprints).
_SHARING = """
SELECT o.id, (
    SELECT COUNT(*) FROM (
        SELECT 1 FROM vault_fingerprint f CROSS JOIN trade_order p
        WHERE f.digest = own.digest AND p.id = substr(f.key, 1, length(f.key) - length('/{name}'))
        AND p.merchant = o.merchant AND p.placed_seq < o.placed_seq LIMIT {most}
    ) earlier
) FROM trade_order o JOIN vault_fingerprint own ON own.key = o.id || '/{name}' WHERE o.id {keys}
"""


def orders(ids: Sequence[str]) -> list[OrderRow]:
    """The orders of these ids that any fact told of."""
    columns = ", ".join(OrderRow._fields)
    found = rows.select_in(connection, f"SELECT {columns} FROM trade_order WHERE id {{keys}}", ids)
    return [OrderRow(*row) for row in found]


def last_placed(*, merchant: str) -> int | None:
    """When the merchant's newest order was placed; None where there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(placed_at) FROM trade_order WHERE merchant = %s", [merchant])
        (found,) = cursor.fetchone()
    return None if found is None else int(found)


def orders_due(*, starts: int, until: int) -> list[str]:
    """The ids of the orders that were to be handed over or delivered between two moments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM trade_order WHERE hand_over_by BETWEEN %s AND %s OR deliver_by BETWEEN %s AND %s",
            [starts, until, starts, until],
        )
        return [order for (order,) in cursor.fetchall()]


def earlier_orders(ids: Sequence[str], *, most: int) -> Counter[str]:
    """For each order, how many with the same merchant, of the same buyer, address or payer, were stated before it.

    The largest of the three counts, and `most` where it is more: nobody's thousands of orders are counted through.

    By their numbers in the record, not by when they were placed: so each gets a rank of its own, whatever order they are stated
    in, and one that is stated later changes no rank given before.
    """
    counts = Counter(dict(rows.select_in(connection, _OF_BUYER.format(most=most, keys="{keys}"), ids)))
    for name in ("address", "payer"):
        counts |= Counter(dict(rows.select_in(connection, _SHARING.format(name=name, most=most, keys="{keys}"), ids)))
    return counts
