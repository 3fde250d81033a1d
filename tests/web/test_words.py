"""Every text has its Chinese."""

from __future__ import annotations

import re

from yinuo.credit.features import MEASURES
from yinuo.decisions.rules import GROUNDS


def test_every_text_has_chinese(words):
    known = words.translated()
    assert [text for text in sorted(words.texts(), key=str) if not known.get(text)] == []


def test_every_measure_is_explained_in_chinese(words):
    known = words.translated()
    assert [measure.meaning for measure in MEASURES if not known.get((None, measure.meaning))] == []


def test_the_law_behind_every_ground_is_named_in_chinese(words):
    known = words.translated()
    assert [ground.rule for ground in GROUNDS.values() if not known.get((None, ground.rule))] == []


def test_chinese_fills_in_the_same_values(words):
    for (_, text), chinese in words.translated().items():
        assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", chinese)), text


def test_chinese_uses_chinese_punctuation(words):
    for chinese in words.translated().values():
        assert not re.search(r"[\u4e00-\u9fff] ?[,.;:?!]", chinese), chinese
        assert "!" not in chinese
