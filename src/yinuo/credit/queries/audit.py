"""The audit of credit: scorecards, runs, climates and standings as kept, held against what the record committed to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from yinuo.credit.events import RunCompleted
from yinuo.credit.models import Run, RunProof, Scorecard, Standing
from yinuo.credit.rules.bands import RANKS
from yinuo.credit.rules.kept import Altered, body_of, card_in, climate_in, leaf_in, leaves_in
from yinuo.credit.rules.leaf import Leaf
from yinuo.credit.rules.scorecard import Card
from yinuo.record import queries as record

FAULTS_MAX = 100
_STATES = ("published", "waiting", "kept")
_PINS = ("size", "as_of", "scorecard", "mode", "climate", "standings", "merchants", "moved")
_COUNTED = ("score", "low", "high", "band", "override", "odds_ppm", "outcomes", "facts", "reviews_received", "reviews_shown",
            "reviews_hidden")


def audit(*, key: bytes) -> list[str]:
    """What was changed of scorecards, runs, their climates and the standings shown, each by name; at most a hundred.

    Facets, reasons and ways back are not bound: whoever is given a report has them computed again from the facts.
    """
    return list(islice(_faults(key), FAULTS_MAX))


def audit_run(*, run: Run, key: bytes) -> list[str]:
    """The same of one run, with the scorecard that it used: what is kept and shown of it against what the record states."""
    fact = _fact_of(run, key)
    if fact is None:
        return [f"No fact in the record states the run {run.id!r}: its id was changed, or it is not sealed yet."]
    row = Scorecard.objects.filter(name=run.scorecard).first()
    try:
        cards = {} if row is None else {row.name: card_in(name=row.name, digest=row.digest, body=row.body)}
    except Altered as fault:
        return [fault.sentence]
    return list(islice(_faults_of_run(run, fact, cards), FAULTS_MAX))


def _faults(key: bytes) -> Iterator[str]:
    cards: dict[str, Card] = {}
    for row in Scorecard.objects.order_by("name"):
        try:
            cards[row.name] = card_in(name=row.name, digest=row.digest, body=row.body)
        except Altered as fault:
            yield fault.sentence
        else:
            if row.body != body_of(cards[row.name]):
                yield f"The tables spelt out of the scorecard {row.name!r} are not what it gives: they were changed."
    all_sealed = not record.pending_count()
    for run in Run.objects.order_by("completed", "as_of", "id"):
        fact = _fact_of(run, key)
        if fact is not None:
            yield from _faults_of_run(run, fact, cards)
        elif all_sealed:
            yield f"No fact in the record states the run {run.id!r}: its id was changed, or it never was."
    runs = Run.objects.values("id")
    for standing in Standing.objects.exclude(run__in=runs).order_by("id"):
        yield f"The standing {standing.id!r} names a run that is not there, {standing.run!r}: it was changed."


def _fact_of(run: Run, key: bytes) -> RunCompleted | None:
    """What the record holds of a run; None where it is not sealed."""
    number = record.number_of(event_id=f"run/{run.id}", key=key)
    (content,) = record.contents_of(numbers=[number]) if number is not None else (None,)
    return content.fact if content is not None and isinstance(content.fact, RunCompleted) else None


def _faults_of_run(run: Run, fact: RunCompleted, cards: dict[str, Card]) -> Iterator[str]:
    if run.state not in _STATES:
        yield f"Run {run.id} is kept with state {run.state!r}, which no run has: it was changed."
    for pin in _PINS:
        if (kept := getattr(run, pin)) != (stated := getattr(fact, pin)):
            yield f"Run {run.id} is kept with {pin} {kept!r}; the record states {stated!r}."
    card = cards.get(fact.scorecard)
    if card is not None and card.digest() != fact.scorecard_digest:
        yield f"The scorecard {fact.scorecard!r} is not the one that run {run.id} used: it was changed."
    proof = RunProof.objects.filter(pk=run.id).first()
    if proof is None:
        if run.state != "kept":
            yield f"What run {run.id} committed to is not kept any more: its climate and leaves are missing."
        return
    try:
        climate_in(bytes(proof.climate), run=run.id, digest=fact.climate)
    except Altered as fault:
        yield fault.sentence
    try:
        leaves = leaves_in(bytes(proof.leaves), run=run.id, root=fact.standings)
    except Altered as fault:
        yield fault.sentence
    else:
        yield from _faults_of_standings(fact, card, {leaf.merchant: leaf for leaf in map(leaf_in, leaves)})


def _faults_of_standings(run: RunCompleted, card: Card | None, leaves: dict[str, Leaf]) -> Iterator[str]:
    """Where the standings shown of a run are not those it committed to; those of an earlier one were written over."""
    seen = set()
    for standing in Standing.objects.filter(run=run.run).order_by("merchant").iterator():
        leaf = leaves.get(standing.merchant)
        if leaf is None:
            yield f"The standing {standing.id!r} is of a merchant whom run {run.run} did not score: it was changed."
            continue
        seen.add(standing.merchant)
        wanted = {name: getattr(leaf, name) for name in _COUNTED}
        wanted |= {
            "band_before": leaf.before, "band_rank": RANKS[leaf.band], "id": f"{run.scorecard}/{leaf.merchant}",
            "size": run.size, "as_of": run.as_of, "scorecard": run.scorecard,
        }
        wanted |= {"measured_on": card.calibrated_on or None} if card is not None else {}
        for name, value in wanted.items():
            if (kept := getattr(standing, name)) != value:
                yield f"The standing of {leaf.merchant} is kept with {name} {kept!r}; run {run.run} committed to {value!r}."
    later = Standing.objects.filter(scorecard=run.scorecard).exclude(run=run.run)
    if seen and len(seen) < len(leaves):
        elsewhere = set(later.values_list("merchant", flat=True))
        for merchant in sorted(leaves.keys() - seen - elsewhere):
            yield f"No standing is kept of {merchant}, whom run {run.run} scored."
