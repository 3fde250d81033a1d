"""From which value on an order counts in full: about three US dollars' worth, in whichever currency."""

from __future__ import annotations

from functools import cache

from yinuo.kit.money import digits_of

FULL_VALUE_UNITS = {
    "AED": 10, "ARS": 5_000, "AUD": 5, "BDT": 300, "BHD": 1, "BRL": 20, "CAD": 5, "CHF": 2, "CLP": 3_000, "CNY": 20,
    "COP": 10_000, "CZK": 50, "DKK": 20, "EGP": 200, "EUR": 3, "GBP": 2, "HKD": 20, "HUF": 1_000, "IDR": 50_000, "ILS": 10,
    "INR": 300, "JOD": 2, "JPY": 500, "KES": 500, "KHR": 10_000, "KRW": 5_000, "KWD": 1, "KZT": 2_000, "LAK": 50_000,
    "LKR": 1_000, "MAD": 30, "MOP": 20, "MXN": 50, "MYR": 10, "NGN": 5_000, "NOK": 30, "NZD": 5, "OMR": 1, "PEN": 10,
    "PHP": 200, "PKR": 1_000, "PLN": 10, "QAR": 10, "RON": 10, "RUB": 300, "SAR": 10, "SEK": 30, "SGD": 5, "THB": 100,
    "TRY": 100, "TWD": 100, "UAH": 100, "USD": 3, "VND": 100_000, "ZAR": 50,
}
"""Whole units of each currency, rounded to 1, 2, 3 or 5 times a power of ten: rates move, what counts in full should not."""
OTHERWISE_UNITS = 20


@cache
def full_value_minor(currency: str | None) -> int:
    """The value from which an order counts in full, in minor units; of a currency not told, as if it had two digits."""
    if currency is None:
        return OTHERWISE_UNITS * 100
    return int(FULL_VALUE_UNITS.get(currency, OTHERWISE_UNITS) * 10 ** digits_of(currency))
