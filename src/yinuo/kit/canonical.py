"""Canonical JSON (RFC 8785, without fractions): one way to write a value, so that a digest of it means the value."""

from __future__ import annotations

import json
from typing import Any

from yinuo.kit.refusals import Malformed

INTEGER_MAX = 2**53 - 1     # what readers of JSON everywhere keep exactly
_DIGITS_MAX = len(str(-INTEGER_MAX))


def canonical_json(value: Any) -> bytes:
    """The value in sorted keys, without spaces; only integers for numbers."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def read_json(text: str | bytes, what: str) -> Any:
    """The value that the JSON writes; refuses fractions, large integers, a name given twice, and nesting too deep."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return json.loads(
            decoded, object_pairs_hook=_pairs, parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction
        )
    except RecursionError:
        raise Malformed(f"The {what} is nested too deep.") from None
    except ValueError:
        raise Malformed(f"The {what} is not JSON as the record writes it: broken, or with fractions or a name twice.") from None


def read_canonical(text: str, what: str) -> Any:
    """The value of JSON that is written in the one canonical way; refuses any other way."""
    value = read_json(text, what)
    try:
        same = canonical_json(value) == text.encode()
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Malformed(f"The {what} is not written in the canonical way.")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name twice")
    return value


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS_MAX or abs(int(digits)) > INTEGER_MAX:
        raise ValueError("too large")
    return int(digits)


def _no_fraction(text: str) -> Any:
    raise ValueError(text)
