"""What the score foretells: orders sent late or called off."""

from yinuo.credit.rules.measures import Case, Measure


def failures() -> Measure:
    """How many orders were sent late or called off through the merchant's own fault, compared with what was to be expected
    on the same lanes in the same weeks.
    """
    return Measure(
        "failures", "credit.dispatch_judged", base="dispatches",
        cases=(Case("outcome", 1, among=("late", "cancelled")),),
    )
