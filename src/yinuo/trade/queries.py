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


def earlier_orders(ids: Sequence[str]) -> Counter[str]:
    """For each order, how many earlier ones the same buyer placed with the same merchant."""
    found = rows.select_in(
        connection,
        """
        SELECT o.id, COUNT(*) FROM trade_order o
        JOIN trade_order p ON p.buyer = o.buyer AND p.merchant = o.merchant
        AND (p.placed_at < o.placed_at OR (p.placed_at = o.placed_at AND p.id < o.id))
        WHERE o.id {keys} GROUP BY o.id
        """,
        ids,
    )
    return Counter(dict(found))


def earlier_orders_to_same(placed: Iterable[OrderRow]) -> Counter[str]:
    """For each order, how many earlier ones of the merchant went to the same address or were paid by the same payer.

    The larger of the two counts. Orders placed at the same moment count by their ids.
    """
    wanted = {order.id: order for order in placed if order.merchant and order.placed_at is not None}
    prints = fingerprints_of(names=("address", "payer"), subjects=list(wanted))
    sharing = subjects_sharing(digests=set(prints.values()))
    others = {order for group in sharing.values() if len(group) > 1 for order in group}
    known = {order: (merchant, placed_at) for order, merchant, placed_at in _placements(sorted(others))}
    counts: Counter[str] = Counter()
    for (order, _), digest in prints.items():
        merchant, placed_at = wanted[order].merchant, wanted[order].placed_at or 0
        others_known = ((other, *known[other]) for other in sharing.get(digest, ()) if other != order and other in known)
        earlier = sum(1 for other, at, moment in others_known if at == merchant and (moment, other) < (placed_at, order))
        counts[order] = max(counts[order], earlier)
    return counts


def _placements(ids: Sequence[str]) -> list[tuple[str, str, int]]:
    return rows.select_in(
        connection, "SELECT id, merchant, placed_at FROM trade_order WHERE placed_at IS NOT NULL AND id {keys}", ids
    )
