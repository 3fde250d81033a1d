"""Questions about deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from yinuo.delivery.rules import DISRUPTION_ECHO_DAYS, Disruption, Journey, Parcel, journey_of
from yinuo.kit import rows
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.trade.queries import orders_due


def journeys(orders: Sequence[str]) -> dict[str, Journey]:
    """The journey of each order that has one."""
    columns = ", ".join(Parcel._fields)
    found = rows.select_in(
        connection, f'SELECT "order", {columns} FROM delivery_shipment WHERE "order" {{keys}}', orders
    )
    parcels: dict[str, list[Parcel]] = {}
    for order, *rest in found:
        parcels.setdefault(order, []).append(Parcel(*rest))
    return {order: journey_of(several) for order, several in parcels.items()}


def disruptions() -> dict[str, list[Disruption]]:
    """Every disruption declared so far, by the source that declared it: it excuses that source's orders and no others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, carrier, origin, starts, ends FROM delivery_disruption WHERE carrier IS NOT NULL ORDER BY starts"
        )
        declared: dict[str, list[Disruption]] = {}
        for source, *rest in cursor.fetchall():
            declared.setdefault(source, []).append(Disruption(*rest))
        return declared


def orders_due_within(*, source: str, starts: int, ends: int) -> list[str]:
    """The source's orders with parcels that were due at the carrier or the buyer within these disruptions or their echo.

    By when they were due, as they are judged (`rules.disrupted`): it must not matter which was stated first.
    """
    due = orders_due(starts=starts, until=ends + DISRUPTION_ECHO_DAYS * MICROS_PER_DAY)
    found = rows.select_in(connection, 'SELECT DISTINCT "order", source FROM delivery_shipment WHERE "order" {keys}', due)
    return [order for order, stated_by in found if stated_by == source]
