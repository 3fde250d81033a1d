"""Pieces of the page, and numbers and dates as the reader's language writes them. Everything is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from importlib.resources import files

from babel import Locale, dates, numbers
from django.utils import translation
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from yinuo.pipelines.preview import chinese, english

LANGUAGES = {"en": (english.WORDS, "en_GB"), "zh-hans": (chinese.WORDS, "zh_Hans_CN")}
SHAPES = {
    "excellent": "▲▲", "good": "▲", "expected": "●", "new": "○", "caution": "▼", "poor": "▼▼", "unlawful": "■",
}
NAME_LENGTH_MAX = 26


class Number(str):
    """A number as written, and with its noun: `{n:order|orders}` becomes "1 order" or "2 orders"."""

    def __format__(self, nouns: str) -> str:
        """The number alone, or followed by the noun that fits it."""
        if "|" not in nouns:
            return str(self)
        one, many = nouns.split("|")
        return f"{self} {one if self == '1' else many}"


class Speech:
    """One language: its words, numbers and dates."""

    def __init__(self, language: str, *, json_name: str) -> None:
        self.language, self.json_name = language, json_name
        self._words, locale = LANGUAGES[language]
        self._locale = Locale.parse(locale)

    def __call__(self, key: str, **values: object) -> str:
        """The words of that key, with values put in."""
        return self._words[key].format(**values)

    def meaning(self, sentence: str) -> str:
        """A feature's public explanation, from the same catalogue as the pages'."""
        with translation.override(self.language):
            return translation.gettext(sentence)

    def number(self, value: float) -> Number:
        """38,211."""
        return Number(numbers.format_decimal(value, locale=self._locale))

    def signed(self, value: int) -> str:
        """Points with their sign: +23, −5, 0."""
        return ("+" if value > 0 else "\u2212" if value < 0 else "") + self.number(abs(value))

    def tenths(self, value: int) -> str:
        """4.3 from 43; 120 from 1,200 on without tenths."""
        return str(numbers.format_decimal(value / 10, format="#,##0.0" if abs(value) < 1000 else "#,##0", locale=self._locale))

    def share(self, part: float, whole: float) -> str:
        """7.9%."""
        return str(numbers.format_percent(part / whole if whole else 0, format="#,##0.0%", locale=self._locale))

    def percent(self, value: float) -> str:
        """8% from 8."""
        return str(numbers.format_percent(value / 100, format="#,##0%", locale=self._locale))

    def per_thousand(self, ppm: float) -> str:
        """14.2 from 14,200 parts per million."""
        return str(numbers.format_decimal(ppm / 1000, format="#,##0.0", locale=self._locale))

    def day(self, iso: str) -> str:
        """1 June 2026."""
        return str(dates.format_date(date.fromisoformat(iso), format="long", locale=self._locale))

    def short_day(self, iso: str) -> str:
        """1 Jun 2026, for tables."""
        return str(dates.format_date(date.fromisoformat(iso), format="medium", locale=self._locale))

    def month(self, iso: str) -> str:
        """Jun 2026."""
        return str(dates.format_skeleton("yMMM", date.fromisoformat(iso), locale=self._locale))

    def moment(self, iso: str) -> str:
        """1 June 2026, 12:30 UTC."""
        when = datetime.fromisoformat(iso)
        return f"{self.day(when.date().isoformat())} {when:%H:%M} UTC"


def paragraph(text: str, style: str = "") -> SafeString:
    """One paragraph."""
    return format_html('<p class="{}">{}</p>', style, text) if style else format_html("<p>{}</p>", text)


def heading(text: str) -> SafeString:
    """A heading within a section."""
    return format_html("<h3>{}</h3>", text)


def figure(caption: str, drawn: SafeString) -> SafeString:
    """A chart under its words."""
    return format_html("<figure><figcaption>{}</figcaption>{}</figure>", caption, drawn)


def folded(words: str, inside: SafeString) -> SafeString:
    """What only some want to see, one click away; open on paper."""
    return format_html('<details class="how"><summary>{}</summary>{}</details>', words, inside)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, text: int = 1, foot: Sequence[object] = ()) -> SafeString:
    """A table whose first `text` columns are words and the others numbers; cards on a phone."""
    styles = ["" if place < text else "num" for place in range(len(heads))]
    head = format_html_join("", '<th scope="col" class="{}">{}</th>', zip(styles, heads, strict=True))
    body = _joined(_row(heads, styles, row) for row in rows)
    tail = format_html("<tfoot>{}</tfoot>", _row(heads, styles, foot)) if foot else ""
    return format_html(
        '<div class="scroll"><table class="cards"><thead><tr>{}</tr></thead><tbody>{}</tbody>{}</table></div>', head, body, tail
    )


def _row(heads: Sequence[str], styles: Sequence[str], row: Sequence[object]) -> SafeString:
    first = format_html('<th scope="row">{}</th>', row[0])
    rest = format_html_join(
        "", '<td class="{}" data-label="{}">{}</td>', zip(styles[1:], heads[1:], row[1:], strict=True)
    )
    return format_html("<tr>{}{}</tr>", first, rest)


def together(text: str) -> SafeString:
    """Words that no line break may part."""
    return format_html('<span class="nb">{}</span>', text)


def band(key: str, words: str) -> SafeString:
    """A band: its shape and its word."""
    return format_html('<span class="band band-{}"><span aria-hidden="true">{}</span> {}</span>', key, SHAPES[key], words)


def merchant(name: str) -> SafeString:
    """A merchant's name, or the shop's own id, cut where it is long."""
    if len(name) <= NAME_LENGTH_MAX:
        return conditional_escape(name)
    if " " in name:
        return format_html('<span title="{}">{}…</span>', name, name[:NAME_LENGTH_MAX])
    return format_html('<span class="nb" title="{}">{}…</span>', name, name[:10])


def section(number: int, title: str, parts: Iterable[str]) -> SafeString:
    """A numbered section."""
    return format_html('<section id="s{0}"><h2><span class="n">{0}</span> {1}</h2>{2}</section>', number, title, _joined(parts))


def whole(language: str, title: str, body: SafeString) -> str:
    """The page: one file, its style inside, nothing else to load."""
    style = (files("yinuo.pipelines.preview") / "report.css").read_text(encoding="utf-8")
    tag = {"zh-hans": "zh-Hans"}.get(language, language)
    return str(format_html(
        '<!doctype html>\n<html lang="{}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        '<meta name="robots" content="noindex"><title>{}</title><style>{}</style></head>\n<body>{}</body></html>\n',
        tag, title, mark_safe(style), body,  # noqa: S308 - our own stylesheet
    ))


def _joined(parts: Iterable[str]) -> SafeString:
    return format_html_join("\n", "{}", ((part,) for part in parts))
