"""What is wrong with an event in a person's words: the parser's sentences, turned into a path and what should stand there."""

from __future__ import annotations

import re
from collections.abc import Callable

from yinuo.kit.refusals import Malformed

_WANTED = {
    "int": "a whole number", "str": "a text in quotation marks", "datetime": "a time with a zone, like 2026-01-31T12:00:00Z",
    "object": "a JSON object, in braces", "array": "a JSON array, in brackets", "float": "a number", "bool": "true or false",
}
_CAME = {
    "int": "a number", "float": "a number with decimals", "str": "a text", "bool": "true or false", "null": "null",
    "object": "an object", "array": "an array",
}
_CODE = re.compile(r"\^\[A-Za-z0-9\]\[[^]]*\]\{0,(\d+)\}\$")


def _code(found: re.Match[str]) -> str:
    if longest := _CODE.fullmatch(found["pattern"]):
        return f"It must be a short code of at most {int(longest[1]) + 1} letters, digits and _ . / : > -, without spaces."
    return f"It must match the pattern {found['pattern']}."


def _type(found: re.Match[str]) -> str:
    wanted, came = _WANTED.get(found["wanted"], found["wanted"]), _CAME.get(found["came"], found["came"])
    smallest = "; amounts are in the currency's smallest unit" if (found["wanted"], found["came"]) == ("int", "float") else ""
    return f"It must be {wanted}, but {came} came{smallest}."


# The parser's sentence, and what a person reads. A group named `field` belongs to the path.
_SENTENCES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"Object missing required field `(?P<field>[^`]*)`", lambda found: "It is missing, and must be there."),
    (
        r"Object contains unknown field `(?P<field>.*)`",
        lambda found: "There is no such field here; GET /api/facts/kinds lists those of every kind.",
    ),
    (
        r"Invalid enum value '?(?P<value>.*?)'?",
        lambda found: f"{found['value']!r} is none of the values that may stand here; GET /api/facts/kinds lists them.",
    ),
    (r"Expected `int` >= (\S+)", lambda found: f"It must be a whole number of at least {int(found[1]):,}."),
    (r"Expected `int` <= (\S+)", lambda found: f"It must be a whole number of at most {int(found[1]):,}."),
    (r"Expected `str` of length >= (\d+)", lambda found: "It must not be empty." if found[1] == "1" else found[0] + "."),
    (r"Expected `str` of length <= (\d+)", lambda found: f"It must have at most {int(found[1]):,} characters."),
    (r"Expected `str` matching regex '(?P<pattern>.*)'", _code),
    (
        r"Expected `datetime` with a timezone component",
        lambda found: "The time has no zone; write it like 2026-01-31T12:00:00Z.",
    ),
    (r"Invalid RFC3339 encoded datetime", lambda found: "It must be a time with a zone, like 2026-01-31T12:00:00Z."),
    (r"Expected `(?P<wanted>\w+)(?: \| null)?`, got `(?P<came>\w+)`", _type),
    (r"Input data was truncated", lambda found: "The JSON ends too early: it is truncated."),
)
_KNOWN = tuple((re.compile(pattern, re.DOTALL), say) for pattern, say in _SENTENCES)


def malformed(error: Exception, prefix: str) -> Malformed:
    """The refusal for what the parser says of an event's part, such as 'Expected `int`, got `float` - at `$.amount`'."""
    told, _, place = str(error).partition(" - at `$")
    sentence, field = told.rstrip(".") + ".", ""
    for pattern, say in _KNOWN:
        if found := pattern.fullmatch(told):
            sentence, field = say(found), found.groupdict().get("field") or ""
            break
    path = ".".join(part for part in (prefix, place.rstrip("`").lstrip("."), field) if part)
    return Malformed(sentence, path=path)
