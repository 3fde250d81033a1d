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
    _("It must match the pattern %(pattern)s."),
    _("The JSON ends too early: it is truncated."),
    _("JSON is malformed: %(fault)s."),
    _("The event is not JSON: %(fault)s"),
    _("The event has %(number)s bytes; at most %(most)s are taken."),
    _("The event is nested too deep."),
    _("The text holds %(half)s, half of a surrogate pair and no character."),
    _("The text holds the character NUL (\\u0000), which no database keeps."),
    _("The source is %(source)s, but this key belongs to %(own)s."),
    _("The data must be application/json."),
    _("The time lies in the future."),
    _("The time lies before 1970."),
    _("The time must lie between 1970 and 2255."),
    _("The id must have 1 to %(number)s characters."),
    _("It must have 1 to %(number)s characters."),
    _("An event cannot supersede itself."),
    _("A withdrawal names the event it takes back in its data; it supersedes nothing."),
    _("What it supersedes is of another kind or about another subject. Withdraw that, and state this by itself."),
    _("This id was taken in before with other content. To correct it, give this event a new id and 'supersedes': %(id)s."),
    _("%(kind)s is stated by Yinuo itself, not by a shop."),
    _("%(currency)s is not an ISO 4217 currency code, such as CNY or EUR."),
    _("A disruption ends after it starts."),
    _("A disruption lasts %(days)s days at most."),
    _("A rating is at most the top of its scale."),
    _("Whoever takes a listing off sale says why: state decisions.decision_stated, act listing_removed."),
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
