"""Of several parcels one tells the order's journey, and nothing stated later changes which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinuo.delivery.rules import READY_LATER_DAYS, Journey, Parcel, journey_of
from yinuo.kit.moments import MICROS_PER_DAY

MOMENTS = st.integers(0, 60 * MICROS_PER_DAY)
FACTS = ("ready", "handed_over", "delivered", "harmed")


@st.composite
def parcels(draw, recorded=MOMENTS):
    """A parcel of which some facts are known."""
    values = {}
    for fact in draw(st.sets(st.sampled_from(FACTS), min_size=1)):
        values |= {f"{fact}_at": draw(MOMENTS), f"{fact}_recorded": draw(recorded)}
    if "harmed_at" in values:
        values |= {"harm": "lost", "harm_cause": draw(st.sampled_from(["carrier", "merchant"]))}
    return Parcel(id=draw(st.text("abc", min_size=1, max_size=8)), source="shop", **values)


HARM = Journey._fields.index("harm")
LATER = parcels(recorded=st.integers(61 * MICROS_PER_DAY, 90 * MICROS_PER_DAY))


@given(first=parcels(), others=st.lists(LATER, max_size=3))
def test_parcels_stated_later_change_nothing_of_what_was_known(first, others):
    alone, together = journey_of([first]), journey_of([first, *others])
    if first.handed_over_at is not None or first.delivered_at is not None:
        assert together[:HARM] == alone[:HARM]
    if first.harmed_at is not None:
        assert together[HARM:] == alone[HARM:]


@given(several=st.lists(parcels(), min_size=1, max_size=4, unique_by=lambda parcel: parcel.id), data=st.data())
def test_a_journey_is_that_of_one_parcel_in_whatever_order_they_come(several, data):
    journey = journey_of(several)
    assert journey == journey_of(data.draw(st.permutations(several)))
    assert any((p.handed_over_at, p.delivered_at) == (journey.handed_over_at, journey.delivered_at) for p in several)
    assert any((p.harm, p.harm_cause, p.harmed_at) == (journey.harm, journey.harm_cause, journey.harmed_at) for p in several)


@pytest.mark.parametrize(("later", "counts"), [(-1, True), (0, True), (READY_LATER_DAYS * MICROS_PER_DAY, True),
                                               (READY_LATER_DAYS * MICROS_PER_DAY + 1, False)])
def test_ready_counts_only_if_it_was_stated_soon(later, counts):
    parcel = Parcel(
        "s1", "shop", ready_at=5, ready_recorded=10**12 + later, handed_over_at=9, handed_over_recorded=10**12
    )
    assert (journey_of([parcel]).ready_at == 5) is counts
