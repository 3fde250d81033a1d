"""Client of Yinuo: state facts, read standings with their reasons, and be told of what changes.

    from yinuo_client import Client, Event

    shop = Client("https://trust.example", key="yk_...", source="myshop")
    stated = shop.state([Event("trade.order_paid", "A-1001/paid", when, {"order": "A-1001"})])

It needs nothing but the standard library.
"""

from yinuo_client._answers import (
    Delivery,
    Event,
    Facet,
    Feature,
    Field,
    Health,
    Kind,
    Listed,
    Method,
    Reason,
    Receipt,
    RefusedEvent,
    Reviews,
    Standing,
    Stated,
    Step,
    WayBack,
    Webhook,
)
from yinuo_client._calls import Client
from yinuo_client._problems import NotVerified, Problem, Unreachable
from yinuo_client._webhooks import Message, verify_webhook

__all__ = [
    "Client",
    "Delivery",
    "Event",
    "Facet",
    "Feature",
    "Field",
    "Health",
    "Kind",
    "Listed",
    "Message",
    "Method",
    "NotVerified",
    "Problem",
    "Reason",
    "Receipt",
    "RefusedEvent",
    "Reviews",
    "Standing",
    "Stated",
    "Step",
    "Unreachable",
    "WayBack",
    "Webhook",
    "verify_webhook",
]
