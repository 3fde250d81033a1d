"""Every text has its Chinese."""

from __future__ import annotations

import ast
import re

from django.utils.translation import override

from yinuo.credit.features import MEASURES
from yinuo.decisions.rules import GROUNDS
from yinuo.web.wording import translated


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


REACHED = (     # by whoever uses a console
    "decisions/actions/*.py", "decisions/rules.py", "decisions/queries.py", "credit/actions/contest.py",
    "credit/queries/outlook.py", "credit/queries/held_against.py", "credit/queries/made_whole.py", "credit/queries/reports.py",
    "credit/rules/kept.py", "people/actions/invitations.py", "people/actions/roles.py", "people/actions/sessions.py",
    "web/console/*.py",
)


def refusals(words):
    """Every sentence of a refusal that these files raise, with some value in place of each that it carries."""
    for pattern in REACHED:
        for file in sorted(words.ROOT.glob(pattern)):
            for node in ast.walk(ast.parse(file.read_text())):
                if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or not node.exc.args:
                    continue
                said = node.exc.args[0]
                if isinstance(said, ast.Constant):
                    yield said.value
                elif isinstance(said, ast.JoinedStr):
                    yield "".join(part.value if isinstance(part, ast.Constant) else "'x7'" for part in said.values)


def test_every_refusal_on_a_console_is_said_in_chinese(words):
    found = list(refusals(words))
    assert len(found) > 60
    with override("zh-hans"):
        assert [sentence for sentence in found if translated(sentence) == sentence] == []


def test_a_refusal_says_its_values_in_words():
    said = "Order shop-7 costs no points: its cause is force_majeure."
    with override("en"):
        assert translated(said) == said
    with override("zh-hans"):
        assert translated(said) == "订单shop-7未扣分：其原因为不可抗力。"
        assert translated("'theft' is no cause to claim; there are carrier, platform.") == (
            "“theft”不是可主张的原因；可主张的有：承运商、平台。"
        )
        assert translated("Nothing that anybody says.") == "Nothing that anybody says."
