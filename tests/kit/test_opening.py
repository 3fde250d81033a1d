"""Openings and canonical JSON: what follows from a revealed fact, and what is no revealed fact."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from yinuo.kit import opening
from yinuo.kit.canonical import canonical_json, read_canonical, read_json
from yinuo.kit.refusals import Malformed

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner),
    max_leaves=20,
)


@given(values)
def test_canonical_json_is_that_of_rfc_8785(value):
    written = canonical_json(value)
    assert written == rfc8785.dumps(value)
    assert read_canonical(written.decode(), "value") == value


@pytest.mark.parametrize("text", [
    "", " 1", "1 ", '{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":2}', "1.5", "1e3", "-0", "9007199254740992", "9" * 5000, "NaN",
    "Infinity", '"\\u0041"', '"\\/"', '"\\ud800"', '"\\u00e9"', "[" * 100_000, '{"a":' * 100_000, "[1,]", "\ufeff1", '"\t"',
])
def test_any_other_way_of_writing_is_refused(text):
    with pytest.raises(Malformed):
        read_canonical(text, "value")


def test_json_that_is_not_utf_8_is_refused():
    for raw in (b"\xff", '"a"'.encode("utf-16")):
        with pytest.raises(Malformed):
            read_json(raw, "value")


def H(*parts):  # noqa: N802 - the name it has in the format
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_commitments_are_those_of_the_format():
    salt, part, numbers = b"s" * 32, b'{"fact":{}}', b'{"order":3}'
    inner = H(b"yinuo/inner/v1", salt, part)
    assert opening.inner_of(salt, part) == inner
    assert opening.no_person(salt) == H(b"yinuo/none/v1", salt)
    assert opening.part_commitment(numbers, inner) == H(b"yinuo/part/v1", numbers, inner)
    assert opening.leaf_of(b"m" * 32, b"p" * 32) == b"\1" + b"m" * 32 + b"p" * 32


def test_every_choice_of_parts_gives_the_same_entry(small_log):
    log = small_log(2)
    for index in range(2):
        whole = log.revealed(index, person=True)
        main, person = opening.read_revealed(whole), log.parts[index][1]
        assert main.leaf == log.leaves[index]
        assert main.has_person == (person is not None)
        assert opening.check_revealed(log.revealed(index)) == log.leaves[index]
        if person:
            commitment = opening.closed(log.leaves[index][1:33])
            alone = opening.read_revealed({**whole, "main": commitment})
            assert alone.leaf == log.leaves[index]
            assert (alone.main, alone.has_person) == (None, None)
            assert alone.person.content == {"fact": {"buyer": "b1"}}


def test_any_change_of_a_part_gives_another_entry(small_log):
    log = small_log(1)
    revealed = log.revealed(0, person=True)
    for name in ("main", "person"):
        part = revealed[name]
        content = json.loads(part["content"])
        changes = (
            {"salt": opening.closed(b"t" * 32)["commitment"]},
            {"content": canonical_json({**content, "more": 1}).decode()},
            {"numbers": {**part["numbers"], "order": 9}},
            {"numbers": {}},
        )
        for change in changes:
            assert opening.check_revealed({**revealed, name: {**part, **change}}) != log.leaves[0]


@pytest.mark.parametrize("change", [
    {"index": -1}, {"index": True}, {"index": "0"}, {"index": 2**63}, {"index": 0.0}, {"more": 1}, {"main": None}, {"main": {}},
    {"main": []}, {"main": {"commitment": "AAAA"}}, {"main": {"commitment": None}}, {"main": {"commitment": "é" * 44}},
    {"main": {"commitment": "A" * 43 + "=", "salt": ""}}, {"person": {"salt": "AAAA", "content": "{}", "numbers": {}}},
], ids=range(14))
def test_what_is_no_revealed_fact_is_refused(small_log, change):
    with pytest.raises(Malformed):
        opening.check_revealed({**small_log(1).revealed(0), **change})


@pytest.mark.parametrize("change", [
    {"salt": 1}, {"salt": "A" * 44}, {"content": 1}, {"content": "[]"}, {"content": "{"}, {"content": '{"a":1.0}'},
    {"content": '{ "a":1}'}, {"content": '{"a":1,"a":1}'}, {"content": "[" * 100_000}, {"content": '{"a":"\ud800"}'},
    {"numbers": []}, {"numbers": {"order": -1}}, {"numbers": {"order": True}}, {"numbers": {"order": "1"}},
    {"numbers": {"order": 2**53}}, {"numbers": {"\ud800": 1}}, {"numbers": {"": 1}}, {"numbers": None},
], ids=range(18))
def test_what_is_no_opening_is_refused(small_log, change):
    revealed = small_log(1).revealed(0)
    with pytest.raises(Malformed):
        opening.check_revealed({**revealed, "main": {**revealed["main"], **change}})


def test_a_fact_with_nothing_opened_is_refused():
    shut = opening.closed(b"c" * 32)
    with pytest.raises(Malformed, match="neither part"):
        opening.check_revealed({"index": 0, "main": shut, "person": shut})
    for other in (None, [], "fact", {"index": 0}):
        with pytest.raises(Malformed):
            opening.check_revealed(other)
