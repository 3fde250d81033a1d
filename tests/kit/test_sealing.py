"""Sealed values open where they belong, with the key that sealed them, and nowhere else."""

from __future__ import annotations

import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from yinuo.kit.ids import keyed_digest
from yinuo.kit.sealing import WRAPPED_BYTES, DataKey, NotOpened, WrappingKey, index_key, place_of, version_of

NAME = ("bsomebody", "content", 3)
PLACE = place_of("vault_text", "words", "r1/words")
KEY, NONCE = b"k" * 32, b"n" * 12
texts = st.text(max_size=200)


@given(texts, st.integers(1, 2**16 - 1))
def test_what_was_sealed_opens(text, version):
    key = DataKey(("b1", "profile", version), KEY)
    sealed = key.seal(PLACE, text, os.urandom(12))
    assert key.open(PLACE, sealed) == text
    assert version_of(sealed) == version
    assert len(sealed) == 1 + 2 + 12 + len(text.encode()) + 16


@given(texts)
def test_two_seals_of_the_same_differ(text):
    key = DataKey(NAME, KEY)
    assert key.seal(PLACE, text, os.urandom(12)) != key.seal(PLACE, text, os.urandom(12))


@given(st.sampled_from(["table", "field", "row", "holder", "retention", "version"]), texts)
def test_moved_anywhere_it_does_not_open(moved, text):
    sealed = DataKey(NAME, KEY).seal(PLACE, text, NONCE)
    place = {
        "table": place_of("vault_surrogate", "words", "r1/words"),
        "field": place_of("vault_text", "title", "r1/words"),
        "row": place_of("vault_text", "words", "r2/words"),
    }.get(moved, PLACE)
    name = {
        "holder": ("bother", "content", 3), "retention": ("bsomebody", "profile", 3), "version": ("bsomebody", "content", 4),
    }.get(moved, NAME)
    with pytest.raises(NotOpened):
        DataKey(name, KEY).open(place, sealed)


@given(texts, st.data())
def test_one_flipped_bit_is_noticed(text, data):
    sealed = bytearray(DataKey(NAME, KEY).seal(PLACE, text, NONCE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotOpened):
        DataKey(NAME, KEY).open(PLACE, bytes(sealed))


@given(texts, st.data())
def test_what_was_cut_or_lengthened_is_noticed(text, data):
    sealed = DataKey(NAME, KEY).seal(PLACE, text, NONCE)
    kept = data.draw(st.integers(0, len(sealed) - 1))
    for spoilt in (sealed[:kept], sealed + b"x", sealed[1:], b""):
        with pytest.raises(NotOpened):
            DataKey(NAME, KEY).open(PLACE, spoilt)


@given(st.binary(max_size=80))
def test_no_bytes_whatever_open_by_chance(nonsense):
    with pytest.raises(NotOpened):
        DataKey(NAME, KEY).open(PLACE, nonsense)


def test_another_key_does_not_open():
    with pytest.raises(NotOpened, match="another key"):
        DataKey(NAME, b"o" * 32).open(PLACE, DataKey(NAME, KEY).seal(PLACE, "words", NONCE))


@given(st.data())
def test_a_wrapped_key_is_bound_to_its_name_and_its_wrapping_key(data):
    wrapping = WrappingKey(b"w" * 32)
    wrapped = wrapping.wrap(KEY, NAME, NONCE)
    assert len(wrapped) == WRAPPED_BYTES
    assert wrapping.unwrap(wrapped, NAME) == KEY
    holders, classes = st.sampled_from(["bsomebody", "b"]), st.sampled_from(["content", "profile"])
    other = data.draw(st.tuples(holders, classes, st.integers(1, 5)))
    assume(other != NAME)
    bit = data.draw(st.integers(0, len(wrapped) * 8 - 1))
    flipped = bytearray(wrapped)
    flipped[bit // 8] ^= 1 << bit % 8
    for key, spoilt, name in (
        (wrapping, wrapped, other), (WrappingKey(b"v" * 32), wrapped, NAME), (wrapping, bytes(flipped), NAME),
        (wrapping, wrapped[:-1], NAME), (wrapping, b"", NAME),
    ):
        with pytest.raises(NotOpened):
            key.unwrap(spoilt, name)


def test_a_wrapping_key_is_named_by_what_it_is():
    assert WrappingKey(b"w" * 32).id == WrappingKey(b"w" * 32).id != WrappingKey(b"v" * 32).id
    with pytest.raises(NotOpened, match="32 bytes"):
        WrappingKey(b"short")


def test_each_fields_index_key_is_its_own():
    keys = {index_key(secret, field) for secret in (b"a" * 32, b"b" * 32) for field in ("surrogate", "fingerprint/payer")}
    assert len(keys | {b"a" * 32, b"b" * 32}) == 6
    assert len({keyed_digest(key, "the same") for key in keys}) == 4


def test_an_index_key_is_what_rfc_5869_says():
    """HKDF's definition written out: extract with a salt of zeros, expand once."""
    import hashlib  # noqa: PLC0415
    import hmac  # noqa: PLC0415

    extracted = hmac.digest(bytes(32), b"a" * 32, hashlib.sha256)
    assert index_key(b"a" * 32, "f") == hmac.digest(extracted, b"yinuo/index/v1/f\x01", hashlib.sha256)
