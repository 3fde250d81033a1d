"""Propose a mapping for files nobody described: a guess by the names of columns, for a person to complete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from yinuo.kit.facts import kind_named
from yinuo.kit.refusals import Conflict, Malformed
from yinuo.pipelines.importing import proposed
from yinuo.pipelines.importing.forms import TimeForm, agreed, decimal_comma, time_form
from yinuo.pipelines.importing.mapping import UNDECIDED
from yinuo.pipelines.importing.proposed import Guess
from yinuo.pipelines.importing.tables import Table, sample

# How columns are called, in the order of preference. A name is compared in lower case, its words joined by "_".
FIELDS: Mapping[str, tuple[str, ...]] = {
    "order": (r"order_?(id|no|number|nr|sn)", r"suborder_?(id|no)", "order"),
    "merchant": (r"(merchant|seller|vendor|store|shop|supplier)_?(id|no|number)", "(merchant|seller|vendor)"),
    "buyer": (r"(buyer|customer|user|member|client)(_unique)?_?(id|no|number)", "(buyer|customer|client)"),
    "listing": (r"(listing|product|item|sku|goods|offer)_?(id|no|number|code)?",),
    "basket": (r"(basket|cart|checkout|parent_order)_?(id|no)?",),
    "items": (r"(items|quantity|qty|count|item_count|num_items)",),
    "amount_minor": (r"(total|amount|order_total|total_amount|grand_total|payment_value|sum|value|price)(_paid|_[a-z]{3})?",),
    "price_minor": (r"(unit_|list_|sale_)?price", "amount"),
    "currency": (r"currency(_code)?",),
    "hand_over_by": (r"(ship|dispatch|hand_?over|shipping)_?(by|before|until|limit|deadline|due)(_date|_at|_time)?",),
    "deliver_by": (
        r"(order_)?(estimated|promised|expected)_(delivery|arrival)(_date|_at|_time)?", r"(deliver_by|eta|delivery_due)"),
    "origin": (r"(origin|ship_from|seller_(state|region|province))",),
    "destination": (r"(destination|ship_to|(customer|buyer|shipping)_(state|region|province))",),
    "region": (r"(region|state|province|country)", r"\w+_(region|state|province)"),
    "carrier": (r"(carrier|courier|shipping_company)(_code)?",),
    "shipment": (r"(shipment|parcel|package|tracking|waybill)_?(id|no|number)?",),
    "review": (r"(review|comment|rating)_?(id|no|number)",),
    "stars": (r"(review_)?(stars?|score|rating)",),
    "title": (r"(review_)?(comment_)?title",),
    "words": (r"(review_)?(comment_)?(message|text|body|content|comment)",),
    "category": (r"(product_)?category(_name|_id|_code)?",),
    "complaint": (r"(complaint|ticket|dispute|case)_?(id|no|number)",),
    "refund": (r"refund_?(id|no|number)",),
    "name": (r"(\w+_)?name",),
    "method": (r"payment_(type|method)",),
}
_WHEN = r"(_?(date|at|time|timestamp|on))?"
# The kinds tried on each file, with the names of the column that says when it happened.
KINDS: Mapping[str, tuple[str, ...]] = {
    "trade.order_placed": (
        rf"(order_)?(placed|purchased?|ordered|order){_WHEN}", "(order_)?(created|create)(_at|_time|_date)", "date"),
    "trade.order_paid": (rf"(order_)?(paid|payment|approved|pay){_WHEN}",),
    "delivery.shipment_handed_over": (
        rf"(order_)?(shipped|dispatched|handed_over|collected|picked_up|ship|delivered_carrier){_WHEN}",),
    "delivery.shipment_delivered": (rf"(order_)?(delivered|arrived|received|delivered_customer){_WHEN}",),
    "trade.order_cancelled": (rf"(order_)?(cancell?ed|voided){_WHEN}",),
    "trade.refund_granted": (rf"refunded{_WHEN}", rf"refund{_WHEN}"),
    "reviews.review_published": (rf"(review_)?(published|created|creation|reviewed|answer|review){_WHEN}", "date"),
    "care.complaint_opened": (rf"(complaint_|ticket_)?(opened|created|complained){_WHEN}", "date"),
    "catalogue.listing_published": (rf"(listing_|product_)?(published|listed|created){_WHEN}",),
    "merchants.merchant_registered": (rf"(merchant_|seller_)?(registered|joined|created|signup|opened){_WHEN}",),
    "people.buyer_joined": (rf"(buyer_|customer_|user_)?(registered|joined|created|signup){_WHEN}",),
}
# A file that has the column of one of these is about it, and not about a mere participant.
_ABOUT = {"merchants.merchant_registered": ("order", "listing", "review"), "people.buyer_joined": ("order", "review"),
          "catalogue.listing_published": ("order", "review"), "trade.order_placed": ("review", "complaint", "refund")}
_TAKES_COLUMN_AS_ID = {"shipment": "order", "refund": "order"}


@dataclass
class Proposal:
    """The mapping proposed: its text, how much of it was guessed and is open, its doubts, and the columns without a place."""

    text: str = ""
    facts: int = 0
    undecided: int = 0
    doubts: list[str] = field(default_factory=list)
    unplaced: dict[str, list[str]] = field(default_factory=dict)


def propose(tables: Sequence[Table], *, encoding: str = "utf-8") -> Proposal:
    """A mapping guessed by columns' names and first rows; what could not be guessed says '?', what is doubtful a comment."""
    proposal = Proposal()
    guesses: list[Guess] = []
    amounts: list[str] = []
    for table in tables:
        rows = sample(table)
        columns = list(table.columns) or list(dict.fromkeys(name for row in rows for name in row))
        found = list(_guesses(table.name, columns))
        forms = _time_forms(found, rows)
        guesses += [Guess(file, kind, time, fields, forms) for file, kind, time, fields in found]
        amounts += [row.get(column, "").strip() for column in _amounts(found) for row in rows]
        placed = {column for _, _, time, fields in found for column in (time, *fields.values())}
        if left := [column for column in columns if column not in placed]:
            proposal.unplaced[table.name] = left
    if not guesses:
        raise Malformed("No kind of fact could be guessed from these columns; docs/guide/import.md says how to write it.")
    comma, doubt = decimal_comma(amounts)
    doubts = [*([doubt] if doubt else []), *proposed.doubts(guesses)]
    proposal.doubts = [*proposed.gaps(guesses), *doubts]
    head = proposed.head(guesses, encoding=encoding, comma=comma, doubts=doubts)
    common = proposed.common_form(guesses)
    parts = "\n".join(proposed.facts(guess, common) for guess in guesses)
    proposal.text = head + parts + proposed.left(proposal.unplaced)
    proposal.facts, proposal.undecided = len(guesses), proposal.text.count(f'"{UNDECIDED}"')
    return proposal


