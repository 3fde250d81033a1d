"""The gate: which runs wait until a steward has looked at them. Rules on plain counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

PPM = 1_000_000
MOVED_PPM_MAX = 20_000      # a run may move 2% of the merchants a band,
MOVED_MIN = 5               # a handful in a small market,
USUAL_TIMES = 2             # or twice what is usual here,
USUAL_RUNS = 8              # which is the middle of the last eight runs
USUAL_RUNS_MIN = 4          # once there are four
SILENT_DAYS = 7             # an outage is looked for in so many days,
SILENT_WEEKS = 4            # against the same day of so many weeks before,
BUSY_OUTCOMES = 20          # on each of which so many outcomes came in
LOOK_BACK_DAYS = 1 + SILENT_DAYS + 7 * SILENT_WEEKS

Moved = tuple[int, int]
"""How many merchants a run moved a band, and how many it scored."""


def moved_max(merchants: int, past: Sequence[Moved]) -> int:
    """How many of so many merchants a run may move a band without a look, after past runs, newest first."""
    shares = [PPM * moved // every for moved, every in past[:USUAL_RUNS] if every]
    usual = int(median(shares)) if len(shares) >= USUAL_RUNS_MIN else 0
    return max(MOVED_MIN, merchants * max(MOVED_PPM_MAX, USUAL_TIMES * usual) // PPM)


def silent_days(outcomes: Mapping[tuple[str, int], int], *, as_of: int) -> list[tuple[str, int]]:
    """The carriers and days in the last week on which nothing came in though it does on that day of the week.

    `outcomes` are counts by carrier and day. The very last day is left out: some carriers tell theirs a day later.
    """
    carriers = sorted({carrier for carrier, _ in outcomes})
    return [
        (carrier, day) for carrier in carriers for day in range(as_of - 1 - SILENT_DAYS, as_of - 1)
        if outcomes.get((carrier, day), 0) <= 0
        and all(outcomes.get((carrier, day - 7 * weeks), 0) >= BUSY_OUTCOMES for weeks in range(1, SILENT_WEEKS + 1))
    ]
