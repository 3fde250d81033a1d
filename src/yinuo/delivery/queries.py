"""Questions about deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import connection

from yinuo.delivery.events import ShipmentDelivered, ShipmentHandedOver
from yinuo.delivery.rules import DISRUPTION_ECHO_DAYS, Disruption, Journey, Parcel, journey_of
from yinuo.kit import rows
from yinuo.kit.facts import Fact
from yinuo.kit.moments import MICROS_PER_DAY
from yinuo.record.queries import replaced_about
from yinuo.trade.queries import orders_due

_RECORDED: dict[type[Fact], str] = {ShipmentHandedOver: "handed_over_recorded", ShipmentDelivered: "delivered_recorded"}


def journeys(orders: Sequence[str]) -> dict[str, Journey]:
    """The journey of each order that has one."""
    columns = ", ".join(Parcel._fields)
    found = rows.select_in(
        connection, f'SELECT "order", {columns} FROM delivery_shipment WHERE "order" {{keys}}', orders
    )
    parcels: dict[str, list[Parcel]] = {}
    told = _since_first_told([Parcel(*rest) for _, *rest in found])
    for (order, *_), parcel in zip(found, told, strict=True):
        parcels.setdefault(order, []).append(parcel)
    return {order: journey_of(several) for order, several in parcels.items()}


def provers(*, orders: Sequence[str]) -> dict[tuple[str, str], str]:
    """By order and cause, who proved it of a late hand-over."""
    sql = 'SELECT "order", explained_cause, explained_by FROM delivery_shipment WHERE "order" {keys}'
    return {(order, cause): by for order, cause, by in rows.select_in(connection, sql, orders) if by}


def _since_first_told(parcels: Sequence[Parcel]) -> list[Parcel]:
    """The parcels, with the moments at which their hand-over and delivery were first recorded, also by facts replaced since.

    Or to correct a fact would be to tell it late, and what must be told soon after it could be told again.
    """
    first: dict[str, dict[str, int]] = {}
    for recorded in replaced_about(subjects=sorted({parcel.id.partition("/")[0] for parcel in parcels})):
        if column := _RECORDED.get(type(recorded.fact)):
            told = first.setdefault(f"{recorded.fact.shipment}/{recorded.fact.order}", {})  # type: ignore[attr-defined]
            told[column] = min(told.get(column, recorded.recorded), recorded.recorded)
    return [_no_later(parcel, first[parcel.id]) if parcel.id in first else parcel for parcel in parcels]


def _no_later(parcel: Parcel, first: Mapping[str, int]) -> Parcel:
    standing = {column: getattr(parcel, column) for column in first}
    return parcel._replace(
        **{column: min(moment, first[column]) for column, moment in standing.items() if moment is not None}
    )


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
