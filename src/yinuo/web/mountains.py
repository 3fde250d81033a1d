"""The picture of the record's tree: a size in, places and paths out. Templates draw, words stay in templates.

A tree of so many facts is a row of full subtrees, one for every binary digit of its size that is 1, the largest and oldest
first. Each is a mountain as high as it has levels. Inside it stand its two halves, their halves and the halves of these: so the
hills at the foot of a mountain of up to eight facts are those facts. Over the peaks runs the line of hashes that ties them
together.

As in `charts`, shapes are paths in a square of 1,000 by 1,000 that stretches, and what keeps its shape is placed in per cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

FOLDS_MAX = 3
LEVELS_MIN = 5              # so that a handful of facts are hills, and one can see what is still to come
BREADTH = 1.5               # a mountain reaches this far beyond its place, half of it on each side
LINE_ABOVE = 65             # how far the line of hashes runs above a peak
SQUARE = 1000
NARROW_PIXELS, WIDE_PIXELS = 320, 860
DIGIT_PIXELS, LABEL_GAP_PIXELS = 7, 10
FOLD_BREADTH_MIN = 9        # narrower hills would run into one another


@dataclass(frozen=True, slots=True)
class Mountain:
    """A full subtree of 2^level facts, from number `first` to `last`: its outline, and the halves inside it by generation.

    `x` and `y` are the peak's place, `node` is how high the line of hashes runs above it; all in per cent. `label` says where
    there is room for the number of facts below it: "all" screens, "wide" ones only, or none ("").
    """

    level: int
    first: int
    last: int
    outline: str
    folds: list[str]
    x: str
    y: str
    node: str
    label: str

    @property
    def facts(self) -> int:
        """How many facts it holds."""
        return 1 << self.level


@dataclass(frozen=True, slots=True)
class Range:
    """The mountains from the oldest to the newest, and the line of hashes from the head on the left to the last peak."""

    mountains: list[Mountain]
    line: str


def levels_of(size: int) -> list[int]:
    """The levels of the full subtrees that a tree of this size is made of, the largest first."""
    return [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]


def mountains(size: int) -> Range:
    """The picture of a tree of this size."""
    levels = levels_of(size)
    if not levels:
        return Range([], "")
    places = _places(levels)
    highest = max(levels[0], LEVELS_MIN - 1) + 1
    tops = [SQUARE - SQUARE * (level + 1) // highest for level in levels]
    labels = _labels(levels, [middle for middle, _ in places])
    drawn, first = [], 0
    for level, (middle, half), top, label in zip(levels, places, tops, labels, strict=True):
        height = SQUARE - top
        drawn.append(
            Mountain(
                level=level,
                first=first,
                last=first + (1 << level) - 1,
                outline=_hill(middle, half, height),
                folds=_folds(level, middle, half, height),
                x=_percent(middle),
                y=_percent(top),
                node=_percent(top - LINE_ABOVE),
                label=label,
            )
        )
        first += 1 << level
    nodes = [(middle, top - LINE_ABOVE) for (middle, _), top in zip(places, tops, strict=True)]
    nodes[-1] = (places[-1][0], tops[-1])
    line = "M" + "L".join(f"{round(x)} {round(y)}" for x, y in nodes) if len(nodes) > 1 else ""
    return Range(drawn, line)


def _places(levels: list[int]) -> list[tuple[float, float]]:
    """Middle and half breadth of each mountain: broader the higher it is, all of them within the square."""
    shares = [level + 2 for level in levels]
    starts = list(accumulate(shares, initial=0))[:-1]
    middles = [start + share / 2 for start, share in zip(starts, shares, strict=True)]
    halves = [share * BREADTH / 2 for share in shares]
    left = middles[0] - halves[0]
    right = max(middle + half for middle, half in zip(middles, halves, strict=True))
    used = SQUARE * min(1.0, 0.3 + sum(shares) / 40)
    unit, margin = used / (right - left), (SQUARE - used) / 2
    return [(margin + (middle - left) * unit, half * unit) for middle, half in zip(middles, halves, strict=True)]


def _folds(level: int, middle: float, half: float, height: float) -> list[str]:
    """The halves of a mountain, their halves and so on, each half as high as what it is half of."""
    folds = []
    for generation in range(1, min(level, FOLDS_MAX) + 1):
        parts = 1 << generation
        breadth = 2 * half / parts
        if breadth < FOLD_BREADTH_MIN:
            break
        middles = [middle - half + (part + 0.5) * breadth for part in range(parts)]
        folds.append("".join(_hill(each, breadth / 2, height * 0.96 / parts) for each in middles))
    return folds


def _hill(middle: float, half: float, height: float) -> str:
    """A hill from the ground up and down again. It bulges, so that its halves, drawn alike, stay inside it."""
    rise = f"c{_n(half * 0.3)} {_n(-height / 2)} {_n(half * 0.72)} {_n(-height)} {_n(half)} {_n(-height)}"
    fall = f"c{_n(half * 0.28)} 0 {_n(half * 0.7)} {_n(height / 2)} {_n(half)} {_n(height)}"
    return f"M{_n(middle - half)} {SQUARE}{rise}{fall}"


def _labels(levels: list[int], middles: list[float]) -> list[str]:
    """For each mountain whether its number of facts has room: "all", "wide" or "" for nowhere. Those on the left go first."""
    wide = _with_room(levels, middles, range(len(levels)), WIDE_PIXELS)
    narrow = set(_with_room(levels, middles, wide, NARROW_PIXELS))
    return ["all" if place in narrow else "wide" if place in wide else "" for place in range(len(levels))]


def _with_room(levels: list[int], middles: list[float], among: list[int] | range, pixels: int) -> list[int]:
    kept, end = [], float(-LABEL_GAP_PIXELS)      # the first may stand a little into the page's margin
    for place in among:
        half = DIGIT_PIXELS * len(f"{1 << levels[place]:,}") / 2
        at = middles[place] * pixels / SQUARE
        if at - half >= end and at + half <= pixels:
            kept.append(place)
            end = at + half + LABEL_GAP_PIXELS
    return kept


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _percent(part: float) -> str:
    return f"{part / 10:.2f}%"
