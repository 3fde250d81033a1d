"""Facts in, mirrors out."""

from yinuo.trade.models import Order


def test_an_order_is_mirrored(take, event):
    taken = take([event("trade.order_placed", id="e1", order="o1", merchant="m1", amount_minor=100, currency="CNY")])
    assert (taken.accepted, taken.refused) == (1, [])
    assert Order.objects.get().amount_minor == 100
