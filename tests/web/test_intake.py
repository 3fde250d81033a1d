"""What intake says is wrong with an event is said in the reader's language."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from yinuo.record.rules.reading import read_events
from yinuo.web.wording import translated

CHINESE = {
    "It must be a whole number, but a text came.": "这里应为整数，收到的却是文字。",
    "It must be a whole number, but a number with decimals came; amounts are in the currency's smallest unit.":
        "这里应为整数，收到的却是带小数的数字；金额以货币的最小单位表示。",
    "'trade.gone' is not a kind of fact; GET /api/facts/kinds and docs/reference/facts.md list them.":
        "没有“trade.gone”这种事实；GET /api/facts/kinds和docs/reference/facts.md列出所有种类。",
    "It must be a whole number of at least 1,000.": "必须是不小于1,000的整数。",
    "It must have at most 200 characters.": "最多200个字符。",
    "This was upheld already.": "此事已认定成立。",
    "Nobody has translated 100% of this.": "Nobody has translated 100% of this.",
    "": "",
}


@pytest.mark.parametrize(("english", "chinese"), CHINESE.items())
def test_a_sentence_is_found_by_its_form(english, chinese):
    with override("en"):
        assert translated(english) == english
    with override("zh-hans"):
        assert translated(english) == chinese


WRONG = {
    "missing": {"merchant": "m", "amount_minor": 5},
    "unknown": {"colour": "red"},
    "text": {"amount_minor": "5"},
    "decimals": {"amount_minor": 5.5},
    "negative": {"amount_minor": -5},
    "empty": {"order": ""},
    "long": {"order": "x" * 500},
    "zone": {"hand_over_by": "2026-05-02T00:00:00"},
    "no time": {"hand_over_by": "soon"},
    "object": {"order": {}},
    "code": {"carrier": "a carrier with spaces"},
    "currency": {"currency": "XQX"},
    "no character": {"order": "o\0"},
    "far": {"hand_over_by": "2300-01-01T00:00:00Z"},
    "large": {"order": "x" * 200_000},
}
ORDER = {"order": "o", "merchant": "m", "buyer": "b", "amount_minor": 5, "currency": "CNY"}


UNREAD = {
    "malformed": b'{"id": x}', "cut off": b'{"id": "e', "half": b'{"id": "\\ud800"}', "other source": b'"source":"other"',
    "content": b'"datacontenttype":"text/plain"', "long": b'"supersedes":"' + b"x" * 300 + b'"', "itself": b'"supersedes":"e"',
}
LATER = (
    "This id was taken in before with other content. To correct it, give this event a new id and 'supersedes': 'e1'.",
    "What it supersedes is of another kind or about another subject. Withdraw that, and state this by itself.",
    "A disruption lasts 365 days at most.", "It must match the pattern ^x$.", "The event is nested too deep.",
)


@pytest.mark.parametrize("wrong", UNREAD)
def test_what_cannot_be_read_at_all_is_said_in_chinese(event, now, wrong):
    raw = UNREAD[wrong]
    if not raw.startswith(b"{"):
        raw = event("trade.order_placed", id="e", **ORDER)[:-1] + b"," + raw + b"}"
    _, (refused,) = read_events([raw], source="shop", now=now)
    with override("zh-hans"):
        assert translated(refused.sentence) != refused.sentence


@pytest.mark.parametrize("sentence", LATER)
def test_what_is_found_wrong_later_is_said_in_chinese(sentence):
    with override("zh-hans"):
        assert translated(sentence) != sentence


@pytest.mark.parametrize("wrong", WRONG)
def test_what_intake_really_says_is_said_in_chinese(event, now, wrong):
    data = WRONG[wrong] if wrong == "missing" else ORDER | WRONG[wrong]
    _, (refused,) = read_events([event("trade.order_placed", id="e", **data)], source="shop", now=now)
    with override("zh-hans"):
        assert translated(refused.sentence) != refused.sentence
