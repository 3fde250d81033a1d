"""What credit does: judge outcomes, fit scorecards, rescore everybody, publish standings, rate listings, level buyers."""

from yinuo.credit.actions.contest import (
    CLAIMS,
    contest_causes,
    contest_complaints,
    contest_each,
    contest_fact,
    settle_proved,
)
from yinuo.credit.actions.fit import fit, gather
from yinuo.credit.actions.jobs import JOB, ask_recompute, ask_release, begin_job, end_job, note_progress
from yinuo.credit.actions.judge import judge_complaints, judge_orders, judge_reviews
from yinuo.credit.actions.levels import forget_person, level_buyers, rate_listings
from yinuo.credit.actions.publish import keep_past, outage_in, publish, release
from yinuo.credit.actions.rescore import Pins, Scoring, open_store, score_all, score_past
from yinuo.credit.actions.scorecards import (
    add_scorecard,
    announce,
    card_in_force,
    card_named,
    put_in_force,
    shipped_card,
)
from yinuo.credit.actions.told import Told, told_at

__all__ = [
    "CLAIMS",
    "JOB",
    "Pins",
    "Scoring",
    "Told",
    "add_scorecard",
    "announce",
    "ask_recompute",
    "ask_release",
    "begin_job",
    "card_in_force",
    "card_named",
    "contest_causes",
    "contest_complaints",
    "contest_each",
    "contest_fact",
    "end_job",
    "fit",
    "forget_person",
    "gather",
    "judge_complaints",
    "judge_orders",
    "judge_reviews",
    "keep_past",
    "level_buyers",
    "note_progress",
    "open_store",
    "outage_in",
    "publish",
    "put_in_force",
    "rate_listings",
    "release",
    "score_all",
    "score_past",
    "settle_proved",
    "shipped_card",
    "told_at",
]
