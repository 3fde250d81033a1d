"""Questions about orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db import connection

from yinuo.kit import rows
from yinuo.trade.rules import OrderRow
from yinuo.vault.queries import fingerprints_of, subjects_sharing


def orders(ids: Sequence[str]) -> list[OrderRow]:
    """The orders of these ids that any fact told of."""
    columns = ", ".join(OrderRow._fields)
    found = rows.select_in(connection, f"SELECT {columns} FROM trade_order WHERE id {{keys}}", ids)
    return [OrderRow(*row) for row in found]


def orders_of_buyers(buyers: Sequence[str]) -> dict[str, list[str]]:
    """The ids of every order of each of the buyers."""
    orders: dict[str, list[str]] = {}
    for order, buyer in rows.select_in(connection, "SELECT id, buyer FROM trade_order WHERE buyer {keys}", list(buyers)):
        orders.setdefault(buyer, []).append(order)
    return orders


def orders_due(*, starts: int, until: int) -> list[str]:
    """The ids of the orders that were to be handed over or delivered between two moments."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM trade_order WHERE hand_over_by BETWEEN %s AND %s OR deliver_by BETWEEN %s AND %s",
            [starts, until, starts, until],
        )
        return [order for (order,) in cursor.fetchall()]


def earlier_orders(ids: Sequence[str]) -> Counter[str]:
    """For each order, how many of the same buyer's with the same merchant were stated before it.

    By their numbers in the record, not by when they were placed: so each gets a rank of its own, whatever order they are stated
    in, and one that is stated later changes no rank given before.
    """
    found = rows.select_in(
        connection,
        """
        SELECT o.id, COUNT(*) FROM trade_order o
        JOIN trade_order p ON p.buyer = o.buyer AND p.merchant = o.merchant
        AND p.placed_seq < o.placed_seq
        WHERE o.id {keys} GROUP BY o.id
        """,
        ids,
    )
    return Counter(dict(found))


def earlier_orders_to_same(placed: Iterable[OrderRow]) -> Counter[str]:
    """For each order, how many of the merchant's stated before it went to the same address or were paid by the same payer.

    The larger of the two counts.
    """
    wanted = {order.id: order for order in placed if order.merchant and order.placed_seq is not None}
    prints = fingerprints_of(names=("address", "payer"), subjects=list(wanted))
    sharing = subjects_sharing(digests=set(prints.values()))
    others = {order for group in sharing.values() if len(group) > 1 for order in group}
    known = {order: (merchant, seq) for order, merchant, seq in _placements(sorted(others))}
    counts: Counter[str] = Counter()
    for (order, _), digest in prints.items():
        merchant, seq = wanted[order].merchant, wanted[order].placed_seq or 0
        others_known = (known[other] for other in sharing.get(digest, ()) if other in known)
        earlier = sum(1 for at, before in others_known if at == merchant and before < seq)
        counts[order] = max(counts[order], earlier)
    return counts


def _placements(ids: Sequence[str]) -> list[tuple[str, str, int]]:
    return rows.select_in(
        connection, "SELECT id, merchant, placed_seq FROM trade_order WHERE placed_seq IS NOT NULL AND id {keys}", ids
    )