def write(proposal: Proposal, target: Path) -> None:
    """Write it to a new file; one that is there already may hold somebody's work and is left alone."""
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(proposal.text)
    except FileExistsError:
        raise Conflict("The file is there already; name another with --mapping.", path=str(target)) from None


_Found = tuple[str, str, str, dict[str, str]]
"""The file, the kind, the column of its time, its fields."""


def _guesses(file: str, columns: Sequence[str]) -> Iterator[_Found]:
    found = {name: column for name, patterns in FIELDS.items() if (column := _find(patterns, columns))}
    for name, patterns in KINDS.items():
        kind = kind_named(name)
        time = _find(patterns, columns)
        about = kind.about if kind.about in found else _TAKES_COLUMN_AS_ID.get(kind.about, "")
        if not time or about not in found or any(other in found for other in _ABOUT.get(name, ())):
            continue
        fields = {kind.about: found[about]}
        for wire in msgspec.structs.fields(kind.wire):
            free = found.get(wire.name, "") not in ("", time, *fields.values())
            if free or (wire.required and wire.name in found):
                fields.setdefault(wire.name, found[wire.name])
            elif wire.required and wire.name not in kind.currencies:
                fields.setdefault(wire.name, UNDECIDED)
        yield file, name, time, fields


def _find(patterns: Sequence[str], columns: Sequence[str]) -> str:
    for pattern in patterns:
        for column in columns:
            if re.fullmatch(pattern, _plain(column)):
                return column
    return ""


def _plain(column: str) -> str:
    """'orderID' and 'Order Id' as 'order_id'."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def _time_forms(found: Sequence[_Found], rows: Sequence[Mapping[str, str]]) -> dict[str, TimeForm]:
    """How each column of times is written in these rows."""
    columns = dict.fromkeys(
        column for _, kind, time, fields in found
        for column in (time, *(fields[name] for name in kind_named(kind).moments & fields.keys())) if column != UNDECIDED
    )
    return agreed({column: time_form(row.get(column, "").strip() for row in rows) for column in columns})


def _amounts(found: Sequence[_Found]) -> set[str]:
    return {column for _, _, _, fields in found for name, column in fields.items() if name.endswith("_minor")} - {UNDECIDED}
