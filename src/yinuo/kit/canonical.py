"""Canonical JSON (RFC 8785, without fractions): one way to write a value, so that a digest of it means the value."""

from __future__ import annotations

import json
import re
from typing import Any

from yinuo.kit.refusals import Malformed

INTEGER_MAX = 2**53 - 1     # what readers of JSON everywhere keep exactly
_DIGITS_MAX = len(str(-INTEGER_MAX))
_STEPS_MAX = 4              # of names and places that lead to where a text breaks
_HALF = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")     # where half of a surrogate pair may be, and often is a whole one
_OPENING = re.compile(r"\s*([{\[])\s*")
_NAME = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"\s*:\s*')
_COMMA = re.compile(r"\s*,\s*")
_CLOSING = {"{": re.compile(r"\s*}"), "[": re.compile(r"\s*]")}


def canonical_json(value: Any) -> bytes:
    """The value in sorted keys, without spaces; only integers for numbers."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def read_json(text: str | bytes, what: str) -> Any:
    """The value that the JSON writes; refuses fractions, large integers, a name given twice, nesting too deep, and halves of
    surrogate pairs, which are no characters and cannot be written again.

    The refusal's path names the part that cannot be read, as far as names and places lead there: `facts[17].main`.
    """
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        value = _DECODER.decode(decoded)
        if _HALF.search(decoded):
            canonical_json(value)
        return value
    except UnicodeEncodeError:
        raise Malformed(f"The {what} holds half of a surrogate pair, which is no character.") from None
    except RecursionError:
        raise Malformed(f"The {what} is nested too deep.") from None
    except ValueError:
        raise Malformed(
            f"The {what} is not JSON as the record writes it: broken, or with fractions or a name twice.",
            path=_broken_part(text),
        ) from None


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


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_no_fraction, parse_constant=_no_fraction
)


def _broken_part(text: str | bytes) -> str:
    """The first part of an object that cannot be read, or behind which it breaks; "" where no name leads to it."""
    readable = text if isinstance(text, str) else text[: _utf8_length(text)].decode()
    path, at = "", 0
    for _ in range(_STEPS_MAX):
        step, at = _broken_step(readable, at)
        path += step
        if at < 0:
            break
    return path.removeprefix(".")


def _broken_step(text: str, at: int) -> tuple[str, int]:
    """One step on the way to where the object or list that begins here breaks, and where it leads; -1 at the last."""
    opening = _OPENING.match(text, at)
    if not opening:
        return "", -1
    at, place, step, closing = opening.end(), 0, "", _CLOSING[opening[1]]
    while not closing.match(text, at):      # where all parts can be read, it is the whole that is wrong: a name twice
        name = _NAME.match(text, at) if opening[1] == "{" else None
        if opening[1] == "{" and not name:
            return step, -1
        step, at = (f".{name[1][:80]}", name.end()) if name else (f"[{place}]", at)
        try:
            _, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return step, at
        comma = _COMMA.match(text, end)
        if not comma and not closing.match(text, end):
            return step, -1
        at, place = comma.end() if comma else end, place + 1
    return "", -1


def _utf8_length(raw: bytes) -> int:
    """How many of the bytes are UTF-8 text."""
    try:
        return len(raw.decode().encode())
    except UnicodeDecodeError as error:
        return error.start
