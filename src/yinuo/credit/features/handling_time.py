"""How near to its promise a hand-over came."""

from yinuo.credit.rules.measures import Case, Measure


def handling_time() -> Measure:
    """How much of the promised handling time the merchant used, in steps, compared with what was to be expected on the
    same lanes in the same weeks: nothing up to 60 percent, one up to 80, two up to the promise, four where the order was
    late or called off through the merchant's own fault.
    """
    return Measure(
        "handling_time",
        "credit.dispatch_judged",
        base="dispatches",
        cases=(
            Case("outcome", 4, among=("late", "cancelled")),
            Case("used_permille", 2, above=800),
            Case("used_permille", 1, above=600),
        ),
    )
