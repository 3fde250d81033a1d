"""The order of certificates in an answer: sorted where there are any, and nothing else touched, whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.der import with_sorted_certificates


def der(tag, *parts):
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([tag, 128 + len(octets)]) + octets + content


def answer(*certificates, tag=0xA0):
    signed = der(0x30, der(2, b"\x03"), der(0x31), der(0x30), der(tag, *certificates), der(0x31))
    return der(0x30, der(0x30, der(2, b"\x00")), der(0x30, der(6, b"\x2a"), der(0xA0, signed)))


@given(st.lists(st.binary(max_size=200).map(lambda content: der(0x30, content)), max_size=5))
def test_certificates_are_sorted_and_all_else_stays(every):
    assert with_sorted_certificates(answer(*every)) == answer(*sorted(every))
    assert with_sorted_certificates(answer(*every, tag=0x31)) == answer(*every, tag=0x31)
    assert with_sorted_certificates(answer(*every) + b"x")[-1:] == b"x"


@given(st.binary(max_size=100))
def test_whatever_else_comes_back_unchanged(raw):
    assert sorted(with_sorted_certificates(raw)) == sorted(raw)


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_broken_answer_is_never_made_longer(place, value):
    whole = bytearray(answer(der(0x30, b"b" * 90), der(0x30, b"a" * 80)))
    whole[place % len(whole)] = value
    assert len(with_sorted_certificates(bytes(whole))) == len(whole)
