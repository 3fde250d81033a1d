"""Contrast of every pair of colours that text is set in, light and dark, computed from the stylesheet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "src/yinuo/web/static/yinuo/yinuo.css").read_text()
TEXT_ON = [(ink, ground) for ink in ("ink", "soft", "blue", "amber", "brick") for ground in ("paper", "sheet")] + [
    ("on-blue", "blue"),
    ("brick", "brick-wash"),
    ("ink", "brick-wash"),
    ("soft", "brick-wash"),
    ("ink", "blue-wash"),
]
SHAPES_ON = [("strong", "paper"), ("strong", "sheet"), ("seal", "sheet")]


def colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root(?::not\(\.light\))? \{(.*?)\n\s*\}", CSS, flags=re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT_ON, 4.5), (SHAPES_ON, 3.0)])
def test_contrast_is_aa_or_better(scheme, pairs, least):
    palette = colours(scheme)
    assert {
        pair: contrast(palette[pair[0]], palette[pair[1]])
        for pair in pairs
        if contrast(palette[pair[0]], palette[pair[1]]) < least
    } == {}


def test_vermilion_belongs_to_the_seal_alone():
    assert re.findall(r"([^{}]+)\{[^{}]*var\(--seal\)", CSS) == ["\n.seal rect "]


def test_nothing_comes_from_the_network():
    assert "url(" not in CSS
    assert "@import" not in CSS
