"""Openings: what unlocks the commitments of an entry, and the entry that follows from them.

An entry of the record shows two commitments, to a main part and to a person's part. Who is given the salt and content of a
part recomputes its commitment; of a part that is not theirs they are given the commitment alone, and still get the entry.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yinuo.kit.canonical import INTEGER_MAX, canonical_json, read_canonical
from yinuo.kit.checkpoints import parse_base64, parse_hash
from yinuo.kit.merkle import SIZE_MAX
from yinuo.kit.refusals import Malformed

SALT_BYTES = 32
NO_NUMBERS = b"{}"
_INNER = b"yinuo/inner/v1"
_NONE = b"yinuo/none/v1"
_PART = b"yinuo/part/v1"
LEAF_VERSION = b"\x01"
LEAF_BYTES = 65


def inner_of(salt: bytes, part: bytes) -> bytes:
    """What binds to a part's canonical JSON when it is appended; the salt keeps it from being guessed."""
    return hashlib.sha256(_INNER + salt + part).digest()


def no_person(salt_main: bytes) -> bytes:
    """What stands for a person's part where there is none; told apart from one only with the main part's salt."""
    return hashlib.sha256(_NONE + salt_main).digest()


def part_commitment(numbers: bytes, inner: bytes) -> bytes:
    """What the entry shows of a part once its subjects' numbers (canonical JSON) are given."""
    return hashlib.sha256(_PART + numbers + inner).digest()


def leaf_of(c_main: bytes, c_person: bytes) -> bytes:
    """The entry: a version byte and the two commitments; the same length for every fact."""
    return LEAF_VERSION + c_main + c_person


@dataclass(frozen=True, slots=True)
class Part:
    """A part that was opened: its content, and the numbers that its subjects gave to the fact."""

    content: Mapping[str, Any]
    numbers: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RevealedFact:
    """A fact with the parts that were opened, and the entry of the record that follows from it."""

    index: int
    leaf: bytes
    main: Part | None
    person: Part | None
    has_person: bool | None
    """Whether there is a person's part at all; None where the main part stays closed."""


def opening(*, salt: bytes, content: bytes, numbers: Mapping[str, int]) -> dict[str, Any]:
    """The JSON value that unlocks one part."""
    return {"salt": base64.b64encode(salt).decode(), "content": content.decode(), "numbers": dict(numbers)}


def closed(commitment: bytes) -> dict[str, Any]:
    """The JSON value that stands for a part which is not shown."""
    return {"commitment": base64.b64encode(commitment).decode()}


def read_revealed(revealed: Any) -> RevealedFact:
    """The fact in a revealed fact's JSON value with the entry recomputed; refuses, by name, what has not the form."""
    _check_names(revealed, {"index", "main", "person"}, "revealed fact")
    index = revealed["index"]
    if type(index) is not int or not 0 <= index <= SIZE_MAX:
        raise Malformed("The index of a revealed fact is a number from 0.")
    c_main, main = _read_part(revealed["main"], "main part")
    c_person, person = _read_part(revealed["person"], "person's part")
    if main is None and person is None:
        raise Malformed(f"Fact {index} is shown with neither part opened.")
    has_person = None
    if main:
        nothing = part_commitment(NO_NUMBERS, no_person(parse_base64(revealed["main"]["salt"], "salt")))
        has_person = c_person != nothing
    return RevealedFact(index, leaf_of(c_main, c_person), main, person, has_person)


def check_revealed(revealed: Any) -> bytes:
    """The entry of the record that follows from a revealed fact's JSON value."""
    return read_revealed(revealed).leaf


def _read_part(part: Any, what: str) -> tuple[bytes, Part | None]:
    """The commitment to a part, and the part if it was opened."""
    if isinstance(part, dict) and "commitment" in part:
        _check_names(part, {"commitment"}, what)
        return parse_hash(_text(part["commitment"], what), f"commitment to the {what}"), None
    _check_names(part, {"salt", "content", "numbers"}, what)
    salt = parse_base64(_text(part["salt"], what), f"salt of the {what}")
    if len(salt) != SALT_BYTES:
        raise Malformed(f"The salt of the {what} has {len(salt)} bytes, not {SALT_BYTES}.")
    text = _text(part["content"], what)
    content = read_canonical(text, f"content of the {what}")
    if not isinstance(content, dict):
        raise Malformed(f"The content of the {what} is not a JSON object.")
    numbers = _numbers(part["numbers"], what)
    return part_commitment(canonical_json(numbers), inner_of(salt, text.encode())), Part(content, numbers)


def _numbers(numbers: Any, what: str) -> dict[str, int]:
    if not isinstance(numbers, dict) or not all(
        name.isascii() and name.isidentifier() and type(number) is int and 0 <= number <= INTEGER_MAX
        for name, number in numbers.items()
    ):
        raise Malformed(f"The numbers of the {what} are not numbers from 0 by field.")
    return numbers


def _check_names(value: Any, names: set[str], what: str) -> None:
    if not isinstance(value, dict) or value.keys() != names:
        raise Malformed(f"The {what} is not a JSON object with exactly {', '.join(sorted(names))}.")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed(f"The {what} holds something else where text belongs.")
    return value
