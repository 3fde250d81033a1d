"""Orders called off."""

from yinuo.credit.rules.measures import Case, Measure


def cancellations() -> Measure:
    """How many orders the merchant called off, compared with what was to be expected."""
    return Measure(
        "cancellations", "credit.dispatch_judged", base="dispatches", cases=(Case("outcome", 1, among=("cancelled",)),)
    )
