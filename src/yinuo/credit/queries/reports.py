"""Reports: what a merchant needs to compute their own standing, or their counts of reviews, again. For their subject alone."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec

from yinuo.credit.models import Run, RunProof, Scorecard, Standing
from yinuo.credit.proofs import CREDIT_NOTE, REVIEWS_NOTE
from yinuo.credit.queries.standings import run_named, shown_scorecard
from yinuo.credit.rules.kept import card_in, climate_in, leaf_in, leaves_in
from yinuo.credit.rules.leaf import path_of
from yinuo.kit.actors import Actor, allow
from yinuo.kit.policies import Policy
from yinuo.kit.realm import Realm
from yinuo.kit.refusals import NotFound
from yinuo.record import queries as record
from yinuo.record.rules import Altered, Content
from yinuo.reviews.events import ReviewPublished


def credit_report(*, viewer: Actor, merchant: str, realm: Realm, policy: Policy) -> dict[str, Any]:
    """A merchant's standing with all that it follows from: facts, climate, scorecard, and the run that commits to it."""
    allow(viewer, "credit.give_report", about=merchant)
    standing = Standing.objects.filter(merchant=merchant, scorecard=shown_scorecard()).first()
    if standing is None:
        raise NotFound(f"There is no standing of {merchant!r}; is it the right id, and did `yinuo rescore` run?")
    run = run_named(standing.run)
    proof = _proof_of(run)
    shown = _shown(run, proof, merchant, realm)
    own = _facts_about(merchant, run, shown)
    facts = _with_reviews(own, merchant, run.size)
    card = Scorecard.objects.get(pk=run.scorecard)
    made = record.pack(
        kind="credit", note=CREDIT_NOTE, about={"merchant": merchant}, numbers=[*facts, shown["fact"]], policy=policy
    )
    return {
        **made, "run": shown,
        "scorecard": msgspec.to_builtins(card_in(name=card.name, digest=card.digest, body=card.body)),
        "climate": json.loads(climate_in(bytes(proof.climate), run=run.id, digest=run.climate)),
        "reasons": standing.reasons, "facets": standing.facets, "way_back": standing.way_back,
    }


def review_report(
    *, viewer: Actor, merchant: str, realm: Realm, policy: Policy, first: str = "", second: str = ""
) -> dict[str, Any]:
    """How many reviews of a merchant were received, shown and hidden at two runs, with every fact about them.

    By default the two runs published last.
    """
    allow(viewer, "credit.give_report", about=merchant)
    runs = [run_named(first), run_named(second)] if first and second else _last_two()
    shown = [_shown(run, _proof_of(run), merchant, realm) for run in runs]
    size = runs[1].size
    about = _reviews_of([_facts_about(merchant, *each) for each in zip(runs, shown, strict=True)][1], merchant)
    facts = _and_replacing(record.mentions_of_each(subjects=about, size=size), size)
    made = record.pack(
        kind="reviews", note=REVIEWS_NOTE, about={"merchant": merchant}, numbers=[*facts, *(each["fact"] for each in shown)],
        policy=policy,
    )
    return {**made, "runs": shown}


def _last_two() -> list[Run]:
    runs = list(Run.objects.filter(state="published").order_by("-completed", "-as_of")[:2])
    if len(runs) < 2:
        raise NotFound(
            f"Counts are shown between two published runs; so far there is {len(runs) or 'none'}. `yinuo rescore` makes one "
            "once there are facts that the last did not see; `yinuo rescore --release` publishes one that waits at the gate."
        )
    return runs[::-1]


def _proof_of(run: Run) -> RunProof:
    found = RunProof.objects.filter(pk=run.id).first()
    if found is None:
        raise NotFound(f"Of run {run.id}, which was only kept beside, nobody is given a report.")
    return found


def _shown(run: Run, proof: RunProof, merchant: str, realm: Realm) -> dict[str, Any]:
    """The run's fact, the merchant's leaf and its path to the root that the fact states."""
    number = record.number_of(event_id=f"run/{run.id}", key=realm.key)
    if number is None:
        raise NotFound(f"Run {run.id} is not sealed yet; `yinuo worker --once` seals and signs.")
    leaves = leaves_in(bytes(proof.leaves), run=run.id, root=run.standings)
    for place, encoded in enumerate(leaves):
        if merchant.encode() in encoded and leaf_in(encoded).merchant == merchant:
            path = [b64encode(each).decode() for each in path_of(place, leaves)]
            return {"fact": number, "standing": json.loads(encoded), "place": place, "path": path}
    raise NotFound(f"Run {run.id} did not score {merchant!r}.")


def _facts_about(merchant: str, run: Run, shown: dict[str, Any]) -> list[int]:
    """The numbers of the facts about a merchant that a run saw; refuses where they are not as many as it committed to."""
    own = record.mentions_of(subject=merchant, size=run.size)
    if len(own) != (seen := shown["standing"]["facts"]):
        raise Altered(
            f"Run {run.id} saw {seen:,} facts about {merchant}, and {len(own):,} are kept: some were taken away. "
            "`yinuo record audit` says more."
        )
    return own


def _with_reviews(own: Sequence[int], merchant: str, size: int) -> list[int]:
    """The facts about a merchant, those about the merchant's reviews, and whatever replaced any of them."""
    return _and_replacing([*own, *record.mentions_of_each(subjects=_reviews_of(own, merchant), size=size)], size)


def _and_replacing(numbers: Sequence[int], size: int) -> list[int]:
    """These facts and those below a size that replaced any of them."""
    return sorted({*numbers, *(by for _, by in record.replacing(numbers=numbers, size=size))})


def _reviews_of(numbers: Sequence[int], merchant: str) -> list[str]:
    """The reviews that any of these facts published about the merchant."""
    return sorted({content.fact.review for content in record.contents_of(numbers=numbers) if _published(content, merchant)})


def _published(content: Content, merchant: str) -> bool:
    return isinstance(content.fact, ReviewPublished) and content.fact.merchant == merchant
