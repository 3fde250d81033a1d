"""Orders that were judged."""

from yinuo.credit.rules.measures import Measure


def dispatches() -> Measure:
    """How many orders the evidence rests on: handed to a carrier, or called off by the merchant."""
    return Measure("dispatches", "credit.dispatch_judged", base="dispatches", otherwise=1, gauge="failures")
