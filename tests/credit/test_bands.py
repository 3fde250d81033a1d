"""The word for a score: it stays near an edge, and whoever knows the band before finds the same one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yinuo.credit.rules.bands import BANDS, END, LOWEST, NO_SCORE, RANKS, band_of, margin_of, ranks_of

scores = st.integers(0, 1000)
halves = st.integers(0, 30).map(lambda fives: 5 * fives)
befores = st.sampled_from(["", *RANKS])


@given(scores, halves)
def test_without_a_band_before_the_score_alone_decides(score, half):
    alone = band_of(score)
    assert LOWEST[alone] <= score < END[alone]
    for before in ("", "new", "unlawful"):
        assert band_of(score, before=before, half=half) == alone


@given(scores, halves, befores)
def test_the_band_is_the_one_before_or_the_scores_own(score, half, before):
    assert band_of(score, before=before, half=half) in {before, band_of(score)}


@given(scores, halves, st.sampled_from([*LOWEST]))
def test_a_band_gives_way_once_its_edge_is_passed_by_the_margin(score, half, before):
    beyond = max(LOWEST[before] - score, score - END[before])
    changes = band_of(score, before=before, half=half) != before
    if beyond > margin_of(half):
        assert changes
    if beyond < margin_of(half) or LOWEST[before] <= score < END[before]:
        assert not changes


@given(scores, halves, befores)
def test_the_same_evidence_again_changes_nothing(score, half, before):
    band = band_of(score, before=before, half=half)
    assert band_of(score, before=band, half=half) == band


@given(st.lists(scores, min_size=2, max_size=30), halves, befores)
def test_whoever_moves_within_the_margin_changes_band_once_at_most(course, half, before):
    middle = course[0]
    near = [middle + (score - 500) * margin_of(half) // 1001 for score in course]
    bands = [before]
    for score in near:
        bands.append(band_of(max(0, min(1000, score)), before=bands[-1], half=half))
    assert sum(was != now for was, now in pairwise(bands[1:])) <= 1


@given(scores, scores, halves, befores)
def test_a_better_score_is_never_a_worse_band(one, other, half, before):
    ranks = [RANKS[band_of(score, before=before, half=half)] for score in sorted((one, other))]
    assert ranks[1] <= ranks[0]


@given(st.one_of(st.none(), scores), halves, befores, st.sampled_from(["", "counterfeit"]))
def test_too_little_evidence_and_findings_know_no_margin(score, half, before, override):
    band = band_of(score, override=override, before=before, half=half)
    if override:
        assert band == "unlawful"
    elif score is None:
        assert band == "new"


@given(st.lists(st.tuples(st.one_of(st.none(), scores), halves, st.sampled_from([*RANKS])), min_size=1, max_size=30))
def test_arrays_give_the_same_bands(merchants):
    told, half, before = zip(*merchants, strict=True)
    found = ranks_of(
        np.array([NO_SCORE if score is None else score for score in told]), half=np.array(half),
        before=np.array([RANKS[band] for band in before]),
    )
    assert found.tolist() == [RANKS[band_of(score, before=band, half=wide)] for score, wide, band in merchants]


def test_every_score_has_a_band():
    assert sorted(LOWEST.values()) == sorted({0, *(end for end in END.values() if end <= 1000)})
    assert [band.key for band in BANDS if band.lowest is not None] == sorted(LOWEST, key=LOWEST.__getitem__, reverse=True)
