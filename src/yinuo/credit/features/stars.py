"""What reviews say."""

from yinuo.credit.rules.measures import Case, Measure


def reviews() -> Measure:
    """How many reviews buyers wrote about this merchant's orders."""
    return Measure("reviews", "credit.review_judged", base="reviews", otherwise=1, causes=None, facet="described")


def low_stars() -> Measure:
    """How many reviews gave one or two stars, compared with what was to be expected."""
    return Measure(
        "low_stars", "credit.review_judged", base="reviews", causes=None, facet="described",
        cases=(Case("stars", 0, above=2),), otherwise=1,
    )
