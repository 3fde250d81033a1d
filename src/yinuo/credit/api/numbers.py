"""How we judge, in numbers that anybody may hold against us."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from yinuo.credit import queries
from yinuo.decisions import queries as decisions
from yinuo.decisions.rules import GROUNDS
from yinuo.kit.carried import at_of

router = Router(tags=["credit"])


class RuleOut(Schema):
    """A listed ground and the rule behind it: decisions taken, appeals answered, reversed; the rate from 30 answers on."""

    ground: str
    sentence: str
    rule: str
    decided: int
    appealed: int
    reversed: int
    overturned_permille: int | None


class ClocksOut(Schema):
    """How many objections and appeals are open, and how many of them late."""

    contests: int
    contests_late: int
    appeals: int
    appeals_late: int


class TransparencyOut(Schema):
    """What the transparency page shows. How well scores keep their word is in `reliability`; intake is in `/api/health`."""

    rules: list[RuleOut]
    clocks: ClocksOut
    scorecard: str | None
    reliability: list[dict[str, Any]]
    run: str | None


@router.get("/transparency", response=TransparencyOut, summary="How we judge, in numbers")
def get_transparency(request: HttpRequest) -> dict[str, Any]:
    """Decisions, appeals and overturn rates by rule, the clocks, and how well scores keep their word."""
    rates, scorecard, run = decisions.public_rates(), queries.scorecard_shown(), queries.newest_run()
    return {
        "rules": [
            {"ground": code, "sentence": ground.sentence, "rule": ground.rule, **rates[code]}
            for code, ground in GROUNDS.items() if code in rates
        ],
        "clocks": decisions.clock_counts(at=at_of(request)),
        "scorecard": scorecard.name if scorecard else None,
        "reliability": (scorecard.report if scorecard else {}).get("reliability", []),
        "run": run.pk if run else None,
    }
