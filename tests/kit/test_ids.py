"""Keyed digests and surrogates."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit.ids import keyed_digest, keyed_digester, new_surrogates

KEY = b"k" * 32


def test_parts_are_kept_apart():
    assert keyed_digest(KEY, "ab", "c") != keyed_digest(KEY, "a", "bc")


def test_another_key_gives_another_digest():
    assert keyed_digest(KEY, "a") != keyed_digest(b"x" * 32, "a")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_the_prepared_digester_agrees(parts):
    try:
        expected = keyed_digest(KEY, *parts)
    except UnicodeEncodeError:
        return
    assert keyed_digester(KEY, *parts[:-1])(parts[-1]) == expected


def test_surrogates_are_distinct_and_repeat_under_seeded_randomness():
    made = new_surrogates(random.Random(1).randbytes, "o", 1000)
    assert len(set(made)) == 1000
    assert all(len(one) == 17 and one[0] == "o" for one in made)
    assert made == new_surrogates(random.Random(1).randbytes, "o", 1000)
