"""Refused events on plain values: what is kept of one, and whether it speaks of somebody.

A refused event may be anything: cut off, misspelt, a name twice, no JSON at all. So it is not read as JSON here: every
string that is written anywhere in its bytes is looked at, unescaped, and its text as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from yinuo.kit.facts import SOURCE_ID_LENGTH_MAX
from yinuo.kit.ids import keyed_digester
from yinuo.kit.sealing import index_key, place_of
from yinuo.record.rules.reading import Refused

DAYS_MAX = 30           # for at most so long a refused event is kept
SEARCHED_MIN = 4        # an id of fewer characters is found only where it is a whole string or number: "7" is in every text

_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)(?:"|\\?\Z)', re.DOTALL)
_NUMBER = re.compile(r'(?<![\w."+-])-?[0-9]+(?![\w."])')
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """What is sealed of a refused event: its id where it could be read, where the fault lies, what it is, how it came."""

    id: str
    path: str
    sentence: str
    raw: bytes


class Wanted(NamedTuple):
    """Whom a refused event may speak of: their id at the source, the ids of what their facts are about, whether a string is
    the id of an event that the record holds about them.
    """

    person: str
    things: frozenset[str]
    is_event: Callable[[str], bool] = lambda event_id: False


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Kept)


def place_of_refused(source: str, event_id: str) -> str:
    """Where what is kept of a refused event belongs: its source, and the keyed hash of its id."""
    return place_of("record_refusedevent", "raw", f"{source}/{event_id}")


def id_digester(key: bytes, source: str) -> Callable[[str], str]:
    """A function that gives the keyed hash by which the refused events of an id are found again; "" for no id."""
    digest = keyed_digester(index_key(key, "refused"), source)
    return lambda event_id: digest(event_id).hex() if event_id else ""


def encode_refused(refused: Refused) -> bytes:
    """The bytes to seal of a refused event."""
    return _encoder.encode(Kept(refused.id, refused.path, refused.sentence, refused.raw))


def decode_refused(opened: bytes) -> Kept:
    """The refused event of what `encode_refused` gave."""
    return _decoder.decode(opened)


def speaks_of(raw: bytes, wanted: Wanted) -> bool:
    """Whether a refused event speaks of somebody anywhere: by their id, what they ordered or wrote, or an event about them.

    Where an id is short it may be somebody else's that is found: what is kept for days only is rather lost than left.
    """
    return any(_speaks_of(text, wanted) for text in _texts(raw))


def surely_of(raw: bytes, wanted: Wanted) -> bool:
    """The same where no chance is left that a mere number or short code was met: what may be shown to them."""
    long = Wanted(
        wanted.person if len(wanted.person) >= SEARCHED_MIN else "",
        frozenset(thing for thing in wanted.things if len(thing) >= SEARCHED_MIN), wanted.is_event,
    )
    return any(_speaks_of(text, long) for text in _texts(raw))


def _speaks_of(text: str, wanted: Wanted) -> bool:
    person, things, is_event = wanted
    strings = {unescaped(found[1]) for found in _STRING.finditer(text)} | set(_NUMBER.findall(text))
    if (person and person in strings) or not things.isdisjoint(strings):
        return True
    if any(is_event(string) for string in strings if 0 < len(string) <= SOURCE_ID_LENGTH_MAX):
        return True
    if len(person) < SEARCHED_MIN:
        return False
    alone = rf"(?<![A-Za-z0-9]){re.escape(person)}(?![A-Za-z0-9])"
    return re.search(alone, _MOMENT.sub(" ", unescaped(text))) is not None


def _texts(raw: bytes) -> Iterator[str]:
    """The bytes as text; where they are not UTF-8, as everything else that they may be."""
    try:
        yield raw.decode()
    except UnicodeDecodeError:
        for encoding in ("utf-8", "gb18030", "utf-16-le", "utf-16-be"):
            yield raw.decode(encoding, errors="replace")


def unescaped(text: str) -> str:
    """The text without JSON's escapes, however many of them are wrong."""
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_letter, text)
    return plain.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")    # halves of a pair become one again


def _letter(escape: re.Match[str]) -> str:
    what = escape[1]
    return chr(int(what[1:], 16)) if len(what) > 1 else _LETTERS.get(what, what)
