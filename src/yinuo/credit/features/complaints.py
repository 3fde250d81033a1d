"""What complaints say."""

from yinuo.credit.rules.measures import Case, Measure


def complaints() -> Measure:
    """How many complaints were closed, whoever caused them."""
    return Measure("complaints", "credit.complaint_judged", base="complaints", otherwise=1, causes=None, facet="service")


def undescribed() -> Measure:
    """How many complaints found that the goods were not as described, or unsafe, compared with what was to be expected."""
    return Measure(
        "undescribed", "credit.complaint_judged", base="dispatches", causes=("merchant",), facet="described",
        cases=(Case("topic", 1, among=("not_as_described", "unsafe")),),
    )


def slow_answers() -> Measure:
    """How many complaints waited more than a day for the merchant's first answer, compared with what was to be expected."""
    return Measure(
        "slow_answers", "credit.complaint_judged", base="complaints", causes=None, facet="service",
        cases=(Case("answer_hours", 1, above=24), Case("answer_hours", 1, among=(None,))),
    )
