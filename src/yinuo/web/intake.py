"""What intake says is wrong with an event, in the reader's language: its English sentences, found again by their form."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("It is missing, and must be there."),
    _("There is no such field here; GET /api/facts/kinds lists those of every kind."),
    _("%(value)s is none of the values that may stand here; GET /api/facts/kinds lists them."),
    _("%(value)s is not a kind of fact; GET /api/facts/kinds and docs/reference/facts.md list them."),
    _("It must be a whole number of at least %(number)s."),
    _("It must be a whole number of at most %(number)s."),
    _("It must not be empty."),
    _("It must have at most %(number)s characters."),
    _("It must be a short code of at most %(number)s letters, digits and _ . / : > -, without spaces."),
    _("The time has no zone; write it like 2026-01-31T12:00:00Z."),
    _("It must be a time with a zone, like 2026-01-31T12:00:00Z."),
    _("It must be %(wanted)s, but %(came)s came."),
    _("It must be %(wanted)s, but %(came)s came; amounts are in the currency's smallest unit."),
    _("The JSON ends too early: it is truncated."),
    _("The event is not JSON: %(fault)s"),
    _("The time lies in the future."),
    _("The time lies before 1970."),
    _("The id must have 1 to %(number)s characters."),
    _("An event cannot supersede itself."),
    _("%(kind)s is stated by Yinuo itself, not by a shop."),
)
_VALUE = re.compile(r"%\\\((\w+)\\\)s")


def said(sentence: str) -> str:
    """The sentence in the reader's language; as it is where none is known."""
    for pattern, form in _patterns():
        if found := pattern.fullmatch(sentence):
            return gettext(form) % {name: _piece(value) for name, value in found.groupdict().items()}
    return gettext(sentence) if sentence else ""


def _piece(value: str) -> str:
    """What was wanted or what came; a name or a number as it is."""
    return _pieces().get(value, value)


def _pieces() -> dict[str, str]:
    return {
        "a whole number": pgettext("in an event", "a whole number"),
        "a text in quotation marks": pgettext("in an event", "a text in quotation marks"),
        "a time with a zone, like 2026-01-31T12:00:00Z": pgettext(
            "in an event", "a time with a zone, like 2026-01-31T12:00:00Z"
        ),
        "a JSON object, in braces": pgettext("in an event", "a JSON object, in braces"),
        "a JSON array, in brackets": pgettext("in an event", "a JSON array, in brackets"),
        "true or false": pgettext("in an event", "true or false"),
        "a number": pgettext("in an event", "a number"),
        "a number with decimals": pgettext("in an event", "a number with decimals"),
        "a text": pgettext("in an event", "a text"),
        "an object": pgettext("in an event", "an object"),
        "an array": pgettext("in an event", "an array"),
    }


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(_VALUE.sub(r"(?P<\1>.+?)", re.escape(form)), re.DOTALL), form) for form in SENTENCES]
