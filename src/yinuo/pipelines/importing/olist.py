"""The Brazilian E-Commerce Public Dataset by Olist, whole, under the unit rules of docs/benchmarks.md.

An order of ours is what one merchant got out of one order of Olist's, which is the basket. Olist's times have no zone and are
taken as UTC. Where a unit's items have several shipping limits, the latest is the promise. Orders without items have no
merchant and are left out, but their reviews and buyers are not. A cancelled order has no time of cancellation: it counts from
twenty days after the purchase, marked as derived. Olist's data are CC BY-NC-SA: they are read from a folder, never shipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from yinuo.kit.moments import to_micros
from yinuo.kit.refusals import Malformed, NotFound
from yinuo.pipelines.importing.items import RANK, Item, cloud_event
from yinuo.pipelines.importing.tables import Advance, Table, need_columns, open_table, rows
from yinuo.pipelines.importing.values import minor_units, slug

SOURCE = "olist"
CURRENCY = "BRL"
CANCELLED_AFTER = timedelta(days=20)
GROUNDS = {"canceled": "cancelled", "unavailable": "out_of_stock"}

FILES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "customers": ("olist_customers_dataset.csv", ("customer_id", "customer_unique_id", "customer_state")),
    "sellers": ("olist_sellers_dataset.csv", ("seller_id", "seller_state")),
    "products": ("olist_products_dataset.csv", ("product_id", "product_category_name")),
    "categories": (
        "product_category_name_translation.csv", ("product_category_name", "product_category_name_english")),
    "items": (
        "olist_order_items_dataset.csv",
        ("order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value")),
    "orders": (
        "olist_orders_dataset.csv",
        ("order_id", "customer_id", "order_status", "order_purchase_timestamp", "order_approved_at",
         "order_delivered_carrier_date", "order_delivered_customer_date", "order_estimated_delivery_date")),
    "reviews": (
        "olist_order_reviews_dataset.csv",
        ("review_id", "order_id", "review_score", "review_comment_title", "review_comment_message",
         "review_creation_date", "review_answer_timestamp")),
}

# Facts of the same moment are taken in this order.
PLACES = {
    kind: place * RANK
    for place, kind in enumerate((
        "merchants.merchant_registered", "people.buyer_joined", "catalogue.listing_published", "trade.order_placed",
        "trade.order_paid", "delivery.shipment_handed_over", "delivery.shipment_delivered", "trade.order_cancelled",
        "reviews.review_published",
    ))
}


@dataclass(slots=True)
class Unit:
    """What one merchant got of an order: its items added up."""

    seller: str
    limit: str
    listing: str
    amount: int = 0
    items: int = 0
    listings: set[str] = field(default_factory=set)


class First(NamedTuple):
    """The first order in which a buyer, merchant or listing is met."""

    purchased: str
    where: str
    region: str


class Order(NamedTuple):
    """What a review needs to know of its order."""

    buyer: str
    units: list[Unit]


def open_folder(folder: Path) -> dict[str, Table]:
    """The data set's files, opened; refuses a folder that lacks one, or a file that lacks a column."""
    if not folder.is_dir():
        raise NotFound("There is no such folder.", path=str(folder))
    missing = [name for name, _ in FILES.values() if not (folder / name).is_file()]
    if missing:
        raise NotFound(f"The folder has no {', '.join(missing)}; they are named as Kaggle names them.", path=str(folder))
    tables = {key: open_table(folder / name) for key, (name, _) in FILES.items()}
    for key, table in tables.items():
        need_columns(table, FILES[key][1])
    return tables


def items(tables: Mapping[str, Table], *, source: str = SOURCE, advance: Advance = lambda count: None) -> Iterator[Item]:
    """Every event of the data set, file by file."""
    return Reading(tables, source, advance).items()


