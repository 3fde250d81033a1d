"""Canonical JSON: what cannot be read is named by its part."""

from __future__ import annotations

import pytest

from yinuo.kit.canonical import read_json
from yinuo.kit.refusals import Malformed

RAW = b'{"about":{"merchant":"m1"},"nodes":{"0/742":"a","0/743":"b"},"size":12,"way_back":{}}'
NAMES = ("about", "nodes", "size", "way_back")


def refusal_of(raw):
    try:
        read_json(raw, "pack")
    except Malformed as refusal:
        return refusal
    return None


def test_every_flipped_bit_that_breaks_it_is_named_by_its_part_or_the_one_before():
    broken = 0
    for place in range(len(RAW)):
        inside = [name for name in NAMES if RAW.index(f'"{name}"'.encode()) <= place]
        for bit in range(8):
            refusal = refusal_of(RAW[:place] + bytes([RAW[place] ^ 1 << bit]) + RAW[place + 1 :])
            if refusal is not None and place >= len('{"about":'):      # before it, nothing is read yet
                assert refusal.path.split(".")[0].split("[")[0] in inside[-2:], (place, bit, refusal.path)
                broken += 1
    assert broken > 200


@pytest.mark.parametrize(("text", "path"), [
    ('{"a":{"b":[1,2,{"c":1.5}]}}', "a.b[2].c"), ('{"a":1,"b":{"c":1,"c":2}}', "b"), ('{"a":1,"a":2}', ""), ("[1,01]", "[1]"),
    ('{"a":[1,2', "a[1]"), ('{"a":"x', "a"), ("", ""), ('{"a\\q":1}', ""), ('{"a":' + "9" * 20 + "}", "a"),
    ('{"a":{"b":{"c":{"d":{"e":x}}}}}', "a.b.c.d"), ('{"' + "n" * 200 + '":x}', "n" * 80),
], ids=range(11))
def test_the_path_leads_to_what_cannot_be_read(text, path):
    with pytest.raises(Malformed, match="not JSON") as refused:
        read_json(text, "pack")
    assert refused.value.path == path


def test_what_is_nested_too_deep_ends_in_a_sentence_also_where_it_breaks():
    for text in ("[" * 100_000, '{"a":x,"b":' + "[" * 100_000, '{"b":' + "[" * 500 + "x"):
        with pytest.raises(Malformed):
            read_json(text, "pack")
