"""Money: an integer of minor units and an ISO 4217 code, never a float."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from babel.core import get_global

from yinuo.kit.refusals import Malformed

_FRACTIONS: Mapping[str, tuple[int, ...]] = get_global("currency_fractions")
_CURRENCIES = frozenset(get_global("all_currencies"))


def digits_of(currency: str) -> int:
    """How many decimal digits the currency's minor unit has (JPY 0, CNY 2, KWD 3); refuses an unknown code."""
    if currency not in _CURRENCIES:
        raise Malformed(f"{currency!r} is not an ISO 4217 currency code, such as CNY or EUR.")
    return _FRACTIONS.get(currency, _FRACTIONS["DEFAULT"])[0]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """The money a decimal text names; refuses more digits than the currency has, since rounding would lose money."""
        try:
            amount = Decimal(text)
        except InvalidOperation:
            raise Malformed(f"{text!r} is not an amount; write it like 19.90.") from None
        if not amount.is_finite():
            raise Malformed(f"{text!r} is not an amount; write it like 19.90.")
        minor = amount.scaleb(digits_of(currency))
        if minor != minor.to_integral_value():
            raise Malformed(f"{text} has more decimals than {currency} has.")
        return cls(int(minor), currency)

    def __str__(self) -> str:
        digits = digits_of(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"