class Reading:
    """One reading of the data set; what later files need of earlier ones is held meanwhile."""

    def __init__(self, tables: Mapping[str, Table], source: str, advance: Advance) -> None:
        self._tables, self._source, self._advance = tables, source, advance
        self._count = 0
        self._units: dict[str, list[Unit]] = {}
        self._prices: dict[tuple[str, str], int] = {}
        self._orders: dict[str, Order] = {}
        self._buyers: dict[str, First] = {}
        self._sellers: dict[str, First] = {}
        self._listings: dict[str, First] = {}

    def items(self) -> Iterator[Item]:
        """Every event."""
        customers = self._column_pairs("customers", "customer_id", "customer_unique_id", "customer_state")
        sellers = self._column_pairs("sellers", "seller_id", "seller_state")
        yield from self._read("items", self._item)
        yield from self._read("orders", lambda row, where: self._order(row, where, customers, sellers))
        yield from self._read("reviews", self._review)
        yield from self._firsts()

    def _read(self, key: str, make: Callable[[dict[str, str], str], Iterable[Item]]) -> Iterator[Item]:
        for row in rows(self._tables[key], self._advance):
            where = f"{self._tables[key].name}:{row.line}"
            if row.fault:
                yield self._refused(where, row.raw, "", row.fault)
            else:
                yield from make(row.values, where)

    def _column_pairs(self, key: str, *columns: str) -> dict[str, tuple[str, ...]]:
        """A small file as a dictionary from its first column to the others."""
        table = self._tables[key]
        found = {}
        for row in rows(table, self._advance):
            if row.fault:
                raise Malformed(row.fault, path=f"{table.path}:{row.line}")    # orders would lose their buyer or region
            first, *rest = [row.values[column] for column in columns]
            found[first] = tuple(rest)
        return found

    def _item(self, row: dict[str, str], where: str) -> Iterator[Item]:
        """Add an item to its unit; one whose price cannot be read is refused alone."""
        try:
            price = minor_units(row["price"], CURRENCY)
            freight = minor_units(row["freight_value"], CURRENCY)
        except Malformed as refusal:
            yield self._refused(where, repr(row).encode(), "price", refusal.sentence)
            return
        seller, limit = row["seller_id"], row["shipping_limit_date"]
        listing = f"{row['product_id']}/{seller}"
        units = self._units.setdefault(row["order_id"], [])
        unit = next((unit for unit in units if unit.seller == seller), None)
        if unit is None:
            unit = Unit(seller, limit, listing)
            units.append(unit)
        unit.limit = max(unit.limit, limit)
        unit.amount += price + freight
        unit.items += 1
        unit.listings.add(listing)
        self._prices.setdefault((row["order_id"], listing), price)

    def _order(
        self, row: dict[str, str], where: str,
        customers: Mapping[str, tuple[str, ...]], sellers: Mapping[str, tuple[str, ...]],
    ) -> Iterator[Item]:
        basket, purchased = row["order_id"], row["order_purchase_timestamp"]
        if row["customer_id"] not in customers:
            yield self._refused(where, repr(row).encode(), "customer_id", "The customer is not in the file of customers.")
            return
        buyer, state = customers[row["customer_id"]]
        units = self._units.get(basket, [])
        self._orders[basket] = Order(buyer, units)
        _meet(self._buyers, buyer, First(purchased, where, state))
        for unit in units:
            (origin,) = sellers.get(unit.seller, ("",))
            _meet(self._sellers, unit.seller, First(purchased, where, origin))
            for listing in unit.listings:
                _meet(self._listings, listing, First(purchased, where, basket))
            yield from self._unit(row, where, unit, buyer, (origin, state))

    def _unit(self, row: dict[str, str], where: str, unit: Unit, buyer: str, lane: tuple[str, str]) -> Iterator[Item]:
        order = f"{row['order_id']}/{unit.seller}"
        purchased = row["order_purchase_timestamp"]
        yield self._stated("trade.order_placed", order, purchased, where, {
            "order": order, "merchant": unit.seller, "buyer": buyer, "listing": unit.listing, "basket": row["order_id"],
            "items": unit.items, "amount_minor": unit.amount, "currency": CURRENCY,
            "hand_over_by": _iso(unit.limit), "deliver_by": _iso(row["order_estimated_delivery_date"]),
            "origin": lane[0], "destination": lane[1],
        })
        if approved := row["order_approved_at"]:
            yield self._stated("trade.order_paid", order, approved, where, {"order": order, "amount_minor": unit.amount})
        shipment = {"shipment": order, "order": order}
        if carried := row["order_delivered_carrier_date"]:
            yield self._stated("delivery.shipment_handed_over", order, carried, where, shipment)
        if delivered := row["order_delivered_customer_date"]:
            yield self._stated("delivery.shipment_delivered", order, delivered, where, shipment)
        if ground := GROUNDS.get(row["order_status"]):
            yield self._stated("trade.order_cancelled", order, purchased, where, {
                "order": order, "by": "merchant", "ground": ground, "derived": "time"}, after=CANCELLED_AFTER)

    def _review(self, row: dict[str, str], where: str) -> Iterator[Item]:
        review = f"{row['review_id']}/{row['order_id']}"
        order = self._orders.get(row["order_id"])
        data: dict[str, Any] = {"review": review, "stars": _whole(row["review_score"])}
        if order:
            data["buyer"] = order.buyer
        if order and len(order.units) == 1:
            (unit,) = order.units
            data |= {"order": f"{row['order_id']}/{unit.seller}", "merchant": unit.seller}
            if len(unit.listings) == 1:
                data["listing"] = unit.listing
        data |= {"title": row["review_comment_title"], "words": row["review_comment_message"]}
        yield self._stated(
            "reviews.review_published", review, row["review_answer_timestamp"] or row["review_creation_date"], where, data)

    def _firsts(self) -> Iterator[Item]:
        for buyer, first in self._buyers.items():
            yield self._stated("people.buyer_joined", buyer, first.purchased, first.where,
                               {"buyer": buyer, "region": first.region})
        for seller, first in self._sellers.items():
            yield self._stated("merchants.merchant_registered", seller, first.purchased, first.where,
                               {"merchant": seller, "region": first.region})
        products = self._column_pairs("products", "product_id", "product_category_name")
        english = self._column_pairs("categories", "product_category_name", "product_category_name_english")
        for listing, first in self._listings.items():
            product, _, seller = listing.partition("/")
            (category,) = products.get(product, ("",))
            (translated,) = english.get(category, (category,))
            yield self._stated("catalogue.listing_published", listing, first.purchased, first.where, {
                "listing": listing, "merchant": seller, "category": slug(translated),
                "price_minor": self._prices[first.region, listing], "currency": CURRENCY})

    def _stated(
        self, kind: str, about: str, time: str, where: str, data: Mapping[str, Any], *, after: timedelta = timedelta(0)
    ) -> Item:
        """The event; columns that are empty are left out of it."""
        self._count += 1
        filled = {name: value for name, value in data.items() if value != ""}
        event_id = f"{kind.partition('.')[2]}:{about}"
        try:
            moment = datetime.fromisoformat(time + "+00:00") + after
        except ValueError:
            raw = cloud_event(source=self._source, kind=kind, id=event_id, time=time, data=filled)
            return self._refused(where, raw, "time", f"{time!r} is not a time." if time else "It has no time.", event_id)
        written = moment.isoformat() if after else _iso(time)
        raw = cloud_event(source=self._source, kind=kind, id=event_id, time=written, data=filled)
        return Item(max(to_micros(moment), 0), PLACES[kind] + self._count, where, raw)

    def _refused(self, where: str, raw: bytes, path: str, sentence: str, event_id: str = "") -> Item:
        self._count += 1
        return Item(0, self._count, where, raw, path, sentence, event_id)


def _meet(known: dict[str, First], name: str, first: First) -> None:
    if name not in known or first.purchased < known[name].purchased:
        known[name] = first


def _iso(text: str) -> str:
    return text.replace(" ", "T") + "Z" if text else ""


def _whole(text: str) -> int | str:
    """The number; a text that is none stays, so that taking the event refuses it."""
    return int(text) if text.isascii() and text.isdigit() else text


