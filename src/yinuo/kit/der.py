"""DER as far as time stamps need it: the order of the certificates in an answer, which the standards leave open.

RFC 5652 asks for DER only of what is signed. The certificates beside it are a set, which authorities write in the order of
their chain, while a strict reader wants sets sorted. No signature covers that order.
"""

from __future__ import annotations

from typing import NamedTuple

_LONG = 0x80                            # a length of more than 127 bytes follows in as many bytes as the other bits say
_ANY_TAG_BYTE = 0x1F                    # a tag that goes on in a second byte; answers have none


class _Element(NamedTuple):
    begin: int
    content: int
    end: int


def with_sorted_certificates(answer: bytes) -> bytes:
    """The answer of a time-stamping authority (RFC 3161) with its certificates in the order that DER asks of a set.

    All else stays as it was; what has not the form of such an answer comes back unchanged.
    """
    try:
        response = _elements(answer, 0, len(answer))[0]
        token = _inside(answer, response)[1]                    # after the status
        content = _inside(answer, token)[1]                     # after its type
        signed = _inside(answer, content)[0]
        certificates = _inside(answer, signed)[3]               # after version, digest algorithms and what is signed
        every = _inside(answer, certificates)
    except IndexError:
        return answer
    if answer[certificates.begin] != 0xA0:                      # [0], which may be left out
        return answer
    sorted_ = b"".join(sorted(answer[each.begin : each.end] for each in every))
    return answer[: certificates.content] + sorted_ + answer[certificates.end :]


def _inside(raw: bytes, outer: _Element) -> list[_Element]:
    return _elements(raw, outer.content, outer.end)


def _elements(raw: bytes, begin: int, end: int) -> list[_Element]:
    """The elements that stand in a row there; an IndexError where they do not fill it."""
    found = []
    while begin < end:
        if raw[begin] & _ANY_TAG_BYTE == _ANY_TAG_BYTE:
            raise IndexError
        length, content = raw[begin + 1], begin + 2
        if length & _LONG:
            content += length & ~_LONG
            length = int.from_bytes(raw[begin + 2 : content])
        if content + length > end:
            raise IndexError
        found.append(_Element(begin, content, content + length))
        begin = content + length
    return found
