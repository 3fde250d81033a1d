"""Whether orders arrived as promised."""

from yinuo.credit.rules.measures import Case, Measure


def arrivals() -> Measure:
    """How many deliveries were judged that nobody but the merchant could have spoilt."""
    return Measure("arrivals", "credit.delivery_judged", base="arrivals", otherwise=1, gauge="late_arrivals")


def late_arrivals() -> Measure:
    """How many orders arrived late, damaged or not at all through the merchant's own fault, compared with expected."""
    return Measure(
        "late_arrivals", "credit.delivery_judged", base="arrivals",
        cases=(Case("outcome", 1, among=("late", "damaged", "lost")),),
    )
