"""Money: an integer of minor units and an ISO 4217 code, never a float."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from babel.core import get_global

from yinuo.kit.refusals import Malformed

_FRACTIONS: Mapping[str, tuple[int, ...]] = get_global("currency_fractions")
_CURRENCIES = frozenset(get_global("all_currencies"))
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{0,12})?\Z")
_IN_DOUBT = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}\Z")      # thousands in half the world


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
        if not _AMOUNT.match(text):
            raise Malformed(f"{text[:80]!r} is not an amount; write it like 19.90.")
        digits = digits_of(currency)
        if digits < 3 and _IN_DOUBT.match(text):
            raise Malformed(f"{text} has more decimals than {currency} has, or means thousands; write it like 1234.50.")
        minor = Decimal(text).scaleb(digits)
        if minor != minor.to_integral_value():
            raise Malformed(f"{text} has more decimals than {currency} has.")
        return cls(int(minor), currency)

    def __str__(self) -> str:
        digits = digits_of(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"
