"""Questions about deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from yinuo.delivery.rules import DISRUPTION_ECHO_DAYS, Disruption, Journey, Parcel, journey_of
from yinuo.kit import rows
from yinuo.kit.moments import MICROS_PER_DAY


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


def orders_within(*, source: str, carrier: str, starts: int, ends: int) -> list[str]:
    """The source's orders whose parcels the carrier (or one not named) scanned or delivered within a disruption or its echo."""
    until = ends + 2 * DISRUPTION_ECHO_DAYS * MICROS_PER_DAY
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT "order" FROM delivery_shipment WHERE source = %s AND (carrier = %s OR carrier IS NULL)
            AND (handed_over_at BETWEEN %s AND %s OR delivered_at BETWEEN %s AND %s)
            """,
            [source, carrier, starts, until, starts, until],
        )
        return [order for (order,) in cursor.fetchall()]
